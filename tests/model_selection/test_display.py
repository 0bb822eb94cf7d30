import matplotlib.pyplot as plt
import numpy as np
import pytest
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
        ({"channel": 1}, "channel=1, but the backtest has 1"),
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


def test_drawn_forecasts_do_not_overlap():
    chosen = spaced_origins(np.arange(50, 90), 6, 4)
    assert chosen == [21, 27, 33, 39]
    assert spaced_origins(np.arange(50, 52), 6, 4) == [1]
