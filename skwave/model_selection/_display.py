"""A display of a backtest: the errors by step, and forecasts over the series."""

from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from skwave._plot import (
    BASELINE,
    BASELINE_NAMES,
    FORECAST,
    FORECAST_LINE,
    KNOWN,
    TRUTH_LINE,
    count_on_axis,
    drawn_index,
    label_channel,
    label_index,
    make_axes,
    positions_of,
    set_ticks,
    shade_intervals,
)
from skwave._several import check_name
from skwave._validation import as_floats, check_positive_int
from skwave.model_selection._backtest import backtest
from skwave.model_selection._results import Backtest, SeriesBacktest

_LINES = {
    "model": {"label": "Model", "color": FORECAST, "linewidth": 2},
    "naive": {"label": BASELINE_NAMES["naive"], "color": BASELINE, "linestyle": ":"},
    "seasonal_naive": {
        "label": BASELINE_NAMES["seasonal_naive"], "color": "tab:olive", "linestyle": "-.",
    },
}  # fmt: skip


class BacktestDisplay:
    """The error of a backtest step by step, and some of its forecasts over the series.

    Where the backtest has intervals, they are shaded, and their scores are metrics too.

    Make one with `from_estimator` or `from_backtest`.

    Parameters
    ----------
    result : Backtest
        What `backtest` returned.

    Attributes
    ----------
    ax_ : ndarray of two matplotlib Axes
        The axes of the last `plot`.
    figure_ : matplotlib Figure
        Their figure.

    See Also
    --------
    backtest : Makes the forecasts.
    skwave.ForecastDisplay : One forecast over the true values.

    Examples
    --------
    >>> from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline
    >>> from skwave.datasets import make_wave
    >>> from skwave.model_selection import BacktestDisplay
    >>> wave = make_wave("sine", n_cycles=8, steps_per_cycle=20)
    >>> forecaster = LSTMForecaster(units=16, epochs=20, validation="last", random_state=0)
    >>> model = make_forecast_pipeline(WindowTransformer(20), forecaster)
    >>> display = BacktestDisplay.from_estimator(model, wave, horizon=12, initial=120)
    >>> [ax.get_xlabel() for ax in display.ax_]
    ['Steps after the last known value', 'Position in the series']
    """

    def __init__(self, *, result: Backtest):
        self.result = result

    def __repr__(self):
        n_origins, n_steps = self.result.y_true.shape[:2]
        return f"{type(self).__name__}({n_origins} origins, {n_steps} steps)"

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        series: ArrayLike,
        *,
        metric: str | None = None,
        n_forecasts: int = 5,
        channel: Any = 0,
        name: Any = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Run a backtest and draw it.

        Parameters
        ----------
        estimator : object
            As in `backtest`.
        series : array-like of shape (n_values,) or (n_values, n_channels)
            The series, or several as in `backtest`.
        metric, n_forecasts, channel : object
            As in `plot`.
        name : object, default=None
            As in `from_backtest`.
        ax : sequence of two matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **kwargs : dict
            Further arguments of `backtest`, such as `horizon` and `initial`.

        Returns
        -------
        BacktestDisplay
            The display, drawn.
        """
        result = backtest(estimator, series, **kwargs)
        return cls.from_backtest(
            result, metric=metric, n_forecasts=n_forecasts, channel=channel, name=name, ax=ax
        )

    @classmethod
    def from_backtest(
        cls,
        result: Backtest | SeriesBacktest,
        *,
        metric: str | None = None,
        n_forecasts: int = 5,
        channel: Any = 0,
        name: Any = None,
        ax: Any = None,
    ) -> Self:
        """Draw a backtest that was made before.

        Parameters
        ----------
        result : Backtest or SeriesBacktest
            What `backtest` returned.
        metric, n_forecasts, channel : object
            As in `plot`.
        name : object, default=None
            Name of the series to draw, needed for a backtest of several.
        ax : sequence of two matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        BacktestDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If there is no series `name`.
        """
        if isinstance(result, SeriesBacktest):
            check_name(name, result, "the backtest")
            result = result[name]
        elif name is not None:
            raise ValueError(
                f"name={name!r}, but the backtest is of a single series. Leave name out."
            )
        return cls(result=result).plot(
            metric=metric, n_forecasts=n_forecasts, channel=channel, ax=ax
        )

    def plot(
        self,
        *,
        metric: str | None = None,
        n_forecasts: int = 5,
        channel: Any = 0,
        ax: Any = None,
    ) -> Self:
        """Draw errors by step above, and forecasts over the series below.

        Parameters
        ----------
        metric : str or None, default=None
            Name of the metric, one of ``result.scores``; None takes the first. Of a backtest with
            intervals, ``"coverage"``, ``"width"`` and ``"interval_score"`` are among them. The
            nominal coverage is drawn beside ``"coverage"``.
        n_forecasts : int, default=5
            Forecasts to draw at most: the last one, and earlier ones that do not overlap.
        channel : int or column name, default=0
            The channel whose forecasts are drawn: its position, or its name in a DataFrame. An
            int is a position.
        ax : sequence of two matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        BacktestDisplay
            The display itself.

        Raises
        ------
        ValueError
            If `metric` is not among the scores, there is no such `channel`, `n_forecasts` is
            below 1, or `ax` does not have two axes.
        TypeError
            If `n_forecasts` is not an int.
        """
        n_forecasts = check_positive_int(n_forecasts, "n_forecasts")
        channel = self._find_channel(channel)
        names = list(self.result.scores_by_step)
        metric = next(iter(names), None) if metric is None else metric
        if metric not in names:
            raise ValueError(f"metric={metric!r} was not scored; the backtest has {names}.")
        axes = make_axes(ax, 2, sharex=False)
        self._plot_errors(axes[0], metric)
        self._plot_forecasts(axes[1], n_forecasts, channel)
        self.ax_, self.figure_ = axes, axes[0].figure
        return self

    def _find_channel(self, channel):
        """Return the position of a channel."""
        names = self.result._channel_names
        known = list(range(len(names))) if isinstance(channel, Integral) else names
        if channel not in known:
            raise ValueError(f"channel={channel!r}, but the backtest has the channels {known}.")
        return known.index(channel)

    def _plot_errors(self, ax, metric):
        errors = self.result.scores_by_step[metric]
        steps = np.arange(1, len(errors["model"]) + 1)
        # A single step is a point, which a line would not show.
        marker = "o" if len(steps) == 1 else None
        for name, style in _LINES.items():
            # Baselines have no intervals where too few errors of theirs are known.
            if name in errors and (name == "model" or np.isfinite(errors[name]).any()):
                ax.plot(steps, errors[name], marker=marker, **style)
        title = metric.replace("_", " ").capitalize()
        title += ", all channels" if len(self.result._channel_names) > 1 else ""
        ax.set(xlabel="Steps after the last known value", ylabel=title)
        if metric == "coverage" and self.result.coverage is not None:
            ax.axhline(self.result.coverage, color=KNOWN, linestyle="--", label="Nominal")
            # The border must not hide a line at 1.
            ax.set_ylim(0, 1.03)
        # Scores may be negative, errors are not.
        elif not np.any(np.stack(list(errors.values())) < 0):
            ax.set_ylim(bottom=0)
        count_on_axis(ax)
        ax.legend()

    def _plot_forecasts(self, ax, n_forecasts, channel):
        result, n_steps = self.result, self.result.y_true.shape[1]
        series = as_floats(result.series, "series").reshape(len(result.series), -1)[:, channel]
        index = drawn_index(getattr(result.series, "index", None))
        x = np.arange(len(series)) if index is None else positions_of(index)
        chosen = spaced_origins(result.origins, n_steps, n_forecasts)
        firsts = result.origins[chosen]
        shown = slice(max(0, firsts[0] - n_steps), firsts[-1] + n_steps)
        ax.plot(x[shown], series[shown], **TRUTH_LINE)
        style = FORECAST_LINE | {"marker": "o" if n_steps == 1 else None}
        for k, first in zip(chosen, firsts, strict=True):
            steps, is_first = x[first : first + n_steps], k == chosen[0]
            label = style["label"] if is_first else None
            forecast = result.y_pred[k].reshape(n_steps, -1)[:, channel]
            ax.plot(steps, forecast, **style | {"label": label})
            if result.intervals is not None:
                bounds = result.intervals["model"][k].reshape(n_steps, -1, 1, 2)[:, channel]
                coverages = [result.coverage]
                shade_intervals(ax, steps, bounds, coverages, FORECAST, is_labelled=is_first)
            between = x[first - 1] + (x[first] - x[first - 1]) / 2
            ax.axvline(between, color="gray", linewidth=0.8, alpha=0.5)
        names = result._channel_names
        ax.set_ylabel(label_channel(names[channel], channel, len(names)))
        ax.set_xlabel(label_index(index, "Position in the series"))
        set_ticks(ax, index)
        # Space above the lines, so that the legend hides none of them.
        ax.margins(y=0.2)
        ax.legend(loc="upper right", ncols=3)


def spaced_origins(origins, n_steps, n_most):
    """Return the numbers of at most `n_most` origins whose forecasts do not overlap."""
    chosen = [len(origins) - 1]
    for k in range(len(origins) - 2, -1, -1):
        if len(chosen) < n_most and origins[k] + n_steps <= origins[chosen[-1]]:
            chosen.append(k)
    return chosen[::-1]
