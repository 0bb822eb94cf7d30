"""Scores of intervals, quantiles and samples: by hand, by other definitions, bad input."""

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, mean_pinball_loss

from skwave.metrics import (
    continuous_ranked_probability_score,
    coverage_score,
    interval_score,
    mean_quantile_loss,
    mean_scaled_interval_score,
)

TRAIN = [1.0, 4.0, 2.0, 6.0, 5.0]
INTERVAL_METRICS = [coverage_score, interval_score, mean_scaled_interval_score]
METRICS = [*INTERVAL_METRICS, mean_quantile_loss, continuous_ranked_probability_score]


def call(metric, y_true, y_parts, **kwargs):
    if metric is mean_scaled_interval_score:
        kwargs.setdefault("y_train", np.transpose([TRAIN] * (np.shape(y_true) + (1,))[1]))
    if metric is mean_quantile_loss:
        kwargs.setdefault("quantiles", [0.1, 0.9])
    return metric(y_true, y_parts, **kwargs)


@pytest.fixture
def values():
    rng = np.random.default_rng(0)
    return rng.normal(5, 2, size=(30, 3)), np.sort(rng.normal(5, 2, size=(30, 3, 2)), axis=-1)


# --- Values worked out by hand ----------------------------------------------------------------


def test_coverage_counts_bounds_as_within():
    assert coverage_score([0, 1, 2, 3], [[0, 1]] * 4) == 0.5


def test_interval_score_is_as_worked_out_by_hand():
    # Widths 2, 4, 1. 5 is 1 above 4, 6 is 2 below 8: with 2 / 0.1 = 20 for each unit.
    interval = [[0, 2], [0, 4], [8, 9]]
    assert interval_score([1, 5, 6], interval) == pytest.approx((2 + 4 + 20 + 1 + 40) / 3)
    assert interval_score([1, 5, 6], interval, coverage=0.5) == pytest.approx((7 + 4 + 8) / 3)


def test_scaled_interval_score_is_as_worked_out_by_hand():
    # Differences of TRAIN: 3, -2, 4, -1, of mean size 2.5; two apart: 1, 2, 3, of mean size 2.
    arguments = [1, 5], [[0, 2], [0, 4]]
    assert mean_scaled_interval_score(*arguments, y_train=TRAIN) == pytest.approx(13 / 2.5)
    assert mean_scaled_interval_score(
        *arguments, y_train=TRAIN, season_length=2
    ) == pytest.approx(13 / 2)  # fmt: skip


def test_quantile_loss_is_as_worked_out_by_hand():
    # At 0.9: 2 * 0.9 * 1 above and 2 * 0.1 * 2 below; at 0.5 the absolute errors 2 and 1; size 10.
    loss = mean_quantile_loss([4, -6], [[2, 3], [-7, -4]], quantiles=[0.5, 0.9])
    assert loss == pytest.approx((2 + 1 + 1.8 + 0.4) / 2 / 10)


def test_crps_is_as_worked_out_by_hand():
    # Distances from 1: 1, 0, 2, of mean 1; between samples: 1, 3, 2, so 12 / 9 / 2.
    assert continuous_ranked_probability_score([1], [[0, 1, 3]]) == pytest.approx(1 - 12 / 18)


# --- Other definitions ------------------------------------------------------------------------


def test_msis_is_that_of_m4s_published_code(values):
    """M4's script, restated in loops: a = 0.05, the mean over h of each case, over the scale."""
    (y_true, bounds), train = values, np.random.default_rng(1).normal(size=100).cumsum()
    y, lower, upper = y_true[:, 0], bounds[:, 0, 0], bounds[:, 0, 1]
    m, a, total = 24, 0.05, 0.0
    for k in range(len(y)):
        total += upper[k] - lower[k]
        if y[k] < lower[k]:
            total += 2 / a * (lower[k] - y[k])
        elif y[k] > upper[k]:
            total += 2 / a * (y[k] - upper[k])
    scale = sum(abs(train[t] - train[t - m]) for t in range(m, len(train))) / (len(train) - m)
    msis = mean_scaled_interval_score(
        y, bounds[:, 0], y_train=train, season_length=24, coverage=0.95
    )  # fmt: skip
    assert msis == pytest.approx(total / len(y) / scale)


def test_the_score_of_an_interval_is_that_of_its_two_quantiles(values):
    y, bounds = values[0][:, 0], values[1][:, 0]
    for coverage in (0.5, 0.9):
        low, high = (1 - coverage) / 2, (1 + coverage) / 2
        pinball = mean_pinball_loss(y, bounds[:, 0], alpha=low)
        pinball += mean_pinball_loss(y, bounds[:, 1], alpha=high)
        score = interval_score(y, bounds, coverage=coverage)
        assert score == pytest.approx(2 / (1 - coverage) * pinball)


def test_the_interval_score_is_least_for_the_true_quantiles():
    y = np.random.default_rng(0).exponential(size=100_000)
    low, high = -np.log(0.95), -np.log(0.05)
    best = interval_score(y, np.tile([low, high], (len(y), 1)))
    for wider in (-0.04, 0.2), (0.05, 0.0), (0.0, -0.3), (0.0, 0.3):
        others = np.tile([low + wider[0], high + wider[1]], (len(y), 1))
        assert interval_score(y, others) > best


def test_quantile_loss_is_the_mean_of_pinball_losses_over_the_mean_size(values):
    y, parts = values[0][:, 0], values[1][:, 0]
    pinball = [mean_pinball_loss(y, parts[:, k], alpha=q) for k, q in enumerate([0.2, 0.7])]
    loss = mean_quantile_loss(y, parts, quantiles=[0.2, 0.7])
    assert loss == pytest.approx(2 * np.mean(pinball) / np.abs(y).mean())


def test_crps_is_the_integral_of_the_squared_distance_of_distributions():
    rng = np.random.default_rng(0)
    samples, y = rng.normal(size=9), 0.3
    x = np.linspace(-6, 6, 240_001)
    empirical = (samples[:, None] <= x).mean(axis=0)
    integral = np.sum((empirical - (y <= x)) ** 2) * (x[1] - x[0])
    score = continuous_ranked_probability_score([y], [samples])
    assert score == pytest.approx(integral, abs=1e-4)


def test_crps_of_one_sample_is_the_absolute_error_and_of_many_that_of_the_distribution():
    y, samples = [1.0, -2.0], [[0.5], [1.0]]
    error = mean_absolute_error(y, np.ravel(samples))
    assert continuous_ranked_probability_score(y, samples) == error
    # Of a standard normal distribution at its median, (sqrt 2 - 1) / sqrt pi.
    samples = np.random.default_rng(0).normal(size=(1, 200_000))
    score = continuous_ranked_probability_score([0.0], samples)
    assert score == pytest.approx((2**0.5 - 1) / np.pi**0.5, abs=2e-3)


# --- Outputs and weights ----------------------------------------------------------------------


@pytest.mark.parametrize("metric", METRICS)
def test_outputs_are_averaged_with_weights_or_returned_one_by_one(metric, values):
    y_true, parts = values
    each = [call(metric, y_true[:, k], parts[:, k]) for k in range(3)]
    np.testing.assert_allclose(call(metric, y_true, parts, multioutput="raw_values"), each)
    assert call(metric, y_true, parts) == pytest.approx(np.mean(each))
    weighted = call(metric, y_true, parts, multioutput=[1, 0, 3])
    assert weighted == pytest.approx((each[0] + 3 * each[2]) / 4)


@pytest.mark.parametrize("metric", METRICS)
def test_a_weight_of_two_counts_a_value_twice(metric):
    y_true, parts = [2.0, 5.0, 7.0], [[1.0, 3.0], [4.0, 8.0], [0.0, 6.0]]
    weighted = call(metric, y_true, parts, sample_weight=[1, 2, 1])
    twice = [2.0, 5.0, 5.0, 7.0], [parts[0], parts[1], parts[1], parts[2]]
    assert weighted == pytest.approx(call(metric, *twice))


@pytest.mark.parametrize("metric", METRICS)
def test_a_frame_with_the_columns_of_one_channel_after_the_other_is_taken(metric, values):
    pd = pytest.importorskip("pandas")
    y_true, parts = values
    columns = pd.MultiIndex.from_product([["a", "b", "c"], ["lower", "upper"]])
    frame = pd.DataFrame(parts.reshape(30, 6), columns=columns)
    taken = call(metric, pd.DataFrame(y_true), frame)
    assert taken == pytest.approx(call(metric, y_true, parts))


@pytest.mark.parametrize("metric", METRICS[1:])
def test_the_best_forecast_has_no_error(metric, values):
    y_true = values[0]
    assert call(metric, y_true, np.stack([y_true, y_true], axis=-1)) == pytest.approx(0, abs=1e-12)


# --- Bad input --------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("y_true", "parts", "words"),
    [
        ([1, 2], [[1, 2]], r"has shape \(1, 2\), but \(2, (2|n_samples)\) is needed"),
        ([1, np.nan], [[1, 2], [1, 2]], "y_true contains NaN"),
        ([1, 2], [[1, 2], [1, np.inf]], "contains infinity"),
        ([1, 2], [1, 2], r"has shape \(2,\), but \(2, (2|n_samples)\) is needed"),
        ([[1, 2], [3, 4]], [[1, 2, 3], [1, 2, 3]], r"but \(2, 2, (2|n_samples)\) is needed"),
    ],
)
def test_bad_shapes_and_values_are_refused(metric, y_true, parts, words):
    with pytest.raises(ValueError, match=words):
        call(metric, y_true, parts)


def test_samples_that_stand_first_are_told_to_be_transposed():
    paths = np.zeros((50, 8))
    with pytest.raises(ValueError, match=r"\(50, 8\), but \(8, n_samples\).*give paths\.T"):
        continuous_ranked_probability_score(np.ones(8), paths)
    assert continuous_ranked_probability_score(np.ones(8), paths.T) == 1


@pytest.mark.parametrize("metric", INTERVAL_METRICS)
def test_a_lower_bound_above_its_upper_bound_is_refused(metric):
    with pytest.raises(ValueError, match=r"above its upper bound in row 1: \[\[3.0, 2.0\]\]"):
        call(metric, [1, 2], [[0, 1], [3, 2]])


@pytest.mark.parametrize("metric", INTERVAL_METRICS[1:])
@pytest.mark.parametrize("coverage", [0, 1, 90])
def test_a_coverage_that_is_no_fraction_is_refused(metric, coverage):
    with pytest.raises(ValueError, match=f"coverage={coverage}, but a fraction"):
        call(metric, [1, 2], [[0, 1], [1, 2]], coverage=coverage)


@pytest.mark.parametrize("metric", INTERVAL_METRICS[1:])
def test_several_coverages_are_refused(metric):
    with pytest.raises(TypeError, match="but one fraction between 0 and 1 is needed"):
        call(metric, [1, 2], [[0, 1], [1, 2]], coverage=[0.8, 0.9])


def test_quantiles_out_of_range_and_true_values_of_zero_are_refused():
    with pytest.raises(ValueError, match=r"quantiles=\[10, 90\], but a fraction.* give 0.1"):
        mean_quantile_loss([1], [[0, 1]], quantiles=[10, 90])
    with pytest.raises(ValueError, match="all true values are zero"):
        mean_quantile_loss([0, 0], [[0, 1], [0, 1]], quantiles=[0.1, 0.9])
