"""The scale of the layers: what it is taken from, and the way back to the units of the series."""

import numpy as np
import pytest
from helpers import dataset_of, dataset_of_windows, targets_of
from oracle import random_network

from skwave._scaling import fit_scaling
from skwave._sliding import sliding_windows


def test_scaling_and_its_inverse_give_the_values_back():
    scaling = random_network(np.random.default_rng(0), n_channels=3).scaling
    values = np.random.default_rng(1).normal(size=(9, 3))
    np.testing.assert_allclose(scaling.unscale(scaling.scale(values)), values, rtol=1e-12)


@pytest.mark.parametrize("normalization", ["series", "window", None])
@pytest.mark.parametrize("output_length", [1, 3])
def test_scaled_targets_go_back_to_the_values_that_follow(normalization, output_length):
    series = np.random.default_rng(0).normal(3, 5, size=(30, 2))
    dataset = dataset_of(series, output_length=output_length, normalization=normalization)
    outputs = dataset.targets.astype(float)
    starts = dataset.starts[dataset.indices]
    if dataset.scaling.relative:
        outputs = outputs + np.tile(dataset.values[starts], output_length)
    expected = [series[s + 4 : s + 4 + output_length].ravel() for s in starts]
    np.testing.assert_allclose(dataset.scaling.unscale(outputs), expected, rtol=1e-4, atol=1e-4)


def test_series_normalization_is_mean_and_standard_deviation():
    series = np.random.default_rng(0).normal(3, 5, size=(50, 2))
    dataset = dataset_of(series)
    np.testing.assert_allclose(dataset.scaling.input_center, series.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(dataset.scaling.input_scale, series.std(axis=0), rtol=1e-14)
    np.testing.assert_allclose(dataset.values.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(dataset.values.std(axis=0), 1, rtol=1e-5)


def test_window_normalization_has_unit_mean_square_of_values_less_the_first():
    series = np.cumsum(np.random.default_rng(0).normal(size=(300, 1)), axis=0)
    dataset = dataset_of(series, length=20, normalization="window")
    windows = sliding_windows(dataset.values, 20)
    assert np.mean((windows - windows[:, :1]) ** 2) == pytest.approx(1, rel=0.02)


@pytest.mark.parametrize("normalization", ["series", "window"])
def test_a_constant_channel_is_centred_on_itself(normalization):
    scaling = fit_scaling(targets_of(np.full((7, 1), 0.1)), normalization)
    assert scaling.input_center[0] == 0.1
    assert scaling.input_scale[0] == 1
    # Whatever the network says, the prediction is the constant.
    assert scaling.unscale(np.array([3.0]))[0] == 0.1


def test_given_targets_have_a_scaling_of_their_own():
    windows = sliding_windows(np.arange(10.0)[:, None], 4)
    y = 1000 + 7.0 * np.arange(7)
    scaling = fit_scaling(dataset_of_windows(windows, 1, y), "series")
    np.testing.assert_allclose(scaling.input_center, 4.5)
    np.testing.assert_allclose(scaling.output_center, y.mean())
    np.testing.assert_allclose(scaling.output_scale, y.std())
