"""Forecast quality on the development series D1-D6 and two chaotic flows, against simple models.

    python benchmarks/accuracy.py --data DIR [--quick] [--only D3 D5] [--seeds 3] [--jobs 2]

Prints a table, and writes accuracy.csv and accuracy.png beside this file; with --quick it prints
only. DIR holds the series of D3-D6; without it only D1 and D2 are run. Fits run side by side, each
on one core; times are those.
"""

import argparse
import time
from collections import defaultdict
from functools import partial
from pathlib import Path

import baselines
import numpy as np
import protocols
import tables
from joblib import Parallel, delayed

from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline

RESULTS = Path(__file__).with_suffix(".csv")
KEYS = ["series"]
PUBLISHED = {
    "D1 sine 0% noise, 200": "0.75 the tutorial",
    "D2 Mackey-Glass": ".00028 echo-state network",
    "D3 air passengers": "24.0 ARIMA",
    "D4 heart rate": "5.49 TCN",
    "D5 ETTh1, 24": ".0276 AR80 relative",
    "D5 ETTh1, 96": ".0540 AR80 relative",
    "D6 M4 Hourly": "2.989 Naive2",
}
# What the data README says of the baselines; they must come out the same.
KNOWN = {
    ("naive", "D4 heart rate"): 5.92,
    ("naive", "D5 ETTh1, 24"): 0.0319,
    ("naive", "D5 ETTh1, 96"): 0.0647,
    ("seasonal naive", "D3 air passengers"): 64.8,
    ("seasonal naive", "D6 M4 Hourly"): 1.510,
    ("Naive2", "D6 M4 Hourly"): 2.989,
    ("AR80", "D4 heart rate"): 5.57,
    ("AR80", "D5 ETTh1, 24"): 0.0288,
    ("AR80", "D5 ETTh1, 96"): 0.0651,
    ("NLin80", "D5 ETTh1, 24"): 0.0278,
    ("NLin80", "D5 ETTh1, 96"): 0.0546,
}


# What the documentation recommends for real series, with `recommended_length`; see choosing.py.
UNITS = 64


def recommended_length(protocol):
    """Return the default, or the longest season where that is longer."""
    return max(80, protocol.longest_season)


def window_length(train):
    """Return 80, or half of a series that is shorter than two windows, as the figures to beat."""
    return min(80, len(train) // 2)


def skwave(protocol, seed, length=80, **settings):
    # A longer one warns.
    length = min(length, len(protocol.train) // 3)
    windows = WindowTransformer(length).fit_transform(protocol.train)
    model = LSTMForecaster(random_state=seed, **settings).fit(windows)
    return model.forecast(protocol.y_true.shape[1], context=protocol.contexts[:, -length:, None])


def recommended(protocol, seed, **settings):
    return skwave(protocol, seed, recommended_length(protocol), units=UNITS, **settings)


def one_model(together, seed):
    """Fit one LSTM to all series, with a readout for each, and forecast each."""
    model = make_forecast_pipeline(
        WindowTransformer(recommended_length(together[0])),
        LSTMForecaster(UNITS, random_state=seed),
    )
    forecasts = model.fit([p.train for p in together]).forecast(together[0].y_true.shape[1])
    return [forecast[None] for forecast in forecasts]


def each(forecast):
    """Make a method from a function of one context."""

    def fit_forecast(protocol, seed):
        n_steps = protocol.y_true.shape[1]
        return np.stack([forecast(c, n_steps, protocol.season) for c in protocol.contexts])

    return fit_forecast


def ar80(protocol, seed):
    model = baselines.Ridge80(window_length(protocol.train)).fit(protocol.train)
    return model.forecast(protocol.contexts, protocol.y_true.shape[1])


def nlin80(protocol, seed):
    n_steps, length = protocol.y_true.shape[1], window_length(protocol.train)
    if len(protocol.train) < n_steps + length + 10:
        return np.full(protocol.y_true.shape, np.nan)
    return baselines.NLinear(n_steps, length).fit(protocol.train).forecast(protocol.contexts)


DEFAULTS, RECOMMENDED, RANDOM = "defaults", "recommended", "random LSTM layers"
SKWAVE = {
    DEFAULTS: skwave,
    RECOMMENDED: recommended,
    # The recommended settings without training: so small a step changes no weight. Only the
    # readout is solved for.
    RANDOM: partial(recommended, learning_rate=1e-12, epochs=1),
    "windows of 80": partial(skwave, length=80, units=UNITS),
    "windows of 168": partial(skwave, length=168, units=UNITS),
    "LSTM as trained": partial(skwave, readout="trained", validation="last"),
    "output_length=24": partial(recommended, output_length=24),
    "output_length=96": partial(recommended, output_length=96),
}
BASELINES = {
    "naive": each(lambda c, n, season: baselines.naive(c, n)),
    "seasonal naive": each(baselines.seasonal_naive),
    "Naive2": each(baselines.naive2),
    "AR80": ar80,
    "NLin80": nlin80,
}
METHODS = SKWAVE | BASELINES
# Made from the forecasts of others, or of all series of a protocol together.
MEAN, ONE = "mean of seeds", "one model"
COLUMNS = [*SKWAVE, MEAN, ONE, *BASELINES]
# The variants of the recommended settings are measured on one or two of the real series; training
# 21 LSTMs to the end takes an hour.
ONLY = {
    # Where the recommended length is another.
    "windows of 80": ("D5", "D6"),
    "windows of 168": ("D2", "D4"),
    "output_length=24": ("D5", "D6"),
    "output_length=96": ("D5",),
    "LSTM as trained": ("D1", "D2", "flows", "D3", "D4", "D5"),
}


def run(method, protocol, seed):
    begin = time.perf_counter()
    forecasts = METHODS[method](protocol, seed)
    seconds = time.perf_counter() - begin
    return (method, seed, protocol.score(protocol.y_true, forecasts), seconds), forecasts


def run_one_model(together, seed):
    begin = time.perf_counter()
    forecasts = one_model(together, seed)
    seconds = time.perf_counter() - begin
    return [
        (ONE, seed, p.score(p.y_true, f), seconds) for p, f in zip(together, forecasts, strict=True)
    ]


def is_wanted(method, name, seed, options):
    """Return whether a method is run: the first three with all seeds, the others with one."""
    if method not in (options.methods or METHODS) or name not in ONLY.get(method, (name,)):
        return False
    if method in BASELINES:
        # Series that are made differ by seed.
        return seed == 0 or name in protocols.MADE
    return seed == 0 or method in (DEFAULTS, RECOMMENDED, RANDOM)


def all_tasks(options):
    for name in options.only or (protocols.ALL if options.data else protocols.MADE):
        for seed in range(options.seeds):
            for protocol in protocols.ALL[name](seed if name in protocols.MADE else options.data):
                for method in METHODS:
                    if is_wanted(method, name, seed, options):
                        yield method, protocol, seed


def mean_of_seeds(tasks, outcomes):
    """Score the mean of the forecasts that several seeds made with the recommended settings."""
    same = defaultdict(list)
    for (method, protocol, _), (_, forecasts) in zip(tasks, outcomes, strict=True):
        if method == RECOMMENDED and protocol.name not in protocols.MADE:
            same[protocol.y_true.tobytes()].append((protocol, forecasts))
    for found in same.values():
        protocol, mean = found[0][0], np.mean([forecasts for _, forecasts in found], axis=0)
        yield MEAN, 0, protocol.score(protocol.y_true, mean), np.nan


def summarise(results):
    """Return a table of errors, seeds and seconds: means over series, medians over seeds."""
    errors, seconds = defaultdict(lambda: defaultdict(list)), defaultdict(list)
    for method, seed, scores, took in results:
        for row, error in scores.items():
            seconds[row, method].append(took)
            errors[row, method][seed].append(error)
    table = defaultdict(dict)
    for (row, method), by_seed in sorted(errors.items(), key=lambda item: item[0][0]):
        table[row, "error"][method] = float(np.median([np.mean(v) for v in by_seed.values()]))
        table[row, "seeds"][method] = len(by_seed)
        if np.isfinite(seconds[row, method]).all():
            table[row, "seconds"][method] = float(np.median(seconds[row, method]))
    return dict(table)


def errors_in(table):
    """Return {row: {method: error}} without the rows of single series."""
    return {
        row: cells
        for (row, quantity), cells in table.items()
        if quantity == "error" and "series" not in row
    }


def show(table):
    errors = errors_in(table)
    print("| series | " + " | ".join(COLUMNS) + " | published |")
    print("|---" * (len(COLUMNS) + 2) + "|")
    for row in sorted(errors):
        cells = [f"{errors[row][m]:.3g}" if m in errors[row] else "" for m in COLUMNS]
        print(f"| {row} | " + " | ".join(cells) + f" | {PUBLISHED.get(row, '')} |")
    print("\nSeconds to train and forecast, one series, one core (median):")
    for row in sorted(errors):
        took = {m: s for m, s in table[row, "seconds"].items() if s > 1}
        if took:
            print(f"  {row}: " + ", ".join(f"{m} {s:.0f}" for m, s in took.items()))
    for (method, row), known in KNOWN.items():
        mine = errors.get(row, {}).get(method)
        if mine is not None and not np.isclose(mine, known, rtol=0.02):
            print(f"  NOT as in the data README: {method} on {row} is {mine:.4f}, not {known}")


def draw(table, path):
    import matplotlib.pyplot as plt

    errors = errors_in(table)
    rows = sorted(errors, reverse=True)
    figure, ax = plt.subplots(figsize=(9, 1 + 0.4 * len(rows)), layout="constrained")
    for method, marker in zip(COLUMNS, "oDXvh<>^*P|x+s.", strict=True):
        ratios = [errors[r].get(method, np.nan) / errors[r].get("AR80", np.nan) for r in rows]
        color = {DEFAULTS: "tab:blue", RECOMMENDED: "tab:green"}.get(method, "gray")
        color = "tab:orange" if method in (MEAN, ONE) else color
        if np.isfinite(ratios).any():
            # Those of skwave that are recommended, above the others.
            ax.plot(
                np.clip(ratios, 0.1, 10), range(len(rows)), marker, label=method, color=color,
                zorder=2 if color == "gray" else 3,
            )  # fmt: skip
    ax.axvline(1, color="gray", lw=0.8)
    ax.set(xscale="log", yticks=range(len(rows)), yticklabels=rows)
    ax.set_xlabel("Error as a ratio to that of AR80; left is better, what is beyond is at the edge")
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of the development series")
    parser.add_argument("--quick", action="store_true", help="a part, in two minutes; printed only")
    parser.add_argument("--only", nargs="+", choices=protocols.ALL, help="protocols to run")
    parser.add_argument("--methods", nargs="+", choices=[*METHODS, ONE], help="methods to run")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("--keep", action="store_true", help="add to the results written before")
    parser.add_argument("--show", action="store_true", help="show those and run nothing")
    options = parser.parse_args()
    path = options.output
    before = tables.read(path) if options.keep or options.show else {}
    if options.show:
        show(before)
        draw(before, path.with_suffix(".png"))
        return
    if options.quick:
        options.seeds = 1
        options.methods = options.methods or [RECOMMENDED, *BASELINES]
        options.only = options.only or (["D3", "D4", "D5"] if options.data else ["D2"])
    tasks = list(all_tasks(options))
    outcomes = Parallel(n_jobs=options.jobs, verbose=5)(delayed(run)(*task) for task in tasks)
    results = [result for result, _ in outcomes]
    if options.quick:
        show(summarise(results))
        return
    # Here already, as the forecasts take most of an hour.
    tables.write(path, KEYS, tables.merge(before, summarise(results)), COLUMNS)
    results += mean_of_seeds(tasks, outcomes)
    wants_d6 = options.data and "D6" in (options.only or protocols.ALL)
    if wants_d6 and ONE in (options.methods or COLUMNS):
        results += run_one_model(list(protocols.ALL["D6"](options.data)), 0)
    table = tables.merge(before, summarise(results))
    tables.write(path, KEYS, table, COLUMNS)
    show(table)
    draw(table, path.with_suffix(".png"))


if __name__ == "__main__":
    main()
