"""Check the metrics against the M4 competition: MASE of Naive2 and of the seasonal naive forecast.

    python benchmarks/m4_naive2.py path/to/m4_hourly_21.csv

The file has the columns series, t, value and part ("train" or "test"), and holds 21 series of the
competition's hourly data. Its figures for them, mean MASE with a season of 24: Naive2 2.989,
seasonal naive 1.510.
"""

import argparse

import numpy as np
import pandas as pd

from skwave.metrics import mean_absolute_scaled_error

SEASON = 24


def naive2(x, n_steps):
    """Repeat the last value, seasonally adjusted as the competition does it.

    A season counts if the autocorrelation at its lag is significant at 90 % (Bartlett's formula);
    the adjustment is the classical multiplicative decomposition.
    """
    n, rest = len(x), x - x.mean()
    r = np.array([rest[k:] @ rest[:-k] for k in range(1, SEASON + 1)]) / (rest @ rest)
    bound = 1.645 * np.sqrt((1 + 2 * (r[:-1] ** 2).sum()) / n)
    season = np.ones(SEASON)
    if abs(r[-1]) > bound:
        weights = np.concatenate([[0.5], np.ones(SEASON - 1), [0.5]]) / SEASON
        level = np.convolve(x, weights, "valid")
        hour = (np.arange(len(level)) + SEASON // 2) % SEASON
        ratio = x[SEASON // 2 :][: len(level)] / level
        season = np.array([ratio[hour == k].mean() for k in range(SEASON)])
        season /= season.mean()
    adjusted = x[-1] / season[(n - 1) % SEASON]
    return adjusted * season[(n + np.arange(n_steps)) % SEASON]


def seasonal_naive(x, n_steps):
    return np.resize(x[-SEASON:], n_steps)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path")
    table = pd.read_csv(parser.parse_args().path)
    for forecast in (naive2, seasonal_naive):
        errors = []
        for _, rows in table.groupby("series"):
            known, truth = (
                rows.value[rows.part == part].to_numpy(float) for part in ("train", "test")
            )
            errors.append(
                mean_absolute_scaled_error(
                    truth, forecast(known, len(truth)), y_train=known, season_length=SEASON
                )
            )
        print(f"{forecast.__name__:>15} {np.mean(errors):.3f}")


if __name__ == "__main__":
    main()
