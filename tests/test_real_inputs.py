"""What real data look like: each kind of input at each place that takes a series."""

import copy
import datetime
import re
import subprocess
import sys
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from helpers import warnings_of
from sklearn.base import clone
from sklearn.metrics import mean_absolute_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skwave import ForecastDisplay, LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave.datasets import make_wave
from skwave.exceptions import ForecastWarning
from skwave.model_selection import BacktestDisplay, ForecastSplit, backtest, forecast_scorer

TINY = {"units": 4, "epochs": 1, "random_state": 0}
WAVE = 3 + make_wave("sine", n_cycles=6, steps_per_cycle=20)
N = len(WAVE)
DAYS = pd.date_range("2024-01-01", periods=N, freq="D")
HOURS = pd.date_range("2024-01-01", periods=N, freq="h")
MONTHS = pd.date_range("2020-01-01", periods=N, freq="MS")
LOG = FunctionTransformer(np.log, inverse_func=np.exp, check_inverse=False)


def model(*steps, **inputs):
    return make_forecast_pipeline(*steps, WindowTransformer(6, **inputs), LSTMForecaster(**TINY))


def of(index, values=WAVE):
    return pd.Series(values[: len(index)], index, name="load")


def spoiled(position, value):
    values = WAVE.copy()
    values[position] = value
    return values


BERLIN = pd.date_range("2024-03-30", periods=N, freq="h", tz="Europe/Berlin")
AUTUMN = pd.date_range("2024-10-26", periods=N, freq="h", tz="Europe/Berlin")
WITH_GAPS = HOURS.delete([3, 30, 31, 90])
SHOPS = pd.MultiIndex.from_product([["a", "b"], DAYS[: N // 2]], names=["shop", "day"])
MASKED = np.ma.masked_values(spoiled(9, -9999.0), -9999.0)

# Kind of input -> words of the ValueError that each place must raise.
REFUSED = {
    "a long table of two shops, by day": (
        of(DAYS[: N // 2].repeat(2)), "the time 2024-01-01.* 2 times.*first level of the index"
    ),
    "a log written twice": (
        of(DAYS[:40].append(DAYS[:40])), r"the time 2024-01-01.* 2 times.*40 of the rows repeat"
    ),
    "dates, the newest first": (of(DAYS[::-1]), r"does not increase.*sort_index"),
    "date objects, the newest first": (
        of(pd.Index([day.date() for day in DAYS[::-1]], dtype=object)), "does not increase"
    ),
    "ISO strings, the newest first": (of(DAYS.strftime("%Y-%m-%d")[::-1]), "does not increase"),
    "categories of dates, the newest first": (
        of(pd.CategoricalIndex(DAYS[::-1])), "does not increase"
    ),
    "period objects, the newest first": (
        of(pd.Index(list(pd.period_range("2020-01", periods=N, freq="M")[::-1]), dtype=object)),
        "does not increase",
    ),
    "strings of another form": (
        of(DAYS.strftime("%d.%m.%Y")), r"index of str such as '01.01.2024'.*pandas.to_datetime"
    ),
    "strings with the offset of summer time, and without": (
        of(pd.Index([str(hour) for hour in BERLIN])),
        r"\+01:00' and .*\+02:00', .* different offsets from UTC.*utc=True\).tz_convert"
    ),
    "quarters as strings": (
        of(pd.Index([f"{1990 + k // 4}Q{k % 4 + 1}" for k in range(N)])),
        r"index of str such as '1990Q1'.*pandas.PeriodIndex\(.*freq='Q'\)"
    ),
    "an hour that clocks repeat": (
        of(AUTUMN.tz_localize(None)), r"02:00:00 2 times.*tz_localize\(.*ambiguous='infer'"
    ),
    "labels that cannot be ordered": (
        of(pd.Index([*DAYS[:-1].date, "x"], dtype=object)), "index of date such as.*to_datetime"
    ),
    "months whose days were read as months": (
        of(pd.to_datetime(MONTHS.strftime("%Y-%d-%m"))), "first twelve days of January alone"
    ),
    "a date that is missing": (of(DAYS.where(np.arange(N) != 4)), r"NaT.*at row 4"),
    "two columns of the same name": (
        pd.DataFrame(np.column_stack([WAVE, WAVE]), DAYS, ["load", "load"]),
        "column 'load' twice.*Rename",
    ),
    "infinity": (spoiled(5, np.inf), "contains infinity: 1 of \\d+ values.*row 5.*logarithm"),
    "words in a Series": (of(DAYS, np.array(["Monday"] * N, object)), "'Monday', which is not a"),
    "words in a column": (
        pd.DataFrame({"load": WAVE, "day": DAYS.day_name()}, DAYS),
        "column 'day' of .* holds 'Monday'.*OneHotEncoder",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def fitted():
    return model().fit(WAVE)


def to_fit(fitted, X):
    model().fit(X)


def to_forecast(fitted, X):
    fitted.forecast(2, context=X)


def to_predict(fitted, X):
    fitted.predict(X)


def to_score(fitted, X):
    fitted.score(X)


def to_backtest(fitted, X):
    backtest(model(), X, horizon=3, initial=30)


def to_forecast_scorer(fitted, X):
    forecast_scorer(mean_absolute_error, horizon=3)(fitted, X)


def to_windows(fitted, X):
    WindowTransformer(6).fit(X)


def to_a_plain_pipeline(fitted, X):
    make_pipeline(WindowTransformer(6), LSTMForecaster(**TINY)).fit(X)


PLACES = [
    to_fit,
    to_forecast,
    to_predict,
    to_score,
    to_backtest,
    to_forecast_scorer,
    to_windows,
    to_a_plain_pipeline,
]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
@pytest.mark.parametrize(("X", "words"), REFUSED.values(), ids=REFUSED)
def test_input_that_is_not_understood_is_refused_everywhere(fitted, place, X, words):
    with pytest.raises(ValueError, match=words):
        place(fitted, X)


# Kind of input with missing values -> words of the warning, or None.
GAPS = {
    "missing hours": (of(WITH_GAPS), r"lacks 4 of 120 rows.*2024-01-01 03:00.*asfreq\('h'\)"),
    "a missing month": (of(MONTHS.delete(17)), r"lacks 1 of 120 rows.*2021-06-01.*asfreq\('MS'\)"),
    "a missing week that begins on a Monday": (
        of(pd.date_range("2022-01-03", periods=N, freq="W-MON").delete(17)),
        r"lacks 1 of 120 rows.*2022-05-02.*asfreq\('W-MON'\)"
    ),
    "a missing last working day of a month": (
        of(pd.date_range("2012-01-03", periods=N, freq="BME").delete(17)), "lacks 1 .*2013-06-28"
    ),
    "a missing day among strings": (
        of(DAYS.strftime("%Y-%m-%d").delete(17)),
        r"lacks 1 .*Set \w+.index = pandas.to_datetime\(\w+.index\). Insert .*asfreq\('D'\)"
    ),
    "a missing week at a time of the day that clocks skip": (
        of(
            pd.date_range("2024-03-10 02:30", periods=N, freq="7D")
            .tz_localize("America/New_York", nonexistent="shift_forward").delete(17)
        ),
        "lacks 1 "
    ),
    "a missing period among objects": (
        of(pd.period_range("2020-01", periods=N, freq="M").delete(17).astype(object)),
        r"missing values. Insert them with \w+.reindex\(pandas.period_range"
    ),
    "a missing period": (
        of(pd.period_range("2020-01", periods=N, freq="M").delete(17)), "lacks 1 .*2021-06"
    ),
    "a masked value": (MASKED, None),
    "NaN": (of(DAYS, spoiled(5, np.nan)), None),
    "NaN at the end": (of(DAYS, spoiled(N - 1, np.nan)), None),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:.* (of .* true values are|to forecast are) missing")
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
@pytest.mark.parametrize(("X", "words"), GAPS.values(), ids=GAPS)
def test_missing_values_are_taken_everywhere_and_missing_rows_with_one_warning(
    fitted, place, X, words
):  # fmt: skip
    messages = warnings_of(place, fitted, X)
    messages = [m for m in messages if "lacks" in m]
    assert len(messages) == (words is not None)
    assert words is None or re.search(words, messages[0])


# Kind of input -> the labels of the first two forecasts, or None for an array.
TAKEN = {
    "date objects": (of(pd.Index([day.date() for day in DAYS], dtype=object)), "2024-04-30", "D"),
    "ISO strings": (of(DAYS.strftime("%Y-%m-%d")), "2024-04-30", "D"),
    "categories": (of(pd.CategoricalIndex(DAYS)), "2024-04-30", "D"),
    "the 15th of each month": (
        of(pd.DatetimeIndex([pd.Timestamp("2020-01-15") + pd.DateOffset(months=k)
                             for k in range(N)])), "2030-01-15", None
    ),
    "the 30th of each month": (
        of(pd.DatetimeIndex([pd.Timestamp("2020-01-30") + pd.DateOffset(months=k)
                             for k in range(N)])), "2030-01-30", None
    ),
    "a sparse column": (of(DAYS).astype("Sparse[float]"), "2024-04-30", "D"),
    "decimal numbers": (of(DAYS, np.array([Decimal(str(x)) for x in WAVE])), "2024-04-30", "D"),
    "nullable numbers": (of(DAYS).astype("Float64"), "2024-04-30", "D"),
    "objects": (of(DAYS).astype(object).where(np.arange(120) != 0, pd.NA), "2024-04-30", "D"),
    "sessions of a market": (
        of(pd.DatetimeIndex(np.concatenate([pd.date_range(f"2024-01-0{day} 09:00", periods=40,
                                                          freq="15min") for day in (2, 3, 4)]))),
        None, None
    ),
    "years": (of(pd.date_range("1900-01-01", periods=N, freq="YS")), "2020-01-01", "YS"),
    "times since a start": (of(pd.timedelta_range("0h", periods=N, freq="h")), None, None),
    "working days with a holiday": (
        of(pd.bdate_range("2024-01-01", periods=N).delete([30, 70])), None, None
    ),
}  # fmt: skip


@pytest.mark.parametrize(("X", "first", "freq"), TAKEN.values(), ids=TAKEN)
def test_input_that_is_understood_goes_on(X, first, freq):
    forecast = model().fit(X).forecast(3)
    if first is None:
        assert isinstance(forecast, np.ndarray)
        return
    assert forecast.index[0] == pd.Timestamp(first)
    expected = pd.date_range(first, periods=3, freq=freq) if freq else None
    if expected is None:
        months = [pd.Timestamp(first) + pd.DateOffset(months=k) for k in range(3)]
        # The 30th is the last of February.
        expected = pd.DatetimeIndex(months)
    pd.testing.assert_index_equal(forecast.index, expected, check_names=False, exact=False)
    assert forecast.name == "load"


def test_nullable_columns_with_missing_values_are_those_of_numpy():
    whole = pd.array(np.round(9 * WAVE).astype(int), "Int64")
    whole[[5, 50]] = pd.NA
    nullable = pd.DataFrame({"whole": whole, "load": WAVE}, DAYS)
    plain = nullable.astype(float)
    assert plain["whole"].isna().sum() == 2
    fitted, expected = model().fit(nullable), model().fit(plain)
    pd.testing.assert_frame_equal(fitted.forecast(3), expected.forecast(3))
    assert fitted.score(nullable) == expected.score(plain)
    pd.testing.assert_frame_equal(
        fitted.forecast(3, context=nullable[:80]), expected.forecast(3, context=plain[:80])
    )


def test_numbers_as_objects_are_no_years():
    numbers = pd.Index(range(1900, 1900 + N), dtype=object)
    assert list(model().fit(of(numbers)).forecast(2).index) == [1900 + N, 1901 + N]


NULLABLE = of(DAYS).to_frame().assign(open=True)
NULLABLE.iloc[[3, 115], 0] = np.nan


@pytest.mark.filterwarnings("ignore:.* (of .* true values are|to forecast are) missing")
@pytest.mark.parametrize(
    "series",
    [
        NULLABLE["load"].astype("Float64").astype(object),
        NULLABLE[["load"]].astype("Float64"),
        NULLABLE.astype({"load": "Float64", "open": bool}),
        NULLABLE,
    ],
    ids=["objects with pd.NA", "Float64", "Float64 and booleans", "floats and booleans"],
)
def test_missing_values_of_any_type_are_scored_and_drawn(series):
    def mean_scaled(y_true, y_pred, *, y_train):
        assert np.isfinite(y_train).all()
        return mean_absolute_error(y_true, y_pred)

    result = backtest(model(), series, horizon=4, initial=80, step=8)
    numbers = series.where(series.notna(), np.nan).astype(float)
    plain = backtest(model(), numbers, horizon=4, initial=80, step=8)
    assert result.scores == plain.scores
    shown = BacktestDisplay.from_backtest(result)
    assert np.isnan(shown.ax_[1].lines[0].get_ydata()).sum() == 1
    scorer = forecast_scorer(mean_scaled, horizon=8)
    fitted = model().fit(series[:-8])
    assert scorer(fitted, series) == scorer(fitted, numbers)
    display = ForecastDisplay.from_estimator(fitted, series[-8:], history=series[:-8])
    assert np.isnan(display.y_true).sum() == 1


def test_a_zone_without_a_name_keeps_its_offset():
    for zone in (
        datetime.timezone(datetime.timedelta(hours=1), "CET"),
        datetime.timezone(datetime.timedelta(hours=5, minutes=30)),
    ):
        # In June the zone that is named CET has another offset.
        hours = pd.date_range("2024-06-01", periods=N, freq="h", tz=zone)
        index = model().fit(of(hours)).forecast(2).index
        assert index[0] - hours[-1] == pd.Timedelta(hours=1)
        assert index[0].utcoffset() == hours[-1].utcoffset()


def test_y_is_refused_and_the_message_says_what_x_is(fitted):
    for call in (model().fit, fitted.score):
        with pytest.raises(TypeError, match="X is the series to forecast"):
            call(WAVE, WAVE)


@pytest.mark.parametrize("columns", [[0, 1], [("A", "price"), ("B", "price")], ["a", "b"]], ids=str)
def test_columns_of_any_type_in_another_order_are_refused(columns):
    frame = pd.DataFrame(np.column_stack([WAVE, 2 * WAVE]), DAYS)
    frame.columns = pd.MultiIndex.from_tuples(columns) if columns[0] == ("A", "price") else columns
    turned = frame[frame.columns[::-1]]
    for steps in ([], [StandardScaler()]):
        forecaster = model(*steps).fit(frame)
        for call in (
            lambda X, forecaster=forecaster: forecaster.forecast(2, context=X),
            forecaster.predict,
        ):
            with pytest.raises(ValueError, match="columns.*in this order|feature names"):
                call(turned)
        pd.testing.assert_index_equal(forecaster.forecast(2).columns, frame.columns)
    with pytest.raises(ValueError, match="columns.*in this order|feature names"):
        WindowTransformer(6).fit(frame).transform(turned)


def test_names_of_levels_are_kept():
    frame = pd.DataFrame(np.column_stack([WAVE, 2 * WAVE]), DAYS)
    frame.columns = pd.MultiIndex.from_tuples([("A", "x"), ("B", "x")], names=["stock", "price"])
    forecast = model().fit(frame).forecast(2)
    pd.testing.assert_index_equal(forecast.columns, frame.columns)


def test_the_name_of_a_series_does_not_matter():
    forecaster = model(StandardScaler()).fit(of(DAYS))
    renamed = of(DAYS).rename("other")
    np.testing.assert_allclose(forecaster.forecast(3, context=renamed), forecaster.forecast(3))


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_the_step_that_makes_infinity_or_nan_is_named(value):
    words = rf"'functiontransformer'.*of \[{value}\] in row 7.*log1p"
    with pytest.raises(ValueError, match=words):
        model(LOG).fit(spoiled(7, value))
    forecaster = model(LOG).fit(WAVE)
    for call in (lambda X: forecaster.forecast(2, context=X), forecaster.predict):
        with pytest.raises(ValueError, match=words):
            call(spoiled(7, value))


@pytest.mark.parametrize("X", [WAVE, WAVE.tolist(), of(DAYS)], ids=["array", "list", "Series"])
def test_a_forecaster_that_is_given_a_series_asks_for_windows(X):
    with pytest.raises(ValueError, match=r"X is a series of 120 values.*WindowTransformer"):
        LSTMForecaster(**TINY).fit(X)


def test_masked_windows_contexts_and_targets_are_missing_values(fitted):
    windows = WindowTransformer(6).fit_transform(WAVE)
    masked = np.ma.masked_equal(windows, windows[2, 3, 0])
    forecaster = fitted[-1]
    as_nan = np.where(np.ma.getmaskarray(masked), np.nan, windows)
    for call in (forecaster.predict, forecaster.score):
        np.testing.assert_array_equal(call(masked), call(as_nan))
    fits = [LSTMForecaster(**TINY).fit(X).forecast(3) for X in (masked, as_nan)]
    np.testing.assert_array_equal(*fits)
    filled = (forecaster.forecast(2, context=X) for X in (masked[2], as_nan[2]))
    np.testing.assert_array_equal(*filled)
    with pytest.raises(ValueError, match="y contains NaN"):
        LSTMForecaster(**TINY).fit(windows, MASKED)
    # Nothing is masked in this one.
    np.testing.assert_array_equal(forecaster.predict(np.ma.array(windows)),
                                  forecaster.predict(windows))  # fmt: skip


@pytest.mark.parametrize("place", [to_forecast, to_predict, to_score, to_forecast_scorer])
def test_several_series_are_refused_where_fit_saw_one(fitted, place):
    with pytest.raises(ValueError, match=r"levels \['shop', 'day'\].*one series is needed"):
        place(fitted, of(SHOPS))


def test_a_list_cannot_be_split_by_time():
    with pytest.raises(ValueError, match="X has the type list and 2 series.*pandas.concat"):
        list(ForecastSplit(2, horizon=3, context=6).split([WAVE, WAVE]))


def test_set_output_sets_the_transformers_and_leaves_the_forecast():
    expected = model(StandardScaler()).fit(of(DAYS)).forecast(3)
    forecaster = model(StandardScaler()).set_output(transform="pandas").fit(of(DAYS))
    pd.testing.assert_series_equal(forecaster.forecast(3), expected)


def test_the_name_of_a_scorer_gives_the_score_of_its_function(fitted):
    by_name = forecast_scorer("neg_mean_absolute_error", horizon=5)
    by_function = forecast_scorer(mean_absolute_error, horizon=5)
    assert repr(by_name) == "forecast_scorer('neg_mean_absolute_error', horizon=5)"
    assert by_name(fitted, WAVE) == pytest.approx(by_function(fitted, WAVE))
    assert forecast_scorer("r2", horizon=5)(fitted, WAVE) <= 1
    with pytest.raises(ValueError, match="get_scorer_names"):
        forecast_scorer("mae", horizon=5)
    with pytest.raises(ValueError, match="whose sign and arguments are fixed"):
        forecast_scorer("r2", horizon=5, greater_is_better=True)


# --- Programs: no pandas, another backend -------------------------------------------------------


WITHOUT_PANDAS = """
import sys
from importlib.abc import MetaPathFinder

class WithoutPandas(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] == "pandas":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, WithoutPandas())
import joblib, numpy as np
one, known, calendar, future, *expected = joblib.load(sys.argv[1])
forecast = one.forecast(4)
assert type(forecast) is np.ndarray
np.testing.assert_allclose(forecast, expected[0])
one.forecast(2, context=np.arange(9.0))
np.testing.assert_allclose(known.forecast(4, future=future), expected[1])
try:
    calendar.forecast(4)
except ModuleNotFoundError as error:
    assert "calendar features" in str(error), error
else:
    raise AssertionError
assert "pandas" not in sys.modules
"""


def test_models_fitted_on_pandas_forecast_arrays_without_pandas(tmp_path):
    import joblib

    known = np.random.default_rng(0).normal(size=N)
    table = pd.DataFrame({"load": WAVE + 5 * known, "known": known}, DAYS)
    future = pd.DataFrame({"known": np.ones(4)}, pd.date_range("2024-04-30", periods=4))
    one, known, calendar = model(), model(known="known"), model(calendar="day_of_week")
    one.fit(table["load"]), known.fit(table), calendar.fit(table["load"])
    expected = one.forecast(4).to_numpy(), known.forecast(4, future=future).to_numpy().ravel()
    models = [one, known, calendar, future.to_numpy(), *expected]
    joblib.dump(models, tmp_path / "models.joblib")
    command = [sys.executable, "-W", "ignore", "-c", WITHOUT_PANDAS, tmp_path / "models.joblib"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_backend_of_keras_that_cannot_train_is_refused_before_training(fitted, monkeypatch):
    import keras

    # What Keras says where KERAS_BACKEND=openvino is set: it has no gradients.
    monkeypatch.setattr(keras.backend, "backend", lambda: "openvino")
    with pytest.raises(RuntimeError, match="backend 'openvino'.*'jax'.*KERAS_BACKEND=tensorflow"):
        model().fit(WAVE)
    # A forecast needs no backend.
    assert fitted.forecast(3).shape == (3,)


def test_compiling_with_pytorch_is_refused_before_training(monkeypatch):
    import keras

    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    with pytest.raises(ValueError, match="jit_compile=True compiles for minutes.*'torch'.*'auto'"):
        model().set_params(lstmforecaster__jit_compile=True).fit(WAVE)


def make_monthly_dates(first, months, n):
    """Return dates on the same day of each month."""
    dates = [pd.Timestamp(first) + pd.DateOffset(months=months * k) for k in range(n)]
    return pd.DatetimeIndex(dates)


@pytest.mark.parametrize(
    ("first", "months"), [("2005-01-15", 1), ("2005-01-30", 1), ("1950-02-15", 3)]
)
def test_dates_that_are_missing_on_the_same_day_of_months_are_as_missing_values(first, months):
    season = 10 + 3 * np.sin(2 * np.pi * np.arange(186) / 12)
    series = pd.Series(season, make_monthly_dates(first, months, 186))
    steps = WindowTransformer(10), LSTMForecaster(6, epochs=1, random_state=0)
    model = make_forecast_pipeline(*steps).fit(series[:150])
    known = series[:180].copy()
    known.iloc[[172, 176]] = np.nan
    expected = model.forecast(6, context=known)
    with pytest.warns(ForecastWarning, match="lacks 2 of"):
        found = model.forecast(6, context=known.dropna())
    pd.testing.assert_series_equal(found, expected, check_freq=False)
    with pytest.warns(ForecastWarning, match="lacks 2 of 180 rows"):
        fitted = clone(model).fit(known.dropna())
    pd.testing.assert_series_equal(fitted.forecast(6), clone(model).fit(known).forecast(6))
    with pytest.warns(ForecastWarning, match="lacks 2 of"):
        updated = copy.deepcopy(model).partial_fit(known.dropna()[138:])
    expected = model.partial_fit(known[138:]).forecast(6)
    pd.testing.assert_series_equal(updated.forecast(6), expected)
    assert expected.index.equals(make_monthly_dates(first, months, 186)[180:])


def test_another_day_of_the_month_is_refused():
    series = pd.Series(np.sin(np.arange(60.0)), make_monthly_dates("2005-01-15", 1, 60))
    steps = WindowTransformer(10), LSTMForecaster(6, epochs=1, random_state=0)
    model = make_forecast_pipeline(*steps).fit(series)
    later = series.set_axis(make_monthly_dates("2010-01-16", 1, 60))
    with pytest.raises(ValueError, match="1 month apart, on the same day"):
        model.forecast(3, context=later)
