"""The network as a Keras model, without skwave."""

import subprocess
import sys

import numpy as np
import pytest
from helpers import only_tensorflow
from oracle import random_network

from skwave import LSTMForecaster
from skwave._keras_model import to_keras

READ = """
import sys
sys.modules["skwave"] = None  # as if it were not installed
import keras, numpy as np
model = keras.saving.load_model(sys.argv[1] + "/model.keras", safe_mode=True)
with np.load(sys.argv[1] + "/expected.npz") as file:
    found = np.asarray(model.predict(file["windows"], verbose=0))
    np.testing.assert_allclose(found, file["predictions"], rtol=1e-5, atol=1e-5 * file["scale"])
print(model.name, found.shape)
"""


def test_a_keras_file_is_read_safely_without_skwave(two_channels, tmp_path):
    from skwave import WindowTransformer

    windows = WindowTransformer(10).fit_transform(two_channels)
    forecaster = LSTMForecaster(
        (5, 4), output_length=4, normalization="window", epochs=1, random_state=0
    ).fit(windows)
    forecaster.to_keras().save(tmp_path / "model.keras")
    predictions = forecaster.predict(windows).reshape(len(windows), -1)
    scale = forecaster.network_.scaling.output_scale.min()
    np.savez(tmp_path / "expected.npz", windows=windows, predictions=predictions, scale=scale)
    command = [sys.executable, "-c", READ, str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == ["skwave", f"({len(windows)},", "8)"]


@pytest.mark.parametrize(
    "variant",
    [
        {"units": (4, 3)},
        {"output_length": 3, "n_channels": 2, "relative": True},
        {"with_skip": True, "n_channels": 2},
        {"with_skip": True, "relative": True},
        {"with_skip": True, "n_channels": 3, "n_known": 1},
        {"positions": (2, 5, 7), "units": (4, 3), "with_skip": True},
        {"with_skip": True, "n_channels": 4, "n_known": 2, "relative": True},
    ],
    ids=str,
)
def test_the_keras_model_equals_the_network(variant):
    rng = np.random.default_rng(0)
    network = random_network(rng, **variant)
    windows = rng.normal(size=(20, network.window_length, network.n_channels))
    found = to_keras(network).predict(windows.astype(np.float32), verbose=0)
    np.testing.assert_allclose(found, network.predict(windows), rtol=1e-5, atol=1e-5)


def test_each_call_gives_a_model_of_its_own(fitted, windows):
    one, other = fitted.to_keras(), fitted.to_keras()
    one.get_layer("head").set_weights([np.zeros((6, 1)), np.zeros(1)])
    found = np.ravel(other.predict(windows.astype(np.float32), verbose=0))
    np.testing.assert_allclose(found, fitted.predict(windows), atol=1e-5)


@only_tensorflow
def test_a_saved_model_of_tensorflow_gives_the_same_predictions(fitted, windows, tmp_path):
    import tensorflow as tf

    fitted.to_keras().export(tmp_path / "served", format="tf_saved_model", verbose=False)
    served = tf.saved_model.load(tmp_path / "served")
    found = np.ravel(served.serve(windows.astype(np.float32)))
    np.testing.assert_allclose(found, fitted.predict(windows), atol=1e-5)


@pytest.mark.parametrize("factor", [1e-45, 1e45])
def test_scales_beyond_single_precision_are_an_error(windows, factor):
    forecaster = LSTMForecaster(6, epochs=1, random_state=0).fit(factor * windows)
    assert np.isfinite(forecaster.forecast(5)).all()
    with pytest.raises(ValueError, match="computes in float32.*other units"):
        forecaster.to_keras()
