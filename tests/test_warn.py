"""Warnings that save the user: each once, each saying what to do."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from oracle import random_network
from sklearn.frozen import FrozenEstimator

from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave._warn import warn_about_recursion
from skwave.exceptions import ForecastWarning
from skwave.model_selection import backtest

TINY = {"units": 4, "epochs": 1, "batch_size": 32, "random_state": 0}


def messages(function, *args, **kwargs):
    """Return what is warned of, with the filters that a user has."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        function(*args, **kwargs)
    return [str(w.message) for w in caught if issubclass(w.category, ForecastWarning)]


def forecaster_of(network):
    forecaster = LSTMForecaster(validation="last")
    forecaster.network_ = network
    forecaster.window_shape_ = (network.window_length, network.n_channels)
    forecaster.context_, forecaster.parts_ = None, "lstm"
    return forecaster


def linear(coefficients, constant=0.0):
    """A network whose LSTM does nothing and whose linear part is known."""
    length = len(coefficients)
    network = random_network(np.random.default_rng(0), length=length, units=(1,))
    return type(network)(
        **{
            **network.__getstate__(),
            "head": (np.zeros((1, 1), np.float32), np.float32([constant])),
            "input_center": np.zeros(1), "input_scale": np.ones(1),
            "output_center": np.zeros(1), "output_scale": np.ones(1),
            "skip": np.array(coefficients, float)[:, None],
        }
    )  # fmt: skip


# --- A flat or exploding recursion --------------------------------------------------------------


def test_a_flat_recursion(wave):
    constant = forecaster_of(linear(np.zeros(20), constant=0.3))
    (message,) = messages(constant.forecast, 40, window=wave[:20])
    assert "is flat" in message
    assert "train longer" in message


def test_an_exploding_recursion(wave):
    doubling = forecaster_of(linear([*np.zeros(19), 2.0]))
    (message,) = messages(doubling.forecast, 40, window=wave[5:25])
    assert "explodes" in message
    assert "validation='last'" in message


@pytest.mark.parametrize("n_steps", [1, 5, 19, 40, 400])
@pytest.mark.parametrize("period", [5, 20, 300])
def test_a_wave_is_neither(n_steps, period):
    time = np.arange(20 + n_steps)
    for phase in range(0, period, max(1, period // 20)):
        series = 7 + np.sin(2 * np.pi * (time + phase) / period)[None, :, None]
        assert messages(warn_about_recursion, series[:, :20], series[:, 20:]) == []


def test_a_trend_does_not_explode_and_a_constant_is_not_flat():
    line = np.arange(500.0)[None, :, None]
    assert messages(warn_about_recursion, line[:, :20], line[:, 20:]) == []
    constant = np.ones((1, 100, 1))
    assert messages(warn_about_recursion, constant[:, :20], constant[:, 20:]) == []


def test_values_near_the_largest_float_are_no_trouble():
    huge = np.full((1, 60, 1), 1.7e308)
    huge[:, ::2] *= -1
    messages(warn_about_recursion, huge[:, :20], huge[:, 20:])
    (message,) = messages(warn_about_recursion, np.zeros((1, 5, 1)), np.full((1, 9, 1), np.nan))
    assert "explodes" in message


def test_one_flat_channel_of_two_is_enough_and_one_series_of_three_is_not(wave):
    contexts = np.stack([np.column_stack([wave[:20], wave[:20]])] * 3)
    going_on = np.stack([np.column_stack([wave[20:60], wave[20:60]])] * 3)
    flat = going_on.copy()
    flat[:, :, 1] = 0.2
    assert len(messages(warn_about_recursion, contexts, flat)) == 1
    flat[:2] = going_on[:2]
    assert messages(warn_about_recursion, contexts, flat) == []


# --- Long windows -------------------------------------------------------------------------------


@pytest.mark.parametrize(("n_values", "n_warnings"), [(30, 0), (29, 1)])
def test_windows_longer_than_a_third_of_the_series(wave, n_values, n_warnings):
    windows = WindowTransformer(10).fit_transform(wave[:n_values])
    found = messages(LSTMForecaster(**TINY).fit, windows)
    assert len(found) == n_warnings
    if found:
        assert "window_length=10" in found[0]
        assert "at most 9" in found[0]
        assert "19 windows to learn from" in found[0]


def test_who_goes_on_cannot_change_the_window(wave):
    forecaster = LSTMForecaster(**TINY).fit(WindowTransformer(10).fit_transform(wave))
    few = WindowTransformer(10).fit_transform(wave[:15])
    assert messages(forecaster.partial_fit, few) == []
    settings = TINY | {"horizon": 4}
    (found,) = messages(LSTMForecaster(**settings).fit, few)
    assert "2 windows to learn from" in found


def test_ordinary_regression_on_lags_is_not_warned_of(wave):
    windows = WindowTransformer(10).fit_transform(wave[:15])
    assert messages(LSTMForecaster(**TINY).fit, windows, np.zeros(6)) == []


# --- Backtests ----------------------------------------------------------------------------------


def test_worse_than_the_naive_forecast(wave):
    opposite = FrozenEstimator(forecaster_of(linear([*np.zeros(19), -1.0])))
    (message,) = messages(backtest, opposite, wave, horizon=6, initial=80)
    assert "worse than the naive" in message
    assert "normalization='window'" in message


def test_better_than_the_naive_forecast(wave):
    season = FrozenEstimator(forecaster_of(linear([1.0, *np.zeros(19)])))
    assert messages(backtest, season, wave, horizon=40, initial=80) == []


def test_validation_that_overlaps_the_training_windows(wave):
    def model(**options):
        forecaster = LSTMForecaster(**TINY | {"linear_skip": False} | options)
        return make_forecast_pipeline(WindowTransformer(10), forecaster)

    def about_validation(**options):
        found = messages(backtest, model(**options), wave, horizon=6, initial=80, refit=15)
        return [m for m in found if "overlap" in m]

    (message,) = about_validation()
    assert "validation='last'" in message
    assert about_validation(validation="last") == []
    assert about_validation(validation_split=0.0) == []
    # A solved readout holds out the newest in any case.
    assert about_validation(linear_skip=True) == []


def test_warnings_point_to_the_line_of_the_user(wave):
    def fit_and_forecast():
        windows = WindowTransformer(60).fit_transform(wave)
        LSTMForecaster(**TINY).fit(windows)
        model = make_forecast_pipeline(WindowTransformer(60), LSTMForecaster(**TINY)).fit(wave)
        vars(model[-1])["network_"] = replace(
            model[-1].network_, layers=(), head=(np.zeros((0, 1)), np.zeros(1)), skip=None
        )
        model.forecast(41)

    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        fit_and_forecast()
    found = [w for w in found if issubclass(w.category, ForecastWarning)]
    assert len(found) == 3
    assert {w.filename for w in found} == {__file__}
