"""Fit and forecast for a long time in one process, and watch its memory.

Run with ``python benchmarks/soak.py``; the figures are in README.md beside it.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from skwave import LSTMForecaster, WindowTransformer
from skwave.datasets import make_wave

LIMIT = 50  # MB that memory may grow by after the first tenth of the fits, at least four


def resident_megabytes():
    """Return the memory that this process holds now, as Linux counts it."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def fit_and_forecast(number, n_forecasts):
    """Fit one of four networks to a series of its own, and forecast with it."""
    series = make_wave("sine", n_cycles=4, steps_per_cycle=20, noise=0.1, random_state=number)
    windows = WindowTransformer(10).fit_transform(series)
    forecaster = LSTMForecaster(4 + number % 4, epochs=2, random_state=number).fit(windows)
    for _ in range(n_forecasts):
        assert np.isfinite(forecaster.forecast(50)).all()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fits", type=int, default=300)
    parser.add_argument("--forecasts", type=int, default=10_000)
    options = parser.parse_args()
    each = -(-options.forecasts // options.fits)
    first, start, base = max(4, options.fits // 10), time.perf_counter(), None
    for number in range(options.fits):
        fit_and_forecast(number, each)
        if (number + 1) % first == 0:
            memory, seconds = resident_megabytes(), time.perf_counter() - start
            base = memory if base is None else base
            print(
                f"{number + 1:4d} fits, {each * (number + 1):6d} forecasts, {seconds:5.0f} s: "
                f"{memory:6.0f} MB, {memory - base:+.1f} MB",
                flush=True,
            )
    if memory - base > LIMIT:
        raise SystemExit(f"Memory grew by {memory - base:.0f} MB, more than {LIMIT} MB.")


if __name__ == "__main__":
    main()
