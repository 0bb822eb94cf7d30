"""Keras models: the one that is trained on a series, and the one that equals a network.

This is the only module that imports Keras, inside functions: it imports its backend, which takes
seconds and is not needed for forecasts.
"""

import contextlib
import functools
import math
import os
import threading
from collections import OrderedDict

import numpy as np

from skwave._fourier import fourier_terms
from skwave._network import Network
from skwave._validation import check_float32_range

# Keras's backends that can train: its others only predict.
BACKENDS = "tensorflow", "jax", "torch"


@functools.cache
def import_keras():
    """Import Keras quietly, with no more threads than joblib grants this process."""
    name = "TF_CPP_MIN_LOG_LEVEL"
    is_quiet = name not in os.environ
    if is_quiet:
        # TensorFlow reports a missing GPU at every import; the variable is read only there.
        os.environ[name] = "3"
    try:
        import keras
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"Training needs Keras and its backend, but {error.name!r} is not installed here; "
            "forecasts need neither. Install it, or choose another backend by the environment "
            f"variable KERAS_BACKEND, one of {BACKENDS}: pip install keras scikeras tensorflow."
        ) from error
    finally:
        if is_quiet:
            # Another thread that imports at the same time may have been first.
            os.environ.pop(name, None)
    # BLAS and PyTorch follow this variable by themselves.
    limit = os.environ.get("OMP_NUM_THREADS", "")
    if limit.isdecimal() and keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        # Too late where TensorFlow has computed already: then its user has chosen.
        with contextlib.suppress(RuntimeError):
            tf.config.threading.set_intra_op_parallelism_threads(int(limit))
            tf.config.threading.set_inter_op_parallelism_threads(int(limit))
    return keras


def _check_can_train(config):
    """Raise an error if training is not possible, before Keras raises a less clear one.

    Raises
    ------
    RuntimeError
        If Keras has a backend that cannot train, TensorFlow's eager execution is off, or this
        process was forked from one that has trained.
    ValueError
        If `jit_compile` is True and the backend is PyTorch.
    """
    backend = import_keras().backend.backend()
    if backend not in BACKENDS:
        raise RuntimeError(
            f"Keras has the backend {backend!r}, but training needs one of {BACKENDS}. Set the "
            "environment variable KERAS_BACKEND=tensorflow before Keras is imported."
        )
    if backend == "tensorflow":
        import tensorflow as tf

        if not tf.executing_eagerly():
            raise RuntimeError(
                "TensorFlow's eager execution is off, but training needs it. Leave out "
                "tf.compat.v1.disable_eager_execution() and disable_v2_behavior()."
            )
    if backend == "torch" and config.jit_compile is True:
        # Keras unrolls the loop over the window, and torch.compile makes a C++ program of that.
        raise ValueError(
            "jit_compile=True compiles for minutes with the backend 'torch' of Keras, even where a "
            "window has few values. Leave jit_compile='auto', or set the environment variable "
            "KERAS_BACKEND to 'jax' or 'tensorflow'."
        )
    if _TRAINED_IN and os.getpid() not in _TRAINED_IN:
        raise RuntimeError(
            f"This process was forked from one that has trained, and {backend} does not work after "
            "a fork. Start processes by multiprocessing's 'spawn', or by joblib's 'loky'."
        )


# All weights are set later. Keras's own initializers would draw from Python's global generator.
# And float32 is asked for, as the user may have set another type of floats in Keras.
_SETTINGS = {"kernel_initializer": "zeros", "dtype": "float32"}


def _build(dataset, config, capacity):
    """Return a compiled model that is fed where windows start and cuts them out itself.

    So no array of windows is ever made. The series is the table of an embedding that is not
    trained; it has space for `capacity` values.
    """
    keras = import_keras()
    length, n_channels = dataset.window_length, dataset.n_channels
    begin = keras.Input((1,), dtype="int32", name="start")
    positions = begin + np.arange(length, dtype=np.int32)
    series = keras.layers.Embedding(
        capacity, n_channels, "zeros", trainable=False, dtype="float32", name="series"
    )
    x = series(positions)
    if dataset.scaling.relative:
        x = x - x[:, :1] * _is_relative(dataset)
    for layer in _trained_layers(keras, config.units, dataset.n_outputs, config.dropout):
        x = layer(x)
    optimizer = _get_from_keras(keras.optimizers.get, "optimizer", config.optimizer)
    settings = optimizer.get_config()
    if isinstance(config.optimizer, str):
        settings |= {"learning_rate": float(config.learning_rate), "clipnorm": config.clipnorm}
    model = _model_class()(begin, x, name="skwave")
    model.compile(
        # A new one: an object of the user's keeps its settings, and may have been used.
        optimizer=type(optimizer).from_config(settings),
        loss=_get_from_keras(keras.losses.get, "loss", config.loss),
        jit_compile=config.jit_compile,
    )
    model.optimizer.build(model.trainable_variables)
    return model


@functools.cache
def _model_class():
    """Return the class of the models that are trained: it makes batches of arrays by itself."""

    class Model(import_keras().Model):
        def fit(self, x, y, *, batch_size, sample_weight=None, **settings):
            arrays = (x, y) if sample_weight is None else (x, y, sample_weight)
            return super().fit(batches_of(arrays, batch_size), **settings)

    # Other backends read arrays fast enough.
    return Model if import_keras().backend.backend() == "tensorflow" else import_keras().Model


def _is_relative(shapes):
    """Return 1 for each channel that is relative to the first value of the window, and 0."""
    return np.repeat(np.float32([1, 0]), [shapes.n_predicted, shapes.n_known])


def _trained_layers(keras, units, n_outputs, dropout=0.0, *, all_states=False):
    for k, n in enumerate(units):
        yield keras.layers.LSTM(
            n, return_sequences=all_states or k < len(units) - 1,
            name=f"lstm_{k}", seed=k,
            recurrent_initializer="zeros", **_SETTINGS,
        )  # fmt: skip
        if dropout:
            yield keras.layers.Dropout(dropout, seed=k, dtype="float32", name=f"dropout_{k}")
    yield keras.layers.Dense(n_outputs, name="head", **_SETTINGS)


def _get_from_keras(get, name, value):
    """Return what Keras has under a name, or raise an error that names the parameter."""
    cause = None
    try:
        found = get(value)
    except (ValueError, TypeError, KeyError) as error:
        found, cause = None, error
    if found is None:
        raise ValueError(
            f"{name}={value!r} is not a Keras {name}. Give the name of a Keras {name}, an object, "
            f"or its config as keras.{get.__module__.rpartition('.')[2]}.serialize returns it."
        ) from cause
    return found


def is_mean_squared(loss):
    """Return whether a Keras loss, or its name or config, is the mean squared error."""
    losses = import_keras().losses
    found = _get_from_keras(losses.get, "loss", loss)
    return found is losses.mean_squared_error or type(found) is losses.MeanSquaredError


# Building and tracing a model takes far longer than training a small one. So models are kept, by
# what they were built from, and used by one fit at a time, which starts by resetting all state.
_MODELS = OrderedDict()
_MODELS_LOCK = threading.Lock()
_MODELS_KEPT = 8
# The ids of processes that have trained: this one, or one that it was forked from.
_TRAINED_IN = set()


@contextlib.contextmanager
def borrowed_model(dataset, config):
    """Provide a model for the time of one fit; its embedding holds the values of the dataset."""
    _check_can_train(config)
    _TRAINED_IN.add(os.getpid())
    # Space in powers of two, so that series of similar length share a model.
    capacity = 1 << max(10, math.ceil(math.log2(len(dataset.values))))
    key = (
        dataset.window_length, dataset.n_channels, dataset.n_known, dataset.n_outputs,
        dataset.scaling.relative, capacity,
        config.units, config.dropout, config.loss, config.optimizer, config.clipnorm,
        config.jit_compile,
    )  # fmt: skip
    # The user may change an object between fits, and callbacks of the user keep the model.
    can_be_kept = config.callbacks is None and all(
        isinstance(x, str) for x in (config.loss, config.optimizer)
    )
    with _MODELS_LOCK:
        model = _MODELS.pop(key, None) if can_be_kept else None
    if model is None:
        model = _build(dataset, config, capacity)
        model.fresh_optimizer = read_variables(model.optimizer.variables)
    if isinstance(config.optimizer, str):
        # A variable like the others: a model is used by fits of any learning rate.
        model.fresh_optimizer = [
            config.learning_rate if v is model.optimizer.learning_rate else value
            for v, value in zip(model.optimizer.variables, model.fresh_optimizer, strict=True)
        ]
    yield model
    if can_be_kept:
        with _MODELS_LOCK:
            _MODELS[key] = model
            while len(_MODELS) > _MODELS_KEPT:
                _MODELS.popitem(last=False)


def reset(model, dataset, random_state, network):
    """Bring a borrowed model to the state in which training starts, whatever it did before.

    The values of the dataset fill the embedding. Initial weights are those of `network`, from which
    training continues, or random where it is None.
    """
    keras = import_keras()
    for variable, value in zip(model.optimizer.variables, model.fresh_optimizer, strict=True):
        variable.assign(value)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dropout):
            layer.seed_generator.state.assign([random_state.randint(2**31), 0])
    if network is None:
        weights = _initial_weights(keras, model, random_state)
    else:
        kernel, bias = network.head
        if dataset.skip is not None:
            kernel = kernel / dataset.residual_scale
            bias = (bias - dataset.residual_center) / dataset.residual_scale
        weights = [*network.layers, (kernel, bias)]
    for layer, values in zip(_weight_layers(model), weights, strict=True):
        layer.set_weights([np.asarray(v, np.float32) for v in values])
    table = model.get_layer("series").embeddings
    padded = np.zeros(table.shape, np.float32)
    padded[: len(dataset.values)] = dataset.values
    table.assign(padded)


def _initial_weights(keras, model, random_state):
    """Draw weights as Keras does, but from one random state; the biases start at one constant."""
    constant = 0.1 * random_state.random_sample()
    to_numpy = keras.ops.convert_to_numpy
    weights = []
    for layer in _weight_layers(model):
        shapes = [tuple(w.shape) for w in layer.weights]
        seeds = random_state.randint(2**31, size=2)
        kernel = keras.initializers.GlorotUniform(int(seeds[0]))(shapes[0], "float32")
        if len(shapes) == 2:
            weights.append((to_numpy(kernel), np.zeros(shapes[1])))
            continue
        recurrent = keras.initializers.Orthogonal(seed=int(seeds[1]))(shapes[1], "float32")
        bias = np.full(shapes[2], constant)
        units = shapes[1][0]
        bias[units : 2 * units] = 1  # the forget gate starts open, as everywhere in Keras
        weights.append((to_numpy(kernel), to_numpy(recurrent), bias))
    return weights


def _weight_layers(model):
    return [layer for layer in model.layers if layer.trainable_weights]


def batches_of(arrays, batch_size):
    """Return inputs, targets and maybe weights as Keras reads them fastest, or None if empty.

    Of arrays Keras makes batches for TensorFlow by a dataset that tunes itself. That takes a tenth
    of a second to begin, and up to two seconds to end, when the tuning is waited for. So they come
    in batches already.
    """
    if not len(arrays[0]):
        return None
    if import_keras().backend.backend() != "tensorflow":
        return arrays
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return tf.data.Dataset.from_tensor_slices(arrays).batch(batch_size).with_options(options)


def read_variables(variables):
    """Return the values of Keras variables, each as an array of its own.

    ``keras.ops.convert_to_numpy(v)`` and ``v.numpy()`` ask for the copy by a keyword that the
    variables do not have, and NumPy 2 warns of that.
    """
    return [np.asarray(v).copy() for v in variables]


def read_network(model, dataset):
    """Return the network that the model is now, with the linear model that is not trained."""
    *layers, (kernel, bias) = [
        tuple(read_variables(layer.weights)) for layer in _weight_layers(model)
    ]
    if dataset.skip is not None:
        kernel = (kernel * dataset.residual_scale).astype(np.float32)
        bias = (bias * dataset.residual_scale + dataset.residual_center).astype(np.float32)
    return Network(
        dataset.window_length, dataset.output_length, dataset.scaling, tuple(layers),
        (kernel, bias), dataset.skip, dataset.n_known, calendar=dataset.calendar,
    )  # fmt: skip


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
        units of the series. It is made of Keras's own layers and operations alone.

    Raises
    ------
    ValueError
        If a scale is beyond the range of float32, in which Keras computes.
    """
    check_float32_range(network.scaling)
    keras = import_keras()
    scaling, n_outputs = network.scaling, network.n_outputs
    shape = network.window_length, network.n_channels
    windows = keras.Input(shape, dtype="float32", name="window")
    # The center first: x / scale - center / scale would cancel where the level is high.
    x = (windows - np.float32(scaling.input_center)) * np.float32(1 / scaling.input_scale)
    if scaling.relative:
        reference = x[:, :1] * _is_relative(network)
        x = x - reference
    *lstm_layers, head = _trained_layers(
        keras, network.units, n_outputs, all_states=network.positions is not None
    )
    states = x
    for layer in lstm_layers:
        states = layer(states)
    if network.positions is not None:
        states = keras.ops.concatenate([states[:, p - 1] for p in network.positions], axis=1)
    y = head(states)
    settings = {"use_bias": False, **_SETTINGS}
    if network.skip is not None:
        flat = keras.layers.Flatten(dtype="float32")(x)
        y = y + keras.layers.Dense(n_outputs, name="skip", **settings)(flat)
    if network.fourier_coef is not None:
        # The waves of the calendar are the last channels, and the newest row is that to predict.
        waves = windows[:, -1, -2 * len(network.calendar) :]
        terms = fourier_terms(waves, network.calendar, keras.ops)
        y = y + keras.layers.Dense(n_outputs, name="fourier", **settings)(terms)
    if scaling.relative:
        y = y + keras.ops.tile(reference[:, 0, : network.n_predicted], (1, network.output_length))
    y = y * np.float32(scaling.output_scale) + np.float32(scaling.output_center)
    model = keras.Model(windows, y, name="skwave")
    for k, weights in enumerate(network.layers):
        model.get_layer(f"lstm_{k}").set_weights(weights)
    model.get_layer("head").set_weights(network.head)
    for name, weights in (("skip", network.skip), ("fourier", network.fourier_coef)):
        if weights is not None:
            model.get_layer(name).set_weights([weights])
    return model
