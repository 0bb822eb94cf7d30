"""The development series and how a forecast of each is scored.

A protocol fits once on the training part and forecasts from the true last values before each
origin.
"""

import csv
import gzip
from collections import defaultdict
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy.integrate import solve_ivp

from skwave.datasets import make_mackey_glass, make_wave
from skwave.metrics import mean_absolute_scaled_error


class Protocol(NamedTuple):
    """One training series, its origins, and the scores of the forecasts."""

    name: str
    train: np.ndarray
    contexts: np.ndarray  # (n_origins, n_context)
    y_true: np.ndarray  # (n_origins, n_steps)
    score: object  # y_true, forecasts -> {row: figure}
    season: int  # of the naive forecasts
    longest_season: int  # that is known beforehand; 1 where none is
    series: str = ""  # which one, where a protocol has many


# In hours.
WEEK = 168


def nrmse(y_true, forecast, scale):
    return float(np.sqrt(np.mean((y_true - forecast) ** 2)) / scale)


def waves(seed):
    """D1: the waves of the tutorial, clean and with noise."""
    for kind, n_cycles in (("sine", 50), ("compound", 200)):
        clean = make_wave(kind, n_cycles=n_cycles + 25)
        n, std = 80 * n_cycles, clean.std()
        for noise in (0.0, 0.05):
            train = make_wave(kind, n_cycles=n_cycles, noise=noise, random_state=100 + seed)

            def score(y_true, forecast, std=std, row=f"D1 {kind} {noise:.0%} noise"):
                return {
                    f"{row}, {h}": nrmse(y_true[:, :h], forecast[:, :h], std) for h in (200, 2000)
                }

            yield Protocol("D1", train, train[None], clean[None, n : n + 2000], score, 80, 80)


def mackey_glass(seed):
    """D2: chaos; another seed for the test."""
    for tau in (17, 30):
        train = make_mackey_glass(3000, tau=tau, random_state=2 * seed)
        test = make_mackey_glass(50 * 1084, tau=tau, random_state=2 * seed + 1)
        origins = 1084 * np.arange(50) + 1000
        contexts, y_true = cut(test, origins, 84)
        row, scale = "D2 Mackey-Glass" + (", tau = 30" if tau == 30 else ""), test.std()

        def score(y_true, forecast, row=row, scale=scale):
            return {row: nrmse(y_true[:, -1], forecast[:, -1], scale)}

        yield Protocol("D2", train, contexts, y_true, score, 50, 1)


def lorenz(t, x):
    """Return the velocity of the flow of Lorenz (1963)."""
    return 10 * (x[1] - x[0]), x[0] * (28 - x[2]) - x[1], x[0] * x[1] - 8 / 3 * x[2]


def roessler(t, x):
    """Return the velocity of the flow of Rössler (1976)."""
    return -x[1] - x[2], x[0] + 0.2 * x[1], 0.2 + x[2] * (x[0] - 5.7)


def flow(velocity, interval, n_values, start):
    """Return the first coordinate of a flow; SciPy integrates it to about 1e-6."""
    times = interval * np.arange(n_values)
    return solve_ivp(velocity, times[[0, -1]], start, t_eval=times, rtol=1e-8).y[0]


def flows(seed):
    """Two more chaotic series, by the protocol of D2."""
    for name, velocity, interval in (("Lorenz", lorenz, 0.05), ("Rössler", roessler, 0.3)):
        starts = np.random.default_rng(seed).uniform(-5, 5, (2, 3))
        # The first 1,000 values are off the attractor.
        train = flow(velocity, interval, 4000, starts[0])[1000:]
        test = flow(velocity, interval, 1000 + 50 * 1084, starts[1])[1000:]
        contexts, y_true = cut(test, 1084 * np.arange(50) + 1000, 84)
        row, scale = f"D2 {name}", test.std()

        def score(y_true, forecast, row=row, scale=scale):
            return {row: nrmse(y_true[:, -1], forecast[:, -1], scale)}

        yield Protocol("flows", train, contexts, y_true, score, 50, 1)


def air_passengers(folder):
    """D3: one forecast of 29 months."""
    series = column(folder / "air_passengers.csv", -1)
    yield _one_forecast("D3 air passengers", series[:115], series[115:], 12)


def heart_rate(folder):
    """D4: one forecast of 180 readings."""
    series = column(folder / "heart_rate.csv", -1)[::2]
    yield _one_forecast("D4 heart rate", series[:720], series[720:], 1)


def ett(folder):
    """D5: oil temperature, an origin every day."""
    series = column(folder / "ETTh1.csv", "OT")
    series = (series - series[:8640].mean()) / series[:8640].std()
    for h in (24, 96):
        contexts, y_true = cut(series, np.arange(11520, 14400 - h + 1, 24), h)

        def score(y_true, forecast, row=f"D5 ETTh1, {h}"):
            return {row: float(np.mean((y_true - forecast) ** 2))}

        yield Protocol("D5", series[:8640], contexts, y_true, score, 24, WEEK)


def m4_hourly(folder):
    """D6: 21 series of the competition, 48 hours ahead."""
    parts = defaultdict(lambda: {"train": [], "test": []})
    with open(folder / "m4_hourly_21.csv", newline="") as file:
        for row in csv.DictReader(file):
            parts[row["series"]][row["part"]].append(float(row["value"]))
    for name, series in parts.items():
        train, test = np.array(series["train"]), np.array(series["test"])
        yield _one_of_many("D6 M4 Hourly", name, train, test, 24, WEEK)


def read_m4_hourly(folder):
    """Yield the name of each series of D7, its training and its test part."""
    parts = defaultdict(dict)
    with gzip.open(folder / "m4_hourly.csv.gz", "rt", newline="") as file:
        for line in csv.DictReader(file):
            parts[line["series"]][line["part"]] = np.array(line["values"].split(), dtype=float)
    for name, series in parts.items():
        yield name, series["train"], series["test"]


def tourism(folder):
    """D8: 304 short series, each of a region and a purpose; the last 8 of 80 quarters."""
    trips = defaultdict(list)
    with open(folder / "tourism_quarterly.csv", newline="") as file:
        for row in csv.DictReader(file):
            trips[f"{row['region']}, {row['purpose']}"].append(float(row["trips"]))
    for name, values in trips.items():
        train, test = np.split(np.array(values), [-8])
        yield _one_of_many("D8 tourism", name, train, test, 4, 4)


def _one_of_many(row, name, train, test, season, longest_season):
    rows = row, f"{row}, series {name}"
    score = partial(scaled_error, train=train, season=season, rows=rows)
    return Protocol(row[:2], train, train[None], test[None], score, season, longest_season, name)


def scaled_error(y_true, forecast, *, train, season, rows):
    """Return the MASE of one forecast under each of several names of rows."""
    error = mean_absolute_scaled_error(y_true[0], forecast[0], y_train=train, season_length=season)
    return dict.fromkeys(rows, float(error))


def _one_forecast(row, train, test, season):
    def score(y_true, forecast):
        return {row: float(np.mean(np.abs(y_true - forecast)))}

    return Protocol(row[:2], train, train[None], test[None], score, season, season)


def cut(series, origins, n_steps, n_context=400):
    contexts = np.stack([series[o - n_context : o] for o in origins])
    return contexts, np.stack([series[o : o + n_steps] for o in origins])


def column(path, name):
    """Return a column of a CSV file by its name or its number."""
    with open(path, newline="") as file:
        rows = list(csv.reader(file))
    number = rows[0].index(name) if isinstance(name, str) else name
    return np.array([float(row[number]) for row in rows[1:]])


# These are made from a seed, the others read from a folder.
MADE = {"D1": waves, "D2": mackey_glass, "flows": flows}
ALL = {
    **MADE,
    "D3": air_passengers,
    "D4": heart_rate,
    "D5": ett,
    "D6": m4_hourly,
}
