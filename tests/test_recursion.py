import numpy as np
import pytest
from oracle import VARIANTS, random_network, roll

from skwave._recursion import roll_forward


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
