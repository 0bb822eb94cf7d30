"""Forecast quality on the development series D1-D6, against simple models.

    python benchmarks/accuracy.py --data DIR [--quick] [--only D3 D5] [--seeds 3] [--jobs 2]

Prints a table, and writes accuracy.json and accuracy.png beside this file. DIR holds the series of
D3-D6; without it only D1 and D2 are run. Fits run side by side, each on one core; times are those.
"""

import argparse
import json
import time
from collections import defaultdict
from pathlib import Path

import baselines
import numpy as np
import protocols
from joblib import Parallel, delayed

from skwave import LSTMForecaster, WindowTransformer

HERE = Path(__file__).parent
# What the documentation recommends for real series. The same for all of D3-D6.
RECOMMENDED = {"units": 64, "normalization": "window", "linear_skip": True, "validation": "last"}
PUBLISHED = {
    "D1 sine 0% noise, 200": "0.75 the tutorial; 0.001 Adam",
    "D2 Mackey-Glass": "0.61 AR80; 0.048 LSTM",
    "D3 air passengers": "24.0 ARIMA",
    "D4 heart rate": "5.49 TCN",
    "D5 ETTh1, 24": ".0276 AR80 relative",
    "D5 ETTh1, 96": ".0540 AR80 relative",
    "D6 M4 Hourly": "1.108 AR80; 2.989 Naive2",
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


def window_length(train):
    """Return 80, or half of a series that is shorter than two windows."""
    return min(80, len(train) // 2)


def with_skwave(settings):
    def fit_forecast(protocol, seed):
        length = window_length(protocol.train)
        windows = WindowTransformer(length).fit_transform(protocol.train)
        model = LSTMForecaster(random_state=seed, **settings).fit(windows)
        contexts = protocol.contexts[:, -length:, None]
        return model.forecast(protocol.truths.shape[1], window=contexts)

    return fit_forecast


def each(forecast):
    """Make a method from a function of one context."""

    def fit_forecast(protocol, seed):
        n_steps = protocol.truths.shape[1]
        return np.stack([forecast(c, n_steps, protocol.season) for c in protocol.contexts])

    return fit_forecast


def ar80(protocol, seed):
    model = baselines.Ridge80(window_length(protocol.train)).fit(protocol.train)
    return model.forecast(protocol.contexts, protocol.truths.shape[1])


def nlin80(protocol, seed):
    n_steps, length = protocol.truths.shape[1], window_length(protocol.train)
    if len(protocol.train) < n_steps + length + 10:
        return np.full(protocol.truths.shape, np.nan)
    return baselines.NLinear(n_steps, length).fit(protocol.train).forecast(protocol.contexts)


METHODS = {
    "skwave, defaults": with_skwave({}),
    "skwave, recommended": with_skwave(RECOMMENDED),
    "naive": each(lambda c, n, season: baselines.naive(c, n)),
    "seasonal naive": each(baselines.seasonal_naive),
    "Naive2": each(baselines.naive2),
    "AR80": ar80,
    "NLin80": nlin80,
}


def run(method, protocol, seed):
    begin = time.perf_counter()
    forecasts = METHODS[method](protocol, seed)
    seconds = time.perf_counter() - begin
    scores = protocol.score(protocol.truths, forecasts)
    return method, protocol.name, seed, scores, seconds


def all_tasks(options):
    for seed in range(options.seeds):
        names = options.only or (protocols.ALL if options.data else ["D1", "D2"])
        for name in names:
            made = name in ("D1", "D2")
            for protocol in protocols.ALL[name](seed if made else options.data):
                for method in options.methods or METHODS:
                    # A baseline has no seed, and needs no second run on the same series.
                    if method.startswith("skwave") or seed == 0 or made:
                        yield delayed(run)(method, protocol, seed)


def summarise(results):
    """Return {row: {method: figure}} and times: means over series, medians over seeds."""
    figures, seconds = defaultdict(lambda: defaultdict(list)), defaultdict(list)
    for method, name, seed, scores, took in results:
        seconds[method, name].append(took)
        for row, figure in scores.items():
            figures[row, method][seed].append(figure)
    table = defaultdict(dict)
    for (row, method), by_seed in figures.items():
        table[row][method] = float(np.median([np.mean(v) for v in by_seed.values()]))
    return table, {f"{m} {n}": float(np.median(v)) for (m, n), v in seconds.items()}


def show(table, seconds):
    print("| series | " + " | ".join(METHODS) + " | published |")
    print("|---" * (len(METHODS) + 2) + "|")
    for row in sorted(table):
        cells = [f"{table[row].get(m, np.nan):.4g}" for m in METHODS]
        print(f"| {row} | " + " | ".join(cells) + f" | {PUBLISHED.get(row, '')} |")
    print("\nSeconds to train and forecast, one series, one core (median):")
    for name, took in sorted(seconds.items()):
        if name.startswith("skwave"):
            print(f"  {name}: {took:.0f}")
    for (method, row), known in KNOWN.items():
        mine = table.get(row, {}).get(method)
        if mine is not None and not np.isclose(mine, known, rtol=0.02):
            print(f"  NOT as in the data README: {method} on {row} is {mine:.4f}, not {known}")


def draw(table, path):
    import matplotlib.pyplot as plt

    rows = sorted(table, reverse=True)
    figure, ax = plt.subplots(figsize=(9, 1 + 0.4 * len(rows)), layout="constrained")
    markers = dict(zip(METHODS, ["o", "D", "|", "x", "+", "s", "^"], strict=True))
    for method, marker in markers.items():
        ratios = [table[r].get(method, np.nan) / table[r].get("AR80", np.nan) for r in rows]
        color = {"o": "tab:blue", "D": "tab:green"}.get(marker, "gray")
        ax.plot(ratios, range(len(rows)), marker, label=method, color=color)
    ax.axvline(1, color="gray", lw=0.8)
    ax.set(xscale="log", yticks=range(len(rows)), yticklabels=rows)
    ax.set_xlabel("Error as a ratio to that of AR80 (left is better)")
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of the development series")
    parser.add_argument("--quick", action="store_true", help="a part, in two minutes")
    parser.add_argument("--only", nargs="+", help="protocols to run, D1 to D6")
    parser.add_argument("--methods", nargs="+", choices=METHODS, help="methods to run")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", action="store_true", help="add to the results written before")
    options = parser.parse_args()
    if options.quick:
        options.seeds, options.methods = 1, [m for m in METHODS if m != "skwave, defaults"]
        options.only = options.only or (["D3", "D4", "D5"] if options.data else ["D2"])
    path = HERE / "accuracy.json"
    before = json.loads(path.read_text()) if options.keep and path.exists() else []
    results = Parallel(n_jobs=options.jobs, verbose=5)(all_tasks(options))
    done = {(r[0], r[1]) for r in results}
    results += [r for r in before if (r[0], r[1]) not in done]
    path.write_text(json.dumps(results, indent=0))
    table, seconds = summarise(results)
    show(table, seconds)
    draw(table, HERE / "accuracy.png")


if __name__ == "__main__":
    main()
