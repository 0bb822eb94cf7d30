"""What the index of a pandas series must be.

pandas is imported inside functions only, for users who gave a pandas object.
"""

import re
import warnings

import numpy as np


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
    # Yearly dates may all be the first of January, or the first working day of the year.
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
