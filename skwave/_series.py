"""A series as users give it: numbers, in the order of time, of whatever type."""

import numpy as np
from scipy.sparse import issparse


def as_columns(X):
    """Return a series of shape (n_values,) as one column, with its name and index."""
    # What no step may take for numbers; the rest the steps check.
    if issparse(X):
        raise TypeError("X is a sparse matrix, but a dense series is needed. Use X.toarray().")
    if is_several(X):
        raise ValueError(
            f"X is a list of {len(X)} series, but a ForecastPipeline takes one. If they are the "
            "channels of one, give an array with a column for each; one model of several is "
            "fitted by a sklearn.pipeline.Pipeline, whose WindowTransformer takes a list."
        )
    check_frame(X)
    if hasattr(X, "iloc") and X.ndim == 1:
        return in_double(X.to_frame(X.name if X.name is not None else "value"))
    ndim = X.ndim if hasattr(X, "ndim") else np.ndim(X)
    if ndim not in (1, 2):
        raise ValueError(
            f"X is a {type(X).__name__} with dim {ndim}, but a series of shape (n_values,) or "
            "(n_values, n_channels) is needed."
        )
    return in_double(np.reshape(np.asarray(X), (-1, 1)) if ndim == 1 else X)


def is_several(X):
    """Tell whether `X` is a list of arrays, which is several series.

    A list of plain numbers or of plain lists is one, as everywhere in scikit-learn.
    """
    several = isinstance(X, list | tuple) and len(X) > 0 and all(np.ndim(x) > 0 for x in X)
    return several and all(hasattr(x, "shape") for x in X)


def check_numbers(values, name="X"):
    """Return an array as it is, if it holds real numbers; scikit-learn lets dates through."""
    if values.dtype.kind not in "biuf":
        _refuse(values.dtype, name, is_time=values.dtype.kind in "mM")
    return values


def check_frame(X):
    """Raise an error for what an array of numbers would hide: dates, and rows out of order."""
    for dtype in _dtypes(X):
        # As pandas tells, and as polars does.
        if getattr(dtype, "kind", "") in ("m", "M") or getattr(dtype, "is_temporal", bool)():
            _refuse(dtype, "X", is_time=True)
    index = getattr(X, "index", None)
    # Only dates have a frequency. Numbers may be anything.
    if hasattr(index, "freq") and not index.dropna().is_monotonic_increasing:
        raise ValueError(
            f"X has an index from {index[0]} to {index[-1]} that does not increase all the way, "
            "but rows are needed in the order of time, the newest last. Use X.sort_index()."
        )


def _refuse(dtype, name, *, is_time):
    advice = (
        "Leave dates to the index, and divide durations by a unit of time."
        if is_time
        else "Convert it, such as by astype(float)."
    )
    raise ValueError(f"{name} has dtype {dtype}, but numbers are needed. {advice}")


def in_double(X):
    """Return a series of short floats in double precision, and any other as it is.

    Transformers keep the precision of what they are given, and an inverse in single precision
    does not give the series back.
    """
    dtypes = _dtypes(X)
    kinds = [getattr(dtype, "kind", "") for dtype in dtypes]
    short = any(
        kind == "f" and getattr(dtype, "itemsize", 8) < 8
        for kind, dtype in zip(kinds, dtypes, strict=True)
    )
    return X.astype(float) if short and set(kinds) <= set("fiub") else X


def _dtypes(X):
    """Return the types of an array or of a frame's columns."""
    return [X.dtype] if hasattr(X, "dtype") else list(getattr(X, "dtypes", []))
