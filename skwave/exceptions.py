"""The warning class of skwave, and the function that issues it."""

import sys
import warnings

__all__ = ["ForecastWarning"]


class ForecastWarning(UserWarning):
    """A forecast or a fit is probably not useful as it is.

    Each message says what to do.

    Examples
    --------
    >>> import warnings
    >>> from skwave.exceptions import ForecastWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", ForecastWarning)
    """


def warn(message, category=ForecastWarning):
    """Warn at the line of the user's code, past packages that called one another."""
    level, frame = 1, sys._getframe()
    inner = ("skwave", "sklearn", "joblib")
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] in inner:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)
