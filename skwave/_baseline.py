"""Naive and seasonal naive forecasts, and the season of a series."""

import numpy as np

# The newest values in which the longest season is looked for.
MAX_VALUES = 10_000
# Autocorrelation below which there is no season.
LEAST_AUTOCORRELATION = 0.3
# Of multiples of a season, errors count as equal within this factor. A season is exact whose errors
# are less than this fraction of the standard deviation.
CLOSE, EXACT_REPETITION = 1.05, 1e-6


def seasonal_naive(series, origins, horizon, season_length):
    """Repeat the last known season; with a season of one value, the last known value.

    Parameters
    ----------
    series : ndarray of shape (n_values, n_channels)
        The series.
    origins : ndarray of shape (n_origins,)
        How many values are known to each forecast, at least `season_length`.
    horizon : int
        Values to forecast.
    season_length : int
        Values in a season.

    Returns
    -------
    ndarray of shape (n_origins, horizon, n_channels)
        The forecasts.
    """
    back = np.arange(horizon) % season_length - season_length
    return series[origins[:, None] + back]


def find_season_length(series):
    """Find the lag at which the autocorrelation of a series is highest.

    Parameters
    ----------
    series : ndarray of shape (n_values, n_channels)
        The series, at least two seasons of it.

    Returns
    -------
    int
        The shortest of the lags whose autocorrelation is a peak almost as high as the highest, or
        1 if the series has no season.

    Notes
    -----
    The autocorrelation is that of the series less a straight line, its channels averaged. Sums are
    over the pairs there are, so that of two equal seasons the shorter stands out. A season that
    is known is better given than found.
    """
    n_values = len(series)
    time = np.arange(n_values) - (n_values - 1) / 2
    rest = series - series.mean(axis=0)
    rest = rest - time[:, None] * (time @ rest) / max(1.0, time @ time)
    # Of a constant or a straight line only rounding errors are left.
    rest = rest[:, rest.std(axis=0) > 1e-9 * np.abs(series).max(axis=0)]
    if rest.size == 0:
        return 1
    rest = rest / rest.std(axis=0)
    # Padded with zeros, or the end of the series would meet its beginning.
    power = np.abs(np.fft.rfft(rest, 2 * n_values, axis=0)) ** 2
    products = np.fft.irfft(power, axis=0)[: n_values // 2 + 1]
    likeness = (products / products[0]).mean(axis=1)
    inner = likeness[1:-1]
    peaks = 1 + np.flatnonzero((inner >= likeness[:-2]) & (inner > likeness[2:]))
    peaks = peaks[likeness[peaks] >= LEAST_AUTOCORRELATION]
    if len(peaks) == 0:
        return 1
    first = int(peaks[likeness[peaks] >= 0.9 * likeness[peaks].max()][0])
    # Where the autocorrelation falls from season to season, the peak of 24 may be at 23.
    reach = min(2, (first - 1) // 2)
    near = np.arange(first - reach, min(first + reach + 1, len(likeness)))
    slope = (likeness[min(2 * first, len(likeness) - 1)] - likeness[first]) / first
    return int(near[np.argmax(likeness[near] - slope * near)])


def find_longest_season(series):
    """Find the longest season of a series, such as a week of hours, which also has days.

    Parameters
    ----------
    series : ndarray of shape (n_values, n_channels)
        The series.

    Returns
    -------
    int
        What `find_season_length` finds, or a multiple of it that is at most a third of the series;
        1 if the series has no season.

    Notes
    -----
    The multiples are compared by the absolute errors of repeating the values that were so many
    before, over the newer half of the series. Their standard errors are those of means over blocks
    of a season. The season itself is taken if its error is within 5 % of the least one; else the
    shortest multiple of which this is true, and which is better than it by two standard errors.
    """
    series = series[-MAX_VALUES:]
    season = find_season_length(series)
    lags = np.arange(season, len(series) // 3 + 1, season)
    if season == 1 or len(lags) < 2:
        return season
    spread = series.std(axis=0)
    series = series / np.where(spread > 0, spread, 1.0)
    newer, n_blocks = series[len(series) // 2 :], max(2, len(series) // 2 // season)
    errors = np.empty((len(lags), n_blocks))
    for number, lag in enumerate(lags):
        before = series[len(series) // 2 - lag : len(series) - lag]
        of_lag = np.abs(newer - before).mean(axis=1)
        errors[number] = [block.mean() for block in np.array_split(of_lag, n_blocks)]
    means = errors.mean(axis=1)
    is_close = means <= CLOSE * means.min()
    gains = errors[0] - errors
    with np.errstate(invalid="ignore"):
        is_better = gains.mean(axis=1) > 2 * gains.std(axis=1, ddof=1) / np.sqrt(n_blocks)
    # Of a noiseless season only rounding errors are left.
    is_enough = is_close[0] or means[0] <= EXACT_REPETITION
    good = np.flatnonzero(is_close & is_better)
    return season if is_enough or len(good) == 0 else int(lags[good[0]])
