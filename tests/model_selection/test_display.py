from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.dates import num2date
from sklearn.metrics import r2_score

from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave.model_selection import BacktestDisplay, backtest
from skwave.model_selection._display import spaced_origins

# The networks are too small to be better than the naive forecast.
pytestmark = pytest.mark.filterwarnings("ignore::skwave.exceptions.ForecastWarning")

TINY = {"units": 4, "epochs": 1, "batch_size": 32, "random_state": 0}


@pytest.fixture(scope="module")
def model():
    """A pipeline that is not fitted, and that a backtest clones."""
    return make_forecast_pipeline(WindowTransformer(10), LSTMForecaster(**TINY))


@pytest.fixture(scope="module")
def result(model, wave):
    return backtest(model, wave, horizon=6, initial=80, step=5)


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def test_display_draws_errors_by_step_and_forecasts_over_the_series(result, wave):
    display = BacktestDisplay.from_backtest(result, n_forecasts=2)
    assert repr(display) == "BacktestDisplay(7 origins, 6 steps)"
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


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"metric": "mase"}, "metric='mase' was not scored"),
        ({"channel": 1}, r"channel=1, but the backtest has the channels \[0\]"),
        ({"n_forecasts": 0}, "n_forecasts=0, but an int of at least 1"),
    ],
)
def test_arguments_of_plot_out_of_range_are_refused(result, changes, words):
    with pytest.raises(ValueError, match=words):
        BacktestDisplay(result=result).plot(**changes)


def test_scores_below_zero_are_within_the_axes(wave, model):
    result = backtest(model, wave, horizon=6, initial=80, metrics=r2_score)
    ax = BacktestDisplay.from_backtest(result).ax_[0]
    lowest = min(of_one.min() for of_one in result.scores_by_step["r2_score"].values())
    bottom, top = ax.get_ylim()
    assert bottom < lowest < 0 < top


def test_from_estimator_runs_the_backtest_and_draws_on_given_axes(wave, model):
    figure, axes = plt.subplots(1, 2)
    display = BacktestDisplay.from_estimator(
        model, wave, horizon=1, initial=110, metric="root_mean_squared_error", ax=axes
    )
    assert display.figure_ is figure
    assert axes[0].get_ylabel() == "Root mean squared error"


@pytest.fixture(scope="module")
def dated(two_channels):
    index = pd.date_range("2026-01-01", periods=len(two_channels), name="day")
    return pd.DataFrame(two_channels, index, columns=["wind (m/s)", "power (kW)"])


@pytest.fixture(scope="module")
def dated_result(model, dated):
    return backtest(model, dated, horizon=6, initial=80, step=5)


@pytest.mark.parametrize("channel", [1, "power (kW)"])
def test_forecasts_are_drawn_over_the_index_under_the_name(dated_result, dated, channel):
    errors, forecasts = BacktestDisplay.from_backtest(dated_result, channel=channel).ax_
    assert (forecasts.get_xlabel(), forecasts.get_ylabel()) == ("day", "power (kW)")
    last = forecasts.lines[-2]
    np.testing.assert_array_equal(last.get_xdata(), dated.index[110:116].to_numpy())
    np.testing.assert_array_equal(last.get_ydata(), dated_result.y_pred[-1, :, 1])
    border = forecasts.lines[-1].get_xdata()[0]
    assert border == np.datetime64("2026-04-20T12:00")
    assert errors.get_ylabel() == "Mean absolute error, all channels"
    forecasts.figure.canvas.draw()
    assert "Apr" in [label.get_text() for label in forecasts.xaxis.get_ticklabels()]


def test_from_estimator_takes_the_name_of_a_channel(model, dated):
    display = BacktestDisplay.from_estimator(
        model, dated, horizon=6, initial=110, channel="wind (m/s)"
    )
    assert display.ax_[1].get_ylabel() == "wind (m/s)"


def test_a_channel_that_is_not_there_is_refused(dated_result):
    with pytest.raises(ValueError, match=r"channel='power', but .* \['wind \(m/s\)', 'power"):
        BacktestDisplay.from_backtest(dated_result, channel="power")
    with pytest.raises(ValueError, match=r"channel=-1, but .* \[0, 1\]"):
        BacktestDisplay.from_backtest(dated_result, channel=-1)


def test_a_series_has_its_name_and_an_array_its_channel(model, wave, two_channels):
    arguments = {"horizon": 6, "initial": 110}
    years = pd.Series(wave, pd.RangeIndex(1900, 1900 + len(wave)), name="Sunspots")
    _, ax = BacktestDisplay.from_estimator(model, years, **arguments).ax_
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Index", "Sunspots")
    np.testing.assert_array_equal(ax.lines[-2].get_xdata(), np.arange(2014, 2020))
    _, ax = BacktestDisplay.from_estimator(model, two_channels, channel=1, **arguments).ax_
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Position in the series", "Channel 1")


@pytest.fixture(scope="module")
def with_intervals(model, dated):
    return backtest(model, dated, horizon=6, initial=80, step=5, coverage=0.8)


def test_the_intervals_of_the_drawn_forecasts_are_shaded(with_intervals, dated):
    _, ax = BacktestDisplay.from_backtest(with_intervals, n_forecasts=2, channel=1).ax_
    assert len(ax.collections) == 2
    for area, k in zip(ax.collections, (-3, -1), strict=True):
        x, y = area.get_paths()[0].vertices[1:].T
        lower, upper = with_intervals.intervals["model"][k, :, 1].T
        np.testing.assert_allclose(y[:6], lower)
        np.testing.assert_allclose([y[x == s].max() for s in x[:6]], upper)
        first = with_intervals.origins[k]
        dates = [date.replace(tzinfo=None) for date in num2date(x[:6])]
        assert dates == dated.index[first : first + 6].to_pydatetime().tolist()
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == ["Truth", "Forecast", "80 % interval"]


def test_a_backtest_without_intervals_shades_nothing(result):
    _, ax = BacktestDisplay.from_backtest(result).ax_
    assert len(ax.collections) == 0


def test_intervals_of_one_step_are_bars(model, wave):
    result = backtest(model, wave, horizon=1, initial=110, step=5, coverage=0.8)
    _, ax = BacktestDisplay.from_backtest(result).ax_
    for area, k in zip(ax.collections, range(len(result.origins)), strict=True):
        (bar,) = area.get_segments()
        np.testing.assert_array_equal(bar[:, 0], result.origins[k])
        np.testing.assert_array_equal(bar[:, 1], result.intervals["model"][k, 0])


def test_coverage_is_drawn_between_0_and_1_beside_the_nominal_one(with_intervals):
    ax, _ = BacktestDisplay.from_backtest(with_intervals, metric="coverage").ax_
    labels = [line.get_label() for line in ax.lines]
    assert labels == ["Model", "Naive", "Seasonal naive", "Nominal"]
    np.testing.assert_array_equal(
        ax.lines[0].get_ydata(), with_intervals.scores_by_step["coverage"]["model"]
    )
    nominal = ax.lines[-1]
    assert set(nominal.get_ydata()) == {0.8}
    assert nominal.get_linestyle() == "--"
    low, high = ax.get_ylim()
    assert low == 0
    assert 1 <= high < 1.05
    assert ax.get_ylabel() == "Coverage, all channels"


@pytest.mark.parametrize(("metric", "label"), [("width", "Width"), ("interval_score", "Interval")])
def test_other_scores_of_intervals_are_drawn_too(with_intervals, metric, label):
    ax, _ = BacktestDisplay.from_backtest(with_intervals, metric=metric).ax_
    np.testing.assert_array_equal(
        ax.lines[0].get_ydata(), with_intervals.scores_by_step[metric]["model"]
    )
    assert ax.get_ylabel().startswith(label)
    assert "Nominal" not in [line.get_label() for line in ax.lines]


def test_a_baseline_without_intervals_has_no_line(with_intervals):
    unknown = with_intervals.scores_by_step["coverage"] | {"seasonal_naive": np.full(6, np.nan)}
    by_step = with_intervals.scores_by_step | {"coverage": unknown}
    changed = replace(with_intervals, scores_by_step=by_step)
    ax, _ = BacktestDisplay.from_backtest(changed, metric="coverage").ax_
    assert [line.get_label() for line in ax.lines] == ["Model", "Naive", "Nominal"]


def test_drawn_forecasts_do_not_overlap():
    chosen = spaced_origins(np.arange(50, 90), 6, 4)
    assert chosen == [21, 27, 33, 39]
    assert spaced_origins(np.arange(50, 52), 6, 4) == [1]
