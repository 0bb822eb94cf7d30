import numpy as np
import pytest
from sklearn.linear_model import Ridge
from test_lesson import lesson_of

from skwave._linear import linear_network, linear_outputs
from skwave._window import sliding_windows


def noisy_wave(n_channels=1, n=400):
    rng = np.random.default_rng(0)
    phase = np.arange(n)[:, None] / 5 + np.arange(n_channels)
    return 50 + 3 * np.sin(phase) + 0.1 * rng.normal(size=(n, n_channels))


@pytest.mark.parametrize("normalization", ["series", "window", None])
def test_equals_scikit_learns_ridge_on_windows_less_their_last_value(normalization):
    series = noisy_wave()
    template, lesson = lesson_of(series, length=12, normalization=normalization)
    (network,) = linear_network(template, lesson, len(lesson.starts), [1e-3])
    windows = sliding_windows(series, 12)[:, :, 0]
    inputs, targets = windows[:-1] - windows[:-1, -1:], series[12:, 0] - windows[:-1, -1]
    spread = inputs - inputs.mean(axis=0)
    alpha = 1e-3 * len(inputs) * np.mean(spread**2)
    ridge = Ridge(alpha=alpha, solver="cholesky").fit(inputs, targets)
    expected = ridge.predict(windows - windows[:, -1:]) + windows[:, -1]
    np.testing.assert_allclose(network.predict(windows[:, :, None])[:, 0], expected, rtol=1e-5)


@pytest.mark.parametrize("horizon", [1, 3])
def test_channels_that_obey_a_linear_recursion_are_continued_exactly(horizon):
    from skwave._recursion import roll_forward

    t = np.arange(300)
    series = np.column_stack([np.sin(t / 3), np.cos(t / 7) + 10])
    template, lesson = lesson_of(series[:200], length=20, horizon=horizon)
    (network,) = linear_network(template, lesson, len(lesson.starts), [1e-12])
    forecast = roll_forward(network, series[None, 180:200], 60)[0]
    np.testing.assert_allclose(forecast, series[200:260], atol=1e-3)


def test_a_level_shift_passes_through():
    series = noisy_wave()
    template, lesson = lesson_of(series, length=12)
    (network,) = linear_network(template, lesson, len(lesson.starts), [1e-3])
    windows = sliding_windows(series, 12)
    np.testing.assert_allclose(
        network.predict(windows + 1000), network.predict(windows) + 1000, rtol=1e-6
    )


def test_a_strong_penalty_forecasts_no_change():
    series = noisy_wave()
    template, lesson = lesson_of(series, length=12)
    (network,) = linear_network(template, lesson, len(lesson.starts), [1e9])
    windows = sliding_windows(series, 12)
    drift = np.mean(np.diff(series[11:, 0]))
    np.testing.assert_allclose(network.predict(windows)[:, 0], windows[:, -1, 0] + drift, rtol=1e-5)


def test_outputs_of_the_skip_are_its_share_of_the_prediction():
    series = noisy_wave(n_channels=2)
    template, lesson = lesson_of(series, length=12, horizon=2, normalization="window")
    (network,) = linear_network(template, lesson, len(lesson.starts), [1e-3])
    outputs = linear_outputs(network, lesson.values, lesson.starts) + network.head[1]
    anchored = outputs + np.tile(lesson.values[lesson.starts], 2)
    windows = sliding_windows(series, 12)[: len(outputs)]
    np.testing.assert_allclose(network.unscale(anchored), network.predict(windows), rtol=1e-5)
