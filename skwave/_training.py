"""Training: from a lesson to a `Network`, by way of scikeras.

Keras and scikeras are imported inside functions only: both bring TensorFlow, which takes seconds
to import and is of no use to somebody who only forecasts.
"""

import copy
import math
import os
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from sklearn import config_context
from sklearn.exceptions import ConvergenceWarning

from skwave._backup import backing_up, errors_naming, fingerprint, make_folder
from skwave._model import borrowed_model, import_keras, read_network, reset, set_series, to_keras
from skwave._network import Network
from skwave._warn import warn


@dataclass(frozen=True)
class Recipe:
    """How to train: the parameters of `LSTMForecaster` that are Keras's concern."""

    units: tuple
    dropout: float
    loss: Any
    optimizer: Any
    learning_rate: float
    schedule: str | None
    clipnorm: float | None
    batch_size: int
    epochs: int | str
    patience: int | None
    callbacks: list | None
    checkpoint_dir: str | os.PathLike | None
    backup_dir: str | os.PathLike | None
    jit_compile: bool | str
    verbose: int | str


class Trained(NamedTuple):
    """What training hands back."""

    network: Network
    history: dict
    best_epoch: int
    regressor: Any


def train(
    template, lesson, *, recipe, seed, judge=None, progress=None, whole=lambda network: network
):
    """Train the layers of a network.

    Parameters
    ----------
    template : Network
        Shapes and scales; where it has layers, training goes on from their weights.
    lesson : Lesson
        Windows and targets on the scale of the layers.
    recipe : Recipe
        How to train.
    seed : int
        Where all random numbers come from.
    judge : None or callable, default=None
        A function of a `Network` that returns its error; where given, it chooses the best epoch
        in place of the validation loss. The history calls it ``val_forecast``.
    progress : None or EpochProgress, default=None
        Told of the beginning and end of each epoch; it may stop the training.
    whole : callable, default=identity
        From the network of the trained layers to the one that is judged, saved and returned.

    Returns
    -------
    Trained
        The network with the weights of the best epoch, and the history.

    Raises
    ------
    ValueError
        If the windows that choose the epoch have no weight, or no epoch had a finite loss.
    """
    monitor = _monitor(lesson, judge)
    keras = import_keras()
    name = fingerprint(template, lesson, recipe, seed) if recipe.backup_dir else None
    with borrowed_model(template, recipe, len(lesson.values)) as model:

        def current():
            return whole(read_network(model, template))

        reset(keras, model, template, np.random.RandomState(seed))
        set_series(model, lesson.values)
        stopping = _stopping(keras, recipe, monitor)
        callbacks = [
            *_judging(keras, current, judge),
            *_scheduling(keras, model, recipe, lesson.n_train),
            _guarding(keras, model),
            stopping,
            *_checkpointing(keras, model, current, recipe, monitor),
            *_copies(keras, recipe.callbacks or []),
            *_reporting(keras, model, current, progress),
            *backing_up(keras, recipe, name, stopping),
        ]
        regressor = _run_scikeras(model, lesson, recipe, callbacks)
        network = current()
    history = {name: [float(v) for v in values] for name, values in regressor.history_.items()}
    return Trained(network, history, best_epoch(history, monitor, network), regressor)


def _run_scikeras(model, lesson, recipe, callbacks):
    """Let scikeras fit the model on the positions of the windows."""
    from scikeras.wrappers import KerasRegressor

    n = lesson.n_train
    x, y, w = lesson.starts[:, None].astype(np.int32), lesson.targets, lesson.weights
    held_out = (x[n:], y[n:]) if w is None else (x[n:], y[n:], w[n:])
    regressor = KerasRegressor(
        model=model,
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        verbose=recipe.verbose,
        callbacks=callbacks,
        # The windows come in random order already, the same in each epoch.
        fit__shuffle=False,
        fit__validation_data=held_out if len(held_out[0]) else None,
        fit__validation_batch_size=max(256, recipe.batch_size),
    )
    # scikeras has transformers within, which must not make frames for us.
    with config_context(transform_output="default"):
        return regressor.fit(x[:n], y[:n], sample_weight=None if w is None else w[:n])


def _copies(keras, callbacks):
    """Return the user's callbacks as new ones, so that each fit finds them unused."""
    for callback in callbacks:
        if not isinstance(callback, keras.callbacks.Callback):
            raise TypeError(
                f"callbacks holds {callback!r}, but a list of keras.callbacks.Callback is needed."
            )
        yield copy.deepcopy(callback)


def best_epoch(history, monitor, network):
    """Return the epoch whose weights were kept, if its numbers are finite.

    Parameters
    ----------
    history : dict of lists
        Losses for each epoch.
    monitor : str
        The one that chooses.
    network : Network
        The network with the weights of that epoch.

    Returns
    -------
    int
        Index into the lists of `history`.

    Raises
    ------
    ValueError
        If no epoch had finite losses and weights.

    Warns
    -----
    ConvergenceWarning
        If training stopped at a loss that is not finite, after epochs that were good.
    """
    losses = np.array([history[name] for name in ("loss", "val_loss") if name in history])
    good = np.isfinite(losses).all(axis=0)
    advice = (
        "Try a smaller learning_rate, a smaller clipnorm, normalization='series', or look for "
        "outliers in the series."
    )
    weights = [w for layer in (*network.layers, network.head) for w in layer]
    if not good.any() or not all(np.isfinite(w).all() for w in weights):
        raise ValueError(f"The loss became NaN or infinite before any epoch was good. {advice}")
    if not good.all():
        warn(
            f"The loss became NaN or infinite in epoch {len(good)}; training stopped, and the best "
            f"weights before are kept. {advice}",
            ConvergenceWarning,
        )
    chooser = np.array(history[monitor])
    return int(np.argmin(np.where(good & ~np.isnan(chooser), chooser, np.inf)))


def _monitor(lesson, judge):
    """Return the loss that chooses the epoch."""
    if judge is not None:
        return "val_forecast"
    n_held_out = len(lesson.starts) - lesson.n_train
    if n_held_out == 0:
        return "loss"
    if lesson.weights is not None and not lesson.weights[lesson.n_train :].any():
        raise ValueError(
            f"sample_weight is zero for all {n_held_out} windows held out, which choose the epoch. "
            "Give some of them a weight, or set validation='forecast' or validation_split=0."
        )
    return "val_loss"


def _judging(keras, current, judge):
    """Add the judge's word to the logs, before any other callback reads them."""
    if judge is None:
        return

    def write(epoch, logs):
        logs["val_forecast"] = judge(current())

    yield keras.callbacks.LambdaCallback(on_epoch_end=write)


def learning_rate_factor(step, n_steps):
    """Share of the peak learning rate at an update: a linear warm-up, then half a cosine.

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


def _reporting(keras, model, current, progress):
    """Tell of each epoch, after all others have seen it."""
    if progress is None:
        return

    def begin(epoch, logs):
        progress.begin()

    def end(epoch, logs):
        if progress.end(current):
            model.stop_training = True

    yield keras.callbacks.LambdaCallback(on_epoch_begin=begin, on_epoch_end=end)


def _scheduling(keras, model, recipe, n_train):
    """Set the learning rate before every update.

    Not as a Keras schedule: that is part of the graph, which would be traced anew for each length.
    """
    if recipe.schedule is None or not isinstance(recipe.optimizer, str):
        return
    per_epoch = math.ceil(n_train / recipe.batch_size)

    def set_rate(batch, logs=None):
        # The optimizer's own count also goes on where a fit is resumed.
        step = int(keras.ops.convert_to_numpy(model.optimizer.iterations))
        factor = learning_rate_factor(step, per_epoch * recipe.epochs)
        model.optimizer.learning_rate = recipe.learning_rate * factor

    yield keras.callbacks.LambdaCallback(on_train_batch_begin=set_rate)


def _guarding(keras, model):
    """Stop where a loss is NaN or infinite: no later epoch comes back from there."""

    def look(epoch, logs):
        losses = [logs[name] for name in ("loss", "val_loss") if name in logs]
        if not np.isfinite(losses).all():
            model.stop_training = True

    return keras.callbacks.LambdaCallback(on_epoch_end=look)


def _stopping(keras, recipe, monitor):
    """Keep the best weights, and stop when they are old."""
    patience = recipe.epochs if recipe.patience is None else recipe.patience
    return keras.callbacks.EarlyStopping(
        monitor, patience=patience, mode="min", restore_best_weights=True
    )


def _checkpointing(keras, model, current, recipe, monitor):
    """Write the model, in the units of the series, at each improvement."""
    if recipe.checkpoint_dir is None:
        return
    folder = make_folder("checkpoint_dir", recipe.checkpoint_dir)

    def write(epoch, logs):
        past = model.history.history.get(monitor, [])[:epoch]
        if logs[monitor] < min(past, default=math.inf):
            losses = f"-loss{logs['loss']:.3f}"
            if "val_loss" in logs:
                losses += f"-vloss{logs['val_loss']:.3f}"
            path = folder / f"model{epoch + 1:03d}{losses}.keras"
            with errors_naming("checkpoint_dir", path):
                _save_in_one_move(to_keras(current()), path)

    yield keras.callbacks.LambdaCallback(on_epoch_end=write)


def _save_in_one_move(model, path):
    """Write a file under another name first, so that no crash leaves half of it."""
    part = path.with_name(f".{path.stem}.part.keras")
    try:
        model.save(part)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
