"""Fourier terms of calendar features: their harmonics, and products of these."""

import itertools

import numpy as np

# The harmonics of each feature that the linear part of the readout reads: as many as distinguish
# quarters of an hour, the hours of a day, the days of a week, and the months or quarters of a year.
HARMONICS = {
    "minute": 2, "hour": 12, "day_of_week": 3, "day": 6, "day_of_year": 6, "month": 6, "quarter": 2,
}  # fmt: skip


def fourier_terms(waves, names, ops=np):
    """Return the Fourier terms of calendar features: their harmonics, and products of two of these.

    Parameters
    ----------
    waves : ndarray of shape (n, 2 * n_names)
        What `calendar_features` returned.
    names : sequence of str
        Names of these features.
    ops : module, default=numpy
        The module with the functions of arrays: NumPy, or `keras.ops` for tensors.

    Returns
    -------
    ndarray of shape (n, n_terms)
        The sines and cosines of 1, 2, ... times the angle of each feature, and the products of
        those of one feature with those of another. Their weighted sum can be any daily seasonal
        pattern, and with hour and day of the week a pattern for each day of the week.

    References
    ----------
    Hyndman, R. J. and Athanasopoulos, G. (2021). Forecasting: Principles and Practice, 3rd edition,
    sections 7.4 and 10.5. (Fourier terms as inputs of a regression.)
    """
    of_features = []
    for k, name in enumerate(names):
        angle = ops.arctan2(waves[:, 2 * k : 2 * k + 1], waves[:, 2 * k + 1 : 2 * k + 2])
        # 64-bit integers would make 64-bit tensors of them with some backends.
        multiples = angle * np.arange(1, HARMONICS[name] + 1, dtype=waves.dtype)
        of_features.append(ops.concatenate([ops.sin(multiples), ops.cos(multiples)], axis=1))
    products = [
        ops.reshape(one[:, :, None] * other[:, None, :], (-1, one.shape[1] * other.shape[1]))
        for one, other in itertools.combinations(of_features, 2)
    ]
    return ops.concatenate([waves[:, :0], *of_features, *products], axis=1)


def count_cycles(waves):
    """Return the number of cycles of calendar features in a series, (n_names,).

    `waves` is what `calendar_features` returned for it, (n_values, 2 * n_names).
    """
    steps = np.diff(np.arctan2(waves[:, 0::2], waves[:, 1::2]), axis=0)
    # The difference of two angles, from -π to π.
    steps = (steps + np.pi) % (2 * np.pi) - np.pi
    return np.abs(steps).sum(axis=0) / (2 * np.pi)


def squared_frequencies(names, is_read=None):
    """Return the square of the frequency of each Fourier term, (n_terms,).

    It is in cycles of the feature, and of a product the sum of both. It is infinite for terms of a
    feature that is not read, as `is_read` says for each.
    """
    is_read = [True] * len(names) if is_read is None else is_read
    of_features = [
        np.tile(np.arange(1, HARMONICS[name] + 1) ** 2, 2) * (1 if is_one else np.inf)
        for name, is_one in zip(names, is_read, strict=True)
    ]
    products = [
        np.add.outer(one, other).ravel() for one, other in itertools.combinations(of_features, 2)
    ]
    return np.concatenate([[], *of_features, *products])
