"""Ridge regression from Gram sums, beside scikit-learn's."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from skwave._readout_choice import penalties_of_window
from skwave._ridge import GramSums, choose_penalty, mean_squared_residuals, ridge, ridge_path, total
from skwave._sliding import sliding_windows


def some_data(n=150, n_states=3, n_values=6, n_targets=2):
    """Return states, values of windows and targets, of different sizes and not centered."""
    rng = np.random.default_rng(0)
    states = 0.2 + 0.1 * rng.normal(size=(n, n_states))
    window = 5 + 20 * rng.normal(size=(n, n_values))
    weights = rng.normal(size=(n_states + n_values, n_targets))
    targets = np.hstack([states, window / 20]) @ weights + 3 + 0.1 * rng.normal(size=(n, n_targets))
    return states, window, targets


def gram_of(states, window, targets, weights=None):
    columns = np.hstack([states, window, targets])
    n_inputs, n_columns = columns.shape[1] - targets.shape[1], columns.shape[1]
    zeros = np.zeros(n_columns), np.zeros((n_columns, n_columns))
    gram = GramSums(states.shape[1], n_inputs, 0.0, *zeros)
    gram.accumulate(columns, weights)
    return gram


def size_of(inputs):
    return np.sqrt(np.mean(inputs.var(axis=0)))


def no_states(window):
    return np.zeros((len(window), 0))


# --- The solution -------------------------------------------------------------------------------


@pytest.mark.parametrize("penalty", [1e-6, 1e-2, 10.0])
def test_one_kind_of_inputs_is_scikit_learns_ridge(penalty):
    _, window, targets = some_data()
    coef, intercept = ridge(gram_of(no_states(window), window, targets), np.full(6, penalty))
    alpha = penalty * len(window) * size_of(window) ** 2
    expected = Ridge(alpha=alpha, solver="cholesky").fit(window, targets)
    np.testing.assert_allclose(coef, expected.coef_.T, rtol=1e-8)
    np.testing.assert_allclose(intercept, expected.intercept_, rtol=1e-8)


def test_states_and_window_are_scikit_learns_ridge_with_a_penalty_for_each():
    states, window, targets = some_data()
    penalty = np.r_[np.full(3, 1e-2), np.full(6, 1e-3)]
    coef, intercept = ridge(gram_of(states, window, targets), penalty)
    # Ridge has one penalty: the inputs are scaled so that it is as large as is asked for.
    units = np.sqrt(penalty) * np.r_[np.full(3, size_of(states)), np.full(6, size_of(window))]
    design = np.hstack([states, window]) / units
    expected = Ridge(alpha=len(design), solver="cholesky").fit(design, targets)
    np.testing.assert_allclose(coef, expected.coef_.T / units[:, None], rtol=1e-8)
    np.testing.assert_allclose(intercept, expected.intercept_, rtol=1e-8)


def test_a_penalty_for_each_value_is_scikit_learns_ridge_on_inputs_scaled_by_it():
    _, window, targets = some_data()
    penalty = 1e-3 * np.arange(6, 0, -1.0) ** 2
    coef, intercept = ridge(gram_of(no_states(window), window, targets), penalty)
    units = np.sqrt(penalty) * size_of(window)
    expected = Ridge(alpha=len(window), solver="cholesky").fit(window / units, targets)
    np.testing.assert_allclose(coef, expected.coef_.T / units[:, None], rtol=1e-8)
    np.testing.assert_allclose(intercept, expected.intercept_, rtol=1e-8)


def test_a_path_of_penalties_gives_what_each_gives_alone():
    states, window, targets = some_data()
    gram = gram_of(states, window, targets)
    penalties = np.full((4, gram.n_inputs), 0.3)
    penalties[:, 4:7] = np.outer([1e-6, 1e-2, 1, 100], [1, 4, 9])
    penalties[:, 8] = np.inf
    for penalty, (coef, intercept) in zip(penalties, ridge_path(gram, penalties), strict=True):
        expected, its_intercept = ridge(gram, penalty)
        np.testing.assert_allclose(coef, expected, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(intercept, its_intercept, rtol=1e-9)
        assert (coef[8] == 0).all()


def test_inputs_with_an_infinite_penalty_keep_their_coefficients():
    states, window, targets = some_data()
    gram = gram_of(states, window, targets)
    coef, intercept = ridge(gram, np.r_[np.full(3, np.inf), np.full(6, 1e-3)])
    alone, its_intercept = ridge(gram_of(no_states(window), window, targets), np.full(6, 1e-3))
    assert (coef[:3] == 0).all()
    np.testing.assert_allclose(coef[3:], alone)
    np.testing.assert_allclose(intercept, its_intercept)
    given = np.random.default_rng(1).normal(size=(9, 2))
    coef, _ = ridge(gram, np.r_[np.full(3, np.inf), np.full(6, 1e-3)], given)
    np.testing.assert_array_equal(coef[:3], given[:3])
    assert (coef[3:] != given[3:]).all()


def test_constant_inputs_have_no_effect():
    states, window, targets = some_data()
    coef, intercept = ridge(gram_of(0 * states + 1, 0 * window, targets), np.full(9, 1e-3))
    np.testing.assert_allclose(coef, 0, atol=1e-9)
    np.testing.assert_allclose(intercept, targets.mean(axis=0))


# --- Weights and parts --------------------------------------------------------------------------


def assert_same_sums(gram, other):
    assert gram.weight == other.weight
    for mine, theirs in zip(gram.centered(), other.centered(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-9)


def test_weights_count_as_repetitions():
    data = some_data()
    weights = np.random.default_rng(0).integers(0, 4, size=150)
    repeated = [np.repeat(x, weights, axis=0) for x in data]
    assert_same_sums(gram_of(*data, weights.astype(float)), gram_of(*repeated))


def test_sums_of_two_parts_add_up():
    data = some_data()
    parts = [gram_of(*(x[rows] for x in data)) for rows in (slice(0, 40), slice(40, None))]
    assert_same_sums(parts[0] + parts[1], gram_of(*data))
    assert_same_sums(total(parts), gram_of(*data))


def test_rows_without_weight_leave_zeros():
    mean, covariance = gram_of(*some_data(), np.zeros(150)).centered()
    assert (mean == 0).all()
    assert (covariance == 0).all()


def test_the_mean_squared_residual_is_that_of_the_predictions():
    states, window, targets = some_data()
    gram = gram_of(states, window, targets)
    rng = np.random.default_rng(1)
    coef, intercept = rng.normal(size=(9, 2)), rng.normal(size=2)
    residuals = np.hstack([states, window]) @ coef + intercept - targets
    (error,) = mean_squared_residuals(gram, [(coef, intercept)])
    assert error == pytest.approx(np.mean(residuals**2))


# --- Going on from given coefficients -----------------------------------------------------------


@pytest.mark.parametrize("weight", [0.1, 1.0, 20.0])
def test_given_coefficients_count_as_rows_of_what_they_predict(weight):
    _, window, targets = some_data()
    window = window - window.mean(axis=0)
    rng = np.random.default_rng(1)
    given, intercept = rng.normal(size=(6, 2)), rng.normal(size=2)
    found = ridge(
        gram_of(no_states(window), window, targets),
        np.full(6, 1e-3), given, intercept, previous_weight=weight,
    )  # fmt: skip
    # The change of the coefficients is fitted to what is missing, and to zeros with this weight.
    missing = targets - window @ given - intercept
    rows, zeros = np.vstack([window, window]), np.zeros_like(missing)
    weights = np.repeat([1.0, weight], len(window))
    change = Ridge(alpha=1e-3 * len(window) * size_of(window) ** 2, solver="cholesky")
    change.fit(rows, np.vstack([missing, zeros]), sample_weight=weights)
    np.testing.assert_allclose(found[0], given + change.coef_.T, rtol=1e-8)
    np.testing.assert_allclose(found[1], intercept + change.intercept_, rtol=1e-8)


def test_a_large_weight_or_no_residual_leaves_the_given_coefficients():
    states, window, targets = some_data()
    gram, penalty = gram_of(states, window, targets), np.full(9, 1e-9)
    rng = np.random.default_rng(1)
    given, intercept = rng.normal(size=(9, 2)), rng.normal(size=2)
    found = ridge(gram, penalty, given, intercept, previous_weight=1e12)
    np.testing.assert_allclose(found[0], given, atol=1e-8)
    np.testing.assert_allclose(found[1], intercept, atol=1e-8)
    # What has the least squares already is not moved at all.
    best = ridge(gram, penalty)
    again = ridge(gram, np.full(9, 1.0), *best, previous_weight=1.0)
    np.testing.assert_allclose(again[0], best[0], atol=1e-7)
    np.testing.assert_allclose(again[1], best[1], atol=1e-6)


# --- The choice of a penalty --------------------------------------------------------------------


def lagged(series, length):
    """Return windows and targets, both less the newest value of the window, row by row in time."""
    windows = sliding_windows(series, length)[:-1]
    inputs = (windows - windows[:, -1:]).reshape(len(windows), -1)
    return inputs, series[length:] - windows[:, -1]


def folds_of(inputs, targets, n_folds=5):
    return [
        gram_of(no_states(inputs[rows]), inputs[rows], targets[rows])
        for rows in np.array_split(np.arange(len(inputs)), n_folds)
    ]


def test_the_penalty_is_that_of_scikit_learns_ridge_with_cross_validation_over_blocks():
    rng = np.random.default_rng(0)
    inputs, targets = lagged(np.sin(np.arange(200)[:, None] / 5) + rng.normal(size=(200, 1)), 12)
    penalties = 10.0 ** np.arange(-4, 3)
    columns = np.repeat(penalties[:, None], 12, axis=1)
    chosen = choose_penalty(folds_of(inputs, targets), columns)
    errors = []
    for penalty in penalties:
        squares = 0
        for rows in np.array_split(np.arange(len(inputs)), 5):
            rest = np.delete(np.arange(len(inputs)), rows)
            alpha = penalty * len(rest) * size_of(inputs[rest]) ** 2
            model = Ridge(alpha=alpha, solver="cholesky").fit(inputs[rest], targets[rest, 0])
            squares += np.sum((model.predict(inputs[rows]) - targets[rows, 0]) ** 2)
        errors.append(squares)
    assert 0 < np.argmin(errors) < len(penalties) - 1
    np.testing.assert_array_equal(chosen, penalties[np.argmin(errors)])


def test_penalties_are_equal_or_grow_with_the_square_of_the_lag():
    penalties = penalties_of_window(
        SimpleNamespace(window_length=3, n_predicted=2, n_channels=2, calendar=()), None
    )
    ratios = penalties / penalties[:, -1:]
    equal = np.isclose(ratios[:, 0], 1)
    np.testing.assert_allclose(ratios[equal], 1)
    np.testing.assert_allclose(ratios[~equal], np.tile([9, 9, 4, 4, 1, 1], (sum(~equal), 1)))
    assert 0 < sum(equal) < len(penalties)


def damped(rng):
    """Return a series of which two values are all there is to know."""
    values = np.zeros(240)
    for t in range(2, len(values)):
        values[t] = 1.6 * values[t - 1] - 0.8 * values[t - 2] + rng.normal()
    return values


def repeated(rng):
    """Return a season as long as the window, with noise."""
    return np.tile(rng.normal(size=40), 6) + 0.1 * rng.normal(size=240)


@pytest.mark.parametrize(("make", "grows"), [(damped, True), (repeated, False)])
def test_old_values_have_a_stronger_penalty_only_where_they_matter_less(make, grows):
    folds = folds_of(*lagged(make(np.random.default_rng(0))[:, None], 40))
    network = SimpleNamespace(window_length=40, n_predicted=1, n_channels=1, calendar=())
    chosen = choose_penalty(folds, penalties_of_window(network, None))
    assert (chosen[0] > chosen[-1]) == grows
