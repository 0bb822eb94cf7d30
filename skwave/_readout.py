"""The readout: the output layer and a skip connection, solved for together."""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from skwave._fourier import squared_frequencies
from skwave._network import calendar_terms
from skwave._ridge import GramSums, mean_squared_residuals, ridge, total

# The windows trained on and those held out fall into as many folds each, which choose penalties.
# For residual paths each is cut into as many blocks, or fewer where their sums are large.
N_FOLDS, BLOCKS_OF_FOLD, MAX_SUMS = 3, 4, 2**24
# The part of the LSTM in the predictions is taken over so many windows.
FRACTION_WINDOWS = 512
# A head with such penalties has small coefficients, from which training continues smoothly.
SMOOTH = 1e-2
# A random sample of that many windows is as good for 400 coefficients as millions are.
MAX_WINDOWS = 8_192


class Readout(NamedTuple):
    """One way to solve for the output layer and the skip connection.

    Parameters
    ----------
    name : str
        Its name in `readout_` and `validation_errors_`.
    state_penalty : float or ndarray of shape (n_states,)
        Penalty of the coefficients of the states, or of each; infinite leaves states out.
    linear_penalty : ndarray of shape (n_linear,)
        Penalties of the coefficients of the window and of the Fourier terms.
    average_penalty : None or ndarray of the same shape
        Where given, the solution is averaged with that of the linear model with these penalties.
    difference_penalty : None or ndarray of shape (n_inputs,)
        Penalties of the differences of one series' coefficients from those of all series; infinite
        ones take the latter. None solves for the one series alone.
    own : None or Readout
        Where given, the solution is averaged with this one of the series alone.
    """

    name: str
    state_penalty: Any
    linear_penalty: np.ndarray
    average_penalty: np.ndarray | None = None
    difference_penalty: np.ndarray | None = None
    own: Any = None


def naive_skip(shapes):
    """Return the skip connection that predicts the newest value of the window.

    It is ones for the newest values, (window_length * n_channels, n_outputs), where the outputs of
    a network or dataset are the next values of the channels that are forecast. All readouts start
    from it.
    """
    n_predicted, n_outputs = shapes.n_predicted, shapes.n_outputs
    skip = np.zeros((shapes.window_length, shapes.n_channels, n_outputs))
    skip[-1, :n_predicted] = np.tile(np.eye(n_predicted), n_outputs // n_predicted)
    return skip.reshape(-1, n_outputs)


def n_lagged(shapes):
    """Return how many channels the linear part reads at each lag: all but calendar features."""
    return shapes.n_channels - 2 * len(shapes.calendar)


def count_linear(shapes):
    """Return how many inputs the linear part reads: values of the window, and Fourier terms.

    Of calendar features it reads the Fourier terms at the next step alone, whose older values are
    sums of the newest ones.
    """
    n_terms = len(squared_frequencies(shapes.calendar))
    return shapes.window_length * n_lagged(shapes) + n_terms


def with_readout(network, coef, intercept):
    """Return a network with the layers of another and new coefficients.

    Parameters
    ----------
    network : Network
        Its layers.
    coef : ndarray of shape (n_states + n_linear, n_outputs)
        Coefficients of the states, of the window relative to its newest value, where known inputs
        are relative to nothing, and of the Fourier terms.
    intercept : ndarray of shape (n_outputs,)
        The intercept. The outputs are relative to the newest value, too.

    Returns
    -------
    Network
        The network.
    """
    n_states, n_predicted = network.n_states, network.n_predicted
    # Training that diverged may need coefficients beyond float32. Forecasts with them are not
    # finite, so that such a readout is not chosen.
    with np.errstate(over="ignore"):
        head = coef[:n_states].astype(np.float32), intercept.astype(np.float32)
    length, n_read = network.window_length, n_lagged(network)
    of_window, of_terms = np.split(coef[n_states:], [length * n_read])
    skip = np.zeros((length, network.n_channels, coef.shape[1]))
    skip[:, :n_read] = of_window.reshape(length, n_read, -1)
    # The coefficients of a channel sum to zero: that of its newest value is minus all others.
    skip[-1, :n_predicted] -= skip[:, :n_predicted].sum(axis=0)
    return replace(
        network, head=head, skip=naive_skip(network) + skip.reshape(-1, skip.shape[2]),
        fourier_coef=of_terms if of_terms.any() else None,
    )  # fmt: skip


def coefficients_of(network):
    """Return the coefficients of a solved network as `with_readout` takes them."""
    shape = network.window_length, network.n_channels, network.n_outputs
    of_window = (network.skip - naive_skip(network)).reshape(shape)[:, : n_lagged(network)]
    of_terms = network.fourier_coef
    if of_terms is None:
        of_terms = np.zeros((len(squared_frequencies(network.calendar)), network.n_outputs))
    of_window = of_window.reshape(-1, network.n_outputs)
    return np.vstack([network.head[0].astype(float), of_window, of_terms])


def without_layers(network):
    """Return the linear part of a network: the bias and the skip connection, without the LSTM."""
    kernel, bias = network.head
    return replace(network, layers=(), head=(kernel[:0], bias), positions=None)


def accumulate(network, dataset, rows):
    """Return the Gram sums of some windows, read by the layers of a network.

    They are of the states, of the window relative to its newest value, but for known inputs, of the
    Fourier terms, and of the targets relative to the newest value: a coefficient of zero then means
    that nothing changes. The dataset is on the scale of the layers. What the network predicts does
    not matter.
    """
    n_states, n_predicted = network.n_states, network.n_predicted
    n_inputs = n_states + count_linear(network)
    n_columns = n_inputs + network.n_outputs
    zeros = np.zeros(n_columns), np.zeros((n_columns, n_columns))
    gram = GramSums(n_states, n_inputs, 0.0, *zeros)
    part = dataset.take(rows, len(rows))
    for block in part.blocks():
        windows = part.windows(block)
        states = [network.states(windows)] if n_states else []
        newest = windows[:, -1, :n_predicted].copy()
        windows[..., :n_predicted] -= newest[:, None]
        lagged = windows[..., : n_lagged(network)].reshape(len(windows), -1)
        terms = calendar_terms(windows[:, -1], part.scaling, network.calendar)
        targets = part.targets[block] - np.tile(newest, network.n_outputs // n_predicted)
        gram.accumulate(
            np.hstack([*states, lagged, terms, targets]),
            None if part.weights is None else part.weights[block].astype(float),
        )
    return gram


def make_folds(dataset, n_blocks=1, n_most=MAX_WINDOWS):
    """Return the rows of blocks of the series: of those trained on, then of those held out.

    All windows of the split dataset are in a block, or `n_most` drawn at random. Each of the `2 *
    N_FOLDS` folds has `n_blocks` blocks, (n_rows,) each: first those of the first fold, then those
    of the second, and so on.
    """
    part = dataset.subsample(n_most)
    n_held_out = len(part.indices) - part.n_train
    starts = dataset.starts[dataset.indices]
    folds = []
    for begin, n in ((0, part.n_train), (dataset.n_train, n_held_out)):
        in_time = begin + np.argsort(starts[begin : begin + n])
        for fold in np.array_split(in_time, N_FOLDS):
            folds += np.array_split(fold, n_blocks)
    return folds


def gram_folds(network, dataset, folds=None):
    """Return the Gram sums of folds or blocks, by default of the folds that `make_folds` makes."""
    folds = make_folds(dataset) if folds is None else folds
    return [accumulate(network, dataset, rows) for rows in folds]


def count_blocks(network):
    """Return how many blocks a fold is cut into, so that their sums take bounded memory."""
    n_inputs = network.n_states + count_linear(network)
    return int(np.clip(MAX_SUMS // (2 * N_FOLDS * n_inputs**2), 1, BLOCKS_OF_FOLD))


def join_blocks(blocks):
    """Return the Gram sums of the folds, from those of their blocks."""
    n_blocks = len(blocks) // (2 * N_FOLDS)
    return [total(blocks[k : k + n_blocks]) for k in range(0, len(blocks), n_blocks)]


def with_positions(network, n_positions):
    """Return a network whose output layer reads states at so many positions of the window.

    They are that after the last value, which alone is read in training, and those an eighth of the
    window apart before it. Predictions stay the same: the coefficients of the earlier states are
    zero.
    """
    length = network.window_length
    positions = np.unique([length - k * length // 8 for k in range(n_positions)])
    positions = tuple(int(p) for p in positions if p > 0)
    if len(positions) == 1 or not network.layers:
        return network
    kernel, bias = network.head
    earlier = np.zeros(((len(positions) - 1) * len(kernel), kernel.shape[1]), kernel.dtype)
    return replace(network, head=(np.vstack([earlier, kernel]), bias), positions=positions)


def drop_unread_positions(network, readout):
    """Return a solved network and its readout without earlier positions whose states are not read.

    Its predictions stay the same.
    """
    n_last = network.units[-1]
    penalties = np.broadcast_to(readout.state_penalty, network.n_states)
    if np.isfinite(penalties[:-n_last]).any():
        return network, readout
    kernel, bias = network.head
    network = replace(network, head=(kernel[-n_last:], bias), positions=None)
    return network, readout._replace(state_penalty=float(penalties[-1]))


def solve_readout(network, gram, readout, others=None):
    """Return the network with the output layer and the skip connection solved for.

    Parameters
    ----------
    network : Network
        Its layers.
    gram : GramSums
        What `accumulate` returned for these layers.
    readout : Readout
        The penalties.
    others : None or GramSums, default=None
        Those of other series, where `readout` has a `difference_penalty`.

    Returns
    -------
    network : Network
        With the new readout.
    one_step_error : float
        Its mean squared error over the windows of `gram`.

    References
    ----------
    Jaeger, H. and Haas, H. (2004). Harnessing nonlinearity: predicting chaotic systems and saving
    energy in wireless communication. Science 304, 78-80. (States of a recurrent network, read out
    by least squares.)
    """
    if readout.difference_penalty is None:
        coef, intercept = solve_coefficients(gram, readout)
    else:
        coef, intercept = solve_coefficients(others + gram, readout)
        if np.isfinite(readout.difference_penalty).any():
            coef, intercept = ridge(gram, readout.difference_penalty, coef, intercept)
    if readout.own is not None:
        own_coef, own_intercept = solve_coefficients(gram, readout.own)
        coef, intercept = (coef + own_coef) / 2, (intercept + own_intercept) / 2
    (error,) = mean_squared_residuals(gram, [(coef, intercept)])
    return with_readout(network, coef, intercept), float(error)


def solve_coefficients(gram, readout):
    """Return coefficients and intercept as `with_readout` takes them."""
    states = np.broadcast_to(readout.state_penalty, gram.n_states)
    coef, intercept = ridge(gram, np.append(states, readout.linear_penalty))
    if readout.average_penalty is not None:
        states = np.full(gram.n_states, np.inf)
        linear_coef, linear_intercept = ridge(gram, np.append(states, readout.average_penalty))
        coef, intercept = (coef + linear_coef) / 2, (intercept + linear_intercept) / 2
    return coef, intercept


def update_readout(network, dataset, n_windows):
    """Update a solved readout with new windows, in proportion to their number.

    The layers stay as they are. A penalty on changes represents the `n_windows` windows that the
    readout was solved for.

    Returns
    -------
    network : Network
        The network with the new readout.
    loss : float
        Its mean squared error of one step over the new windows.
    """
    gram = accumulate(network, dataset, np.arange(len(dataset.indices)))
    weight = n_windows / len(dataset.indices)
    coef = coefficients_of(network)
    penalty = np.full(len(coef), weight)
    if coef.any():
        # What the fit left out, such as known inputs that were of no use, stays out.
        penalty[(coef == 0).all(axis=1)] = np.inf
    bias = network.head[1].astype(float)
    coef, intercept = ridge(gram, penalty, coef, bias, previous_weight=weight)
    (error,) = mean_squared_residuals(gram, [(coef, intercept)])
    return with_readout(network, coef, intercept), float(error)


def smooth_readout(network, dataset):
    """Return a network with a head of small coefficients, from which training can continue.

    It reads the state after the last value alone, as in training.
    """
    kernel, bias = network.head
    network = replace(network, head=(kernel[-network.units[-1] :], bias), positions=None)
    part = dataset.subsample(MAX_WINDOWS)
    gram = accumulate(network, part, np.arange(part.n_train))
    linear = np.full(count_linear(network), 1 / SMOOTH)
    return solve_readout(network, gram, Readout("smooth", SMOOTH, linear))[0]


def lstm_variance_fraction(network, dataset):
    """Return how much of the variance of the predicted change comes from the LSTM.

    That is the covariance of the output layer's part with the predicted change from the newest
    value to the next ones, over the variance of that change; 1 without a skip connection. The
    dataset is on the scale of the layers.
    """
    if network.skip is None:
        return 1.0
    rows = np.arange(min(len(dataset.indices), FRACTION_WINDOWS))
    _, covariance = accumulate(network, dataset, rows).centered()
    coef = coefficients_of(network)
    n_states, n_inputs = network.n_states, len(coef)
    of_parts = coef.T @ covariance[:n_inputs, :n_inputs]
    variance = np.trace(of_parts @ coef)
    return float(np.trace(of_parts[:, :n_states] @ coef[:n_states]) / variance) if variance else 0.0
