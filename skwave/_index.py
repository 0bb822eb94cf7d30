"""The index of a pandas series, described in plain data and continued.

pandas is imported inside functions only, for users who gave it.
"""

import numpy as np


def describe(X):
    """Describe a pandas object, so that forecasts can be given its form.

    Parameters
    ----------
    X : object
        A Series or DataFrame; anything else has no form.

    Returns
    -------
    None or dict
        Strings and numbers alone. The entry ``"index"`` is None where the index has no regular
        step by which it could be continued.
    """
    if not hasattr(X, "iloc"):
        return None
    columns = [X.name] if X.ndim == 1 else list(X.columns)
    return {"ndim": X.ndim, "columns": columns, "index": _describe_index(X.index)}


def _describe_index(index):
    import pandas as pd

    common = {"name": index.name}
    if isinstance(index, pd.PeriodIndex):
        return common | {"type": "period", "last": str(index[-1]), "freq": index.freqstr}
    if isinstance(index, pd.DatetimeIndex):
        freq = index.freqstr
        if freq is None and len(index) > 2:
            freq = pd.DatetimeIndex(index, freq="infer").freqstr
        if freq is None:
            return None
        last = index[-1].tz_localize(None).isoformat()
        zone = None if index.tz is None else str(index.tz)
        return common | {
            "type": "datetime", "last": last, "freq": freq, "zone": zone, "unit": index.unit
        }  # fmt: skip
    if pd.api.types.is_integer_dtype(index.dtype) and len(index) > 1:
        steps = np.unique(np.diff(index.to_numpy()))
        if len(steps) == 1 and steps[0] != 0:
            return common | {"type": "integer", "last": int(index[-1]), "step": int(steps[0])}
    return None


def next_index(form, n_steps):
    """Return the `n_steps` index entries after the last one, or None where nothing says them."""
    import pandas as pd

    index = form["index"]
    if index is None:
        return None
    n, name = n_steps + 1, index["name"]
    if index["type"] == "period":
        return pd.period_range(index["last"], periods=n, freq=index["freq"], name=name)[1:]
    if index["type"] == "datetime":
        days = pd.date_range(
            index["last"], periods=n, freq=index["freq"], tz=index["zone"], unit=index["unit"],
            name=name,
        )  # fmt: skip
        return days[1:]
    first, step = index["last"] + index["step"], index["step"]
    return pd.RangeIndex(first, first + n_steps * step, step, name=name)


def with_form(values, form, index):
    """Return `values` of shape (n, n_channels) as a Series or DataFrame with `index`."""
    import pandas as pd

    if form["ndim"] == 1:
        return pd.Series(values[:, 0], index=index, name=form["columns"][0])
    return pd.DataFrame(values, index=index, columns=form["columns"])
