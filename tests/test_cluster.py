"""Searches and backtests on a real Dask cluster: a scheduler and two worker processes."""

import contextlib
import os
import signal
from itertools import chain

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GridSearchCV

from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave.model_selection import ForecastSplit, backtest, forecast_scorer

# Warnings of the cluster itself: of ports in use, and of tasks that end after it.
pytestmark = pytest.mark.filterwarnings("default::UserWarning", "default::ResourceWarning")

TINY = {"units": 4, "epochs": 1, "batch_size": 32, "validation": "last", "random_state": 0}


@pytest.fixture(scope="module")
def client():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture
def model():
    return make_forecast_pipeline(WindowTransformer(10), LSTMForecaster(**TINY))


@pytest.fixture(scope="module")
def long_wave(wave):
    """Long enough for joblib to hand out arrays once, rather than with each task."""
    return np.tile(wave, 3)


@pytest.fixture(scope="module")
def scores_here(long_wave):
    """The scores of the search in this process."""
    model = make_forecast_pipeline(WindowTransformer(10), LSTMForecaster(**TINY))
    scoring = forecast_scorer(mean_absolute_error, horizon=6)
    return search(model, scoring=scoring).fit(long_wave).cv_results_["mean_test_score"]


def search(model, **options):
    return GridSearchCV(
        model, {"lstmforecaster__learning_rate": [0.003, 0.3]},
        **{"cv": ForecastSplit(3, horizon=6, context=10), "refit": False, "error_score": "raise"}
        | options,
    )  # fmt: skip


def process(estimator, X, y=None):
    """A score that is the number of the process."""
    return os.getpid()


class KillFirst:
    """A scorer that kills the first worker that calls it, in the middle of its task."""

    def __init__(self, flag):
        self.flag = flag

    def __call__(self, estimator, X, y=None):
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self.flag, os.O_CREAT | os.O_EXCL))
            os.kill(os.getpid(), signal.SIGKILL)
        return forecast_scorer(mean_absolute_error, horizon=6)(estimator, X)


def test_a_backtest_refits_on_the_cluster_with_the_same_result(client, model, wave):
    here = backtest(model, wave, horizon=6, initial=80, step=20, refit=True)
    with parallel_config(backend="dask"):
        there = backtest(model, wave, horizon=6, initial=80, step=20, refit=True)
    np.testing.assert_allclose(there.y_pred, here.y_pred, rtol=1e-5, atol=1e-6)


def test_a_grid_search_runs_on_both_workers_with_the_same_result(
    client, model, long_wave, scores_here
):  # fmt: skip
    scoring = {"forecast": forecast_scorer(mean_absolute_error, horizon=6), "process": process}
    with parallel_config(backend="dask"):
        there = search(model, scoring=scoring).fit(long_wave)
    assert len(set(scores_here)) == 2
    np.testing.assert_allclose(there.cv_results_["mean_test_forecast"], scores_here, rtol=1e-5)
    used = {there.cv_results_[f"split{k}_test_process"][c] for k in range(3) for c in range(2)}
    assert used == set(client.run(os.getpid).values())
    assert len(used) == 2


def test_a_search_continues_after_a_worker_was_killed(
    client, model, long_wave, scores_here, tmp_path
):  # fmt: skip
    before = set(client.run(os.getpid).values())
    splits = list(ForecastSplit(3, horizon=6, context=10).split(long_wave))
    assert min(train.nbytes for train, _ in splits) > 1000
    # What joblib hands to one worker is lost with it: a copy for each, and none taken away.
    client.amm.stop()
    with parallel_config(backend="dask", scatter=[long_wave, *chain.from_iterable(splits)]):
        there = search(model, cv=splits, scoring=KillFirst(tmp_path / "flag")).fit(long_wave)
    assert (tmp_path / "flag").exists()
    client.wait_for_workers(2, timeout=60)
    assert set(client.run(os.getpid).values()) != before
    np.testing.assert_allclose(there.cv_results_["mean_test_score"], scores_here, rtol=1e-5)


def test_the_readouts_of_several_series_are_solved_on_both_workers(client, model, wave):
    from distributed import get_task_stream

    series = [wave, 5 + 3 * wave[:80], -wave, 2 * wave[:90]]
    here = model.fit(series).forecast(5)
    with parallel_config(backend="dask"), get_task_stream(client) as stream:
        there = model.fit(series).forecast(5)
    for one, other in zip(here, there, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-5, atol=1e-6)
    assert len({task["worker"] for task in stream.data}) == 2
