"""How wide residuals are after a window, and at the level of a forecast; all on arrays."""

import numpy as np

# The part of a width that follows the change from value to value within the window; the rest is the
# same after each window (benchmarks/tried.md). Several series may differ in scale, so that all of
# the width follows it.
PART_OF_CHANGE, OF_SEVERAL_SERIES = 0.5, 1.0
# Ratios of changes are limited to this factor, so that neither windows that are nearly constant nor
# an outlier in a window give useless widths.
MAX_CHANGE_FACTOR = 100
# Levels of forecasts at which widths are known, and how many residuals of mean width count beside
# those of each level, so that few residuals change little.
N_LEVELS, MEAN_RESIDUALS = 8, 100
# A residual counts as at most so many times the median of its step: one forecast that explodes must
# not decide.
MAX_SIZE = 10


def part_of_change(n_series):
    """Return which part of a width follows the change, after a fit of some series."""
    return PART_OF_CHANGE if n_series == 1 else OF_SEVERAL_SERIES


def fit_widths(contexts, forecasts, residuals, scale, part):
    """Learn how wide residuals are, by the change within a window and the level of a forecast.

    Parameters
    ----------
    contexts : ndarray of shape (n_contexts, window_length, n_channels)
        The windows that forecasts started from.
    forecasts, residuals : ndarray of shape (n_contexts, n_steps, n_channels)
        The forecasts, and true values minus forecasts; all finite.
    scale : ndarray of shape (n_channels,)
        Of the inputs of the network, in whose units widths are kept.
    part : float
        Which part of a width follows the change, from 0 to 1.

    Returns
    -------
    dict
        ``"part"``; ``"typical_change"``, the mean absolute change from value to value, of shape
        (n_channels,); ``"levels"``, of forecasts less the mean of their window, in units of the
        width that follows from its change, and ``"at_levels"``, the relative width at each, both of
        shape (`N_LEVELS`, n_channels).
    """
    n_channels = contexts.shape[2]
    typical_change = _mean_change(contexts / scale).mean(axis=0)
    widths = {"part": part, "typical_change": typical_change}
    of_context = _width_of_context(contexts, scale, widths)
    levels = _levels(contexts, forecasts, of_context)
    # Relative to those of the same step: the error grows from step to step.
    sizes = np.abs(residuals / of_context[:, None])
    medians = np.median(sizes, axis=0)
    sizes = np.divide(sizes, medians, out=np.ones_like(sizes), where=medians > 0)
    sizes = np.minimum(sizes, MAX_SIZE)
    sizes /= sizes.mean(axis=(0, 1))
    widths["levels"], widths["at_levels"] = np.empty((2, N_LEVELS, n_channels))
    for channel in range(n_channels):
        of_channel, size = levels[..., channel].ravel(), sizes[..., channel].ravel()
        borders = np.quantile(of_channel, np.arange(1, N_LEVELS) / N_LEVELS)
        middles = np.quantile(of_channel, (np.arange(N_LEVELS) + 0.5) / N_LEVELS)
        numbers = np.searchsorted(borders, of_channel)
        total = np.bincount(numbers, size, N_LEVELS) + MEAN_RESIDUALS
        count = np.bincount(numbers, minlength=N_LEVELS) + MEAN_RESIDUALS
        widths["levels"][:, channel], widths["at_levels"][:, channel] = middles, total / count
    return widths


def residual_scale(contexts, forecasts, scale, widths):
    """Return what residual paths are multiplied by after each context.

    Parameters
    ----------
    contexts, forecasts, scale
        As in `fit_widths`.
    widths : dict
        What `fit_widths` returned.

    Returns
    -------
    ndarray of shape (n_contexts, n_steps, n_channels)
        In the units of the series.
    """
    of_context = _width_of_context(contexts, scale, widths)
    levels = _levels(contexts, forecasts, of_context)
    at_levels = [
        np.interp(levels[..., channel], widths["levels"][:, channel], factors)
        for channel, factors in enumerate(widths["at_levels"].T)
    ]
    return of_context[:, None] * np.stack(at_levels, axis=-1)


def _width_of_context(contexts, scale, widths):
    """Return the width that follows from the change in each context, (n_contexts, n_channels)."""
    typical = widths["typical_change"]
    known = np.where(typical > 0, typical, 1.0)
    ratio = np.where(typical > 0, _mean_change(contexts / scale) / known, 1.0)
    ratio = np.clip(ratio, 1 / MAX_CHANGE_FACTOR, MAX_CHANGE_FACTOR)
    return scale * (widths["part"] * ratio + 1 - widths["part"])


def _mean_change(contexts):
    """Return the mean absolute change from value to value, (n_contexts, n_channels)."""
    changes = np.abs(np.diff(contexts, axis=1))
    return changes.mean(axis=1) if changes.shape[1] else np.zeros(changes.shape[::2])


def _levels(contexts, forecasts, of_context):
    """Return forecasts less the mean of their context, in units of its width."""
    return (forecasts - contexts.mean(axis=1, keepdims=True)) / of_context[:, None]
