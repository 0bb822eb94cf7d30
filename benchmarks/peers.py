"""skwave beside its peers: time to a good forecast, time of a forecast, import and memory.

    python benchmarks/peers.py [--only darts skwave] [--waves sine] [--seconds 120]

Each package gets a virtual environment of its own, in `--environments`, from its file in
`requirements/`, and each run a process of its own, one after the other (`contestants.py`). Printed
is a table for each wave, with the time from a fresh process to the best forecast ("in all"), and
all of it is written to peers.csv.
"""

import argparse
import csv
import sys
import tempfile
from pathlib import Path

import numpy as np
from environments import FOLDER, last_line, make_environment

from skwave.datasets import make_wave

HERE = Path(__file__).parent
ENTRIES = {
    "skwave": ["skwave", "skwave, LSTM alone"],
    "skforecast": ["skforecast"],
    "darts": ["darts RNN", "darts BlockRNN"],
    "neuralforecast": ["neuralforecast"],
}
COLUMNS = "wave", "contestant", "nrmse", "train", "forecast", "import", "memory"
CYCLES = {"sine": 50, "compound": 200}


def run(python, contestant, wave, seconds):
    command = [python, HERE / "contestants.py", contestant, wave, str(seconds)]
    # In a folder of its own, as some leave files behind.
    with tempfile.TemporaryDirectory() as folder:
        return last_line(command, cwd=folder)


def show(results):
    for wave in dict.fromkeys(r["wave"] for r in results):
        print(f"\n### {wave}\n")
        print("| package | NRMSE | in all | import | training | forecast | peak memory |")
        print("|---|---|---|---|---|---|---|")
        for r in results:
            if r["wave"] == wave:
                in_all = r["import"] + r["train"] + r["forecast"]
                print(
                    f"| {r['contestant']} | {r['nrmse']:.2g} | {in_all:.0f} s | "
                    f"{r['import']:.1f} s | {r['train']:.0f} s | {r['forecast']:.3f} s | "
                    f"{r['memory']:.0f} MB |"
                )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=ENTRIES, default=list(ENTRIES))
    parser.add_argument("--waves", nargs="+", choices=CYCLES, default=list(CYCLES))
    parser.add_argument("--seconds", type=float, default=120, help="training time at most")
    parser.add_argument("--environments", type=Path, default=FOLDER)
    options = parser.parse_args()
    pythons = {
        name: make_environment(name, options.environments.resolve()) for name in options.only
    }
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for kind in options.waves:
            wave = Path(folder) / f"{kind}.npy"
            np.save(wave, make_wave(kind, n_cycles=CYCLES[kind] + 3)[: 80 * CYCLES[kind] + 200])
            for name in options.only:
                for contestant in ENTRIES[name]:
                    print(f"{kind}: {contestant}", file=sys.stderr, flush=True)
                    results.append(run(pythons[name], contestant, wave, options.seconds))
    results = [r for r in results if r]
    with open(HERE / "peers.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for result in results:
            writer.writerow({k: f"{v:.4g}" if k in COLUMNS[2:] else v for k, v in result.items()})
    show(results)


if __name__ == "__main__":
    main()
