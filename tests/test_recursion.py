from dataclasses import replace

import numpy as np
import pytest
from oracle import KNOWN_VARIANTS, VARIANTS, random_network, roll

from skwave import _recursion
from skwave._cells import Cell
from skwave._recursion import read_known, roll_forward, roll_forward_from


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
@pytest.mark.parametrize("n_steps", [1, 5, 7, 30])
def test_equals_reading_each_window_anew(variant, n_steps):
    rng = np.random.default_rng(n_steps)
    network = random_network(rng, **variant)
    contexts = rng.normal(size=(3, network.window_length, network.n_channels))
    expected = [roll(network, context, n_steps) for context in contexts]
    forecasts = roll_forward(network, contexts, n_steps)
    assert forecasts.shape == (3, n_steps, network.n_channels)
    np.testing.assert_allclose(forecasts, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("output_length", [1, 2, 3, 7, 9])
@pytest.mark.parametrize("length", [1, 2, 6, 7])
def test_every_ratio_of_output_length_and_window_length(output_length, length):
    rng = np.random.default_rng(output_length)
    network = random_network(rng, output_length=output_length, length=length)
    contexts = rng.normal(size=(2, length, 1))
    expected = [roll(network, context, 25) for context in contexts]
    np.testing.assert_allclose(roll_forward(network, contexts, 25), expected, rtol=1e-5, atol=1e-5)


def test_a_longer_forecast_begins_with_the_shorter_one():
    rng = np.random.default_rng(0)
    network = random_network(rng, output_length=4)
    contexts = rng.normal(size=(1, 7, 1))
    long, short = roll_forward(network, contexts, 50), roll_forward(network, contexts, 18)
    np.testing.assert_allclose(long[:, :18], short, rtol=1e-6)


def test_many_contexts_are_forecast_in_blocks_as_one_by_one():
    rng = np.random.default_rng(0)
    network = random_network(rng)
    contexts = rng.normal(size=(200, 7, 1))
    together = roll_forward(network, contexts, 12)
    alone = np.concatenate([roll_forward(network, c[None], 12) for c in contexts[::50]])
    np.testing.assert_allclose(together[::50], alone, rtol=1e-5, atol=1e-6)


def contexts_and_future(network, values, origins, n_steps):
    """Return what `roll_forward` needs to forecast from origins in a series."""
    contexts = values[origins[:, None] + np.arange(-network.window_length, 0)]
    # Known inputs stand one step ahead.
    future = values[origins[:, None] + np.arange(n_steps) - 1, network.n_predicted :]
    return contexts, future


@pytest.mark.parametrize("variant", VARIANTS + KNOWN_VARIANTS, ids=str)
@pytest.mark.parametrize("n_steps", [1, 5, 30])
def test_forecasts_from_origins_are_those_from_the_windows_before_them(variant, n_steps):
    rng = np.random.default_rng(n_steps)
    network = random_network(rng, **variant)
    values = rng.normal(size=(300, network.n_channels))
    # Of two parts of the series, in which forecasts share windows.
    origins = np.append(np.arange(9, 40), np.arange(200, 250, 3))
    contexts, future = contexts_and_future(network, values, origins, n_steps)
    forecasts = roll_forward_from(network, values, origins, n_steps)
    expected = roll_forward(network, contexts, n_steps, future)
    np.testing.assert_allclose(forecasts, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("distance", "is_shared"), [(1, True), (7, False)])
def test_windows_that_forecasts_share_are_read_once(monkeypatch, distance, is_shared):
    rows, advance = [], Cell.advance

    def counting_advance(self, h, c, z):
        rows.append(len(h))
        return advance(self, h, c, z)

    monkeypatch.setattr(Cell, "advance", counting_advance)
    rng = np.random.default_rng(0)
    network = random_network(rng)
    values = rng.normal(size=(400, 1))
    origins = np.arange(7, 7 + 50 * distance, distance)
    contexts, future = contexts_and_future(network, values, origins, 7)
    roll_forward(network, contexts, 7, future)
    alone = sum(rows)
    rows.clear()
    roll_forward_from(network, values, origins, 7)
    # The windows hold 28 known and 21 predicted values of each forecast; 56 windows begin with
    # known values, of which they read up to 7.
    assert alone == 50 * 49
    assert sum(rows) == (50 * 21 + 28 + 49 * 7 if is_shared else alone)


@pytest.mark.parametrize("variant", VARIANTS + KNOWN_VARIANTS, ids=str)
def test_known_values_are_read_once_for_networks_that_differ_by_their_readout(variant):
    rng = np.random.default_rng(0)
    network = random_network(rng, **variant)
    values = rng.normal(size=(60, network.n_channels))
    origins = np.array([7, 8, 30, 49])
    begun = read_known(network, values, origins, 11)
    for factor in (1.0, -0.5):
        kernel, bias = network.head
        other = replace(network, head=((factor * kernel).astype(np.float32), bias))
        forecasts = roll_forward_from(other, values, origins, 11, begun)
        contexts, future = contexts_and_future(other, values, origins, 11)
        expected = roll_forward(other, contexts, 11, future)
        np.testing.assert_allclose(forecasts, expected, rtol=1e-5, atol=1e-6)


def test_states_that_would_take_too_much_memory_are_not_kept(monkeypatch):
    network = random_network(np.random.default_rng(0))
    values, origins = np.zeros((60, 1)), np.array([7, 20])
    assert read_known(network, values, origins, 11) is not None
    monkeypatch.setattr(_recursion, "MAX_SHARED", 2 * 7 * max(network.units) - 1)
    assert read_known(network, values, origins, 11) is None
