"""Naive and seasonal naive forecasts, and the season of a series."""

import numpy as np


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


def find_season_length(series, *, least=0.3):
    """Find the lag at which the autocorrelation of a series is highest.

    Parameters
    ----------
    series : ndarray of shape (n_values, n_channels)
        The series, at least two seasons of it.
    least : float, default=0.3
        Autocorrelation below which there is no season.

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
    # Squares of tiny or huge numbers leave the range of floats; by a power of two nothing is lost.
    series = np.ldexp(series, -np.frexp(np.abs(series).max(axis=0))[1])
    time = np.arange(n_values) - (n_values - 1) / 2
    rest = series - series.mean(axis=0)
    rest = rest - time[:, None] * (time @ rest) / max(1.0, time @ time)
    # Of a constant or a straight line only rounding errors are left.
    rest = rest[:, rest.std(axis=0) > 1e-9 * np.abs(series).max(axis=0)]
    if rest.size == 0:
        return 1
    # Padded with zeros, or the end of the series would meet its beginning.
    power = np.abs(np.fft.rfft(rest, 2 * n_values, axis=0)) ** 2
    products = np.fft.irfft(power, axis=0)[: n_values // 2 + 1]
    likeness = (products / products[0]).mean(axis=1)
    inner = likeness[1:-1]
    peaks = 1 + np.flatnonzero((inner >= likeness[:-2]) & (inner > likeness[2:]))
    peaks = peaks[likeness[peaks] >= least]
    if len(peaks) == 0:
        return 1
    return int(peaks[likeness[peaks] >= 0.9 * likeness[peaks].max()][0])
