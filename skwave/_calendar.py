"""Calendar features: the position of each label in its hour, day, week, month or year."""

import numpy as np

from skwave._fourier import HARMONICS
from skwave._pandas_index import as_times, is_pandas_installed


def check_calendar(calendar):
    """Return the names of calendar features as a list, or raise an error that lists them."""
    if calendar is None:
        return []
    names = [calendar] if isinstance(calendar, str) else list(calendar)
    if not set(names) <= set(HARMONICS) or len(set(names)) < len(names):
        raise ValueError(
            f"calendar={calendar!r}, but the names are {list(HARMONICS)}. Give some of these, each "
            "once."
        )
    return names


def calendar_features(index, names):
    """Return sine and cosine of the position of each label in its hour, day, week, month or year.

    Parameters
    ----------
    index : pandas.Index of shape (n,)
        Dates, times or periods.
    names : list of str
        Names of features, as `check_calendar` returned them.

    Returns
    -------
    ndarray of shape (n, 2 * n_names)
        Of a feature the sine first, then the cosine. An hour, a day of the week and a month begin
        at the angle 0.

    Raises
    ------
    ModuleNotFoundError
        If pandas is not installed.
    ValueError
        If the labels are no dates or periods.
    """
    if not is_pandas_installed():
        raise ModuleNotFoundError(
            f"The calendar features {names} are computed by pandas, which is not installed here. "
            "Install it: pip install pandas."
        )
    times = as_times(index, "X")
    if not hasattr(times, "freq"):
        raise ValueError(
            f"calendar={names} needs an index of dates or periods, but X has one of "
            f"{index.dtype}. Give it one, as by parse_dates of pandas.read_csv or X.index = "
            "pandas.date_range('2026-01-01', periods=len(X), freq='h'), or leave calendar out."
        )
    angles = 2 * np.pi * np.column_stack([_position(times, name) for name in names])
    waves = np.stack([np.sin(angles), np.cos(angles)], axis=2)
    return waves.reshape(len(times), -1)


def _position(times, name):
    """Return the fraction of its hour, day, week, month or year that has passed at each label."""
    if name == "minute":
        return (times.minute + times.second / 60).to_numpy() / 60
    if name == "hour":
        return (times.hour + times.minute / 60 + times.second / 3600).to_numpy() / 24
    if name == "day_of_week":
        return times.day_of_week.to_numpy() / 7
    if name == "day":
        return (times.day.to_numpy() - 1) / times.days_in_month.to_numpy()
    if name == "day_of_year":
        return (times.day_of_year.to_numpy() - 1) / (365 + times.is_leap_year)
    if name == "month":
        return (times.month.to_numpy() - 1) / 12
    return (times.quarter.to_numpy() - 1) / 4
