"""Forecasts over held-out values: origins, errors, comparisons, and which explode or are flat."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from helpers import dataset_of, linear_network, network_of, targets_of, warnings_of

from skwave import LSTMForecaster
from skwave._rollout import (
    MAX_ORIGINS,
    RollOuts,
    baseline_errors,
    make_rollouts,
    warn_about_recursion,
)

SINE = np.sin(np.arange(200) / 3)[:, None]


# --- Origins ------------------------------------------------------------------------------------


def test_contexts_and_values_are_the_newest_of_each_series():
    first, second = np.arange(100.0)[:, None], 1000 + np.arange(100.0)[:, None]
    rollouts = make_rollouts(targets_of(first, second, length=10), 0.3)
    assert rollouts.y_true.shape[1:] == (10, 1)
    np.testing.assert_array_equal(rollouts.y_true[:, 0], rollouts.contexts[:, -1] + 1)
    # 91 windows, of which 27 that have a target are held out: the last 27 values.
    newest = rollouts.y_true.min(axis=(1, 2))
    assert newest.min() == 73
    assert 1073 <= newest[newest >= 1000].min() < 1076  # not all origins are taken
    assert rollouts.y_true.max() == 1099
    assert rollouts.n_independent == pytest.approx(2 * 2.7)


def test_the_number_of_origins_is_limited():
    rollouts = make_rollouts(targets_of(np.arange(5000.0)[:, None], length=10), 0.5)
    assert len(rollouts.contexts) == MAX_ORIGINS


def test_a_long_series_takes_no_array_of_its_windows():
    data = targets_of(np.arange(100_000.0)[:, None], length=80)
    tracemalloc.start()
    rollouts = make_rollouts(data, 1.0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert rollouts.y_true.shape == (MAX_ORIGINS, 80, 1)
    # A few numbers for each window; its values would be 80.
    assert peak < 20 * data.starts.nbytes


def test_a_longer_series_is_not_the_only_one_that_is_forecast():
    short = [k * 1000 + np.arange(60.0)[:, None] for k in range(10)]
    data = targets_of(*short, 20_000 + np.arange(200.0)[:, None], length=10)
    rollouts = make_rollouts(data, 0.1)
    assert rollouts.y_true.shape[1] == 5
    assert len(np.unique(rollouts.y_true[:, 0, 0] // 1000)) > 3


@pytest.mark.parametrize("fraction", [0.0, 0.001])
def test_where_nothing_is_held_out_all_values_are_forecast(fraction):
    rollouts = make_rollouts(targets_of(np.arange(100.0)[:, None], length=10), fraction)
    assert rollouts.y_true.min() == 10
    assert rollouts.y_true.max() == 99


def test_no_forecast_begins_before_the_windows_that_are_held_out():
    for n_values in range(12, 40):
        data = targets_of(np.arange(float(n_values))[:, None], length=10)
        parts = data.split(0.3, newest=True, random_state=np.random.RandomState(0))
        held_out = parts.targets[parts.n_train :]
        rollouts = make_rollouts(data, 0.3)
        if len(held_out):
            assert rollouts.y_true.min() >= held_out.min()


# --- Errors -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dataset():
    return dataset_of(SINE, length=10)


@pytest.fixture(scope="module")
def rollouts():
    return make_rollouts(targets_of(SINE, length=10), 0.3)


def test_exact_forecasts_have_no_error_and_no_change_its_mean_square(dataset, rollouts):
    assert rollouts.errors(linear_network(dataset, 1e-12)).max() < 1e-6
    constant = linear_network(dataset, 1e9)
    naive = (rollouts.contexts[:, -1:] - rollouts.y_true) / SINE.std()
    errors = rollouts.errors(constant)
    assert errors.mean() == pytest.approx(np.mean(naive**2), rel=0.05)
    np.testing.assert_allclose(errors, np.mean(naive**2, axis=(1, 2)), rtol=0.3, atol=0.05)


def test_the_error_of_given_forecasts_is_in_variances_of_the_true_values(rollouts):
    shifted = rollouts.y_true + 0.5 * rollouts.scale
    np.testing.assert_allclose(rollouts.errors_of(shifted), 0.25)


def test_a_forecast_that_is_not_finite_makes_all_errors_infinite(dataset, rollouts):
    network = linear_network(dataset, 1e-3)
    errors = rollouts.errors(replace(network, skip=network.skip * 1e200))
    assert (errors == np.inf).all()
    one = rollouts.y_true.copy()
    one[3, 2] = np.nan
    assert (rollouts.errors_of(one) == np.inf).all()


def test_the_exploding_error_is_ten_times_the_largest_one_that_is_finite(dataset, rollouts):
    errors = rollouts.errors(linear_network(dataset, 1e9))
    naive = np.repeat(rollouts.contexts[:, -1:], rollouts.n_steps, axis=1)
    of_naive = rollouts.errors_of(naive).max()
    assert rollouts.exploding_error(0 * errors) == pytest.approx(10 * of_naive)
    assert rollouts.exploding_error(errors + of_naive) == 10 * (errors.max() + of_naive)
    assert rollouts.exploding_error(np.full(3, np.inf)) == pytest.approx(10 * of_naive)


# --- Comparisons --------------------------------------------------------------------------------


def with_independent(n_independent):
    return RollOuts(np.zeros((2, 1)), np.array([1]), 1, 1, n_independent)


def is_better(errors, others, n_independent=100):
    errors, others = np.array(errors, float), np.array(others, float)
    return with_independent(n_independent).is_better(errors, others)


def test_the_standard_error_is_of_as_many_forecasts_as_do_not_overlap():
    values = np.array([1.0, 3.0, 2.0, 6.0])
    expected = values.std(ddof=1) / np.sqrt(2.5)
    assert with_independent(2.5).standard_error(values) == pytest.approx(expected)
    assert with_independent(1.9).standard_error(values) == np.inf


def test_the_standard_error_of_huge_errors_is_infinite_without_a_warning(rollouts):
    assert rollouts.standard_error(np.array([1e200, 3e200, 2e200])) == np.inf


def test_a_gain_counts_that_is_larger_than_its_standard_error():
    others = np.array([1.0, 3.0, 2.0, 4.0])
    assert is_better(others - 0.1, others)
    assert not is_better(others, others)
    # On average better by as much, and by more in one case than in another.
    varied = others - 0.1 + [2, -2, 2, -2]
    error = np.std(others - varied, ddof=1)
    assert is_better(varied, others, n_independent=1.01 * (error / 0.1) ** 2)
    assert not is_better(varied, others, n_independent=0.99 * (error / 0.1) ** 2)


def test_one_forecast_is_not_better_than_another_unless_that_is_infinite():
    assert not is_better([0.1, 0.1], [0.2, 0.2], n_independent=1.9)
    assert is_better([0.1, 0.1], [np.inf, np.inf], n_independent=1.9)
    assert not is_better([np.inf, np.inf], [np.inf, np.inf])


# --- Naive forecasts ----------------------------------------------------------------------------


def seasonal(n=240, season=12):
    rng = np.random.default_rng(0)
    return (np.tile(rng.normal(size=season), n // season) + 0.1 * rng.normal(size=n))[:, None]


def test_errors_of_the_naive_and_the_seasonal_naive_forecast():
    series = seasonal()
    data = targets_of(series, length=30)
    rollouts = make_rollouts(data, 0.3)
    errors, season_length = baseline_errors(rollouts, data)
    assert season_length == 12
    assert errors.keys() == {"naive", "seasonal_naive"}
    for k, origin in enumerate(rollouts.origins):
        y_true = series[origin : origin + 30, 0]
        last = np.full(30, series[origin - 1, 0])
        season = np.resize(series[origin - 12 : origin, 0], 30)
        for name, forecast in (("naive", last), ("seasonal_naive", season)):
            expected = np.mean((forecast - y_true) ** 2) / rollouts.y_true.var()
            assert errors[name][k] == pytest.approx(expected)
    assert errors["seasonal_naive"].mean() < 0.1 < errors["naive"].mean()


def test_a_series_without_a_season_has_no_seasonal_naive_forecast():
    series = np.random.default_rng(0).normal(size=(200, 1))
    data = targets_of(series, length=10)
    errors, season_length = baseline_errors(make_rollouts(data, 0.3), data)
    assert season_length == 1
    assert errors.keys() == {"naive"}


def test_a_season_longer_than_what_an_origin_knows_is_not_used():
    # The short series is forecast from values that are fewer than a season.
    long, short = seasonal(240, 24), seasonal(48, 24)[:20]
    data = targets_of(long, short, length=5)
    errors, season_length = baseline_errors(make_rollouts(data, 0.5), data)
    assert season_length == 24
    assert errors.keys() == {"naive"}


# --- A flat or exploding recursion --------------------------------------------------------------


def forecaster_of(network):
    forecaster = LSTMForecaster()
    forecaster.network_ = network
    forecaster.window_shape_ = (network.window_length, network.n_channels)
    forecaster.known_ = forecaster.forecasters_ = []
    forecaster.context_ = None
    return forecaster


def test_a_flat_recursion_is_warned_of(wave):
    constant = forecaster_of(network_of(np.zeros(20), intercept=0.3))
    (message,) = warnings_of(constant.forecast, 40, context=wave[:20])
    assert "is flat" in message
    assert "train longer" in message


def test_an_exploding_recursion_is_warned_of(wave):
    doubling = forecaster_of(network_of([*np.zeros(19), 2.0]))
    (message,) = warnings_of(doubling.forecast, 40, context=wave[5:25])
    assert "explodes" in message
    assert "validation='last'" in message


@pytest.mark.parametrize("n_steps", [1, 5, 19, 40, 400])
@pytest.mark.parametrize("period", [5, 20, 300])
def test_a_wave_neither_is_flat_nor_explodes(n_steps, period):
    time = np.arange(20 + n_steps)
    for phase in range(0, period, max(1, period // 20)):
        series = 7 + np.sin(2 * np.pi * (time + phase) / period)[None, :, None]
        assert warnings_of(warn_about_recursion, series[:, :20], series[:, 20:]) == []


def test_a_trend_does_not_explode_and_a_constant_is_not_flat():
    line = np.arange(500.0)[None, :, None]
    assert warnings_of(warn_about_recursion, line[:, :20], line[:, 20:]) == []
    constant = np.ones((1, 100, 1))
    assert warnings_of(warn_about_recursion, constant[:, :20], constant[:, 20:]) == []


def test_values_near_the_largest_float_give_no_other_warning_or_error():
    huge = np.full((1, 60, 1), 1.7e308)
    huge[:, ::2] *= -1
    # The checks let contexts of up to 1e100 through, and any forecast that is finite.
    (message,) = warnings_of(warn_about_recursion, huge[:, :20] / 1.7e208, huge[:, 20:])
    assert "explodes" in message
    assert warnings_of(warn_about_recursion, np.zeros((1, 20, 1)), huge[:, 20:]) == []


def test_one_flat_channel_of_two_is_warned_of_and_one_series_of_three_is_not(wave):
    contexts = np.stack([np.column_stack([wave[:20], wave[:20]])] * 3)
    going_on = np.stack([np.column_stack([wave[20:60], wave[20:60]])] * 3)
    flat = going_on.copy()
    flat[:, :, 1] = 0.2
    assert len(warnings_of(warn_about_recursion, contexts, flat)) == 1
    flat[:2] = going_on[:2]
    assert warnings_of(warn_about_recursion, contexts, flat) == []
