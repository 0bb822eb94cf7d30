import datetime
import zoneinfo

import numpy as np
import pandas as pd
import pytest
from helpers import series_of

from skwave._index_spec import index_spec, next_index, to_pandas

INDEXES = {
    "days": pd.date_range("2024-01-01", periods=120, freq="D", name="day"),
    "month ends": pd.date_range("2001-01-31", periods=120, freq="ME"),
    "hours in a zone": pd.date_range("2024-03-30", periods=120, freq="h", tz="Europe/Berlin"),
    "no frequency said": pd.DatetimeIndex(pd.date_range("2024", periods=120, freq="W").tolist()),
    "seconds": pd.date_range("2024", periods=120, freq="min", unit="s"),
    "periods": pd.period_range("2000-01", periods=120, freq="M"),
    "range": pd.RangeIndex(5, 245, 2),
    "years": pd.Index(np.arange(1880, 2000), name="year"),
    "falling numbers": pd.Index(np.arange(200, 80, -1, dtype=np.uint8)),
}
# One working week has the same steps as any other five days.
WEEKDAYS = pd.date_range("2024-01-01", periods=120, freq="B")


def without_freq(index):
    """Return the same dates as they are read from a file."""
    return pd.DatetimeIndex(np.array(index))


def assert_same(index, expected):
    """Compare what two indexes hold, their types and their names."""
    assert index.equals(expected)
    assert index.dtype == expected.dtype
    assert index.name == expected.name


@pytest.mark.parametrize("name", INDEXES)
def test_labels_continue_after_the_last_one(name):
    index = INDEXES[name]
    spec = index_spec(series_of(index[:100]))
    expected = index[100:]
    if name == "falling numbers":
        expected = expected.astype(int)
    assert_same(next_index(spec, 20), expected)


def test_a_spec_holds_strings_and_numbers_alone():
    for index in INDEXES.values():
        entries = index_spec(series_of(index))["index"].values()
        assert all(isinstance(entry, str | int | float | None) for entry in entries)


def test_labels_continue_from_both_hours_at_the_end_of_summer_time():
    hours = pd.date_range("2024-10-22 20:00", periods=125, freq="h", tz="Europe/Berlin")
    # 02:00 comes twice, at 102 and 103.
    assert hours[102].hour == hours[103].hour == 2
    for end in (102, 103, 104, 105):
        spec = index_spec(series_of(hours[:end]))
        assert_same(next_index(spec, 20), hours[end : end + 20])


@pytest.mark.parametrize(
    "zone",
    [
        "UTC",
        "Asia/Tokyo",
        zoneinfo.ZoneInfo("America/New_York"),
        datetime.timezone(datetime.timedelta(hours=5, minutes=30)),
        datetime.timezone(datetime.timedelta(hours=-3), "Brasilia"),
    ],
    ids=str,
)
def test_labels_keep_the_offset_of_their_zone(zone):
    hours = pd.date_range("2024-03-09", periods=48, freq="h", tz=zone)
    found = next_index(index_spec(series_of(hours[:20])), 28)
    # The same times; pandas 2 has two classes of zones, which are not equal.
    assert list(found) == list(hours[20:])
    assert [label.utcoffset() for label in found] == [label.utcoffset() for label in hours[20:]]


def test_the_frequency_of_the_training_series_is_taken_where_the_dates_follow_it():
    spec = index_spec(series_of(without_freq(WEEKDAYS)[:100]))
    for end in (100, 105, 120):
        week = index_spec(series_of(without_freq(WEEKDAYS)[end - 5 : end]), spec)
        assert_same(next_index(week, 3), pd.bdate_range(WEEKDAYS[end - 1], periods=4)[1:])
    # Where the dates do not follow it, their own frequency is taken.
    hours = without_freq(pd.date_range("2024-01-01", periods=30, freq="h"))
    spec = index_spec(series_of(hours), spec)
    assert next_index(spec, 2)[-1] == pd.Timestamp("2024-01-02 07:00")


def test_a_frequency_that_the_dates_cannot_have_is_not_taken():
    months = pd.period_range("2015-01", periods=120, freq="M")
    spec = index_spec(series_of(months))
    dates = index_spec(series_of(without_freq(months.to_timestamp())), spec)
    assert next_index(dates, 1)[0] == pd.Timestamp("2025-01-01")
    # As many years from 1990 on would leave the range of dates.
    spec = index_spec(series_of(pd.date_range("1990", periods=120, freq="YS", unit="ns")))
    monthly = without_freq(pd.date_range("1990", periods=400, freq="MS", unit="ns"))
    spec = index_spec(series_of(monthly), spec)
    assert next_index(spec, 1)[0] == pd.Timestamp("2023-05-01")


def test_the_frequency_of_an_index_counts_for_more_than_that_of_the_training_series():
    days = pd.date_range("2024-01-01", periods=2, freq="D")
    spec = index_spec(series_of(days), index_spec(series_of(WEEKDAYS)))
    assert next_index(spec, 5).freqstr == "D"


@pytest.mark.filterwarnings("ignore:.*(BDay|PeriodDtype.B.).*deprecated:FutureWarning")
@pytest.mark.parametrize("freq", ["M", "2M", "W-MON", "Q", "Y", "h", "15min", "B"])
def test_consecutive_periods_continue(freq):
    periods = pd.period_range("2000-01", periods=40, freq=freq)
    assert_same(next_index(index_spec(series_of(periods[:37])), 3), periods[37:])
    assert_same(next_index(index_spec(series_of(periods[:1])), 3), periods[1:4])


IRREGULAR = {
    "dates with a gap": pd.DatetimeIndex(
        ["2024-01-01", *pd.date_range("2024-01-09", periods=119)]
    ),
    # The strings of these frequencies, C, C, bh and DateOffset, do not say all of them.
    "holidays": pd.date_range(
        "2024-01-02", periods=120, freq=pd.offsets.CustomBusinessDay(holidays=["2024-06-19"])
    ),
    "another week": pd.date_range(
        "2024-01-02", periods=120,
        freq=pd.offsets.CustomBusinessDay(weekmask="Sun Mon Tue Wed Thu"),
    ),
    "long hours": pd.date_range(
        "2024-01-02", periods=120, freq=pd.offsets.BusinessHour(start="08:00", end="20:00")
    ),
    "periods with a gap": pd.period_range("2000-01", periods=6, freq="M")[[0, 1, 3, 4, 5]],
    # A quarter of an hour every 16 minutes.
    "overlapping periods": pd.period_range("2000", periods=200, freq="min").asfreq("15min")[::16],
    "numbers with a gap": pd.Index([1, 2, 4]),
    "the same number": pd.Index([3, 3, 3]),
    "one number": pd.Index([3]),
}  # fmt: skip


@pytest.mark.parametrize("name", IRREGULAR)
def test_an_irregular_index_has_no_next_labels(name):
    assert next_index(index_spec(series_of(IRREGULAR[name])), 3) is None


@pytest.mark.parametrize("zone", ["Africa/Cairo", "America/Santiago", "America/Havana"])
def test_days_continue_where_clocks_change_at_midnight(zone):
    hours = pd.date_range("2024-01-01", periods=24 * 900, freq="h", tz=zone)
    days = pd.Series(1.0, hours).resample("D").sum().index[:800]
    for end in range(100, 780, 7):
        for index in (days[:end], pd.DatetimeIndex(list(days[:end]))):
            found = next_index(index_spec(series_of(index)), 14)
            assert list(found) == list(days[end : end + 14]), index[-1]


def test_dates_at_the_end_of_months_continue_from_february():
    dates = [pd.Timestamp("2000-01-30") + pd.DateOffset(months=k) for k in range(60)]
    spec = index_spec(series_of(pd.DatetimeIndex(dates)))
    context = series_of(pd.DatetimeIndex(dates[25:40]))
    assert context.index[0] == pd.Timestamp("2002-02-28")
    assert list(next_index(index_spec(context, spec), 20)) == dates[40:]


def test_an_array_and_an_empty_series_have_no_index():
    assert index_spec(np.zeros(3)) is None
    assert index_spec(pd.Series(dtype=float))["index"] is None


def test_values_become_a_series_a_frame_or_an_array():
    spec = index_spec(pd.Series(np.zeros(3), name="load"))
    index = next_index(spec, 2)
    series = to_pandas(np.array([[1.0], [2.0]]), spec, index)
    pd.testing.assert_series_equal(series, pd.Series([1.0, 2.0], index, name="load"))
    spec = index_spec(pd.DataFrame(np.zeros((3, 2)), columns=["a", "b"]))
    frame = to_pandas(np.array([[1.0, 2.0], [3.0, 4.0]]), spec, index)
    assert list(frame.columns) == ["a", "b"]
    assert frame.index.equals(index)
    assert to_pandas(np.ones((2, 1)), None, None).shape == (2,)
    assert to_pandas(np.ones((2, 2)), None, None).shape == (2, 2)


def holidays():
    """Trading days of a year with holidays."""
    return pd.bdate_range("2023-01-02", periods=400).delete([10, 50, 77, 120, 200, 260, 300, 330])


def test_a_part_of_irregular_dates_is_irregular():
    spec = index_spec(series_of(holidays()))
    week = series_of(pd.bdate_range("2024-01-08", periods=5))
    assert next_index(index_spec(week), 2) is not None
    assert next_index(index_spec(week, spec), 2) is None


@pytest.mark.parametrize("length", [3, 4, 9])
def test_the_15th_of_months_continues_from_a_few_dates(length):
    dates = [pd.Timestamp("2010-01-15") + pd.DateOffset(months=k) for k in range(40)]
    spec = index_spec(series_of(pd.DatetimeIndex(dates)))
    for begin in range(30 - length):
        part = index_spec(series_of(pd.DatetimeIndex(dates[begin : begin + length])), spec)
        assert list(next_index(part, 2)) == dates[begin + length : begin + length + 2]


@pytest.mark.parametrize("end", [120, 121, 122, 125])
def test_the_time_of_the_day_is_kept_after_a_date_that_was_moved(end):
    local = pd.date_range("2023-12-01 02:30", periods=200)
    moved = local.tz_localize("Europe/Berlin", nonexistent="shift_forward", ambiguous=[True] * 200)
    spec = index_spec(series_of(moved[:end]))
    assert list(next_index(spec, 3)) == list(moved[end : end + 3])
    spec = index_spec(series_of(moved))
    part = index_spec(series_of(moved[end - 4 : end]), spec)
    assert list(next_index(part, 3)) == list(moved[end : end + 3])
