"""Rows that a regular index lacks: they become missing values."""

import numpy as np

from skwave._index_spec import likely_frequencies, regular_dates
from skwave._pandas_index import check_index
from skwave.exceptions import warn


def with_missing_rows(X, name="X", expected=None):
    """Return a pandas object with a row of NaN for each label that a regular index would have.

    Parameters
    ----------
    X : object
        A series; without an index it is returned as it is.
    name : str, default="X"
        What the messages call it.
    expected : None or pandas.Index, default=None
        The index with all rows, where it is known from the training series (`expected_index`).

    Returns
    -------
    object
        The same object where no row is missing, or, if no index is expected, where those missing
        are a rule of their own: nights or weekends, or more than a fifth of all.

    Raises
    ------
    ValueError
        If the index is none of increasing times.

    Warns
    -----
    ForecastWarning
        If rows are missing.
    """
    index = check_index(X, name)
    if index is None:
        return X
    if expected is None:
        expected = _regular_index(index)
    if expected is None or len(expected) == len(index):
        return X
    is_there = expected.isin(index)
    missing, sizes = expected[~is_there], np.diff(np.flatnonzero(is_there)) - 1
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
        f"{name} lacks {len(missing)} of {len(expected)} rows of a regular index, the first at "
        f"{missing[0]}. They are taken as missing values. {insert} to avoid this warning.{one_part}"
    )
    return X.set_axis(index).reindex(expected.rename(X.index.name))


def _regular_index(index):
    """Return the regular index from the first to the last label that holds all of them.

    None where there is none, or where the labels that it adds are missing by a rule.
    """
    import pandas as pd

    if len(index) < 5 or not hasattr(index, "asi8"):
        return None
    steps = np.diff(index.asi8)
    # An index at the least distance of a few labels over a long time would be huge.
    if steps.min() == steps.max() or steps.sum() / steps.min() > 10 * len(index):
        return None
    candidates = []
    if isinstance(index, pd.PeriodIndex):
        candidates = [pd.period_range(index[0], index[-1], freq=index.freq)]
    elif isinstance(index, pd.DatetimeIndex) and index.freq is None:
        rules = likely_frequencies(index)
        candidates = (regular_dates(*rule, index[0], index[-1]) for rule in rules)
    for expected in candidates:
        if index.isin(expected).all():
            sizes = np.diff(np.flatnonzero(expected.isin(index))) - 1
            return None if _is_a_rule(index, sizes) else expected
    return None


def _is_a_rule(index, sizes):
    """Return whether rows are missing by a rule: all weekends, closing times, or many of them.

    Closing times are gaps of the same length, longer than a row, that all begin at the same time of
    the day, or on the same day of the week where values are days apart.

    Parameters
    ----------
    index : DatetimeIndex or PeriodIndex of length n
        The labels that are there.
    sizes : ndarray of shape (n - 1,)
        How many rows are missing after each of them but the last one.
    """
    import pandas as pd

    times = index.tz_localize(None) if hasattr(index, "tz") else index.to_timestamp()
    if sizes.sum() > 0.2 * (sizes.sum() + len(times)):
        return True
    step, day = (times[1:] - times[:-1]).min(), pd.Timedelta(days=1)
    # Weeks and months may all begin on a working day.
    if step <= day and times[-1] - times[0] >= 7 * day and (times.day_of_week < 5).all():
        return True
    lengths = set(sizes[sizes > 0])
    begins = times[:-1][sizes > 0]
    if len(begins) < 2 or len(lengths) > 1 or lengths == {1} or step >= 7 * day:
        return False
    period = 7 * day if step >= day else day
    late = (begins[1:] - begins[:-1]) % period
    # In a zone without summer time, a market closes an hour earlier or later in summer.
    hour = pd.Timedelta(hours=1)
    return bool(((late <= hour) | (late >= period - hour)).all())
