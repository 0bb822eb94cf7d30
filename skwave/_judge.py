"""The judge: how far forecasts, rolled out over held-out values, are from the truth."""

import numpy as np

from skwave._recursion import roll_forward
from skwave._window import followed_windows, following_values

# Enough origins to tell networks apart; all of them would cost more than the training.
MAX_ORIGINS = 16
# A forecast whose error is that many times the largest of a simple one has no end.
_EXPLODING = 10


class ForecastJudge:
    """Scores networks by forecasts over values that they were not trained on.

    Parameters
    ----------
    contexts : ndarray of shape (n_origins, window_length, n_channels)
        The windows before each origin.
    truths : ndarray of shape (n_origins, n_steps, n_channels)
        The values that followed.
    n_independent : float
        How many of the forecasts do not overlap, so to speak: held-out values over `n_steps`.
    """

    def __init__(self, contexts, truths, n_independent):
        self.contexts = contexts
        self.truths = truths
        self.n_independent = n_independent

    def __call__(self, network):
        """Return the mean squared error of all forecasts, on the scale of the network's inputs."""
        return float(self.errors(network).mean())

    def errors(self, network):
        """Return the mean squared error of each forecast.

        Parameters
        ----------
        network : Network
            The network to score.

        Returns
        -------
        ndarray of shape (n_origins,)
            On the scale of the network's inputs; all infinite if one leaves all bounds.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            forecasts = roll_forward(network, self.contexts, self.truths.shape[1])
            scaled = (forecasts - self.truths) / network.input_scale
            errors = np.mean(scaled**2, axis=(1, 2))
        return errors if np.isfinite(errors).all() else np.full(len(errors), np.inf)

    def beyond_doubt(self, errors, others):
        """Tell whether forecasts are better than others by more than one standard error.

        Parameters
        ----------
        errors, others : ndarray of shape (n_origins,)
            What `errors` returned for two networks.

        Returns
        -------
        bool
            Fewer than two independent forecasts tell nothing, unless the others have no end.

        Notes
        -----
        The standard error is that of the mean difference, with `n_independent` for the number of
        forecasts. It is the rule of Breiman, L., Friedman, J., Olshen, R. and Stone, C. (1984),
        Classification and Regression Trees, section 3.4.3, for pairs.
        """
        if not np.isfinite(others).all():
            return bool(np.isfinite(errors).all())
        if self.n_independent < 2:
            return False
        gains = others - errors
        return bool(gains.mean() > gains.std(ddof=1) / np.sqrt(self.n_independent))

    def bound(self, *simple):
        """Return the squared error from which on a forecast counts as exploding.

        Parameters
        ----------
        *simple : Network
            Networks that are simple enough to be trusted.

        Returns
        -------
        float
            Ten times their largest error that is finite.
        """
        largest = [self.errors(network).max() for network in simple]
        return _EXPLODING * max((e for e in largest if np.isfinite(e)), default=np.inf)


def make_judge(runs, window_length, share):
    """Take origins evenly from the newest `share` of each run.

    Parameters
    ----------
    runs : Runs
        All windows.
    window_length : int
        Values in a window. Forecasts are rolled out as far as a window is long, or as the
        held-out values of the median series reach if these are fewer.
    share : float
        Share of the windows held out. Where that is less than one value, all are taken: forecasts
        over values that were trained on tell more than nothing.

    Returns
    -------
    ForecastJudge
        With at most `MAX_ORIGINS` origins.
    """
    held_out = np.floor((runs.lengths - 1) * share).astype(int)
    if held_out.max() < 1:
        held_out = runs.lengths - 1
    # As many as most series have: one that is longer must not be the only one that is forecast.
    n_steps = min(window_length, int(np.median(held_out[held_out > 0])))
    which = followed_windows(runs, n_steps)
    run = np.searchsorted(runs.first, which, side="right") - 1
    last = runs.first + runs.lengths - 1
    which = which[which >= (last - held_out)[run]]
    if len(which) > MAX_ORIGINS:
        which = which[np.linspace(0, len(which) - 1, MAX_ORIGINS).round().astype(int)]
    contexts = runs.values[runs.starts[which][:, None] + np.arange(window_length)]
    truths = following_values(runs, which, window_length, n_steps)
    n_independent = min(len(which), held_out[held_out >= n_steps].sum() / n_steps)
    return ForecastJudge(contexts.astype(float), truths.astype(float), n_independent)
