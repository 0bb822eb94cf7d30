"""Several series in the forms that people have: a list, a dict, or an index of two levels."""

import contextlib

import numpy as np
from scipy.sparse import issparse

from skwave._pandas_index import is_multi_index
from skwave._validation import is_several

# A level of integers up to this one may hold months, days of a year or hours.
MAX_PART = 366
# Integers between these may be years.
YEARS = 1800, 2200


def split_series(X, name="X"):
    """Return the series of which `X` consists, by name.

    Parameters
    ----------
    X : object
        A list of series, whose names are their positions; a dict of series; or a pandas object with
        a MultiIndex, whose last level is the time and whose others name the series. Anything else
        is one series.
    name : str, default="X"
        What the messages call it.

    Returns
    -------
    None or dict
        The series in their order; None where `X` is one series. With more than two levels names are
        tuples.
    """
    # SciPy has a sparse matrix that is a dict, too.
    if isinstance(X, dict) and not issparse(X):
        return dict(X) if X and all(np.ndim(series) > 0 for series in X.values()) else None
    if is_several(X):
        return dict(enumerate(X))
    if not is_multi_index(X):
        return None
    if _have_times_as_names(X.index):
        raise ValueError(
            f"{name} has an index of the levels {list(X.index.names)}, with labels such as "
            f"{X.index[0]!r}, but the names of the series come first, and the last level is the "
            f"time. Give {name}.swaplevel() if the last level has the names. If the levels are the "
            "time together, such as a year and a month, or a date and an hour, make one index of "
            "dates, as by pandas.PeriodIndex.from_fields(year=..., month=..., freq='M'), or by "
            "adding pandas.to_timedelta(hours, unit='h'). If there are series for each year or "
            "date, make strings of these names."
        )
    levels = list(range(X.index.nlevels - 1))
    for level in levels:
        has_no_name = X.index.get_level_values(level).isna()
        if has_no_name.any():
            raise ValueError(
                f"{name} has an index whose level {level} is missing in {has_no_name.sum()} rows, "
                f"the first of which is row {int(has_no_name.argmax())}. Name the series of these "
                "rows, or leave them out."
            )
    if len(X) == 0:
        raise ValueError(
            f"{name} has an index of several levels, but no rows. Give the rows of one series or "
            "more."
        )
    by_name = X.groupby(level=levels[0] if len(levels) == 1 else levels, sort=False, observed=True)
    return {of_name: of_one.droplevel(levels) for of_name, of_one in by_name}


def _have_times_as_names(index):
    """Return whether levels look like times, then names, or like a time in several parts."""
    *first, last = index.levels
    if hasattr(first[0], "freq") and not hasattr(last, "freq") and len(last) < len(first[0]):
        return True
    if last.dtype.kind not in "iu" or len(last) == 0 or last.max() > MAX_PART:
        return False
    for level in first:
        is_year = level.dtype.kind in "iu" and len(level) > 0
        if hasattr(level, "freq") or (
            is_year and YEARS[0] <= level.min() <= level.max() <= YEARS[1]
        ):
            return True
    return False


@contextlib.contextmanager
def naming_the_series(name):
    """Name the series in an error about one of several; None is the name of a single one."""
    try:
        yield
    except (ValueError, TypeError) as error:
        if name is None:
            raise
        raise type(error)(f"Series {name!r}: {error}") from error


def pick_series(X, name, parameter):
    """Return one of several series by its name, or `X` itself where it is a single series or None.

    `parameter` is what the error calls `X`.
    """
    several = None if X is None else split_series(X, parameter)
    if several is None:
        return X
    check_name(name, several, parameter)
    return several[name]


def check_name(name, names, parameter):
    """Raise an error if a name is not among those of several series."""
    # A list, not a dict: `name` may be a list, which has no hash.
    if name not in list(names):
        others = ", and others" if len(names) > 5 else ""
        raise ValueError(
            f"name={name!r}, but {parameter} has the series {list(names)[:5]}{others}. Give the "
            "name of one of them."
        )


def form_of(X):
    """Return what `join_results` needs to know of several series, as plain data."""
    if isinstance(X, dict):
        return {"type": "dict"}
    if isinstance(X, list | tuple):
        return {"type": "list"}
    return {"type": "index", "levels": list(X.index.names)[:-1]}


def join_results(results, form):
    """Return a result for each of several series in the form in which the series were given.

    `form` is what `form_of` returned. A dict takes the place of a pandas object where one of the
    results is an array, as the index of its series has no regular frequency.
    """
    if form["type"] == "list":
        return list(results.values())
    if form["type"] == "dict" or not all(hasattr(one, "iloc") for one in results.values()):
        return results
    import pandas as pd

    return pd.concat(results, names=form["levels"])
