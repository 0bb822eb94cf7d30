"""Rows that a regular index lacks: they become missing values."""

import numpy as np

from skwave._index_spec import date_range, dates_by_months
from skwave._pandas_index import as_times
from skwave._training_times import expected_index
from skwave.exceptions import warn


def with_missing_rows(X, name="X", training_spec=None):
    """Return a pandas object with a row of NaN for each label that a regular index would have.

    Parameters
    ----------
    X : object
        A series; without an index it is returned as it is.
    name : str, default="X"
        What the messages call it.
    training_spec : None or dict, default=None
        What `index_spec` returned for the training series, whose frequency tells which rows there
        should be.

    Returns
    -------
    object
        The same object where no row is missing, or, if no index is expected, where those missing
        are a rule of their own: nights or weekends, or more than a fifth of all.

    Raises
    ------
    ValueError
        As `expected_index` raises them.

    Warns
    -----
    ForecastWarning
        If rows are missing.
    """
    expected = expected_index(X, training_spec, name)
    if not hasattr(X, "iloc") or len(X) == 0:
        return X
    index = as_times(X.index, name)
    if expected is None and hasattr(index, "freq"):
        expected = _regular_index(index)
    if expected is None:
        return X
    is_there = expected.isin(index)
    missing, sizes = expected[~is_there], np.diff(np.flatnonzero(is_there)) - 1
    if not len(missing):
        return X
    insert = "Insert them"
    if not hasattr(index, "tz"):
        insert += f" with {name}.reindex(pandas.period_range({name}.index[0], {name}.index[-1]))"
    else:
        if expected.freqstr is not None:
            insert += f" with {name}.asfreq({expected.freqstr!r})"
        if index is not X.index:
            insert = f"Set {name}.index = pandas.to_datetime({name}.index). {insert}"
    one_part = ""
    if len(missing) > 1 and np.count_nonzero(sizes) == 1:
        one_part = " If a search left these rows out, give it cv=ForecastSplit(...)."
    warn(
        f"{name} lacks {len(missing)} of {len(missing) + len(index)} rows of a regular index, the "
        f"first at {missing[0]}. They are taken as missing values. {insert} to avoid this "
        f"warning.{one_part}"
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
    import pandas as pd

    times = index if hasattr(index, "tz") else index.to_timestamp()
    # Weeks and months may all begin on a working day.
    is_daily = (times[1:] - times[:-1]).min() <= pd.Timedelta(days=1)
    is_over_a_week = (times[-1] - times[0]).days >= 7
    is_of_working_days = is_daily and is_over_a_week and (times.day_of_week < 5).all()
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
    if len(lengths) < 2 or len(set(lengths)) > 1 or lengths[0] == 1 or step >= 7 * day:
        return False
    period = 7 * day if step >= day else day
    places = np.sort(((last - last[0]) % period).to_numpy())
    longest = np.diff(np.append(places, places[0] + period.to_timedelta64())).max()
    # In a zone without summer time, a market closes an hour earlier or later in summer.
    return bool(period - longest <= pd.Timedelta(hours=1))


def _monthly_dates(index):
    """Return the dates on the same day of each month, or each third; None if some are in one month.

    pandas has no frequency for the 15th of each month.
    """
    months = np.diff(12 * index.year + index.month).min()
    return dates_by_months(index[0], months, index[0], index[-1]) if months > 0 else None


def _regular_index(index):
    """Return the regular index from the first to the last label that holds all of them.

    None where there is none, or where the labels that it adds are missing by a rule.
    """
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
        expected = None
        if freqs:
            freq = max(freqs, key=freqs.count)
            expected = date_range(index[0], index[-1], freq=freq, unit=index.unit, like=index[1])
        # Three quarters from the 15th of May on are 92 days each.
        if expected is None or not index.isin(expected).all():
            expected = _monthly_dates(index)
    else:
        return None
    if expected is None or not index.isin(expected).all():
        return None
    sizes = np.diff(np.flatnonzero(expected.isin(index))) - 1
    return None if _is_a_rule(index, sizes) else expected
