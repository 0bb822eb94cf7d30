"""Ridge regression from Gram sums; all on arrays."""

import functools
import operator

import numpy as np


class GramSums:
    """Sums over rows of states, window values and targets: all that least squares needs.

    The columns are states, the values of the window, and targets.

    Parameters
    ----------
    n_states, n_inputs : int
        Numbers of columns; the states are among the inputs.
    weight : float
        The sum of the weights of the rows.
    sums : ndarray of shape (n_columns,)
        The weighted sum of each column.
    products : ndarray of shape (n_columns, n_columns)
        The weighted sums of products of two columns.
    """

    def __init__(self, n_states, n_inputs, weight, sums, products):
        self.n_states = n_states
        self.n_inputs = n_inputs
        self.weight = weight
        self.sums = sums
        self.products = products

    def accumulate(self, columns, weights=None):
        """Add rows of shape (n_rows, n_columns), with weights of shape (n_rows,)."""
        weighted = columns if weights is None else weights[:, None] * columns
        self.weight += len(columns) if weights is None else float(weights.sum())
        self.sums += weighted.sum(axis=0)
        self.products += weighted.T @ columns

    def __add__(self, other):
        """Return the sums over the rows of both."""
        return GramSums(
            self.n_states, self.n_inputs, self.weight + other.weight,
            self.sums + other.sums, self.products + other.products,
        )  # fmt: skip

    def __sub__(self, other):
        """Return the sums over the rows that are not among those of `other`."""
        return GramSums(
            self.n_states, self.n_inputs, self.weight - other.weight,
            self.sums - other.sums, self.products - other.products,
        )  # fmt: skip

    def residual(self, coef, intercept):
        """Return the sums with the residuals of a linear model in place of the targets."""
        n = self.n_inputs
        change = np.eye(len(self.sums))
        change[:n, n:] = -coef
        sums, products = self.sums @ change, change.T @ self.products @ change
        # Columns less a constant: (x - c)(y - d) = xy - cy - xd + cd.
        shift = np.append(np.zeros(n), intercept)
        products -= np.outer(shift, sums) + np.outer(sums, shift)
        products += self.weight * np.outer(shift, shift)
        return GramSums(self.n_states, n, self.weight, sums - self.weight * shift, products)

    def centered(self):
        """Return mean and covariance of the columns; zeros where nothing has weight."""
        weight = self.weight if self.weight > 0 else 1.0
        mean = self.sums / weight
        return mean, self.products / weight - np.outer(mean, mean)


def total(grams):
    """Return the sums over several disjoint sets of rows together."""
    return functools.reduce(operator.add, grams)


def ridge(gram, penalty, coef=None, intercept=0.0, previous_weight=0.0):
    """Solve ridge regression, shrunk towards given coefficients.

    Parameters
    ----------
    gram : GramSums
        Sums over the rows to fit.
    penalty : ndarray of shape (n_inputs,)
        Penalty of each coefficient, as a fraction of the mean square of its kind of input, states
        or values of the window. Inputs with an infinite one keep the given coefficient.
    coef : None or ndarray of shape (n_inputs, n_targets), default=None
        The coefficients that are shrunk towards; None means zeros.
    intercept : float or ndarray of shape (n_targets,), default=0.0
        The intercept that belongs to them.
    previous_weight : float, default=0.0
        Weight of what these coefficients predict, relative to that of the targets, r.

    Returns
    -------
    coef : ndarray of shape (n_inputs, n_targets)
        The coefficients.
    intercept : ndarray of shape (n_targets,)
        The intercept.

    Notes
    -----
    With x the inputs and v the targets, all centered, and w₀ the given coefficients, the change of
    the coefficients is ((1 + r) xᵀx / n + P)⁻¹ xᵀ(v - x w₀) / n, where P is diagonal with the
    penalties times the mean square of all states, or of all values of the window.

    References
    ----------
    Hoerl, A. E. and Kennard, R. W. (1970). Ridge regression: biased estimation for nonorthogonal
    problems. Technometrics 12(1), 55-67.
    """
    mean, normal, cross, size = _normalized(gram)
    n = gram.n_inputs
    coef = np.zeros(cross.shape) if coef is None else coef
    free = np.isfinite(penalty)
    residual = cross[free] - normal[free] @ (coef * size[:, None])
    normal = (1 + previous_weight) * normal[np.ix_(free, free)] + np.diag(penalty[free])
    new = coef.copy()
    new[free] += np.linalg.solve(normal, residual) / size[free, None]
    missing = mean[n:] - mean[:n] @ new - intercept
    return new, intercept + missing / (1 + previous_weight)


def ridge_path(gram, penalties):
    """Solve ridge regression for many penalties; the part common to all is solved for once.

    Parameters
    ----------
    gram : GramSums
        Sums over the rows to fit.
    penalties : ndarray of shape (n_penalties, n_inputs)
        As `ridge` takes them.

    Yields
    ------
    coef : ndarray of shape (n_inputs, n_targets)
        The coefficients.
    intercept : ndarray of shape (n_targets,)
        The intercept.

    Notes
    -----
    Inputs whose penalty is always the same, such as the states, are eliminated from the normal
    equations, and the Schur complement is solved for each penalty of the others.
    """
    mean, normal, cross, size = _normalized(gram)
    n = gram.n_inputs
    is_free = np.isfinite(penalties).any(axis=0)
    is_common = is_free & (penalties == penalties[0]).all(axis=0)
    common, other = np.flatnonzero(is_common), np.flatnonzero(is_free & ~is_common)
    of_common = normal[np.ix_(common, common)] + np.diag(penalties[0, common])
    right = np.hstack([normal[np.ix_(common, other)], cross[common]])
    solved = np.linalg.solve(of_common, right) if len(common) else right
    by_other, alone = solved[:, : len(other)], solved[:, len(other) :]
    inner = normal[np.ix_(other, other)] - normal[np.ix_(other, common)] @ by_other
    residual = cross[other] - normal[np.ix_(other, common)] @ alone
    for penalty in penalties:
        coef = np.zeros((n, cross.shape[1]))
        coef[other] = np.linalg.solve(inner + np.diag(penalty[other]), residual)
        coef[common] = alone - by_other @ coef[other]
        coef /= size[:, None]
        yield coef, mean[n:] - mean[:n] @ coef


def _normalized(gram):
    """Return the mean of the columns, and the normal equations in units of the inputs' own size.

    All numbers in them are then of similar size.
    """
    mean, covariance = gram.centered()
    k, n = gram.n_states, gram.n_inputs
    inner, cross = covariance[:n, :n], covariance[:n, n:]
    size = np.ones(n)
    for part in (slice(0, k), slice(k, n)):
        square = np.mean(np.diag(inner)[part]) if part.stop > part.start else 0.0
        size[part] = np.sqrt(square) if square > 0 else 1.0
    return mean, inner / np.outer(size, size), cross / size[:, None], size


def mean_squared_residuals(gram, solutions):
    """Return the mean squared residuals of several (coef, intercept), which `ridge` returned."""
    mean, covariance = gram.centered()
    errors = []
    for coef, intercept in solutions:
        weights = np.vstack([coef, -np.eye(coef.shape[1])])
        bias = mean @ weights + intercept
        errors.append(np.mean(np.diag(weights.T @ covariance @ weights) + bias**2))
    return np.array(errors)


def penalties_of_lags(equal, growing, window_length):
    """Return penalties that are the same for all lags, and those that grow with their square.

    `growing` has those at a lag of 1, that of the newest row of a window. They are of shape
    (n_penalties, window_length), those of `equal` first.
    """
    lags = np.arange(window_length, 0, -1.0)
    return np.vstack([np.outer(equal, np.ones_like(lags)), np.outer(growing, lags**2)])


def choose_penalty(folds, penalties):
    """Return the penalty with the least error on folds that were not solved for.

    The folds are the Gram sums of blocks of the series; each is left out in turn. One of the rows
    of `penalties` is returned, (n_inputs,).

    Notes
    -----
    Whole blocks of time are left out, since neighboring windows share nearly all their values:
    Bergmeir, C. and Benítez, J. M. (2012). On the use of cross-validation for time series predictor
    evaluation. Information Sciences 191, 192-213.
    """
    errors = np.zeros(len(penalties))
    for left_out in range(len(folds)):
        others = total(folds[:left_out] + folds[left_out + 1 :])
        residuals = mean_squared_residuals(folds[left_out], ridge_path(others, penalties))
        errors += folds[left_out].weight * residuals
    return penalties[int(np.argmin(errors))]
