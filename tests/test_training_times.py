import datetime
import zoneinfo

import pandas as pd
import pytest
from helpers import series_of

from skwave._index_spec import index_spec
from skwave._training_times import expected_index

DAYS = pd.date_range("2024-01-01", periods=120, freq="D")
WORKING_DAYS = pd.date_range("2024-01-01", periods=120, freq="B")


@pytest.mark.parametrize("zone", [zoneinfo.ZoneInfo("UTC"), "UTC", datetime.UTC, "Etc/UTC"])
def test_the_names_of_utc_are_one_zone(zone):
    index = pd.date_range("2024", periods=9, freq="h")
    spec = index_spec(series_of(index.tz_localize("UTC")))
    expected_index(series_of(index.tz_localize(zone)), spec, "context")
    with pytest.raises(
        ValueError, match=r"Europe/Berlin.*in the time zone UTC.*tz_convert\('UTC'\)"
    ):
        expected_index(series_of(index.tz_localize("Europe/Berlin")), spec, "context")


def test_working_days_over_a_weekend_have_the_distance_of_the_training_series():
    spec = index_spec(series_of(WORKING_DAYS))
    for begin in range(30):
        expected_index(series_of(WORKING_DAYS[begin : begin + 3]), spec, "X")
    with pytest.raises(ValueError, match="2 days 00:00:00 apart, but"):
        expected_index(series_of(DAYS[::2]), index_spec(series_of(DAYS)), "X")


def test_periods_off_the_grid_and_long_gaps_are_refused():
    months = pd.period_range("2015-01", periods=60, freq="2M")
    spec = index_spec(series_of(months))
    shifted = [pd.Period(ordinal=p.ordinal + 1, freq="2M") for p in months[8:20]]
    with pytest.raises(ValueError, match="not regular"):
        expected_index(series_of(months[:8].append(pd.PeriodIndex(shifted))), spec, "X")
    seconds = pd.date_range("2024", periods=90, freq="s")
    late = seconds[:30].append(seconds[30:] + pd.Timedelta("6h"))
    with pytest.raises(ValueError, match="Give the rows after the last gap"):
        expected_index(series_of(late), index_spec(series_of(seconds)), "X")


def test_a_date_that_clocks_have_moved_is_one_of_the_series():
    local = pd.date_range("2023-12-01 02:30", periods=200)
    moved = local.tz_localize("Europe/Berlin", nonexistent="shift_forward", ambiguous=[True] * 200)
    spec = index_spec(series_of(moved))
    for begin in range(115, 125):
        later = moved[begin : begin + 20]
        assert expected_index(series_of(later), spec, "X").equals(later)
