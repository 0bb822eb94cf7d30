"""The benchmarks of backends and of many series with tiny sizes: they run, and fill every cell."""

import csv
import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import BACKEND

FOLDER = Path(__file__).parents[1] / "benchmarks"


def run(script, *options):
    command = [sys.executable, str(FOLDER / script), *options]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def run_quick(script, *options):
    return run(script, "--quick", "--backends", BACKEND, *options)


def read(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def cells_of(shown, method):
    """Return the cells after a method, of its row in the first table that was printed."""
    row = next(line for line in shown.splitlines() if line.startswith(f"| {method} |"))
    return [cell.strip() for cell in row.strip("|").split("|")][1:]


@pytest.mark.benchmark
def test_the_benchmark_of_a_gpu_measures_each_part_on_the_cpu(tmp_path):
    path = tmp_path / "gpu.csv"
    shown = run_quick("gpu.py", "--devices", "cpu", "--output", str(path))
    rows = read(path)
    assert {row["part"] for row in rows} == {
        "machine", "versions", "kernels", "updates", "waves", "readout", "million"
    }  # fmt: skip
    assert not [row for row in rows if row["what"] == "failed"]
    values = {row["what"]: row["value"] for row in rows}
    assert values["cuDNN's LSTM is taken"] == "no"
    assert float(values["sine, NRMSE of 200 steps"]) < 0.01
    assert all(float(row["value"]) > 0 for row in rows if row["unit"] in ("s", "ms", "MB"))
    assert f"| {BACKEND} | waves | sine, NRMSE of 200 steps |" in shown


@pytest.mark.benchmark
def test_the_benchmark_of_backends_prints_a_row_without_empty_cells():
    shown = run_quick("backends.py", "--repeats", "1", "--pythons", sys.executable)
    name, *cells = shown.splitlines()[-1].strip("| ").split(" | ")
    assert name.startswith(f"{BACKEND} (keras ")
    assert len(cells) == 6
    assert all(float(cell) > 0 for cell in cells)
    assert float(cells[-1]) < 0.01


GLOBAL = "one LSTM for all series"


@pytest.fixture
def hourly(tmp_path):
    """Two series of 400 hours with days, and 48 more hours of each, in the form of M4."""
    hours, rng = np.arange(448), np.random.default_rng(0)
    with gzip.open(tmp_path / "m4_hourly.csv.gz", "wt", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["series", "part", "values"])
        for name in ("H1", "H2"):
            series = 10 + np.sin(2 * np.pi * hours / 24) + 0.1 * rng.normal(size=448)
            for part, values in (("train", series[:400]), ("test", series[400:])):
                writer.writerow([name, part, " ".join(f"{v:.4f}" for v in values)])
    return tmp_path


@pytest.mark.benchmark
def test_the_benchmark_of_hourly_series_fills_every_cell_and_goes_on(hourly):
    path = hourly / "results.csv"
    options = ("--data", str(hourly), "--output", str(path), "--methods")
    first = run("m4_hourly.py", *options, "seasonal naive", "random LSTM layers", "--every", "2")
    before = read(path)
    assert {(line["series"], line["method"]) for line in before} == {
        ("H1", "Naive2"), ("H1", "seasonal naive"), ("H1", "random LSTM layers")
    }  # fmt: skip
    assert "| ES-RNN, winner of M4, published | 414 | .893 |" in first

    shown = run("m4_hourly.py", *options, "seasonal naive", "linear readout", GLOBAL)
    lines = read(path)
    assert lines[:3] == before
    assert len(lines) == 9  # three methods and Naive2 on two series, and random layers on one
    for method, n in (
        ("seasonal naive", "2"),
        ("linear readout", "2"),
        (GLOBAL, "2"),
        ("random LSTM layers", "1"),
    ):
        n_series, *cells = cells_of(shown, method)
        assert n_series == n
        assert all(float(cell) >= 0 for cell in cells)
    # Errors of the seasonal naive forecast are of two values with noise, those of a model of one.
    assert cells_of(shown, "linear readout")[1] < cells_of(shown, "seasonal naive")[1]
    assert cells_of(shown, "Naive2")[3] == "1.000"


def test_the_benchmark_of_hourly_series_scores_a_known_forecast(hourly):
    path = hourly / "results.csv"
    run("m4_hourly.py", "--data", str(hourly), "--output", str(path), "--methods", "naive")
    with gzip.open(hourly / "m4_hourly.csv.gz", "rt", newline="") as file:
        rows = {(r["series"], r["part"]): r["values"] for r in csv.DictReader(file)}
    train, test = (np.array(rows["H2", part].split(), float) for part in ("train", "test"))
    line = next(r for r in read(path) if (r["series"], r["method"]) == ("H2", "naive"))
    errors = np.abs(test - train[-1])
    mase = errors.mean() / np.abs(train[24:] - train[:-24]).mean()
    smape = np.mean(2 * errors / (test + train[-1]))
    np.testing.assert_allclose([float(line["MASE"]), float(line["sMAPE"])], [mase, smape], 1e-5)
    assert line["MSIS 0.95"] == ""


@pytest.mark.benchmark
def test_the_benchmark_of_tourism_scores_the_last_two_years(tmp_path):
    path = tmp_path / "results.csv"
    trips = np.tile([4.0, 1.0, 2.0, 3.0], 20) + np.arange(80)
    with open(tmp_path / "tourism_quarterly.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["region", "purpose", "quarter", "trips"])
        for k, value in enumerate(trips):
            writer.writerow(["Adelaide", "Business", f"{1998 + k // 4}Q{k % 4 + 1}", value])
    shown = run(
        "tourism.py", "--data", str(tmp_path), "--output", str(path), "--methods",
        "seasonal naive", "linear readout", f"{GLOBAL}, seed 1",
    )  # fmt: skip
    assert {line["series"] for line in read(path)} == {"Adelaide, Business"}
    # The trend is of 4 a year: the first year misses by 4, the second by 8, the scale is 4.
    assert cells_of(shown, "seasonal naive")[:2] == ["1", "1.500"]
    for method in ("linear readout", f"{GLOBAL}, seed 1"):
        assert float(cells_of(shown, method)[1]) < 0.5
    assert "| AutoTheta, of another package | 304 | .954 |" in shown
