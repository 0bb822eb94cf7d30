import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import same_color
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Binarizer, FunctionTransformer, StandardScaler

from skwave import (
    ForecastDisplay,
    HistoryDisplay,
    LSTMForecaster,
    WindowTransformer,
    make_forecast_pipeline,
)

TINY = {"units": 6, "epochs": 2, "random_state": 0}


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def test_truth_is_red_forecast_is_blue_and_both_are_in_the_legend(fitted):
    display = ForecastDisplay.from_estimator(fitted, np.arange(9.0))
    truth, forecast = display.ax_.lines
    assert same_color(truth.get_color(), "tab:red")
    assert same_color(forecast.get_color(), "tab:blue")
    np.testing.assert_array_equal(truth.get_ydata(), np.arange(9.0))
    np.testing.assert_array_equal(forecast.get_ydata(), fitted.forecast(9))
    assert [t.get_text() for t in display.ax_.get_legend().get_texts()] == ["Truth", "Forecast"]
    assert display.ax_.get_xlabel()
    assert display.ax_.get_ylabel()
    assert display.figure_ is display.ax_.figure


def test_the_line_takes_short_and_long_names_of_properties():
    for style in ({"c": "k", "ls": ":", "lw": 3}, {"color": "k", "linestyle": ":", "linewidth": 3}):
        display = ForecastDisplay.from_predictions([1, 2], [1, 2], **style)
        line = display.ax_.lines[1]
        assert (line.get_color(), line.get_linestyle(), line.get_linewidth()) == ("k", ":", 3)


def test_from_estimator_takes_a_pipeline(wave):
    model = make_pipeline(WindowTransformer(10), LSTMForecaster(**TINY)).fit(wave)
    display = ForecastDisplay.from_estimator(model, np.zeros(5))
    np.testing.assert_array_equal(display.y_pred, model[-1].forecast(5))


def test_from_estimator_takes_a_search_and_draws_in_units_of_the_series(wave):
    series = 100 + 10 * wave
    steps = StandardScaler(), WindowTransformer(10), LSTMForecaster(**TINY)
    grid = {"lstmforecaster__units": [6]}
    search = GridSearchCV(make_forecast_pipeline(*steps), grid, cv=TimeSeriesSplit(2)).fit(series)
    display = ForecastDisplay.from_estimator(search, series[:5])
    np.testing.assert_array_equal(display.y_pred, search.best_estimator_.forecast(5))
    assert HistoryDisplay.from_estimator(search).history is search.best_estimator_[-1].history_


def test_from_estimator_inverts_the_transformers_of_a_plain_pipeline(wave):
    series = 100 + 10 * wave[:, None]
    steps = StandardScaler(), WindowTransformer(10), LSTMForecaster(**TINY)
    model = make_pipeline(*steps).fit(series)
    display = ForecastDisplay.from_estimator(model, series[:5])
    expected = model[0].inverse_transform(model[-1].forecast(5)[:, None])
    np.testing.assert_allclose(display.y_pred, expected[:, 0])


def test_from_estimator_refuses_a_plain_pipeline_that_cannot_be_inverted(wave):
    cumulate = FunctionTransformer(
        lambda X: np.diff(X, axis=0, prepend=0), lambda X: np.cumsum(X, axis=0)
    )
    for step, words in (
        (cumulate, r"\['functiontransformer'\].*use make_forecast_pipeline"),
        (Binarizer(), "'binarizer'.*has no inverse_transform"),
    ):
        model = make_pipeline(step, WindowTransformer(10), LSTMForecaster(**TINY))
        with pytest.raises(ValueError, match=words):
            ForecastDisplay.from_estimator(model.fit(wave[:, None]), wave[:5])


def test_from_estimator_needs_the_end_of_a_series(windows):
    model = LSTMForecaster(**TINY).fit(windows[:-1], windows[1:, -1, 0])
    with pytest.raises(ValueError, match="context=None takes the end of the series"):
        ForecastDisplay.from_estimator(model, np.arange(9.0))


def test_one_step_is_drawn_as_a_point_at_a_whole_number():
    display = ForecastDisplay.from_predictions([1.0], [2.0])
    assert all(line.get_marker() == "o" for line in display.ax_.lines)
    low, high = display.ax_.get_xlim()
    assert [t for t in display.ax_.get_xticks() if low <= t <= high] == [1]


def test_losses_below_zero_are_drawn_on_a_linear_axis():
    losses = {"loss": [-0.1, -0.3], "val_loss": [-0.2, np.nan]}
    ax = HistoryDisplay(history=losses, best_epoch=1).plot().ax_
    assert ax.get_yscale() == "linear"
    assert ax.get_ylim()[0] < -0.3
    losses = {"loss": [0.3, 0.1], "val_loss": [0.2, np.nan]}
    assert HistoryDisplay(history=losses, best_epoch=1).plot().ax_.get_yscale() == "log"


def test_each_channel_has_a_panel():
    display = ForecastDisplay.from_predictions(np.zeros((5, 3)), np.ones((5, 3)))
    assert len(display.ax_) == 3


def test_given_axes_are_drawn_on():
    _, ax = plt.subplots()
    display = ForecastDisplay.from_predictions([0.0, 1.0], [1.0, 0.0], ax=ax, color="k")
    assert display.ax_ is ax
    assert same_color(ax.lines[1].get_color(), "k")
    with pytest.raises(ValueError, match="ax has 1 axes, but 2 are needed"):
        ForecastDisplay.from_predictions(np.zeros((5, 2)), np.zeros((5, 2)), ax=ax)


def test_predictions_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        ForecastDisplay.from_predictions([0.0, 1.0], [1.0])
    with pytest.raises(ValueError, match="the same shape is needed"):
        ForecastDisplay.from_predictions(np.zeros((5, 2)), np.zeros(5))


def test_history_shows_each_loss_and_marks_the_epoch_that_was_kept(fitted):
    display = HistoryDisplay.from_estimator(fitted)
    labels = [t.get_text() for t in display.ax_.get_legend().get_texts()]
    assert labels == ["Training loss", "Validation loss", "Weights kept"]
    np.testing.assert_array_equal(display.ax_.lines[0].get_ydata(), fitted.history_["loss"])
    assert display.ax_.lines[2].get_xdata()[0] == fitted.best_epoch_ + 1
