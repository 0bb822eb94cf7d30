"""The index of a pandas series, described in plain data and continued.

pandas is imported inside functions only, for users who gave it.
"""

import numpy as np


def describe(X, like=None):
    """Describe a pandas object, so that forecasts can be given its form.

    Parameters
    ----------
    X : object
        A Series or DataFrame; anything else has no form.
    like : None or dict, default=None
        The form of another object, whose step is taken where it fits: a working week has the
        steps of any other five days.

    Returns
    -------
    None or dict
        Strings and numbers alone. The entry ``"index"`` is None where the index has no regular
        step by which it could be continued.
    """
    if not hasattr(X, "iloc"):
        return None
    columns = [X.name] if X.ndim == 1 else list(X.columns)
    index = _describe_index(X.index, (like or {}).get("index") or {}) if len(X) else None
    return {"ndim": X.ndim, "columns": columns, "index": index}


def _describe_index(index, like):
    import pandas as pd

    common = {"name": index.name}
    if isinstance(index, pd.PeriodIndex):
        # Its frequency is the length of a period, which says nothing of the next one.
        step = _step(index.asi8) if len(index) > 1 else index.freq.n
        if step is None or step % index.freq.n:
            return None
        period = {
            "last": str(index[-1]), "freq": index.freqstr, "step": step // index.freq.n
        }  # fmt: skip
        return common | {"type": "period"} | period
    if isinstance(index, pd.DatetimeIndex):
        freq = like["freq"] if _goes_on_like(index, like) else _name_of_step(index)
        if freq is None:
            return None
        # With the offset from UTC, which tells the two hours at the end of summer time apart.
        last = index[-1].isoformat()
        zone = None if index.tz is None else str(index.tz)
        return common | {
            "type": "datetime", "last": last, "freq": freq, "zone": zone, "unit": index.unit
        }  # fmt: skip
    if pd.api.types.is_integer_dtype(index.dtype) and len(index) > 1:
        numbers = index.to_numpy()
        # Unsigned integers have no differences below zero.
        step = _step(numbers.astype(object if numbers.dtype.kind == "u" else int))
        if step is not None:
            return common | {"type": "integer", "last": int(index[-1]), "step": step}
    return None


def _step(numbers):
    """Return the step from each number to the next, or None if there is no such step."""
    steps = np.unique(np.diff(numbers))
    return int(steps[0]) if len(steps) == 1 and steps[0] != 0 else None


def _goes_on_like(index, like):
    """Tell whether dates that do not say their step have that of another index."""
    import pandas as pd

    if like.get("type") != "datetime" or index.freq is not None:
        return False
    step = {"freq": like["freq"], "unit": index.unit}
    try:
        return index.equals(pd.date_range(index[0], periods=len(index), **step))
    except pd.errors.OutOfBoundsDatetime:
        return False


def _name_of_step(index):
    """Return the string that says the step of a DatetimeIndex, or None if none says all of it."""
    import pandas as pd

    step = index.freq
    if step is None and len(index) > 2:
        step = pd.DatetimeIndex(index, freq="infer").freq
    if step is None:
        return None
    try:
        # Holidays, working weeks and hours are not in the string.
        return step.freqstr if pd.tseries.frequencies.to_offset(step.freqstr) == step else None
    except ValueError:
        return None


def next_index(form, n_steps):
    """Return the `n_steps` index entries after the last one, or None where nothing says them."""
    import pandas as pd

    index = form["index"]
    if index is None:
        return None
    n, name = n_steps + 1, index["name"]
    if index["type"] == "period":
        last = pd.Period(index["last"], freq=index["freq"])
        # Files of the first versions have no step.
        steps = np.arange(1, n) * index.get("step", 1)
        return pd.PeriodIndex([last + int(step) for step in steps], name=name)
    if index["type"] == "datetime":
        last = pd.Timestamp(index["last"])
        if index["zone"] is not None:
            # Files of the first versions have no offset.
            to_zone = last.tz_localize if last.tzinfo is None else last.tz_convert
            last = to_zone(index["zone"])
        days = pd.date_range(last, periods=n, freq=index["freq"], unit=index["unit"], name=name)
        return days[1:]
    first, step = index["last"] + index["step"], index["step"]
    return pd.RangeIndex(first, first + n_steps * step, step, name=name)


def with_form(values, form, index):
    """Return `values` of shape (n, n_channels) as a Series or DataFrame with `index`."""
    import pandas as pd

    if form["ndim"] == 1:
        return pd.Series(values[:, 0], index=index, name=form["columns"][0])
    return pd.DataFrame(values, index=index, columns=form["columns"])
