"""D8, 304 short series of Australian tourism: the last 8 of 80 quarters, and the mean MASE.

    python benchmarks/tourism.py --data DIR [--every 20] [--jobs 2] [--methods ...] [--show]

Each series is fitted alone, and all by one model. All windows are of 24 quarters: a third of the 72
that are known.
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
from joblib import parallel_config
from jobs import add_lines, lacks, read_options, run_jobs
from linear import fit_linear

from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline

RESULTS = Path(__file__).with_suffix(".csv")
ROW, FIGURES = "D8 tourism", ["MASE", "seconds"]
LENGTH = 24
GLOBAL = "one LSTM for all series"
PUBLISHED = {"AutoTheta": 0.954, "AutoETS": 0.986, "AutoARIMA": 1.016}
# What the data README says of the baselines; they must come out the same.
KNOWN = {"naive": 1.328, "seasonal naive": 1.167}
N_SERIES = 304


def window_length(protocol):
    """Return the values in a window: a third of the known ones, at most."""
    return min(LENGTH, len(protocol.train) // 3)


def linear(protocol, seed):
    """Forecast with the linear model alone."""
    n_steps = protocol.y_true.shape[1]
    return fit_linear(protocol.train, window_length(protocol), n_steps).forecast(
        protocol.contexts, n_steps
    )


recommended = partial(accuracy.skwave, length=LENGTH, units=accuracy.UNITS)
# Each gets a protocol and a seed.
METHODS = {
    "naive": accuracy.BASELINES["naive"],
    "seasonal naive": accuracy.BASELINES["seasonal naive"],
    "linear readout": linear,
    accuracy.RANDOM: partial(recommended, learning_rate=1e-12, epochs=1),
    accuracy.RECOMMENDED: recommended,
    accuracy.DEFAULTS: partial(accuracy.skwave, length=LENGTH),
    # Of all series at once, in `measure_global`; three seeds, as its figure is one of the table.
    **{f"{GLOBAL}, seed {seed}": None for seed in range(3)},
}


def measure_global(series, seed, n_jobs):
    """Yield the figures of each series by a model of all of them, with recommended settings."""
    begin = time.perf_counter()
    model = make_forecast_pipeline(
        WindowTransformer(window_length(series[0])),
        LSTMForecaster(accuracy.UNITS, random_state=seed),
    )
    with parallel_config(n_jobs=n_jobs):
        model.fit({protocol.series: protocol.train for protocol in series})
    n_steps = series[0].y_true.shape[1]
    forecasts = model.forecast(n_steps)
    seconds = (time.perf_counter() - begin) / len(series)
    for protocol in series:
        found = protocol.score(protocol.y_true, forecasts[protocol.series][None])
        yield {"MASE": found[ROW], "seconds": seconds}


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
            if METHODS[method] is not None
        }
        n_failed = run_jobs(measure, tasks, options.output, FIGURES, options.jobs)
        names = [protocol.series for protocol in series]
        for method in options.methods:
            if METHODS[method] is None and lacks(options.output, names, method):
                seed = int(method.rpartition(" ")[2])
                measured = zip(names, measure_global(series, seed, options.jobs), strict=True)
                add_lines(options.output, FIGURES, method, measured)
    show(tables.read_lines(options.output))
    sys.exit(n_failed > 0)


if __name__ == "__main__":
    main()
