"""What is imported when, and a first fit in a process: each test starts a fresh one."""

import ast
import pickle
import subprocess
import sys

import pytest
from helpers import BACKEND, only_tensorflow

# Not pandas: scikit-learn and SciPy import it themselves where it is installed.
HEAVY = ("tensorflow", "jax", "torch", "keras", "scikeras", "matplotlib", "dask")


def imported_at_each_step(*steps):
    """Return the heavy modules that are loaded after each of the lines that a new process runs."""
    show = f"print([m for m in {HEAVY} if m in sys.modules])"
    code = "\n".join(["import sys", *(f"{step}\n{show}" for step in steps)])
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return dict(zip(steps, run.stdout.splitlines(), strict=True))


def test_import_loads_no_heavy_package_and_the_package_alone_no_metrics():
    found = imported_at_each_step(
        # They take longer to import than a forecast.
        "import skwave; assert 'sklearn.metrics' not in sys.modules",
        "import skwave.datasets, skwave.metrics, skwave.model_selection",
    )
    assert found == dict.fromkeys(found, "[]")


def test_loading_predicting_and_forecasting_import_no_tensorflow(fitted, windows, tmp_path):
    path = tmp_path / "forecaster.pkl"
    path.write_bytes(pickle.dumps((fitted, windows)))
    found = imported_at_each_step(
        f"import pickle; forecaster, windows = pickle.load(open({str(path)!r}, 'rb'))",
        "forecaster.forecast(20)",
        "forecaster.predict(windows)",
        "forecaster.score(windows)",
        "forecaster.calibrate(windows).sample_paths(9)",
    )
    assert found == dict.fromkeys(found, "[]")


# After the fit come one in a fork, and one for which TensorFlow is told not to be eager.
TRAINING = f"""
import os, sys
before = dict(os.environ)
from skwave import LSTMForecaster, WindowTransformer
from skwave.datasets import make_wave
windows = WindowTransformer(10).fit_transform(make_wave("sine", n_cycles=1))
forecaster = LSTMForecaster(2, epochs=1, random_state=0)
forecaster.fit(windows).to_keras()
assert dict(os.environ) == before
print([m for m in {HEAVY} if m in sys.modules])
import warnings
warnings.simplefilter("ignore")
import multiprocessing as mp
with mp.get_context("fork").Pool(1) as pool:
    try:
        pool.apply(forecaster.fit, (windows,))
    except RuntimeError as error:
        print(error, file=sys.stderr)
import keras
if keras.backend.backend() == "tensorflow":
    import tensorflow as tf
    tf.compat.v1.disable_eager_execution()
    try:
        forecaster.fit(windows)
    except RuntimeError as error:
        print(error, file=sys.stderr)
"""


@pytest.fixture(scope="module")
def training():
    """What a program printed that trains, and its errors."""
    command = [sys.executable, "-c", TRAINING]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)


def test_training_imports_one_backend_prints_nothing_and_leaves_the_environment(training):
    # Keras or its backend may bring others, such as matplotlib where it is installed.
    imported = ast.literal_eval(training.stdout)
    assert {"keras", "scikeras"} <= set(imported)
    assert {"tensorflow", "jax", "torch"} & set(imported) == {BACKEND}


def test_a_fit_in_a_forked_process_says_so_in_place_of_hanging(training):
    assert "forked from one that has trained" in training.stderr
    assert "'spawn'" in training.stderr


@only_tensorflow
def test_training_without_eager_execution_says_so(training):
    assert "TensorFlow's eager execution is off" in training.stderr
