"""Measure what missing values cost: D5 with values removed at random, and filled before the fit.

    python benchmarks/gaps.py --data DIR [--seeds 3]

From the training part of D5 (benchmarks/protocols.py) 10 % of single values and three stretches of
two days are removed at random; then from the context of each origin 5 % of the values. Printed is
the mean squared error at 24 and 96 steps, as a median over seeds: without gaps, with them, and with
them filled before by pandas. A seed is one of the removal and of the network.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import protocols
from protocols import WEEK

from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline

N_TRAIN, FIRST, LAST, DAY = 8640, 11520, 14400, 24
HORIZONS = 24, 96


def remove(values, fraction, n_stretches, rng):
    """Return a series with single values and stretches of two days missing."""
    values = values.copy()
    values[rng.random(len(values)) < fraction] = np.nan
    for begin in rng.integers(WEEK, len(values) - 2 * WEEK, n_stretches):
        values[begin : begin + 2 * DAY] = np.nan
    return values


def errors_of(model, series, truth):
    """Return the mean squared errors of forecasts from an origin each day."""
    origins = np.arange(FIRST, LAST - max(HORIZONS) + 1, DAY)
    # Some weeks are enough for a gap to be filled from.
    contexts = [series[origin - 4 * WEEK : origin] for origin in origins]
    forecasts = model._forecast_after(contexts, [None] * len(contexts), max(HORIZONS))[..., 0]
    y_true = truth[origins[:, None] + np.arange(max(HORIZONS))]
    return [np.mean((forecasts[:, :h] - y_true[:, :h]) ** 2) for h in HORIZONS]


def run(series, seed):
    """Return the errors with one seed, by what was done."""
    rng = np.random.default_rng(seed)
    gappy = remove(series[:N_TRAIN], 0.1, 3, rng)
    filled = pd.Series(gappy).interpolate(limit_direction="both").to_numpy()
    found = {}
    for name, known in (
        ("no gaps", series[:N_TRAIN]),
        ("gaps in the training part", gappy),
        ("filled by pandas", filled),
    ):
        model = make_forecast_pipeline(
            WindowTransformer(WEEK), LSTMForecaster(64, random_state=seed)
        ).fit(known)
        found[name] = errors_of(model, series, series)
        if name == "no gaps":
            spoiled = remove(series, 0.05, 0, rng)
            found["gaps in the contexts"] = errors_of(model, spoiled, series)
            spoiled = pd.Series(spoiled).interpolate().to_numpy()
            found["contexts filled by pandas"] = errors_of(model, spoiled, series)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the series")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    series = protocols.column(options.data / "ETTh1.csv", "OT")
    series = (series - series[:N_TRAIN].mean()) / series[:N_TRAIN].std()
    found = [run(series, seed) for seed in range(options.seeds)]
    print("| D5 | 24 steps | 96 steps | ratio to no gaps |")
    print("|---|---|---|---|")
    for name in found[0]:
        errors = np.array([of_one[name] for of_one in found])
        ratios = np.median(errors / [of_one["no gaps"] for of_one in found], axis=0)
        cells = [f"{e:.4f}" for e in np.median(errors, axis=0)]
        print(f"| {name} | {' | '.join(cells)} | {ratios[0]:.3f}, {ratios[1]:.3f} |")


if __name__ == "__main__":
    main()
