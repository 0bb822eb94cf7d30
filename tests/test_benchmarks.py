"""The benchmarks of Keras's backends with tiny sizes: they run, and fill every cell."""

import csv
import subprocess
import sys
from pathlib import Path

from helpers import BACKEND

FOLDER = Path(__file__).parents[1] / "benchmarks"


def run(script, *options):
    command = [sys.executable, str(FOLDER / script), "--quick", "--backends", BACKEND, *options]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_benchmark_of_a_gpu_measures_each_part_on_the_cpu(tmp_path):
    path = tmp_path / "gpu.csv"
    shown = run("gpu.py", "--devices", "cpu", "--output", str(path))
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["part"] for row in rows} == {
        "machine", "versions", "kernels", "updates", "waves", "readout", "million"
    }  # fmt: skip
    assert not [row for row in rows if row["what"] == "failed"]
    values = {row["what"]: row["value"] for row in rows}
    assert values["cuDNN's LSTM is taken"] == "no"
    assert float(values["sine, NRMSE of 200 steps"]) < 0.01
    assert all(float(row["value"]) > 0 for row in rows if row["unit"] in ("s", "ms", "MB"))
    assert f"| {BACKEND} | waves | sine, NRMSE of 200 steps |" in shown


def test_the_benchmark_of_backends_prints_a_row_without_empty_cells():
    shown = run("backends.py", "--repeats", "1", "--pythons", sys.executable)
    name, *cells = shown.splitlines()[-1].strip("| ").split(" | ")
    assert name.startswith(f"{BACKEND} (keras ")
    assert len(cells) == 6
    assert all(float(cell) > 0 for cell in cells)
    assert float(cells[-1]) < 0.01
