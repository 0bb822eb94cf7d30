import numpy as np
import pytest

from skwave._baseline import find_longest_season, find_season_length, seasonal_naive


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


@pytest.mark.parametrize("seed", range(9))
def test_the_season_is_found_where_the_autocorrelation_falls_from_lag_to_lag(seed):
    # A demand that follows the weather: in most of these series it is higher at 23 than at 24.
    weather = 0.15 * np.cumsum(np.random.default_rng(seed).normal(size=2400))
    assert find_season_length(weather[:, None] + weekly(2400, seed)) == 24


# --- The longest season -------------------------------------------------------------------------


def weekly(n, seed=0, noise=0.2):
    """Hours with a day, whose last two of seven are lower."""
    hours = np.arange(n)
    day = np.sin(2 * np.pi * hours / 24) * np.where(hours // 24 % 7 >= 5, 0.4, 1.0)
    weekend = -1.0 * (hours // 24 % 7 >= 5)
    return (day + weekend + noise * np.random.default_rng(seed).normal(size=n))[:, None]


@pytest.mark.parametrize("n", [700, 3000, 25_000])
def test_the_longest_season_of_hours_is_a_week(n):
    assert find_longest_season(weekly(n)) == 168


def test_a_season_alone_is_the_longest():
    hours = np.arange(900)
    for seed in range(5):
        noise = np.random.default_rng(seed).normal(size=900)
        series = np.sin(2 * np.pi * hours / 24) + 0.2 * noise
        assert find_longest_season(series[:, None]) in (24, 48)
    assert find_longest_season(np.sin(2 * np.pi * hours / 24)[:, None]) == 24


def test_a_multiple_of_a_season_is_seldom_taken_by_chance():
    months, found = np.arange(240), []
    for seed in range(40):
        noise = 0.3 * np.random.default_rng(seed).normal(size=240)
        found.append(find_longest_season((np.sin(2 * np.pi * months / 12) + noise)[:, None]))
    assert found.count(12) >= 36


def test_the_longest_season_is_at_most_a_third_of_the_series():
    assert find_longest_season(weekly(500)) < 168
    assert find_longest_season(np.random.default_rng(0).normal(size=(300, 1))) == 1
    assert find_longest_season(np.zeros((300, 1))) == 1


def test_channels_count_alike_whatever_their_units():
    series = weekly(1500)
    noise = 1e6 * np.random.default_rng(1).normal(size=(1500, 1))
    assert find_longest_season(np.hstack([series, 1e-3 * series])) == 168
    assert find_longest_season(np.hstack([series, noise])) in (24, 168)
