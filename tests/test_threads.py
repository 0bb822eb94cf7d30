"""One fitted forecaster, used by many threads."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from oracle import random_network

from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline

TINY = {"units": 6, "epochs": 2, "random_state": 0}


def test_eight_threads_forecast_while_a_ninth_fits(fitted, windows, wave):
    pipeline = make_forecast_pipeline(WindowTransformer(10), LSTMForecaster(**TINY)).fit(wave)
    batch = np.stack([windows[k] for k in range(0, 40, 5)])
    calls = {
        "forecast": lambda: fitted.forecast(50),
        "batch": lambda: fitted.forecast(20, context=batch),
        "predict": lambda: fitted.predict(windows),
        "score": lambda: fitted.score(windows),
        "pipeline": lambda: pipeline.forecast(30),
    }
    expected = {name: call() for name, call in calls.items()}
    alone = LSTMForecaster(**TINY).fit(windows).forecast(30)
    over, done = threading.Event(), []

    def work(number):
        """Call one thing after another for as long as the other thread fits."""
        names = sorted(calls)
        while not over.is_set():
            name = names[number % len(names)]
            np.testing.assert_array_equal(calls[name](), expected[name])
            number += 1
            done.append(name)

    with ThreadPoolExecutor(9) as pool:
        workers = [pool.submit(work, number) for number in range(8)]
        try:
            fitting = pool.submit(lambda: LSTMForecaster(**TINY).fit(windows).forecast(30))
            np.testing.assert_array_equal(fitting.result(), alone)
        finally:
            over.set()
        for worker in workers:
            worker.result()
    assert set(done) == set(calls)


def test_fits_in_several_threads_are_as_one_after_the_other(windows):
    seeds = [1, 2, 3]

    def fit(seed):
        return LSTMForecaster(**TINY | {"random_state": seed}).fit(windows).forecast(20)

    expected = [fit(seed) for seed in seeds]
    with ThreadPoolExecutor(3) as pool:
        np.testing.assert_array_equal(list(pool.map(fit, seeds)), expected)


@pytest.mark.parametrize("units", [(7,), (33, 5)])
def test_results_depend_on_the_number_of_blas_threads_by_rounding_alone(units):
    from threadpoolctl import threadpool_limits

    network = random_network(np.random.default_rng(0), units=units, length=30)
    # With sums of order one a state forgets; larger ones multiply rounding at each step, on some
    # processors a thousandfold.
    layers = [
        tuple(w / np.float32(len(layer[1]) ** 0.5) for w in layer) for layer in network.layers
    ]
    network = replace(network, layers=tuple(layers))
    windows = np.random.default_rng(1).normal(size=(700, 30, 1))
    results = []
    for n in (1, 2):
        with threadpool_limits(n, user_api="blas"):
            results.append(network.predict(windows))
    # Bit for bit on some processors only: kernels differ in how they share a product out.
    np.testing.assert_allclose(*results, rtol=0, atol=2e-6)
