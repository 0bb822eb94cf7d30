"""Choose the defaults on series, or parts of series, that no test is made on.

    python benchmarks/choosing.py --data DIR [--only "300 units" ...] [--jobs 2]

The series are the training parts of D3-D6 (benchmarks/protocols.py), cut again: the newest part of
each is forecast, and the official validation part of ETTh1; sunspots and the electricity load of
`taylor` besides. Printed are the errors as ratios to those of the linear model alone, as geometric
means over the series, and all of them are written to choosing.json.
"""

import argparse
import contextlib
import json
import math
from collections import OrderedDict
from pathlib import Path
from unittest import mock

import numpy as np
import protocols
from joblib import Parallel, delayed

from skwave import LSTMForecaster, WindowTransformer, _fitting, _model, _parts

# Every fourth of the M4 series; they are much alike.
M4_STEP = 4
# Small enough to try many things, and as good as 300 on these series.
BASE = {"units": 64}
# Parameters of the forecaster, the window's length, and changes of the package for the run.
VARIANTS = {
    "64 units, windows of 80": ({}, 80, {}),
    "windows of 168": ({}, 168, {}),
    "300 units": ({"units": 300}, 80, {}),
    "window normalization": ({"normalization": "window"}, 80, {}),
    "100 updates": ({}, 80, {"updates": 100}),
    "400 updates": ({}, 80, {"updates": 400}),
    "usual penalty 0.1": ({}, 80, {"penalties": (math.inf, 0.1)}),
    "usual penalty 0.01": ({}, 80, {"penalties": (math.inf, 0.01)}),
    "linear unless better": ({}, 80, {"usual": 0}),
    "epochs by forecasts": ({"validation": "forecast"}, 80, {}),
    "a block of 24": ({"horizon": 24}, 80, {}),
    "noise on the inputs": ({}, 80, {"noise": 0.05}),
    "as trained": ({"linear_skip": False, "validation": "last"}, 80, {}),
    "as trained, random": ({"linear_skip": False, "validation": "random"}, 80, {}),
}
# What all are compared with.
LINEAR = ({"units": 1, "epochs": 1}, 80, {"penalties": (math.inf,)})


def mean_absolute(truths, forecasts):
    return float(np.mean(np.abs(truths - forecasts)))


def mean_square(truths, forecasts):
    return float(np.mean((truths - forecasts) ** 2))


def series(folder):
    """Yield name, training values, contexts, truths, and the measure of error."""
    air = protocols.column(folder / "air_passengers.csv", -1)[:115]
    yield "air passengers", air[:86], air[None, :86], air[None, 86:], mean_absolute
    heart = protocols.column(folder / "heart_rate.csv", -1)[::2][:720]
    yield "heart rate", heart[:540], heart[None, :540], heart[None, 540:], mean_absolute
    for name in ("OT", "HUFL", "MUFL", "LULL"):
        values = protocols.column(folder / "ETTh1.csv", name)[:11520]
        yield _origins(f"ETTh1 {name}", values, 8640, 96, 48)
    sunspots = protocols.column(folder / "monthly_sunspots.csv", -1)
    yield _origins("sunspots", sunspots, 2000, 60, 20)
    taylor = protocols.column(folder / "taylor.csv", -1)
    yield _origins("taylor", taylor, 2688, 96, 48)
    for k, m4 in enumerate(list(protocols.m4_hourly(folder))[::M4_STEP]):
        known, rest = m4.train[:-48], m4.train[-48:]
        yield f"M4 {M4_STEP * k}", known, known[None], rest[None], mean_absolute


def _origins(name, values, n_train, horizon, step):
    origins = np.arange(n_train, len(values) - horizon + 1, step)
    contexts, truths = protocols.cut(values, origins, horizon)
    return name, values[:n_train], contexts, truths, mean_square


@contextlib.contextmanager
def changed(*, penalties=None, usual=None, updates=None, noise=None):
    """Change the package for a while."""
    with contextlib.ExitStack() as stack:

        def patch(module, name, value):
            if value is not None:
                stack.enter_context(mock.patch.object(module, name, value))

        patch(_parts, "STATE_PENALTIES", penalties)
        patch(_parts, "USUAL", usual)
        patch(_fitting, "SOLVED_UPDATES", updates)
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


def run(variant, seed, name, train, contexts, truths, measure):
    """Return the error of one variant on one series."""
    settings, length, changes = VARIANTS.get(variant, LINEAR)
    # A window that is longer than a third of its series warns.
    length = min(length, len(train) // 3)
    windows = WindowTransformer(length).fit_transform(train)
    with changed(**changes):
        model = LSTMForecaster(**BASE | settings, random_state=seed).fit(windows)
    forecasts = model.forecast(truths.shape[1], window=contexts[:, -length:, None])
    return variant, name, seed, measure(truths, forecasts), model.parts_


def show(results):
    linear = {name: error for variant, name, _, error, _ in results if variant == "linear"}
    print("| variant | all | M4 left out | with the LSTM | " + " | ".join(linear) + " |")
    print("|---" * (4 + len(linear)) + "|")
    for variant in dict.fromkeys(r[0] for r in results):
        mine = [r for r in results if r[0] == variant]
        logs = {n: np.mean([np.log(r[3] / linear[n]) for r in mine if r[1] == n]) for n in linear}
        means = np.mean(list(logs.values())), np.mean([v for n, v in logs.items() if n[:2] != "M4"])
        kept = np.mean([r[4] != "linear" for r in mine])
        cells = [f"{np.exp(v):.3f}" for v in (*means, *logs.values())]
        print(f"| {variant} | {cells[0]} | {cells[1]} | {kept:.0%} | {' | '.join(cells[2:])} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the series")
    parser.add_argument("--only", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    tasks = [
        delayed(run)(variant, seed, *one)
        for variant in ["linear", *options.only]
        for seed in range(1 if variant == "linear" else options.seeds)
        for one in series(options.data)
    ]
    results = Parallel(n_jobs=options.jobs, verbose=5)(tasks)
    Path(__file__).with_suffix(".json").write_text(json.dumps(results, indent=0))
    show(results)


if __name__ == "__main__":
    main()
