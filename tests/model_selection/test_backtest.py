import copy
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from helpers import network_of, warnings_of
from oracle import random_network
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import get_scorer, mean_absolute_error
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave._recursion import roll_forward
from skwave.metrics import (
    continuous_ranked_probability_score,
    interval_score,
    mean_absolute_scaled_error,
    normalized_root_mean_squared_error,
)
from skwave.model_selection import ForecastSplit, backtest, forecast_scorer

# The networks are too small to be better than the naive forecast; one section is about that.
pytestmark = pytest.mark.filterwarnings("ignore::skwave.exceptions.ForecastWarning")

TINY = {
    "units": 6, "epochs": 1, "batch_size": 32, "random_state": 0, "readout": "trained",
    "validation": "last",
}  # fmt: skip
# With the output layer as by default, whose residual paths are over all values.
SOLVED = TINY | {"readout": "auto"}


@pytest.fixture
def model():
    return make_forecast_pipeline(WindowTransformer(10), LSTMForecaster(**TINY))


@pytest.fixture(scope="module")
def result(wave):
    model = make_forecast_pipeline(WindowTransformer(10), LSTMForecaster(**TINY))
    return backtest(model, wave, horizon=6, initial=80, step=5)


@pytest.fixture(scope="module")
def fitted(wave):
    """A pipeline fitted on the first 80 values, for what is done with its forecasts."""
    model = make_forecast_pipeline(WindowTransformer(10), LSTMForecaster(**SOLVED))
    return FrozenEstimator(model.fit(wave[:80]))


@pytest.fixture(scope="module")
def fitted_on_two_channels(two_channels):
    """The same of two channels, fitted on the first 100 values."""
    model = make_forecast_pipeline(WindowTransformer(10), LSTMForecaster(**SOLVED))
    frame = pd.DataFrame(two_channels, columns=["wind", "power"])
    return FrozenEstimator(model.fit(frame[:100]))


# --- Forecasts --------------------------------------------------------------------------------


def test_origins_true_values_and_baselines_are_right(result, wave):
    np.testing.assert_array_equal(result.origins, np.arange(80, 115, 5))
    assert result.season_length == 20
    for k, origin in enumerate(result.origins):
        np.testing.assert_array_equal(result.y_true[k], wave[origin : origin + 6])
        np.testing.assert_array_equal(result.baselines["naive"][k], wave[origin - 1])
        season = wave[origin - 20 : origin - 14]
        np.testing.assert_array_equal(result.baselines["seasonal_naive"][k], season)


def test_forecasts_are_those_of_one_fit_on_the_first_values(result, wave, model):
    model.fit(wave[:80])
    expected = [model.forecast(6, context=wave[:origin]) for origin in result.origins]
    np.testing.assert_allclose(result.y_pred, expected, rtol=1e-5, atol=1e-6)


def test_later_values_do_not_change_earlier_forecasts(result, wave, model):
    changed = wave.copy()
    changed[95:] = 1e6
    again = backtest(model, changed, horizon=6, initial=80, step=5)
    known = result.origins <= 95
    np.testing.assert_array_equal(again.y_pred[known], result.y_pred[known])
    assert (again.y_pred[~known] != result.y_pred[~known]).any()


@pytest.mark.parametrize(("refit", "first"), [(True, [80, 90, 100, 110]), (3, [80, 80, 80, 110])])
def test_each_refit_trains_on_all_values_before_its_origin(wave, model, refit, first):
    result = backtest(model, wave, horizon=6, initial=80, step=10, refit=refit)
    for k, (known, origin) in enumerate(zip(first, [80, 90, 100, 110], strict=True)):
        expected = model.fit(wave[:known]).forecast(6, context=wave[:origin])
        np.testing.assert_allclose(result.y_pred[k], expected, rtol=1e-4, atol=1e-5)


def test_a_step_that_depends_on_earlier_values_is_inverted_at_each_origin():
    """A line, differenced, is forecast without error by a network of constant output."""
    line = 3 + 2 * np.arange(120.0).reshape(-1, 1)
    difference = FunctionTransformer(
        lambda x: np.diff(x, axis=0, prepend=0), inverse_func=lambda x: np.cumsum(x, axis=0)
    )
    model = make_forecast_pipeline(
        difference, WindowTransformer(10), LSTMForecaster(**TINY, normalization="window")
    )
    result = backtest(model, line[5:], horizon=6, initial=80)
    assert np.abs(result.y_pred[:, 0] - result.y_true[:, 0]).max() < 1


def test_transformers_see_the_past_alone(wave):
    """One that takes the mean of all it sees would leak the future in one call for all origins."""
    seen = []
    spy = FunctionTransformer(lambda x: seen.append(len(x)) or x, check_inverse=False)
    model = make_pipeline(spy, WindowTransformer(10), LSTMForecaster(**TINY))
    backtest(model, wave, horizon=6, initial=80, step=10)
    # Those of the fit, then the context of each origin. The longest is first: in ascending order,
    # no copy would fit into the memory that those before it left.
    assert set(seen[:-4]) == {80}
    assert seen[-4:] == [110, 100, 90, 80]


def test_several_channels_are_forecast_and_named_in_the_frame(two_channels):
    model = make_forecast_pipeline(StandardScaler(), WindowTransformer(10), LSTMForecaster(**TINY))
    result = backtest(model, two_channels, horizon=6, initial=100)
    assert result.y_pred.shape == result.y_true.shape == (15, 6, 2)
    np.testing.assert_array_equal(result.y_true[3], two_channels[103:109])
    assert set(result.to_frame()["channel"]) == {0, 1}


def test_a_frozen_estimator_is_not_fitted(wave, model):
    network = model.fit(wave[:80])[-1].network_
    result = backtest(FrozenEstimator(model), wave, horizon=6, initial=80)
    assert model[-1].network_ is network
    bare = backtest(FrozenEstimator(model[-1]), wave, horizon=6, initial=80)
    np.testing.assert_allclose(result.y_pred, bare.y_pred)
    with pytest.raises(ValueError, match="refit=True, but a FrozenEstimator"):
        backtest(FrozenEstimator(model), wave, horizon=6, initial=80, refit=True)
    backtest(FrozenEstimator(model), wave, horizon=6, initial=80, refit=np.False_)


class Slope(TransformerMixin, BaseEstimator):
    """Takes off a slope that is counted from the start of the training series."""

    def fit(self, X, y=None):
        self.n_features_in_ = 1
        return self

    def transform(self, X):
        return np.asarray(X) - np.arange(len(X))[:, None]

    def inverse_transform(self, X):
        return np.asarray(X) + np.arange(len(X))[:, None]


def test_a_frozen_estimator_that_counts_positions_must_know_the_beginning(wave):
    series = (wave + np.arange(len(wave)))[:, None]
    steps = Slope(), WindowTransformer(10), LSTMForecaster(**TINY)
    model = make_forecast_pipeline(*steps).fit(series[:100])
    arguments = {"horizon": 5, "initial": 100, "step": 50}
    result = backtest(FrozenEstimator(model), series, **arguments)
    np.testing.assert_allclose(result.y_pred[0, :, 0], model.forecast(5))
    later = clone(model).fit(series[40:100])
    with pytest.raises(ValueError, match=r"and is not the end of it.*\['slope'\]"):
        backtest(FrozenEstimator(later), series, **arguments)
    plain = make_pipeline(*map(clone, steps)).fit(series[:100])
    with pytest.raises(ValueError, match=r"\['slope'\].*use make_forecast_pipeline"):
        backtest(FrozenEstimator(plain), series, **arguments)


def test_a_plain_pipeline_that_counts_positions_is_fitted_as_a_forecast_pipeline(wave):
    series = (wave + np.arange(len(wave)))[:, None]
    steps = Slope(), WindowTransformer(10), LSTMForecaster(**TINY)
    arguments = {"horizon": 5, "initial": 80, "step": 10}
    result = backtest(make_pipeline(*steps), series, **arguments)
    expected = backtest(make_forecast_pipeline(*steps), series, **arguments)
    np.testing.assert_allclose(result.y_pred, expected.y_pred, rtol=1e-6)


def test_a_search_forecasts_with_its_best_estimator(wave, model):
    search = GridSearchCV(
        model, {"windowtransformer__window_length": [5, 10]},
        cv=ForecastSplit(2, horizon=6, context=10),
        scoring=forecast_scorer(mean_absolute_error, horizon=6), error_score="raise",
    )  # fmt: skip
    result = backtest(search, wave, horizon=6, initial=80)
    best = search.fit(wave[:80]).best_estimator_
    np.testing.assert_allclose(result.y_pred[0], best.forecast(6), rtol=1e-4, atol=1e-5)


def test_all_origins_are_forecast_in_one_batch(monkeypatch):
    """With 300 units it takes seconds; origin by origin it would be minutes."""
    network = random_network(np.random.default_rng(0), units=(4,), length=10)
    forecaster = LSTMForecaster()
    forecaster.network_, forecaster.window_shape_ = network, (10, 1)
    forecaster.readout_, forecaster.context_, forecaster.known_ = "trained", None, []
    forecaster.forecasters_ = []
    batches = []

    def roll(network, contexts, *args):
        batches.append(contexts.shape)
        return roll_forward(network, contexts, *args)

    monkeypatch.setattr("skwave._forecasts.roll_forward", roll)
    series = np.random.default_rng(1).normal(size=647)
    result = backtest(FrozenEstimator(forecaster), series, horizon=48, initial=100)
    assert result.y_pred.shape == (500, 48)
    assert batches == [(500, 10, 1)]


# --- Scores -----------------------------------------------------------------------------------


def test_scores_are_taken_overall_and_by_step(result):
    errors = np.abs(result.y_pred - result.y_true)
    by_step = result.scores_by_step["mean_absolute_error"]["model"]
    np.testing.assert_allclose(by_step, errors.mean(axis=0))
    assert result.scores["mean_absolute_error"]["model"] == pytest.approx(errors.mean())
    squares = (result.y_pred - result.y_true) ** 2
    rmse = result.scores["root_mean_squared_error"]["model"]
    assert rmse == pytest.approx(squares.mean() ** 0.5)
    # The wave repeats exactly.
    assert result.scores["mean_absolute_error"]["seasonal_naive"] < 1e-12


def test_scores_of_each_channel_are_its_own(fitted_on_two_channels, two_channels):
    noisy = two_channels + 0.1 * np.random.default_rng(0).normal(size=two_channels.shape)
    metrics = {"mae": mean_absolute_error, "mase": mean_absolute_scaled_error}
    arguments = {"horizon": 6, "initial": 100, "metrics": metrics, "season_length": 20}
    frame = pd.DataFrame(noisy, columns=["wind", "power"])
    result = backtest(fitted_on_two_channels, frame, **arguments)
    for name, forecast in {"model": result.y_pred, "naive": result.baselines["naive"]}.items():
        errors = np.abs(forecast - result.y_true).mean(axis=(0, 1))
        np.testing.assert_allclose(result.scores_by_channel["mae"][name], errors)
        # The average of scikit-learn's metrics weighs all channels alike.
        assert result.scores["mae"][name] == pytest.approx(errors.mean())
        scale = np.abs(noisy[20:100] - noisy[:80]).mean(axis=0)
        np.testing.assert_allclose(result.scores_by_channel["mase"][name], errors / scale)


def test_repr_lists_the_channels_below_the_overall_scores(fitted_on_two_channels, two_channels):
    frame = pd.DataFrame(two_channels, columns=["wind", "power"])
    arguments = {"horizon": 6, "initial": 110, "metrics": mean_absolute_error}
    result = backtest(fitted_on_two_channels, frame, **arguments)
    lines = repr(result).splitlines()
    assert lines[0] == "Backtest(5 origins, 6 steps, season of 20, 2 channels)"
    assert lines[2].startswith("mean_absolute_error  ")
    assert lines[3] == "mean_absolute_error by channel"
    scores = result.scores_by_channel["mean_absolute_error"]["model"]
    assert [line.split()[:-2] for line in lines[4:]] == [
        ["wind", f"{scores[0]:.4g}"],
        ["power", f"{scores[1]:.4g}"],
    ]
    many = replace(result, series=np.zeros((9, 12)), y_true=np.zeros((5, 6, 12)),
                   scores_by_channel={"worst": dict.fromkeys(result.scores["mean_absolute_error"],
                                                             np.arange(12.0))})  # fmt: skip
    assert repr(many).splitlines()[-2].split()[:3] == ["Channel", "9", "9"]
    assert repr(many).splitlines()[-1] == "  and 2 more"


def test_a_single_channel_has_one_score_that_repr_does_not_repeat(result):
    for name, score in result.scores["mean_absolute_error"].items():
        assert result.scores_by_channel["mean_absolute_error"][name].shape == (1,)
        assert result.scores_by_channel["mean_absolute_error"][name][0] == pytest.approx(score)
    assert "channel" not in repr(result)


def test_metrics_given_as_a_dict_are_scored_by_their_names(wave, fitted):
    series = wave + 0.1 * np.random.default_rng(0).normal(size=len(wave))
    result = backtest(
        fitted, series, horizon=6, initial=80, season_length=20,
        metrics={"mase": mean_absolute_scaled_error, "worst": lambda t, p: np.abs(t - p).max()},
    )  # fmt: skip
    scale = np.abs(series[20:80] - series[:60]).mean()
    errors = np.abs(result.y_pred - result.y_true)
    assert result.scores["mase"]["model"] == pytest.approx(errors.mean() / scale)
    assert result.scores["worst"]["model"] == errors.max()
    assert "mase" in repr(result)


def test_arguments_bound_to_a_metric_are_kept(wave, fitted):
    series = wave + 0.1 * np.random.default_rng(0).normal(size=len(wave))
    bound = partial(mean_absolute_scaled_error, season_length=7)
    result = backtest(fitted, series, horizon=6, initial=80, season_length=20, metrics=bound)
    scale = np.abs(series[7:80] - series[:73]).mean()
    (scores,) = result.scores.values()
    assert list(result.scores) == ["mean_absolute_scaled_error"]
    assert scores["model"] == pytest.approx(np.abs(result.y_pred - result.y_true).mean() / scale)


def test_a_metric_that_refuses_the_values_of_a_step_scores_nan(wave, fitted):
    # One origin, and so one value for each step, which has no spread to scale by.
    metrics = normalized_root_mean_squared_error
    result = backtest(fitted, wave, horizon=6, initial=114, metrics=metrics)
    (name,) = result.scores
    assert result.scores[name]["model"] > 0
    assert np.isnan(result.scores_by_step[name]["model"]).all()


def test_the_frame_has_the_labels_of_the_series(wave, model, result):
    days = pd.date_range("2026-01-01", periods=len(wave))
    frame = backtest(model, pd.Series(wave, days), horizon=6, initial=80, step=5).to_frame()
    assert len(frame) == 7 * 6
    assert frame["time"][0] == days[80]
    assert frame["time"][6 * 2 + 3] == days[80 + 10 + 3]
    np.testing.assert_array_equal(frame["step"][:7], [1, 2, 3, 4, 5, 6, 1])
    np.testing.assert_allclose(frame["y_pred"], result.y_pred.ravel(), rtol=1e-5, atol=1e-6)
    assert list(frame.columns) == [
        "origin", "step", "time", "y_true", "y_pred", "naive", "seasonal_naive",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"initial": 115}, ValueError, "120 values, but initial=115 and horizon=6 need .* 121"),
        ({"horizon": 0}, ValueError, "horizon=0, but an int of at least 1"),
        ({"step": 1.5}, TypeError, "step=1.5 is a float"),
        ({"initial": "80"}, TypeError, "initial='80' is a str"),
        ({"refit": -1}, ValueError, "refit=-1, but an int of at least 1"),
        ({"refit": "daily"}, TypeError, "refit='daily' is a str"),
        ({"metrics": ["mae"]}, (TypeError, AttributeError), "cannot be called"),
        ({"metrics": "mae"}, TypeError, "'mae', which cannot be called"),
        ({"metrics": get_scorer("r2")}, TypeError, "is a scorer.*a metric is needed"),
        ({"metrics": [lambda t, p: 1, lambda t, p: 2]}, ValueError, "Give a dict of names"),
        ({"season_length": 81}, ValueError, "season_length=81, but only initial=80"),
    ],
)
def test_bad_arguments_are_refused(wave, model, changes, error, words):
    with pytest.raises(error, match=words):
        backtest(model, wave, **({"horizon": 6, "initial": 80} | changes))


def test_bad_series_and_estimators_are_refused(wave, model):
    with pytest.raises(ValueError, match="series contains infinity"):
        backtest(model, np.where(wave > 0.9, np.inf, wave), horizon=6, initial=80)
    with pytest.raises(ValueError, match="forecaster of windows.*make_forecast_pipeline"):
        backtest(LSTMForecaster(), wave, horizon=6, initial=80)
    with pytest.raises(ValueError, match="needs an LSTMForecaster, or a pipeline"):
        backtest(make_pipeline(StandardScaler()), wave[:, None], horizon=6, initial=80)


# --- Intervals --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def with_intervals(fitted_on_two_channels, two_channels):
    frame = pd.DataFrame(two_channels, columns=["wind", "power"])
    return backtest(fitted_on_two_channels, frame, horizon=4, initial=100, step=3, coverage=0.8)


def test_intervals_are_those_of_the_model_and_of_errors_that_are_known_by_then(
    with_intervals, fitted_on_two_channels
):  # fmt: skip
    result, model = with_intervals, copy.deepcopy(fitted_on_two_channels.estimator)
    bounds, forecaster = result.intervals["model"], model[-1]
    assert bounds.shape == (*result.y_true.shape, 2)
    n_paths = len(forecaster.residual_paths_)
    values = result.series.to_numpy()
    for k, origin in enumerate(result.origins):
        interval = model.forecast_interval(4, coverage=0.8, context=result.series[:origin])
        np.testing.assert_allclose(
            bounds[k], interval.to_numpy().reshape(4, 2, 2), rtol=1e-4, atol=1e-4
        )  # fmt: skip
        # At the next origin, three values later, the values of the forecast before are known.
        if k > 0:
            earlier = result.origins[k - 1]
            y_pred = result.y_pred[k - 1]
            scale = forecaster._residual_scale(values[earlier - 10 : earlier][None], y_pred[None])
            path = (result.y_true[k - 1] - y_pred) / scale[0]
            paths = np.concatenate([forecaster.residual_paths_[:, :4], path[None]])[-n_paths:]
            forecaster.residual_paths_ = paths


def test_forecasts_that_overlap_much_add_one_path_in_a_quarter_of_a_horizon(wave, fitted):
    close = backtest(fitted, wave, horizon=8, initial=90, step=1, coverage=0.5)
    apart = backtest(fitted, wave, horizon=8, initial=90, step=2, coverage=0.5)
    np.testing.assert_allclose(
        close.intervals["model"][::2], apart.intervals["model"], rtol=1e-4, atol=1e-5
    )  # fmt: skip


def test_scores_of_intervals_are_overall_by_step_and_by_channel(with_intervals):
    result = with_intervals
    for name, bounds in result.intervals.items():
        lower, upper = np.moveaxis(bounds, -1, 0)
        within = (lower <= result.y_true) & (result.y_true <= upper)
        assert result.scores["coverage"][name] == pytest.approx(within.mean())
        by_step = result.scores_by_step["coverage"][name]
        np.testing.assert_allclose(by_step, within.mean(axis=(0, 2)))
        by_channel = result.scores_by_channel["coverage"][name]
        np.testing.assert_allclose(by_channel, within.mean(axis=(0, 1)))
        assert result.scores["width"][name] == pytest.approx(np.mean(upper - lower))
        outside = np.maximum(lower - result.y_true, 0) + np.maximum(result.y_true - upper, 0)
        score = np.mean(upper - lower + outside / 0.1)
        assert result.scores["interval_score"][name] == pytest.approx(score)
    assert "coverage" in repr(result)


def test_naive_forecasts_have_quantiles_of_their_own_errors(with_intervals, two_channels):
    # Of the second channel, two steps ahead, at the first origin.
    known = two_channels[:100, 1]
    naive = known[2:98] - known[:96]
    seasonal = known[21:98] - known[1:78]
    for name, errors, forecast in (
        ("naive", naive, known[99]), ("seasonal_naive", seasonal, known[81]),
    ):  # fmt: skip
        errors, n = np.sort(errors), len(errors)
        lower, upper = errors[int(0.1 * (n + 1)) - 1], errors[int(np.ceil(0.9 * (n + 1))) - 1]
        bounds = with_intervals.intervals[name][0, 1, 1]
        np.testing.assert_allclose(bounds, [forecast + lower, forecast + upper], atol=1e-9)


def test_a_naive_forecast_with_too_few_errors_has_no_interval(wave, fitted):
    result = backtest(
        fitted, wave[:60], horizon=6, initial=30, step=5, season_length=20, coverage=0.9
    )
    assert np.isnan(result.intervals["seasonal_naive"]).all()
    assert np.isnan(result.scores["interval_score"]["seasonal_naive"])
    assert np.isfinite(result.scores["interval_score"]["model"])


def test_each_refit_has_residual_paths_of_its_own(wave):
    model = make_forecast_pipeline(WindowTransformer(10), LSTMForecaster(**SOLVED))
    result = backtest(model, wave, horizon=4, initial=100, step=10, refit=True, coverage=0.8)
    second = clone(model).fit(wave[:110]).forecast_interval(4, coverage=0.8)
    np.testing.assert_allclose(result.intervals["model"][1], second, rtol=1e-4, atol=1e-5)


def test_the_table_has_bounds(with_intervals):
    table = with_intervals.to_frame()
    lower = with_intervals.intervals["model"][..., 0].ravel()
    np.testing.assert_array_equal(table["lower"], lower)
    assert (table["lower"] <= table["upper"]).all()


def test_without_a_coverage_there_are_no_intervals(result):
    assert result.coverage is None
    assert result.intervals is None
    assert "coverage" not in result.scores


@pytest.mark.parametrize(
    ("coverage", "error", "words"),
    [
        (90, ValueError, "For 90 % give 0.9"),
        ([0.8, 0.9], TypeError, "but one fraction between 0 and 1"),
        (0.999, ValueError, "needs at least 1999 residual paths"),
    ],
)
def test_a_coverage_that_is_not_possible_is_refused(wave, fitted, coverage, error, words):
    with pytest.raises(error, match=words):
        backtest(fitted, wave, horizon=4, initial=100, coverage=coverage)


def test_metrics_of_intervals_are_given_by_coverage(wave, fitted):
    with pytest.raises(ValueError, match="metrics has 'interval_score', .*Give coverage="):
        backtest(fitted, wave, horizon=4, initial=100, metrics=interval_score)
    with pytest.raises(ValueError, match="continuous_ranked_probability_score scores samples"):
        backtest(fitted, wave, horizon=4, initial=100, metrics=continuous_ranked_probability_score)
    with pytest.raises(ValueError, match="continuous_ranked_probability_score scores samples"):
        forecast_scorer(continuous_ranked_probability_score, horizon=4)
    with pytest.raises(ValueError, match="metrics has 'width', .*named like one.*other names"):
        backtest(fitted, wave, horizon=4, initial=100, metrics={"width": mean_absolute_error})


# --- Warnings ---------------------------------------------------------------------------------


def frozen(network):
    """Return a fitted forecaster of a network, frozen."""
    forecaster = LSTMForecaster(validation="last")
    forecaster.network_, forecaster.window_shape_ = network, (network.window_length, 1)
    forecaster.readout_, forecaster.context_, forecaster.known_ = "trained", None, []
    forecaster.forecasters_ = []
    return FrozenEstimator(forecaster)


def test_forecasts_worse_than_the_naive_one_are_warned_of(wave):
    opposite = frozen(network_of([*np.zeros(19), -1.0]))
    (message,) = warnings_of(backtest, opposite, wave, horizon=6, initial=80)
    assert "worse than the naive" in message
    assert "normalization='window'" in message


def test_forecasts_better_than_the_naive_one_are_not_warned_of(wave):
    season = frozen(network_of([1.0, *np.zeros(19)]))
    assert warnings_of(backtest, season, wave, horizon=40, initial=80) == []


def test_validation_that_overlaps_the_training_windows_is_warned_of(wave):
    def about_validation(**options):
        forecaster = LSTMForecaster(**TINY | {"validation": "random"} | options)
        model = make_forecast_pipeline(WindowTransformer(10), forecaster)
        found = warnings_of(backtest, model, wave, horizon=6, initial=80, refit=15)
        return [message for message in found if "overlap" in message]

    (message,) = about_validation()
    assert "validation='last'" in message
    assert about_validation(validation="last") == []
    assert about_validation(validation_split=0.0) == []
    # Where the readout is solved for, the newest windows are held out in any case.
    assert about_validation(readout="ridge") == []
