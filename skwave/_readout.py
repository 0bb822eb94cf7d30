"""The readout: the output layer and a linear model of the window, solved together."""

import functools
import operator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from skwave._network import BLOCK_ROWS, make_cells, read_windows

# Penalties that are tried for the coefficients of the window, the same for all lags: with weaker
# ones a short series is learnt by heart, and a clean wave is forecast to a millionth with these.
EQUAL_PENALTIES = 10.0 ** np.arange(-5, 2)
# And those that are multiplied by the square of the lag: from nearly none for the newest values,
# as strong as the weakest of the others at a lag of 32, to next to nothing but these values.
LAG_PENALTIES = 10.0 ** np.arange(-8, 2)


class Moments(NamedTuple):
    """What least squares needs to know of some windows: sums over them.

    The columns are the n_states states of the last layer, the window relative to its newest
    value, and the targets relative to it.
    """

    weight: float
    sums: np.ndarray  # (n_columns,)
    products: np.ndarray  # (n_columns, n_columns)
    n_states: int

    def __add__(self, other):
        """Return the moments of both."""
        return Moments(*(a + b for a, b in zip(self[:3], other[:3], strict=True)), self.n_states)

    def centred(self):
        """Return mean and covariance of the columns; zeros where nothing has weight."""
        total = self.weight if self.weight > 0 else 1.0
        mean = self.sums / total
        return mean, self.products / total - np.outer(mean, mean)

    def of_windows(self):
        """Return the moments without the states."""
        k = self.n_states
        return Moments(self.weight, self.sums[k:], self.products[k:, k:], 0)


def total(moments):
    """Return the moments of several disjoint sets of windows together."""
    return functools.reduce(operator.add, moments)


def no_change(network):
    """Return a network with the same layers that predicts the newest value of the window.

    Parameters
    ----------
    network : Network
        Shapes, scales and layers; its outputs are the channels' next values.

    Returns
    -------
    Network
        Its head is zero. All readouts start from it.
    """
    n_channels, n_outputs = network.n_channels, network.n_outputs
    skip = np.zeros((network.window_length * n_channels, n_outputs))
    skip[-n_channels:] = np.tile(np.eye(n_channels), n_outputs // n_channels)
    n_states = len(network.layers[-1][1]) if network.layers else 0
    head = np.zeros((n_states, n_outputs), np.float32), np.zeros(n_outputs, np.float32)
    return replace(network, head=head, skip=skip)


def skip_outputs(network, values, starts):
    """Return what the skip adds for each window, (n_windows, n_outputs), in bounded memory."""
    outputs = np.empty((len(starts), network.n_outputs))
    for rows, windows in _blocks(network, values, starts):
        outputs[rows] = windows.reshape(len(windows), -1) @ network.skip
    return outputs


def take_moments(network, lesson, rows):
    """Let the layers read windows, and sum up what least squares needs.

    Parameters
    ----------
    network : Network
        Its layers read; what it predicts does not matter.
    lesson : Lesson
        Windows, targets and weights.
    rows : slice or ndarray of int
        The windows to take.

    Returns
    -------
    Moments
        Those of disjoint sets of windows may be added.
    """
    starts, targets = lesson.starts[rows], lesson.targets[rows].astype(float)
    weights = np.ones(len(starts)) if lesson.weights is None else lesson.weights[rows].astype(float)
    cells = make_cells(network)
    n_states = cells[-1].units if cells else 0
    n_channels = network.n_channels
    n_columns = n_states + network.window_length * n_channels + network.n_outputs
    sums, products = np.zeros(n_columns), np.zeros((n_columns, n_columns))
    for block, windows in _blocks(network, lesson.values, starts):
        columns = np.hstack([windows.reshape(len(windows), -1), targets[block]])
        newest = windows[:, -1]
        columns -= np.tile(newest, columns.shape[1] // n_channels)
        # The states are kept doubled.
        states = 0.5 * read_windows(cells, windows.astype(np.float32)).astype(float)
        columns = np.hstack([states, columns])
        weighted = weights[block, None] * columns
        sums += weighted.sum(axis=0)
        products += weighted.T @ columns
    return Moments(weights.sum(), sums, products, n_states)


def solve(start, moments, *, state_penalty, linear_penalty, weight_before=0.0):
    """Fit head, bias and skip by ridge regression towards those of a network.

    Parameters
    ----------
    start : Network
        What is shrunk towards; its layers read the windows.
    moments : Moments
        Those of the windows to fit, read by the same layers.
    state_penalty : float
        Penalty of the coefficients of the states, μ, as a share of the mean square of the states.
        With an infinite one the layers are left out.
    linear_penalty : float or ndarray of shape (window_length * n_channels,)
        Penalty of the coefficients of the window, λ, as a share of the mean square of its values;
        one for all, or one for each.
    weight_before : float, default=0.0
        Weight of what `start` predicts for these windows, beside that of their targets, r.

    Returns
    -------
    Network
        With the new readout.

    Notes
    -----
    With h the states, u the window and v the targets, the last two relative to the newest value of
    the window and all centred, and w₀ the coefficients of `start`, the change of the coefficients
    is ((1 + r) xᵀx / n + P)⁻¹ xᵀ(v - x w₀) / n, where x = [h u], n is the number of windows, and
    P is diagonal with μ mean(h²) and λ mean(u²), the means over all states and all values of the
    window. Relative to the newest value, because what a coefficient of zero says is then "no
    change".

    References
    ----------
    Hoerl, A. E. and Kennard, R. W. (1970). Ridge regression: biased estimation for nonorthogonal
    problems. Technometrics 12(1), 55-67.

    Jaeger, H. and Haas, H. (2004). Harnessing nonlinearity: predicting chaotic systems and saving
    energy in wireless communication. Science 304, 78-80. (States of a recurrent network, read out
    by least squares.)
    """
    if not np.isfinite(state_penalty):
        start = replace(start, layers=(), head=(start.head[0][:0], start.head[1]))
        moments = moments.of_windows()
    mean, covariance = moments.centred()
    k, n = moments.n_states, len(mean) - start.n_outputs
    (kernel, bias), skip = start.head, start.skip
    present = np.vstack([kernel, skip])
    inner, cross = covariance[:n, :n], covariance[:n, n:]
    # In units of the inputs' own size, so that numbers of one order are solved for.
    size = np.ones(n)
    for part in (slice(0, k), slice(k, n)):
        square = np.mean(np.diag(inner)[part]) if part.stop > part.start else 0.0
        size[part] = np.sqrt(square) if square > 0 else 1.0
    penalty = np.append(np.full(k, state_penalty), np.broadcast_to(linear_penalty, n - k))
    normal = (1 + weight_before) * inner / np.outer(size, size) + np.diag(penalty)
    rest = (cross - inner @ present) / size[:, None]
    change = np.linalg.solve(normal, rest) / size[:, None]
    missing = mean[n:] - mean[:n] @ (present + change) - bias
    bias = bias + missing / (1 + weight_before)
    head = (kernel + change[:k]).astype(np.float32), bias.astype(np.float32)
    return replace(start, head=head, skip=skip + _from_newest(change[k:], start.n_channels))


def window_penalties(window_length, n_channels):
    """Return the penalties of the window's coefficients that are tried.

    Parameters
    ----------
    window_length, n_channels : int
        Shape of a window.

    Returns
    -------
    ndarray of shape (n_penalties, window_length * n_channels)
        The first ones are the same for all lags, from weak to strong, the others grow with the
        square of the lag.

    Notes
    -----
    Mostly an older value tells less than a newer one. The equal penalties are for series whose
    oldest values tell much, as with a season as long as the window. The newest value has the lag
    1; with a horizon, lags count from its first step.

    References
    ----------
    Litterman, R. B. (1986). Forecasting with Bayesian vector autoregressions: five years of
    experience. Journal of Business and Economic Statistics 4(1), 25-38. (A standard deviation of
    each coefficient that falls with the lag: its harmonic decay.)
    """
    lags = np.repeat(np.arange(window_length, 0, -1.0), n_channels)
    equal = np.outer(EQUAL_PENALTIES, np.ones_like(lags))
    return np.vstack([equal, np.outer(LAG_PENALTIES, lags**2)])


def mean_square_rest(network, moments):
    """Return the mean squared error of one-step predictions, from moments alone.

    Parameters
    ----------
    network : Network
        The network whose layers read the windows, or one without layers.
    moments : Moments
        Those of the windows.

    Returns
    -------
    float
        Over all windows and outputs, on the scale of the network.
    """
    mean, covariance = (moments if network.layers else moments.of_windows()).centred()
    weights = np.vstack([network.head[0], network.skip, -np.eye(network.n_outputs)])
    bias = mean @ weights + network.head[1]
    return float(np.mean(np.diag(weights.T @ covariance @ weights) + bias**2))


def cross_validated(readout, blocks, penalties):
    """Return the penalty with the least one-step error on blocks that were not solved for.

    Parameters
    ----------
    readout : callable
        From moments and a penalty to a network.
    blocks : list of Moments
        Those of pieces of the series; each is left out in turn.
    penalties : sequence of float or of ndarray
        To choose from.

    Returns
    -------
    float or ndarray
        One of `penalties`.

    Notes
    -----
    Whole blocks of time are left out, since neighbouring windows share nearly all their values:
    Bergmeir, C. and Benítez, J. M. (2012). On the use of cross-validation for time series predictor
    evaluation. Information Sciences 191, 192-213.
    """
    others = [total(blocks[:k] + blocks[k + 1 :]) for k in range(len(blocks))]

    def error(penalty):
        return sum(
            block.weight * mean_square_rest(readout(rest, penalty), block)
            for block, rest in zip(blocks, others, strict=True)
        )

    return penalties[int(np.argmin([error(penalty) for penalty in penalties]))]


def midway(linear, both):
    """Return the mean of a linear model and of one that has layers."""
    (kernel, bias), skip = both.head, both.skip
    head = kernel / 2, (bias + linear.head[1]) / 2
    return replace(both, head=head, skip=(skip + linear.skip) / 2)


def _from_newest(change, n_channels):
    """Turn coefficients of a window relative to its newest value into those of its values.

    The newest value takes what is missing of a sum of zero, channel by channel.
    """
    change = change.copy()
    newest = change[-n_channels:]
    for channel in range(n_channels):
        newest[channel] -= change[channel::n_channels].sum(axis=0)
    return change


def _blocks(network, values, starts):
    """Yield slices of `starts` and their windows as the layers see them, in float64."""
    offsets = np.arange(network.window_length)
    for begin in range(0, len(starts), BLOCK_ROWS):
        block = slice(begin, begin + BLOCK_ROWS)
        windows = values[starts[block][:, None] + offsets].astype(float)
        if network.anchored:
            windows = windows - windows[:, :1]
        yield block, windows
