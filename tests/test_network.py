import copy
import pickle

import numpy as np
import pytest
from oracle import predict_one, random_network

VARIANTS = [
    {},
    {"units": (4, 3)},
    {"n_channels": 3},
    {"horizon": 3, "n_channels": 2},
    {"anchored": True, "n_channels": 2, "horizon": 2},
    {"with_skip": True},
    {"with_skip": True, "units": (), "n_channels": 2, "horizon": 2, "anchored": True},
    {"with_skip": True, "anchored": True, "units": (3, 4)},
]


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_predict_equals_loops_over_time_and_gates(variant):
    rng = np.random.default_rng(0)
    network = random_network(rng, **variant)
    windows = rng.normal(size=(9, network.window_length, network.n_channels))
    expected = [predict_one(network, window) for window in windows]
    np.testing.assert_allclose(network.predict(windows), expected, rtol=1e-5, atol=1e-6)


def test_predict_does_not_depend_on_the_block_a_window_falls_into():
    rng = np.random.default_rng(1)
    network = random_network(rng)
    windows = rng.normal(size=(1100, 7, 1))
    alone = network.predict(windows[700:701])
    np.testing.assert_allclose(network.predict(windows)[700:701], alone, rtol=1e-6)


def test_predict_does_not_depend_on_the_order_of_windows():
    # Where scikit-learn's check asks for more than float32 has, this is what stands.
    rng = np.random.default_rng(1)
    for variant in VARIANTS:
        network = random_network(rng, **variant)
        windows = rng.normal(size=(20, network.window_length, network.n_channels))
        order = rng.permutation(20)
        shuffled, expected = network.predict(windows[order]), network.predict(windows)[order]
        np.testing.assert_allclose(shuffled, expected, rtol=1e-5, atol=2e-6)


def test_weights_cannot_be_changed():
    network = random_network(np.random.default_rng(0))
    for copied in (network, copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
        with pytest.raises(ValueError, match="read-only"):
            copied.layers[0][0][0] = 1
        with pytest.raises(AttributeError):
            copied.horizon = 2


def test_a_level_shift_passes_through_an_anchored_network():
    rng = np.random.default_rng(2)
    network = random_network(rng, anchored=True)
    windows = rng.normal(size=(5, 7, 1))
    shifted = network.predict(windows + 10)
    np.testing.assert_allclose(shifted, network.predict(windows) + 10, rtol=1e-5)
