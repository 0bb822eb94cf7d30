import copy
import pickle

import numpy as np
import pytest
from oracle import KNOWN_VARIANTS, VARIANTS, lstm, predict_one, random_network


@pytest.mark.parametrize("variant", VARIANTS + KNOWN_VARIANTS, ids=str)
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


def test_a_network_and_its_copies_cannot_be_given_other_weights():
    network = random_network(np.random.default_rng(0))
    for copied in (network, copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
        with pytest.raises(AttributeError):
            copied.layers = ()
        with pytest.raises(AttributeError):
            copied.scaling.input_scale = np.ones(1)


def test_a_level_shift_passes_through_a_network_relative_to_its_window():
    rng = np.random.default_rng(2)
    network = random_network(rng, relative=True)
    windows = rng.normal(size=(5, 7, 1))
    shifted = network.predict(windows + 10)
    np.testing.assert_allclose(shifted, network.predict(windows) + 10, rtol=1e-5)


@pytest.mark.parametrize("units", [(5,), (4, 3)])
def test_states_are_those_of_the_last_layer_after_the_last_value(units):
    rng = np.random.default_rng(0)
    network = random_network(rng, units=units, n_channels=2)
    windows = rng.normal(size=(3, 7, 2))
    expected = list(windows)
    for layer, n in zip(network.layers, units, strict=True):
        expected = [lstm(layer, sequence, n) for sequence in expected]
    found = network.states(windows)
    assert network.n_states == units[-1]
    np.testing.assert_allclose(found, [states[-1] for states in expected], rtol=1e-5, atol=1e-6)
