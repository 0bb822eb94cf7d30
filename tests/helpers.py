"""What several test files need: datasets, networks that are known, and the warnings of a call."""

import os
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from oracle import random_network

from skwave._dataset import make_dataset
from skwave._network import Network
from skwave._readout import Readout, accumulate, solve_readout
from skwave._scaling import fit_scaling
from skwave._sliding import split_windows
from skwave.exceptions import ForecastWarning

BACKEND = os.environ.get("KERAS_BACKEND", "tensorflow")
only_tensorflow = pytest.mark.skipif(BACKEND != "tensorflow", reason="about TensorFlow alone")


def targets_of(*series, length=4, output_length=1):
    """Return the dataset of one or several series (n, n_channels), in their units."""
    return make_dataset(list(series), length, output_length)


def dataset_of_windows(windows, output_length=1, targets=None, *, n_known=0):
    """Return the dataset of windows (n_windows, window_length, n_channels), in their units."""
    series = split_windows(windows)
    return make_dataset(series, windows.shape[1], output_length, targets, n_known=n_known)


def dataset_of(series, *, length=4, output_length=1, normalization="series"):
    """Return the dataset of a series (n, n_channels), on the scale of the layers."""
    data = targets_of(series, length=length, output_length=output_length)
    return data.scaled(fit_scaling(data, normalization))


def network_without_layers(dataset):
    """Return a network that has the shapes of a dataset, no layers, and zeros for a head."""
    n_outputs = dataset.n_outputs
    head = np.zeros((0, n_outputs), np.float32), np.zeros(n_outputs, np.float32)
    return Network(dataset.window_length, dataset.output_length, dataset.scaling, (), head)


def network_with_layers(dataset, units=5):
    """Return a network that has the shapes of a dataset, a random layer, and zeros for a head."""
    drawn = random_network(
        np.random.default_rng(1), units=(units,), length=dataset.window_length,
        n_channels=dataset.n_channels,
    )  # fmt: skip
    n_outputs = dataset.n_outputs
    head = np.zeros((units, n_outputs), np.float32), np.zeros(n_outputs, np.float32)
    return replace(network_without_layers(dataset), layers=drawn.layers, head=head)


def linear_network(dataset, penalty):
    """Return the linear model of a dataset with one penalty for all values of the window."""
    start = network_without_layers(dataset)
    gram = accumulate(start, dataset, np.arange(len(dataset.indices)))
    penalties = np.broadcast_to(penalty, dataset.window_length * dataset.n_channels)
    return solve_readout(start, gram, Readout("linear", np.inf, penalties))[0]


def network_of(coefficients, intercept=0.0):
    """Return a network in the units of the series whose layer does nothing: a linear recursion."""
    length = len(coefficients)
    network = random_network(np.random.default_rng(0), length=length, units=(1,))
    scaling = replace(
        network.scaling, input_center=np.zeros(1), input_scale=np.ones(1),
        output_center=np.zeros(1), output_scale=np.ones(1),
    )  # fmt: skip
    head = np.zeros((1, 1), np.float32), np.float32([intercept])
    skip = np.array(coefficients, float)[:, None]
    return replace(network, scaling=scaling, head=head, skip=skip)


def warnings_of(function, *args, **kwargs):
    """Return the messages of the ForecastWarnings of a call, with the filters of a user."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        function(*args, **kwargs)
    return [str(w.message) for w in caught if issubclass(w.category, ForecastWarning)]


def series_of(index):
    """Return a series of zeros with an index."""
    return pd.Series(np.zeros(len(index)), index)
