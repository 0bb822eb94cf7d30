"""The same numbers from the same random_state, wherever they are made, and nothing else touched."""

import os
import random
import sys
import warnings
from collections import OrderedDict

import numpy as np
import pytest
from helpers import BACKEND
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from skwave import (
    ForecastDisplay,
    HistoryDisplay,
    LSTMForecaster,
    WindowTransformer,
    make_forecast_pipeline,
)
from skwave.datasets import make_mackey_glass, make_wave

TINY = {
    "units": 6, "epochs": 2, "dropout": 0.1, "batch_size": 16, "random_state": 0,
    "readout": "trained",
}  # fmt: skip


def forecaster(**changes):
    return LSTMForecaster(**TINY | changes)


def test_twice_in_one_process_and_after_clone(windows):
    first = forecaster().fit(windows)
    expected = first.forecast(30)
    for again in (forecaster(), clone(first), first):
        np.testing.assert_array_equal(again.fit(windows).forecast(30), expected)
    assert (forecaster(random_state=1).fit(windows).forecast(30) != expected).all()
    assert (forecaster(random_state=None).fit(windows).forecast(30) != expected).all()


def test_a_solved_readout_twice_and_after_other_fits(windows):
    chaos = WindowTransformer(10).fit_transform(make_mackey_glass(400, random_state=0))
    first = forecaster(readout="ridge").fit(chaos)
    assert first.readout_ != "trained"
    expected = first.forecast(30)
    forecaster(readout="ridge").fit(windows)
    for again in (forecaster(readout="ridge"), clone(first), first):
        np.testing.assert_array_equal(again.fit(chaos).forecast(30), expected)


def test_random_state_instances_go_on(windows):
    shared = np.random.RandomState(0)
    forecasts = [forecaster(random_state=shared).fit(windows).forecast(9) for _ in range(2)]
    assert (forecasts[0] != forecasts[1]).all()
    same = forecaster(random_state=np.random.RandomState(0)).fit(windows)
    np.testing.assert_array_equal(same.forecast(9), forecasts[0])


# A model is lent to one fit after the other; what they leave behind must not be seen.
def test_earlier_fits_do_not_matter(windows, two_channels):
    # No schedule, which would set the learning rate anew at each update.
    expected = forecaster(schedule=None).fit(windows).forecast(20)
    for other in (
        {"random_state": 5, "epochs": 3, "patience": 0},
        {"learning_rate": 0.5, "schedule": None},
        {"validation_split": 0.0, "batch_size": 32},
    ):
        forecaster(**other).fit(3 * windows + 1)
    forecaster().fit(WindowTransformer(10).fit_transform(two_channels[:, :1]))
    forecaster().fit(windows, np.ones(len(windows)), sample_weight=np.ones(len(windows)))
    found = forecaster(schedule=None).fit(windows).forecast(20)
    np.testing.assert_array_equal(found, expected)


def test_in_a_grid_search_here_and_in_two_fresh_processes(wave):
    def search(n_jobs):
        model = make_pipeline(WindowTransformer(10), forecaster())
        grid = {"lstmforecaster__units": [6]}
        with warnings.catch_warnings():
            # joblib says so where a worker took long to start.
            warnings.filterwarnings("ignore", "A worker stopped", UserWarning)
            return GridSearchCV(model, grid, cv=TimeSeriesSplit(2), n_jobs=n_jobs).fit(wave)

    one, two = search(1), search(2)
    for name in ("split0_test_score", "split1_test_score"):
        np.testing.assert_array_equal(one.cv_results_[name], two.cv_results_[name])
    forecasts = [s.best_estimator_[-1].forecast(30) for s in (one, two)]
    np.testing.assert_array_equal(*forecasts)


# --- Global state ---------------------------------------------------------------------------------


def public_calls():
    wave = make_wave("sine", n_cycles=5, steps_per_cycle=20)
    windows = WindowTransformer(10).fit_transform(wave)
    free = {"random_state": None}
    fitted = forecaster().fit(windows)
    pipeline = make_forecast_pipeline(WindowTransformer(10), forecaster(**free)).fit(wave)
    return {
        "make_wave": lambda: make_wave("sine", noise=0.1),
        "make_mackey_glass": lambda: make_mackey_glass(10),
        "transform": lambda: WindowTransformer(10).fit_transform(wave),
        "fit": lambda: forecaster(**free).fit(windows),
        "partial_fit": lambda: forecaster(**free).fit(windows).partial_fit(windows),
        "predict": lambda: fitted.predict(windows),
        "score": lambda: fitted.score(windows),
        "forecast": lambda: fitted.forecast(9),
        "to_keras": lambda: fitted.to_keras(),
        "model_": lambda: fitted.model_,
        "regressor_": lambda: fitted.regressor_,
        "ForecastPipeline.fit": lambda: pipeline.fit(wave),
        "ForecastPipeline.forecast": lambda: pipeline.forecast(9),
        "ForecastPipeline.predict": lambda: pipeline.predict(wave),
        "ForecastDisplay": lambda: ForecastDisplay.from_estimator(pipeline, wave[:30]),
        "HistoryDisplay": lambda: HistoryDisplay.from_estimator(fitted),
        "a failing fit": lambda: failing(lambda: forecaster(units=0).fit(windows)),
        "a failing forecast": lambda: failing(lambda: fitted.forecast(0)),
    }


def failing(call):
    with pytest.raises(ValueError, match="units|n_steps"):
        call()


def draws():
    """Draw from each global generator."""
    drawn = [random.random(), np.random.random()]
    if BACKEND == "tensorflow":
        import tensorflow as tf

        drawn.append(float(tf.random.uniform(())))
    # JAX has no global generator. That of PyTorch is drawn from by its DataLoader, with which Keras
    # reads batches; no weight and no forecast depends on what comes.
    return drawn


def state_of_keras():
    """Return where Keras's generator is; seeding all generators does not reset it before 3.11."""
    from keras.src.random.seed_generator import global_seed_generator

    return global_seed_generator().state.numpy().tolist()


def is_deterministic():
    """Return whether the backend was told to compute the same each time; JAX is not asked."""
    if BACKEND == "tensorflow":
        from tensorflow.python.framework import config

        return config.is_op_determinism_enabled()
    if BACKEND == "torch":
        import torch

        return torch.are_deterministic_algorithms_enabled()
    return None


def settings():
    import keras
    import matplotlib as mpl

    return {
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "floats": keras.config.floatx(),
        "policy": keras.config.dtype_policy().name,
        "epsilon": keras.config.epsilon(),
        "images": keras.config.image_data_format(),
        "tracebacks": keras.config.is_traceback_filtering_enabled(),
        "logging": keras.config.is_interactive_logging_enabled(),
        "determinism": is_deterministic(),
        "numpy errors": np.geterr(),
        "numpy printing": np.get_printoptions(),
        "warnings": list(warnings.filters),
        "colours": dict(mpl.rcParams),
        "path": list(sys.path),
    }


def test_global_generators_and_settings_are_as_before_every_call(monkeypatch):
    import keras

    calls = public_calls()
    # So that a fit also builds its model.
    monkeypatch.setattr("skwave._keras_model._MODELS", OrderedDict())
    state_of_keras()  # the first time it draws its seed from Python's generator
    keras.utils.set_random_seed(7)
    state_of_keras()
    expected, before = draws(), settings()
    for name, call in calls.items():
        keras.utils.set_random_seed(7)
        state = state_of_keras()
        call()
        assert state_of_keras() == state, f"{name} has drawn from Keras's generator"
        assert draws() == expected, f"{name} has drawn from a global generator"
        now = settings()
        assert [k for k in before if now[k] != before[k]] == [], name


@pytest.mark.parametrize("setting", ["float64", "mixed_float16"])
# JAX has no float64 unless it is told so, and says that wherever Keras asks for it.
@pytest.mark.filterwarnings("ignore:Explicitly requested dtype float64:UserWarning")
def test_keras_settings_of_the_user_are_left_and_change_nothing(windows, setting, monkeypatch):
    import keras

    expected = forecaster().fit(windows).forecast(20)
    # So that the model is built under the setting, and lent to no other fit.
    monkeypatch.setattr("skwave._keras_model._MODELS", OrderedDict())
    keras.config.set_floatx("float64" if setting == "float64" else "float32")
    keras.config.set_dtype_policy(setting)
    try:
        again = forecaster(jit_compile=False).fit(windows)
        np.testing.assert_allclose(again.forecast(20), expected, atol=1e-4)
        found = np.ravel(again.to_keras().predict(windows, verbose=0))
        np.testing.assert_allclose(found, again.predict(windows), atol=1e-5)
        assert keras.config.dtype_policy().name == setting
    finally:
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")
