"""Training on a loss over several steps, each fed back, in place of the package's one step."""

import contextlib
from collections import OrderedDict
from dataclasses import replace
from typing import NamedTuple
from unittest import mock

import numpy as np

from skwave import _fitting, _model, _parts
from skwave._readout import skip_outputs


class Scene(NamedTuple):
    """What a forecast that is fed back has to know beside the windows."""

    center: float  # of the differences that the LSTM learns
    scale: float
    newest: int  # where the newest window starts that is trained on
    n_values: int


@contextlib.contextmanager
def rolled_out(n_steps):
    """Change the package for a while.

    The LSTM goes on from its state at the end of the window: after each prediction it reads that
    one alone. Gradients run back through all steps. For one series of one channel, one layer
    without dropout, ``horizon=1``, ``normalization="series"`` and the squared error.
    """
    scene = None
    lstm_alone = _parts.lstm_alone

    def lstm_alone_in_scene(template, lesson, train, *, skip):
        nonlocal scene
        start = replace(template, skip=skip)
        seen = (lesson.targets - skip_outputs(start, lesson.values, lesson.starts))[
            : lesson.n_train
        ]
        newest = int(lesson.starts[: lesson.n_train].max())
        scene = Scene(float(seen.mean()), float(seen.std()), newest, len(lesson.values))
        return lstm_alone(template, lesson, train, skip=skip)

    def build(template, recipe, capacity):
        return _build(template, recipe, capacity, scene, n_steps)

    with contextlib.ExitStack() as stack:
        for module in (_parts, _fitting):
            stack.enter_context(mock.patch.object(module, "lstm_alone", lstm_alone_in_scene))
        stack.enter_context(mock.patch.object(_model, "_build", build))
        # Models are kept by what they were built from, which says nothing of the scene.
        stack.enter_context(mock.patch.object(_model, "_MODELS", OrderedDict()))
        yield


def _build(template, recipe, capacity, scene, n_steps):
    """Return a model of the same weights whose outputs are the errors of all steps."""
    keras = _model.import_keras()
    ops, length = keras.ops, template.window_length
    begin = keras.Input((1,), dtype="int32", name="start")
    series = keras.layers.Embedding(
        capacity, 1, "zeros", trainable=False, dtype="float32", name="series"
    )
    windows = series(begin + np.arange(length, dtype=np.int32))
    ahead = begin + np.arange(length, length + n_steps, dtype=np.int32)
    # No window that is trained on sees a held-out value, and none looks past the end.
    allowed = (begin > scene.newest) | (ahead <= scene.newest + length)
    known = ops.cast((ahead < scene.n_values) & allowed, "float32")
    truths = series(ops.minimum(ahead, capacity - 1))[..., 0]
    zeros = {"kernel_initializer": "zeros", "dtype": "float32"}
    (units,) = recipe.units
    lstm = keras.layers.LSTM(
        units, return_state=True, recurrent_initializer="zeros", name="lstm_0", **zeros
    )
    head = keras.layers.Dense(1, name="head", **zeros)
    (output, *state), newest, forecasts = lstm(windows), windows[:, -1], []
    for _ in range(n_steps):
        newest = newest + head(output) * scene.scale + scene.center
        forecasts.append(newest)
        output, *state = lstm(newest[:, None, :], initial_state=state)
    errors = (ops.concatenate(forecasts, axis=1) - truths) / scene.scale * known
    model = keras.Model(begin, errors, name="rolled_out")
    model.compile(
        optimizer=_model._make_optimizer(keras, recipe),
        loss=lambda _, errors: ops.mean(ops.square(errors), axis=-1),
    )
    model.optimizer.build(model.trainable_variables)
    return model
