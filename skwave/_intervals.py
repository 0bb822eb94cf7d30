"""Quantiles of paths, how much paths may overlap, and checks of coverages and quantiles."""

import math
from numbers import Real

import numpy as np

# Ranks are not to be moved by the rounding of (n + 1) * probability.
_ROUNDING = 1e-9
# How many residual paths of new values may contain the same value: those that overlap much are
# nearly the same, and would replace different ones.
MOST_OVERLAPS = 4


def path_quantiles(paths, probabilities):
    """Return quantiles over paths, step by step, with the correction of conformal prediction.

    Parameters
    ----------
    paths : ndarray of shape (n_contexts, n_paths, n_steps, n_channels)
        The paths.
    probabilities : ndarray
        Probabilities; see `check_n_paths` for how many paths they need.

    Returns
    -------
    ndarray of shape (n_contexts, n_steps, n_channels, *probabilities.shape)
        The quantiles.

    Notes
    -----
    Of n paths in order, that of the number ⌈(n + 1) p⌉ for p ≥ 1/2, and ⌊(n + 1) p⌋ below. If the
    next residual is exchangeable with those of the paths, it is at most as large with a probability
    of at least p, or at most p.

    References
    ----------
    Lei, J., G'Sell, M., Rinaldo, A., Tibshirani, R. J. and Wasserman, L. (2018). Distribution-free
    predictive inference for regression. Journal of the American Statistical Association 113,
    1094–1111.

    Stankevičiūtė, K., Alaa, A. M. and van der Schaar, M. (2021). Conformal time-series
    forecasting. Advances in Neural Information Processing Systems 34. (A quantile for each step.)
    """
    positions = (paths.shape[1] + 1) * probabilities
    ranks = np.where(
        probabilities < 0.5, np.floor(positions + _ROUNDING), np.ceil(positions - _ROUNDING)
    )
    chosen = np.sort(paths, axis=1)[:, ranks.astype(int).ravel() - 1]
    return np.moveaxis(chosen, 1, -1).reshape(
        len(paths), *paths.shape[2:], *probabilities.shape
    )  # fmt: skip


def check_coverage(coverage):
    """Return the probabilities of lower and upper bounds, of shape (..., 2).

    Raises
    ------
    ValueError
        If a coverage is not between 0 and 1.
    """
    coverages = check_fractions(coverage, "coverage")
    return np.stack([(1 - coverages) / 2, (1 + coverages) / 2], axis=-1)


def check_fractions(values, name):
    """Return fractions between 0 and 1 as an array of shape (n,) or ()."""
    numbers = [values] if np.ndim(values) == 0 else list(values)
    is_real = [isinstance(x, Real) and not isinstance(x, bool | np.bool_) for x in numbers]
    if np.ndim(values) > 1 or not all(is_real) or not numbers:
        raise TypeError(
            f"{name}={values!r}, but a fraction between 0 and 1, or a list of them, is needed."
        )
    for x in numbers:
        if not 0 < x < 1:
            advice = f" For {x:g} % give {x / 100:g}." if 1 < x < 100 else ""
            raise ValueError(
                f"{name}={values!r}, but a fraction between 0 and 1 is needed.{advice}"
            )
    return np.asarray(values, dtype=float)


def check_n_paths(probabilities, n_paths):
    """Raise an error if there are too few paths for a probability.

    The quantile would then be beyond the least or the largest of the paths.
    """
    extreme = float(np.max(np.abs(probabilities - 0.5)) + 0.5)
    needed = math.ceil(extreme / (1 - extreme) - _ROUNDING)
    if n_paths < needed:
        highest = n_paths / (n_paths + 1)
        reach = "Call"
        if n_paths > 2:
            # Rounded down, so that what is advised is possible.
            most = math.floor(1000 * (2 * highest - 1)) / 1000
            reach = f"Ask for a coverage of at most {most:g}, or call"
        raise ValueError(
            f"A coverage of {2 * extreme - 1:g}, or a quantile of {extreme:g}, needs at least "
            f"{needed} residual paths, but there are {n_paths}. {reach} calibrate with a longer "
            "series, or with fewer n_steps."
        )


def check_order(bounds, name):
    """Raise an error if a lower bound is above its upper bound, of bounds (n_values, ..., 2)."""
    is_reversed = (bounds[..., 0] > bounds[..., 1]).reshape(len(bounds), -1).any(axis=1)
    if is_reversed.any():
        row = int(np.argmax(is_reversed))
        raise ValueError(
            f"{name} has a lower bound above its upper bound in row {row}: {bounds[row].tolist()}. "
            "Give the lower bounds first."
        )
