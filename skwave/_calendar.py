"""Calendar features: the position of each label in its hour, day, week, month or year."""

import numpy as np

from skwave._pandas_index import as_times

# The fraction of its hour, day, week, month or year that has passed at each label.
POSITIONS = {
    "minute": lambda t: (t.minute + t.second / 60) / 60,
    "hour": lambda t: (t.hour + t.minute / 60 + t.second / 3600) / 24,
    "day_of_week": lambda t: t.day_of_week / 7,
    "day": lambda t: (t.day - 1) / t.days_in_month,
    "day_of_year": lambda t: (t.day_of_year - 1) / (365 + t.is_leap_year),
    "month": lambda t: (t.month - 1) / 12,
    "quarter": lambda t: (t.quarter - 1) / 4,
}


def check_calendar(calendar):
    """Return the names of calendar features as a list, or raise an error that lists them."""
    if calendar is None:
        return []
    names = [calendar] if isinstance(calendar, str) else list(calendar)
    for name in names:
        if name not in POSITIONS:
            raise ValueError(
                f"calendar={calendar!r} holds {name!r}, but the names are {list(POSITIONS)}. Give "
                "some of these."
            )
    if len(set(names)) < len(names):
        raise ValueError(f"calendar={calendar!r} holds a name twice. Give each name once.")
    return names


def calendar_features(index, calendar):
    """Return sine and cosine of the position of each label in its hour, day, week, month or year.

    Parameters
    ----------
    index : pandas.Index of shape (n,)
        Dates, times or periods.
    calendar : list of str
        Names of features, which `check_calendar` returned.

    Returns
    -------
    ndarray of shape (n, 2 * n_names)
        Of a feature the sine first, then the cosine. An hour, a day of the week and a month begin
        at the angle 0.

    Raises
    ------
    ValueError
        If the labels are no dates or periods.
    """
    times = as_times(index, "X")
    if not hasattr(times, "freq"):
        raise ValueError(
            f"calendar={calendar} needs an index of dates or periods, but X has one of "
            f"{index.dtype}. Give it one, as by parse_dates of pandas.read_csv or X.index = "
            "pandas.date_range('2026-01-01', periods=len(X), freq='h'), or leave calendar out."
        )
    angles = 2 * np.pi * np.column_stack([POSITIONS[name](times) for name in calendar])
    waves = np.stack([np.sin(angles), np.cos(angles)], axis=2)
    return waves.reshape(len(times), -1)
