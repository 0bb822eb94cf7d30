"""The results of backtests: forecasts, true values and scores, of one series and of several."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skwave._plot import channel_names, label_channel

_SHORT_NAMES = {"seasonal_naive": "s. naive"}
_MOST_CHANNELS = 10  # shown by repr


@dataclass(frozen=True, eq=False, repr=False)
class Backtest:
    """Forecasts from many origins and the true values, as returned by `backtest`.

    Parameters
    ----------
    series : ndarray or pandas object of shape (n_values,) or (n_values, n_channels)
        The series.
    origins : ndarray of shape (n_origins,)
        Values known to each forecast: the position of its first value in the series.
    y_true : ndarray of shape (n_origins, horizon) or (n_origins, horizon, n_channels)
        The true values.
    y_pred : ndarray of the same shape
        The forecasts.
    baselines : dict of ndarrays of the same shape
        Naive forecasts: ``"naive"`` repeats the last known value,
        ``"seasonal_naive"`` the last known season.
    season_length : int
        Values in that season.
    scores : dict of dict of float
        Each metric over all values: ``scores[metric]["model"]``, and so for the baselines.
    scores_by_step : dict of dict of ndarrays of shape (horizon,)
        The same for each step after the origin; NaN where a metric is undefined
        for the values of one step.
    scores_by_channel : dict of dict of ndarrays of shape (n_channels,)
        The same for each channel by itself, in its own units; one value for a single channel.
    coverage : float or None, default=None
        Nominal coverage of the intervals.
    intervals : None or dict of ndarrays of shape (n_origins, horizon[, n_channels], 2), \
            default=None
        Lower and upper bounds: ``intervals["model"]``, and those of the baselines by quantiles of
        their own errors over the first values, NaN where these are too few. The scores then hold
        ``"coverage"``, ``"width"`` and ``"interval_score"``.

    See Also
    --------
    BacktestDisplay : Draws the result.

    Examples
    --------
    >>> import numpy as np
    >>> from skwave.model_selection import Backtest
    >>> ones = np.ones((2, 3))
    >>> result = Backtest(
    ...     series=np.ones(6), origins=np.array([2, 3]), y_true=ones, y_pred=1.5 * ones,
    ...     baselines={"naive": ones}, season_length=1,
    ...     scores={"mean_absolute_error": {"model": 0.5, "naive": 0.0}}, scores_by_step={},
    ...     scores_by_channel={},
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
    scores_by_channel: dict
    coverage: float | None = None
    intervals: dict | None = None

    def __repr__(self):
        n_origins, n_steps, *several = self.y_true.shape
        names, rows = self._channel_names, list(self.scores.items())
        for metric, scores in self.scores_by_channel.items() if len(names) > 1 else ():
            rows.append((f"{metric} by channel", {}))
            for c, channel in enumerate(names[:_MOST_CHANNELS]):
                of_channel = {name: by_channel[c] for name, by_channel in scores.items()}
                rows.append((f"  {label_channel(channel, c, len(names))}", of_channel))
            if len(names) > _MOST_CHANNELS:
                rows.append((f"  and {len(names) - _MOST_CHANNELS} more", {}))
        head = f"Backtest({n_origins} origins, {n_steps} steps"
        head += f", season of {self.season_length}" if "seasonal_naive" in self.baselines else ""
        head += f", {several[0]} channel{'s' * (several[0] > 1)})" if several else ")"
        return _table(head, "", rows)

    @property
    def _channel_names(self):
        """Names of the channels, None where they have none."""
        n_channels = self.y_true[0, 0].size
        return channel_names(self.series) or [None] * n_channels

    def to_frame(self) -> Any:
        """Return true values and forecasts as a table.

        Returns
        -------
        pandas.DataFrame
            A row for each origin and step (and channel, where there are several), with the columns
            ``origin``, ``step`` (from 1), ``time`` (the label of the value in the index of the
            series, or its position), ``y_true``, ``y_pred``, one for each baseline, and ``lower``
            and ``upper`` where there are intervals.
        """
        import pandas as pd

        (n_origins, n_steps), n_channels = self.y_true.shape[:2], len(self._channel_names)
        labels = getattr(self.series, "index", np.arange(len(self.series)))
        times = (self.origins[:, None] + np.arange(n_steps)).ravel()
        columns = {
            "origin": np.repeat(self.origins, n_steps * n_channels),
            "step": np.tile(np.repeat(np.arange(1, n_steps + 1), n_channels), n_origins),
            "time": labels[np.repeat(times, n_channels)],
        }
        if self.y_true.ndim == 3:
            names = channel_names(self.series) or list(range(n_channels))
            columns["channel"] = names * (n_origins * n_steps)
        forecasts = {"y_true": self.y_true, "y_pred": self.y_pred} | self.baselines
        if self.intervals is not None:
            forecasts["lower"], forecasts["upper"] = np.moveaxis(self.intervals["model"], -1, 0)
        return pd.DataFrame(columns | {name: f.ravel() for name, f in forecasts.items()})


class SeriesBacktest(dict):
    """Backtests of several series by name, as returned by `backtest`.

    A dict of `Backtest`, with the mean scores of all series.

    Parameters
    ----------
    backtests : dict of Backtest
        That of each series, by name.

    Examples
    --------
    >>> from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline
    >>> from skwave.datasets import make_wave
    >>> from skwave.model_selection import backtest
    >>> shops = {n: make_wave("sine", n_cycles=n, steps_per_cycle=20) for n in (7, 8)}
    >>> model = make_forecast_pipeline(WindowTransformer(20), LSTMForecaster(8, random_state=0))
    >>> result = backtest(model, shops, horizon=12, initial=120, step=4)
    >>> result[8].y_pred.shape
    (8, 12)
    >>> result.scores["mean_absolute_error"]["model"] < 0.1
    True
    """

    # A dict has no signature that help could show.
    def __init__(self, backtests: dict[Any, Backtest]):
        super().__init__(backtests)

    @property
    def scores(self) -> dict[str, dict[str, float]]:
        """The mean over the series of each metric: ``scores[metric]["model"]``, and baselines."""
        parts = [one.scores for one in self.values()]
        return {
            metric: {name: float(np.mean([s[metric][name] for s in parts])) for name in by_name}
            for metric, by_name in parts[0].items()
        }

    def to_frame(self) -> Any:
        """Return the scores of each series as a table.

        Returns
        -------
        pandas.DataFrame
            A row for each series, and columns of two levels: the metric, and the model or baseline.
        """
        import pandas as pd

        rows = {
            name: {(metric, by): x for metric, d in one.scores.items() for by, x in d.items()}
            for name, one in self.items()
        }
        return pd.DataFrame.from_dict(rows, orient="index")

    def __repr__(self):
        head = f"SeriesBacktest({len(self)} series)"
        return _table(head, "mean over the series", list(self.scores.items()))


def _table(head, corner, rows):
    """Return a text of a heading and rows: a label, and numbers by the name of the forecast."""
    columns = [_SHORT_NAMES.get(name, name) for _, by_name in rows[:1] for name in by_name]
    rows = [(label, [f"{x:.4g}" for x in numbers.values()]) for label, numbers in rows]
    width = max([20, *(len(label) for label, cells in rows if cells)])
    lines = [
        f"{label:<{width}}" + "".join(f"  {cell:>10}" for cell in cells)
        for label, cells in [(corner, columns), *rows]
    ]
    return "\n".join([head, *(line.rstrip() for line in lines)])
