"""D8, 304 short series of Australian tourism: the last 8 of 80 quarters, and the mean MASE.

    python benchmarks/tourism.py --data DIR [--every 20] [--jobs 2] [--methods ...] [--show]

Each series is fitted alone. All windows are of 24 quarters: a third of the 72 that are known.
Each series and method is a line of tourism.csv, beside this file, added as soon as it is measured
and not measured again: a run that was stopped goes on. --show prints the table and runs nothing.
"""

import sys
import time
from collections import defaultdict
from functools import partial
from pathlib import Path

import accuracy
import numpy as np
import protocols
import tables
from intervals import number
from jobs import read_options, run_jobs
from linear import fit_linear

RESULTS = Path(__file__).with_suffix(".csv")
ROW, FIGURES = "D8 tourism", ["MASE", "seconds"]
LENGTH = 24
PUBLISHED = {"AutoTheta": 0.954, "AutoETS": 0.986, "AutoARIMA": 1.016}
# What the data README says of the baselines; they must come out the same.
KNOWN = {"naive": 1.328, "seasonal naive": 1.167}
N_SERIES = 304


def linear(protocol, seed):
    """Forecast with the linear model alone."""
    n_steps = protocol.y_true.shape[1]
    return fit_linear(protocol.train, LENGTH, n_steps).forecast(protocol.contexts, n_steps)


recommended = partial(accuracy.skwave, length=LENGTH, units=accuracy.UNITS)
# Each gets a protocol and a seed. One model for all series gets all protocols at once: it does not
# belong here, but in `main`, which adds a line for each series.
METHODS = {
    "naive": accuracy.BASELINES["naive"],
    "seasonal naive": accuracy.BASELINES["seasonal naive"],
    "linear readout": linear,
    accuracy.RANDOM: partial(recommended, learning_rate=1e-12, epochs=1),
    accuracy.RECOMMENDED: recommended,
    accuracy.DEFAULTS: partial(accuracy.skwave, length=LENGTH),
}


def measure(protocol, method):
    """Return the figures of a method on a series."""
    begin = time.perf_counter()
    forecasts = METHODS[method](protocol, 0)
    seconds = time.perf_counter() - begin
    return {"MASE": protocol.score(protocol.y_true, forecasts)[ROW], "seconds": seconds}


def show(lines):
    found = defaultdict(list)
    for line in lines:
        found[line["method"]].append([float(line[f]) for f in FIGURES])
    print("| method | series | MASE | standard error | seconds |")
    print("|---|---|---|---|---|")
    for method, figures in found.items():
        mase, seconds = np.transpose(figures)
        error = mase.std(ddof=1) / np.sqrt(len(mase)) if len(mase) > 1 else np.nan
        print(
            f"| {method} | {len(mase)} | {number(mase.mean(), 3)} | {number(error, 3)} | "
            f"{number(np.median(seconds))} |"
        )
        known = KNOWN.get(method, mase.mean())
        if len(mase) == N_SERIES and not np.isclose(mase.mean(), known, rtol=1e-3):
            print(f"NOT as in the data README: {method} is {mase.mean():.4f}, not {known}")
    for method, mase in PUBLISHED.items():
        print(f"| {method}, of another package | {N_SERIES} | {number(mase, 3)} | | |")


def main():
    options = read_options(__doc__.splitlines()[0], METHODS, RESULTS)
    n_failed = 0
    if not options.show:
        series = list(protocols.tourism(options.data))[:: options.every]
        tasks = {
            (protocol.series, method): (protocol, method)
            for method in options.methods
            for protocol in series
        }
        n_failed = run_jobs(measure, tasks, options.output, FIGURES, options.jobs)
    show(tables.read_lines(options.output))
    sys.exit(n_failed > 0)


if __name__ == "__main__":
    main()
