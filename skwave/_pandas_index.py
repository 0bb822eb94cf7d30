"""What the index of a pandas series must be, and the index after its last label.

pandas is imported inside functions only, for users who gave a pandas object.
"""

import contextlib
import datetime
import itertools
import re
import warnings

import numpy as np

_UTC = "UTC", "Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu", "UCT", "Universal", "Zulu"


def check_index(X, name="X"):
    """Raise an error if the index of a pandas object is not one of increasing times.

    An index of numbers is not checked, since they need not be times.

    Parameters
    ----------
    X : object
        A series; without an index nothing is checked.
    name : str, default="X"
        What the messages call it.

    Raises
    ------
    ValueError
        If the index has several levels, labels that are no times, a row without a time (NaT), a
        repeated time, a time before that of the row above, or dates whose day and month were
        exchanged when they were read.
    """
    if not hasattr(X, "iloc") or len(X) == 0:
        return
    index = as_times(X.index, name)
    if not hasattr(index, "freq"):
        return
    if index.hasnans:
        row = int(np.flatnonzero(index.isna())[0])
        raise ValueError(
            f"{name} has no time (NaT) in its index at row {row}. Drop the row, or give its time."
        )
    if not index.is_unique:
        label = index[index.duplicated()][0]
        zone = ""
        if getattr(index, "tz", label) is None and (index != index.normalize()).any():
            zone = (
                "if clocks were put back, give the time zone, as by "
                f"{name}.tz_localize('Europe/Berlin', ambiguous='infer'); "
            )
        raise ValueError(
            f"{name} has the time {label} {(index == label).sum()} times in its index; "
            f"{index.duplicated().sum()} of the rows repeat an earlier time. If they are of "
            "several series, such as shops, give these as a first level of the index, as by "
            f"set_index(['shop', 'time']); {zone}if rows were written twice, use "
            f"{name}[~{name}.index.duplicated()]."
        )
    if not index.is_monotonic_increasing:
        raise ValueError(
            f"{name} has an index from {index[0]} to {index[-1]} that does not increase all the "
            "way, but rows are needed in the order of time, the newest last. Use sort_index()."
        )
    # pandas reads 01.02.2020 as the second of January. Times since a start have no month.
    if hasattr(index, "month") and len(index) > 12 and _are_exchanged(index):
        raise ValueError(
            f"{name} has an index such as {index[0]} and {index[1]}: of several years it has the "
            "first twelve days of January alone, as if day and month of the first days of months "
            "had been exchanged. Read the file with the format of its dates, such as "
            "pandas.read_csv(..., date_format='%d.%m.%Y')."
        )


def _are_exchanged(dates):
    """Return whether dates of several years are some of the first twelve days of January alone."""
    is_january = (dates.month == 1) & (dates.day <= 12)
    # Yearly dates may all be the first of January.
    # The first working day of each year is one, too.
    return (
        bool(is_january.all())
        and 1 < dates.year.nunique() < len(dates) - 1
        and dates.day.nunique() > 1
    )


def is_pandas_installed():
    """Return whether pandas is there; a model that was fitted with it may be loaded without."""
    try:
        import pandas  # noqa: F401
    except ModuleNotFoundError:
        return False
    return True


def is_multi_index(X):
    """Return whether a pandas object has an index of several levels."""
    return hasattr(X, "iloc") and X.index.nlevels > 1


def as_times(index, name):
    """Return an index as times, if its labels are dates of whatever type, and numbers as they are.

    Raises
    ------
    ValueError
        If the labels are neither numbers nor times.
    """
    import pandas as pd

    if isinstance(index, pd.MultiIndex):
        raise ValueError(
            f"{name} has an index of the levels {list(index.names)}, as of several series, but one "
            "series is needed here. Take one of them by xs."
        )
    if hasattr(index, "freq") or pd.api.types.is_numeric_dtype(index.dtype):
        return index
    labels = index.astype(object)
    if isinstance(labels[0], pd.Period):
        return pd.PeriodIndex(labels)
    try:
        # Of strings only ISO 8601 is read: in others the order of day and month is unknown.
        with warnings.catch_warnings():
            # pandas 2 warns of different offsets before it raises the error.
            warnings.simplefilter("ignore", FutureWarning)
            return pd.DatetimeIndex(pd.to_datetime(labels, format="ISO8601"))
    except (ValueError, TypeError) as error:
        if re.fullmatch(r"\d{4}-?Q[1-4]", str(labels[0])):
            raise ValueError(
                f"{name} has an index of strings such as {labels[0]!r}. Make quarters of them: "
                f"{name}.index = pandas.PeriodIndex({name}.index, freq='Q')."
            ) from error
        if _have_offsets(labels):
            raise ValueError(
                f"{name} has an index of times with different offsets from UTC, such as "
                f"{labels[0]!r} and {labels[-1]!r}. Give their time zone: {name}.index = "
                f"pandas.to_datetime({name}.index, utc=True).tz_convert('Europe/Berlin')."
            ) from error
        raise ValueError(
            f"{name} has an index of {type(labels[0]).__name__} such as {labels[0]!r}, which is "
            f"not understood as times. Convert it: {name}.index = pandas.to_datetime({name}.index, "
            "format=...), for example format='%d.%m.%Y %H:%M'. If the rows are in the order of "
            f"time, {name}.reset_index(drop=True) removes the index."
        ) from error


def _have_offsets(labels):
    """Return whether labels are times that pandas understands with an offset from UTC each."""
    import pandas as pd

    try:
        pd.to_datetime(labels, format="ISO8601", utc=True)
    except (ValueError, TypeError):
        return False
    return True


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
        Strings and numbers alone. The entry ``"index"`` is None if labels are neither dates nor at
        regular distances; dates without a regular frequency cannot be continued.
    """
    if not hasattr(X, "iloc"):
        return None
    columns = [X.name] if X.ndim == 1 else list(X.columns)
    levels = [None] if X.ndim == 1 else list(X.columns.names)
    training = (training_spec or {}).get("index") or {}
    index = _describe(as_times(X.index, "X"), training) if len(X) else None
    return {"ndim": X.ndim, "columns": columns, "levels": levels, "index": index}


def check_same_times(X, training_spec, name):
    """Raise an error if times of a series are in another time zone, or at another distance.

    `training_spec` is what `index_spec` returned for the training series. Without an index nothing
    is checked.
    """
    known = (training_spec or {}).get("index")
    if known is None or not hasattr(X, "iloc") or len(X) == 0:
        return
    index = as_times(X.index, name)
    _check_same_zone(index, known, name)
    distance, training_distance = _distance(index), known["distance"]
    if not distance or not training_distance or 0.8 < distance / training_distance < 1.25:
        return
    # Friday and Monday are consecutive working days, and a few months of which one is missing are
    # not the dates of every second one.
    if not _has_no_frequency(index, known) and not _is_long(index, training_distance):
        expected = _regular_labels(index, known)
        is_uneven = len(np.unique(np.diff(index.asi8))) > 1
        if index.equals(expected) or (is_uneven and index.isin(expected).all()):
            return
    raise ValueError(
        f"{name} has rows that are {_in_words(distance)} apart, but those of the training series "
        f"are {_in_words(training_distance)} apart. Give a series of the same frequency, or "
        f"{name}.to_numpy() if only the order of its rows matters."
    )


def _in_words(seconds):
    """Return a distance in words."""
    import pandas as pd

    return str(pd.Timedelta(seconds=seconds).round("s"))


def continued_index(index, training_spec, name):
    """Return the labels from the first to the last one at the frequency of the training series.

    Parameters
    ----------
    index : pandas.Index of shape (n,)
        Labels of a series, or of its end.
    training_spec : None or dict
        What `index_spec` returned for the training series.
    name : str
        What the messages call the series.

    Returns
    -------
    None or pandas.Index
        None where the training series has no frequency, or these labels have another one.

    Raises
    ------
    ValueError
        If the labels are at no regular distances, unlike those of the training series, or there is
        a gap that is many times as long as the series.
    """
    known = (training_spec or {}).get("index") or {}
    if _has_no_frequency(index, known):
        return None
    if _is_long(index, known["distance"]):
        raise ValueError(
            f"{name} has {len(index)} rows from {index[0]} to {index[-1]}, but those of the "
            f"training series are {_in_words(known['distance'])} apart. Give the rows after the "
            "last gap."
        )
    expected = _regular_labels(index, known)
    if index.equals(expected) or index.isin(expected).all():
        return expected
    if hasattr(index, "tz") and _find_freq(index, {}):
        return None
    raise ValueError(
        f"{name} has times from {index[0]} to {index[-1]} that are not regular, but those of the "
        f"training series have the frequency {known['freq']!r}. Round them, insert missing rows by "
        f"{name}.asfreq, or give {name}.to_numpy() if only the order of its rows matters."
    )


def _has_no_frequency(index, known):
    """Return whether labels are no dates or periods of the kind of a series with a frequency."""
    is_period = known.get("type") == "period" and hasattr(index, "to_timestamp")
    return not known.get("freq") or not (
        is_period or (known["type"] == "datetime" and hasattr(index, "tz"))
    )


def _regular_labels(index, known):
    """Return the labels from the first to the last one at a known frequency."""
    import pandas as pd

    if known["type"] == "period":
        return pd.period_range(index[0], index[-1], freq=index.freq)
    first = _timestamp(known["first"], known)
    return date_range(index[0], index[-1], freq=known["freq"], unit=index.unit, like=first)


def _is_long(index, distance):
    """Return whether labels reach over many times as many distances as there are of them."""
    times = index[[0, -1]] if hasattr(index, "tz") else index[[0, -1]].to_timestamp()
    return (times[1] - times[0]).total_seconds() > 100 * len(index) * (distance or np.inf)


def _check_same_zone(index, known, name):
    """Raise an error if times are in another time zone than those of the training series."""
    if known["type"] != "datetime" or not hasattr(index, "tz"):
        return
    zones = _describe_zone(index[-1]), known["zone"]
    # Two without names may be one, which has another offset in summer.
    if zones[0] != zones[1] and not all(isinstance(zone, float) for zone in zones):
        convert = "tz_localize" if None in zones else "tz_convert"
        raise ValueError(
            f"{name} has times in the time zone {index.tz}, but those of the training series are "
            f"in {zones[1]}. Give {name}.{convert}({zones[1]!r})."
        )


def _distance(index):
    """Return the median distance of times in seconds; None for other labels, or fewer than three.

    The median, since working days are a day apart, whether a weekend is among them or not.
    """
    if len(index) < 3 or not (hasattr(index, "tz") or hasattr(index, "to_timestamp")):
        return None
    import pandas as pd

    times = index if hasattr(index, "tz") else index.to_timestamp()
    return pd.Series(times).diff().median().total_seconds()


def _describe(index, training):
    """Return an index as plain data, or None if its labels are neither dates nor regular."""
    import pandas as pd

    if isinstance(index, pd.PeriodIndex):
        if (np.diff(index.asi8) != index.freq.n).any():
            return None
        return {
            "type": "period", "last": str(index[-1]), "freq": index.freqstr,
            "distance": _distance(index), "name": index.name,
        }  # fmt: skip
    if isinstance(index, pd.DatetimeIndex):
        freq, months, first, n_labels = None, 0, index[0], len(index)
        was_regular = training.get("freq") or training.get("months")
        # A short part of irregular dates, such as one week, may look regular.
        if was_regular or training.get("type") != "datetime":
            # Three dates of the 15th may be as many days apart.
            if not training.get("months"):
                freq = _find_freq(index, training)
            if not freq:
                months, first, n_labels = _find_months(index, training)
            if not freq and not months:
                freq = _find_freq(index, training)
        # With the offset from UTC, which distinguishes the two hours at the end of summer time.
        return {
            "type": "datetime", "last": index[-1].isoformat(), "freq": freq,
            "zone": _describe_zone(index[-1]), "unit": index.unit, "months": months,
            "first": first.isoformat(), "n_labels": n_labels,
            "distance": _distance(index) if freq or months else None, "name": index.name,
        }  # fmt: skip
    if pd.api.types.is_integer_dtype(index.dtype) and len(index) > 1:
        distances = np.unique(np.diff(index.to_numpy(dtype=int)))
        if len(distances) == 1 and distances[0] != 0:
            return {
                "type": "integer", "last": int(index[-1]), "step": int(distances[0]),
                "distance": None, "name": index.name,
            }  # fmt: skip
    return None


def _find_freq(index, training):
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


def _find_months(index, training):
    """Return how dates such as the 15th of a month go on.

    Returns
    -------
    months : int
        From each date to the next; 0 if their number or the day changes.
    first : Timestamp
        The date that they are counted from, which has the day of the month.
    n_labels : int
        How many there are from that date on.
    """
    import pandas as pd

    counts = 12 * index.year + index.month
    months = int(counts[1] - counts[0]) if len(index) > 2 else 0
    if (np.diff(counts) != months).any():
        return 0, index[0], len(index)
    starts = [index[0]]
    if training.get("months") == months:
        starts.append(_timestamp(training["first"], training))
    for first in starts if months > 0 else ():
        n_before = int(counts[0] - 12 * first.year - first.month) // months
        n_labels = n_before + len(index)
        dates = [first + pd.DateOffset(months=months * k) for k in range(n_before, n_labels)]
        if index.equals(pd.DatetimeIndex(dates)):
            return months, first, n_labels
    return 0, index[0], len(index)


def _describe_zone(label):
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
        last, first = _timestamp(index["last"], index), _timestamp(index["first"], index)
        if index["months"]:
            months = index["months"] * (index["n_labels"] + np.arange(n_steps))
            dates = [first + pd.DateOffset(months=int(n)) for n in months]
            return pd.DatetimeIndex(dates, name=name).as_unit(index["unit"])
        if not index["freq"]:
            return None
        dates = date_range(
            last, periods=n_steps + 1, freq=index["freq"], unit=index["unit"], like=first
        )
        return dates[1:].rename(name)
    first, step = index["last"] + index["step"], index["step"]
    return pd.RangeIndex(first, first + n_steps * step, step, name=name)


def _timestamp(text, index):
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
    return np.asarray(labels > _timestamp(index["last"], index))


def check_labels(future, spec, n_steps):
    """Raise an error if what is known in advance has other labels than the steps of a forecast.

    Where the index of the series before, which `spec` describes, cannot be continued, dates have to
    be after those of the series.
    """
    check_index(future, "future")
    expected = next_index(spec, n_steps)
    labels = as_times(future.index[:n_steps], "future")
    if expected is None:
        _check_after(labels, spec)
        return
    if type(labels) is not type(expected) and not (
        hasattr(expected, "step") and len(labels) and not hasattr(labels, "freq")
    ):
        raise ValueError(
            f"future has an index of {labels.dtype}, but the series continues with {expected[0]}. "
            "Give future an index of the same kind."
        )
    _check_same_zone(labels, spec["index"], "future")
    is_other = np.flatnonzero(np.asarray(labels != expected))
    if len(is_other):
        row = int(is_other[0])
        raise ValueError(
            f"future has the label {labels[row]} in row {row}, but the forecast is of "
            f"{expected[row]} there. Give the rows from {expected[0]} to {expected[-1]}."
        )


def _check_after(labels, spec):
    """Raise an error if known inputs are not after a series whose dates cannot be continued."""
    index = spec["index"]
    if index is None or index["type"] != "datetime":
        return
    _check_same_zone(labels, index, "future")
    is_after = labels_after(labels, spec)
    if is_after is None or not is_after.all():
        raise ValueError(
            f"future begins with the label {labels[0]}, but the series before ends with "
            f"{_timestamp(index['last'], index)}. Give the rows after that alone."
        )


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
