"""Splits and scores of forecasts in scikit-learn's own tools."""

import pickle
import subprocess
import sys
from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    RandomizedSearchCV,
    ShuffleSplit,
    TimeSeriesSplit,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave.exceptions import ForecastWarning
from skwave.metrics import mean_absolute_scaled_error
from skwave.model_selection import ForecastSplit, backtest, forecast_scorer

TINY = {"units": 4, "epochs": 1, "batch_size": 32, "random_state": 0}
CV = ForecastSplit(3, horizon=6, context=20)
SCORER = forecast_scorer(mean_absolute_error, horizon=6)
LENGTHS = {"windowtransformer__window_length": [5, 20]}


@pytest.fixture
def model():
    return make_pipeline(WindowTransformer(10), LSTMForecaster(**TINY))


# --- ForecastSplit ----------------------------------------------------------------------------


def test_splits_end_with_the_series_and_know_nothing_of_the_future():
    for n_values in (30, 57):
        splits = list(ForecastSplit(4, horizon=5, context=7).split(np.zeros(n_values)))
        assert len(splits) == 4
        for train, test in splits:
            np.testing.assert_array_equal(train, np.arange(len(train)))
            # Seven known values, then five that come right after the training part.
            np.testing.assert_array_equal(test, np.arange(train[-1] - 6, train[-1] + 6))
        assert splits[-1][1][-1] == n_values - 1
        firsts = [test[7] for _, test in splits]
        np.testing.assert_array_equal(np.diff(firsts), 5)


def test_step_and_largest_training_part():
    cv = ForecastSplit(3, horizon=2, context=3, step=1, max_train_size=4)
    splits = list(cv.split(np.zeros((10, 2))))
    assert [train.tolist() for train, _ in splits] == [[2, 3, 4, 5], [3, 4, 5, 6], [4, 5, 6, 7]]
    assert [test.tolist() for _, test in splits] == [
        [3, 4, 5, 6, 7], [4, 5, 6, 7, 8], [5, 6, 7, 8, 9],
    ]  # fmt: skip


def test_shortest_series():
    cv = ForecastSplit(2, horizon=3, context=4)
    (train, _), _ = cv.split(np.zeros(10))
    assert train.tolist() == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="X has 9 values.* n_splits=2 .*need at least 10"):
        next(cv.split(np.zeros(9)))


def test_repr_and_number_of_splits_as_in_scikit_learn():
    assert "ForecastSplit(context=2, horizon=3" in repr(ForecastSplit(horizon=3, context=2))
    assert ForecastSplit(horizon=3, context=2).get_n_splits() == 5
    assert ForecastSplit(1, horizon=3, context=2).get_n_splits(np.zeros(3)) == 1


@pytest.mark.parametrize("name", ["n_splits", "horizon", "context", "step", "max_train_size"])
@pytest.mark.parametrize("value", [0, -1, 1.5, "2", True])
def test_split_parameters_out_of_range(name, value):
    parameters = {"horizon": 2, "context": 2} | {name: value}
    with pytest.raises(ValueError, match=f"{name} must be an int of at least 1"):
        ForecastSplit(**parameters)


# --- forecast_scorer --------------------------------------------------------------------------


def test_score_is_the_error_of_the_forecast_in_units_of_the_series(wave):
    series = 50 + 10 * wave
    model = make_forecast_pipeline(
        StandardScaler(), WindowTransformer(10), LSTMForecaster(**TINY)
    ).fit(series[:100])
    expected = mean_absolute_error(series[100:106], model.forecast(6))
    # A forecast of the scaled series would be off by fifty.
    assert 0 < expected < 20
    assert SCORER(model, series[80:106]) == pytest.approx(-expected)


def test_plain_pipeline_and_forecast_pipeline_and_bare_forecaster_agree(wave, model):
    fitted = make_forecast_pipeline(*[step for _, step in model.steps]).fit(wave[:100])
    scores = [
        SCORER(fitted, wave[80:106]),
        SCORER(model.fit(wave[:100]), wave[80:106]),
        SCORER(model[-1], model[0].transform(wave[80:106])),
        SCORER(model[-1], model[0].transform(wave[80:106])[:, :, 0].copy()),
    ]
    assert np.ptp(scores) < 1e-9
    assert scores[0] == pytest.approx(-mean_absolute_error(wave[100:106], fitted.forecast(6)))


def test_plain_pipeline_is_inverted(wave):
    series = np.exp(wave).reshape(-1, 1)
    log = FunctionTransformer(np.log, inverse_func=np.exp, check_inverse=False)
    model = make_pipeline(log, WindowTransformer(10), LSTMForecaster(**TINY)).fit(series[:100])
    forecast = np.exp(model[-1].forecast(6))
    expected = mean_absolute_error(series[100:106], forecast)
    assert SCORER(model, series[70:106]) == pytest.approx(-expected)


class Seasonal(TransformerMixin, BaseEstimator):
    """Takes off a slope that is counted from the start of the training series."""

    def fit(self, X, y=None):
        self.n_features_in_ = 1
        return self

    def transform(self, X):
        return np.asarray(X) - np.arange(len(X))[:, None]

    def inverse_transform(self, X):
        return np.asarray(X) + np.arange(len(X))[:, None]


def test_steps_that_count_positions_go_on_from_the_training_series(wave):
    series = wave + np.arange(len(wave))
    model = make_forecast_pipeline(Seasonal(), WindowTransformer(10), LSTMForecaster(**TINY))
    model.fit(series[:100])
    # Counted from the start of the context, the forecast would be 80 too low.
    assert SCORER(model, series[80:106]) > -3
    # No training series is known of a plain pipeline, nor to TimeSeriesSplit the right part of it.
    plain = make_pipeline(*model).fit(series[:100, None])
    for estimator, test in ((plain, series[80:106, None]), (model, series[80:107])):
        with pytest.warns(ForecastWarning, match="'seasonal'.*ForecastPipeline with ForecastSplit"):
            SCORER(estimator, test)
    # Nor what a frozen one was fitted on, unless it says so.
    for part in (clone(model).fit(series[40:100]), plain):
        with pytest.warns(ForecastWarning, match="'seasonal'.*depend on its position"):
            backtest(
                FrozenEstimator(part), series[:, None], horizon=5, initial=100, refit=False, step=50
            )
    result = backtest(FrozenEstimator(model), series, horizon=5, initial=100, refit=False, step=50)
    np.testing.assert_allclose(result.y_pred[0], model.forecast(5))


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (FunctionTransformer(np.log1p), "does not give it back"),
        (Ridge(), "no inverse_transform"),
    ],
)
def test_steps_without_an_inverse_are_named(wave, step, words):
    model = make_pipeline(WindowTransformer(10), LSTMForecaster(**TINY)).fit(wave[:100])
    model.steps.insert(0, ("odd", step))
    with pytest.raises(ValueError, match=words) as error:
        SCORER(model, 2 + wave[80:106])
    assert "odd" in str(error.value)


def test_metrics_that_need_a_training_series_get_the_known_values(wave, model):
    model.fit(wave[:100])
    scorer = forecast_scorer(mean_absolute_scaled_error, horizon=6, season_length=3)
    expected = mean_absolute_scaled_error(
        wave[100:106], model[-1].forecast(6), y_train=wave[80:100], season_length=3
    )
    assert scorer(model, wave[80:106]) == pytest.approx(-expected)
    # Unless they were given already.
    for train in (wave[:80], wave[40:80]):
        bound = partial(mean_absolute_scaled_error, y_train=train)
        expected = bound(wave[100:106], model[-1].forecast(6))
        assert forecast_scorer(bound, horizon=6)(model, wave[80:106]) == pytest.approx(-expected)


def test_greater_is_better(wave, model):
    model.fit(wave[:100])
    by_name = forecast_scorer(r2_score, horizon=6)
    assert by_name(model, wave[80:106]) == r2_score(wave[100:106], model[-1].forecast(6))
    bound = forecast_scorer(partial(r2_score, force_finite=True), horizon=6)
    assert bound(model, wave[80:106]) == by_name(model, wave[80:106])
    assert repr(bound) == "forecast_scorer(r2_score, horizon=6)"
    told = forecast_scorer(r2_score, horizon=6, greater_is_better=False)
    assert told(model, wave[80:106]) == -by_name(model, wave[80:106])


def test_several_channels_and_pandas(two_channels):
    frame = pd.DataFrame(two_channels, columns=["a", "b"])
    model = make_forecast_pipeline(StandardScaler(), WindowTransformer(10), LSTMForecaster(**TINY))
    model.fit(frame[:100])
    expected = mean_absolute_error(frame[100:106], model.forecast(6))
    assert SCORER(model, frame[80:106]) == pytest.approx(-expected)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: forecast_scorer("mae", horizon=3), TypeError, "metric='mae' cannot be called"),
        (lambda: forecast_scorer(r2_score, horizon=0), ValueError, "horizon=0 is below 1"),
        (lambda: forecast_scorer(r2_score, horizon=2.0), TypeError, "horizon=2.0 is a float"),
    ],
)
def test_bad_scorers(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_context_shorter_than_a_window(wave, model):
    model.fit(wave[:100])
    with pytest.raises(ValueError, match="12 values, but window_length=10 and horizon=6 need 16"):
        SCORER(model, wave[94:106])


def test_an_estimator_that_cannot_forecast(wave):
    with pytest.raises(ValueError, match="needs an LSTMForecaster, or a pipeline"):
        SCORER(Ridge().fit(wave[:, None], wave), wave)


def test_scorer_travels():
    assert repr(pickle.loads(pickle.dumps(SCORER))) == repr(SCORER)
    assert repr(SCORER) == "forecast_scorer(mean_absolute_error, horizon=6)"


# --- In scikit-learn's tools ------------------------------------------------------------------


def test_grid_search_scores_all_windows_on_the_same_moments(wave, model):
    search = GridSearchCV(model, LENGTHS, cv=CV, scoring=SCORER, error_score="raise").fit(wave)
    for k, length in enumerate([5, 20]):
        model.set_params(windowtransformer__window_length=length)
        for fold, origin in enumerate([102, 108, 114]):
            forecast = model.fit(wave[:origin])[-1].forecast(6)
            expected = mean_absolute_error(wave[origin : origin + 6], forecast)
            score = search.cv_results_[f"split{fold}_test_score"][k]
            assert score == pytest.approx(-expected, rel=1e-4)
    assert search.score(wave) == pytest.approx(SCORER(search.best_estimator_, wave))


def test_other_searches(wave, model):
    options = {"cv": CV, "scoring": SCORER, "error_score": "raise", "refit": False}
    random = RandomizedSearchCV(model, LENGTHS, n_iter=2, random_state=0, **options).fit(wave)
    halving = HalvingGridSearchCV(
        model, LENGTHS, resource="lstmforecaster__epochs", max_resources=2, factor=2, **options
    ).fit(wave)
    assert halving.n_resources_ == [1, 2]
    for search in (random, halving):
        assert (search.cv_results_["mean_test_score"] < 0).all()
    both = cross_validate(
        model, wave, cv=CV, scoring={"mae": SCORER, "r2": _one_step}, error_score="raise",
        return_train_score=True,
    )  # fmt: skip
    assert (both["test_mae"] < 0).all()
    assert both["train_mae"].shape == (3,)


def _one_step(estimator, X, y=None):
    return estimator.score(X)


def test_bare_forecaster_is_searched_on_windows(wave, windows):
    search = GridSearchCV(
        LSTMForecaster(**TINY), {"units": [3, 4]}, cv=ForecastSplit(2, horizon=6, context=1),
        scoring=SCORER, error_score="raise",
    ).fit(windows)  # fmt: skip
    forecaster = LSTMForecaster(**TINY).fit(windows[: len(windows) - 6])
    expected = mean_absolute_error(wave[-6:], forecaster.forecast(6))
    assert search.cv_results_["split1_test_score"][1] == pytest.approx(-expected, rel=1e-4)


@pytest.mark.parametrize("cv", [TimeSeriesSplit(2, test_size=30), TimeSeriesSplit(2)], ids=str)
def test_time_series_split_is_accepted(wave, model, cv):
    scores = cross_validate(model, wave, cv=cv, scoring=SCORER, error_score="raise")
    assert (scores["test_score"] < 0).all()


@pytest.mark.parametrize(
    "cv", [3, KFold(3), KFold(3, shuffle=True, random_state=0), ShuffleSplit(2, random_state=0)]
)
@pytest.mark.parametrize("as_pandas", [False, True])
def test_splits_that_do_not_forecast_are_recognised(wave, model, cv, as_pandas):
    series = pd.Series(wave) if as_pandas else wave
    with pytest.raises(ValueError, match="ForecastSplit.*TimeSeriesSplit"):
        cross_validate(model, series, cv=cv, scoring=SCORER, error_score="raise")


def test_shuffled_windows_and_indices_are_recognised_without_a_split(wave, windows, model):
    model.fit(wave)
    shuffled = np.random.default_rng(0).permutation(40)
    with pytest.raises(ValueError, match="pieces that do not continue.*TimeSeriesSplit"):
        SCORER(model[-1], windows[shuffled])
    with pytest.raises(ValueError, match="does not increase.*TimeSeriesSplit"):
        SCORER(model, pd.Series(wave).iloc[shuffled])


def test_evaluation_imports_nothing_heavy():
    code = (
        "import sys, skwave.metrics, skwave.model_selection; "
        "print(sorted({'tensorflow', 'keras', 'matplotlib', 'dask'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
