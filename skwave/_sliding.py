"""Sliding views of a series, and where one series ends and the next begins."""

import numpy as np


def sliding_windows(series, window_length):
    """Return every run of `window_length` consecutive values, as a read-only view.

    Of a series of shape (n_values, n_channels), window i holds the values i … i + window_length -
    1. The view has the shape (n_values - window_length + 1, window_length, n_channels).
    """
    windows = np.lib.stride_tricks.sliding_window_view(series, window_length, axis=0)
    return windows.transpose(0, 2, 1)


def is_sliding_view(windows):
    """Return whether `windows` is a view of one series, without reading a value."""
    return (
        isinstance(windows, np.ndarray)
        and windows.ndim == 3
        and min(windows.shape) > 0
        and windows.strides[0] == windows.strides[1]
    )


def series_of_view(windows):
    """Return the series of shape (n_values, n_channels) that a sliding view shows."""
    n_windows, length, n_channels = windows.shape
    return np.lib.stride_tricks.as_strided(
        windows,
        shape=(n_windows + length - 1, n_channels),
        strides=windows.strides[1:],
        writeable=False,
    )


def split_windows(windows):
    """Return the series that windows were cut from.

    Parameters
    ----------
    windows : ndarray of shape (n_windows, window_length, n_channels)
        Windows in the order of time; those of several series stand one after the other. A window
        that does not continue the one before it begins a new series; NaN continues NaN. Windows of
        one value do not overlap, so that they cannot show where a series ends.

    Returns
    -------
    list of ndarray of shape (n_values, n_channels)
        Each value once.
    """
    if is_sliding_view(windows):
        return [series_of_view(windows)]
    later, earlier = windows[1:, :-1], windows[:-1, 1:]
    continues = ((later == earlier) | (np.isnan(later) & np.isnan(earlier))).all(axis=(1, 2))
    parts = np.split(windows, 1 + np.flatnonzero(~continues))
    return [np.concatenate([part[0, :-1], part[:, -1]]) for part in parts]


def join_series(series, window_length):
    """Return several series one after the other, and where their windows begin.

    Parameters
    ----------
    series : list of ndarray of shape (n_values, n_channels)
        Each of at least a window; lengths may differ.
    window_length : int
        Values in a window.

    Returns
    -------
    values : ndarray of shape (n_values, n_channels)
        The series, one after the other.
    starts : ndarray of shape (n_windows,)
        The position in `values` at which each window begins.
    first_windows : ndarray of shape (n_series,)
        The index of the first window of each series.
    """
    n_windows = np.array([len(one) for one in series]) - window_length + 1
    first_windows = np.cumsum(n_windows) - n_windows
    # Between two series are `window_length - 1` values at which no window begins.
    skipped = np.arange(len(series)) * (window_length - 1)
    starts = np.arange(n_windows.sum()) + np.repeat(skipped, n_windows)
    return np.concatenate(series), starts, first_windows


def windows_followed_by(n_values, first_windows, n_windows):
    """Return the indices of the windows that `n_values` more values of their series follow."""
    sizes = np.diff(first_windows, append=n_windows)
    end = np.repeat(first_windows + sizes, sizes)
    return np.flatnonzero(np.arange(n_windows) + n_values < end)
