"""What a backtest found, as plain data."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False, repr=False)
class Backtest:
    """Forecasts from many origins beside the truth; `backtest` makes it.

    Parameters
    ----------
    series : ndarray or pandas object of shape (n_values,) or (n_values, n_channels)
        The series.
    origins : ndarray of shape (n_origins,)
        Values known to each forecast: the position of its first value in the series.
    y_true : ndarray of shape (n_origins, horizon) or (n_origins, horizon, n_channels)
        The values that came.
    y_pred : ndarray of the same shape
        The forecasts.
    baselines : dict of ndarrays of the same shape
        Forecasts that cost nothing: ``"naive"`` repeats the last known value,
        ``"seasonal_naive"`` the last known season.
    season_length : int
        Values in that season.
    scores : dict of dict of float
        Each metric over all values: ``scores[metric]["model"]``, and so for the baselines.
    scores_by_step : dict of dict of ndarrays of shape (horizon,)
        The same for each step after the origin; NaN where its values alone give a metric
        nothing to measure by.

    See Also
    --------
    BacktestDisplay : Draws it.

    Examples
    --------
    >>> import numpy as np
    >>> from skwave.model_selection import Backtest
    >>> ones = np.ones((2, 3))
    >>> result = Backtest(
    ...     series=np.ones(6), origins=np.array([2, 3]), y_true=ones, y_pred=1.5 * ones,
    ...     baselines={"naive": ones}, season_length=1,
    ...     scores={"mean_absolute_error": {"model": 0.5, "naive": 0.0}}, scores_by_step={},
    ... )
    >>> result
    Backtest(2 origins, 3 steps)
                               model       naive
    mean_absolute_error          0.5           0
    """

    series: Any
    origins: np.ndarray
    y_true: np.ndarray
    y_pred: np.ndarray
    baselines: dict
    season_length: int
    scores: dict
    scores_by_step: dict

    def __repr__(self):
        n_origins, n_steps = self.y_true.shape[:2]
        columns = ["model", *self.baselines]
        width = max([20, *map(len, self.scores)])
        lines = [f"Backtest({n_origins} origins, {n_steps} steps)"]
        lines.append(" " * width + "".join(f"  {_short(name):>10}" for name in columns))
        for metric, scores in self.scores.items():
            numbers = "".join(f"  {scores[name]:>10.4g}" for name in columns)
            lines.append(f"{metric:<{width}}{numbers}")
        return "\n".join(lines)

    def to_frame(self) -> Any:
        """Return truth and forecasts as a table.

        Returns
        -------
        pandas.DataFrame
            A row for each origin and step (and channel, where there are several), with the columns
            ``origin``, ``step`` (from 1), ``time`` (the label of the value in the index of the
            series, or its position), ``y_true``, ``y_pred``, and one for each baseline.
        """
        import pandas as pd

        n_origins, n_steps = self.y_true.shape[:2]
        n_channels = self.y_true[0, 0].size
        index = getattr(self.series, "index", None) if hasattr(self.series, "iloc") else None
        labels = np.arange(len(self.series)) if index is None else index
        times = (self.origins[:, None] + np.arange(n_steps)).ravel()
        columns = {
            "origin": np.repeat(self.origins, n_steps * n_channels),
            "step": np.tile(np.repeat(np.arange(1, n_steps + 1), n_channels), n_origins),
            "time": labels[np.repeat(times, n_channels)],
        }
        if self.y_true.ndim == 3:
            names = getattr(self.series, "columns", range(n_channels))
            columns["channel"] = list(names) * (n_origins * n_steps)
        forecasts = {"y_true": self.y_true, "y_pred": self.y_pred} | self.baselines
        return pd.DataFrame(columns | {name: f.ravel() for name, f in forecasts.items()})


def _short(name):
    return {"seasonal_naive": "s. naive"}.get(name, name)
