"""Sliding views of a series, and where one series ends and the next begins."""

import numpy as np


def sliding_windows(series, window_length):
    """Return every run of `window_length` consecutive values, as a read-only view.

    Parameters
    ----------
    series : ndarray of shape (n_values, n_channels)
        The series.
    window_length : int
        Values in a window.

    Returns
    -------
    ndarray of shape (n_values - window_length + 1, window_length, n_channels)
        Window i holds the values i … i + window_length - 1.
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


def join_windows(windows):
    """Return the series that windows were cut from, each value once.

    Parameters
    ----------
    windows : ndarray of shape (n_windows, window_length, n_channels)
        Windows in the order of time; those of several series stand one after the other. A window
        that does not continue the one before it begins a new series.

    Returns
    -------
    values : ndarray of shape (n_values, n_channels)
        The series, one after the other.
    starts : ndarray of shape (n_windows,)
        The position in `values` at which each window begins.
    first_windows : ndarray of shape (n_series,)
        The index of the first window of each series.
    """
    n_windows, length, n_channels = windows.shape
    if is_sliding_view(windows):
        return series_of_view(windows), np.arange(n_windows), np.zeros(1, dtype=int)
    # Windows of one value do not overlap, so that they cannot show where a series ends.
    later, earlier = windows[1:, :-1], windows[:-1, 1:]
    is_same = later == earlier
    if windows.dtype.kind == "f" and np.isnan(windows.min()):
        # A missing value is the same in both.
        is_same |= np.isnan(later) & np.isnan(earlier)
    continues = is_same.all(axis=(1, 2))
    begins = np.append(True, ~continues)
    first_windows = np.flatnonzero(begins)
    starts = np.arange(n_windows) + (np.cumsum(begins) - 1) * (length - 1)
    values = np.empty((n_windows + len(first_windows) * (length - 1), n_channels), windows.dtype)
    values[starts + length - 1] = windows[:, -1]
    head = np.arange(length - 1)
    values[starts[first_windows][:, None] + head] = windows[first_windows, :-1]
    return values, starts, first_windows


def join_series(series, window_length):
    """Return several series one after the other, as `join_windows` does.

    Parameters
    ----------
    series : list of ndarray of shape (n_values, n_channels)
        Each of at least a window; lengths may differ.
    window_length : int
        Values in a window.

    Returns
    -------
    values, starts, first_windows : ndarray
        As `join_windows` returns them.
    """
    sizes = np.array([len(one) for one in series])
    n_windows = sizes - window_length + 1
    first_windows = np.cumsum(n_windows) - n_windows
    starts = np.arange(n_windows.sum()) + np.repeat(
        np.arange(len(series)) * (window_length - 1), n_windows
    )
    return np.concatenate(series), starts, first_windows


def windows_followed_by(n_values, first_windows, n_windows):
    """Return the indices of the windows that `n_values` more values of their series follow."""
    sizes = np.diff(first_windows, append=n_windows)
    end = np.repeat(first_windows + sizes, sizes)
    return np.flatnonzero(np.arange(n_windows) + n_values < end)
