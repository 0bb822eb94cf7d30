import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import same_color
from matplotlib.dates import num2date
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
from skwave.exceptions import ForecastWarning

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


def test_the_text_of_a_display_is_short_and_has_no_address():
    # A notebook shows it where the display is the last line of a cell.
    display = ForecastDisplay.from_predictions(np.ones(9), np.ones(9))
    assert repr(display) == "ForecastDisplay(9 steps)"
    history = {"loss": [1.0, 0.1], "val_loss": [1.1, 0.2]}
    assert repr(HistoryDisplay(history=history, best_epoch=1)) == "HistoryDisplay(2 epochs)"


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


@pytest.mark.parametrize("y_true", [12, None])
def test_from_estimator_needs_true_values(fitted, y_true):
    with pytest.raises(TypeError, match=r"true values after the training series.*plot what fore"):
        ForecastDisplay.from_estimator(fitted, y_true)


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
    with pytest.raises(ValueError, match="ax has 1 axes, but the display has 2 panels"):
        ForecastDisplay.from_predictions(np.zeros((5, 2)), np.zeros((5, 2)), ax=ax)


def test_predictions_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        ForecastDisplay.from_predictions([0.0, 1.0], [1.0])
    with pytest.raises(ValueError, match="the same number of channels is needed"):
        ForecastDisplay.from_predictions(np.zeros((5, 2)), np.zeros(5))


# --- Dates, names and units -------------------------------------------------------------------


def monthly(n_values=60, *, start="2015-01", freq="MS"):
    """Return a season of twelve months that repeats, with a name and a unit."""
    index = pd.date_range(start, periods=n_values, freq=freq)
    return pd.Series(np.arange(n_values) % 12.0, index, name="Sales (1,000 t)")


def legend_of(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def shown_ticks(ax):
    ax.figure.canvas.draw()
    low, high = ax.get_xlim()
    labels = ax.xaxis.get_ticklabels()
    return [
        label.get_text()
        for tick, label in zip(ax.get_xticks(), labels, strict=True)
        if low <= tick <= high
    ]


def test_a_monthly_series_is_drawn_over_its_dates_under_its_name():
    series = monthly()
    display = ForecastDisplay.from_predictions(series[48:], series[48:] + 1)
    np.testing.assert_array_equal(display.ax_.lines[0].get_xdata(), series.index[48:].to_numpy())
    assert display.ax_.get_ylabel() == "Sales (1,000 t)"
    # Dates speak for themselves.
    assert display.ax_.get_xlabel() == ""
    assert shown_ticks(display.ax_)[:3] == ["2019", "Mar", "May"]


def test_periods_are_drawn_at_their_beginning_and_the_index_has_a_name():
    series = monthly().to_period("M").rename_axis("month")
    ax = ForecastDisplay.from_predictions(series[48:], np.zeros(12)).ax_
    assert ax.lines[1].get_xdata()[1] == np.datetime64("2019-02-01")
    assert ax.get_xlabel() == "month"


def test_dates_of_a_time_zone_have_their_local_time_on_the_axis():
    index = pd.date_range("2024-01-01", periods=72, freq="h", tz="America/New_York")
    series = pd.Series(np.arange(72.0), index)
    ax = ForecastDisplay.from_predictions(series, np.zeros(72)).ax_
    hours = {num2date(tick, tz=index.tz).hour for tick in ax.get_xticks()}
    assert hours == {0, 12}
    assert shown_ticks(ax)[:3] == ["Jan-01", "12:00", "Jan-02"]


def test_dates_that_pandas_did_not_recognize_are_dates():
    series = monthly()
    as_objects = series.set_axis(pd.Index(series.index.date, dtype=object))
    ax = ForecastDisplay.from_predictions(as_objects[48:], series[48:]).ax_
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), series.index[48:].to_numpy())


def test_integers_are_drawn_as_they_are():
    years = pd.Series(np.zeros(20), pd.RangeIndex(2001, 2021, name="year"), name="x")
    ax = ForecastDisplay.from_predictions(years, np.zeros(20)).ax_
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), np.arange(2001, 2021))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("year", "x")
    assert all(float(tick).is_integer() for tick in ax.get_xticks())
    ax = ForecastDisplay.from_predictions(years.rename_axis(None), np.zeros(20)).ax_
    assert ax.get_xlabel() == "Index"


def test_durations_are_counted_as_steps():
    series = pd.Series(np.zeros(5), pd.timedelta_range("1h", periods=5, freq="h"))
    ax = ForecastDisplay.from_predictions(series, np.zeros(5)).ax_
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), np.arange(1, 6))
    assert ax.get_xlabel() == "Steps after the last known value"


def test_a_single_date_is_the_only_tick():
    ax = ForecastDisplay.from_predictions(monthly()[:1], [1.0]).ax_
    assert shown_ticks(ax) == ["2015-01-01 00:00:00"]


@pytest.mark.parametrize(
    ("columns", "labels"),
    [
        (["wind (m/s)", "power (kW)"], ["wind (m/s)", "power (kW)"]),
        ([("Close", "A"), ("Close", "B")], ["Close A", "Close B"]),
        ([2021, 2022], ["2021", "2022"]),
        ([0, 1], ["Channel 0", "Channel 1"]),
    ],
)
def test_each_column_has_a_panel_with_its_name(columns, labels):
    frame = pd.DataFrame(np.zeros((5, 2)), columns=columns)
    panels = ForecastDisplay.from_predictions(frame, np.ones((5, 2))).ax_
    assert [panel.get_ylabel() for panel in panels] == labels
    assert [panel.get_xlabel() for panel in panels] == ["", "Index"]


def test_arrays_are_drawn_as_before():
    panels = ForecastDisplay.from_predictions(np.zeros((5, 2)), np.ones((5, 2))).ax_
    assert [panel.get_ylabel() for panel in panels] == ["Channel 0", "Channel 1"]
    ax = ForecastDisplay.from_predictions(np.zeros(5), pd.Series(np.ones(5)).to_numpy()).ax_
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Steps after the last known value", "Value")
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), np.arange(1, 6))


def test_from_estimator_draws_the_index_and_the_name_of_the_training_series(wave):
    series = pd.Series(wave, pd.date_range("2026-01-01", periods=len(wave)), name="Height (m)")
    model = make_forecast_pipeline(WindowTransformer(10), LSTMForecaster(**TINY)).fit(series[:100])
    display = ForecastDisplay.from_estimator(
        model, wave[100:], history=series[:100], baseline="seasonal_naive"
    )
    known, truth, baseline, _ = display.ax_.lines
    np.testing.assert_array_equal(truth.get_xdata(), series.index[100:].to_numpy())
    np.testing.assert_array_equal(known.get_ydata(), wave[60:100])
    np.testing.assert_array_equal(baseline.get_ydata(), wave[80:100])
    assert display.ax_.get_ylabel() == "Height (m)"
    with pytest.raises(ValueError, match="index from 2026-04-12.* the forecast.* from 2026-04-11"):
        ForecastDisplay.from_estimator(model, series[101:])


# --- Known values and baselines ---------------------------------------------------------------


def test_known_values_are_drawn_up_to_the_forecast():
    series = monthly()
    display = ForecastDisplay.from_predictions(
        series[48:], series[48:] + 1, history=series[:48], baseline="seasonal_naive"
    )
    known, truth, baseline, forecast = display.ax_.lines
    assert legend_of(display.ax_) == ["Known values", "Truth", "Seasonal naive", "Forecast"]
    # Twice as many as there are steps.
    np.testing.assert_array_equal(known.get_xdata(), series.index[24:48].to_numpy())
    np.testing.assert_array_equal(known.get_ydata(), series[24:48])
    np.testing.assert_array_equal(baseline.get_ydata(), np.arange(12.0))
    np.testing.assert_array_equal(baseline.get_xdata(), truth.get_xdata())
    assert (baseline.get_linestyle(), baseline.get_color()) == (":", "tab:gray")
    assert same_color(truth.get_color(), "tab:red")
    assert same_color(forecast.get_color(), "tab:blue")


def test_a_baseline_repeats_a_season_where_rows_of_the_known_values_are_missing():
    index = pd.date_range("2026-03-01", periods=12 * 24, freq="h")
    series = pd.Series(np.sin(2 * np.pi * np.arange(12 * 24) / 24), index)
    history, truth = series[:-24].drop(index[-38:-34]), series[-24:]
    with pytest.warns(ForecastWarning, match="history lacks 4 of 264 rows"):
        display = ForecastDisplay.from_predictions(
            truth, truth, history=history, baseline="seasonal_naive"
        )
    known, truth_line, baseline, _ = display.ax_.lines
    # The missing hours repeat the last one that is known; the line of known values has a gap.
    is_known = np.r_[:10, 14:24]
    expected = truth_line.get_ydata()[is_known]
    np.testing.assert_allclose(baseline.get_ydata()[is_known], expected, atol=1e-9)
    assert np.isnan(known.get_ydata()).sum() == 4


def test_few_steps_are_drawn_after_20_known_values_counted_up_to_0():
    display = ForecastDisplay.from_predictions(
        [5.0, 6.0], [7.0, 8.0], history=np.arange(90.0), baseline="naive"
    )
    known, _, baseline, _ = display.ax_.lines
    np.testing.assert_array_equal(known.get_xdata(), np.arange(-19, 1))
    np.testing.assert_array_equal(known.get_ydata(), np.arange(70, 90))
    np.testing.assert_array_equal(baseline.get_ydata(), [89, 89])
    assert legend_of(display.ax_) == ["Known values", "Truth", "Naive", "Forecast"]


def test_baselines_of_several_channels_are_those_of_each():
    series = monthly()
    frame = pd.DataFrame({"a": series, "b": 100 + series})
    display = ForecastDisplay.from_predictions(
        frame[54:], frame[54:], history=frame[:54], baseline="seasonal_naive"
    )
    for panel, level in zip(display.ax_, (0, 100), strict=True):
        np.testing.assert_array_equal(panel.lines[2].get_ydata(), level + np.arange(6, 12))


def test_the_index_of_the_known_values_goes_on_where_the_forecast_has_none():
    series = monthly().rename_axis("month")
    values = series.to_numpy()
    ax = ForecastDisplay.from_predictions(values[48:], values[48:], history=series[:48]).ax_
    np.testing.assert_array_equal(ax.lines[1].get_xdata(), series.index[48:].to_numpy())
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("month", "Sales (1,000 t)")
    # Days that follow no rule cannot be continued.
    irregular = pd.Series(values[:4], pd.DatetimeIndex(["2020-01-01", "2020-01-02", "2020-01-07",
                                                        "2020-03-01"]))  # fmt: skip
    ax = ForecastDisplay.from_predictions(values[48:], values[48:], history=irregular).ax_
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [-3, -2, -1, 0])


def test_the_data_of_a_display_can_be_given_directly():
    index = pd.period_range("2020", periods=3, freq="Y")
    display = ForecastDisplay(
        y_true=np.zeros(2), y_pred=np.ones(2), index=index[1:], names=["x"], history=np.ones(1),
        history_index=index[:1], baseline=np.ones(2), baseline_name="Last year",
    ).plot()  # fmt: skip
    assert legend_of(display.ax_) == ["Known values", "Truth", "Last year", "Forecast"]
    assert display.ax_.lines[0].get_xdata() == np.datetime64("2020-01-01")


SERIES = monthly()
FRAME = pd.DataFrame({"a": SERIES, "b": SERIES})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"y_true": SERIES[47:59]}, "y_true has an index from 2018-12-01.*forecast.* 2019-01-01"),
        ({"y_true": SERIES[48:].reset_index(drop=True)}, "from 0 to 11, but the forecast"),
        ({"y_pred": SERIES[49:]}, "inconsistent numbers of samples"),
        ({"history": SERIES[:47]}, "ends with 2018-11-01.* 2018-12-01.*follows.* 2019-01-01"),
        ({"history": SERIES[:50]}, "ends with 2019-02-01"),
        ({"history": SERIES[:48].to_numpy()}, "history has no index, but .*2019-01-01"),
        ({"history": FRAME[:48]}, r"history has shape \(48, 2\) and the forecast .* \(12,\)"),
        ({"history": SERIES[:48].where(SERIES[:48] < 5, np.inf)}, "history contains infinity"),
        ({"baseline": "naive"}, "baseline='naive' repeats values .* but history=None"),
        ({"baseline": "drift", "history": SERIES[:48]}, "baseline='drift', but None, 'naive'"),
        ({"baseline": SERIES[48:]}, "but None, 'naive' or 'seasonal_naive' is needed"),
        ({"y_true": FRAME[48:], "y_pred": FRAME[["b", "a"]][48:]},
         r"y_true has the columns \['a', 'b'\], but y_pred has \['b', 'a'\]"),
        ({"y_true": FRAME[48:], "y_pred": FRAME[48:], "history": FRAME[["b", "a"]][:48]},
         r"but history has \['b', 'a'\]"),
    ],
)  # fmt: skip
def test_values_that_do_not_belong_together_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        ForecastDisplay.from_predictions(
            **{"y_true": SERIES[48:], "y_pred": SERIES[48:]} | arguments
        )


# --- Intervals --------------------------------------------------------------------------------

N_STEPS, COVERAGES = 12, [0.5, 0.9]
# Half widths of 1 and 2 around zero, (n_steps, n_coverages, 2).
BOUNDS = np.broadcast_to([[-1.0, 1.0], [-2.0, 2.0]], (N_STEPS, 2, 2))
ZEROS = np.zeros(N_STEPS)


def shaded(ax):
    """Return lower and upper bounds of each area by its label."""
    areas = {}
    for area in ax.collections:
        (path,) = area.get_paths()
        x, y = path.vertices[1:].T
        steps = np.unique(x)
        areas[area.get_label()] = np.array([[y[x == s].min(), y[x == s].max()] for s in steps])
    return areas


def lightness(area):
    return area.get_facecolor()[0, :3].sum()


def interval_frame(bounds, channels=None):
    """Return bounds as a pipeline does that was fitted on a Series, or on a frame of channels."""
    labels = [COVERAGES, ["lower", "upper"]]
    columns = pd.MultiIndex.from_product(labels if channels is None else [channels, *labels])
    return pd.DataFrame(bounds.reshape(len(bounds), -1), SERIES.index[48:], columns)


def test_nested_intervals_are_shaded_lighter_the_wider_they_are():
    ax = ForecastDisplay.from_predictions(ZEROS, ZEROS, interval=BOUNDS, coverage=COVERAGES).ax_
    assert legend_of(ax) == ["Truth", "Forecast", "90 % interval", "50 % interval"]
    areas = shaded(ax)
    np.testing.assert_array_equal(areas["90 % interval"], BOUNDS[:, 1])
    np.testing.assert_array_equal(areas["50 % interval"], BOUNDS[:, 0])
    wide, narrow = ax.collections
    assert lightness(wide) > lightness(narrow)
    # Blue, and behind all lines.
    assert narrow.get_facecolor()[0, 2] > narrow.get_facecolor()[0, 0]
    assert all(
        area.get_zorder() < line.get_zorder() for area in (wide, narrow) for line in ax.lines
    )


def test_the_order_of_the_coverages_does_not_matter():
    ax = ForecastDisplay.from_predictions(
        ZEROS, ZEROS, interval=BOUNDS[:, ::-1], coverage=COVERAGES[::-1]
    ).ax_
    np.testing.assert_array_equal(shaded(ax)["90 % interval"], BOUNDS[:, 1])
    assert legend_of(ax)[2:] == ["90 % interval", "50 % interval"]


def test_an_interval_has_the_color_that_the_forecast_is_given():
    ax = ForecastDisplay.from_predictions(
        ZEROS, ZEROS, interval=BOUNDS[:, 0], coverage=0.5, c="tab:green"
    ).ax_
    red, green, blue, _ = ax.collections[0].get_facecolor()[0]
    assert green > max(red, blue)


def test_an_interval_of_one_step_is_a_bar():
    ax = ForecastDisplay.from_predictions([0.0], [0.0], interval=BOUNDS[:1], coverage=COVERAGES).ax_
    assert [area.get_label() for area in ax.collections] == ["90 % interval", "50 % interval"]
    for area, half in zip(ax.collections, (2, 1), strict=True):
        np.testing.assert_array_equal(area.get_segments(), [[[1, -half], [1, half]]])
        assert area.get_linewidth()[0] > ax.lines[1].get_linewidth()


def test_intervals_are_drawn_over_the_index_after_the_known_values():
    ax = ForecastDisplay.from_predictions(
        SERIES[48:], ZEROS, history=SERIES[:48], baseline="naive",
        interval=interval_frame(BOUNDS),
    ).ax_  # fmt: skip
    (path,) = ax.collections[0].get_paths()
    dates = [date.replace(tzinfo=None) for date in num2date(np.unique(path.vertices[:, 0]))]
    assert dates == SERIES.index[48:].to_pydatetime().tolist()
    assert legend_of(ax)[-2:] == ["90 % interval", "50 % interval"]
    np.testing.assert_array_equal(shaded(ax)["50 % interval"], BOUNDS[:, 0])


def test_the_index_of_the_interval_is_drawn_where_the_forecast_has_none():
    ax = ForecastDisplay.from_predictions(ZEROS, ZEROS, interval=interval_frame(BOUNDS)).ax_
    np.testing.assert_array_equal(ax.lines[1].get_xdata(), SERIES.index[48:].to_numpy())


@pytest.mark.parametrize("is_frame", [False, True])
def test_each_panel_has_the_intervals_of_its_channel(is_frame):
    bounds = np.stack([BOUNDS, 100 + BOUNDS], axis=1)
    given = interval_frame(bounds, ["a", "b"]) if is_frame else bounds
    panels = ForecastDisplay.from_predictions(
        FRAME[48:], FRAME[48:], interval=given, coverage=COVERAGES
    ).ax_
    for panel, level in zip(panels, (0, 100), strict=True):
        np.testing.assert_array_equal(shaded(panel)["90 % interval"], level + BOUNDS[:, 1])


def test_axes_of_a_single_channel_and_of_a_single_coverage_may_be_there_or_not():
    for bounds in (BOUNDS[:, 0], BOUNDS[:, :1], BOUNDS[:, None, :1]):
        for y in (ZEROS, ZEROS[:, None]):
            display = ForecastDisplay.from_predictions(y, y, interval=bounds, coverage=0.5)
            assert display.intervals.shape == (*y.shape, 1, 2)
            assert display.coverages == [0.5]
            np.testing.assert_array_equal(shaded(display.ax_)["50 % interval"], BOUNDS[:, 0])


@pytest.mark.parametrize("coverage", [0.8, [0.5, 0.8]])
def test_from_estimator_forecasts_the_intervals(wave, coverage):
    series = pd.Series(wave, pd.date_range("2026-01-01", periods=len(wave)), name="Height (m)")
    model = make_forecast_pipeline(WindowTransformer(10), LSTMForecaster(**TINY)).fit(series[:112])
    display = ForecastDisplay.from_estimator(
        model, series[112:], history=series[:112], coverage=coverage
    )
    expected = model.forecast_interval(8, coverage=coverage).to_numpy()
    np.testing.assert_array_equal(display.intervals.reshape(8, -1), expected)
    np.testing.assert_array_equal(shaded(display.ax_)["80 % interval"], expected[:, -2:])
    with pytest.raises(ValueError, match="n_steps=12, but residual paths are 10 steps long"):
        ForecastDisplay.from_estimator(model, np.zeros(12), coverage=coverage)


def test_from_estimator_forecasts_intervals_of_several_channels(two_channels):
    frame = pd.DataFrame(two_channels, columns=["a", "b"])
    steps = WindowTransformer(10), LSTMForecaster(**TINY)
    model = make_forecast_pipeline(*steps).fit(frame[:112])
    display = ForecastDisplay.from_estimator(model, frame[112:], coverage=[0.5, 0.8])
    expected = model.forecast_interval(8, coverage=0.8)
    for panel, name in zip(display.ax_, "ab", strict=True):
        np.testing.assert_array_equal(shaded(panel)["80 % interval"], expected[name])


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"interval": BOUNDS[:-1]}, ValueError,
         r"interval has shape \(11, 2, 2\), but \(12, 2, 2\) is needed .*coverage=\[0.5, 0.9\]"),
        ({"coverage": 0.9}, ValueError, r"\(12, 2, 2\), but \(12, 2\) is .* coverage=\[0.9\]"),
        ({"interval": BOUNDS[..., 0]}, ValueError, r"interval has shape \(12, 2\)"),
        ({"interval": np.zeros((12, 3, 2, 2))}, ValueError, r"interval has shape \(12, 3, 2, 2\)"),
        ({"interval": BOUNDS[..., ::-1]}, ValueError, "lower bound above its upper bound.* row 0"),
        ({"interval": np.where(BOUNDS < -1, np.nan, BOUNDS)}, ValueError, "interval contains NaN"),
        ({"interval": None}, ValueError, "interval=None, but .* Give interval= what"),
        ({"coverage": None}, ValueError, "coverage=None, but interval and coverage are needed"),
        ({"coverage": [50, 90]}, ValueError, "a fraction between 0 and 1 .* For 50 % give 0.5"),
        ({"coverage": "90 %"}, TypeError, "coverage='90 %', but a fraction"),
        ({"interval": interval_frame(BOUNDS).shift(freq="MS")}, ValueError,
         "interval has an index from 2019-02-01.* but the forecast has one from 2019-01-01"),
        ({"interval": interval_frame(BOUNDS), "coverage": [0.5, 0.8]}, ValueError,
         r"coverage=\[0.5, 0.8\], but interval has columns for \[0.5, 0.9\]"),
        ({"interval": interval_frame(BOUNDS).iloc[:, ::-1]}, ValueError,
         r"interval has the columns \[\(0.9, 'upper'\).* but \[\(0.9, 'lower'\)"),
        ({"interval": interval_frame(BOUNDS)[0.9].rename(columns=str.upper), "coverage": 0.9},
         ValueError, r"the columns \['LOWER', 'UPPER'\], but \['lower', 'upper'\] are needed"),
    ],
)  # fmt: skip
def test_intervals_that_do_not_belong_to_the_forecast_are_refused(arguments, error, words):
    given = {"interval": BOUNDS, "coverage": COVERAGES} | arguments
    with pytest.raises(error, match=words):
        ForecastDisplay.from_predictions(SERIES[48:], SERIES[48:], **given)


def test_axes_of_channels_and_coverages_in_the_other_order_are_refused():
    bounds = np.zeros((N_STEPS, 3, 2, 2))
    with pytest.raises(ValueError, match=r"\(12, 3, 2, 2\), but \(12, 2, 3, 2\) is needed"):
        ForecastDisplay.from_predictions(
            FRAME[48:], FRAME[48:], interval=bounds, coverage=[0.5, 0.8, 0.9]
        )


def test_intervals_of_other_channels_are_refused():
    frame = interval_frame(np.stack([BOUNDS, BOUNDS], axis=1), ["b", "a"])
    with pytest.raises(ValueError, match=r"the columns \[\('b', 0.5, .*\[\('a', 0.5"):
        ForecastDisplay.from_predictions(FRAME[48:], FRAME[48:], interval=frame)


# --- Losses -----------------------------------------------------------------------------------


def test_history_shows_each_loss_and_marks_the_epoch_that_was_kept(fitted):
    display = HistoryDisplay.from_estimator(fitted)
    labels = [t.get_text() for t in display.ax_.get_legend().get_texts()]
    assert labels == ["Training loss", "Validation loss", "Weights kept"]
    np.testing.assert_array_equal(display.ax_.lines[0].get_ydata(), fitted.history_["loss"])
    assert display.ax_.lines[2].get_xdata()[0] == fitted.best_epoch_ + 1
    assert display.ax_.get_ylabel() == "Loss of the scaled changes"


def test_history_says_where_the_targets_themselves_were_trained(windows):
    forecaster = LSTMForecaster(3, epochs=1, random_state=0).fit(windows, windows[:, 0, 0])
    assert (
        HistoryDisplay.from_estimator(forecaster).ax_.get_ylabel() == "Loss of the scaled targets"
    )
