"""Keras's backends on one CPU: their import and memory, an update, and the time to a good forecast.

    make .venv/.demo .venv-jax/.done .venv-torch/.done
    python benchmarks/backends.py [--threads 1] [--repeats 5] [--quick]

Each backend is run by the environment that `make` made for its tests. Every measurement is a
process of its own, and the backends take turns, so that a busy machine is as busy for each.
`--quick` takes tiny sizes: it shows that the script runs, and says nothing of speed.
"""

import argparse
import importlib.metadata
import json
import os
import statistics
import sys
import time

import environments
import numpy as np
from environments import HERE
from updates import epoch_clock

PYTHONS = {
    "tensorflow": ".venv/bin/python",
    "jax": ".venv-jax/bin/python",
    "torch": ".venv-torch/bin/python",
}
UNITS, LENGTH, BATCH, N_UPDATES, N_CYCLES = 300, 80, 32, 16, 50
QUICK_UNITS, QUICK_CYCLES = 4, 5
COLUMNS = {
    "import": "import of Keras, s",
    "import, memory": "peak memory of it, MB",
    "update": "an update, ms",
    "sine": "fresh process to a forecast of the sine, s",
    "sine, memory": "peak memory of it, MB",
    "sine, error": "its NRMSE",
}


def peak_memory():
    """Return the peak memory of this process in MB."""
    # Not ru_maxrss, which a process inherits from the one that started it.
    with open("/proc/self/status") as file:
        return float(next(x for x in file if x.startswith("VmHWM")).split()[1]) / 1024


def import_keras(quick):
    """Import what a fit imports."""
    begin = time.perf_counter()
    import keras  # noqa: F401
    import scikeras.wrappers  # noqa: F401

    took = time.perf_counter() - begin
    backend = os.environ["KERAS_BACKEND"]
    versions = {name: importlib.metadata.version(name) for name in ("keras", backend)}
    return {"import": took, "import, memory": peak_memory(), "versions": versions}


def update(quick):
    """Time an update within a fit: the median of epochs, each of the same updates."""
    from skwave import LSTMForecaster

    series = np.sin(2 * np.pi * np.arange(N_UPDATES * BATCH + LENGTH) / 80)
    windows = np.lib.stride_tricks.sliding_window_view(series, LENGTH)[:-1, :, None]
    clock = epoch_clock()
    LSTMForecaster(
        QUICK_UNITS if quick else UNITS, batch_size=BATCH, epochs=4, readout="trained",
        validation_split=0.0, callbacks=[clock], random_state=0,
    ).fit(windows, series[LENGTH:])  # fmt: skip
    # The first epoch compiles.
    return {"update": 1000 * statistics.median(clock.times[1:]) / N_UPDATES}


def sine(quick):
    """Train with the defaults on the sine of the tutorial, and forecast 200 steps."""
    from skwave import LSTMForecaster, WindowTransformer
    from skwave.datasets import make_wave

    n_cycles = QUICK_CYCLES if quick else N_CYCLES
    wave = make_wave("sine", n_cycles=n_cycles + 3)
    windows = WindowTransformer(LENGTH).fit_transform(wave[: 80 * n_cycles])
    future = wave[80 * n_cycles :][:200]
    model = LSTMForecaster(QUICK_UNITS if quick else UNITS, random_state=0).fit(windows)
    error = np.sqrt(np.mean((model.forecast(200) - future) ** 2)) / future.std()
    return {"sine, error": float(error), "sine, memory": peak_memory()}


MEASURES = {function.__name__: function for function in (import_keras, update, sine)}


def run(python, backend, measure, options):
    """Return what one measurement gives in a process of its own, or None if it fails."""
    environment = os.environ | {
        "KERAS_BACKEND": backend, "OMP_NUM_THREADS": str(options.threads),
        "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(HERE.parent), "PYTHONWARNINGS": "ignore",
    }  # fmt: skip
    cores = sorted(os.sched_getaffinity(0))[: options.threads]
    command = [python, __file__, "--measure", measure, *["--quick"] * options.quick]
    begin = time.perf_counter()
    found = environments.last_line(
        # JAX has a thread for each of these cores, whatever OMP_NUM_THREADS is.
        command, env=environment, preexec_fn=lambda: os.sched_setaffinity(0, cores)
    )  # fmt: skip
    if found is not None and measure == "sine":
        found["sine"] = time.perf_counter() - begin
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backends", nargs="+", choices=PYTHONS, default=list(PYTHONS))
    parser.add_argument("--pythons", nargs="+", help="in place of those of the environments")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--measure", choices=MEASURES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(MEASURES[options.measure](options.quick)))
        return
    pythons = options.pythons or [HERE.parent / PYTHONS[name] for name in options.backends]
    pythons = dict(zip(options.backends, pythons, strict=True))
    found = {name: {} for name in pythons}
    for repeat in range(options.repeats):
        for measure in MEASURES:
            for name, python in pythons.items():
                print(f"{repeat + 1}/{options.repeats}: {measure}, {name}", file=sys.stderr)
                for what, value in (run(python, name, measure, options) or {}).items():
                    found[name].setdefault(what, []).append(value)
    print(f"{options.threads} threads; medians of {options.repeats}\n")
    print(f"| backend | {' | '.join(COLUMNS.values())} |")
    print("|---|" + "---|" * len(COLUMNS))
    for name, values in found.items():
        versions = ", ".join(f"{k} {v}" for k, v in values.get("versions", [{}])[0].items())
        cells = [f"{statistics.median(values[c]):.3g}" if c in values else "" for c in COLUMNS]
        print(f"| {name} ({versions}) | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
