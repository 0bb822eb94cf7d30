"""How wide residuals are after a window, and at the level of a forecast; all on arrays."""

import numpy as np

# The part of a width that follows the change from value to value within the window; the rest is the
# same after each window (benchmarks/tried.md). Several series may differ in scale, so that all of
# the width follows it.
PART_OF_CHANGE, OF_SEVERAL_SERIES = 0.5, 1.0
# The mean change of a window, relative to that of all windows, is limited to this factor, so that
# windows that are nearly constant do not give useless widths.
MAX_CHANGE_FACTOR = 100
# Levels of forecasts at which widths are known.
N_LEVELS = 8
# So many residuals of mean width are added to those of each level, so that few change it little.
MEAN_RESIDUALS = 100
# A change counts as at most so many times the median of its window, and a residual as so many times
# that of its step: an outlier, or a forecast that explodes, must not decide.
MAX_OUTLIER = 10


def fit_widths(contexts, forecasts, residuals, scale, part_of_change):
    """Learn how wide residuals are, by the change within a window and the level of a forecast.

    Parameters
    ----------
    contexts : ndarray of shape (n_contexts, window_length, n_channels)
        The windows that forecasts started from.
    forecasts, residuals : ndarray of shape (n_contexts, n_steps, n_channels)
        The forecasts, and true values minus forecasts; all finite.
    scale : ndarray of shape (n_channels,)
        The scale of the network's inputs. Widths are multiples of it.
    part_of_change : float
        The part of a width that follows the change, from 0 to 1.

    Returns
    -------
    dict
        ``"part_of_change"``; ``"typical_change"``, the mean absolute change from value to value, of
        shape (n_channels,); ``"levels"``, of forecasts less the mean of their window, in units of
        the width that follows from its change, and ``"at_levels"``, the relative width at each,
        both of shape (`N_LEVELS`, n_channels).
    """
    n_channels = contexts.shape[2]
    typical_change = _mean_change(contexts / scale).mean(axis=0)
    widths = {"part_of_change": part_of_change, "typical_change": typical_change}
    of_context, levels = _widths_and_levels(contexts, forecasts, scale, widths)
    # Relative to those of the same step: the error grows from step to step.
    sizes = _limit_outliers(np.abs(residuals / of_context[:, None]), axis=0)
    means = sizes.mean(axis=0)
    sizes = np.divide(sizes, means, out=np.ones_like(sizes), where=means > 0)
    widths["levels"] = np.empty((N_LEVELS, n_channels))
    widths["at_levels"] = np.empty((N_LEVELS, n_channels))
    for channel in range(n_channels):
        of_channel, size = levels[..., channel].ravel(), sizes[..., channel].ravel()
        borders = np.quantile(of_channel, np.arange(1, N_LEVELS) / N_LEVELS)
        middles = np.quantile(of_channel, (np.arange(N_LEVELS) + 0.5) / N_LEVELS)
        bins = np.searchsorted(borders, of_channel)
        total = np.bincount(bins, size, N_LEVELS) + MEAN_RESIDUALS
        count = np.bincount(bins, minlength=N_LEVELS) + MEAN_RESIDUALS
        # Where many forecasts are equal, several middles are in one bin.
        of_middles = (total / count)[np.searchsorted(borders, middles)]
        widths["levels"][:, channel], widths["at_levels"][:, channel] = middles, of_middles
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
    of_context, levels = _widths_and_levels(contexts, forecasts, scale, widths)
    by_level = [
        np.interp(levels[..., channel], widths["levels"][:, channel], at_levels)
        for channel, at_levels in enumerate(widths["at_levels"].T)
    ]
    return of_context[:, None] * np.stack(by_level, axis=-1)


def _widths_and_levels(contexts, forecasts, scale, widths):
    """Return the width that follows from the change in each context, (n_contexts, n_channels).

    And the levels of forecasts: less the mean of their context, in units of this width.
    """
    typical, part = widths["typical_change"], widths["part_of_change"]
    change = _mean_change(contexts / scale)
    ratio = np.divide(change, typical, out=np.ones_like(change), where=typical > 0)
    ratio = np.clip(ratio, 1 / MAX_CHANGE_FACTOR, MAX_CHANGE_FACTOR)
    of_context = scale * (part * ratio + 1 - part)
    levels = (forecasts - contexts.mean(axis=1, keepdims=True)) / of_context[:, None]
    return of_context, levels


def _mean_change(contexts):
    """Return the mean absolute change from value to value, (n_contexts, n_channels)."""
    changes = np.abs(np.diff(contexts, axis=1))
    if changes.shape[1] == 0:
        return np.zeros(changes.shape[::2])
    return _limit_outliers(changes, axis=1).mean(axis=1)


def _limit_outliers(sizes, axis):
    """Return sizes of at most `MAX_OUTLIER` times their median along an axis, unless that is 0."""
    medians = np.median(sizes, axis=axis, keepdims=True)
    return np.where(medians > 0, np.minimum(sizes, MAX_OUTLIER * medians), sizes)
