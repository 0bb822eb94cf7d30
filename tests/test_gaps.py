"""Missing values: what is filled, which windows are left out, and how a series goes on."""

import copy
import re

import numpy as np
import pandas as pd
import pytest
from helpers import network_of, targets_of, warnings_of
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.preprocessing import FunctionTransformer, PowerTransformer, StandardScaler

from skwave import ForecastDisplay, LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave._gaps import fill_forward, interpolate, longest_gap, lost_rows, missing_in_windows
from skwave._recursion import fill_end, roll_forward
from skwave._rollout import make_calibration, make_rollouts
from skwave._scaling import fit_scaling
from skwave._sliding import sliding_windows, split_windows
from skwave.model_selection import ForecastSplit, backtest, forecast_scorer

TINY = {"units": 6, "epochs": 1, "random_state": 0}
WAVE = np.sin(np.arange(200) * 0.3) + 0.1 * np.random.default_rng(0).normal(size=200)
ONE = np.zeros(1, dtype=int)


def with_gaps(*slices, values=WAVE):
    values = np.array(values, dtype=float)
    for rows in slices:
        values[rows] = np.nan
    return values


def column(*values):
    return np.array(values, dtype=float)[:, None]


# --- What is filled ---------------------------------------------------------------------------


def test_gaps_are_filled_by_straight_lines_and_ends_by_the_nearest_value():
    nan = np.nan
    filled = interpolate(column(nan, 1, nan, nan, 4, nan, nan), ONE)
    np.testing.assert_array_equal(filled.ravel(), [1, 1, 2, 3, 4, 4, 4])


def test_a_series_is_not_filled_from_the_one_before():
    filled = interpolate(column(1, np.nan, np.nan, 100), np.array([0, 2]))
    np.testing.assert_array_equal(filled.ravel(), [1, 1, 100, 100])


def test_forward_a_missing_value_repeats_the_newest_one_that_is_known():
    nan = np.nan
    values = np.array([[nan, 1.0], [2.0, nan], [nan, nan], [5.0, 7.0]])
    np.testing.assert_array_equal(fill_forward(values), [[2, 1], [2, 1], [2, 1], [5, 7]])
    complete = column(1, 2)
    assert fill_forward(complete) is complete


def test_windows_with_missing_values_are_found_in_views_and_copies():
    windows = sliding_windows(with_gaps(7, slice(30, 33))[:, None], 5)
    expected = np.zeros(196, dtype=bool)
    expected[3:8] = expected[26:33] = True
    np.testing.assert_array_equal(missing_in_windows(windows), expected)
    np.testing.assert_array_equal(missing_in_windows(windows.copy()), expected)
    assert not missing_in_windows(sliding_windows(np.arange(9)[:, None], 3)).any()


def test_channels_are_filled_by_themselves():
    values = np.array([[0.0, 0.0], [np.nan, 5.0], [2.0, np.nan], [3.0, 9.0]])
    np.testing.assert_array_equal(interpolate(values, ONE), [[0, 0], [1, 5], [2, 7], [3, 9]])


def test_a_series_without_gaps_takes_no_copy():
    values = column(1, 2, 3)
    assert interpolate(values, ONE) is values


def test_rows_of_long_gaps_and_at_the_end_are_lost():
    nan = np.nan
    values = column(nan, 1, nan, nan, 4, nan, nan, nan, 8, nan)
    np.testing.assert_array_equal(np.flatnonzero(lost_rows(values, ONE, 2)), [5, 6, 7, 9])
    np.testing.assert_array_equal(
        np.flatnonzero(lost_rows(values, np.array([0, 5]), 2)), [5, 6, 7, 9]
    )
    np.testing.assert_array_equal(
        np.flatnonzero(lost_rows(values, np.array([0, 4]), 2)), [2, 3, 5, 6, 7, 9]
    )


@pytest.mark.parametrize(("window_length", "longest"), [(1, 1), (9, 1), (80, 8), (168, 16)])
def test_a_tenth_of_a_window_is_filled(window_length, longest):
    assert longest_gap(window_length) == longest


# --- Which windows are left out ---------------------------------------------------------------


def test_no_window_ends_with_a_missing_value_reaches_into_a_long_gap_or_is_followed_by_one():
    values = with_gaps(30, slice(90, 96), slice(140, 142))
    data = targets_of(values[:, None], length=20)
    left_out = set(range(180)) - set(data.indices)
    # A window begins at its number: its last value is 19 later, its target 20 later.
    expected = {30 - 19, 30 - 20}
    expected |= set(range(90 - 20, 96))
    expected |= set(range(140 - 20, 142 - 20)) | set(range(140 - 19, 142 - 19))
    assert left_out == expected
    np.testing.assert_array_equal(data.targets, values[data.indices + 20])
    assert np.isfinite(data.windows(slice(None))).all()


def test_scaling_ignores_missing_values():
    values = with_gaps(slice(50, 55), 100)
    for normalization in ("series", "window"):
        scaling = fit_scaling(targets_of(values[:, None], length=20), normalization)
        if normalization == "series":
            assert scaling.input_center == pytest.approx(np.nanmean(values))
            assert scaling.input_scale == pytest.approx(np.nanstd(values))
        assert np.isfinite(scaling.input_scale).all()


def test_forecasts_over_held_out_values_do_not_reach_into_long_gaps():
    values = with_gaps(slice(90, 96), slice(150, 160), 185)
    data = targets_of(values[:, None], length=20)
    for rollouts in (make_rollouts(data, 0.4), make_calibration(data, 1.0, 10, 1000)):
        assert len(rollouts.origins)
        for origin in rollouts.origins:
            span = set(range(origin - 20, origin + rollouts.y_true.shape[1]))
            assert not span & (set(range(90, 96)) | set(range(150, 160)))
            assert origin - 1 != 185
        assert np.isfinite(rollouts.y_true).all()
        assert np.isfinite(rollouts.contexts).all()


def test_forecasts_are_shorter_where_gaps_leave_no_longer_stretch():
    values = with_gaps(*(slice(k, k + 3) for k in range(25, 200, 30)))
    data = targets_of(values[:, None], length=20)
    assert make_rollouts(data, 0.5).y_true.shape[1] < 10


def test_borders_between_series_do_not_depend_on_missing_values():
    one, other = with_gaps(30, slice(50, 60)), with_gaps(20, values=5 + WAVE)
    windows = np.concatenate([sliding_windows(s[:, None], 20) for s in (one, other)])
    found = split_windows(windows)
    np.testing.assert_array_equal(found[0].ravel(), one)
    np.testing.assert_array_equal(found[1].ravel(), other)
    assert len(found) == 2


def test_a_network_is_not_trained_on_what_is_in_a_gap():
    """Whatever stood in a long gap, the fit is the same: nothing of it is read."""
    values = with_gaps(slice(90, 100))
    model = make_forecast_pipeline(WindowTransformer(20), LSTMForecaster(**TINY)).fit(values)
    data = targets_of(values[:, None], length=20)
    data.values[92:98] = 1e6
    assert not (np.abs(data.windows(slice(None))) > 100).any()
    assert np.isfinite(model.forecast(10)).all()


def test_rows_that_a_search_left_out_are_warned_of_as_such():
    series = pd.Series(WAVE, pd.date_range("2024-01-01", periods=len(WAVE), freq="h"))
    model = make_forecast_pipeline(WindowTransformer(20), LSTMForecaster(**TINY))
    train, _ = list(KFold(5).split(series))[1]
    (message,) = warnings_of(model.fit, series.iloc[train])
    assert "If a search left these rows out, give it cv=ForecastSplit" in message
    (message,) = warnings_of(model.fit, series.drop(series.index[[50, 90]]))
    assert "ForecastSplit" not in message


def test_too_few_complete_windows_are_an_error_that_counts():
    values = np.where(np.arange(200) % 10 < 4, np.nan, WAVE)
    words = (
        "None of the 181 windows of 20 values.*80 of 200 rows hold NaN, and the longest run "
        "without has 6 values.*at most 2 values.*smaller window_length"
    )
    with pytest.raises(ValueError, match=words):
        make_forecast_pipeline(WindowTransformer(20), LSTMForecaster(**TINY)).fit(values)


# --- How a series goes on ---------------------------------------------------------------------


def test_missing_values_at_the_end_are_predicted_one_after_the_other():
    network = network_of([0.0, 0.0, 0.0, 0.5])
    values = column(*range(20), np.nan, np.nan)
    filled = fill_end(network, values)
    np.testing.assert_allclose(filled.ravel(), [18, 19, 9.5, 4.75])
    ahead = roll_forward(network, values[None, 16:20], 5)[0]
    np.testing.assert_allclose(roll_forward(network, filled[None], 3)[0], ahead[2:])


def test_a_long_gap_is_filled_from_the_window_before_it_and_a_short_one_by_a_line():
    network = network_of([0.0] * 19 + [0.5])
    values = column(*np.arange(60.0))
    values[45] = np.nan
    np.testing.assert_array_equal(fill_end(network, values), np.arange(40.0, 60)[:, None])
    values[45:50] = np.nan
    filled = fill_end(network, values).ravel()
    np.testing.assert_allclose(filled[5:10], 44 * 0.5 ** np.arange(1, 6))
    np.testing.assert_array_equal(filled[10:], np.arange(50.0, 60))


def test_only_the_missing_channel_is_filled():
    fitted = LSTMForecaster(**TINY).fit(
        WindowTransformer(10).fit_transform(np.column_stack([WAVE, 2 * WAVE]))
    )
    values = np.column_stack([WAVE, 2 * WAVE])
    values[-1, 0] = np.nan
    filled = fill_end(fitted.network_, values)
    np.testing.assert_array_equal(filled[:, 1], 2 * WAVE[-10:])
    expected = fitted.network_.predict(values[None, -11:-1])[0, 0]
    assert filled[-1, 0] == pytest.approx(expected)


def test_a_fit_on_a_series_that_ends_with_gaps_forecasts_from_its_last_value():
    model = make_forecast_pipeline(WindowTransformer(20), LSTMForecaster(**TINY))
    model.fit(with_gaps(slice(195, 200)))
    ahead = model.forecast(8, context=WAVE[:195])
    np.testing.assert_allclose(model.forecast(3), ahead[5:], rtol=1e-5, atol=1e-6)
    assert np.isfinite(model[-1].context_).all()


def test_more_than_a_window_of_missing_values_at_the_end_is_warned_of():
    model = make_forecast_pipeline(WindowTransformer(10), LSTMForecaster(**TINY))
    found = warnings_of(model.fit, with_gaps(slice(190, 200)))
    assert not [one for one in found if one.startswith("The last")]
    found = warnings_of(model.fit, with_gaps(slice(189, 200)))
    (message,) = [one for one in found if one.startswith("The last")]
    assert message.startswith("The last 11 rows of X have missing values")
    assert "more than a window of 10" in message
    assert "series that are continued" not in message
    (message,) = warnings_of(model.forecast, 3, context=with_gaps(slice(100, 112))[:112])
    assert message.startswith("The last 12 rows of context have missing values")
    found = warnings_of(model.partial_fit, with_gaps(slice(100, 200)))
    assert len(found) == 1
    assert found[0].startswith("The last 100 rows of X have missing values")


def test_missing_values_at_the_end_of_several_series_are_warned_of_once():
    settings = TINY | {"readout": "trained", "validation": "last"}
    model = make_forecast_pipeline(WindowTransformer(10), LSTMForecaster(**settings))
    series = [with_gaps(slice(185, 200)), WAVE, with_gaps(slice(170, 200))]
    found = warnings_of(model.fit, series)
    (message,) = [one for one in found if one.startswith("The last")]
    assert message.startswith("The last 30 rows of X")
    assert "This concerns 2 of 3 series that are continued." in message


def test_a_backtest_with_a_long_gap_warns_once_of_the_origins_within_it():
    settings = TINY | {"readout": "trained", "validation": "last"}
    model = make_forecast_pipeline(WindowTransformer(10), LSTMForecaster(**settings))
    # The beginnings that end with more than 10 missing values are those up to 166, 170, ... 182.
    values = with_gaps(slice(153, 183))
    found = warnings_of(backtest, model, values, horizon=5, initial=150, step=4)
    (message,) = [one for one in found if one.startswith("The last")]
    assert message.startswith("The last 29 rows of context")
    assert "This concerns 5 of 12 series that are continued." in message
    # After the gap there is nothing to warn of.
    assert not warnings_of(model.fit(WAVE).forecast, 3, context=values)


def test_known_inputs_do_not_count_as_values_that_are_predicted():
    rng = np.random.default_rng(0)
    values = np.column_stack([WAVE, rng.normal(size=200)])
    values[189:199, 0] = np.nan
    settings = TINY | {"readout": "trained", "validation": "last"}
    model = make_forecast_pipeline(WindowTransformer(10, known=1), LSTMForecaster(**settings))
    # The known input of the newest row is that of the next step.
    found = warnings_of(model.fit, values)
    assert not [one for one in found if one.startswith("The last")]


def test_a_gap_that_cannot_be_filled_is_named():
    model = make_forecast_pipeline(WindowTransformer(20), LSTMForecaster(**TINY)).fit(WAVE)
    with pytest.raises(ValueError, match="context has a gap at row 15, with 15 values before it"):
        model.forecast(3, context=with_gaps(slice(15, 19), values=WAVE[:25]))
    with pytest.raises(ValueError, match="context has a gap at row 19.*forecast more steps"):
        model[-1].forecast(3, context=with_gaps(19, values=WAVE[:20]))


def test_a_prediction_from_a_window_with_a_missing_value_is_missing():
    model = make_forecast_pipeline(StandardScaler(), WindowTransformer(20), LSTMForecaster(**TINY))
    values = with_gaps(50, 120)
    predictions = model.fit(values).predict(values)
    is_nan = np.zeros(181, dtype=bool)
    is_nan[31:51] = is_nan[101:121] = True
    np.testing.assert_array_equal(np.isnan(predictions), is_nan)
    np.testing.assert_allclose(
        predictions[~is_nan], model.predict(WAVE)[~is_nan], rtol=1e-5, atol=1e-6
    )
    assert 0 < model.score(values) < 1
    assert 0 < model[-1].score(model[:-1].transform(values[:, None])) < 1


def test_single_missing_values_change_a_forecast_little():
    rng = np.random.default_rng(1)
    wave = np.sin(np.arange(400) * 0.3) + 0.05 * rng.normal(size=400)
    few = with_gaps(rng.choice(390, 39, replace=False), values=wave)
    truth = np.sin(np.arange(400, 430) * 0.3)
    settings = TINY | {"epochs": 2}
    errors = []
    for series in (wave, few):
        model = make_forecast_pipeline(WindowTransformer(20), LSTMForecaster(**settings))
        errors.append(mean_absolute_error(truth, model.fit(series).forecast(30)))
    assert errors[1] < errors[0] + 0.05


HOURS = pd.date_range("2024-01-01", periods=200, freq="h")
DAYS = pd.date_range("2024-01-01", periods=200, freq="D")


# --- Rows missing in an index -----------------------------------------------------------------


def test_missing_rows_are_missing_values_and_the_index_goes_on():
    hours = pd.date_range("2024-01-01", periods=200, freq="h")
    series = pd.Series(WAVE, hours)
    model = make_forecast_pipeline(WindowTransformer(20), LSTMForecaster(**TINY))
    (message,) = [m for m in warnings_of(model.fit, series.drop(hours[60:63])) if "lacks" in m]
    assert "X lacks 3 of 200 rows of a regular index, the first at 2024-01-03 12:00" in message
    dropped = model.forecast(5)
    same = copy.deepcopy(model).fit(series.where(~series.index.isin(hours[60:63])))
    pd.testing.assert_series_equal(dropped, same.forecast(5))
    assert dropped.index[0] == hours[-1] + pd.Timedelta(hours=1)


@pytest.mark.parametrize(
    ("index", "begins", "are_closed"),
    [
        (HOURS, (44, 68, 92), True),  # two hours of each day
        (HOURS, (44, 68, 91), True),  # the same before summer time, in another zone
        (HOURS, (44, 68, 97), False),
        (DAYS, (60, 67, 74), True),  # two days of each week
        (DAYS, (60, 67, 75), False),
        (DAYS.tz_localize("Europe/Berlin"), (60, 67, 75), False),
        (pd.date_range("2020-01-01", periods=200, freq="W"), (60, 67, 75), False),
        (pd.period_range("2000-01", periods=200, freq="M"), (60, 75), False),
    ],
)
def test_gaps_are_closing_times_only_if_all_begin_at_the_same_time(index, begins, are_closed):
    series = pd.Series(WAVE, index)
    rows = np.concatenate([np.arange(begin, begin + 2) for begin in begins])
    messages = warnings_of(WindowTransformer(20).fit, series.drop(index[rows]))
    assert len(messages) == (0 if are_closed else 1)
    assert all(f"X lacks {len(rows)} of 200 rows" in message for message in messages)


def test_a_missing_quarter_is_found_in_nanoseconds():
    quarters = pd.date_range("1950", periods=200, freq="QS", unit="ns")
    series = pd.Series(WAVE, quarters).drop(quarters[50])
    (message,) = warnings_of(WindowTransformer(20).fit, series)
    assert "X lacks 1 of 200 rows of a regular index, the first at 1962-07-01" in message


def test_rows_that_are_missing_in_periods_are_inserted_as_the_warning_says():
    months = pd.period_range("2000-01", periods=200, freq="M")
    series = pd.Series(WAVE, months).drop(months[90])
    (message,) = warnings_of(WindowTransformer(20).fit, series)
    (code,) = re.findall(r"Insert them with (.*) to avoid", message)
    complete = eval(code, {"X": series, "pandas": pd})
    assert complete.index.equals(months)
    assert not warnings_of(WindowTransformer(20).fit, complete)


def test_prices_of_working_days_are_not_filled():
    days = pd.bdate_range("2024-01-01", periods=200).delete([30, 70])
    series = pd.Series(WAVE[:198], days)
    assert not warnings_of(WindowTransformer(20).fit, series)
    assert len(WindowTransformer(20).fit_transform(series)) == 198 - 19


# --- Transformers in front --------------------------------------------------------------------


def test_transformers_that_take_missing_values_are_inverted():
    log = FunctionTransformer(np.log, inverse_func=np.exp, check_inverse=False)
    values = with_gaps(50, slice(90, 100), 199, values=np.exp(WAVE))
    for steps in ((log, StandardScaler()), (PowerTransformer(),)):
        model = make_forecast_pipeline(*steps, WindowTransformer(20), LSTMForecaster(**TINY))
        model.fit(values)
        assert np.isfinite(model.forecast(5)).all()
        assert (model.forecast_interval(5) > 0).all()


def test_steps_that_add_up_are_refused_by_name():
    class Differences(FunctionTransformer):
        def __init__(self):
            super().__init__(
                lambda x: np.diff(x, axis=0, prepend=0),
                inverse_func=lambda x: np.cumsum(x, axis=0),
                check_inverse=False,
            )

    model = make_forecast_pipeline(Differences(), WindowTransformer(20), LSTMForecaster(**TINY))
    with pytest.raises(
        ValueError, match="'differences'.*combines neighboring values.*Fill the gaps"
    ):
        model.fit(with_gaps(50))


# --- Evaluation -------------------------------------------------------------------------------


def test_a_backtest_leaves_out_missing_true_values_and_says_how_many():
    values = with_gaps(60, slice(130, 134), 170)
    model = make_forecast_pipeline(WindowTransformer(20), LSTMForecaster(**TINY))
    found = {}
    messages = warnings_of(
        lambda: found.update(
            result=backtest(model, values, horizon=5, initial=120, step=5, coverage=0.8)
        )
    )
    result = found["result"]
    (message,) = [m for m in messages if "true values" in m]
    assert "5 of 80 true values are missing; the scores leave them out" in message
    is_known = ~np.isnan(result.y_true)
    errors = np.abs(result.y_pred - result.y_true)[is_known]
    assert result.scores["mean_absolute_error"]["model"] == pytest.approx(errors.mean())
    lower, upper = np.moveaxis(result.intervals["model"], -1, 0)
    within = ((lower <= result.y_true) & (result.y_true <= upper))[is_known]
    assert result.scores["coverage"]["model"] == pytest.approx(within.mean())
    for name in ("naive", "seasonal_naive"):
        assert np.isfinite(result.baselines[name]).all()


@pytest.mark.filterwarnings("ignore:The forecasts are worse", "ignore:.*true values are missing")
def test_a_naive_forecast_knows_no_value_after_its_origin():
    values = with_gaps(slice(118, 120))
    model = make_forecast_pipeline(WindowTransformer(20), LSTMForecaster(**TINY))
    first, second = (
        backtest(model, series, horizon=5, initial=120, step=20)
        for series in (values, np.where(np.arange(200) < 120, values, 1e3 + values))
    )
    for name in ("naive", "seasonal_naive"):
        np.testing.assert_array_equal(first.baselines[name][0], second.baselines[name][0])
    assert (first.baselines["naive"][0] == WAVE[117]).all()


def test_where_gaps_leave_no_stretch_nothing_is_calibrated_and_nothing_lost():
    forecaster = LSTMForecaster(**TINY).fit(sliding_windows(WAVE[:, None], 10))
    before = forecaster.residual_paths_
    gaps = sliding_windows(with_gaps(*(slice(k, k + 3) for k in range(14, 200, 17)))[:, None], 10)
    with pytest.raises(ValueError, match="No forecast of 30 steps over X .* gaps leave no stretch"):
        forecaster.calibrate(gaps, 30)
    assert forecaster.residual_paths_ is before
    forecaster.partial_fit(1 + gaps)  # which do not follow the training series
    np.testing.assert_array_equal(forecaster.residual_paths_, before)


@pytest.mark.filterwarnings("ignore:.*values to forecast are missing")
def test_a_scorer_leaves_out_missing_true_values_and_says_how_many():
    model = make_forecast_pipeline(WindowTransformer(20), LSTMForecaster(**TINY)).fit(WAVE)
    test = with_gaps(3, 27, values=WAVE[:30])
    scorer = forecast_scorer(mean_absolute_error, horizon=5)
    forecast = model.forecast(5, context=test[:25])
    is_known = [True, True, False, True, True]
    expected = mean_absolute_error(test[25:][is_known], forecast[is_known])
    assert scorer(model, test) == pytest.approx(-expected)
    assert "1 of 5 values to forecast are missing" in " ".join(warnings_of(scorer, model, test))
    with pytest.raises(ValueError, match="All 5 values to forecast in the test part are missing"):
        scorer(model, with_gaps(slice(25, 30), values=WAVE[:30]))


@pytest.mark.filterwarnings("ignore:.*values to forecast are missing")
def test_a_search_runs_over_a_series_with_gaps():
    model = make_forecast_pipeline(WindowTransformer(20), LSTMForecaster(**TINY))
    search = GridSearchCV(
        model, {"windowtransformer__window_length": [10, 20]},
        cv=ForecastSplit(2, horizon=5, context=25), error_score="raise",
        scoring=forecast_scorer(mean_absolute_error, horizon=5),
    )  # fmt: skip
    assert np.isfinite(search.fit(with_gaps(60, 190, slice(100, 110))).best_score_)


def test_a_display_breaks_the_truth_at_missing_values():
    y_true, history = with_gaps(3, values=WAVE[:10]), with_gaps(5, values=WAVE[10:60])
    display = ForecastDisplay.from_predictions(
        y_true, WAVE[:10], history=history, baseline="seasonal_naive"
    )  # fmt: skip
    lines = {line.get_label(): line.get_ydata() for line in display.ax_.lines}
    assert np.isnan(lines["Truth"]).sum() == 1
    assert np.isfinite(lines["Seasonal naive"]).all()
