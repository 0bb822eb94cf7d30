"""The index of a series as plain data, and the labels that follow its last one."""

import contextlib
import itertools

import numpy as np

from skwave._pandas_index import as_times, is_pandas_installed


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
        without a regular frequency have the frequency None, and cannot be continued.
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

    if isinstance(index, pd.PeriodIndex) and (np.diff(index.asi8) == index.freq.n).all():
        return {
            "type": "period", "last": str(index[-1]), "freq": index.freqstr, "name": index.name,
        }  # fmt: skip
    if isinstance(index, pd.DatetimeIndex):
        freq, anchor = _find_frequency(index, training)
        # With the offset from UTC, which distinguishes the two hours at the end of summer time.
        # The zone has the attribute key if it is of zoneinfo, and zone if it is of pytz.
        return {
            "type": "datetime", "last": index[-1].isoformat(), "freq": freq,
            "anchor": anchor.isoformat(), "unit": index.unit, "name": index.name,
            "zone": getattr(index.tz, "key", None) or getattr(index.tz, "zone", None),
        }  # fmt: skip
    if pd.api.types.is_integer_dtype(index.dtype) and len(index) > 1:
        distances = np.unique(np.diff(index.to_numpy(dtype=int)))
        if len(distances) == 1 and distances[0] != 0:
            return {
                "type": "integer", "last": int(index[-1]), "step": int(distances[0]),
                "name": index.name,
            }  # fmt: skip
    return None


def _find_frequency(index, training):
    """Return the frequency of dates and their anchor, as `regular_dates` takes them.

    The frequency is None where the dates are irregular. A short part of irregular dates, such as
    one week, may look regular.
    """
    rules = likely_frequencies(index)
    if training.get("type") == "datetime":
        if training["freq"] is None:
            rules = []
        elif index.freq is None:
            rules.insert(0, (training["freq"], timestamp(training, "anchor")))
    for freq, anchor in rules:
        # So many dates may leave the range of pandas.
        with contextlib.suppress(ValueError):
            if index.equals(regular_dates(freq, anchor, index[0], periods=len(index))):
                return freq, anchor
    return None, index[0]


def likely_frequencies(index):
    """Return the frequencies that dates may have, the likeliest first, each with its anchor."""
    import pandas as pd

    if index.freq is not None:
        # The string of a DateOffset cannot be read; others lack holidays and working hours.
        with contextlib.suppress(ValueError):
            is_all = pd.tseries.frequencies.to_offset(index.freqstr) == index.freq
            return [(index.freqstr, index[:2][-1])] if is_all else []
    if len(index) < 3:
        return []
    # The attribute inferred_freq, and infer_freq, warn from pandas 3 on.
    freqs = [pd.DatetimeIndex(index, freq="infer").freqstr]
    if freqs == [None]:
        # Missing rows and changes of clocks hide the frequency, but not that of most stretches.
        starts = np.linspace(0, max(len(index) - 4, 0), 25).astype(int)
        freqs = [pd.DatetimeIndex(index[k : k + 4], freq="infer").freqstr for k in starts]
        freqs = sorted(freqs, key=freqs.count, reverse=True)
    # The second date has the time of the day, where clocks moved the first one.
    rules = [(freq, index[1]) for freq in dict.fromkeys(freqs) if freq is not None]
    months = int(np.diff(12 * index.year + index.month).min())
    return [*rules, (months, index[index.day.argmax()])] if months > 0 else rules


def regular_dates(freq, anchor, first, end=None, *, periods=None):
    """Return dates of a frequency, as `pandas.date_range` does, and of the same day of months.

    A date that is skipped by clocks put forward at its time of the day is moved to the next one
    that exists, as by `resample`, and of two equal ones the first is taken.

    Parameters
    ----------
    freq : str or int
        A frequency of pandas, or a number of months, as of dates on the 15th of each.
    anchor : Timestamp
        Another of the dates. It has the time of the day where clocks moved the first one, and the
        day of the month: the 31st is the last day of shorter months.
    first, end : Timestamp
        The first date, and the last possible one, or None.
    periods : int or None
        How many dates, or None.
    """
    import pandas as pd

    is_by_months, unit, zone = isinstance(freq, int), first.unit, first.tz
    offset = pd.tseries.frequencies.to_offset(f"{freq}MS" if is_by_months else freq)
    # A day has 23 hours where clocks are put forward.
    if isinstance(offset, pd.offsets.Tick) and not isinstance(offset, pd.offsets.Day):
        return pd.date_range(first, end, periods=periods, freq=offset, unit=unit)
    local, clock = first.tz_localize(None), anchor.tz_localize(None)
    moved = local.normalize() + (clock - clock.normalize())
    if moved.tz_localize(zone, nonexistent="shift_forward", ambiguous=True) == first:
        local = moved
    begin = local.normalize().replace(day=1) if is_by_months else local
    end = None if end is None else end.tz_localize(None)
    dates = pd.date_range(begin, end, periods=periods, freq=offset, unit=unit)
    if is_by_months:
        days = np.minimum(anchor.day, dates.days_in_month) - 1
        dates += pd.to_timedelta(days, unit="D") + (local - local.normalize())
        dates = dates.as_unit(unit)
    if zone is None:
        return dates
    # Clocks skip some dates, and show others twice.
    clear = dates.tz_localize(zone, nonexistent="NaT", ambiguous="NaT")
    if clear.hasnans:
        is_first = np.ones(len(dates), bool)
        return dates.tz_localize(zone, nonexistent="shift_forward", ambiguous=is_first)
    if not is_by_months:
        clear.freq = offset
    return clear


def next_index(spec, n_steps):
    """Return the `n_steps` index labels after the last one, or None if they are not known.

    `spec` is what `index_spec` returned.
    """
    index = spec["index"]
    if index is None or not is_pandas_installed():
        return None
    import pandas as pd

    name = index["name"]
    if index["type"] == "integer":
        first, step = index["last"] + index["step"], index["step"]
        return pd.RangeIndex(first, first + n_steps * step, step, name=name)
    if index["freq"] is None:
        return None
    if index["type"] == "period":
        last = pd.Period(index["last"], freq=index["freq"])
        return pd.period_range(last, periods=n_steps + 1, name=name)[1:]
    last, anchor = timestamp(index, "last"), timestamp(index, "anchor")
    return regular_dates(index["freq"], anchor, last, periods=n_steps + 1)[1:].rename(name)


def timestamp(index, key):
    """Return one of the two described dates, ``"last"`` or ``"anchor"``, in their time zone."""
    import pandas as pd

    # A zone without a name has its offset from UTC, which the text holds.
    date = pd.Timestamp(index[key]).as_unit(index["unit"])
    return date if index["zone"] is None else date.tz_convert(index["zone"])


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
