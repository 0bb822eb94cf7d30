"""D7, all 414 series of M4 Hourly: forecasts and intervals beside what is published of others.

    python benchmarks/m4_hourly.py --data DIR [--every 20] [--jobs 2] [--methods ...] [--show]

Each series and method is a line of m4_hourly.csv, beside this file, added as soon as it is
measured and not measured again: a run that was stopped goes on. With `--every 20` the series are
those of D6. --show prints the tables and runs nothing.

MASE, sMAPE and OWA are those of the M4 competition: Makridakis, S., Spiliotis, E. and
Assimakopoulos, V. (2020), The M4 competition: 100,000 time series and 61 forecasting methods,
International Journal of Forecasting 36(1). The later figures are those of GIFT-Eval (Aksu, T. and
others (2024), GIFT-Eval: a benchmark for general time series forecasting model evaluation).
"""

import sys
import time
from collections import defaultdict
from functools import partial
from pathlib import Path

import accuracy
import intervals
import numpy as np
import protocols
import tables
from intervals import BOUNDS, COVERAGES, DECILES, PROBABILITIES, Rows, number
from joblib import parallel_config
from jobs import add_lines, lacks, read_options, run_jobs
from linear import fit_linear
from protocols import WEEK
from scipy.stats import norm

from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave.metrics import (
    coverage_score,
    mean_absolute_scaled_error,
    mean_quantile_loss,
    mean_scaled_interval_score,
    symmetric_mean_absolute_percentage_error,
)

RESULTS = Path(__file__).with_suffix(".csv")
FIGURES = [
    "MASE", "sMAPE", *(f"coverage {c}" for c in COVERAGES), "MSIS 0.95", "MSIS of deciles", "loss",
    "size", "seconds",
]  # fmt: skip
DEFAULTS, RECOMMENDED, RANDOM = accuracy.DEFAULTS, accuracy.RECOMMENDED, accuracy.RANDOM
LINEAR, SEASONAL, NAIVE2 = "linear readout", "seasonal naive", "Naive2"
GLOBAL = "one LSTM for all series"
# Each with its MASE, OWA and MSIS, as far as they are known.
PUBLISHED = {
    "ES-RNN, winner of M4": (0.893, 0.440, None),
    "FFORMA, second of M4": (0.819, 0.484, None),
    "AutoARIMA": (1.03, None, 8.96),
    "TiRex, pretrained": (0.722, None, 5.45),
    "TimesFM-2.5, pretrained": (0.734, None, None),
    "Chronos-2, pretrained": (0.788, None, None),
    "DeepAR": (3.53, None, None),
}
# What these figures are of all 414 series; they must come out the same.
KNOWN = {
    (SEASONAL, "MASE"): 1.193,
    (SEASONAL, "sMAPE"): 13.912,
    (SEASONAL, "MSIS"): 9.23,
    (NAIVE2, "MASE"): 2.395,
    (NAIVE2, "sMAPE"): 18.383,
}
N_SERIES = 414


def read_series(folder):
    """Yield each series in the order of the competition, with one origin."""
    gap = np.zeros(1, dtype=int)
    for name, train, test in protocols.read_m4_hourly(folder):
        yield Rows("D7", name, train, train[None], test[None], gap, None, 24, WEEK, (48,))


def linear(rows):
    """Forecast with the linear model alone, with the windows that are recommended."""
    n_steps = rows.y_true.shape[1]
    model = fit_linear(rows.train, intervals.recommended_length(rows), n_steps)
    quantiles = model.forecast_quantiles(rows.contexts, n_steps, PROBABILITIES)
    return model.forecast(rows.contexts, n_steps), quantiles


def without_quantiles(rows, forecast):
    return forecast(rows, 0), None


def published_seasonal(rows):
    """Repeat the last season, with the quantiles of the published MSIS.

    Errors are normal, with the variance of those in the training part, times the number of seasons
    ahead (Hyndman, R. J. and Athanasopoulos, G. (2021), Forecasting: principles and practice,
    section 5.5), and only the deciles are forecast.
    """
    steps = np.arange(rows.y_true.shape[1])
    errors = rows.train[rows.season :] - rows.train[: -rows.season]
    spread = np.sqrt(np.mean(errors**2) * (steps // rows.season + 1))
    forecasts = rows.contexts[:, steps % rows.season - rows.season]
    deciles = forecasts[..., None] + spread[:, None] * norm.ppf(DECILES)
    return forecasts, np.concatenate([bounds_of_deciles(deciles), deciles], axis=-1)


def bounds_of_deciles(deciles):
    """Return the bounds of the intervals where only deciles are forecast, as GIFT-Eval does.

    Beyond the first and the last one the tails are exponential, through the two outermost deciles
    (Alexandrov, A. and others (2020), GluonTS: probabilistic and neural time series modeling in
    Python, Journal of Machine Learning Research 21(116)).
    """
    tail = np.log2(0.1 / np.array(BOUNDS[::2]))
    low, high = deciles[..., :1], deciles[..., -1:]
    lower = low - tail * (deciles[..., 1:2] - low)
    upper = high + tail * (high - deciles[..., -2:-1])
    return np.stack([lower, upper], axis=-1).reshape(*deciles.shape[:-1], len(BOUNDS))


recommended = partial(intervals.skwave, seed=0, length=WEEK, units=accuracy.UNITS)
METHODS = {
    "naive": partial(without_quantiles, forecast=accuracy.BASELINES["naive"]),
    SEASONAL: published_seasonal,
    "seasonal naive, own errors": partial(intervals.seasonal, seed=0),
    NAIVE2: partial(without_quantiles, forecast=accuracy.BASELINES["Naive2"]),
    LINEAR: linear,
    RANDOM: partial(recommended, learning_rate=1e-12, epochs=1),
    RECOMMENDED: recommended,
    DEFAULTS: partial(intervals.skwave, seed=0, length=80, units=300),
    # Of all series at once, in `measure_global`.
    GLOBAL: None,
}


def measure(rows, method):
    """Return the figures of a method on a series."""
    begin = time.perf_counter()
    forecasts, quantiles = METHODS[method](rows)
    return score(rows, forecasts, quantiles, time.perf_counter() - begin)


def measure_global(series, n_jobs):
    """Yield the figures of each series by a model of all of them, with recommended settings."""
    begin, n_steps = time.perf_counter(), series[0].y_true.shape[1]
    model = make_forecast_pipeline(
        WindowTransformer(WEEK), LSTMForecaster(accuracy.UNITS, random_state=0)
    )
    with parallel_config(n_jobs=n_jobs):
        model.fit({rows.series: rows.train for rows in series})
    seconds = (time.perf_counter() - begin) / len(series)
    for rows in series:
        forecaster = model.pipelines_[rows.series][-1]
        contexts = rows.contexts[:, -WEEK:, None]
        quantiles = forecaster.forecast_quantiles(n_steps, PROBABILITIES, context=contexts)
        forecasts = forecaster.forecast(n_steps, context=contexts)
        yield score(rows, forecasts, quantiles, seconds)


def score(rows, forecasts, quantiles, seconds):
    """Return the figures of forecasts and their quantiles."""
    y_true, scale = rows.y_true[0], {"y_train": rows.train, "season_length": rows.season}
    found = {
        "MASE": mean_absolute_scaled_error(y_true, forecasts[0], **scale),
        "sMAPE": symmetric_mean_absolute_percentage_error(y_true, forecasts[0]),
        "seconds": seconds,
    }
    if quantiles is not None:
        bounds, deciles = np.split(quantiles[0], [len(BOUNDS)], axis=1)
        for k, coverage in enumerate(COVERAGES):
            pair = bounds[:, 2 * k : 2 * k + 2]
            found[f"coverage {coverage}"] = coverage_score(y_true, pair)
        for name, pairs in (("0.95", bounds), ("of deciles", bounds_of_deciles(deciles))):
            found[f"MSIS {name}"] = mean_scaled_interval_score(
                y_true, pairs[:, -2:], coverage=COVERAGES[-1], **scale
            )
        found["size"] = np.abs(y_true).sum()
        loss = mean_quantile_loss(y_true, deciles, quantiles=DECILES)
        found["loss"] = found["size"] * loss
    return {figure: found[figure] for figure in FIGURES if figure in found}


def read(path):
    """Return {method: {series: {figure: value}}}."""
    table = defaultdict(dict)
    for line in tables.read_lines(path):
        table[line["method"]][line["series"]] = {f: float(line[f]) for f in FIGURES if line[f]}
    return table


def summarise(table):
    """Return {method: {quantity: value}}, means over the series that each method has."""
    found = {}
    for method, series in table.items():
        of = {f: np.array([v[f] for v in series.values() if f in v]) for f in FIGURES}
        mine = {"series": len(series), "MASE": of["MASE"].mean(), "sMAPE": 100 * of["sMAPE"].mean()}
        if series.keys() <= table[NAIVE2].keys():
            ratios = [
                of[f].mean() / np.mean([table[NAIVE2][name][f] for name in series])
                for f in ("MASE", "sMAPE")
            ]
            mine["OWA"] = np.mean(ratios)
        if len(of["loss"]):
            mine |= {
                "MSIS": of["MSIS 0.95"].mean(),
                "MSIS of deciles": of["MSIS of deciles"].mean(),
                "loss": of["loss"].sum() / of["size"].sum(),
                "mean loss": np.mean(of["loss"] / of["size"]),
            }
        found[method] = mine | {"seconds": np.median(of["seconds"])}
    return found


def show(table):
    show_forecasts(summarise(table))
    show_coverage(table)
    if RECOMMENDED in table:
        show_differences(table)


def show_forecasts(found):
    """Print the figures of each method, and what is published of others."""
    shown = {
        "MASE": 3, "sMAPE": 2, "OWA": 3, "MSIS": 2, "MSIS of deciles": 2, "loss": 4, "mean loss": 4,
        "seconds": 2,
    }  # fmt: skip
    print("| method | series | " + " | ".join(shown) + " |")
    print("|---" * (len(shown) + 2) + "|")
    for method in METHODS:
        if mine := found.get(method):
            cells = [number(mine[k], digits) if k in mine else "" for k, digits in shown.items()]
            print(f"| {method} | {mine['series']} | {' | '.join(cells)} |")
    for method, (mase, owa, msis) in PUBLISHED.items():
        owa, msis = ("" if x is None else number(x, d) for x, d in ((owa, 3), (msis, 2)))
        # Only deciles are known of the pretrained models and of AutoARIMA.
        cells = method + ", published", N_SERIES, number(mase, 3), "", owa, "", msis, "", "", ""
        print(f"| {' | '.join(map(str, cells))} |")
    for (method, quantity), known in KNOWN.items():
        mine = found.get(method, {})
        if mine.get("series") == N_SERIES and not np.isclose(mine[quantity], known, rtol=1e-3):
            print(f"NOT as published: {quantity} of {method} is {mine[quantity]:.4f}, not {known}")


def show_coverage(table):
    """Print how many values the intervals hold, in all and by series."""
    print("\nCoverage: in all, and of a series (10 %, 50 % and 90 % of the series have less).\n")
    print("| method | " + " | ".join(f"{c}, in all | by series" for c in COVERAGES) + " |")
    print("|---" * (1 + 2 * len(COVERAGES)) + "|")
    for method in METHODS:
        cells = []
        for c in COVERAGES:
            held = [v[f"coverage {c}"] for v in table.get(method, {}).values() if "loss" in v]
            if held:
                by_series = map(number, np.quantile(held, (0.1, 0.5, 0.9)))
                cells += [number(np.mean(held), 3), ", ".join(by_series)]
        if cells:
            print(f"| {method} | " + " | ".join(cells) + " |")


def show_differences(table):
    """Print the MASE less that of the recommended settings, on the series that both have."""
    print(f"\nMASE less that of {RECOMMENDED}, with its standard error over series.\n")
    print("| method | series | difference | standard error | better on |")
    print("|---|---|---|---|---|")
    kept = table[RECOMMENDED]
    for method in METHODS:
        common = [name for name in table.get(method, {}) if name in kept]
        if method == RECOMMENDED or len(common) < 2:
            continue
        gaps = np.array([table[method][name]["MASE"] - kept[name]["MASE"] for name in common])
        error = gaps.std(ddof=1) / np.sqrt(len(gaps))
        share = np.mean(gaps < 0)
        print(f"| {method} | {len(gaps)} | {gaps.mean():+.4f} | {error:.4f} | {share:.0%} |")


def main():
    options = read_options(__doc__.splitlines()[0], METHODS, RESULTS)
    n_failed = 0
    if not options.show:
        series = list(read_series(options.data))[:: options.every]
        tasks = {
            (rows.series, method): (rows, method)
            # OWA is relative to Naive2.
            for method in dict.fromkeys([NAIVE2, *options.methods])
            for rows in series
            if method != GLOBAL
        }
        n_failed = run_jobs(measure, tasks, options.output, FIGURES, options.jobs)
        names = [rows.series for rows in series]
        if GLOBAL in options.methods and lacks(options.output, names, GLOBAL):
            measured = zip(names, measure_global(series, options.jobs), strict=True)
            add_lines(options.output, FIGURES, GLOBAL, measured)
    show(read(options.output))
    sys.exit(n_failed > 0)


if __name__ == "__main__":
    main()
