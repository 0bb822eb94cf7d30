"""The package as others get it; `make dist` builds it and runs those marked `dist`."""

import importlib.metadata
import pickle
import re
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from test_docs import LINES
from test_docstrings import public_objects

import skwave
from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave.datasets import load_sunspots

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"


def test_the_version_is_written_in_one_file():
    assert importlib.metadata.version("skwave") == skwave.__version__
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev\d+|rc\d+)?", skwave.__version__)
    written = [
        path.relative_to(ROOT).as_posix()
        for path in [ROOT / "pyproject.toml", ROOT / "docs/conf.py", *ROOT.glob("skwave/**/*.py")]
        if f'"{skwave.__version__}"' in path.read_text()
    ]
    assert written == ["skwave/__init__.py"]


def test_the_package_says_that_it_is_typed():
    assert (Path(skwave.__file__).parent / "py.typed").exists()


def test_the_sunspots_are_the_same_with_and_without_pandas():
    array, series = load_sunspots(), load_sunspots(as_frame=True)
    assert array.shape == (309,)
    np.testing.assert_array_equal(series, array)
    assert (series.index[0], series.index[-1], series.index.name) == (1700, 2008, "year")
    # A year at the end of the Maunder minimum, and the year of the highest value.
    assert series[1712] == 0
    assert series.idxmax() == 1957
    # Its period is about eleven years.
    assert np.corrcoef(array[11:], array[:-11])[0, 1] > 0.6


@pytest.fixture(scope="module")
def wheel():
    wheels = list(DIST.glob("skwave-*.whl"))
    assert len(wheels) == 1, "run make dist"
    return wheels[0]


@pytest.fixture(scope="module")
def fresh_python(wheel, tmp_path_factory):
    """Return the Python of an environment that holds the wheel and what the wheel asks for."""
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder / "env", with_pip=True)
    python = folder / "env" / "bin" / "python"
    # Wheels only, so that no compiler can have been used.
    install = [python, "-m", "pip", "install", "--quiet", "--only-binary", ":all:", wheel]
    subprocess.run(install, check=True, cwd=folder)
    return python


def run(python, code, folder):
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.dist
def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    info = f"skwave-{skwave.__version__}.dist-info/"
    assert [name for name in names if not name.startswith(("skwave/", info))] == []
    assert {"skwave/py.typed", "skwave/data/sunspots.csv"} <= set(names)
    assert wheel.stat().st_size < 200_000


@pytest.mark.dist
def test_the_sdist_holds_tests_docs_and_examples():
    (sdist,) = DIST.glob("skwave-*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    wanted = ["README.md", "LICENSE", "CHANGELOG.md", "Makefile", "pyproject.toml", "docs/conf.py"]
    wanted += ["tests/test_package.py", "tests/conftest.py", "examples/plot_04_sunspots.py"]
    assert set(wanted) <= names
    assert [name for name in names if name.startswith((".venv", "docs/_build"))] == []


@pytest.mark.dist
def test_every_public_name_is_imported_without_the_extras(fresh_python, tmp_path):
    modules = {name.rpartition(".")[0] for name in public_objects()}
    code = "".join(f"import {module}\n" for module in sorted(modules))
    code += f"for name in {sorted(public_objects())}: eval(name)\n"
    code += "import importlib.util; print(importlib.util.find_spec('pandas'), skwave.__file__)"
    out = run(fresh_python, code, tmp_path)
    assert out.startswith("None ")
    assert str(Path(sys.prefix)) not in out


@pytest.mark.dist
def test_the_wheel_runs_the_code_of_the_readme_in_an_empty_environment(
    wheel, fresh_python, tmp_path
):
    """With the extra that the README names; the tests before this one run without it."""
    install = [fresh_python, "-m", "pip", "install", "--quiet", f"{wheel}[pandas]"]
    subprocess.run(install, check=True, cwd=tmp_path)
    check = "print(abs(forecast - test).mean() / test.std())"
    out = run(fresh_python, f"{LINES}\n{check}", tmp_path)
    assert float(out.split()[-1]) < 0.6
    assert (tmp_path / "forecast.png").exists()


@pytest.mark.dist
def test_a_machine_that_only_forecasts_needs_no_tensorflow(wheel, tmp_path):
    """As the installation page says: NumPy, scikit-learn and the wheel, without dependencies."""
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    for what in (["numpy", "scikit-learn", "skops"], ["--no-deps", wheel]):
        install = [python, "-m", "pip", "install", "--quiet", "--only-binary", ":all:", *what]
        subprocess.run(install, check=True, cwd=tmp_path)
    model = make_forecast_pipeline(WindowTransformer(10), LSTMForecaster(4, random_state=0))
    model.fit(pd.Series(np.sin(np.arange(120.0)), pd.date_range("2024", periods=120, freq="h")))
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(model))
    joblib.dump(model, tmp_path / "model.joblib")
    skops.io.dump(model, tmp_path / "model.skops")
    code = """
import pickle, importlib.util, joblib, skops.io, skwave
assert not any(importlib.util.find_spec(name) for name in ("tensorflow", "keras", "pandas"))
for model in (
    pickle.load(open("model.pkl", "rb")), joblib.load("model.joblib"),
    skops.io.load("model.skops", trusted=list(skwave.TRUSTED_TYPES)),
):
    print(*model.forecast(3), *model.forecast_interval(3).ravel())
try:
    skwave.LSTMForecaster().fit([[0.0, 1.0], [1.0, 2.0], [2.0, 3.0], [3.0, 4.0]])
except ModuleNotFoundError as error:
    print(error)
"""
    *lines, error = run(python, code, tmp_path).strip().splitlines()
    expected = [*model.forecast(3), *model.forecast_interval(3).to_numpy().ravel()]
    for line in lines:
        np.testing.assert_allclose(np.array(line.split(), float), expected, rtol=1e-5, atol=1e-6)
    assert len(lines) == 3
    assert error.startswith("Training needs Keras and its backend, but 'keras' is not installed")
