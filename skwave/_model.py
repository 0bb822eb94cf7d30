"""Keras models: the one that is trained on a series, and the one that equals a network.

Keras is imported inside functions only; see `_training`.
"""

import contextlib
import copy
import functools
import inspect
import math
import os
import threading
from collections import OrderedDict
from dataclasses import replace

import numpy as np

from skwave._checks import check_single_precision


def import_keras():
    """Import Keras quietly, with no more threads than joblib grants this process."""
    name = "TF_CPP_MIN_LOG_LEVEL"
    quiet = name not in os.environ
    if quiet:
        # TensorFlow reports a missing GPU at every import; the variable is read only there.
        os.environ[name] = "3"
    try:
        import keras
    finally:
        if quiet:
            # Another thread that imports at the same time may have been first.
            os.environ.pop(name, None)
    _limit_threads()
    return keras


@functools.cache
def _limit_threads():
    """Keep TensorFlow to the threads that joblib gives a worker, as BLAS does by itself."""
    limit = os.environ.get("OMP_NUM_THREADS", "")
    if not limit.isdecimal():
        return
    import tensorflow as tf

    # Too late where TensorFlow has computed already: then its user has chosen.
    with contextlib.suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(int(limit))
        tf.config.threading.set_inter_op_parallelism_threads(int(limit))


# All weights are set later. Keras's own initializers would draw from Python's global generator.
_ZEROS = {"kernel_initializer": "zeros"}


def _build(template, recipe, capacity):
    """Return a compiled model that is fed where windows start and cuts them out itself.

    So no array of windows is ever made. The series is the table of an embedding that is not
    trained; it has room for `capacity` values.
    """
    keras = import_keras()
    length, n_channels = template.window_length, template.n_channels
    begin = keras.Input((1,), dtype="int32", name="start")
    positions = begin + np.arange(length, dtype=np.int32)
    series = keras.layers.Embedding(
        capacity, n_channels, "zeros", trainable=False, dtype="float32", name="series"
    )
    x = series(positions)
    if template.anchored:
        x = x - x[:, :1]
    for layer in _trained_layers(keras, recipe.units, template.n_outputs, recipe.dropout):
        x = layer(x)
    model = keras.Model(begin, x, name="skwave")
    model.compile(
        optimizer=_make_optimizer(keras, recipe),
        loss=_known_to_keras(keras.losses.get, loss=recipe.loss),
        jit_compile=recipe.jit_compile,
    )
    model.optimizer.build(model.trainable_variables)
    return model


def _trained_layers(keras, units, n_outputs, dropout=0.0):
    for k, n in enumerate(units):
        yield keras.layers.LSTM(
            n, return_sequences=k < len(units) - 1, dtype="float32", name=f"lstm_{k}", seed=k,
            recurrent_initializer="zeros", **_ZEROS,
        )  # fmt: skip
        if dropout:
            yield keras.layers.Dropout(dropout, seed=k, dtype="float32", name=f"dropout_{k}")
    yield keras.layers.Dense(n_outputs, dtype="float32", name="head", **_ZEROS)


def _make_optimizer(keras, recipe):
    """Return a new optimizer; one that is an object or a config keeps its own settings."""
    optimizer = _known_to_keras(keras.optimizers.get, optimizer=copy.deepcopy(recipe.optimizer))
    config = optimizer.get_config()
    if isinstance(recipe.optimizer, str):
        config |= {"learning_rate": recipe.learning_rate, "clipnorm": recipe.clipnorm}
    return type(optimizer).from_config(config)


def _known_to_keras(get, **parameter):
    """Let Keras look up a parameter, and name the parameter if it knows no such thing."""
    ((name, value),) = parameter.items()
    cause = None
    try:
        found = get(value)
    except (ValueError, TypeError, KeyError) as error:
        found, cause = None, error
    if found is None:
        raise ValueError(
            f"{name}={value!r} is nothing that Keras knows. Give the name of a Keras {name}, an "
            f"object, or its config as keras.{get.__module__.rpartition('.')[2]}.serialize returns "
            "it."
        ) from cause
    return found


def object_config(thing):
    """Return a loss or an optimizer of Keras as its config, which is plain data.

    Parameters
    ----------
    thing : keras.losses.Loss or keras.optimizers.Optimizer
        The object.

    Returns
    -------
    dict
        What `keras.losses.get` and `keras.optimizers.deserialize` make the object from.
    """
    keras = import_keras()
    home = keras.losses if isinstance(thing, keras.losses.Loss) else keras.optimizers
    config = home.serialize(thing)
    # Keras leaves arguments of a loss's function out of its config: the delta of Huber.
    accepted = inspect.signature(type(thing).__init__).parameters
    forgotten = getattr(thing, "_fn_kwargs", {})
    config["config"] |= {name: x for name, x in forgotten.items() if name in accepted}
    return config


# Building and tracing a model takes far longer than training a small one. So models are kept, by
# what they were built from, and lent to one fit at a time, which starts by resetting all state.
_MODELS = OrderedDict()
_MODELS_LOCK = threading.Lock()
_MODELS_KEPT = 8


@contextlib.contextmanager
def borrowed_model(template, recipe, n_values):
    """Lend a model for the time of one fit."""
    # Room in powers of two, so that series of similar length share a model.
    capacity = 1 << max(10, math.ceil(math.log2(n_values)))
    key = (
        template.window_length, template.n_channels, template.n_outputs, template.anchored,
        capacity,
        recipe.units, recipe.dropout, recipe.loss, recipe.optimizer, recipe.learning_rate,
        recipe.clipnorm, recipe.jit_compile,
    )  # fmt: skip
    # Objects of the user's are his to change between fits, and his callbacks keep the model.
    mine = recipe.callbacks is None and all(
        isinstance(x, str) for x in (recipe.loss, recipe.optimizer)
    )
    with _MODELS_LOCK:
        model = _MODELS.pop(key, None) if mine else None
    if model is None:
        model = _build(template, recipe, capacity)
        to_numpy = import_keras().ops.convert_to_numpy
        model.fresh_optimizer = [to_numpy(v) for v in model.optimizer.variables]
    yield model
    if mine:
        with _MODELS_LOCK:
            _MODELS[key] = model
            while len(_MODELS) > _MODELS_KEPT:
                _MODELS.popitem(last=False)


def reset(keras, model, template, random_state):
    """Bring a model to the state in which training starts, whatever it did before."""
    model._initial_epoch = None  # set where a fit was resumed
    for variable, value in zip(model.optimizer.variables, model.fresh_optimizer, strict=True):
        variable.assign(value)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dropout):
            layer.seed_generator.state.assign([random_state.randint(2**31), 0])
    weights = [*template.layers, template.head] if template.layers else None
    _set_weights(model, weights or _initial_weights(keras, model, random_state))


def _initial_weights(keras, model, random_state):
    """Draw weights as Keras does, but from one random state; the biases start at one constant."""
    constant = 0.1 * random_state.random_sample()
    weights = []
    for layer in _weight_layers(model):
        shapes = [tuple(w.shape) for w in layer.weights]
        seeds = random_state.randint(2**31, size=2)
        kernel = keras.initializers.GlorotUniform(int(seeds[0]))(shapes[0], "float32")
        if len(shapes) == 2:
            weights.append((kernel, np.zeros(shapes[1])))
            continue
        recurrent = keras.initializers.Orthogonal(seed=int(seeds[1]))(shapes[1], "float32")
        bias = np.full(shapes[2], constant)
        units = shapes[1][0]
        bias[units : 2 * units] = 1  # the forget gate starts open, as everywhere in Keras
        weights.append((kernel, recurrent, bias))
    return weights


def _weight_layers(model):
    return [layer for layer in model.layers if layer.trainable_weights]


def _set_weights(model, weights):
    for layer, values in zip(_weight_layers(model), weights, strict=True):
        layer.set_weights([np.asarray(v, np.float32) for v in values])


def set_series(model, values):
    table = model.get_layer("series").embeddings
    padded = np.zeros(table.shape, np.float32)
    padded[: len(values)] = values
    table.assign(padded)


def read_network(model, template):
    """Return `template` with the weights that the model has now."""
    *layers, head = [tuple(layer.get_weights()) for layer in _weight_layers(model)]
    return replace(template, layers=tuple(layers), head=head)


def to_keras(network):
    """Build the Keras model that equals a network, scaling included.

    Parameters
    ----------
    network : Network
        The fitted network.

    Returns
    -------
    keras.Model
        From windows (n, window_length, n_channels) to predictions (n, n_outputs), both in the
        units of the series. It is made of Keras's own layers alone.

    Raises
    ------
    ValueError
        If a scale is beyond the range of float32, in which Keras computes.
    """
    check_single_precision(network)
    keras = import_keras()
    layer = functools.partial(_layer, keras)
    windows = keras.Input((network.window_length, network.n_channels), name="window")
    # The center first: x / scale - center / scale would cancel where the level is high.
    x = layer("Rescaling", scale=1.0, offset=(-network.input_center).tolist(), name="center")(
        windows
    )
    x = layer("Rescaling", scale=(1 / network.input_scale).tolist(), name="scale")(x)
    if network.anchored:
        anchor = layer("Cropping1D", cropping=(0, network.window_length - 1), name="anchor")(x)
        x = layer("Subtract", name="from_anchor")([x, anchor])
    parts = []
    if network.layers:
        y = x
        units = tuple(len(recurrent) for _, recurrent, _ in network.layers)
        for trained in _trained_layers(keras, units, network.n_outputs):
            y = trained(y)
        parts.append(y)
    if network.skip is not None:
        flat = layer("Flatten", name="flat")(x)
        parts.append(layer("Dense", units=network.n_outputs, name="skip", **_ZEROS)(flat))
    y = parts[0] if len(parts) == 1 else layer("Add", name="with_skip")(parts)
    if network.anchored:
        level = layer("UpSampling1D", size=network.horizon, name="level")(anchor)
        y = layer("Add", name="to_level")([y, layer("Flatten", name="levels")(level)])
    y = layer(
        "Rescaling",
        scale=network.output_scale.tolist(),
        offset=network.output_center.tolist(),
        name="unscale",
    )(y)
    model = keras.Model(windows, y, name="skwave")
    for name, weights in _named_weights(network):
        model.get_layer(name).set_weights(weights)
    return model


def _named_weights(network):
    for k, weights in enumerate(network.layers):
        yield f"lstm_{k}", weights
    kernel, bias = network.head
    if network.layers:
        yield "head", [kernel, bias]
    if network.skip is not None:
        yield "skip", [network.skip, np.zeros_like(bias) if network.layers else bias]


def _layer(keras, kind, **config):
    return getattr(keras.layers, kind)(dtype="float32", **config)
