from dataclasses import replace

import numpy as np
import pytest
from oracle import KNOWN_VARIANTS, VARIANTS, random_network

from skwave._keras_model import to_keras
from skwave._recursion import roll_forward


@pytest.mark.parametrize(
    "variant", [v for v in VARIANTS + KNOWN_VARIANTS if v.get("units") != ()], ids=str
)
def test_keras_model_equals_the_network(variant):
    rng = np.random.default_rng(0)
    network = random_network(rng, **variant)
    windows = rng.normal(size=(20, network.window_length, network.n_channels))
    expected = to_keras(network).predict(windows, verbose=0)
    np.testing.assert_allclose(network.predict(windows), expected, rtol=1e-5, atol=1e-5)


def test_forecast_equals_the_loop_of_single_predictions():
    rng = np.random.default_rng(0)
    network = random_network(rng, n_channels=2, output_length=3, relative=True)
    model = to_keras(network)
    series = rng.normal(size=(7, 2))
    for _ in range(5):
        block = model.predict(series[None, -7:], verbose=0).reshape(3, 2)
        series = np.concatenate([series, block])
    forecast = roll_forward(network, series[None, :7], 15)[0]
    np.testing.assert_allclose(forecast, series[7:], rtol=1e-5, atol=1e-5)


def test_scales_far_from_one_are_kept():
    network = random_network(np.random.default_rng(0))
    scaling = replace(network.scaling, input_scale=np.array([1e-20]), input_center=np.zeros(1))
    small = replace(network, scaling=scaling)
    windows = 1e-20 * np.random.default_rng(1).normal(size=(5, 7, 1))
    expected = to_keras(small).predict(windows, verbose=0)
    np.testing.assert_allclose(small.predict(windows), expected, rtol=1e-4)
