"""Intervals of one package for one series, in a process of its own; `intervals.py` starts it.

    python interval_contestants.py METHOD GIVEN.npz TAKEN.npz

Each package has a ridge regression (scikit-learn's, with its default penalty) on as many lags as
skwave's windows are long. The series is scaled to mean 0 and standard deviation 1 by its training
part. What calibrates the intervals is 30 % of the training part that a model was not fitted on, as
skwave holds out, or as many values before the origin. Nothing but the package is imported.
"""

import json
import sys
import warnings

import numpy as np

HELD_OUT = 0.3


class Task:
    """What is given, scaled, and the first value that is held out."""

    def __init__(self, path):
        given = np.load(path)
        mean, self.scale = given["train"].mean(), given["train"].std()
        self.mean = mean
        self.train = (given["train"] - mean) / self.scale
        self.contexts = (given["contexts"] - mean) / self.scale
        self.gaps = given["gaps"]
        self.n_steps, self.n_lags = int(given["n_steps"]), int(given["n_lags"])
        self.coverages = given["coverages"].tolist()
        self.first_held_out = len(self.train) - int(HELD_OUT * len(self.train))


def skforecast_model(task):
    """Return a model of all of the training part."""
    import pandas as pd
    from skforecast.recursive import ForecasterRecursive
    from sklearn.linear_model import Ridge

    model = ForecasterRecursive(estimator=Ridge(), lags=task.n_lags)
    model.fit(pd.Series(task.train), store_in_sample_residuals=True)
    return model


def last_windows(task):
    """Yield the values before each origin."""
    import pandas as pd

    for context in task.contexts[:, -task.n_lags :]:
        end = len(task.train)
        yield pd.Series(context, index=pd.RangeIndex(end - task.n_lags, end))


def skforecast_conformal(task):
    """One width: errors of all steps of a model of the first 70 % over the others."""
    import pandas as pd
    from skforecast.model_selection import TimeSeriesFold, backtesting_forecaster

    model, series = skforecast_model(task), pd.Series(task.train)
    folds = TimeSeriesFold(task.n_steps, initial_train_size=task.first_held_out, refit=False)
    _, forecasts = backtesting_forecaster(
        model, series, folds, metric="mean_absolute_error", show_progress=False
    )
    model.set_out_sample_residuals(series[forecasts.index], forecasts["pred"])
    options = {"method": "conformal", "use_in_sample_residuals": False}
    intervals = [
        [
            model.predict_interval(task.n_steps, last_window=window, interval=c, **options)
            for c in task.coverages
        ]
        for window in last_windows(task)
    ]
    bounds = [[f[["lower_bound", "upper_bound"]] for f in found] for found in intervals]
    return np.moveaxis(np.array(bounds), 1, 2)


def skforecast_bootstrap(task):
    """Errors of one step are drawn and fed back, 250 times; by default those of the fit."""
    model = skforecast_model(task)
    tails = [[(1 - c) / 2, (1 + c) / 2] for c in task.coverages]
    intervals = []
    for window in last_windows(task):
        paths = model.predict_bootstrapping(task.n_steps, last_window=window).to_numpy()
        intervals.append(np.moveaxis(np.quantile(paths, tails, axis=1), -1, 0))
    return np.array(intervals)


def darts_conformal(task):
    """All steps at once; the errors of each over the values before the origin give its width."""
    from darts import TimeSeries
    from darts.models import ConformalNaiveModel, SKLearnModel
    from sklearn.linear_model import Ridge

    model = SKLearnModel(lags=task.n_lags, output_chunk_length=task.n_steps, model=Ridge())
    model.fit(TimeSeries.from_values(task.train[: task.first_held_out]))
    tails = [(1 - c) / 2 for c in task.coverages]
    quantiles = sorted([*tails, 0.5, *(1 - t for t in tails)])
    conformal = ConformalNaiveModel(model, quantiles)
    n_known = len(task.train) - task.first_held_out + task.n_lags
    intervals = []
    for context in task.contexts:
        series = TimeSeries.from_values(context[-n_known:])
        found = conformal.predict(
            task.n_steps, series=series, predict_likelihood_parameters=True, show_warnings=False
        ).values()
        pairs = [(quantiles.index(t), len(quantiles) - 1 - quantiles.index(t)) for t in tails]
        intervals.append(found[:, pairs])
    return np.array(intervals)


def mapie_enbpi(task):
    """One step; the oldest residuals give way to those of the values before the origin."""
    from mapie.regression import TimeSeriesRegressor
    from mapie.subsample import BlockBootstrap
    from sklearn.linear_model import Ridge

    def cut(values):
        windows = np.lib.stride_tricks.sliding_window_view(values, task.n_lags + 1)
        return windows[:, :-1], windows[:, -1]

    blocks = BlockBootstrap(n_blocks=10, random_state=0)
    model = TimeSeriesRegressor(Ridge(), method="enbpi", cv=blocks).fit(*cut(task.train))
    intervals = []
    for context, gap in zip(task.contexts, task.gaps, strict=True):
        n_new = min(gap, len(context) - task.n_lags)
        if n_new:
            model.update(*cut(context[-task.n_lags - n_new :]), ensemble=True)
        _, bounds = model.predict(
            context[None, -task.n_lags :], ensemble=True, confidence_level=task.coverages
        )
        intervals.append(np.swapaxes(bounds, 1, 2))
    return np.array(intervals)


METHODS = {
    "skforecast conformal": skforecast_conformal,
    "skforecast bootstrap": skforecast_bootstrap,
    "darts ConformalNaive": darts_conformal,
    "MAPIE EnbPI": mapie_enbpi,
}


def main():
    method, given, taken = sys.argv[1:]
    warnings.simplefilter("ignore")
    task = Task(given)
    intervals = METHODS[method](task)
    # (n_origins, n_steps, n_coverages, 2)
    np.savez(taken, bounds=task.mean + task.scale * intervals)
    print(json.dumps(list(intervals.shape)))


if __name__ == "__main__":
    main()
