"""Warnings of skwave."""

__all__ = ["ForecastWarning"]


class ForecastWarning(UserWarning):
    """A forecast, or what was learnt for it, is of little use as it stands.

    Each message says what to do.

    Examples
    --------
    >>> import warnings
    >>> from skwave.exceptions import ForecastWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", ForecastWarning)
    """
