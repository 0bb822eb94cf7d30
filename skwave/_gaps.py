"""Gaps in a series: rows that are missing, values that are filled, and values that are lost.

A short gap is filled by straight lines, so that the windows around it can be read; a
filled value is never a target. A long one is not filled: windows that reach into it are left out.
"""

import numpy as np

from skwave._sliding import is_sliding_view, series_of_view


def longest_gap(window_length):
    """Return how many missing values in a row are filled: a tenth of a window, and at least one."""
    return max(1, window_length // 10)


def missing_rows(values):
    """Return which rows of (n_values, n_channels) hold NaN."""
    return np.isnan(values).any(axis=1)


def interpolate(values, begins=(0,)):
    """Return series without NaN: straight lines in gaps, and the nearest value at the ends.

    Parameters
    ----------
    values : ndarray of shape (n_values, n_channels)
        Series, one after the other.
    begins : sequence of shape (n_series,), default=(0,)
        The row at which each begins.

    Returns
    -------
    ndarray of shape (n_values, n_channels)
        The same array where no value is missing. A channel without a value becomes 0.
    """
    if not missing_rows(values).any():
        return values
    filled = values.astype(float)
    for part in np.split(filled, begins[1:]):
        rows = np.arange(len(part))
        for channel in part.T:
            is_known = ~np.isnan(channel)
            if is_known.any():
                channel[:] = np.interp(rows, rows[is_known], channel[is_known])
            else:
                channel[:] = 0
    return filled


def fill_forward(values):
    """Return a series without NaN: a missing value repeats the one before, which is known by then.

    `values` (n_values, n_channels) are one series, and the same array is returned where none is
    missing. Values before the first one that is known are equal to it.
    """
    if not missing_rows(values).any():
        return values
    newest = np.where(np.isnan(values), -1, np.arange(len(values))[:, None])
    newest = np.maximum.accumulate(newest, axis=0)
    first = np.argmax(~np.isnan(values), axis=0)
    return np.take_along_axis(values, np.where(newest < 0, first, newest), axis=0)


def missing_in_windows(windows):
    """Return which windows (n_windows, window_length, n_channels) hold NaN."""
    if not is_sliding_view(windows):
        return np.isnan(windows).any(axis=(1, 2))
    # Each value of the series is looked at once.
    n_missing = np.concatenate([[0], np.cumsum(missing_rows(series_of_view(windows)))])
    return n_missing[windows.shape[1] :] > n_missing[: len(windows)]


def lost_rows(values, begins, longest):
    """Return which rows are in a gap of more than `longest` values, or at the end of a series.

    Parameters
    ----------
    values : ndarray of shape (n_values, n_channels)
        Series, one after the other.
    begins : ndarray of shape (n_series,)
        The row at which each begins.
    longest : int
        Missing values in a row that can be filled.

    Returns
    -------
    ndarray of bool of shape (n_values,)
        True for rows in which a channel is lost.
    """
    lost = missing_rows(values)
    for part in np.split(lost, begins[1:]):
        known = _known_rows(part)
        for gap in np.flatnonzero(np.diff(known) > 1):
            before, after = known[gap : gap + 2]
            part[before + 1 : after] = after == len(part) or after - before - 1 > longest
    return lost


def _known_rows(is_missing):
    """Return the rows of a series that are known, and those before its first and after its last."""
    return np.flatnonzero(np.pad(~is_missing, 1, constant_values=True)) - 1


def describe_gaps(values, begins):
    """Return a sentence about the missing values of a series, for messages."""
    is_missing = missing_rows(values)
    longest = 0
    for part in np.split(is_missing, begins[1:]):
        longest = max(longest, int(np.diff(_known_rows(~part)).max()) - 1)
    return (
        f"{is_missing.sum()} of {len(values)} rows hold NaN, and the longest run without has "
        f"{longest} values"
    )
