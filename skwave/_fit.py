"""The ways to fit: train the LSTM and solve for its readout, or keep the readout as trained."""

from skwave._calibration import EXACT_PATHS, MAX_PATHS, cross_fitted_paths, paths_over
from skwave._keras_model import is_mean_squared
from skwave._known_choice import choose_known_penalty
from skwave._readout import (
    count_blocks,
    count_linear,
    drop_unread_positions,
    gram_folds,
    join_blocks,
    make_folds,
    naive_skip,
    smooth_readout,
    with_positions,
)
from skwave._readout_choice import choose_readout, linear_errors, solve_exact
from skwave._rollout import make_rollouts
from skwave._training import train
from skwave.exceptions import warn

# Least squares takes memory for some ten matrices of as many rows and columns: 300 MB in all.
MAX_COEFFICIENTS = 2_000
# A readout that Keras trained is compared with a linear model where a window has no more values.
MAX_LINEAR_VALUES = 2_000


def solves_readout(readout, dataset, config, normalization):
    """Return whether the readout is solved for: as asked, or where that is sound.

    Warns
    -----
    ForecastWarning
        If it would be sound, but has too many coefficients.
    """
    if readout != "auto":
        return readout == "ridge"
    if not dataset.autoregressive or normalization is None or not is_mean_squared(config.loss):
        return False
    n_coefficients = config.units[-1] + count_linear(dataset)
    if n_coefficients > MAX_COEFFICIENTS:
        warn(
            f"The output layer stays as Keras trained it: a solved one would have {n_coefficients} "
            f"coefficients, but readout='auto' solves for at most {MAX_COEFFICIENTS}. Forecasts of "
            "a solved one are mostly better: use fewer units, channels or calendar features, a "
            "smaller window_length, or readout='ridge', which takes more memory."
        )
    return n_coefficients <= MAX_COEFFICIENTS


def check_can_roll_out(dataset, config, *, solves):
    """Raise an error if forecasts choose, but the targets are not the values after the windows."""
    if not dataset.autoregressive and (solves or config.validation == "forecast"):
        asks = "readout='ridge'" if solves else "validation='forecast'"
        raise ValueError(
            f"{asks} forecasts held-out values, so the targets must be the values that follow the "
            "windows, but y is given. Fit without y, or set readout='auto' and validation='last'."
        )


def train_and_solve(
    data, dataset, training_set, config, seed, *, previous, rollouts, known_penalty, progress
):
    """Train the LSTM on a part of the windows, and solve for the readout of all.

    Parameters
    ----------
    data, dataset : WindowDataset
        The windows in the units of the series, and those on the scale of the layers, split.
    training_set : WindowDataset
        The part of `dataset` that the LSTM is trained on.
    config : TrainingConfig
        How to train; its number of epochs is that of `set_epochs`.
    seed : int
        The seed of all random numbers.
    previous : None or Network
        The network to continue from.
    rollouts : RollOuts
        Forecasts over the held-out values.
    known_penalty : None or ndarray of shape (n_linear,)
        What `choose_known_penalty` returned.
    progress : EpochProgress
        Notified of each epoch.

    Returns
    -------
    FitResult
        The network, how it was trained, and how its readout was chosen.

    Notes
    -----
    With ``epochs="auto"``, training stops as soon as forecasts over held-out values are exact.
    Otherwise the candidates with weaker penalties read the state at `readout_positions` of the
    window, or at fewer where these were more than `MAX_COEFFICIENTS` together with the window.
    """
    start = None if previous is None else smooth_readout(previous, dataset)
    # Only epochs="auto" gives epochs a number of updates of their own.
    stops_when_exact = dataset.holds_out and config.updates_per_epoch is not None
    result = train(
        training_set.with_skip(naive_skip(training_set)), config, seed=seed, network=start,
        rollouts=rollouts, exact_rollouts=rollouts if stops_when_exact else None,
        progress=progress,
    )  # fmt: skip
    layers, n_steps = result.network, rollouts.n_steps
    exact = result.exact
    if exact is None and dataset.holds_out:
        exact = solve_exact(layers, dataset, rollouts)
    if exact is not None:
        network, readout, errors = exact
        linear = linear_errors(layers, dataset, rollouts, known_penalty)
        errors = {readout.name: errors, "linear": linear}
        reason, solution = "its forecasts are as exact as float32 allows", None
        # Over the newest values alone: forecasts from near origins take less time together.
        n_newest = max(2 * data.window_length, n_steps + EXACT_PATHS)
        fraction = n_newest / int(data.n_windows_of_series.max())
        fraction = min(config.validation_split, fraction)
        paths, widths = paths_over(network, data, fraction, n_steps, EXACT_PATHS)
    else:
        n_most = (MAX_COEFFICIENTS - count_linear(layers)) // layers.n_states
        layers = with_positions(layers, min(config.readout_positions, max(1, n_most)))
        rows = make_folds(dataset, count_blocks(layers))
        blocks = gram_folds(layers, dataset, rows)
        network, readout, errors, reason = choose_readout(
            layers, dataset, join_blocks(blocks), rollouts, make_rollouts(data, 1.0),
            known_penalty,
        )  # fmt: skip
        paths, widths = cross_fitted_paths(layers, data, dataset, rows, blocks, readout, n_steps)
        network, solution = drop_unread_positions(network, readout)
    return result._replace(
        network=network, readout=readout.name, errors=errors, reason=reason, residual_paths=paths,
        widths=widths, solution=solution,
    )  # fmt: skip


def train_readout(data, dataset, config, seed, *, previous, normalization, progress, rollouts=None):
    """Train the LSTM and its output layer, beside a linear model that stays as it is.

    Parameters are those of `train_and_solve`, but for these.

    Parameters
    ----------
    normalization : {"series", "window"} or None
        How the values are scaled.
    rollouts : None or RollOuts, default=None
        Forecasts over the newest values; None where the targets are others, or none is held out.

    Returns
    -------
    FitResult
        The network and how it was trained.
    """
    skip = None if previous is None else previous.skip
    if previous is None and dataset.autoregressive and normalization is not None:
        # The LSTM learns by how much the next values differ from the newest one. Neighbors in a
        # series are much alike, so that the same relative error of what is learned is a far
        # smaller error of the forecast (benchmarks/tried.md).
        skip = naive_skip(dataset)
    result = train(
        dataset if skip is None else dataset.with_skip(skip), config, seed=seed,
        network=previous, rollouts=rollouts, progress=progress,
    )  # fmt: skip
    result = result._replace(
        reason="as Keras trained it", holds_out_newest=config.validation != "random"
    )
    if rollouts is None:
        return result
    errors = {"trained": rollouts.errors(result.network)}
    if count_linear(data) <= MAX_LINEAR_VALUES:
        known_penalty = choose_known_penalty(data, dataset, config.validation_split)
        errors["linear"] = linear_errors(result.network, dataset, rollouts, known_penalty)
    n_steps = rollouts.n_steps
    paths, widths = paths_over(result.network, data, config.validation_split, n_steps, MAX_PATHS)
    return result._replace(errors=errors, residual_paths=paths, widths=widths)
