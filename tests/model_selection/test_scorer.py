"""Scores of forecasts, alone and in scikit-learn's own tools."""

import pickle
from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import Ridge
from sklearn.metrics import get_scorer, mean_absolute_error, r2_score
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
from skwave._pipeline import as_forecast_pipeline
from skwave.metrics import (
    coverage_score,
    interval_score,
    mean_absolute_scaled_error,
    mean_quantile_loss,
    mean_scaled_interval_score,
)
from skwave.model_selection import ForecastSplit, forecast_scorer

TINY = {
    "units": 6, "epochs": 1, "batch_size": 32, "random_state": 0, "readout": "trained",
    "validation": "last",
}  # fmt: skip
CV = ForecastSplit(2, horizon=6, context=20)
SCORER = forecast_scorer(mean_absolute_error, horizon=6)
LENGTHS = {"windowtransformer__window_length": [5, 20]}


@pytest.fixture
def model():
    return make_pipeline(WindowTransformer(10), LSTMForecaster(**TINY))


@pytest.fixture(scope="module")
def fitted_model(wave):
    """A plain pipeline fitted on the first 100 values; tests must not fit it again."""
    forecaster = LSTMForecaster(**TINY | {"readout": "auto"})
    return make_pipeline(WindowTransformer(10), forecaster).fit(wave[:100])


# --- One score --------------------------------------------------------------------------------


def test_score_is_the_error_of_the_forecast_in_units_of_the_series(wave):
    series = 50 + 10 * wave
    model = make_forecast_pipeline(
        StandardScaler(), WindowTransformer(10), LSTMForecaster(**TINY)
    ).fit(series[:100])
    expected = mean_absolute_error(series[100:106], model.forecast(6))
    # A forecast of the scaled series would be off by fifty.
    assert 0 < expected < 20
    assert SCORER(model, series[80:106]) == pytest.approx(-expected)


def test_plain_pipeline_forecast_pipeline_and_bare_forecaster_score_alike(wave, fitted_model):
    pipeline = make_forecast_pipeline(*[clone(step) for _, step in fitted_model.steps])
    pipeline.fit(wave[:100])
    windows = fitted_model[0].transform(wave[80:106])
    scores = [
        SCORER(pipeline, wave[80:106]),
        SCORER(fitted_model, wave[80:106]),
        SCORER(fitted_model[-1], windows),
        SCORER(fitted_model[-1], windows[:, :, 0].copy()),
    ]
    assert np.ptp(scores) < 1e-9
    assert scores[0] == pytest.approx(-mean_absolute_error(wave[100:106], pipeline.forecast(6)))


def test_bare_forecaster_of_two_channels_is_scored_on_windows(two_channels):
    windows = WindowTransformer(10).fit_transform(two_channels)
    forecaster = LSTMForecaster(**TINY).fit(windows[:91])
    expected = mean_absolute_error(two_channels[100:106], forecaster.forecast(6))
    assert SCORER(forecaster, windows[70:97]) == pytest.approx(-expected)


def test_a_forecaster_fitted_with_targets_is_scored(wave, windows):
    forecaster = LSTMForecaster(**TINY).fit(windows[:-1], wave[10:])
    forecast = forecaster.forecast(6, context=wave[90:100])
    expected = mean_absolute_error(wave[100:106], forecast)
    assert SCORER(forecaster, windows[80:97]) == pytest.approx(-expected)


def test_transformers_of_a_plain_pipeline_are_inverted(wave):
    series = np.exp(wave).reshape(-1, 1)
    log = FunctionTransformer(np.log, inverse_func=np.exp, check_inverse=False)
    model = make_pipeline(log, WindowTransformer(10), LSTMForecaster(**TINY)).fit(series[:100])
    forecast = np.exp(model[-1].forecast(6))
    expected = mean_absolute_error(series[100:106], forecast)
    assert SCORER(model, series[70:106]) == pytest.approx(-expected)


@pytest.mark.filterwarnings("ignore:The columns named in known= are not used")
@pytest.mark.parametrize("known", [None, [1]])
def test_a_scaler_of_a_plain_pipeline_finds_the_names_that_it_saw(wave, known):
    heat = np.random.default_rng(0).normal(size=len(wave))
    frame = pd.DataFrame({"load": wave + heat, "heat": heat} if known else {"load": wave})
    steps = StandardScaler(), WindowTransformer(10, known=known), LSTMForecaster(**TINY)
    # A warning about names would be an error here.
    scores = [
        SCORER(make(*steps).fit(frame[:100]), frame[70:106])
        for make in (make_pipeline, make_forecast_pipeline)
    ]
    assert scores[0] == pytest.approx(scores[1])


class Slope(TransformerMixin, BaseEstimator):
    """Takes off a slope that is counted from the start of the training series."""

    def fit(self, X, y=None):
        self.n_features_in_ = 1
        return self

    def transform(self, X):
        return np.asarray(X) - np.arange(len(X))[:, None]

    def inverse_transform(self, X):
        return np.asarray(X) + np.arange(len(X))[:, None]


def test_a_step_that_counts_positions_is_inverted_beside_the_training_series(wave):
    series = wave + np.arange(len(wave))
    model = make_forecast_pipeline(Slope(), WindowTransformer(10), LSTMForecaster(**TINY))
    model.fit(series[:100])
    # Counted from the start of the context, the forecast would be 80 too low.
    assert SCORER(model, series[80:106]) > -3
    # The whole series counts from the same place.
    assert SCORER(model, series[:110]) > -3
    with pytest.raises(ValueError, match=r"and is not the end of it.*\['slope'\]"):
        SCORER(model, series[80:107])


def test_a_plain_pipeline_with_a_step_that_counts_positions_is_refused(wave):
    series = (wave + np.arange(len(wave)))[:, None]
    plain = make_pipeline(Slope(), WindowTransformer(10), LSTMForecaster(**TINY)).fit(series[:100])
    with pytest.raises(ValueError, match=r"\['slope'\].*use make_forecast_pipeline"):
        SCORER(plain, series[80:106])


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (FunctionTransformer(np.log1p), "cannot be inverted"),
        (Ridge(), "no inverse_transform"),
    ],
)
def test_steps_without_an_inverse_are_named(wave, step, words):
    model = make_pipeline(WindowTransformer(10), LSTMForecaster(**TINY)).fit(wave[:100])
    model.steps.insert(0, ("odd", step))
    with pytest.raises(ValueError, match=words) as error:
        SCORER(model, 2 + wave[80:106])
    assert "odd" in str(error.value)


def test_metrics_that_need_a_training_series_get_the_known_values(wave, fitted_model):
    scorer = forecast_scorer(mean_absolute_scaled_error, horizon=6, season_length=3)
    forecast = fitted_model[-1].forecast(6)
    expected = mean_absolute_scaled_error(
        wave[100:106], forecast, y_train=wave[80:100], season_length=3
    )
    assert scorer(fitted_model, wave[80:106]) == pytest.approx(-expected)
    # Unless they were given already.
    for train in (wave[:80], wave[40:80]):
        bound = partial(mean_absolute_scaled_error, y_train=train)
        score = forecast_scorer(bound, horizon=6)(fitted_model, wave[80:106])
        assert score == pytest.approx(-bound(wave[100:106], forecast))


def test_a_score_that_is_better_when_greater_keeps_its_sign(wave, fitted_model):
    by_name = forecast_scorer(r2_score, horizon=6)
    score = by_name(fitted_model, wave[80:106])
    assert score == r2_score(wave[100:106], fitted_model[-1].forecast(6))
    bound = forecast_scorer(partial(r2_score, force_finite=True), horizon=6)
    assert bound(fitted_model, wave[80:106]) == score
    assert repr(bound) == "forecast_scorer(r2_score, horizon=6, force_finite=True)"
    as_error = forecast_scorer(r2_score, horizon=6, greater_is_better=False)
    assert as_error(fitted_model, wave[80:106]) == -score


def test_frames_of_several_channels_are_scored(two_channels):
    frame = pd.DataFrame(two_channels, columns=["a", "b"])
    model = make_forecast_pipeline(StandardScaler(), WindowTransformer(10), LSTMForecaster(**TINY))
    model.fit(frame[:100])
    expected = mean_absolute_error(frame[100:106], model.forecast(6))
    assert SCORER(model, frame[80:106]) == pytest.approx(-expected)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: forecast_scorer("mae", horizon=3), ValueError, "get_scorer_names"),
        (lambda: forecast_scorer(r2_score, horizon=0), ValueError, "horizon=0, but an int of at"),
        (lambda: forecast_scorer(r2_score, horizon=2.0), TypeError, "horizon=2.0 is a float"),
    ],
)
def test_bad_arguments_are_refused(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_a_scorer_is_no_metric():
    for scorer in (SCORER, get_scorer("neg_mean_absolute_error")):
        with pytest.raises(TypeError, match=r"is a scorer.*a metric is needed"):
            forecast_scorer(scorer, horizon=6)


def test_a_context_shorter_than_a_window_is_refused(wave, fitted_model):
    with pytest.raises(ValueError, match="12 values, but window_length=10 and horizon=6 need 16"):
        SCORER(fitted_model, wave[94:106])


def test_an_estimator_that_cannot_forecast_is_refused(wave):
    with pytest.raises(ValueError, match="needs an LSTMForecaster, or a pipeline.*got Ridge"):
        SCORER(Ridge().fit(wave[:, None], wave), wave)


def test_a_scorer_is_pickled_and_printed():
    assert repr(pickle.loads(pickle.dumps(SCORER))) == repr(SCORER)
    assert repr(SCORER) == "forecast_scorer(mean_absolute_error, horizon=6)"
    # Displays of scikit-learn label their axes with it.
    assert SCORER.__name__ == "mean_absolute_error"


# --- Intervals and quantiles --------------------------------------------------------------------


def test_metrics_of_intervals_and_quantiles_are_given_them(fitted_model, wave):
    pipeline = as_forecast_pipeline(fitted_model)
    context, y_true = wave[60:100], wave[100:106]
    for metric, forecast, kwargs in (
        (interval_score, pipeline.forecast_interval(6, context=context), {}),
        (interval_score, pipeline.forecast_interval(6, coverage=0.5, context=context),
         {"coverage": 0.5}),
        (mean_scaled_interval_score, pipeline.forecast_interval(6, context=context), {}),
        (mean_quantile_loss, pipeline.forecast_quantiles(6, context=context), {}),
        (mean_quantile_loss, pipeline.forecast_quantiles(6, [0.2, 0.7], context=context),
         {"quantiles": [0.2, 0.7]}),
    ):  # fmt: skip
        known = {"y_train": context} if metric is mean_scaled_interval_score else {}
        scorer = forecast_scorer(metric, horizon=6, **kwargs)
        expected = metric(y_true, forecast, **known, **kwargs)
        # The least is best.
        assert scorer(fitted_model, wave[60:106]) == pytest.approx(-expected, rel=1e-4)


def widest_quantiles(y_true, y_quantiles):
    """Return the mean distance of the outer quantiles: a metric without further arguments."""
    return float(np.mean(y_quantiles[..., -1] - y_quantiles[..., 0]))


def test_a_metric_without_the_argument_quantiles_is_given_the_default_ones(fitted_model, wave):
    forecast = as_forecast_pipeline(fitted_model).forecast_quantiles(6, context=wave[60:100])
    scorer = forecast_scorer(widest_quantiles, horizon=6)
    expected = -widest_quantiles(None, forecast)
    assert scorer(fitted_model, wave[60:106]) == pytest.approx(expected, rel=1e-4)


def test_a_search_tunes_for_intervals(model, wave):
    scorer = forecast_scorer(interval_score, horizon=5, coverage=0.5)
    search = GridSearchCV(model, LENGTHS, cv=CV, scoring=scorer, error_score="raise").fit(wave)
    assert (search.cv_results_["mean_test_score"] < 0).all()


def test_coverage_is_no_score_to_tune_for():
    with pytest.raises(ValueError, match="best at the nominal coverage.*interval_score"):
        forecast_scorer(coverage_score, horizon=6)


@pytest.mark.parametrize(
    ("kwargs", "words"), [({"coverage": 90}, "give 0.9"), ({"coverage": 0}, "fraction")]
)
def test_a_coverage_that_is_no_fraction_is_refused_at_once(kwargs, words):
    with pytest.raises(ValueError, match=words):
        forecast_scorer(interval_score, horizon=6, **kwargs)


# --- In scikit-learn's tools ------------------------------------------------------------------


def test_grid_search_scores_windows_of_all_lengths_on_the_same_values(wave, model):
    search = GridSearchCV(model, LENGTHS, cv=CV, scoring=SCORER, error_score="raise").fit(wave)
    for k, length in enumerate([5, 20]):
        model.set_params(windowtransformer__window_length=length)
        for fold, origin in enumerate([108, 114]):
            forecast = model.fit(wave[:origin])[-1].forecast(6)
            expected = mean_absolute_error(wave[origin : origin + 6], forecast)
            score = search.cv_results_[f"split{fold}_test_score"][k]
            assert score == pytest.approx(-expected, rel=1e-4)
    assert search.score(wave) == pytest.approx(SCORER(search.best_estimator_, wave))
    assert SCORER(search, wave) == pytest.approx(SCORER(search.best_estimator_, wave))


def test_random_and_halving_searches_and_cross_validation_take_the_scorer(wave, model):
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
    assert both["train_mae"].shape == (2,)


def _one_step(estimator, X, y=None):
    return estimator.score(X)


def test_a_bare_forecaster_is_searched_on_windows(wave, windows):
    search = GridSearchCV(
        LSTMForecaster(**TINY), {"units": [4, 6]}, cv=ForecastSplit(2, horizon=6, context=1),
        scoring=SCORER, error_score="raise",
    ).fit(windows)  # fmt: skip
    forecaster = LSTMForecaster(**TINY).fit(windows[: len(windows) - 6])
    expected = mean_absolute_error(wave[-6:], forecaster.forecast(6))
    assert search.cv_results_["split1_test_score"][1] == pytest.approx(-expected, rel=1e-4)


@pytest.mark.parametrize("cv", [TimeSeriesSplit(2, test_size=30), TimeSeriesSplit(2)], ids=str)
def test_time_series_split_is_accepted(wave, model, cv):
    scores = cross_validate(model, wave, cv=cv, scoring=SCORER, error_score="raise")
    assert (scores["test_score"] < 0).all()


def test_a_shuffled_pandas_series_is_refused(wave, model, fitted_model):
    series = pd.Series(wave)
    cv = ShuffleSplit(2, random_state=0, test_size=30)
    with pytest.raises(ValueError, match="index .* does not increase.*ForecastSplit.*TimeSeriesS"):
        cross_validate(model, series, cv=cv, scoring=SCORER, error_score="raise")
    shuffled = np.random.default_rng(0).permutation(40)
    with pytest.raises(ValueError, match="does not increase.*TimeSeriesSplit"):
        SCORER(fitted_model, series.iloc[shuffled])


def test_shuffled_windows_are_refused(windows, fitted_model):
    cv = KFold(3, shuffle=True, random_state=0)
    words = "pieces that do not continue.*ForecastSplit.*TimeSeriesSplit"
    with pytest.raises(ValueError, match=words):
        cross_validate(LSTMForecaster(**TINY), windows, cv=cv, scoring=SCORER, error_score="raise")
    shuffled = np.random.default_rng(0).permutation(40)
    with pytest.raises(ValueError, match=words):
        SCORER(fitted_model[-1], windows[shuffled])
