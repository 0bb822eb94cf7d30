from unittest import mock

import matplotlib
import numpy as np
import pytest

from skwave import LSTMForecaster, WindowTransformer
from skwave.datasets import make_wave

matplotlib.use("Agg")

TINY = {"units": 6, "epochs": 2, "batch_size": 32, "random_state": 0, "readout": "trained"}


def pytest_collection_modifyitems(items):
    """Run the pages of the guide first: of the last tests none should take long.

    Otherwise one process waits for the other at the end.
    """
    items.sort(key=lambda item: item.path.suffix != ".rst")


@pytest.fixture(scope="session", autouse=True)
def _keep_more_models():
    """Keep the models of more shapes than a program of its own needs: tests fit many in turn."""
    with mock.patch("skwave._keras_model._MODELS_KEPT", 40):
        yield


@pytest.fixture(scope="session")
def wave():
    return make_wave("sine", n_cycles=6, steps_per_cycle=20)


@pytest.fixture(scope="session")
def two_channels(wave):
    return np.column_stack([wave, 100 + 5 * np.roll(wave, 3)])


@pytest.fixture(scope="session")
def windows(wave):
    return WindowTransformer(10).fit_transform(wave)


@pytest.fixture(scope="session")
def fitted(windows):
    """A forecaster of one channel; tests must not fit it again."""
    return LSTMForecaster(**TINY).fit(windows)
