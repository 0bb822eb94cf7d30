"""Residual paths: errors of forecasts of values that the readout was not fitted on."""

import numpy as np

from skwave._dataset import make_dataset
from skwave._intervals import MOST_OVERLAPS
from skwave._readout import solve_readout
from skwave._ridge import total
from skwave._rollout import EXPLODING, make_calibration, make_rollouts_until
from skwave._widths import OF_SEVERAL_SERIES, PART_OF_CHANGE, fit_widths, residual_scale

# Residual paths that a fit keeps: enough for a coverage of 0.98, and rolled out in a fraction of
# the time that training takes.
MAX_PATHS = 128
# And where forecasts are exact, so that training was short: enough for a coverage of 0.95.
EXACT_PATHS = 40
# Paths that `calibrate` keeps, and numbers in all of them: 1 MB of float32.
MAX_CALIBRATED_PATHS, MAX_NUMBERS = 1_024, 2**18


def n_paths_kept(n_most, n_steps, n_channels):
    """Return how many residual paths are kept: `n_most`, or fewer if they need too much memory."""
    return max(1, min(n_most, MAX_NUMBERS // (n_steps * n_channels)))


def paths_over(network, dataset, fraction, n_steps, n_most):
    """Return residual paths of a network over values that it was not fitted on.

    The dataset is in the units of the series; the values are the newest ones, of `fraction` of the
    windows of each series. Forecasts of `n_steps` values are made from `n_most` origins at most.

    Returns
    -------
    residual_paths : ndarray of shape (n_paths, n_steps, n_channels)
        True values minus forecasts, relative to `residual_scale`, in float32. Those that are not
        finite are left out.
    widths : dict or None
        What `fit_widths` returned; None where there are no paths.
    """
    n_most = n_paths_kept(n_most, n_steps, dataset.n_predicted)
    rollouts = make_calibration(dataset, fraction, n_steps, n_most)
    if rollouts is None:
        return np.empty((0, n_steps, dataset.n_predicted), np.float32), None
    return _scale(rollouts.residuals(network), rollouts, network, dataset)


def add_paths(residual_paths, widths, network, recent, values, n_since):
    """Return residual paths and those that new values complete, by a network before its update.

    Parameters
    ----------
    residual_paths : ndarray of shape (n_paths, n_steps, n_channels)
        Those known before.
    widths : dict or None
        What `fit_widths` returned for them; None where there are none.
    network : Network
        As it was fitted before.
    recent : ndarray of shape (n_recent, n_channels)
        The newest values seen before, in the units of the series.
    values : ndarray of shape (n_values, n_channels)
        A window of values, and the new ones. Where the window is the last one of `recent`, paths
        may begin before it, since a few new values complete no path of their own.
    n_since : int
        Values seen since the end of the newest path.

    Returns
    -------
    residual_paths : ndarray of shape (n_paths, n_steps, n_channels)
        The newest of them all.
    widths : dict or None
        As before, or of the new paths where these are the first ones.
    recent : ndarray of shape (n_recent, n_channels)
        The newest values, as many as the next path may need.
    n_since : int
        Values since the end of the newest path.
    """
    (n_steps, n_channels), length = residual_paths.shape[1:], network.window_length
    n_most = n_paths_kept(MAX_PATHS, n_steps, n_channels)
    n_new = len(values) - length
    old, new = (
        part[:, :n_channels] / network.scaling.input_scale[:n_channels]
        for part in (recent[-length:], values[:length])
    )
    if old.shape == new.shape and np.allclose(old, new, rtol=0, atol=1e-6, equal_nan=True):
        values = np.concatenate([recent[:-length], values])
    # Those due, by the number of values up to their end.
    distance = max(1, n_steps // MOST_OVERLAPS)
    ends = np.arange(len(values) - n_new + max(1, distance - n_since), len(values) + 1, distance)
    recent = values[1 - length - n_steps :].copy()
    if len(ends) == 0:
        return residual_paths, widths, recent, n_since + n_new
    dataset = make_dataset([values], length, network.output_length, n_known=network.n_known)
    rollouts = make_rollouts_until(dataset, ends[-n_most:], n_steps)
    if rollouts is not None:
        new, widths = _scale(rollouts.residuals(network), rollouts, network, dataset, widths)
        # No more than before, or than a fit keeps, so that intervals follow the newest errors.
        n_most = max(n_most, len(residual_paths))
        residual_paths = np.concatenate([residual_paths, new])[-n_most:]
    return residual_paths, widths, recent, int(len(values) - ends[-1])


def _scale(residuals, rollouts, network, dataset, widths=None):
    """Return the residuals that are finite, relative to their widths, and these widths.

    Widths that are not given are those of these residuals.
    """
    scale = network.scaling.input_scale[: network.n_predicted]
    with np.errstate(over="ignore", invalid="ignore"):
        is_kept = np.isfinite((residuals / scale).astype(np.float32)).all(axis=(1, 2))
    if not is_kept.any():
        return np.empty((0, *residuals.shape[1:]), np.float32), widths
    residuals, contexts = residuals[is_kept], rollouts.contexts[is_kept]
    forecasts = rollouts.y_true[is_kept] - residuals
    if widths is None:
        part = PART_OF_CHANGE if len(dataset.first_windows) == 1 else OF_SEVERAL_SERIES
        widths = fit_widths(contexts, forecasts, residuals, scale, part)
    with np.errstate(over="ignore"):
        paths = (residuals / residual_scale(contexts, forecasts, scale, widths)).astype(np.float32)
    return paths[np.isfinite(paths).all(axis=(1, 2))], widths


def cross_fitted_paths(
    network, data, dataset, rows, blocks, readout, n_steps, *, n_most=MAX_PATHS, others=None
):
    """Return residual paths over the whole series, by readouts not solved on these values.

    `network`, `dataset`, `rows`, `blocks`, `readout` and `others` are as in
    `cross_fitted_residuals`, `data` has the windows in the units of the series, and all else is as
    in `paths_over`.
    """
    n_most = n_paths_kept(n_most, n_steps, data.n_predicted)
    rollouts = make_calibration(data, 1.0, n_steps, n_most)
    residuals = cross_fitted_residuals(rollouts, network, dataset, rows, blocks, readout, others)
    return _scale(residuals, rollouts, network, data)


def cross_fitted_residuals(rollouts, network, dataset, rows, blocks, readout, others=None):
    """Return the residuals of forecasts by readouts that were not solved on the true values.

    Parameters
    ----------
    rollouts : RollOuts
        The forecasts.
    network : Network
        Its layers, as they were trained.
    dataset : WindowDataset
        The windows on the scale of the layers, split.
    rows : list of ndarray of int
        The windows of each block, as `make_folds` returned them.
    blocks : list of GramSums
        Their Gram sums.
    readout : Readout
        The one to solve for.
    others : None or GramSums, default=None
        Those of other series, as `solve_readout` takes them.

    Returns
    -------
    ndarray of shape (n_origins, n_steps, n_channels)
        In the units of the series; NaN from origins for which no windows are left to solve on, and
        where a forecast explodes as none of the fit may.

    References
    ----------
    Barber, R. F., Candès, E. J., Ramdas, A. and Tibshirani, R. J. (2021). Predictive inference with
    the jackknife+. Annals of Statistics 49(1), 486–507. (Residuals of models that were fitted
    without a fold.)
    """
    n_steps = rollouts.n_steps
    block_of_window = np.full(len(dataset.starts), -1)
    for number, rows_of_block in enumerate(rows):
        block_of_window[dataset.indices[rows_of_block]] = number
    windows = np.searchsorted(dataset.starts, rollouts.origins - dataset.window_length)
    # The windows whose targets hold a value that is forecast.
    reach = np.arange(1 - dataset.output_length, n_steps)
    reached = block_of_window[np.maximum(windows[:, None] + reach, 0)]
    left_out = (reached[..., None] == np.arange(len(blocks))).any(axis=1)
    residuals = np.full(rollouts.y_true.shape, np.nan)
    for pattern in np.unique(left_out, axis=0):
        rest = [block for block, is_out in zip(blocks, pattern, strict=True) if not is_out]
        if sum(block.weight for block in rest) > 0:
            origins = (left_out == pattern).all(axis=1)
            solved, _ = solve_readout(network, total(rest), readout, others)
            residuals[origins] = rollouts.residuals(solved, origins)
    # A readout that explodes with fewer windows to solve on is not one that a fit would keep.
    with np.errstate(over="ignore", invalid="ignore"):
        errors = np.mean((residuals / rollouts.scale) ** 2, axis=(1, 2))
    residuals[~(errors <= EXPLODING * rollouts.naive_errors.max())] = np.nan
    return residuals
