"""What is imported when; each test starts a fresh process."""

import ast
import pickle
import subprocess
import sys

import pytest
from helpers import BACKEND

# Not pandas: scikit-learn and SciPy import it themselves where it is installed.
HEAVY = ("tensorflow", "jax", "torch", "keras", "scikeras", "matplotlib")


def modules_after(code):
    code += f"\nimport sys; print([m for m in {HEAVY} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return run.stdout.strip().splitlines()[-1]


def test_import_loads_no_heavy_package():
    code = "import skwave, skwave.datasets, skwave.metrics, skwave.model_selection"
    assert modules_after(code) == "[]"


def test_import_of_the_package_alone_loads_no_metrics():
    # They take longer to import than a forecast.
    code = "import skwave, sys; print([m for m in sys.modules if m == 'sklearn.metrics'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "call",
    ["forecast(20)", "predict(windows)", "score(windows)", "calibrate(windows).sample_paths(9)"],
)
def test_loading_predicting_and_forecasting_import_no_tensorflow(fitted, windows, tmp_path, call):
    path = tmp_path / "forecaster.pkl"
    path.write_bytes(pickle.dumps((fitted, windows)))
    code = f"""
import pickle
forecaster, windows = pickle.load(open({str(path)!r}, "rb"))
forecaster.{call}
"""
    assert modules_after(code) == "[]"


def test_training_imports_one_backend_prints_nothing_and_leaves_the_environment():
    code = f"""
import os, sys
before = dict(os.environ)
from skwave import LSTMForecaster, WindowTransformer
from skwave.datasets import make_wave
windows = WindowTransformer(10).fit_transform(make_wave("sine", n_cycles=1))
LSTMForecaster(2, epochs=1).fit(windows).to_keras()
assert dict(os.environ) == before
print([m for m in {HEAVY} if m in sys.modules])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    # Keras or its backend may bring others, such as matplotlib where it is installed.
    imported = ast.literal_eval(run.stdout)
    assert {"keras", "scikeras"} <= set(imported)
    assert {"tensorflow", "jax", "torch"} & set(imported) == {BACKEND}
