"""
A search and a backtest on a Dask cluster
=========================================

This script starts a scheduler and two worker processes on this machine. For a real cluster, give
``Client`` the address of its scheduler; the rest of the script stays the same::

    pip install ".[dask]"
    python examples/cluster.py
"""

import os
import time
from itertools import chain

from distributed import Client, LocalCluster
from joblib import Parallel, delayed, parallel_config
from sklearn.base import clone
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GridSearchCV

from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave.datasets import make_mackey_glass
from skwave.model_selection import ForecastSplit, backtest, forecast_scorer

HORIZON, LONGEST = 24, 48
EPOCHS = 5


def process(estimator, X, y=None):
    """Return the number of the process that scores, which is also the one that fitted."""
    return os.getpid()


def fit(model, series):
    return clone(model).fit(series)


def main():
    series = make_mackey_glass(800, random_state=0)
    model = make_forecast_pipeline(
        WindowTransformer(LONGEST),
        LSTMForecaster(units=16, epochs=EPOCHS, random_state=0),
    )
    splits = list(ForecastSplit(3, horizon=HORIZON, context=LONGEST).split(series))
    search = GridSearchCV(
        model,
        {"windowtransformer__window_length": [12, LONGEST], "lstmforecaster__units": [8, 16]},
        cv=splits,
        scoring={
            "forecast": forecast_scorer(mean_absolute_error, horizon=HORIZON),
            "process": process,
        },
        refit="forecast",
    )
    with LocalCluster(n_workers=2, threads_per_worker=1) as cluster, Client(cluster) as client:
        print("workers:", sorted(client.run(os.getpid).values()))
        # Every worker keeps a copy of the data, so that one of them may fail.
        client.amm.stop()
        begin = time.perf_counter()
        with parallel_config(backend="dask", scatter=[series, *chain.from_iterable(splits)]):
            search.fit(series)
        seconds = time.perf_counter() - begin
        results = search.cv_results_
        used = {int(p) for k in range(3) for p in results[f"split{k}_test_process"]}
        print(f"12 fits on {sorted(used)} in {seconds:.0f} s, best: {search.best_params_}")

        with parallel_config(backend="dask"):
            result = backtest(
                search.best_estimator_, series, horizon=HORIZON, initial=600, step=HORIZON,
                refit=True,
            )  # fmt: skip
            many = [make_mackey_glass(400, random_state=k) for k in range(4)]
            models = Parallel()(delayed(fit)(model, x) for x in many)
        print(result)
        print("a model for each of", len(models), "series:")
        for fitted in models:
            print("  next values:", fitted.forecast(3).round(3))


# Worker processes import this file. They must not start clusters of their own.
if __name__ == "__main__":
    main()
