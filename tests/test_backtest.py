from functools import partial

import numpy as np
import pandas as pd
import pytest
from oracle import random_network
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave._backtest_display import spaced_origins
from skwave._baseline import find_season_length, seasonal_naive
from skwave.metrics import mean_absolute_scaled_error, normalized_root_mean_squared_error
from skwave.model_selection import BacktestDisplay, ForecastSplit, backtest, forecast_scorer

# The networks are too small to be better than the naive forecast; test_warn.py is about that.
pytestmark = pytest.mark.filterwarnings("ignore::skwave.exceptions.ForecastWarning")

TINY = {"units": 4, "epochs": 1, "batch_size": 32, "random_state": 0}


@pytest.fixture
def model():
    return make_forecast_pipeline(WindowTransformer(10), LSTMForecaster(**TINY))


@pytest.fixture(scope="module")
def result(wave):
    model = make_forecast_pipeline(WindowTransformer(10), LSTMForecaster(**TINY))
    return backtest(model, wave, horizon=6, initial=80, step=5)


# --- Forecasts --------------------------------------------------------------------------------


def test_origins_truth_and_baselines(result, wave):
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


def test_the_future_is_not_seen(result, wave, model):
    changed = wave.copy()
    changed[95:] = 1e6
    again = backtest(model, changed, horizon=6, initial=80, step=5)
    known = result.origins <= 95
    np.testing.assert_array_equal(again.y_pred[known], result.y_pred[known])
    assert (again.y_pred[~known] != result.y_pred[~known]).any()


@pytest.mark.parametrize(("refit", "first"), [(True, [80, 90, 100, 110]), (3, [80, 80, 80, 110])])
def test_refit_knows_all_that_came_before(wave, model, refit, first):
    result = backtest(model, wave, horizon=6, initial=80, step=10, refit=refit)
    for k, (known, origin) in enumerate(zip(first, [80, 90, 100, 110], strict=True)):
        expected = model.fit(wave[:known]).forecast(6, context=wave[:origin])
        np.testing.assert_allclose(result.y_pred[k], expected, rtol=1e-4, atol=1e-5)


def test_steps_that_look_back_go_on_from_each_origin():
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


def test_transformers_are_given_the_past_alone(wave):
    """One that takes the mean of all it sees would leak the future in one call for all origins."""
    seen = []
    spy = FunctionTransformer(lambda x: seen.append(len(x)) or x, check_inverse=False)
    model = make_pipeline(spy, WindowTransformer(10), LSTMForecaster(**TINY))
    backtest(model, wave, horizon=6, initial=80, step=10)
    assert seen == [80, 80, 90, 100, 110]


def test_several_channels(two_channels):
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


def test_a_search_is_backtested_with_the_model_it_chooses(wave, model):
    search = GridSearchCV(
        model, {"windowtransformer__window_length": [5, 10]},
        cv=ForecastSplit(2, horizon=6, context=10),
        scoring=forecast_scorer(mean_absolute_error, horizon=6), error_score="raise",
    )  # fmt: skip
    result = backtest(search, wave, horizon=6, initial=80)
    best = search.fit(wave[:80]).best_estimator_
    np.testing.assert_allclose(result.y_pred[0], best.forecast(6), rtol=1e-4, atol=1e-5)


def test_five_hundred_origins_are_one_batch(monkeypatch):
    """With 300 units it takes seconds; origin by origin it would be minutes."""
    network = random_network(np.random.default_rng(0), units=(4,), length=10)
    forecaster = LSTMForecaster()
    forecaster.network_, forecaster.window_shape_ = network, (10, 1)
    forecaster.parts_ = "lstm"
    batches = []

    def forecast(n_steps, *, window):
        batches.append(window.shape)
        return LSTMForecaster.forecast(forecaster, n_steps, window=window)

    monkeypatch.setattr(forecaster, "forecast", forecast)
    series = np.random.default_rng(1).normal(size=647)
    result = backtest(FrozenEstimator(forecaster), series, horizon=48, initial=100)
    assert result.y_pred.shape == (500, 48)
    assert batches == [(500, 10, 1)]


# --- Scores -----------------------------------------------------------------------------------


def test_scores_overall_and_by_step(result):
    errors = np.abs(result.y_pred - result.y_true)
    by_step = result.scores_by_step["mean_absolute_error"]["model"]
    np.testing.assert_allclose(by_step, errors.mean(axis=0))
    assert result.scores["mean_absolute_error"]["model"] == pytest.approx(errors.mean())
    squares = (result.y_pred - result.y_true) ** 2
    rmse = result.scores["root_mean_squared_error"]["model"]
    assert rmse == pytest.approx(squares.mean() ** 0.5)
    # The wave repeats exactly.
    assert result.scores["mean_absolute_error"]["seasonal_naive"] < 1e-12


def test_metrics_of_the_users(wave, model):
    series = wave + 0.1 * np.random.default_rng(0).normal(size=len(wave))
    result = backtest(
        model, series, horizon=6, initial=80, season_length=20,
        metrics={"mase": mean_absolute_scaled_error, "worst": lambda t, p: np.abs(t - p).max()},
    )  # fmt: skip
    scale = np.abs(series[20:80] - series[:60]).mean()
    errors = np.abs(result.y_pred - result.y_true)
    assert result.scores["mase"]["model"] == pytest.approx(errors.mean() / scale)
    assert result.scores["worst"]["model"] == errors.max()
    assert "mase" in repr(result)


def test_what_was_bound_to_a_metric_stays(wave, model):
    series = wave + 0.1 * np.random.default_rng(0).normal(size=len(wave))
    bound = partial(mean_absolute_scaled_error, season_length=7)
    result = backtest(model, series, horizon=6, initial=80, season_length=20, metrics=bound)
    scale = np.abs(series[7:80] - series[:73]).mean()
    (scores,) = result.scores.values()
    assert list(result.scores) == ["mean_absolute_scaled_error"]
    assert scores["model"] == pytest.approx(np.abs(result.y_pred - result.y_true).mean() / scale)


def test_a_step_whose_values_say_nothing_scores_nan(wave, model):
    # One origin, and so one value for each step, which has no spread to scale by.
    metrics = normalized_root_mean_squared_error
    result = backtest(model, wave, horizon=6, initial=114, metrics=metrics)
    (name,) = result.scores
    assert result.scores[name]["model"] > 0
    assert np.isnan(result.scores_by_step[name]["model"]).all()


def test_frame_has_labels_of_the_series(wave, model, result):
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
        ({"horizon": 0}, ValueError, "horizon=0 is below 1"),
        ({"step": 1.5}, TypeError, "step=1.5 is a float"),
        ({"initial": "80"}, TypeError, "initial='80' is a str"),
        ({"refit": -1}, ValueError, "refit=-1"),
        ({"refit": "daily"}, ValueError, "refit='daily'"),
        ({"metrics": ["mae"]}, (TypeError, AttributeError), "cannot be called"),
        ({"metrics": "mae"}, TypeError, "'mae', which cannot be called"),
        ({"metrics": [lambda t, p: 1, lambda t, p: 2]}, ValueError, "Give a dict of names"),
        ({"season_length": 81}, ValueError, "season_length=81, but only initial=80"),
    ],
)
def test_bad_arguments(wave, model, changes, error, words):
    with pytest.raises(error, match=words):
        backtest(model, wave, **({"horizon": 6, "initial": 80} | changes))


def test_bad_series_and_estimators(wave, model):
    with pytest.raises(ValueError, match="series contains NaN"):
        backtest(model, np.where(wave > 0.9, np.nan, wave), horizon=6, initial=80)
    with pytest.raises(ValueError, match="forecaster of windows.*make_forecast_pipeline"):
        backtest(LSTMForecaster(), wave, horizon=6, initial=80)
    with pytest.raises(ValueError, match="needs an LSTMForecaster, or a pipeline"):
        backtest(make_pipeline(StandardScaler()), wave[:, None], horizon=6, initial=80)


# --- Baselines --------------------------------------------------------------------------------


def test_seasonal_naive_repeats_the_season():
    series = np.arange(10.0)[:, None]
    forecast = seasonal_naive(series, np.array([5, 10]), 7, 3)[:, :, 0]
    np.testing.assert_array_equal(forecast, [[2, 3, 4, 2, 3, 4, 2], [7, 8, 9, 7, 8, 9, 7]])


@pytest.mark.parametrize("trend", [0.0, 0.05])
@pytest.mark.parametrize("season", [7, 24, 80])
def test_season_is_found_under_noise_and_trend(season, trend):
    rng, time = np.random.default_rng(0), np.arange(600)
    pattern = rng.normal(size=season)
    series = pattern[time % season] + 0.3 * rng.normal(size=600) + trend * time
    assert find_season_length(series[:, None]) == season


@pytest.mark.parametrize(
    "series",
    [
        np.ones(50),
        np.full(50, 0.1),
        np.arange(50.0),
        np.random.default_rng(0).normal(size=500),
        np.zeros(1),
    ],
)
def test_no_season(series):
    assert find_season_length(series[:, None]) == 1


# --- Display ----------------------------------------------------------------------------------


def test_display_draws_what_was_found(result, wave):
    display = BacktestDisplay.from_backtest(result, n_forecasts=2)
    errors, forecasts = display.ax_
    np.testing.assert_allclose(
        errors.lines[0].get_ydata(), result.scores_by_step["mean_absolute_error"]["model"]
    )
    assert [line.get_label() for line in errors.lines] == ["Model", "Naive", "Seasonal naive"]
    truth, first, _, last = forecasts.lines[:4]
    np.testing.assert_array_equal(truth.get_ydata(), wave[truth.get_xdata()])
    np.testing.assert_array_equal(last.get_ydata(), result.y_pred[-1])
    np.testing.assert_array_equal(last.get_xdata(), np.arange(110, 116))
    np.testing.assert_array_equal(first.get_xdata(), np.arange(100, 106))
    for changes, words in (
        ({"metric": "mase"}, "metric='mase' was not scored"),
        ({"channel": 1}, "channel=1, but the backtest has 1"),
        ({"n_forecasts": 0}, "n_forecasts=0 is below 1"),
    ):
        with pytest.raises(ValueError, match=words):
            display.plot(**changes)


def test_scores_below_zero_are_drawn_too(wave, model):
    result = backtest(model, wave, horizon=6, initial=80, metrics=r2_score)
    ax = BacktestDisplay.from_backtest(result).ax_[0]
    lowest = min(of_one.min() for of_one in result.scores_by_step["r2_score"].values())
    bottom, top = ax.get_ylim()
    assert bottom < lowest < 0 < top


def test_display_from_estimator_and_own_axes(wave, model):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2)
    display = BacktestDisplay.from_estimator(
        model, wave, horizon=1, initial=110, metric="root_mean_squared_error", ax=axes
    )
    assert display.figure_ is figure
    assert axes[0].get_ylabel() == "Root mean squared error"
    plt.close(figure)


def test_drawn_forecasts_do_not_overlap():
    chosen = spaced_origins(np.arange(50, 90), 6, 4)
    assert chosen == [21, 27, 33, 39]
    assert spaced_origins(np.arange(50, 52), 6, 4) == [1]
