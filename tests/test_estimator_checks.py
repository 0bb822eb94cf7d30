"""scikit-learn's own checks of both estimators."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

from skwave import LSTMForecaster, WindowTransformer

TRANSFORMER = WindowTransformer(window_length=2)
# Small enough for some sixty fits, and good enough for the check that asks for a score.
FORECASTER = LSTMForecaster(
    units=16, epochs=12, batch_size=32, learning_rate=0.1, validation_split=0.0, random_state=0
)

# What cannot hold for windows of a series, each with the reason.
EXPECTED = {
    "WindowTransformer": {
        "check_fit1d": "one-dimensional input is wanted: it is a series",
        "check_methods_subset_invariance": "a window is made of neighbouring rows",
        "check_methods_sample_order_invariance": "a window is made of neighbouring rows",
        "check_transformer_data_not_an_array": "n values have n - window_length + 1 windows",
        "check_transformer_general": "n values have n - window_length + 1 windows",
    },
    "LSTMForecaster": {
        "check_sample_weight_equivalence_on_dense_data": (
            "weighting is not repetition where batches are drawn from a random order"
        ),
    },
}


@parametrize_with_checks(
    [TRANSFORMER, FORECASTER],
    expected_failed_checks=lambda estimator: EXPECTED[type(estimator).__name__],
)
def test_scikit_learn_checks(estimator, check):
    by_order = check.func.__name__ == "check_methods_sample_order_invariance"
    if by_order and isinstance(estimator, LSTMForecaster) and rounding_depends_on_the_row():
        pytest.skip("asks for 1e-9, but float32 products of this processor depend on the row")
    if isinstance(estimator, LSTMForecaster) and check.func.__name__ != "check_regressors_train":
        # That check alone asks for a score.
        estimator = clone(estimator).set_params(epochs=1, units=6)
    check(estimator)


def rounding_depends_on_the_row():
    """Return whether equal rows of a product of the size in the check differ."""
    rng = np.random.default_rng(0)
    row, weights = rng.normal(size=(1, 18)), rng.normal(size=(18, 64))
    product = np.repeat(row, 32, axis=0).astype(np.float32) @ weights.astype(np.float32)
    return bool((product != product[0]).any())


@pytest.mark.parametrize(("estimator", "n_least"), [(TRANSFORMER, 45), (FORECASTER, 55)])
def test_tags_leave_most_of_the_checks_in(estimator, n_least):
    checks = list(estimator_checks_generator(estimator))
    assert len(checks) >= n_least
