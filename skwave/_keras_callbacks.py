"""Keras callbacks of a training: schedule, monitor, checkpoint, backup, progress."""

import contextlib
import io
import json
import math
import os
import threading
from functools import partial
from pathlib import Path

import numpy as np

from skwave._keras_model import import_keras, read_network, read_variables, to_keras
from skwave._persistence import checksum
from skwave._readout_choice import solve_exact
from skwave.exceptions import warn

# Updates from one check whether forecasts are exact to the next. A check takes as long as several.
EXACT_EVERY = 20


def learning_rate_factor(step, n_steps):
    """Return the fraction of the peak learning rate at an update, counted from 0.

    It rises linearly to 1 over the first tenth of the updates, and falls like half a cosine to
    0.01.
    """
    warm_up = max(1, n_steps // 10)
    if step < warm_up:
        return (step + 1) / warm_up
    done = (step - warm_up) / max(1, n_steps - warm_up)
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done))


def make_callbacks(model, dataset, config, per_epoch, rollouts, exact_rollouts, progress):
    """Return the callbacks of a training in the order of their calls, and early stopping.

    An epoch has `per_epoch` updates; all else is as in `train`.

    Returns
    -------
    callbacks : list of keras.callbacks.Callback
        The callbacks.
    stopping : keras.callbacks.EarlyStopping
        The one among them that keeps the best weights. Its attribute `exact` is what `solve_exact`
        returned for them, where that stopped the training.
    """
    callback = import_keras().callbacks.LambdaCallback
    monitor = "val_loss" if dataset.holds_out else "loss"
    stopping = import_keras().callbacks.EarlyStopping(
        monitor if rollouts is None else "val_forecast",
        patience=config.epochs if config.patience is None else config.patience,
        mode="min",
        restore_best_weights=True,
    )
    stopping.exact = None
    if config.checkpoint_dir is not None:
        Path(config.checkpoint_dir).mkdir(parents=True, exist_ok=True)
    # First, since early stopping reads what is added to the logs.
    before = callback(
        on_epoch_begin=lambda epoch, logs: progress.begin(),
        on_epoch_end=partial(_before_stopping, model, dataset, config, rollouts, stopping),
    )
    callbacks = [before, stopping]
    sets_schedule = config.schedule is not None and isinstance(config.optimizer, str)
    if sets_schedule:
        set_rate = partial(_set_rate, stopping, config, per_epoch)
        callbacks.append(callback(on_train_batch_begin=set_rate))
    # Last, when it is known what the others did, and whether they stop.
    after = callback(
        on_epoch_end=partial(
            _after_stopping, model, dataset, exact_rollouts, stopping, per_epoch, progress
        )
    )
    further = config.callbacks or []
    of_keras = import_keras().callbacks
    for one in further:
        if not isinstance(one, of_keras.Callback):
            raise TypeError(
                f"callbacks holds {one!r}, but a list of keras.callbacks.Callback is needed."
            )
        sets_rate = isinstance(one, of_keras.LearningRateScheduler | of_keras.ReduceLROnPlateau)
        if sets_rate and sets_schedule:
            warn(
                f"callbacks holds a {type(one).__name__}, but schedule={config.schedule!r} sets "
                "the learning rate of each update, so that it has no effect. Set schedule=None."
            )
    return [*callbacks, *further, after], stopping


def _set_rate(stopping, config, per_epoch, batch, logs):
    """Set the learning rate before an update.

    Not as a Keras schedule: that is part of the graph, which would be traced again for each length.
    """
    # On JAX the variables are up to date within an epoch only in the model of a callback.
    optimizer = stopping.model.optimizer
    # The count of the optimizer also continues if a fit is resumed.
    factor = learning_rate_factor(int(optimizer.iterations), per_epoch * config.epochs)
    optimizer.learning_rate = config.learning_rate * factor


def _before_stopping(model, dataset, config, rollouts, stopping, epoch, logs):
    """Do at the end of an epoch what comes before early stopping."""
    if rollouts is not None:
        logs["val_forecast"] = float(rollouts.errors(read_network(model, dataset)).mean())
    losses = [logs[name] for name in ("loss", "val_loss") if name in logs]
    if not np.isfinite(losses).all():
        # No later epoch recovers from it.
        model.stop_training = True
    # Early stopping still has the best value of past epochs.
    best = math.inf if stopping.best is None else stopping.best
    if config.checkpoint_dir is not None and logs[stopping.monitor] < best:
        _save_checkpoint(model, dataset, config.checkpoint_dir, epoch, logs)


def _after_stopping(model, dataset, rollouts, stopping, per_epoch, progress, epoch, logs):
    """Do at the end of an epoch what comes after early stopping and the callbacks of the user."""
    # Forecasts are computed once in this many updates.
    is_due = epoch * per_epoch // EXACT_EVERY < (epoch + 1) * per_epoch // EXACT_EVERY
    if rollouts is not None and is_due:
        stopping.exact = solve_exact(read_network(model, dataset), dataset, rollouts)
        if stopping.exact is not None:
            model.stop_training = True
            # The present weights are the best ones.
            stopping.best_weights, stopping.best_epoch = model.get_weights(), epoch
    if progress.end(read_network(model, dataset)):
        model.stop_training = True


def _save_checkpoint(model, dataset, folder, epoch, logs):
    """Write the model, in the units of the series."""
    losses = f"-loss{logs['loss']:.3f}"
    if "val_loss" in logs:
        losses += f"-vloss{logs['val_loss']:.3f}"
    path = Path(folder) / f"model{epoch + 1:03d}{losses}.keras"
    part = path.with_name(f".{path.stem}.part.keras")
    with _moved_to(part, path):
        to_keras(read_network(model, dataset)).save(part)


@contextlib.contextmanager
def _moved_to(part, path):
    """Move a file that is written under another name, so that no error leaves half of one."""
    try:
        yield
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


class Backup:
    """A running fit on disk: one file, written in one move after each epoch.

    Parameters
    ----------
    dataset, config, seed, network : object
        What is trained on, how, and from where: they name the file, so that only the same fit is
        resumed.
    """

    # They do not change what is learned, and may differ when a call is repeated.
    _NOT_PART_OF_A_FIT = (
        "callbacks", "checkpoint_dir", "backup_dir", "verbose", "readout_positions",
    )  # fmt: skip

    def __init__(self, dataset, config, seed, network):
        how = {k: v for k, v in vars(config).items() if k not in self._NOT_PART_OF_A_FIT}
        for name in ("loss", "optimizer"):
            if hasattr(how[name], "get_config"):
                how[name] = [type(how[name]).__qualname__, how[name].get_config()]
            how[name] = getattr(how[name], "__qualname__", how[name])
        data = [vars(dataset) | {"scaling": vars(dataset.scaling)}, how, seed]
        if network is not None:
            data += [network.layers, network.head]
        folder = Path(config.backup_dir)
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"fit-{checksum(data)[:16]}.npz"
        self.n_epochs = 0
        self.history = {}
        self.stopping = {}

    def restore(self, model):
        """Restore a model to the state of the backup, if there is one that can be read."""
        variables = _variables(model)
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return
        # Damaged bytes make zipfile and NumPy raise errors of many kinds.
        try:
            with np.load(io.BytesIO(data)) as arrays:
                values = [arrays[f"variable{k:03d}"] for k in range(len(variables))]
                n_epochs, history, stopping = json.loads(str(arrays["memory"]))
                best = sorted(name for name in arrays if name.startswith("best"))
                stopping["best_weights"] = [arrays[name] for name in best]
        except Exception as error:
            warn(
                f"The backup {os.fspath(self.path)!r} is damaged ({error}), so that the fit starts "
                "from the beginning."
            )
            return
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        self.n_epochs, self.history, self.stopping = n_epochs, history, stopping

    def make_callback(self, model, config, stopping):
        """Return the last of the callbacks, so that what the others did is backed up."""
        return import_keras().callbacks.LambdaCallback(
            # After early stopping has reset itself.
            on_train_begin=lambda logs: vars(stopping).update(self.stopping),
            on_epoch_end=lambda epoch, logs: self._write(model, config, stopping, epoch, logs),
        )

    def _write(self, model, config, stopping, epoch, logs):
        # Where training stops, no epoch is left.
        self.n_epochs = config.epochs if model.stop_training else epoch + 1
        for name, value in logs.items():
            self.history.setdefault(name, []).append(float(value))
        state = {
            "wait": int(stopping.wait),
            "best": float(stopping.best),
            "best_epoch": int(stopping.best_epoch),
        }
        arrays = {
            f"variable{k:03d}": value for k, value in enumerate(read_variables(_variables(model)))
        }
        arrays |= {f"best{k:03d}": w for k, w in enumerate(stopping.best_weights)}
        memory = json.dumps([self.n_epochs, self.history, state])
        # In a search candidates may share a fit of the LSTM, and run at the same time.
        part = self.path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part.npz")
        with _moved_to(part, self.path):
            np.savez(part, memory=memory, **arrays)


def _variables(model):
    """Return all that an update changes: weights, the optimizer's state, seeds of dropout."""
    dropout = import_keras().layers.Dropout
    seeds = [layer.seed_generator.state for layer in model.layers if isinstance(layer, dropout)]
    return [*model.trainable_variables, *model.optimizer.variables, *seeds]
