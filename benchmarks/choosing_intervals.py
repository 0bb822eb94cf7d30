"""Choose how intervals are calibrated, on series, or parts of series, that no test is made on.

    pip install -r benchmarks/requirements/choosing.txt
    python benchmarks/choosing_intervals.py --data DIR [--every 4] [--jobs 2]

Residual paths are those of the newest, held-out part by the readout of the older part, or of the
whole series by readouts that were solved without each block in turn (cross-fitting). Widths are the
same after each window, follow how much it changes from value to value, or go half way, and may
follow the level of the forecast, too. Printed are, for each kind of series, coverage and interval
score relative to the first row.

Then, for the columns of ETTh1 over the 2,880 values after the training part of D5, with an origin
each day: intervals as the fit leaves them, by adaptive conformal inference with a rate for each
step (Gibbs, I. and Candès, E. (2021), Adaptive conformal inference under distribution shift), and
with the errors that are known by then in place of the oldest ones, as `backtest` makes them.
"""

import argparse
from pathlib import Path

import choosing
import numpy as np
import protocols
from choosing import HELD_OUT, Training, make_windows, split
from joblib import Parallel, delayed

from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave._calibration import MAX_PATHS, cross_fitted_residuals
from skwave._intervals import check_coverage, path_quantiles
from skwave._readout import (
    N_FOLDS,
    count_blocks,
    gram_folds,
    join_blocks,
    make_folds,
    solve_readout,
)
from skwave._readout_choice import make_readouts
from skwave._recursion import roll_forward
from skwave._ridge import total
from skwave._rollout import make_calibration
from skwave._widths import fit_widths, residual_scale
from skwave.metrics import coverage_score, interval_score

COVERAGES = (0.8, 0.9, 0.95)
# The part that follows the change within the window, and whether the level of the forecast counts.
WIDTHS = {
    "the same": (0.0, False),
    "half way": (0.5, False),
    "follow the window": (1.0, False),
    "half way, by the level of the forecast": (0.5, True),
}
DAY, HORIZON = 24, 96


def calibrate(model, windows, n_steps):
    """Return forecasts of known values and their residuals, by the way of calibrating."""
    data, dataset, _ = split(windows, model.random_state)
    network = model.network_
    rows = make_folds(dataset, count_blocks(network))
    blocks = gram_folds(network, dataset, rows)
    folds = join_blocks(blocks)
    readouts = {r.name: r for r in make_readouts(folds, network)[1]}
    if model.readout_ not in readouts:
        return {}  # an exact one, whose intervals have no width
    readout = readouts[model.readout_]
    n_steps = min(n_steps, max(1, int(HELD_OUT * len(dataset.indices))))
    solved, _ = solve_readout(network, total(folds[:N_FOLDS]), readout)
    newest = make_calibration(data, HELD_OUT, n_steps, MAX_PATHS)
    everywhere = make_calibration(data, 1.0, n_steps, MAX_PATHS)
    residuals = cross_fitted_residuals(everywhere, network, dataset, rows, blocks, readout)
    return {
        "newest part": (newest, newest.residuals(solved)),
        "cross-fitted": (everywhere, residuals),
    }


def run(seed, series):
    """Return coverage and interval score of one series, by calibration, widths and coverage."""
    windows = make_windows(series, Training())
    model = LSTMForecaster(64, random_state=seed).fit(windows)
    found = {}
    for way, (rollouts, residuals) in calibrate(model, windows, series.n_steps).items():
        is_kept = np.isfinite(residuals).all(axis=(1, 2))
        residuals, known = residuals[is_kept], rollouts.contexts[is_kept]
        fitted = rollouts.y_true[is_kept] - residuals
        n_steps, n = rollouts.n_steps, len(residuals)
        contexts, y_true = protocols.cut(series.values, series.origins, n_steps, windows.shape[1])
        contexts = contexts[..., None]
        forecasts = roll_forward(model.network_, contexts, n_steps)
        scale = model.network_.scaling.input_scale
        # Of too few paths for a coverage the outermost are taken.
        probabilities = np.clip(check_coverage(COVERAGES), 1 / (n + 1), n / (n + 1))
        for name, (part, by_level) in WIDTHS.items():
            widths = fit_widths(known, fitted, residuals, scale, part)
            if not by_level:
                widths["at_levels"] = np.ones_like(widths["at_levels"])
            paths = residuals / residual_scale(known, fitted, scale, widths)
            factors = residual_scale(contexts, forecasts, scale, widths)
            bounds = path_quantiles(forecasts[:, None] + factors[:, None] * paths, probabilities)
            for k, coverage in enumerate(COVERAGES):
                pair = y_true.ravel(), bounds[:, :, 0, k].reshape(-1, 2)
                score = interval_score(*pair, coverage=coverage)
                found[way, name, coverage] = coverage_score(*pair), score
    return series.kind, found


def show(results):
    """Print coverage by kind, and the interval score relative to the first row."""
    keys = list(dict.fromkeys(key for _, found in results for key in found))
    kinds = sorted({kind for kind, found in results if found})
    print("| calibration, widths, coverage | " + " | ".join(kinds) + " | interval score |")
    print("|---" * (2 + len(kinds)) + "|")
    for key in keys:
        cells, logs = [], []
        for kind in kinds:
            of_kind = [found for k, found in results if k == kind and found]
            cells.append(f"{np.mean([f[key][0] for f in of_kind]):.3f}")
            first = (keys[0][0], keys[0][1], key[2])
            logs.append(np.mean([np.log(f[key][1] / f[first][1]) for f in of_kind]))
        print(f"| {', '.join(map(str, key))} | {' | '.join(cells)} | {np.exp(np.mean(logs)):.3f} |")


def adapt(model, contexts, y_true, coverage, rate):
    """Return the bounds of adaptive conformal inference, each step by itself."""
    n_origins, horizon = y_true.shape
    forecasts = roll_forward(model.network_, contexts, horizon)[..., 0]
    scale = model._residual_scale(contexts, forecasts[..., None])[..., 0]
    ordered = np.sort(model.residual_paths_[:, :horizon, 0], axis=0)
    n, steps = len(ordered), np.arange(horizon)
    outside = np.full((2, horizon), (1 - coverage) / 2)
    bounds = np.empty((n_origins, horizon, 2))
    for k in range(n_origins):
        # Of step h the newest origin that is known is that of h // DAY + 1 days before.
        newest = k - 1 - steps // DAY
        seen = newest >= 0
        past, truth = bounds[newest[seen], steps[seen]], y_true[newest[seen], steps[seen]]
        missed = np.stack([truth < past[:, 0], truth > past[:, 1]])
        outside[:, seen] += rate * ((1 - coverage) / 2 - missed)
        outside = np.clip(outside, 1 / (n + 1), 0.49)
        low = np.clip(np.floor((n + 1) * outside[0]).astype(int), 1, n) - 1
        high = np.clip(np.ceil((n + 1) * (1 - outside[1])).astype(int), 1, n) - 1
        residuals = np.stack([ordered[low, steps], ordered[high, steps]], axis=-1)
        bounds[k] = forecasts[k][:, None] + scale[k][:, None] * residuals
    return bounds


def bounds_after(model, contexts, probabilities):
    """Return the bounds after each context, as `backtest` makes them."""
    futures = [None] * len(contexts)
    return model._forecasts_and_quantiles(contexts, futures, HORIZON, probabilities)[1][..., 0, :]


def run_in_time(folder, name):
    """Return coverage and interval score over time of one column of ETTh1, by way and coverage."""
    values = protocols.column(folder / "ETTh1.csv", name)[:11520]
    model = make_forecast_pipeline(
        WindowTransformer(protocols.WEEK), LSTMForecaster(64, random_state=0)
    ).fit(values[:8640])
    origins = np.arange(8640, len(values) - HORIZON + 1, DAY)
    contexts, y_true = protocols.cut(values, origins, HORIZON, protocols.WEEK)
    known = [values[:origin] for origin in origins]
    found = {}
    for coverage in COVERAGES:
        probabilities = check_coverage(coverage)
        one_by_one = [bounds_after(model, [one], probabilities) for one in known]
        ways = {
            "as the fit leaves them": np.concatenate(one_by_one),
            "adaptive, rate .01": adapt(model[-1], contexts[..., None], y_true, coverage, 0.01),
            "adaptive, rate .03": adapt(model[-1], contexts[..., None], y_true, coverage, 0.03),
            "errors known by then": bounds_after(model, known, probabilities),
        }
        for way, bounds in ways.items():
            pair = y_true.ravel(), bounds.reshape(-1, 2)
            score = interval_score(*pair, coverage=coverage)
            found[way, f"{HORIZON} steps", coverage] = coverage_score(*pair), score
    return "ETT over time", found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the series")
    parser.add_argument("--every", type=int, default=1, help="take each so many-th series only")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    series = list(choosing.all_series(options.data))[:: options.every]
    parallel = Parallel(n_jobs=options.jobs, verbose=5)
    show(parallel(delayed(run)(0, one) for one in series))
    names = choosing.ETT[:: options.every]
    show(parallel(delayed(run_in_time)(options.data, name) for name in names))


if __name__ == "__main__":
    main()
