"""Measure what known inputs and calendar features are worth.

    python benchmarks/known.py --data DIR [--seeds 3] [--only prices demand temperature]

- prices (D9): day-ahead electricity prices of two markets, with forecasts of load and generation
  that are known in advance, and without them. MAE over 14 forecasts of 24 hours.
- demand: half-hourly demand, forecast a week ahead by windows of 336, and by shorter ones with hour
  and day of the week. RMSE.
- temperature (D5): the oil temperature of a transformer, with and without hour and month, and with
  windows of a day. Mean squared error at 24 and 96 steps.

``--part choosing`` leaves out the newest values that the test forecasts, and forecasts those
before, of the demand the four weeks before: choices were made there. Printed are medians over seeds
of the errors and of the seconds of a fit.
"""

import argparse
import csv
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import protocols
from protocols import WEEK

from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave.exceptions import ForecastWarning

DAY, WEEK_OF_HALF_HOURS = 24, 336


def fit(window, known, calendar, series, seed):
    """Return a model with the recommended settings, and the seconds of its fit."""
    steps = (
        WindowTransformer(window, known=known, calendar=calendar),
        LSTMForecaster(64, random_state=seed),
    )
    began = time.perf_counter()
    model = make_forecast_pipeline(*steps).fit(series)
    return model, time.perf_counter() - began


def prices(folder, part, seed):
    """Yield rows of D9: name, error, seconds."""
    frame = pd.read_csv(folder / "epf_be_de.csv", parse_dates=["time"]).set_index("time")
    known = ["known_1", "known_2"]
    variants = (
        ("without", None, None), ("known inputs", known, None),
        ("known inputs and hour, day", known, ["hour", "day_of_week"]),
    )  # fmt: skip
    for market, series in frame.groupby("market"):
        series = series.drop(columns="market")
        series = series if part == "test" else series[: -14 * DAY]
        n_train = len(series) - 14 * DAY
        origins = n_train + DAY * np.arange(14)
        for name, inputs, calendar in variants:
            columns = series if inputs else series[["price"]]
            model, seconds = fit(WEEK, inputs, calendar, columns[:n_train], seed)
            futures = [series[known][o : o + DAY] if inputs else None for o in origins]
            forecasts = model._forecast_after([columns[:o] for o in origins], futures, DAY)
            truth = np.stack([series["price"][o : o + DAY] for o in origins])
            yield f"{market}, {name}", float(np.abs(forecasts[..., 0] - truth).mean()), seconds


def demand(folder, part, seed):
    """Yield rows of half-hourly demand, forecast a week ahead; four weeks are for choosing."""
    values = protocols.column(folder / "taylor.csv", -1)
    index = pd.date_range("2000-06-05", periods=len(values), freq="30min")
    series = pd.Series(values, index)
    calendar = ["hour", "day_of_week"]
    for before in (0,) if part == "test" else (1, 2, 3, 4):
        end = len(series) - WEEK_OF_HALF_HOURS * before
        train, truth = series[: end - WEEK_OF_HALF_HOURS], series[end - WEEK_OF_HALF_HOURS : end]
        week = f"{before} weeks before the last, " if before else ""
        for window, features in (
            (336, None), (192, calendar), (96, calendar), (48, calendar), (96, None),
        ):  # fmt: skip
            model, seconds = fit(window, None, features, train, seed)
            forecast = model.forecast(WEEK_OF_HALF_HOURS)
            error = float(np.sqrt(np.mean((forecast - truth) ** 2)))
            yield f"{week}windows of {window}{', calendar' if features else ''}", error, seconds


def temperature(folder, part, seed):
    """Yield rows of D5 at 24 and 96 steps; the part for choosing is that for validation."""
    values = protocols.column(folder / "ETTh1.csv", "OT")
    index = pd.date_range("2016-07-01", periods=len(values), freq="h")
    n_train = 8640
    series = pd.Series((values - values[:n_train].mean()) / values[:n_train].std(), index)
    first, last = (11520, 14400) if part == "test" else (8640, 11520)
    for window, features in (
        (WEEK, None), (WEEK, ["hour", "month"]), (DAY, ["hour", "month"]), (DAY, None),
        (WEEK, ["hour"]),
    ):  # fmt: skip
        model, seconds = fit(window, None, features, series[:n_train], seed)
        for horizon in (24, 96):
            origins = np.arange(first, last - horizon + 1, DAY)
            contexts = [series[o - 2 * WEEK : o] for o in origins]
            forecasts = model._forecast_after(contexts, [None] * len(origins), horizon)
            truth = series.to_numpy()[origins[:, None] + np.arange(horizon)]
            error = float(np.mean((forecasts[..., 0] - truth) ** 2))
            name = f"windows of {window}, {' and '.join(features) if features else 'no calendar'}"
            yield f"{horizon} steps, {name}", error, seconds


KINDS = {"prices": prices, "demand": demand, "temperature": temperature}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the series")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--part", choices=["test", "choosing"], default="test")
    parser.add_argument("--output", type=Path, help="CSV file of all rows")
    options = parser.parse_args()
    warnings.simplefilter("ignore", ForecastWarning)
    rows = []
    for kind in options.only:
        for seed in range(options.seeds):
            for name, error, seconds in KINDS[kind](options.data, options.part, seed):
                rows.append((kind, name, seed, error, seconds))
                print(*rows[-1], flush=True)
    if options.output:
        with options.output.open("w", newline="") as file:
            csv.writer(file).writerows([("kind", "name", "seed", "error", "seconds"), *rows])
    table = pd.DataFrame(rows, columns=["kind", "name", "seed", "error", "seconds"])
    medians = table.groupby(["kind", "name"], sort=False)[["error", "seconds"]].median()
    print("\n| series | settings | error | seconds of the fit |\n|---|---|---|---|")
    for (kind, name), (error, seconds) in medians.iterrows():
        print(f"| {kind} | {name} | {error:.4g} | {seconds:.0f} |")


if __name__ == "__main__":
    main()
