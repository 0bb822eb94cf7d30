"""Prediction intervals: how many values they hold and how wide they are, beside other packages.

    python benchmarks/intervals.py --data DIR [--only D4 D5] [--seeds 3] [--jobs 1] [--keep]

Each line of results is added to intervals.csv, beside this file, as soon as it is measured; with
--keep what stands there already is not run again, and --show prints the tables and runs nothing.
Without DIR only D1 and D2 are run. Each competitor has an environment of its own, in
--environments, made from its file in `requirements/` (`interval_contestants.py`).
"""

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import protocols
import tables
from environments import FOLDER, last_line, make_environment
from joblib import Parallel, delayed
from sklearn.frozen import FrozenEstimator

from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave._baseline import seasonal_naive
from skwave._intervals import path_quantiles
from skwave.datasets import make_mackey_glass, make_wave
from skwave.metrics import (
    coverage_score,
    interval_score,
)
from skwave.model_selection import backtest

HERE = Path(__file__).parent
RESULTS = HERE / "intervals.csv"
COVERAGES = (0.8, 0.9, 0.95)
DECILES = tuple(k / 10 for k in range(1, 10))
# Bounds of the intervals first, as pairs, then the deciles and the median.
BOUNDS = tuple(p for c in COVERAGES for p in ((1 - c) / 2, (1 + c) / 2))
PROBABILITIES = (*BOUNDS, *DECILES)
KEYS = ["row", "series", "method", "seed"]
FIGURES = [
    "origins", *(f"{kind} {c}" for kind in ("coverage", "worst step") for c in COVERAGES),
    "score 0.9", "seconds",
]  # fmt: skip


class Rows(NamedTuple):
    """A training part, forecast origins after it, and what came; each horizon is a row."""

    name: str
    series: str
    train: np.ndarray
    contexts: np.ndarray  # (n_origins, n_context)
    y_true: np.ndarray  # (n_origins, n_steps)
    gaps: np.ndarray  # values from the origin before, or from the training part, to each origin
    whole: np.ndarray | None  # the series that all this is of; None if it is of several
    season: int  # of the naive forecasts
    longest_season: int  # that is known beforehand
    horizons: tuple


def make_rows(name, title, series, n_train, step, horizons, season, longest_season, first=None):
    """Return rows with an origin every `step` values after the training part."""
    n_steps = max(horizons)
    origins = np.arange(first or n_train, len(series) - n_steps + 1, step)
    # Competitors calibrate on as many values before the origin as skwave holds out.
    n_context = int(0.3 * n_train) + max(longest_season, n_steps, 80)
    contexts, y_true = protocols.cut(series, origins, n_steps, min(n_context, n_train))
    gaps = np.diff(origins, prepend=n_train)
    return Rows(
        name, title, series[:n_train], contexts, y_true, gaps, series, season, longest_season,
        horizons,
    )  # fmt: skip


def waves(seed):
    """D1 with noise: 80 steps of the noisy values, an origin every 17 of the next 2,000."""
    for kind, n_cycles in (("sine", 50), ("compound", 200)):
        wave = make_wave(kind, n_cycles=n_cycles + 25, noise=0.05, random_state=100 + seed)
        yield make_rows("D1", f"D1 {kind} 5% noise", wave, 80 * n_cycles, 17, (80,), 80, 80)


def mackey_glass(seed):
    """D2: 84 steps after each of 50 contexts of another series."""
    train = make_mackey_glass(3000, random_state=2 * seed)
    test = make_mackey_glass(50 * 1084, random_state=2 * seed + 1)
    cut = protocols.cut(test, 1084 * np.arange(50) + 1000, 84, n_context=1000)
    yield Rows("D2", "D2 Mackey-Glass", train, *cut, np.full(50, 1000), None, 50, 1, (84,))


def heart_rate(folder):
    """D4: 80 steps from each of the 101 origins that leave as many values of the test part."""
    series = protocols.column(folder / "heart_rate.csv", -1)[::2]
    yield make_rows("D4", "D4 heart rate", series, 720, 1, (80,), 1, 1)


def ett(folder):
    """D5: oil temperature, an origin every day; the first step is a row, too."""
    series = protocols.column(folder / "ETTh1.csv", "OT")[:14400]
    series = (series - series[:8640].mean()) / series[:8640].std()
    for horizons in ((1, 24), (96,)):
        yield make_rows("D5", "D5 ETTh1", series, 8640, 24, horizons, 24, 168, first=11520)


def taylor(folder):
    """Taylor: 48 half hours, an origin every day of the last four weeks; and its first step."""
    series = protocols.column(folder / "taylor.csv", -1)
    yield make_rows("taylor", "taylor", series, 2688, 48, (1, 48), 336, 336)


ALL = {
    "D1": waves,
    "D2": mackey_glass,
    "D4": heart_rate,
    "D5": ett,
    "taylor": taylor,
}
DEFAULTS, RECOMMENDED, SEASONAL = "skwave, defaults", "skwave, recommended", "seasonal naive"
# The recommended settings with the newest residuals: those of `calibrate` with the values between
# training part and first origin, and at each origin those that a backtest knows by then.
UPDATED = "skwave, updated"
SKWAVE = (RECOMMENDED, UPDATED, DEFAULTS)
# Each one's environment; their methods are those of `interval_contestants.py`.
PEERS = {
    "skforecast conformal": "skforecast",
    "skforecast bootstrap": "skforecast",
    "darts ConformalNaive": "darts",
    "MAPIE EnbPI": "mapie",
}
METHODS = [*SKWAVE, SEASONAL, *PEERS]


def window_length(rows, length):
    """Return a length of windows: as long as the forecast, and at most a third of the series."""
    return min(max(length, rows.y_true.shape[1]), len(rows.train) // 3)


def recommended_length(rows):
    return window_length(rows, max(80, rows.longest_season))


def fit(rows, seed, length, units, **settings):
    """Return a pipeline that was fitted on the training part."""
    forecaster = LSTMForecaster(units, random_state=seed, **settings)
    return make_forecast_pipeline(WindowTransformer(length), forecaster).fit(rows.train)


def skwave(rows, seed, length, units, **settings):
    """Return forecasts (n_origins, n_steps) and quantiles (n_origins, n_steps, n_quantiles)."""
    length = window_length(rows, length)
    return forecast_all(fit(rows, seed, length, units, **settings), rows)


def forecast_all(model, rows):
    """Return forecasts and quantiles after all contexts."""
    n_steps = rows.y_true.shape[1]
    context = rows.contexts[:, -model[-1].window_shape_[0] :, None]
    quantiles = model[-1].forecast_quantiles(n_steps, PROBABILITIES, context=context)
    return model[-1].forecast(n_steps, context=context), quantiles


def updated(rows, seed):
    """Return forecasts and quantiles, or bounds, by residuals as new as each origin allows."""
    length, n_steps = recommended_length(rows), rows.y_true.shape[1]
    first = len(rows.train) + int(rows.gaps[0])
    model = fit(rows, seed, length, 64)
    if rows.whole is None:
        model.calibrate(rows.contexts[0], n_steps)
        return forecast_all(model, rows)
    if rows.gaps[0]:
        model.calibrate(rows.whole[len(rows.train) - length : first], n_steps)
    results = [
        backtest(
            FrozenEstimator(model), rows.whole, horizon=n_steps, initial=first,
            step=int(rows.gaps[1]), season_length=rows.season, coverage=coverage,
        )
        for coverage in COVERAGES
    ]  # fmt: skip
    bounds = np.concatenate([result.intervals["model"] for result in results], axis=-1)
    return results[0].y_pred, bounds


def seasonal(rows, seed):
    """Repeat the last season; quantiles are those of its errors in the training part."""
    n_steps, season = rows.y_true.shape[1], rows.season
    known = rows.train[:, None]
    origins = np.arange(season, len(known) - n_steps + 1)
    errors = known[origins[:, None] + np.arange(n_steps)]
    errors = errors - seasonal_naive(known, origins, n_steps, season)
    quantiles = path_quantiles(errors[None], np.array(PROBABILITIES))[0, :, 0]
    forecasts = rows.contexts[:, np.arange(n_steps) % season - season]
    return forecasts, forecasts[..., None] + quantiles


def peer(rows, method, python):
    """Run a competitor in a process of its own; it returns bounds, without deciles."""
    with tempfile.TemporaryDirectory() as folder:
        given, taken = Path(folder) / "given.npz", Path(folder) / "taken.npz"
        np.savez(
            given, train=rows.train, contexts=rows.contexts, gaps=rows.gaps,
            n_steps=rows.y_true.shape[1], n_lags=recommended_length(rows), coverages=COVERAGES,
        )  # fmt: skip
        command = [python, HERE / "interval_contestants.py", method, given, taken]
        if last_line(command, cwd=folder) is None:
            return None, None
        bounds = np.load(taken)["bounds"]
        return None, bounds.reshape(*bounds.shape[:2], -1)


def forecast(rows, method, seed, pythons):
    if method == RECOMMENDED:
        return skwave(rows, seed, max(80, rows.longest_season), 64)
    if method == UPDATED:
        return updated(rows, seed)
    if method == DEFAULTS:
        return skwave(rows, seed, 80, 300)
    if method == SEASONAL:
        return seasonal(rows, seed)
    return peer(rows, method, pythons[PEERS[method]])


def score(rows, n_steps, quantiles):
    """Return the figures of the first steps of all origins."""
    y_true = rows.y_true[:, :n_steps]
    figures = {"origins": len(y_true)}
    for k, coverage in enumerate(COVERAGES):
        bounds = quantiles[:, :n_steps, 2 * k : 2 * k + 2]
        by_step = coverage_score(y_true, bounds, multioutput="raw_values")
        figures[f"coverage {coverage}"] = by_step.mean()
        figures[f"worst step {coverage}"] = np.abs(by_step - coverage).max()
        if coverage == 0.9:
            figures["score 0.9"] = interval_score(y_true, bounds, coverage=coverage)
    return figures


def is_possible(method, row):
    """Return whether it can: MAPIE forecasts one step."""
    return method != "MAPIE EnbPI" or row.endswith(", 1")


def run(rows, method, seed, pythons, path):
    """Measure a method on a series, and add the lines that are not in the file yet."""
    done = {tuple(line[k] for k in KEYS) for line in tables.read_lines(path)}
    wanted = {
        row: n_steps
        for n_steps in rows.horizons
        if is_possible(method, row := f"{rows.series}, {n_steps}")
        and (row, rows.series, method, str(seed)) not in done
    }
    # Some competitors calibrate for the number of steps; skwave is fitted once.
    groups = [{row: n} for row, n in wanted.items()] if method in PEERS else [wanted]
    for group in filter(None, groups):
        part = rows._replace(y_true=rows.y_true[:, : max(group.values())])
        begin = time.perf_counter()
        _, quantiles = forecast(part, method, seed, pythons)
        seconds = time.perf_counter() - begin
        if quantiles is None:
            print(f"{method} failed on {rows.series}", file=sys.stderr, flush=True)
            continue
        for row, n_steps in group.items():
            line = dict(zip(KEYS, (row, rows.series, method, seed), strict=True))
            line |= score(part, n_steps, quantiles) | {"seconds": seconds}
            tables.add_line(path, [*KEYS, *FIGURES], line)


def seeds_of(method, name, n_seeds):
    """Return the seeds of a method: all where it or the series is drawn, else one."""
    is_drawn = method in SKWAVE or name in ("D1", "D2")
    return range(n_seeds if is_drawn else 1)


def all_tasks(options):
    """Yield each series, method and seed; the first seed of everything first."""
    names = options.only or (ALL if options.data else ["D1", "D2"])
    for seed in range(options.seeds):
        for name in names:
            for rows in ALL[name](seed if name in ("D1", "D2") else options.data):
                for method in options.methods or METHODS:
                    if seed in seeds_of(method, name, options.seeds):
                        yield rows, method, seed


def medians(lines):
    """Return {(row, method): {figure: median over seeds}} and how many seeds there are."""
    found = defaultdict(lambda: defaultdict(list))
    for line in lines:
        for figure in FIGURES:
            if line[figure]:
                found[line["row"], line["method"]][figure].append(float(line[figure]))
    return {
        key: {f: float(np.median(values)) for f, values in figures.items()}
        | {"seeds": len(figures["seconds"])}
        for key, figures in found.items()
    }


def largest_by_chance(n_origins, n_steps, coverage=0.9):
    """Return the largest deviation of a step that exact intervals are expected to have.

    Origins and steps are taken as independent: steps alike have less, origins alike more.
    """
    n_held = np.random.RandomState(0).binomial(n_origins, coverage, size=(2000, n_steps))
    return np.abs(n_held / n_origins - coverage).max(axis=1).mean()


def number(value, digits=2):
    """Write a fraction without its zero."""
    return f"{value:.{digits}f}".replace("0.", ".", 1) if value < 1 else f"{value:.{digits}f}"


def show(lines):
    table = medians(lines)
    rows = sorted({row for row, _ in table})
    lowest = {r: min(f["score 0.9"] for (row, _), f in table.items() if row == r) for r in rows}
    methods = [m for m in METHODS if any(method == m for _, method in table)]
    print("Intervals of .9: coverage in all, largest deviation of a step, interval score.\n")
    print("| series, steps | origins | by chance | " + " | ".join(methods) + " |")
    print("|---" * (len(methods) + 3) + "|")
    for row in rows:
        found = {method: table.get((row, method)) for method in methods}
        cells = [_cell(figures, lowest[row]) for figures in found.values()]
        n_origins = next(int(figures["origins"]) for figures in found.values() if figures)
        chance = number(largest_by_chance(n_origins, int(row.split(", ")[1])))
        print(f"| {row} | {n_origins} | {chance} | " + " | ".join(cells) + " |")
    show_bars(table, rows, methods)


def _cell(figures, lowest):
    if figures is None:
        return ""
    score = float(f"{figures['score 0.9']:.3g}")
    shown = f"**{score:,g}**" if figures["score 0.9"] == lowest else f"{score:,g}"
    return f"{number(figures['coverage 0.9'])}, {number(figures['worst step 0.9'])}, {shown}"


def show_bars(table, rows, methods):
    """Print how often each method is within the targets, over series and the three coverages."""
    print("\nRows and coverages of .8, .9, .95 within the targets.\n")
    print("| method | seeds | in all within .04 | at each step within .12 | lowest score at .9 |")
    print("|---" * 5 + "|")
    for method in methods:
        mine = {row: table[row, method] for row in rows if (row, method) in table}
        n_cells = len(mine) * len(COVERAGES)
        in_all = sum(abs(f[f"coverage {c}"] - c) <= 0.04 for f in mine.values() for c in COVERAGES)
        by_step = sum(f[f"worst step {c}"] <= 0.12 for f in mine.values() for c in COVERAGES)
        # The other settings of skwave are no competitor.
        kin = SKWAVE if method in SKWAVE else (method,)
        others = {
            row: [f["score 0.9"] for (r, m), f in table.items() if r == row and m not in kin]
            for row in mine
        }
        n_lowest = sum(f["score 0.9"] <= min(others[row], default=0) for row, f in mine.items())
        seeds = max(f["seeds"] for f in mine.values())
        print(
            f"| {method} | {seeds} | {in_all} of {n_cells} | {by_step} of {n_cells} | "
            f"{n_lowest} of {len(mine)} |"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of the development series")
    parser.add_argument("--only", nargs="+", choices=ALL, help="series to run")
    parser.add_argument("--methods", nargs="+", choices=METHODS, help="methods to run")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("--keep", action="store_true", help="run what is not in the results yet")
    parser.add_argument("--show", action="store_true", help="show the results and run nothing")
    parser.add_argument("--environments", type=Path, default=FOLDER)
    options = parser.parse_args()
    if options.show:
        show(tables.read_lines(options.output))
        return
    if not options.keep:
        options.output.unlink(missing_ok=True)
    peers = {PEERS[m] for m in options.methods or METHODS if m in PEERS}
    pythons = {name: make_environment(name, options.environments.resolve()) for name in peers}
    tasks = (delayed(run)(*task, pythons, options.output) for task in all_tasks(options))
    Parallel(n_jobs=options.jobs)(tasks)
    show(tables.read_lines(options.output))


if __name__ == "__main__":
    main()
