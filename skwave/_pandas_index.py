"""What the index of a pandas series must be.

pandas is imported inside functions only, for users who gave a pandas object.
"""

import warnings

import numpy as np


def check_index(X, name="X"):
    """Return the index of a pandas object as times, or raise an error if they do not increase.

    An index of numbers is returned as it is, since they need not be times.

    Parameters
    ----------
    X : object
        A series.
    name : str, default="X"
        What the messages call it.

    Returns
    -------
    None or pandas.Index
        None where the series has no index, or no rows.

    Raises
    ------
    ValueError
        If the index has several levels, labels that are no times, a row without a time (NaT), a
        repeated time, a time before that of the row above, or dates whose day and month were
        exchanged when they were read.
    """
    if not hasattr(X, "iloc") or len(X) == 0:
        return None
    index = as_times(X.index, name)
    if not hasattr(index, "freq"):
        return index
    if index.hasnans:
        row = int(np.flatnonzero(index.isna())[0])
        raise ValueError(
            f"{name} has no time (NaT) in its index at row {row}. Drop the row, or give its time."
        )
    if not index.is_unique:
        repeated = index[index.duplicated()]
        raise ValueError(
            f"{name} has the time {repeated[0]} {(index == repeated[0]).sum()} times in its index; "
            f"{len(repeated)} of the rows repeat an earlier time. If they are of several series, "
            "such as shops, give these as a first level of the index, as by "
            "set_index(['shop', 'time']); if clocks were put back, give the time zone, as by "
            f"{name}.tz_localize('Europe/Berlin', ambiguous='infer'); if rows were written twice, "
            f"use {name}[~{name}.index.duplicated()]."
        )
    if not index.is_monotonic_increasing:
        raise ValueError(
            f"{name} has an index from {index[0]} to {index[-1]} that does not increase all the "
            "way, but rows are needed in the order of time, the newest last. Use sort_index()."
        )
    if _are_exchanged(index):
        raise ValueError(
            f"{name} has an index such as {index[0]} and {index[1]}: of several years it has the "
            "first twelve days of January alone, as if day and month of the first days of months "
            "had been exchanged. Read the file with the format of its dates, such as "
            "pandas.read_csv(..., date_format='%d.%m.%Y')."
        )
    return index


def _are_exchanged(index):
    """Return whether times are some of the first twelve days of January alone, of several years.

    pandas reads 01.02.2020 as the second of January. Dates a year apart may all be in January.
    """
    # Times since a start have no month.
    if not hasattr(index, "month") or len(index) <= 12:
        return False
    is_early = (index.month == 1) & (index.day <= 12)
    return bool(is_early.all()) and 1 < index.year.nunique() < len(index)


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
    if index.dtype == object:
        # They may be numbers, which are no years.
        index = index.infer_objects()
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
        raise ValueError(
            f"{name} has an index of {type(labels[0]).__name__} such as {labels[0]!r} and "
            f"{labels[-1]!r}, which is not understood as times. Convert it: {name}.index = "
            f"pandas.to_datetime({name}.index, format=...), for example format='%d.%m.%Y %H:%M'; "
            f"times with different offsets from UTC by pandas.to_datetime({name}.index, utc=True)"
            f".tz_convert('Europe/Berlin'), quarters by pandas.PeriodIndex({name}.index, freq='Q')."
            f" If the rows are in the order of time, {name}.reset_index(drop=True) removes the "
            "index."
        ) from error
