"""Training of a `Network` on a dataset, with scikeras.

This is the only module that imports scikeras, inside a function: scikeras imports Keras.
"""

import math
import os
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from sklearn import config_context
from sklearn.exceptions import ConvergenceWarning

from skwave._keras_callbacks import Backup, make_callbacks
from skwave._keras_model import batches_of, borrowed_model, read_network, reset
from skwave._network import Network
from skwave.exceptions import warn

# Updates that epochs="auto" makes where the readout is solved for: twice as many forecast no better
# (benchmarks/tried.md). An epoch is a pass over the windows, of at least and at most this many
# updates. It is not shorter, since Keras takes as much time between epochs as for several small
# updates. It is not longer, since with at least 10 updates a short series with a trend had no good
# epoch.
SOLVED_UPDATES, UPDATES_PER_EPOCH = 100, (5, 20)
# Held-out windows that the loss of such an epoch is taken over: more take longer than the epoch.
SOLVED_VALIDATION = 256
# Updates where the readout is trained, in at least so many passes over all windows.
TRAINED_UPDATES, TRAINED_PASSES = 600, 3
# Rows that Keras gets at once, or those of one epoch where they are more.
ROWS_AT_ONCE = 2**16


@dataclass(frozen=True)
class TrainingConfig:
    """How to train: the parameters of `LSTMForecaster` that concern training."""

    units: tuple
    dropout: float
    loss: Any
    optimizer: Any
    learning_rate: float
    schedule: str | None
    clipnorm: float | None
    batch_size: int
    epochs: int | str
    validation_split: float
    validation: str
    patience: int | None
    callbacks: list | None
    checkpoint_dir: str | os.PathLike | None
    backup_dir: str | os.PathLike | None
    jit_compile: bool | str
    verbose: int | str
    readout_positions: int
    updates_per_epoch: int | None = None  # None is as many as a pass over all windows has


class FitResult(NamedTuple):
    """The result of a fit: of training, and then of solving for the readout."""

    network: Network
    history: dict
    best_epoch: int
    n_updates: int
    regressor: Any
    exact: tuple | None = None  # what `solve_exact` returned, where that stopped the training
    readout: str = "trained"
    errors: dict = {}  # of forecasts over held-out values, by readout
    reason: str = ""  # why this readout was kept
    residual_paths: np.ndarray | None = None  # of forecasts over values not trained on
    widths: dict | None = None  # of these paths, as `fit_widths` returned them
    solution: Any = None  # the `Readout` that was solved for and is not exact
    holds_out_newest: bool = True  # whether the windows held out are the newest ones


def set_epochs(dataset, config, *, solves_readout):
    """Replace ``epochs="auto"`` by a number of epochs, and choose the windows to train on.

    Where the readout is solved for afterwards, from all windows, the LSTM may be trained on a part.

    Returns
    -------
    dataset : WindowDataset
        The windows to train on, and those that choose the epoch; split, as the dataset is.
    config : TrainingConfig
        With a number of epochs.
    """
    if config.epochs != "auto":
        return dataset, config
    per_pass = math.ceil(dataset.n_train / config.batch_size)
    if not solves_readout:
        epochs = max(TRAINED_PASSES, round(TRAINED_UPDATES / per_pass))
        return dataset, replace(config, epochs=epochs)
    # Of a longer series than can be read in these updates a part is read, so that no fit takes
    # longer than another.
    rows = np.arange(len(dataset.indices))
    if dataset.weights is not None:
        rows = np.flatnonzero(dataset.weights)
    seen = rows[rows < dataset.n_train][: SOLVED_UPDATES * config.batch_size]
    held_out = rows[rows >= dataset.n_train][:SOLVED_VALIDATION]
    per_epoch = int(np.clip(per_pass, *UPDATES_PER_EPOCH))
    epochs = round(SOLVED_UPDATES / per_epoch)
    config = replace(config, epochs=epochs, updates_per_epoch=per_epoch)
    return dataset.take(np.concatenate([seen, held_out]), len(seen)), config


def train(dataset, config, *, seed, network=None, rollouts=None, exact_rollouts=None, progress):
    """Train the LSTM and its output layer.

    Parameters
    ----------
    dataset : WindowDataset
        Split, on the scale of the layers.
    config : TrainingConfig
        How to train.
    seed : int
        The seed of all random numbers.
    network : None or Network, default=None
        The network to continue from.
    rollouts : None or RollOuts, default=None
        With ``validation="forecast"`` its errors choose the best epoch in place of the validation
        loss. The history calls them ``val_forecast``.
    exact_rollouts : None or RollOuts, default=None
        Where given, training stops as soon as these forecasts are exact.
    progress : EpochProgress
        Notified of the beginning and end of each epoch; it may stop the training.

    Returns
    -------
    FitResult
        The network with the weights of the best epoch, and the history.

    Raises
    ------
    ValueError
        If no epoch had a finite loss.
    """
    rollouts = rollouts if config.validation == "forecast" else None
    rows = np.arange(dataset.n_train)
    if dataset.weights is not None:
        rows = np.flatnonzero(dataset.weights[: dataset.n_train])
    per_epoch = config.updates_per_epoch or math.ceil(len(rows) / config.batch_size)
    backup, n_done = None, 0
    with borrowed_model(dataset, config) as model:
        reset(model, dataset, np.random.RandomState(seed), network)
        callbacks, stopping = make_callbacks(
            model, dataset, config, per_epoch, rollouts, exact_rollouts, progress
        )  # fmt: skip
        if config.backup_dir is not None:
            backup = Backup(dataset, config, seed, network)
            backup.restore(model)
            n_done = backup.n_epochs
            callbacks.append(backup.make_callback(model, config, stopping))
        try:
            regressor = _run_scikeras(model, dataset, rows, config, per_epoch, callbacks, n_done)
        finally:
            for callback in config.callbacks or []:
                # A copy of the estimator would copy the model too.
                callback.set_model(None)
        network = read_network(model, dataset)
    # The model is shared with other fits.
    del regressor.model_
    history = {name: [float(v) for v in values] for name, values in regressor.history_.items()}
    if backup is not None:
        history = backup.history
        backup.path.unlink(missing_ok=True)  # of an equal fit that ended at the same time
    check_history(history, network)
    n_updates, best_epoch = per_epoch * len(history["loss"]), int(stopping.best_epoch)
    return FitResult(network, history, best_epoch, n_updates, regressor, stopping.exact)


def _run_scikeras(model, dataset, rows, config, updates_per_epoch, callbacks, n_done):
    """Let scikeras fit the model on the windows in `rows`, from epoch `n_done` on.

    Each batch is full: the first windows follow the last ones.
    """
    from scikeras.wrappers import KerasRegressor

    n = dataset.n_train
    x = dataset.starts[dataset.indices][:, None].astype(np.int32)
    y = dataset.targets if dataset.residuals is None else dataset.residuals
    w = dataset.weights
    held_out = (x[n:], y[n:]) if w is None else (x[n:], y[n:], w[n:])
    validation_batch = max(256, config.batch_size)
    batch_size = min(config.batch_size, len(rows))
    # Keras makes a new iterator for each pass over its arrays, which takes as long as ten small
    # updates. So it gets the rows of several epochs at once.
    per_epoch = updates_per_epoch * batch_size
    n_rows = per_epoch * min(config.epochs, max(1, ROWS_AT_ONCE // per_epoch))
    rows = rows[(n_done * per_epoch + np.arange(n_rows)) % n_rows % len(rows)]
    regressor = KerasRegressor(
        model=model,
        epochs=config.epochs - n_done,
        batch_size=batch_size,
        verbose=config.verbose,
        callbacks=callbacks,
        # The windows come in random order already.
        fit__shuffle=False,
        fit__steps_per_epoch=updates_per_epoch,
        fit__validation_data=batches_of(held_out, validation_batch),
        fit__validation_batch_size=validation_batch,
    )
    # scikeras uses transformers, which must not return DataFrames here.
    with config_context(transform_output="default"):
        weights = None if w is None else w[rows]
        return regressor.fit(x[rows], y[rows], sample_weight=weights, initial_epoch=n_done)


def check_history(history, network):
    """Raise an error if no epoch had finite losses and weights, and warn if some had not.

    `network` has the weights of the best epoch.
    """
    losses = np.array([history[name] for name in ("loss", "val_loss") if name in history])
    good = np.isfinite(losses).all(axis=0)
    advice = (
        "Try a smaller learning_rate, a smaller clipnorm, normalization='series', or look for "
        "outliers in the series."
    )
    weights = [w for layer in (*network.layers, network.head) for w in layer]
    if not good.any() or not all(np.isfinite(w).all() for w in weights):
        raise ValueError(f"The loss became NaN or infinite in the first epoch. {advice}")
    if not good.all():
        warn(
            f"The loss became NaN or infinite in epoch {len(good)}; training stopped, and the best "
            f"weights before are kept. {advice}",
            ConvergenceWarning,
        )
