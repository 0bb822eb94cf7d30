"""The linear model of a window: ridge regression in closed form."""

from dataclasses import replace

import numpy as np

# Strengths that are tried, as shares of the mean square of an input.
STRENGTHS = 10.0 ** np.arange(-7, 2)
_BLOCK = 4096


def linear_network(template, lesson, n_windows, strengths=STRENGTHS):
    """Fit ridge regressions of the targets on the windows.

    Parameters
    ----------
    template : Network
        Shapes and scales.
    lesson : Lesson
        Windows and targets on the scale of the layers.
    n_windows : int
        How many windows to fit, from the first on.
    strengths : array-like of float, default=STRENGTHS
        Penalties λ, as shares of the mean square of an input.

    Returns
    -------
    list of Network
        Networks without layers, one for each strength.

    Notes
    -----
    Where the targets are the channels' own next values, inputs and targets are taken relative to
    the newest value of the window, so that what is shrunk towards is "no change" and not zero.
    With u the window and v the targets, both so taken and centred, the coefficients are
    (uᵀu + λ n m I)⁻¹ uᵀv, where n is the number of windows and m the mean square of u.

    References
    ----------
    Hoerl, A. E. and Kennard, R. W. (1970). Ridge regression: biased estimation for nonorthogonal
    problems. Technometrics 12(1), 55–67.
    """
    starts, targets = lesson.starts[:n_windows], lesson.targets[:n_windows].astype(float)
    own = template.n_outputs == template.horizon * template.n_channels
    moments = _moments(template, lesson.values, starts, targets, own)
    return [_solve(template, *moments, strength, own) for strength in strengths]


def linear_outputs(network, values, starts):
    """Return what the skip adds for each window, (n_windows, n_outputs), in bounded memory."""
    outputs = np.empty((len(starts), network.n_outputs))
    for rows, windows in _blocks(network, values, starts):
        outputs[rows] = windows @ network.skip
    return outputs


def _blocks(network, values, starts):
    """Yield slices of `starts` and their windows, flat, as the network sees them."""
    offsets = np.arange(network.window_length)
    for begin in range(0, len(starts), _BLOCK):
        rows = slice(begin, begin + _BLOCK)
        windows = values[starts[rows][:, None] + offsets].astype(float)
        if network.anchored:
            windows = windows - windows[:, :1]
        yield rows, windows.reshape(len(windows), -1)


def _moments(template, values, starts, targets, own):
    """Return means and centred second moments of windows and targets."""
    n_inputs = template.window_length * template.n_channels
    n, total = len(starts), n_inputs + template.n_outputs
    sums, products = np.zeros(total), np.zeros((total, total))
    for rows, windows in _blocks(template, values, starts):
        both = np.hstack([windows, targets[rows]])
        if own:
            both -= np.tile(windows[:, -template.n_channels :], total // template.n_channels)
        sums += both.sum(axis=0)
        products += both.T @ both
    mean = sums / n
    return mean, products / n - np.outer(mean, mean)


def _solve(template, mean, moments, strength, own):
    """Solve for one strength and write the solution as a network."""
    k = len(mean) - template.n_outputs
    size = np.trace(moments[:k, :k]) / k
    ridge = moments[:k, :k] + max(strength * size, 1e-30) * np.eye(k)
    skip = np.linalg.lstsq(ridge, moments[:k, k:], rcond=None)[0]
    bias = mean[k:] - mean[:k] @ skip
    if own:
        # From values relative to the newest one back to the values: it carries what is missing
        # of a sum of one, channel by channel.
        for channel in range(template.n_channels):
            newest = k - template.n_channels + channel
            skip[newest] -= skip[channel :: template.n_channels].sum(axis=0)
            skip[newest, channel :: template.n_channels] += 1
    head = (np.zeros((0, template.n_outputs), np.float32), bias.astype(np.float32))
    return replace(template, layers=(), head=head, skip=skip)
