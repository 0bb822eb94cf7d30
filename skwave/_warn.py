"""Warnings that save the user; each says what to do."""

import sys
import warnings

import numpy as np

from skwave.exceptions import ForecastWarning

# Fewer steps may stand still for a while on any smooth series.
_LEAST_STEPS = 20
_FLAT, _EXPLODING = 0.01, 10


def warn_about_recursion(contexts, forecasts):
    """Warn if forecasts stand still or run away.

    Parameters
    ----------
    contexts : ndarray of shape (n_contexts, window_length, n_channels)
        The windows that the forecasts start from.
    forecasts : ndarray of shape (n_contexts, n_steps, n_channels)
        The forecasts.

    Notes
    -----
    A forecast is flat if its second half varies by less than a hundredth of its context, both
    overall (range against standard deviation) and from value to value. It explodes if it leaves
    the mean of its context by more than ten times what a straight line through the context's
    range would.
    """
    n_steps, length = forecasts.shape[1], contexts.shape[1]
    # Ranges of integers and booleans overflow; those of huge floats become infinite, and no limit.
    contexts = contexts.astype(float)
    with np.errstate(over="ignore", invalid="ignore"):
        exploding = _share(_explodes(contexts, forecasts)) > 0
        flat = n_steps >= _LEAST_STEPS and _share(_is_flat(contexts, forecasts)) > 0.5
    if exploding:
        warn(
            f"The forecast explodes: within {n_steps} steps it goes far beyond the values of its "
            f"window of {length}. Forecast fewer steps, try linear_skip=False or another "
            "normalization, or train with validation='last', and look at a backtest."
        )
    elif flat:
        warn(
            f"The forecast is flat: over {n_steps} steps the recursion has come to rest at one "
            "value. If the series does not, train longer (epochs, patience), give a window_length "
            "of at least one season, or a horizon above 1, and compare with the naive forecast in "
            "a backtest."
        )


def _share(flags):
    """Return the share of contexts of which any channel is flagged."""
    return flags.any(axis=1).mean()


def _explodes(contexts, forecasts):
    spread = np.ptp(contexts, axis=1)
    distance = np.abs(forecasts - contexts.mean(axis=1, keepdims=True)).max(axis=1)
    bound = _EXPLODING * spread * (1 + forecasts.shape[1] / contexts.shape[1])
    # A constant window says nothing about how far is far.
    return ~np.isfinite(distance) | ((spread > 0) & (distance > bound))


def _is_flat(contexts, forecasts):
    late = forecasts[:, forecasts.shape[1] // 2 :]
    still = np.ptp(late, axis=1) < _FLAT * contexts.std(axis=1)
    if contexts.shape[1] < 2:
        return still & False
    steps = np.abs(np.diff(contexts, axis=1)).mean(axis=1)
    return still & (np.abs(np.diff(late, axis=1)).mean(axis=1) < _FLAT * steps)


def warn_about_window(window_length, n_values, horizon):
    """Warn if a window is longer than a third of the series it is cut from."""
    if 3 * window_length > n_values:
        warn(
            f"window_length={window_length} is more than a third of the series of {n_values} "
            f"values: its {n_values - window_length - horizon + 1} windows to learn from are "
            f"nearly the same. Use a window_length of at most {max(1, n_values // 3)}, or a longer "
            "series."
        )


def overlaps(forecaster):
    """Tell whether the windows held out in training overlap those trained on."""
    return (
        forecaster.validation == "random"
        and forecaster.parts_ == "lstm"  # a solved readout always holds out the newest windows
        and forecaster.validation_split > 0
    )


def warn_about_validation(overlap):
    """Warn if the windows held out in training overlapped those trained on."""
    if overlap:
        warn(
            "validation='random' held out windows that overlap those trained on, so that val_loss "
            "is better than any forecast will be, and it chose the epoch. Set validation='last' to "
            "hold out the newest windows, or judge by this backtest alone."
        )


def warn_about_naive(error, naive_error):
    """Warn if forecasts are worse than the last known value."""
    if error > naive_error:
        warn(
            f"The forecasts are worse than the naive one: their mean absolute error is "
            f"{error:.4g}, that of repeating the last known value {naive_error:.4g}. Train longer "
            "(epochs), try another window_length, normalization='window', or "
            "use the naive forecast."
        )


def warn(message, category=ForecastWarning):
    """Warn at the line of the user's that led here, past packages that called one another."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and _package(frame) in ("skwave", "sklearn", "joblib"):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def _package(frame):
    return frame.f_globals.get("__name__", "").partition(".")[0]
