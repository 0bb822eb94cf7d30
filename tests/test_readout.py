from dataclasses import replace

import numpy as np
import pytest
from oracle import lstm, random_network
from sklearn.linear_model import Ridge
from test_lesson import lesson_of

from skwave._readout import (
    cross_validated,
    mean_square_rest,
    midway,
    no_change,
    skip_outputs,
    solve,
    take_moments,
    window_penalties,
)
from skwave._recursion import roll_forward
from skwave._window import sliding_windows

ALL = slice(None)


def noisy_wave(n_channels=1, n=400):
    rng = np.random.default_rng(0)
    phase = np.arange(n)[:, None] / 5 + np.arange(n_channels)
    return 50 + 3 * np.sin(phase) + 0.1 * rng.normal(size=(n, n_channels))


def linear_network(template, lesson, penalty):
    start = no_change(template)
    moments = take_moments(start, lesson, ALL)
    return solve(start, moments, state_penalty=np.inf, linear_penalty=penalty)


def with_layers(template, units=5):
    """Return a network with random layers, and the lesson's scales."""
    channels = template.n_channels
    layers = random_network(
        np.random.default_rng(1), units=(units,), length=template.window_length, n_channels=channels
    ).layers
    return no_change(replace(template, layers=layers))


def relative(series, template):
    """Return windows and targets, both less the newest value and scaled, and the states."""
    length = template.window_length
    windows = sliding_windows(series, length)
    inputs = (windows[:-1] - windows[:-1, -1:]) / template.input_scale
    targets = (series[length:] - windows[:-1, -1]) / template.input_scale
    return inputs.reshape(len(inputs), -1), targets, template.scale(windows[:-1])


@pytest.mark.parametrize("normalization", ["series", "window", None])
def test_a_linear_model_is_scikit_learns_ridge_on_windows_less_their_last_value(normalization):
    series = noisy_wave()
    template, lesson = lesson_of(series, length=12, normalization=normalization)
    network = linear_network(template, lesson, 1e-3)
    windows = sliding_windows(series, 12)[:, :, 0]
    inputs, targets = windows[:-1] - windows[:-1, -1:], series[12:, 0] - windows[:-1, -1]
    spread = inputs - inputs.mean(axis=0)
    alpha = 1e-3 * len(inputs) * np.mean(spread**2)
    ridge = Ridge(alpha=alpha, solver="cholesky").fit(inputs, targets)
    expected = ridge.predict(windows - windows[:, -1:]) + windows[:, -1]
    np.testing.assert_allclose(network.predict(windows[:, :, None])[:, 0], expected, rtol=1e-5)


def test_states_and_window_are_scikit_learns_ridge_with_a_penalty_for_each():
    series = noisy_wave(n=150)
    template, lesson = lesson_of(series, length=12)
    start = with_layers(template)
    moments = take_moments(start, lesson, ALL)
    network = solve(start, moments, state_penalty=1e-2, linear_penalty=1e-3)
    inputs, targets, scaled = relative(series, template)
    states = np.array([lstm(start.layers[0], window, 5)[-1] for window in scaled])
    # Ridge has one penalty: the inputs are scaled so that it is as large as is asked for.
    sizes = [np.sqrt(np.mean((x - x.mean(axis=0)) ** 2)) for x in (states, inputs)]
    design = np.hstack([states / sizes[0] / np.sqrt(1e-2), inputs / sizes[1] / np.sqrt(1e-3)])
    ridge = Ridge(alpha=len(design), solver="cholesky").fit(design, targets)
    expected = ridge.predict(design).ravel() * template.input_scale + series[11:-1, 0]
    windows = sliding_windows(series, 12)[:-1]
    np.testing.assert_allclose(network.predict(windows)[:, 0], expected, rtol=1e-5)


def test_a_penalty_for_each_lag_is_scikit_learns_ridge_on_inputs_scaled_by_it():
    series = noisy_wave(n_channels=2, n=150)
    template, lesson = lesson_of(series, length=12)
    penalties = 1e-3 * np.repeat(np.arange(12, 0, -1.0), 2)
    network = linear_network(template, lesson, penalties)
    inputs, targets, _ = relative(series, template)
    size = np.sqrt(np.mean((inputs - inputs.mean(axis=0)) ** 2))
    design = inputs / size / np.sqrt(penalties)
    ridge = Ridge(alpha=len(design), solver="cholesky").fit(design, targets)
    expected = ridge.predict(design) * template.input_scale + series[11:-1]
    windows = sliding_windows(series, 12)[:-1]
    np.testing.assert_allclose(network.predict(windows), expected, rtol=1e-5)


def test_weights_count_as_repetitions():
    series = noisy_wave(n=150)
    template, lesson = lesson_of(series, length=12)
    start = with_layers(template)
    n = len(lesson.starts)
    weights = np.random.default_rng(0).integers(0, 4, size=n)
    rows = np.repeat(np.arange(n), weights)
    repeated = lesson._replace(starts=lesson.starts[rows], targets=lesson.targets[rows])
    weighted = lesson._replace(weights=weights.astype(np.float32))
    for mine, theirs in zip(
        take_moments(start, weighted, ALL), take_moments(start, repeated, ALL), strict=True
    ):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-9)


def test_moments_of_two_parts_add_up():
    template, lesson = lesson_of(noisy_wave(n=150), length=12)
    start = with_layers(template)
    parts = take_moments(start, lesson, slice(0, 40)) + take_moments(start, lesson, slice(40, None))
    for mine, theirs in zip(parts, take_moments(start, lesson, ALL), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-9)


def test_the_mean_square_that_is_left_is_that_of_the_predictions():
    series = noisy_wave(n_channels=2, n=150)
    template, lesson = lesson_of(series, length=12, horizon=2)
    start = with_layers(template)
    moments = take_moments(start, lesson, ALL)
    network = solve(start, moments, state_penalty=1e-2, linear_penalty=1e-3)
    windows = sliding_windows(series, 12)[: len(lesson.starts)]
    rest = (network.predict(windows) - network.output_center) / network.output_scale
    expected = np.mean((rest - lesson.targets) ** 2)
    assert mean_square_rest(network, moments) == pytest.approx(expected, rel=1e-3)


def test_shrinks_towards_the_network_it_starts_from():
    template, lesson = lesson_of(noisy_wave(n=150), length=12)
    start = linear_network(template, lesson, 1e-3)
    _, other = lesson_of(noisy_wave(n=150) ** 2, length=12)
    moments = take_moments(start, other, ALL)
    near = solve(start, moments, state_penalty=1, linear_penalty=1e12, weight_before=1e12)
    np.testing.assert_allclose(near.skip, start.skip, atol=1e-6)
    np.testing.assert_allclose(near.head[1], start.head[1], atol=1e-6)
    # What is at its least square already, is not moved at all.
    same = take_moments(start, lesson, ALL)
    best = solve(start, same, state_penalty=1, linear_penalty=1e-9)
    again = solve(best, same, state_penalty=1, linear_penalty=1.0, weight_before=1.0)
    np.testing.assert_allclose(again.skip, best.skip, atol=1e-4)


@pytest.mark.parametrize("horizon", [1, 3])
def test_channels_that_obey_a_linear_recursion_are_continued_exactly(horizon):
    t = np.arange(300)
    series = np.column_stack([np.sin(t / 3), np.cos(t / 7) + 10])
    template, lesson = lesson_of(series[:200], length=20, horizon=horizon)
    network = linear_network(template, lesson, 1e-12)
    forecast = roll_forward(network, series[None, 180:200], 60)[0]
    np.testing.assert_allclose(forecast, series[200:260], atol=1e-3)


def test_a_level_shift_passes_through_the_linear_part():
    series = noisy_wave()
    template, lesson = lesson_of(series, length=12)
    network = linear_network(template, lesson, 1e-3)
    windows = sliding_windows(series, 12)
    np.testing.assert_allclose(
        network.predict(windows + 1000), network.predict(windows) + 1000, rtol=1e-6
    )


def test_a_strong_penalty_forecasts_no_change():
    series = noisy_wave()
    template, lesson = lesson_of(series, length=12)
    network = linear_network(template, lesson, 1e9)
    windows = sliding_windows(series, 12)
    drift = np.mean(np.diff(series[11:, 0]))
    np.testing.assert_allclose(network.predict(windows)[:, 0], windows[:, -1, 0] + drift, rtol=1e-5)


def test_outputs_of_the_skip_are_its_share_of_the_prediction():
    series = noisy_wave(n_channels=2)
    template, lesson = lesson_of(series, length=12, horizon=2, normalization="window")
    network = linear_network(template, lesson, 1e-3)
    outputs = skip_outputs(network, lesson.values, lesson.starts) + network.head[1]
    anchored = outputs + np.tile(lesson.values[lesson.starts], 2)
    windows = sliding_windows(series, 12)[: len(outputs)]
    np.testing.assert_allclose(network.unscale(anchored), network.predict(windows), rtol=1e-5)


def test_penalties_are_chosen_as_by_scikit_learns_cross_validation_over_blocks():
    series = noisy_wave(n=200) + np.random.default_rng(1).normal(size=(200, 1))
    template, lesson = lesson_of(series, length=12)
    start = no_change(template)
    blocks = np.array_split(np.argsort(lesson.starts), 5)
    penalties = 10.0 ** np.arange(-4, 3)

    def solved(moments, penalty):
        return solve(start, moments, state_penalty=np.inf, linear_penalty=penalty)

    chosen = cross_validated(
        solved, [take_moments(start, lesson, rows) for rows in blocks], penalties
    )
    inputs, targets, _ = relative(series, template)
    errors = []
    for penalty in penalties:
        squares = 0
        for rows in np.array_split(np.arange(len(inputs)), 5):
            rest = np.delete(np.arange(len(inputs)), rows)
            spread = inputs[rest] - inputs[rest].mean(axis=0)
            alpha = penalty * len(rest) * np.mean(spread**2)
            ridge = Ridge(alpha=alpha, solver="cholesky").fit(inputs[rest], targets[rest])
            squares += np.sum((ridge.predict(inputs[rows]) - targets[rows].ravel()) ** 2)
        errors.append(squares)
    assert 0 < np.argmin(errors) < len(penalties) - 1
    assert chosen == penalties[np.argmin(errors)]


def test_penalties_are_equal_or_grow_with_the_square_of_the_lag():
    penalties = window_penalties(3, 2)
    ratios = penalties / penalties[:, -1:]
    equal = np.isclose(ratios[:, 0], 1)
    np.testing.assert_allclose(ratios[equal], 1)
    np.testing.assert_allclose(ratios[~equal], np.tile([9, 9, 4, 4, 1, 1], (sum(~equal), 1)))
    assert 0 < sum(equal) < len(penalties)


def damped(rng):
    """Return a series of which two values tell all there is to know."""
    values = np.zeros(240)
    for t in range(2, len(values)):
        values[t] = 1.6 * values[t - 1] - 0.8 * values[t - 2] + rng.normal()
    return values


def repeated(rng):
    """Return a season as long as the window, with noise."""
    return np.tile(rng.normal(size=40), 6) + 0.1 * rng.normal(size=240)


@pytest.mark.parametrize(("make", "grows"), [(damped, True), (repeated, False)])
def test_old_values_count_for_less_only_where_they_tell_less(make, grows):
    series = make(np.random.default_rng(0))[:, None]
    template, lesson = lesson_of(series, length=40)
    start = no_change(template)
    pieces = [
        take_moments(start, lesson, rows) for rows in np.array_split(np.argsort(lesson.starts), 5)
    ]

    def solved(moments, penalty):
        return solve(start, moments, state_penalty=np.inf, linear_penalty=penalty)

    chosen = cross_validated(solved, pieces, window_penalties(40, 1))
    assert (chosen[0] > chosen[-1]) == grows


@pytest.mark.parametrize("normalization", ["series", "window"])
def test_midway_predicts_the_mean(normalization):
    series = noisy_wave(n_channels=2, n=150)
    template, lesson = lesson_of(series, length=12, normalization=normalization)
    start = with_layers(template)
    moments = take_moments(start, lesson, ALL)
    linear, both = (
        solve(start, moments, state_penalty=penalty, linear_penalty=1e-3)
        for penalty in (np.inf, 1e-4)
    )
    windows = sliding_windows(series, 12)
    expected = (linear.predict(windows) + both.predict(windows)) / 2
    np.testing.assert_allclose(midway(linear, both).predict(windows), expected, rtol=1e-6)
    assert np.abs(linear.predict(windows) - expected).max() > 1e-3
