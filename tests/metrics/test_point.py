"""Errors of point forecasts: values worked out by hand, invariants, bad input."""

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from skwave.metrics import (
    mean_absolute_scaled_error,
    normalized_root_mean_squared_error,
    root_mean_squared_scaled_error,
    symmetric_mean_absolute_percentage_error,
)

TRAIN = [1.0, 4.0, 2.0, 6.0, 5.0]
SCALED = [mean_absolute_scaled_error, root_mean_squared_scaled_error]
PLAIN = [symmetric_mean_absolute_percentage_error, normalized_root_mean_squared_error]


def call(metric, y_true, y_pred, **kwargs):
    if metric in SCALED:
        kwargs.setdefault("y_train", np.transpose([TRAIN] * (np.shape(y_true) + (1,))[1]))
    return metric(y_true, y_pred, **kwargs)


# --- Values worked out by hand ----------------------------------------------------------------


def test_mase_is_as_worked_out_by_hand():
    # Differences of TRAIN: 3, -2, 4, -1, of mean size 2.5; two apart: 1, 2, 3, of mean size 2.
    # Errors 1 and 4, of mean size 2.5.
    assert mean_absolute_scaled_error([5, 3], [6, -1], y_train=TRAIN) == pytest.approx(1.0)
    assert mean_absolute_scaled_error(
        [5, 3], [6, -1], y_train=TRAIN, season_length=2
    ) == pytest.approx(1.25)


def test_rmsse_is_as_worked_out_by_hand():
    # Squares of the differences: 9, 4, 16, 1, of mean 7.5; of the errors: 1 and 16, of mean 8.5.
    value = root_mean_squared_scaled_error([5, 3], [6, -1], y_train=TRAIN)
    assert value == pytest.approx((8.5 / 7.5) ** 0.5)


def test_smape_is_as_worked_out_by_hand():
    # 2 * 1 / (1 + 2) = 2/3; 0/0 counts as 0; opposite signs: 2 * 4 / (1 + 3) = 2, the most.
    value = symmetric_mean_absolute_percentage_error([1, 0, -1], [2, 0, 3])
    assert value == pytest.approx((2 / 3 + 0 + 2) / 3)


def test_nrmse_is_as_worked_out_by_hand():
    # Errors 1, 1, 2, 0: mean square 1.5. The true values have mean 2.5 and variance 1.25.
    value = normalized_root_mean_squared_error([1, 2, 3, 4], [2, 3, 5, 4])
    assert value == pytest.approx((1.5 / 1.25) ** 0.5)
    assert normalized_root_mean_squared_error([1, 2, 3, 4], [2, 3, 5, 4], scale=2) == pytest.approx(
        1.5**0.5 / 2
    )
    # In any unit.
    small = 1e-3 * np.array([[1, 2, 3, 4], [2, 3, 5, 4]])
    assert normalized_root_mean_squared_error(*small) == pytest.approx(value)
    assert normalized_root_mean_squared_error(*small, scale=2e-3) == pytest.approx(1.5**0.5 / 2)


# --- Invariants -------------------------------------------------------------------------------


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    return rng.normal(5, 2, size=(30, 3)), rng.normal(5, 2, size=(30, 3))


@pytest.mark.parametrize("metric", SCALED + PLAIN)
def test_a_perfect_forecast_has_no_error_and_units_do_not_matter(metric, pair):
    y_true, y_pred = pair
    train = np.random.default_rng(1).normal(size=(40, 3))
    known = {"y_train": train} if metric in SCALED else {}
    assert metric(y_true, y_true, **known) == 0
    value = metric(y_true, y_pred, **known)
    assert value > 0
    # Other units of the series change nothing.
    scaled = {"y_train": 7 * train} if metric in SCALED else {}
    assert metric(7 * y_true, 7 * y_pred, **scaled) == pytest.approx(value)


@pytest.mark.parametrize("season_length", [1, 4])
@pytest.mark.parametrize(
    ("metric", "plain"),
    [
        (mean_absolute_scaled_error, mean_absolute_error),
        (root_mean_squared_scaled_error, root_mean_squared_error),
    ],
)
def test_scaled_errors_are_ratios_to_the_seasonal_naive_forecast(metric, plain, season_length):
    rng = np.random.default_rng(2)
    train, y_true, y_pred = rng.normal(size=50), rng.normal(size=9), rng.normal(size=9)
    naive = plain(train[season_length:], train[:-season_length])
    value = metric(y_true, y_pred, y_train=train, season_length=season_length)
    assert value == pytest.approx(plain(y_true, y_pred) / naive)


def test_nrmse_squared_is_one_minus_r2(pair):
    y_true, y_pred = pair[0][:, 0], pair[1][:, 0]
    value = normalized_root_mean_squared_error(y_true, y_pred)
    assert 1 - value**2 == pytest.approx(r2_score(y_true, y_pred))


@pytest.mark.parametrize("metric", SCALED + PLAIN)
def test_outputs_are_averaged_with_weights_or_returned_one_by_one(metric, pair):
    y_true, y_pred = pair
    each = [call(metric, y_true[:, k], y_pred[:, k]) for k in range(3)]
    np.testing.assert_allclose(call(metric, y_true, y_pred, multioutput="raw_values"), each)
    assert call(metric, y_true, y_pred) == pytest.approx(np.mean(each))
    weighted = call(metric, y_true, y_pred, multioutput=[1, 0, 3])
    assert weighted == pytest.approx((each[0] + 3 * each[2]) / 4)


@pytest.mark.parametrize("metric", SCALED + PLAIN[:1])
def test_a_weight_of_two_counts_a_value_twice(metric):
    y_true, y_pred = [2.0, 5.0, 7.0], [3.0, 3.0, 3.0]
    weighted = call(metric, y_true, y_pred, sample_weight=[1, 2, 1])
    assert weighted == pytest.approx(call(metric, [2.0, 5.0, 5.0, 7.0], [3.0] * 4))


def test_mase_of_a_season_that_rises_from_day_to_day():
    day = np.arange(24.0)
    known = np.concatenate([day + k for k in range(5)])
    # The season differs by 1 from day to day; repeated, it misses by 1, and then by 2.
    y_true = np.concatenate([day + 5, day + 6])
    value = mean_absolute_scaled_error(
        y_true, np.tile(known[-24:], 2), y_train=known, season_length=24
    )
    assert value == pytest.approx(1.5)


# --- Bad input --------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", SCALED + PLAIN)
@pytest.mark.parametrize(
    ("y_true", "y_pred", "words"),
    [
        ([1, 2], [1, 2, 3], "inconsistent numbers of samples"),
        ([1, np.nan], [1, 2], "y_true contains NaN"),
        ([1, 2], [1, np.inf], "y_pred contains infinity"),
        ([[1, 2], [3, 4]], [1, 2], "y_pred has 1 outputs, but y_true has 2"),
        ([], [], "0 sample"),
    ],
)
def test_bad_pairs_are_refused(metric, y_true, y_pred, words):
    with pytest.raises(ValueError, match=words):
        call(metric, y_true, y_pred)


@pytest.mark.parametrize("metric", SCALED + PLAIN)
def test_a_multioutput_out_of_range_is_refused(metric):
    with pytest.raises(ValueError, match="'multioutput' parameter"):
        call(metric, [1, 2], [1, 3], multioutput="best")


@pytest.mark.parametrize("metric", SCALED)
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"season_length": 5}, "y_train has 5 values, but season_length=5 needs at least 6"),
        ({"season_length": 0}, "season_length=0, but an int of at least 1"),
        ({"y_train": [[1, 2], [3, 5]]}, "y_train has 2 outputs, but y_true has 1"),
        ({"y_train": [3, 3, 3]}, "y_train repeats exactly.*or a y_train that varies"),
        ({"y_train": [1, np.nan]}, "y_train contains NaN"),
    ],
)
def test_bad_training_series_are_refused(metric, changes, words):
    with pytest.raises(ValueError, match=words):
        call(metric, [1, 2], [1, 3], **changes)


def test_true_values_without_variance_and_bad_scales_are_refused():
    with pytest.raises(ValueError, match="y_true never varies"):
        normalized_root_mean_squared_error([0.1] * 3, [1, 2, 3])
    with pytest.raises(ValueError, match=r"scale is \[0.0\]. Give numbers above 0"):
        normalized_root_mean_squared_error([1, 2], [1, 2], scale=0)
    with pytest.raises(ValueError, match="scale has 2 outputs, but y_true has 1"):
        normalized_root_mean_squared_error([1, 2], [1, 2], scale=[1, 2])
