"""The judge: how far forecasts, rolled out over held-out values, are from the truth."""

import numpy as np

from skwave._recursion import roll_forward
from skwave._window import following_values

# Enough origins to tell networks apart; all of them would cost more than the training.
MAX_ORIGINS = 32


class ForecastJudge:
    """Scores networks by forecasts over values that they were not trained on.

    Parameters
    ----------
    contexts : ndarray of shape (n_origins, window_length, n_channels)
        The windows before each origin.
    truths : ndarray of shape (n_origins, n_steps, n_channels)
        The values that followed.
    """

    def __init__(self, contexts, truths):
        self.contexts = contexts
        self.truths = truths

    def __call__(self, network):
        """Return the mean squared error on the scale of the network's inputs.

        Parameters
        ----------
        network : Network
            The network to score.

        Returns
        -------
        float
            Over all origins, steps and channels; infinite where a forecast leaves all bounds.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            forecasts = roll_forward(network, self.contexts, self.truths.shape[1])
            error = np.mean(((forecasts - self.truths) / network.input_scale) ** 2)
        return float(error) if np.isfinite(error) else np.inf


def make_judge(runs, window_length, share, asks):
    """Take origins evenly from the newest `share` of each run.

    Parameters
    ----------
    runs : Runs
        All windows.
    window_length : int
        Values in a window. Forecasts are rolled out as far as a window is long, or as the
        held-out values reach if these are fewer.
    share : float
        Share of the windows held out.
    asks : str
        The parameter that needs a judge, for the error message.

    Returns
    -------
    ForecastJudge
        With at most `MAX_ORIGINS` origins.

    Raises
    ------
    ValueError
        If fewer than two values are held out.
    """
    held_out = np.floor((runs.lengths - 1) * share).astype(int)
    n_steps = min(window_length, held_out.max())
    if n_steps < 2:
        raise ValueError(
            f"{asks} rolls forecasts out over held-out values, but validation_split={share} of "
            f"{runs.lengths.max()} windows holds out {held_out.max()} values. At least 2 are "
            "needed: give a longer series, a smaller window_length or a larger validation_split."
        )
    which, truths = following_values(runs, window_length, n_steps)
    run = np.searchsorted(runs.first, which, side="right") - 1
    last = runs.first + runs.lengths - 1
    newest = which >= (last - held_out)[run]
    which, truths = which[newest], truths[newest]
    if len(which) > MAX_ORIGINS:
        some = np.linspace(0, len(which) - 1, MAX_ORIGINS).round().astype(int)
        which, truths = which[some], truths[some]
    contexts = runs.values[runs.starts[which][:, None] + np.arange(window_length)]
    return ForecastJudge(contexts.astype(float), truths.astype(float))
