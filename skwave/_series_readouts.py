"""The readout of all of several series, and of each, which may be shrunk towards it."""

import time
from dataclasses import replace

import numpy as np
from sklearn.utils.parallel import Parallel, delayed

from skwave._baseline import find_season_length
from skwave._calibration import MAX_PATHS, cross_fitted_paths, paths_over
from skwave._dataset import make_dataset
from skwave._fitted import describe_fit, describe_windows, newest_values
from skwave._gaps import interpolate, missing_rows
from skwave._readout import N_FOLDS, gram_folds, make_folds, solve_coefficients, solve_readout
from skwave._readout_choice import make_readouts, penalties_of_window
from skwave._ridge import mean_squared_residuals, ridge_path, total
from skwave._rollout import baseline_errors, make_rollouts, spread_evenly
from skwave._scaling import Scaling, center_and_scale, is_varying

# Windows of all series together that are read to solve for the readout of all, and at least of each
# series.
ALL_WINDOWS, LEAST_WINDOWS = 2**18, 1_024
# Forecasts of each series that are compared with the seasonal naive ones.
SERIES_ORIGINS = 4
# Residual paths of all series together that are kept, and at least of each series: a coverage of
# 0.95 needs 39, and a few that explode are not kept.
ALL_PATHS, LEAST_PATHS = 44_000, 44
# A series that can be predicted nearly exactly counts as one of which this fraction of the standard
# deviation cannot: it would outweigh all others.
LEAST_NOISE = 1e-2
# Tasks at most that the series are divided into.
MAX_TASKS = 64
# Readouts of a series, from that which is shrunk most.
KINDS = "common", "shrunk", "half shrunk", "own"
# Series at most whose forecasts choose how far readouts are shrunk.
CHOOSING_SERIES = 64
# Why a series has a readout of its own where another kind is better over all series.
NAIVE_IS_BETTER = "a naive forecast is better than the readout that all series share"


def scale_series(values, n_known, normalization):
    """Return center and scale of the channels of a series, and which vary, (n_channels,) each.

    NaN is a missing value. The last `n_known` channels keep their units, as holidays and hours mean
    the same in each series. Where `normalization` is None, all do.
    """
    if normalization is None:
        n_channels = values.shape[1]
        return np.zeros(n_channels), np.ones(n_channels), np.ones(n_channels, bool)
    known = values[~missing_rows(values)]
    center, scale = center_and_scale(known)
    if n_known:
        center[-n_known:], scale[-n_known:] = 0, 1
    return center, scale, is_varying(known)


def weight_of(values):
    """Return the weight of a series among others, by how well it can be predicted.

    The values are those of the channels that are forecast, on a scale of their own; NaN is a
    missing value. The weight is one over the mean squared error of the naive or the seasonal naive
    forecast of one step, whichever is less: that of generalized least squares, but for a factor. It
    is 1 for a series that never changes, which does not show how well series can be predicted.

    References
    ----------
    Greene, W. H. (2003). Econometric Analysis, 5th edition, section 11.5.
    """
    values = interpolate(np.asarray(values, float))
    if (np.ptp(values, axis=0) == 0).all():
        return 1.0
    lags = {1, find_season_length(values)}
    errors = [np.mean((values[lag:] - values[:-lag]) ** 2) for lag in lags]
    return 1 / max(LEAST_NOISE**2, min(errors))


def fit_series_readouts(result, series, scalers, weights, validation_split):
    """Solve for the readout of all series, and for that of each.

    Parameters
    ----------
    result : FitResult
        The LSTM of all series, and how its readout was chosen.
    series : list of ndarray of shape (n_values, n_channels)
        The series, in their units, as windows hold them.
    scalers : list of (center, scale, varies)
        What `scale_series` returned for each.
    weights : ndarray of shape (n_series,)
        What `weight_of` returned for each, scaled to a mean of 1.
    validation_split : float
        Fraction of the newest windows of each series that are held out.

    Returns
    -------
    network : Network
        With the readout of all series, on the scale of `scalers`.
    of_series : list of dict
        For each series, the fitted attributes of a forecaster in its units that differ from those
        of the fit of all.

    Notes
    -----
    joblib runs the tasks, so that a backend chosen by `joblib.parallel_config` is used, such as a
    Dask cluster.
    """
    network, readout, pooled, kind = result.network, result.solution, None, None
    layers = network.layers
    scalings = [rescaled(network.scaling, *scaler) for scaler in scalers]
    # What `_prepare_series` takes for each.
    tasks = list(zip(series, scalings, weights, [validation_split] * len(series), strict=True))
    parts = np.array_split(np.arange(len(tasks)), min(len(tasks), MAX_TASKS))
    parts = [[tasks[k] for k in part] for part in parts]
    n_most = max(LEAST_WINDOWS, ALL_WINDOWS // len(tasks))
    n_paths = min(MAX_PATHS, max(LEAST_PATHS, ALL_PATHS // len(tasks)))
    if readout is not None:
        pooled = total(Parallel()(delayed(_sum_over)(network, part, n_most) for part in parts))
        # Each series starts from the readout of all, without a difference.
        no_difference = np.full(pooled.n_inputs, np.inf)
        common = readout._replace(name="common", difference_penalty=no_difference)
        result = result._replace(solution=common)
        kind = _choose_kind(network, common, pooled, tasks, n_most)
        network, _ = solve_readout(network, pooled, readout)
    of_worker = result._replace(regressor=None)
    solved = Parallel()(
        delayed(_fit_each)(of_worker, pooled, kind, part, n_most, n_paths) for part in parts
    )
    of_series = [attributes for part in solved for attributes in part]
    for attributes in of_series:
        # All have the same arrays, which a worker would have copied.
        attributes["network_"] = replace(attributes["network_"], layers=layers)
        attributes["_regressor"] = result.regressor
    return network, of_series


def rescaled(scaling, center, scale, varies):
    """Return the scaling of a series, from that of the series less its center over its scale.

    `center`, `scale` and `varies` are what `scale_series` returned for the series. A channel that
    is constant is predicted to stay so, as `fit_scaling` has it: its scale, which has no unit,
    would make a forecast of what the network predicts for the others.
    """
    # The channels repeat for each of several values predicted at once; known inputs,
    # the last ones, are no outputs.
    n_outputs = len(scaling.output_center)
    output_center = np.resize(center, n_outputs)
    output_scale = np.resize(scale * varies, n_outputs)
    return Scaling(
        center + scale * scaling.input_center,
        scale * scaling.input_scale,
        output_center + output_scale * scaling.output_center,
        output_scale * scaling.output_scale,
        scaling.relative,
    )


def _prepare_series(network, values, scaling, weight, validation_split):
    """Return the network on the scale of one series, and its windows in its units, and scaled."""
    network = replace(network, scaling=scaling)
    data = make_dataset(
        [values], network.window_length, network.output_length, n_known=network.n_known
    )
    dataset = data.scaled(scaling)
    dataset = replace(dataset, weights=np.full(len(dataset.indices), weight, np.float32))
    random_state = np.random.RandomState(0)
    dataset = dataset.split(validation_split, newest=True, random_state=random_state)
    return network, data, dataset


def _sum_over(network, tasks, n_most):
    """Return the Gram sums of the windows of several series."""
    sums = []
    for task in tasks:
        _, _, dataset = _prepare_series(network, *task)
        sums.append(total(gram_folds(network, dataset, make_folds(dataset, n_most=n_most))))
    return total(sums)


def _choose_kind(network, common, pooled, tasks, n_most):
    """Return how far readouts are shrunk, by forecasts over held-out values of many series.

    Those of a single series are too few to choose by, and errors of one step are less with a common
    readout where errors of many steps are not.

    Returns
    -------
    str
        The first of `KINDS` whose mean logarithm of the error is within one standard error, over
        the series, of the least one.
    """
    if len(tasks) == 1:
        # A mean over one series has no standard error.
        return KINDS[0]
    errors = Parallel()(
        delayed(_errors_of_kinds)(network, common, pooled, tasks[k], n_most)
        for k in spread_evenly(len(tasks), CHOOSING_SERIES)
    )
    logs = np.log(errors)
    gaps = logs - logs[:, [logs.mean(axis=0).argmin()]]
    errors_of_mean = gaps.std(axis=0, ddof=1) / np.sqrt(len(gaps))
    # The first one, too, where errors are infinite with each kind and have no difference.
    return KINDS[np.argmax(gaps.mean(axis=0) <= errors_of_mean)]


def _errors_of_kinds(network, common, pooled, task, n_most):
    """Return the mean squared error of the forecasts of one series with each of `KINDS`."""
    network, data, dataset = _prepare_series(network, *task)
    folds = gram_folds(network, dataset, make_folds(dataset, n_most=n_most))
    others, seen = pooled - total(folds), total(folds[:N_FOLDS])
    *_, validation_split = task
    rollouts = make_rollouts(data, validation_split, SERIES_ORIGINS)
    solved = [
        solve_readout(network, seen, readout, others)[0]
        for readout in _make_kinds(KINDS, network, folds, others, common)
    ]
    begun = rollouts.read_known(network)
    return [max(np.finfo(float).tiny, rollouts.errors(one, begun).mean()) for one in solved]


def _make_kinds(kinds, network, folds, others, common):
    """Return the readouts of these kinds for a series, from that of all series, `common`."""
    made = {"common": common}
    if "shrunk" in kinds or "half shrunk" in kinds:
        made["shrunk"] = _choose_difference(folds, others, network, common)
    if "own" in kinds or "half shrunk" in kinds:
        # That of the series alone, with the known inputs of the readout of all.
        _, (own, *_) = make_readouts(folds, network, common.linear_penalty)
        made["own"] = own._replace(name="own")
    if "half shrunk" in kinds:
        made["half shrunk"] = made["shrunk"]._replace(name="half shrunk", own=made["own"])
    return [made[kind] for kind in kinds]


def _fit_each(result, pooled, kind, tasks, n_most, n_paths):
    """Return the fitted attributes for each of several series; the networks lack the layers."""
    fitted = []
    for task in tasks:
        began = time.perf_counter()
        network, data, dataset = _prepare_series(result.network, *task)
        values, *_, validation_split = task
        rollouts = make_rollouts(data, validation_split, SERIES_ORIGINS)
        if pooled is None:
            paths, widths = paths_over(network, data, validation_split, rollouts.n_steps, n_paths)
            of_one = result._replace(
                network=network, errors={result.readout: rollouts.errors(network)},
                residual_paths=paths, widths=widths,
            )  # fmt: skip
        else:
            of_one = _solve_one(
                result, network, data, dataset, rollouts, pooled, kind, n_most, n_paths
            )
        attributes = describe_windows(data) | newest_values(of_one.network, values)
        seconds = time.perf_counter() - began
        attributes |= describe_fit(of_one, data, dataset, rollouts, seconds)
        attributes["network_"] = replace(of_one.network, layers=())
        fitted.append(attributes)
    return fitted


def _solve_one(result, network, data, dataset, rollouts, pooled, kind, n_most, n_paths):
    """Return the result for one series whose readout is shrunk towards that of all."""
    rows = make_folds(dataset, n_most=n_most)
    folds = gram_folds(network, dataset, rows)
    others, seen = pooled - total(folds), total(folds[:N_FOLDS])
    common = result.solution
    (chosen,) = _make_kinds([kind], network, folds, others, common)
    reason = "the best kind of readout over all series"
    errors = {
        name: rollouts.errors(solve_readout(network, seen, one, others)[0])
        for name, one in {common.name: common, chosen.name: chosen}.items()
    }
    baselines, _ = baseline_errors(rollouts, data)
    naive = baselines.get("seasonal_naive", baselines["naive"])
    if kind != "own" and rollouts.is_better(naive, errors[chosen.name]):
        (own,) = _make_kinds(["own"], network, folds, others, common)
        errors["own"] = rollouts.errors(solve_readout(network, seen, own, others)[0])
        if errors["own"].mean() < errors[chosen.name].mean():
            chosen, reason = own, NAIVE_IS_BETTER
    solved, _ = solve_readout(network, total(folds), chosen, others)
    paths, widths = cross_fitted_paths(
        network, data, dataset, rows, folds, chosen, rollouts.n_steps, n_most=n_paths, others=others
    )
    return result._replace(
        network=solved, readout=chosen.name, errors=errors, reason=reason, residual_paths=paths,
        widths=widths,
    )  # fmt: skip


def _choose_difference(folds, others, network, readout):
    """Return a readout with penalties of the differences from that of all series, `readout`.

    They are those of least error on the folds, each of which is left out in turn; `others` are the
    Gram sums of the other series. The readout of all series is kept if its error is the least.
    """
    of_window = penalties_of_window(network, readout.linear_penalty)
    penalties = np.insert(of_window, [0] * network.n_states, readout.state_penalty, axis=1)
    errors = np.zeros(1 + len(penalties))
    for left_out, fold in enumerate(folds):
        rest = total(folds[:left_out] + folds[left_out + 1 :])
        common = solve_coefficients(others + rest, readout)
        rest, fold = rest.residual(*common), fold.residual(*common)
        nothing = np.zeros_like(common[0]), np.zeros_like(common[1])
        differences = [nothing, *ridge_path(rest, penalties)]
        errors += fold.weight * mean_squared_residuals(fold, differences)
    best = int(np.argmin(errors))
    if best == 0:
        return readout
    return readout._replace(name="shrunk", difference_penalty=penalties[best - 1])
