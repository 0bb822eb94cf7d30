"""Gaps in a series: rows that are missing, values that are filled, and values that are lost.

A short gap is filled by straight lines, so that the windows around it can be read; a
filled value is never a target. A long one is not filled: windows that reach into it are left out.
"""

import numpy as np

from skwave._pandas_index import (
    as_times,
    check_index,
    check_same_times,
    continued_index,
    date_range,
)
from skwave._sliding import is_sliding_view, series_of_view
from skwave.exceptions import warn


def longest_gap(window_length):
    """Return how many missing values in a row are filled: a tenth of a window, and at least one."""
    return max(1, window_length // 10)


def missing_rows(values):
    """Return which rows of (n_values, n_channels) hold NaN."""
    if values.dtype.kind != "f":
        return np.zeros(len(values), dtype=bool)
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

    Parameters
    ----------
    values : ndarray of shape (n_values, n_channels)
        One series.

    Returns
    -------
    ndarray of shape (n_values, n_channels)
        The same array where no value is missing. Values before the first one that is known are
        equal to it.
    """
    if not missing_rows(values).any():
        return values
    newest = np.where(np.isnan(values), -1, np.arange(len(values))[:, None])
    newest = np.maximum.accumulate(newest, axis=0)
    first = np.argmax(~np.isnan(values), axis=0)
    return np.take_along_axis(values, np.where(newest < 0, first, newest), axis=0)


def missing_in_windows(windows):
    """Return which windows (n_windows, window_length, n_channels) hold NaN."""
    if windows.dtype.kind != "f":
        return np.zeros(len(windows), dtype=bool)
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
    lost = np.zeros(len(values), dtype=bool)
    is_missing = missing_rows(values)
    if not is_missing.any():
        return lost
    ends = np.append(begins[1:], len(values))
    for begin, end in zip(begins, ends, strict=True):
        # Between rows that are known, or stand before and after the series.
        known = np.flatnonzero(np.concatenate([[True], ~is_missing[begin:end], [True]])) - 1
        for gap in np.flatnonzero(np.diff(known) > 1):
            before, after = known[gap], known[gap + 1]
            if after == end - begin or after - before - 1 > longest:
                lost[begin + before + 1 : begin + after] = True
    return lost


def describe_gaps(values, begins):
    """Return a sentence about the missing values of a series, for messages."""
    is_missing = missing_rows(values)
    longest = 0
    for part in np.split(is_missing, begins[1:]):
        positions = np.concatenate([[-1], np.flatnonzero(part), [len(part)]])
        longest = max(longest, int(np.diff(positions).max()) - 1)
    return (
        f"{is_missing.sum()} of {len(values)} rows hold NaN, and the longest run without has "
        f"{longest} values"
    )


def with_missing_rows(X, name="X", training_spec=None):
    """Return a pandas object with a row of NaN for each label that a regular index would have.

    Parameters
    ----------
    X : object
        A series; without an index it is returned as it is.
    name : str, default="X"
        What the messages call it.
    training_spec : None or dict, default=None
        What `index_spec` returned for the training series, if it is another one: where that has a
        frequency, it is the one of `X`.

    Returns
    -------
    object
        The same object where no row is missing, or, if there is no training series with a
        frequency, where those missing are a rule of their own: nights or weekends, or more than a
        fifth of all.

    Raises
    ------
    ValueError
        If the index is none of increasing times, or has another frequency or zone than that of the
        training series.

    Warns
    -----
    ForecastWarning
        If rows are missing.
    """
    check_index(X, name)
    if not hasattr(X, "iloc") or len(X) == 0:
        return X
    check_same_times(X, training_spec, name)
    index = as_times(X.index, name)
    expected = continued_index(index, training_spec, name)
    is_known = expected is not None
    known = (training_spec or {}).get("index") or {}
    if not is_known:
        # Whether rows are missing in dates without a frequency was decided for the training series.
        if known.get("type") == "datetime" and not known["freq"]:
            return X
        expected = _regular_index(index) if hasattr(index, "freq") else None
    if expected is None:
        return X
    is_there = expected.isin(index)
    missing = expected[~is_there]
    sizes = np.diff(np.flatnonzero(is_there)) - 1
    if not len(missing) or (not is_known and _is_a_rule(index, sizes)):
        return X
    insert = f"{name}.asfreq({expected.freqstr!r})"
    if not hasattr(index, "tz"):
        insert = f"{name}.reindex(pandas.period_range({name}.index[0], {name}.index[-1]))"
    one_part = ""
    if len(missing) > 1 and np.count_nonzero(sizes) == 1:
        one_part = " If a search left these rows out, give it cv=ForecastSplit(...)."
    warn(
        f"{name} lacks {len(missing)} of {len(missing) + len(index)} rows of a regular index, the "
        f"first at {missing[0]}. They are taken as missing values. Insert them with {insert} to "
        f"avoid this warning.{one_part}"
    )
    return X.set_axis(index).reindex(expected.rename(X.index.name))


def _is_a_rule(index, sizes):
    """Return whether rows are missing by a rule: all weekends, closing times, or many of them.

    Parameters
    ----------
    index : DatetimeIndex or PeriodIndex of length n
        The labels that are there.
    sizes : ndarray of shape (n - 1,)
        How many rows are missing after each of them but the last one.
    """
    times = index if hasattr(index, "tz") else index.to_timestamp()
    is_of_working_days = (times.day_of_week < 5).all() and (times[-1] - times[0]).days >= 7
    is_sparse = sizes.sum() > 0.2 * (sizes.sum() + len(index))
    return is_of_working_days or is_sparse or _are_closing_times(times, sizes)


def _are_closing_times(times, sizes):
    """Return whether rows are missing as those of a market that is closed at certain times.

    Parameters
    ----------
    times : DatetimeIndex of length n
        The times that are there.
    sizes : ndarray of shape (n - 1,)
        How many rows are missing after each of them but the last one.

    Returns
    -------
    bool
        Whether there are several gaps of the same length, longer than a row, and all begin at the
        same time of the day, or on the same day of the week where values are days apart.
    """
    import pandas as pd

    lengths, last = sizes[sizes > 0], times.tz_localize(None)[:-1][sizes > 0]
    step, day = np.diff(times.tz_localize(None)).min(), pd.Timedelta(days=1)
    if len(lengths) < 2 or not lengths.min() == lengths.max() > 1 or step >= 7 * day:
        return False
    period = 7 * day if step >= day else day
    places = np.sort(((last - last[0]) % period).to_numpy())
    longest = np.diff(np.append(places, places[0] + period.to_timedelta64())).max()
    # In a zone without summer time, a market closes an hour earlier or later in summer.
    return bool(period - longest <= pd.Timedelta(hours=1))


def _regular_index(index):
    """Return the regular index from the first to the last label that holds all of them, or None."""
    import pandas as pd

    if len(index) < 5:
        return None
    steps = np.diff(index.asi8)
    # An index at the least distance of a few labels over a long time would be huge.
    if steps.min() == steps.max() or steps.sum() / steps.min() > 10 * len(index):
        return None
    if isinstance(index, pd.PeriodIndex):
        expected = pd.period_range(index[0], index[-1], freq=index.freq)
    elif isinstance(index, pd.DatetimeIndex) and index.freq is None:
        # The frequency of most stretches of four labels.
        starts = np.linspace(0, len(index) - 4, 25).astype(int)
        freqs = [pd.DatetimeIndex(index[k : k + 4], freq="infer").freq for k in starts]
        freqs = [freq for freq in freqs if freq is not None]
        if not freqs:
            return None
        freq = max(freqs, key=freqs.count)
        expected = date_range(index[0], index[-1], freq=freq, unit=index.unit)
    else:
        return None
    return expected if index.isin(expected).all() else None
