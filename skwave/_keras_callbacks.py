"""Keras callbacks of a training: schedule, monitor, checkpoint, backup, progress."""

import copy
import json
import math
import os
from pathlib import Path

import numpy as np

from skwave._keras_model import import_keras, read_network
from skwave._keras_model import to_keras as network_to_keras
from skwave._persistence import checksum
from skwave._readout import solve_exact


def learning_rate_factor(step, n_steps):
    """Return the fraction of the peak learning rate at an update.

    It rises linearly over the first tenth of the updates, and falls like half a cosine.

    Parameters
    ----------
    step : int
        Number of the update, from 0.
    n_steps : int
        Updates of the whole training.

    Returns
    -------
    float
        Between 0.01, at the end, and 1, after the first tenth.
    """
    warm_up = max(1, n_steps // 10)
    if step < warm_up:
        return (step + 1) / warm_up
    done = (step - warm_up) / max(1, n_steps - warm_up)
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done))


def schedule_learning_rate(model, config, n_updates):
    """Set the learning rate before every update.

    Not as a Keras schedule: that is part of the graph, which would be traced anew for each length.
    """

    def set_rate(batch, logs=None):
        # The optimizer's own count also goes on where a fit is resumed.
        step = int(import_keras().ops.convert_to_numpy(model.optimizer.iterations))
        model.optimizer.learning_rate = config.learning_rate * learning_rate_factor(step, n_updates)

    return import_keras().callbacks.LambdaCallback(on_train_batch_begin=set_rate)


def monitor_rollouts(model, dataset, rollouts):
    """Add the error of forecasts over held-out values to the logs, as ``val_forecast``."""

    def add_error(epoch, logs):
        logs["val_forecast"] = float(rollouts.errors(read_network(model, dataset)).mean())

    return import_keras().callbacks.LambdaCallback(on_epoch_end=add_error)


def stop_at_nan(model):
    """Stop where a loss is NaN or infinite: no later epoch recovers from it."""

    def check_losses(epoch, logs):
        losses = [logs[name] for name in ("loss", "val_loss") if name in logs]
        if not np.isfinite(losses).all():
            model.stop_training = True

    return import_keras().callbacks.LambdaCallback(on_epoch_end=check_losses)


def stop_when_exact(model, dataset, rollouts):
    """Stop as soon as forecasts over held-out values are as exact as float32 allows."""

    def check_forecasts(epoch, logs):
        if solve_exact(read_network(model, dataset), dataset, rollouts) is not None:
            model.stop_training = True

    return import_keras().callbacks.LambdaCallback(on_epoch_end=check_forecasts)


def stop_early(config, monitor):
    """Keep the best weights, and stop when they are older than the patience."""
    patience = config.epochs if config.patience is None else config.patience
    return import_keras().callbacks.EarlyStopping(
        monitor, patience=patience, mode="min", restore_best_weights=True
    )


def save_checkpoints(model, dataset, config, monitor, stopping):
    """Write the model, in the units of the series, at each improvement.

    It stands before `stopping` in the list, which still knows the best value of past epochs.
    """
    folder = Path(config.checkpoint_dir)
    folder.mkdir(parents=True, exist_ok=True)

    def save(epoch, logs):
        best = math.inf if stopping.best is None else stopping.best
        if logs[monitor] < best:
            losses = f"-loss{logs['loss']:.3f}"
            if "val_loss" in logs:
                losses += f"-vloss{logs['val_loss']:.3f}"
            path = folder / f"model{epoch + 1:03d}{losses}.keras"
            # Under another name first, so that no crash leaves half of a file.
            part = path.with_name(f".{path.stem}.part.keras")
            network_to_keras(read_network(model, dataset)).save(part)
            os.replace(part, path)

    return import_keras().callbacks.LambdaCallback(on_epoch_end=save)


def copy_callbacks(callbacks):
    """Return the callbacks of the user as new ones, so that each fit finds them unused."""
    base = import_keras().callbacks.Callback
    for callback in callbacks:
        if not isinstance(callback, base):
            raise TypeError(
                f"callbacks holds {callback!r}, but a list of keras.callbacks.Callback is needed."
            )
    return [copy.deepcopy(callback) for callback in callbacks]


def report_progress(model, dataset, progress):
    """Notify scikit-learn's callbacks of each epoch, after all others have seen it."""

    def begin(epoch, logs):
        progress.begin()

    def end(epoch, logs):
        if progress.end(read_network(model, dataset)):
            model.stop_training = True

    return import_keras().callbacks.LambdaCallback(on_epoch_begin=begin, on_epoch_end=end)


class Backup:
    """A running fit on disk: one file, written in one move after each epoch.

    Parameters
    ----------
    folder : path-like
        It is made, if needed.
    dataset, config, seed, weights : object
        What is trained on, how, and from where: they name the file, so that only the same fit is
        resumed.
    """

    # They do not change what is learned, and may differ when a call is repeated.
    _NOT_PART_OF_A_FIT = ("callbacks", "checkpoint_dir", "backup_dir", "verbose")

    def __init__(self, folder, dataset, config, seed, weights):
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        how = {k: v for k, v in vars(config).items() if k not in self._NOT_PART_OF_A_FIT}
        for name in ("loss", "optimizer"):
            how[name] = _plain(how[name])
        data = [vars(dataset) | {"scaling": vars(dataset.scaling)}, how, seed, weights]
        self.path = folder / f"fit-{checksum(data)[:16]}.npz"
        self.memory = None

    def restore(self, model):
        """Bring a model to where it was when the backup was written, if there is one."""
        if self.path.exists():
            with np.load(self.path) as arrays:
                self.memory = json.loads(str(arrays["memory"]))
                self.memory["best_weights"] = [arrays[n] for n in sorted(arrays) if n[:4] == "best"]
                for k, variable in enumerate(_variables(model)):
                    variable.assign(arrays[f"variable{k:03d}"])

    @property
    def n_epochs(self):
        """Epochs that are done."""
        return self.memory["n_epochs"] if self.memory else 0

    @property
    def history(self):
        """Losses of the epochs that are done."""
        return self.memory["history"] if self.memory else {}

    def callback(self, model, config, stopping):
        """Return the last of the list of callbacks, so that what the others did is backed up."""

        def restore_stopping(logs):
            if self.memory:
                for name in ("wait", "best", "best_epoch", "best_weights"):
                    setattr(stopping, name, self.memory[name])

        def write(epoch, logs):
            # Where training stops there is no epoch left to go on with.
            n_epochs = config.epochs if model.stop_training else epoch + 1
            self._write(model, n_epochs, logs, stopping)

        return import_keras().callbacks.LambdaCallback(
            on_train_begin=restore_stopping, on_epoch_end=write
        )

    def _write(self, model, n_epochs, logs, stopping):
        past = self.history
        self.memory = {
            "n_epochs": n_epochs,
            "history": {name: [*past.get(name, []), float(v)] for name, v in logs.items()},
            "wait": int(stopping.wait),
            "best": float(stopping.best),
            "best_epoch": int(stopping.best_epoch),
        }
        to_numpy = import_keras().ops.convert_to_numpy
        arrays = {f"variable{k:03d}": to_numpy(v) for k, v in enumerate(_variables(model))}
        arrays |= {f"best{k:03d}": w for k, w in enumerate(stopping.best_weights)}
        part = self.path.with_suffix(".part.npz")
        np.savez(part, memory=json.dumps(self.memory), **arrays)
        self.memory["best_weights"] = stopping.best_weights
        os.replace(part, self.path)

    def remove(self):
        """Remove the file of a fit that has come to its end."""
        self.path.unlink(missing_ok=True)


def _plain(setting):
    """Return a loss or an optimizer in plain data that says the same in each process."""
    if hasattr(setting, "get_config"):
        return [type(setting).__qualname__, setting.get_config()]
    return getattr(setting, "__qualname__", setting)


def _variables(model):
    """Return all that an update changes: weights, the optimizer's state, seeds of dropout."""
    dropout = import_keras().layers.Dropout
    seeds = [layer.seed_generator.state for layer in model.layers if isinstance(layer, dropout)]
    return [*model.trainable_variables, *model.optimizer.variables, *seeds]
