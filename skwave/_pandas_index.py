"""What the index of a pandas series must be, and the index after its last label.

pandas is imported inside functions only, for users who gave a pandas object.
"""

import contextlib
import datetime

import numpy as np


def check_order(X, name="X"):
    """Raise an error if the dates of a pandas object do not increase."""
    index = getattr(X, "index", None)
    # Only an index of dates has a frequency. Numbers may be anything.
    if hasattr(index, "freq") and not index.dropna().is_monotonic_increasing:
        raise ValueError(
            f"{name} has an index from {index[0]} to {index[-1]} that does not increase all the "
            "way, but rows are needed in the order of time, the newest last. Use "
            f"{name}.sort_index()."
        )


def index_spec(X, training_spec=None):
    """Describe a pandas object in plain data, so that forecasts can be given its form.

    Parameters
    ----------
    X : object
        A Series or DataFrame; anything else has no description.
    training_spec : None or dict, default=None
        The description of the training series. Its frequency is taken where `X` has none of its
        own: a working week alone looks like any other five days.

    Returns
    -------
    None or dict
        Strings and numbers alone. The entry ``"index"`` is None where the index has no regular
        step by which it could be continued.
    """
    if not hasattr(X, "iloc"):
        return None
    columns = [X.name] if X.ndim == 1 else list(X.columns)
    training_freq = ((training_spec or {}).get("index") or {}).get("freq")
    index = _describe(X.index, training_freq) if len(X) else None
    return {"ndim": X.ndim, "columns": columns, "index": index}


def _describe(index, training_freq):
    import pandas as pd

    if isinstance(index, pd.PeriodIndex):
        consecutive = len(index) == 1 or np.all(np.diff(index.asi8) == index.freq.n)
        found = {"type": "period", "last": str(index[-1]), "freq": index.freqstr}
        return found | {"name": index.name} if consecutive else None
    if isinstance(index, pd.DatetimeIndex):
        freq = _find_freq(index, training_freq)
        # With the offset from UTC, which tells the two hours at the end of summer time apart.
        found = {
            "type": "datetime", "last": index[-1].isoformat(), "freq": freq,
            "zone": _describe_zone(index[-1]), "unit": index.unit,
        }  # fmt: skip
        return found | {"name": index.name} if freq else None
    if pd.api.types.is_integer_dtype(index.dtype) and len(index) > 1:
        steps = np.unique(np.diff(index.to_numpy(dtype=int)))
        found = {"type": "integer", "last": int(index[-1]), "step": int(steps[0])}
        return found | {"name": index.name} if len(steps) == 1 and steps[0] != 0 else None
    return None


def _find_freq(index, training_freq):
    """Return the string that says the step from each date to the next, or None."""
    import pandas as pd

    if index.freq is not None:
        # Holidays and working hours are not in the string; that of a DateOffset cannot be read.
        with contextlib.suppress(ValueError):
            if pd.tseries.frequencies.to_offset(index.freqstr) == index.freq:
                return index.freqstr
        return None
    # The attribute inferred_freq warns from pandas 3 on.
    inferred = pd.DatetimeIndex(index, freq="infer").freqstr if len(index) > 2 else None
    for freq in (training_freq, inferred):
        # A frequency of the training series may not be one of these dates, or leave their range.
        with contextlib.suppress(ValueError, pd.errors.OutOfBoundsDatetime):
            if freq and index.equals(
                pd.date_range(index[0], periods=len(index), freq=freq, unit=index.unit)
            ):
                return freq
    return None


def _describe_zone(label):
    """Return the IANA name of a label's zone, or else its offset from UTC in seconds."""
    if label.tzinfo is None:
        return None
    # The key of zoneinfo, the zone of pytz. The text of another zone may be anybody's name.
    name = getattr(label.tzinfo, "key", None) or getattr(label.tzinfo, "zone", None)
    return name or label.utcoffset().total_seconds()


def next_index(spec, n_steps):
    """Return the `n_steps` index labels after the last one, or None if they are not known.

    Parameters
    ----------
    spec : dict
        What `index_spec` returned.
    n_steps : int
        Labels to return.

    Returns
    -------
    None or pandas.Index of shape (n_steps,)
        The labels.
    """
    import pandas as pd

    index = spec["index"]
    if index is None:
        return None
    name = index["name"]
    if index["type"] == "period":
        last = pd.Period(index["last"], freq=index["freq"])
        return pd.period_range(last, periods=n_steps + 1, name=name)[1:]
    if index["type"] == "datetime":
        last, zone = pd.Timestamp(index["last"]), index["zone"]
        if zone is not None:
            fixed = isinstance(zone, float)
            tz = datetime.timezone(datetime.timedelta(seconds=zone)) if fixed else zone
            last = last.tz_convert(tz)
        dates = pd.date_range(
            last, periods=n_steps + 1, freq=index["freq"], unit=index["unit"], name=name
        )
        return dates[1:]
    first, step = index["last"] + index["step"], index["step"]
    return pd.RangeIndex(first, first + n_steps * step, step, name=name)


def to_pandas(values, spec, index):
    """Return `values` of shape (n, n_channels) as a Series or DataFrame with `index`.

    Without an index they are returned as an array, which has no axis for a single channel.
    """
    if index is None:
        return values[:, 0] if values.shape[1] == 1 else values
    import pandas as pd

    if spec["ndim"] == 1:
        return pd.Series(values[:, 0], index=index, name=spec["columns"][0])
    return pd.DataFrame(values, index=index, columns=spec["columns"])
