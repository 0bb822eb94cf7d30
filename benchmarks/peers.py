"""skwave beside its peers: time to a good forecast, time of a forecast, import and memory.

    python benchmarks/peers.py [--only skwave "darts BlockRNN"] [--repeats 3] [--show]

Each package gets a virtual environment of its own, in `--environments`, from its file in
`requirements/`, and each run a process of its own, one after the other (`contestants.py`). With
`--repeats` the contestants take turns. Each run is a line of peers.csv, beside this file, added to
those that are there. Printed is a table of medians for each wave, with the time from a fresh
process to the best forecast ("in all"); --show prints it and runs nothing.
"""

import argparse
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import tables
from environments import FOLDER, last_line, make_environment

from skwave.datasets import make_wave

RESULTS = Path(__file__).with_suffix(".csv")
# Each with the environment that it runs in.
CONTESTANTS = {
    "skwave": "skwave",
    "skwave, LSTM alone": "skwave",
    "skforecast": "skforecast",
    "darts RNN": "darts",
    "darts BlockRNN": "darts",
    "neuralforecast": "neuralforecast",
}
FIGURES = ["nrmse", "train", "forecast", "import", "memory"]
CYCLES = {"sine": 50, "compound": 200}


def run(python, contestant, kind, seconds):
    """Return the figures of a contestant on a wave, or None where it fails."""
    # In a folder of its own, as some leave files behind.
    with tempfile.TemporaryDirectory() as folder:
        wave = Path(folder) / f"{kind}.npy"
        np.save(wave, make_wave(kind, n_cycles=CYCLES[kind] + 3)[: 80 * CYCLES[kind] + 200])
        command = [python, RESULTS.parent / "contestants.py", contestant, wave, str(seconds)]
        return last_line(command, cwd=folder)


def show(lines):
    """Print a table for each wave: medians over runs."""
    found = defaultdict(lambda: defaultdict(list))
    for line in lines:
        figures = {figure: float(line[figure]) for figure in FIGURES}
        figures["in all"] = figures["import"] + figures["train"] + figures["forecast"]
        found[line["wave"]][line["contestant"]].append(figures)
    for wave, contestants in found.items():
        print(f"\n### {wave}\n")
        print("| package | runs | NRMSE | in all | import | training | forecast | peak memory |")
        print("|---|---|---|---|---|---|---|---|")
        for contestant, runs in contestants.items():
            of = {figure: np.median([run[figure] for run in runs]) for figure in runs[0]}
            print(
                f"| {contestant} | {len(runs)} | {of['nrmse']:.2g} | {of['in all']:.1f} s | "
                f"{of['import']:.1f} s | {of['train']:.1f} s | {of['forecast']:.3f} s | "
                f"{of['memory']:.0f} MB |"
            )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=CONTESTANTS, default=list(CONTESTANTS))
    parser.add_argument("--waves", nargs="+", choices=CYCLES, default=list(CYCLES))
    parser.add_argument("--seconds", type=float, default=120, help="training time at most")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--environments", type=Path, default=FOLDER)
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("--show", action="store_true", help="show the results and run nothing")
    options = parser.parse_args()
    if not options.show:
        folder = options.environments.resolve()
        pythons = {name: make_environment(CONTESTANTS[name], folder) for name in options.only}
        columns = ["wave", "contestant", *FIGURES]
        for kind in options.waves:
            for contestant in options.repeats * options.only:
                print(f"{kind}: {contestant}", file=sys.stderr, flush=True)
                if result := run(pythons[contestant], contestant, kind, options.seconds):
                    tables.add_line(options.output, columns, {k: result[k] for k in columns})
    show(tables.read_lines(options.output))


if __name__ == "__main__":
    main()
