"""The linear model that skwave compares its forecasts with, by itself: no LSTM, and no Keras.

It is `choosing.py`'s "linear model", which reads it from a network that was trained; the layers of
that network do not matter, so here it has none.
"""

from typing import NamedTuple

import numpy as np
from choosing import split

from skwave import WindowTransformer
from skwave._calibration import cross_fitted_paths
from skwave._intervals import path_quantiles
from skwave._network import Network
from skwave._readout import (
    Readout,
    count_blocks,
    gram_folds,
    join_blocks,
    make_folds,
    solve_readout,
)
from skwave._readout_choice import penalties_of_window
from skwave._recursion import roll_forward
from skwave._ridge import choose_penalty, total
from skwave._widths import residual_scale


class LinearModel(NamedTuple):
    """A network without layers, and the residual paths of its forecasts."""

    network: Network
    residual_paths: np.ndarray
    widths: dict | None

    def forecast(self, contexts, n_steps):
        """Forecast after contexts, (n_contexts, n_values), of which the last window counts."""
        return roll_forward(self.network, self._windows(contexts), n_steps)[..., 0]

    def forecast_quantiles(self, contexts, n_steps, probabilities):
        """Forecast quantiles, (n_contexts, n_steps, n_quantiles), as a fit does."""
        contexts = self._windows(contexts)
        forecasts = roll_forward(self.network, contexts, n_steps)
        scale = residual_scale(contexts, forecasts, self.network.scaling.input_scale, self.widths)
        paths = forecasts[:, None] + scale[:, None] * self.residual_paths
        return path_quantiles(paths, np.array(probabilities))[:, :, 0]

    def _windows(self, contexts):
        return contexts[:, -self.network.window_length :, None]


def fit_linear(series, window_length, n_steps):
    """Fit the linear model to a series, with residual paths of forecasts of `n_steps` values."""
    data, dataset, _ = split(WindowTransformer(window_length).fit_transform(series), 0)
    head = np.zeros((0, 1), np.float32), np.zeros(1, np.float32)
    network = Network(window_length, 1, dataset.scaling, (), head)
    rows = make_folds(dataset, count_blocks(network))
    blocks = gram_folds(network, dataset, rows)
    penalty = choose_penalty(join_blocks(blocks), penalties_of_window(network, None))
    linear = Readout("linear", np.inf, penalty)
    paths, widths = cross_fitted_paths(network, data, dataset, rows, blocks, linear, n_steps)
    return LinearModel(solve_readout(network, total(blocks), linear)[0], paths, widths)
