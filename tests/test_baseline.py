import numpy as np
import pytest

from skwave._baseline import find_season_length, seasonal_naive


def test_seasonal_naive_repeats_the_last_season():
    series = np.arange(10.0)[:, None]
    forecast = seasonal_naive(series, np.array([5, 10]), 7, 3)[:, :, 0]
    np.testing.assert_array_equal(forecast, [[2, 3, 4, 2, 3, 4, 2], [7, 8, 9, 7, 8, 9, 7]])


def test_a_season_of_one_value_repeats_the_last_value():
    series = np.arange(20.0).reshape(10, 2)
    forecast = seasonal_naive(series, np.array([5, 10]), 3, 1)
    np.testing.assert_array_equal(forecast, [[[8, 9]] * 3, [[18, 19]] * 3])


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
def test_no_season_is_found_in_constants_lines_and_noise(series):
    assert find_season_length(series[:, None]) == 1
