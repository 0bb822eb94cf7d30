"""The index of a series as plain data, and the labels that follow its last one."""

import contextlib
import datetime
import itertools
import warnings

import numpy as np

from skwave._pandas_index import as_times, is_pandas_installed

_UTC = "UTC", "Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu", "UCT", "Universal", "Zulu"


def index_spec(X, training_spec=None):
    """Describe a pandas object in plain data, so that forecasts can be given its form.

    Parameters
    ----------
    X : object
        A Series or DataFrame; anything else has no description.
    training_spec : None or dict, default=None
        The description of the training series. Its frequency is taken where `X` has none of its
        own: a working week alone looks like any other five days, and dates from February on need
        not show on which day of the month they are.

    Returns
    -------
    None or dict
        Plain data, but for labels of columns. The entry ``"index"`` describes dates, periods
        without a gap, and integers at a regular distance; it is None for all other labels. Dates
        without a regular frequency cannot be continued.
    """
    if not hasattr(X, "iloc"):
        return None
    columns = [X.name] if X.ndim == 1 else list(X.columns)
    levels = [None] if X.ndim == 1 else list(X.columns.names)
    training = (training_spec or {}).get("index") or {}
    index = _describe(as_times(X.index, "X"), training) if len(X) else None
    return {"ndim": X.ndim, "columns": columns, "levels": levels, "index": index}


def _describe(index, training):
    """Return an index as plain data, or None for labels that `index_spec` does not describe."""
    import pandas as pd

    if isinstance(index, pd.PeriodIndex):
        if (np.diff(index.asi8) != index.freq.n).any():
            return None
        return {
            "type": "period", "last": str(index[-1]), "freq": index.freqstr,
            "distance": median_distance(index), "name": index.name,
        }  # fmt: skip
    if isinstance(index, pd.DatetimeIndex):
        freq, months, first = _find_rule(index, training)
        # With the offset from UTC, which distinguishes the two hours at the end of summer time.
        return {
            "type": "datetime", "last": index[-1].isoformat(), "freq": freq,
            "zone": describe_zone(index[-1]), "unit": index.unit, "months": months,
            "first": first.isoformat(),
            "distance": median_distance(index) if freq or months else None, "name": index.name,
        }  # fmt: skip
    if pd.api.types.is_integer_dtype(index.dtype) and len(index) > 1:
        distances = np.unique(np.diff(index.to_numpy(dtype=int)))
        if len(distances) == 1 and distances[0] != 0:
            return {
                "type": "integer", "last": int(index[-1]), "step": int(distances[0]),
                "distance": None, "name": index.name,
            }  # fmt: skip
    return None


def _find_rule(index, training):
    """Return the frequency of dates, or how they go on by months as `_find_months` returns it."""
    # A short part of irregular dates, such as one week, may look regular.
    if training.get("type") == "datetime" and not (training["freq"] or training["months"]):
        return None, 0, index[0]
    months, first = _find_months(index, training)
    # Three dates of the 15th may be as many days apart.
    freq = None if training.get("months") and months else find_freq(index, training)
    return (freq, 0, index[0]) if freq else (None, months, first)


def median_distance(index):
    """Return the median distance of times in seconds; None for other labels, or fewer than three.

    The median, since working days are a day apart, whether a weekend is among them or not.
    """
    if len(index) < 3 or not (hasattr(index, "tz") or hasattr(index, "to_timestamp")):
        return None
    import pandas as pd

    times = index if hasattr(index, "tz") else index.to_timestamp()
    return pd.Series(times).diff().median().total_seconds()


def find_freq(index, training):
    """Return the frequency of dates as a string of pandas, or None if they have none."""
    import pandas as pd

    if index.freq is not None:
        # Holidays and working hours are not in the string; that of a DateOffset cannot be read.
        with contextlib.suppress(ValueError):
            if pd.tseries.frequencies.to_offset(index.freqstr) == index.freq:
                return index.freqstr
        return None
    # The attribute inferred_freq warns from pandas 3 on. A change of clocks at the time of the day
    # may hide the frequency of all dates, but not of both ends.
    parts = (index, index[:4], index[-4:]) if len(index) > 2 else ()
    inferred = [pd.DatetimeIndex(part, freq="infer").freqstr for part in parts]
    for freq in (training.get("freq"), *inferred):
        # A frequency of the training series may not be one of these dates, or leave their range;
        # that of periods has a deprecated name in pandas 2.
        with (
            contextlib.suppress(ValueError, pd.errors.OutOfBoundsDatetime),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore", FutureWarning)
            if freq and index.equals(
                date_range(
                    index[0], periods=len(index), freq=freq, unit=index.unit, like=index[:2][-1]
                )
            ):
                return freq
    return None


def _find_months(index, training):
    """Return how dates such as the 15th of a month go on.

    Returns
    -------
    months : int
        From each date to the next; 0 if their number or the day changes.
    first : Timestamp
        The date that they are counted from, which has the day of the month.
    """
    counts = 12 * index.year + index.month
    months = int(counts[1] - counts[0]) if len(index) > 2 else 0
    if (np.diff(counts) != months).any():
        return 0, index[0]
    starts = [index[0]]
    if training.get("months") == months:
        starts.append(timestamp(training["first"], training))
    for first in starts if months > 0 else ():
        if index.equals(dates_by_months(first, months, index[0], index[-1])):
            return months, first
    return 0, index[0]


def dates_by_months(first, months, start, end):
    """Return the dates from `start` to `end` that are some times so many months from `first`.

    So the 15th of each month goes on, or the 31st, which is the last day of shorter months.
    """
    import pandas as pd

    begin, stop = (
        12 * (date.year - first.year) + date.month - first.month for date in (start, end)
    )
    return pd.DatetimeIndex(
        [first + pd.DateOffset(months=k) for k in range(begin, stop + 1, months)]
    )


def date_range(first, end=None, *, periods=None, freq, unit, like=None):
    """Return dates of a frequency, as `pandas.date_range` does, at a change of clocks, too.

    A date that is skipped by clocks put forward at its time of the day is moved to the next one
    that exists, as by `resample`, and of two equal ones the first is taken.

    Parameters
    ----------
    first, end : Timestamp
        The first date, and the last possible one, or None.
    periods : int or None
        How many dates, or None.
    freq : str or DateOffset
        The frequency.
    unit : str
        The unit of the index.
    like : Timestamp or None
        Another date of the series, which has its time of the day where the first one was moved.
    """
    import pandas as pd

    offset = pd.tseries.frequencies.to_offset(freq)
    is_fixed = isinstance(offset, pd.offsets.Tick) and not isinstance(offset, pd.offsets.Day)
    if first.tz is None or is_fixed:
        return pd.date_range(first, end, periods=periods, freq=freq, unit=unit)
    begin, zone = first.tz_localize(None), first.tz
    if like is not None:
        clock = like.tz_localize(None)
        moved = begin.normalize() + (clock - clock.normalize())
        if moved.tz_localize(zone, nonexistent="shift_forward", ambiguous=True) == first:
            begin = moved
    local_end = None if end is None else end.tz_localize(None)
    local = pd.date_range(begin, local_end, periods=periods, freq=freq, unit=unit)
    if local.tz_localize(zone, nonexistent="NaT", ambiguous="NaT").hasnans:
        is_first = np.ones(len(local), bool)
        return local.tz_localize(zone, nonexistent="shift_forward", ambiguous=is_first)
    return pd.date_range(first, end, periods=periods, freq=freq, unit=unit)


def describe_zone(label):
    """Return the IANA name of a label's zone, or else its offset from UTC in seconds."""
    if label.tzinfo is None:
        return None
    # The key of zoneinfo, the zone of pytz. Other zones have names that are not IANA's.
    name = getattr(label.tzinfo, "key", None) or getattr(label.tzinfo, "zone", None)
    offset = label.utcoffset().total_seconds()
    # UTC has several names, and none as datetime.timezone.utc.
    return "UTC" if name in _UTC or (name is None and offset == 0) else name or offset


def next_index(spec, n_steps):
    """Return the `n_steps` index labels after the last one, or None if they are not known.

    `spec` is what `index_spec` returned.
    """
    index = spec["index"]
    if index is None or not is_pandas_installed():
        return None
    import pandas as pd

    name = index["name"]
    if index["type"] == "period":
        last = pd.Period(index["last"], freq=index["freq"])
        return pd.period_range(last, periods=n_steps + 1, name=name)[1:]
    if index["type"] == "datetime":
        last, first = timestamp(index["last"], index), timestamp(index["first"], index)
        if index["months"]:
            n_past = 12 * (last.year - first.year) + last.month - first.month
            after_first = n_past + index["months"] * np.arange(1, n_steps + 1)
            dates = [first + pd.DateOffset(months=int(n)) for n in after_first]
            return pd.DatetimeIndex(dates, name=name).as_unit(index["unit"])
        if not index["freq"]:
            return None
        dates = date_range(
            last, periods=n_steps + 1, freq=index["freq"], unit=index["unit"], like=first
        )
        return dates[1:].rename(name)
    first, step = index["last"] + index["step"], index["step"]
    return pd.RangeIndex(first, first + n_steps * step, step, name=name)


def timestamp(text, index):
    """Return a label of described dates, in their time zone."""
    import pandas as pd

    zone, label = index["zone"], pd.Timestamp(text)
    if zone is None:
        return label
    is_offset = isinstance(zone, float)
    return label.tz_convert(
        datetime.timezone(datetime.timedelta(seconds=zone)) if is_offset else zone
    )


def labels_after(labels, spec):
    """Return which labels are after the last one of a series of dates, or None for other labels.

    Parameters
    ----------
    labels : pandas.Index of shape (n,)
        The labels.
    spec : dict
        What `index_spec` returned for the series.

    Returns
    -------
    None or ndarray of bool of shape (n,)
        None also where these labels are no dates.
    """
    index = spec["index"]
    if index is None or index["type"] != "datetime" or not hasattr(labels, "tz"):
        return None
    return np.asarray(labels > timestamp(index["last"], index))


def to_pandas(values, spec, index, labels=()):
    """Return numbers for each value of a series as a Series or DataFrame with `index`.

    Parameters
    ----------
    values : ndarray of shape (n, n_channels, ...)
        The numbers.
    spec : None or dict
        What `index_spec` returned for the series.
    index : None or pandas.Index of shape (n,)
        Labels of the rows.
    labels : sequence of sequences, default=()
        Labels of what is on each further axis.

    Returns
    -------
    DataFrame, Series or ndarray
        In the form of the series. With further axes columns are their labels, under the channels
        where there are several. Without an index an array, which has no axis for a single channel.
    """
    if index is None:
        return values[:, 0] if values.shape[1] == 1 else values
    import pandas as pd

    if spec["ndim"] == 1 and not labels:
        return pd.Series(values[:, 0], index=index, name=spec["columns"][0])
    columns, names = [()], [None] * len(labels)
    if values.shape[1] > 1 or not labels:
        has_levels = len(spec["levels"]) > 1
        columns = [name if has_levels else (name,) for name in spec["columns"]]
        names = [*spec["levels"], *names]
    columns = [(*name, *label) for name in columns for label in itertools.product(*labels)]
    if len(names) > 1:
        columns = pd.MultiIndex.from_tuples(columns, names=names)
    else:
        columns = pd.Index([label for (label,) in columns], name=names[0])
    return pd.DataFrame(values.reshape(len(values), -1), index=index, columns=columns)
