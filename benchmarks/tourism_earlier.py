"""D8 and the three parts before its test part, with AutoETS and AutoTheta of statsforecast.

    python benchmarks/tourism_earlier.py --data DIR [--every 20] [--jobs 2]

Each part is the 8 quarters after the first 48, 56, 64 or 72; the last one is D8's test part.
Windows are a third of the known quarters. statsforecast runs in an environment of its own, from its
file in `requirements/`. Printed is the mean MASE of each method, with the difference from one LSTM
for all series, paired over the series, and its standard error. It takes about half an hour.
"""

import argparse
import subprocess
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import protocols
import tourism
from environments import FOLDER, HERE, make_environment

SEASON, N_STEPS = 4, 8
ENDS = [48, 56, 64, 72]
OURS = tourism.GLOBAL


def cut(protocol, n_known):
    """Return a series of which the first values are known, and the next ones are forecast."""
    values = np.concatenate([protocol.train, protocol.y_true[0]])
    train, test = values[:n_known], values[n_known : n_known + N_STEPS]
    score = partial(protocols.scaled_error, train=train, season=SEASON, rows=(tourism.ROW,))
    return protocol._replace(train=train, contexts=train[None], y_true=test[None], score=score)


def forecast_with_peers(series, python):
    """Return the forecasts of AutoETS and AutoTheta by method, (n_series, n_steps)."""
    with tempfile.TemporaryDirectory() as folder:
        given, taken = Path(folder, "given.npy"), Path(folder, "taken.npz")
        np.save(given, [protocol.train for protocol in series])
        command = [python, HERE / "tourism_contestants.py", given, taken]
        subprocess.run(command, check=True)
        return dict(np.load(taken))


def measure(series, python, n_jobs):
    """Return the MASE of each series by method."""
    ours = tourism.measure_global(series, 0, n_jobs)
    errors = {OURS: np.array([figures["MASE"] for figures in ours])}
    forecasts = {
        method: np.concatenate([tourism.METHODS[method](one, 0) for one in series])
        for method in ("seasonal naive", "linear readout")
    }
    for method, found in (forecasts | forecast_with_peers(series, python)).items():
        scores = [one.score(one.y_true, f[None]) for one, f in zip(series, found, strict=True)]
        errors[method] = np.array([score[tourism.ROW] for score in scores])
    return errors


def show(results):
    """Print a line for each method and a column for each part."""
    print("| method |", " | ".join(f"after {n_known}" for n_known in results), "|")
    print("|---" * (1 + len(results)) + "|")
    for method in next(iter(results.values())):
        cells = []
        for errors in results.values():
            gain = errors[method] - errors[OURS]
            cell = f"{errors[method].mean():.3f}"
            if method != OURS:
                error = gain.std(ddof=1) / np.sqrt(len(gain))
                cell += f" ({gain.mean():+.3f} ± {error:.3f})"
            cells.append(cell)
        print(f"| {method} |", " | ".join(cells), "|")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--every", type=int, default=1, help="take each so many-th series only")
    parser.add_argument("--jobs", type=int, default=1, help="processes for the readouts")
    parser.add_argument("--environments", type=Path, default=FOLDER)
    options = parser.parse_args()
    python = make_environment("statsforecast", options.environments.resolve())
    whole = list(protocols.tourism(options.data))[:: options.every]
    results = {}
    for n_known in ENDS:
        series = [cut(protocol, n_known) for protocol in whole]
        results[n_known] = measure(series, python, options.jobs)
    show(results)


if __name__ == "__main__":
    main()
