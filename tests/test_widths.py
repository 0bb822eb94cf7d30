"""How wide residuals are: after a window that changes much, and at the level of a forecast."""

import numpy as np
import pytest

from skwave._widths import (
    MAX_CHANGE_FACTOR,
    N_LEVELS,
    OF_SEVERAL_SERIES,
    fit_widths,
    residual_scale,
)

RANDOM = np.random.default_rng(0)
CONTEXTS = RANDOM.normal(size=(200, 30, 2))
FORECASTS, RESIDUALS = RANDOM.normal(size=(2, 200, 12, 2))
ONE = np.ones(2)


def same_at_all_levels(widths):
    """Return widths that follow the window alone."""
    return widths | {"at_levels": np.ones_like(widths["at_levels"])}


def test_half_of_a_width_follows_the_change_from_value_to_value():
    widths = same_at_all_levels(fit_widths(CONTEXTS, FORECASTS, RESIDUALS, ONE, 0.5))
    factors = residual_scale(CONTEXTS, FORECASTS, ONE, widths)
    change = np.abs(np.diff(CONTEXTS, axis=1)).mean(axis=1)
    ratio = change[3] / change.mean(axis=0)
    np.testing.assert_allclose(factors[3], np.tile((1 + ratio) / 2, (12, 1)))
    louder = residual_scale(4 * CONTEXTS + 7, FORECASTS, ONE, widths)
    np.testing.assert_allclose(louder[3], np.tile((1 + 4 * ratio) / 2, (12, 1)))
    of_several = residual_scale(
        CONTEXTS, FORECASTS, ONE, widths | {"part_of_change": OF_SEVERAL_SERIES}
    )
    np.testing.assert_allclose(of_several[3], np.tile(ratio, (12, 1)))


def test_widths_have_limits_and_a_constant_series_has_none():
    contexts = np.array([0.0, 1.0] * 10).reshape(1, 20, 1)
    some = np.zeros((1, 1, 1))
    widths = fit_widths(contexts, some, some, ONE[:1], 1.0)
    assert residual_scale(1e9 * contexts, some, ONE[:1], widths) == MAX_CHANGE_FACTOR
    after_zeros = residual_scale(0 * contexts, some, ONE[:1], widths)
    assert after_zeros == pytest.approx(1 / MAX_CHANGE_FACTOR)
    constant = fit_widths(0 * contexts, some, some, ONE[:1], 0.5)
    assert residual_scale(0 * contexts, some, ONE[:1], constant) == 1
    half = widths | {"part_of_change": 0.5}
    assert residual_scale(1e9 * contexts, some, ONE[:1], half) == (MAX_CHANGE_FACTOR + 1) / 2
    after_zeros = residual_scale(0 * contexts, some, ONE[:1], half)
    assert after_zeros == pytest.approx((1 / MAX_CHANGE_FACTOR + 1) / 2)
    # A window of one value has no change.
    of_one = fit_widths(contexts[:, :1], some, some, ONE[:1], 0.5)
    assert residual_scale(contexts[:, :1], some, ONE[:1], of_one) == 1


@pytest.mark.parametrize("part", [0.0, 0.5, OF_SEVERAL_SERIES])
def test_widths_follow_the_level_of_the_forecast_above_the_mean_of_its_window(part):
    window = RANDOM.normal(size=(1, 30, 1))
    calm = 50 + window - window.mean()
    # Half of the windows change three times as much; so do the levels and the residuals after them.
    volatile = calm + 2 * (calm - 50)
    contexts = np.repeat(np.concatenate([calm, volatile]), 5000, axis=0)
    wide = (1 + part / 2) / (1 - part / 2)
    times = np.repeat([1.0, wide], 5000)[:, None, None]
    levels = RANDOM.uniform(-1, 1, (10_000, 12, 1))
    # As large as three to the power of the level, and growing with the steps.
    growing = np.arange(1, 13)[:, None]
    residuals = times * growing * RANDOM.normal(size=(10_000, 12, 1)) * 3**levels
    widths = fit_widths(contexts, 50 + times * levels, residuals, ONE[:1], part)
    assert widths["typical_change"] == pytest.approx(2 * np.abs(np.diff(calm[0, :, 0])).mean())
    # The mean of the window does not count, and forecasts above it do.
    at = np.linspace(-0.85, 0.85, 7)[None, :, None]
    after_calm = residual_scale(calm + 20, 70 + at, ONE[:1], widths)
    np.testing.assert_allclose(after_calm[0] / after_calm[0, 3], 3 ** at[0], rtol=0.1)
    after_volatile = residual_scale(volatile, 50 + wide * at, ONE[:1], widths)
    np.testing.assert_allclose(after_volatile, wide * after_calm)
    # Beyond the levels that were seen, widths are those of the nearest one.
    beyond = residual_scale(calm, 50 + np.array([[[2.0], [9.0]]]), ONE[:1], widths)
    assert beyond[0, 0] == beyond[0, 1]


def test_forecasts_that_are_equal_have_the_width_of_their_residuals():
    forecasts = np.where(RANDOM.random((200, 12, 2)) < 0.5, 0.0, np.abs(FORECASTS))
    contexts = CONTEXTS - CONTEXTS.mean(axis=1, keepdims=True)
    residuals = np.where(forecasts == 0, 0.05, 1) * RESIDUALS
    widths = fit_widths(contexts, forecasts, residuals, ONE, 0.0)
    scale = residual_scale(contexts[:1], np.array([[[0.0, 0.0], [1.0, 1.0]]]), ONE, widths)
    assert (scale[0, 0] < 0.3 * scale[0, 1]).all()


def test_an_outlier_in_a_window_does_not_decide():
    widths = fit_widths(CONTEXTS, FORECASTS, RESIDUALS, ONE, 1.0)
    contexts = CONTEXTS.copy()
    contexts[:, 7] = 1e6
    beside = same_at_all_levels(widths)
    usual = residual_scale(CONTEXTS, FORECASTS, ONE, beside)
    assert (residual_scale(contexts, FORECASTS, ONE, beside) / usual).max() < 2.5


def test_each_channel_has_widths_of_its_own():
    both = fit_widths(CONTEXTS, FORECASTS, RESIDUALS * FORECASTS**2, ONE, 0.5)
    assert both["levels"].shape == both["at_levels"].shape == (N_LEVELS, 2)
    scale = residual_scale(CONTEXTS, FORECASTS, ONE, both)
    for k in (slice(0, 1), slice(1, 2)):
        parts = CONTEXTS[..., k], FORECASTS[..., k]
        one = fit_widths(*parts, (RESIDUALS * FORECASTS**2)[..., k], ONE[k], 0.5)
        np.testing.assert_allclose(residual_scale(*parts, ONE[k], one), scale[..., k])


def test_widths_do_not_depend_on_the_unit():
    arrays = CONTEXTS, FORECASTS, RESIDUALS
    factors = residual_scale(*arrays[:2], ONE, fit_widths(*arrays, ONE, 0.5))
    larger = [1e6 * a for a in arrays]
    scaled = residual_scale(*larger[:2], 1e6 * ONE, fit_widths(*larger, 1e6 * ONE, 0.5))
    np.testing.assert_allclose(scaled, 1e6 * factors)


def test_few_residuals_change_little_and_exact_ones_nothing():
    few = fit_widths(CONTEXTS[:3], FORECASTS[:3], RESIDUALS[:3], ONE, 0.5)
    assert np.abs(few["at_levels"] - 1).max() < 0.05
    exact = fit_widths(CONTEXTS, FORECASTS, 0 * RESIDUALS, ONE, 0.5)
    np.testing.assert_array_equal(exact["at_levels"], 1)


def test_a_residual_that_is_far_too_large_does_not_decide():
    exploding = RESIDUALS.copy()
    exploding[7] *= 1e30
    known = CONTEXTS, FORECASTS
    widths, expected = (fit_widths(*known, r, ONE, 0.5) for r in (exploding, RESIDUALS))
    np.testing.assert_allclose(widths["at_levels"], expected["at_levels"], atol=0.15)
