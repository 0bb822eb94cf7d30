"""The benchmarks with tiny sizes: they run, and fill every cell."""

import csv
import gzip
import importlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import BACKEND

from skwave import LSTMForecaster

FOLDER = Path(__file__).parents[1] / "benchmarks"


def run(script, *options):
    command = [sys.executable, str(FOLDER / script), *options]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def run_quick(script, *options):
    return run(script, "--quick", "--backends", BACKEND, *options)


def read(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def write(path, columns, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([columns, *rows])


def noisy_wave(period, n_values):
    noise = np.random.default_rng(0).normal(size=n_values)
    return 10 + np.sin(2 * np.pi * np.arange(n_values) / period) + 0.1 * noise


@pytest.fixture
def load(monkeypatch):
    """A function that imports a script, all networks of which have four units."""
    monkeypatch.syspath_prepend(FOLDER)

    def small(*units, **settings):
        return LSTMForecaster(**settings | {"units": 4})

    def load(name):
        module = importlib.import_module(name)
        monkeypatch.setattr(module, "LSTMForecaster", small)
        return module

    return load


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


@pytest.mark.benchmark
def test_the_benchmark_of_accuracy_scores_a_known_forecast_and_draws(load, monkeypatch, tmp_path):
    months, hours = noisy_wave(12, 144), noisy_wave(24, 568)
    write(tmp_path / "air_passengers.csv", ["month", "passengers"], enumerate(months))
    rows = [("H1", "train" if k < 520 else "test", value) for k, value in enumerate(hours)]
    write(tmp_path / "m4_hourly_21.csv", ["series", "part", "value"], rows)
    path = tmp_path / "accuracy.csv"
    methods = "recommended", "mean of seeds", "one model", "naive"
    options = [
        "accuracy.py", "--data", str(tmp_path), "--output", str(path), "--only", "D3", "D6",
        "--seeds", "1", "--jobs", "1", "--methods", "recommended", "one model", "naive", "AR80",
    ]  # fmt: skip
    monkeypatch.setattr(sys, "argv", options)
    load("accuracy").main()
    errors = {row["series"]: row for row in read(path) if row["quantity"] == "error"}
    naive = np.abs(months[115:] - months[114]).mean()
    np.testing.assert_allclose(float(errors["D3 air passengers"]["naive"]), naive, 1e-5)
    assert all(0 < float(errors["D6 M4 Hourly"][method]) < 9 for method in methods)
    assert path.with_suffix(".png").stat().st_size > 0


@pytest.mark.benchmark
def test_the_benchmark_of_intervals_fills_every_cell_and_goes_on(
    load, monkeypatch, tmp_path, capsys
):
    # Every second value is taken, so that four origins leave 80 values.
    values = np.repeat(noisy_wave(20, 803), 2)
    write(tmp_path / "heart_rate.csv", ["rate"], values[:, None])
    path = tmp_path / "intervals.csv"
    methods = "skwave, recommended", "skwave, updated", "seasonal naive"
    options = [
        "intervals.py", "--data", str(tmp_path), "--output", str(path), "--only", "D4",
        "--seeds", "1", "--methods", *methods,
    ]  # fmt: skip
    intervals = load("intervals")
    monkeypatch.setattr(sys, "argv", options)
    intervals.main()
    lines = read(path)
    assert [line["method"] for line in lines] == list(methods)
    assert {line["origins"] for line in lines} == {"4"}
    assert all(0.5 < float(line["coverage 0.9"]) <= 1 for line in lines)
    monkeypatch.setattr(sys, "argv", [*options, "--keep"])
    intervals.main()
    assert read(path) == lines
    assert cells_of(capsys.readouterr().out, "skwave, updated")[0] == "1"


@pytest.mark.benchmark
def test_every_way_to_train_and_read_out_of_the_benchmark_for_choosing_forecasts(load, capsys):
    choosing = load("choosing")
    series = choosing._cut("wave", noisy_wave(10, 150), 120, 10, 3)
    results = choosing.run(choosing.AS_IT_IS, list(choosing.READOUTS), 0, series)
    # Those with other numbers of units or updates are the same in all else.
    for name in (
        "windows of the season", 'normalization="window"', "random LSTM layers", "50 updates",
        "on what the linear model leaves", 'validation="forecast"', "output_length=24",
        "as trained, newest held out",
    ):  # fmt: skip
        results += choosing.run(name, [], 0, series)
    errors = {setting: error for setting, _, _, _, error, _ in results}
    readouts = {setting: readout for setting, *_, readout in results}
    assert all(error < 0.9 for error in errors.values())
    assert readouts[choosing.AS_IT_IS] == readouts["averaged alone"] == "averaged"
    assert errors[choosing.AS_IT_IS] == pytest.approx(errors["averaged alone"])
    assert errors["ridge alone"] != errors["averaged alone"]
    choosing.show(choosing.summarise(results))
    assert cells_of(capsys.readouterr().out, "linear model")[:2] == ["1.000", "1.000"]


@pytest.mark.benchmark
def test_the_benchmark_for_choosing_intervals_measures_each_way(load, tmp_path, capsys):
    benchmark = load("choosing_intervals")
    series = benchmark.choosing._cut("wave", noisy_wave(10, 150), 120, 10, 3)
    kind, found = benchmark.run(0, series)
    ways = {"newest part", "cross-fitted"}
    assert {way for way, _, _ in found} == ways
    assert all(0.5 < found["cross-fitted", name, 0.9][0] <= 1 for name in benchmark.WIDTHS)
    benchmark.show([(kind, found)])
    write(tmp_path / "ETTh1.csv", ["OT"], noisy_wave(24, 11520)[:, None])
    benchmark.show([benchmark.run_in_time(tmp_path, "OT")])
    cells = cells_of(capsys.readouterr().out, "errors known by then, 96 steps, 0.9")
    assert float(cells[0]) == pytest.approx(0.9, abs=0.05)


@pytest.mark.benchmark
def test_the_benchmark_of_gaps_measures_each_way(load, monkeypatch):
    gaps = load("gaps")
    for name, value in (("N_TRAIN", 800), ("FIRST", 900), ("LAST", 1020)):
        monkeypatch.setattr(gaps, name, value)
    found = gaps.run(noisy_wave(24, 1020), 0)
    assert len(found) == 5
    assert np.all(np.array(list(found.values())) < 0.1)


@pytest.mark.benchmark
def test_the_benchmark_of_known_inputs_measures_each_setting(load, monkeypatch, tmp_path):
    known = load("known")
    # Windows of two days in place of seven take a fraction of the time.
    monkeypatch.setattr(known, "WEEK", 48)
    wave, rng = noisy_wave(24, 1008), np.random.default_rng(1)
    times = np.datetime64("2020-01-01T00") + np.arange(1008)
    inputs = rng.normal(size=(2, 1008))
    rows = zip(["DE"] * 1008, times, wave + inputs[0], *inputs, strict=True)
    columns = ["market", "time", "price", "known_1", "known_2"]
    write(tmp_path / "epf_be_de.csv", columns, rows)
    write(tmp_path / "taylor.csv", ["demand"], noisy_wave(48, 1680)[:, None])
    errors = {name: error for name, error, _ in known.prices(tmp_path, "test", 0)}
    assert errors["DE, known inputs"] < 0.5 * errors["DE, without"]
    assert len(errors) == 3
    errors = {name: error for name, error, _ in known.demand(tmp_path, "test", 0)}
    assert errors["windows of 96, calendar"] < 0.3
    assert len(errors) == 5


@pytest.mark.benchmark
def test_the_benchmark_of_earlier_tourism_compares_each_method(load, monkeypatch, tmp_path, capsys):
    load("tourism")
    earlier = importlib.import_module("tourism_earlier")
    naive = {"AutoETS": np.zeros((2, 8)), "AutoTheta": np.ones((2, 8))}
    monkeypatch.setattr(earlier, "forecast_with_peers", lambda series, python: naive)
    rows = [
        (region, "Business", f"{1998 + k // 4}Q{k % 4 + 1}", value)
        for region in ("Adelaide", "Sydney")
        for k, value in enumerate(noisy_wave(4, 80))
    ]
    write(tmp_path / "tourism_quarterly.csv", ["region", "purpose", "quarter", "trips"], rows)
    series = [earlier.cut(one, 48) for one in earlier.protocols.tourism(tmp_path)]
    earlier.show({48: earlier.measure(series, None, 1)})
    shown = capsys.readouterr().out
    errors = {
        method: float(cells_of(shown, method)[0].split()[0])
        for method in (GLOBAL, "seasonal naive", "linear readout", "AutoETS", "AutoTheta")
    }
    # The values are about 10, their noise is about .1.
    assert max(errors[GLOBAL], errors["seasonal naive"], errors["linear readout"]) < 3
    assert min(errors["AutoETS"], errors["AutoTheta"]) > 20
