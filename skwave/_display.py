"""Displays: a forecast over the true values, and the losses of a training."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from skwave._display_data import (
    check_intervals,
    check_values,
    find_index,
    find_names,
    make_baseline,
)
from skwave._missing_rows import with_missing_rows
from skwave._pipeline import as_forecast_pipeline
from skwave._plot import (
    BASELINE,
    BASELINE_NAMES,
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
from skwave._several import check_name, pick_series


class ForecastDisplay:
    """A forecast over the true values, with its intervals; one panel for each channel.

    Make one with `from_estimator` or `from_predictions`.

    Parameters
    ----------
    y_true : ndarray of shape (n_steps,) or (n_steps, n_channels)
        The true values.
    y_pred : ndarray of the same shape
        The forecast.
    index : pandas Index of shape (n_steps,) or None, default=None
        Labels of the steps. Dates, periods and numbers are drawn on the x axis. Without them, and
        for times since a start (a TimedeltaIndex), steps are counted from 1.
    names : sequence of shape (n_channels,) or None, default=None
        Names of the channels, which label the y axes.
    history : ndarray of shape (n_known,) or (n_known, n_channels) or None, default=None
        Known values before the forecast.
    history_index : pandas Index of shape (n_known,) or None, default=None
        Their labels.
    baseline : ndarray of the shape of `y_pred` or None, default=None
        A forecast to compare with.
    baseline_name : str, default="Baseline"
        What the legend calls it.
    intervals : ndarray of shape (n_steps, n_coverages, 2) or \
            (n_steps, n_channels, n_coverages, 2) or None, default=None
        Lower and upper bounds, in the units of the forecast.
    coverages : sequence of shape (n_coverages,) or None, default=None
        Their nominal coverages, fractions between 0 and 1.

    Attributes
    ----------
    ax_ : matplotlib Axes or ndarray of Axes
        The axes of the last `plot`.
    figure_ : matplotlib Figure
        Their figure.

    See Also
    --------
    HistoryDisplay : The losses of a training.

    Examples
    --------
    >>> import numpy as np
    >>> from skwave import ForecastDisplay
    >>> wave = np.sin(np.arange(20.0))
    >>> display = ForecastDisplay.from_predictions(wave, wave + 0.1)
    >>> display.ax_.get_xlabel()
    'Steps after the last known value'
    """

    def __init__(
        self,
        *,
        y_true: NDArray[Any],
        y_pred: NDArray[Any],
        index: Any = None,
        names: Sequence[Any] | None = None,
        history: NDArray[Any] | None = None,
        history_index: Any = None,
        baseline: NDArray[Any] | None = None,
        baseline_name: str = "Baseline",
        intervals: NDArray[Any] | None = None,
        coverages: Sequence[float] | None = None,
    ):
        self.y_true = y_true
        self.y_pred = y_pred
        self.index = index
        self.names = names
        self.history = history
        self.history_index = history_index
        self.baseline = baseline
        self.baseline_name = baseline_name
        self.intervals = intervals
        self.coverages = coverages

    def __repr__(self):
        return f"{type(self).__name__}({len(self.y_pred)} steps)"

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        y_true: ArrayLike,
        *,
        history: ArrayLike | None = None,
        baseline: Literal["naive", "seasonal_naive"] | None = None,
        coverage: float | Sequence[float] | None = None,
        name: Any = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Forecast as many steps as there are true values, and draw both.

        Parameters
        ----------
        estimator : object
            A fitted `LSTMForecaster` or `ForecastPipeline`, a pipeline of a `WindowTransformer`
            and a forecaster, or a search over one.
        y_true : array-like of shape (n_steps,) or (n_steps, n_channels)
            The true values after the end of the training series, with its columns: those known
            in advance are given to the forecast. After a fit of several series, either the series
            to draw or all series in the form given to `fit`.
        history : array-like of shape (n_known,) or (n_known, n_channels), default=None
            The training series, in its units, or the columns of it that are forecast. Its newest
            max(2 · n_steps, 20) values are drawn. After a fit of several series, the one to draw or
            all, as for `y_true`.
        baseline : {"naive", "seasonal_naive"} or None, default=None
            A naive forecast to compare with: ``"naive"`` repeats the last value of `history`,
            ``"seasonal_naive"`` its last season, whose length is found in `history`.
        coverage : float, sequence of float or None, default=None
            Fraction of the values that an interval should contain, between 0 and 1. The interval is
            shaded; several are nested.
        name : object, default=None
            Name of the series to draw, needed after a fit of several: a label, or the position in a
            list.
        ax : matplotlib Axes or sequence of Axes, default=None
            Where to draw; None makes a figure.
        **kwargs : dict
            Properties of the forecast's line.

        Returns
        -------
        ForecastDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If there is no series `name`, `y_true` or `history` has other columns than the training
            series, the transformers of a plain pipeline cannot be inverted, or as in
            `from_predictions`, or as in `ForecastPipeline.forecast_interval`.
        TypeError
            If `coverage` is not a number or a sequence of numbers, or `y_true` is not a series.
        """
        check_is_fitted(estimator)
        pipeline = as_forecast_pipeline(estimator)
        if pipeline.pipelines_:
            check_name(name, pipeline.pipelines_, "the fit")
            y_true = pick_series(y_true, name, "y_true")
            history = pick_series(history, name, "history")
            pipeline = pipeline.pipelines_[name]
        elif name is not None:
            raise ValueError(f"name={name!r}, but fit saw a single series. Leave name out.")
        if np.ndim(y_true) == 0:
            raise TypeError(
                f"y_true={y_true!r}, but the true values after the training series are needed, to "
                "be compared with the forecast. To draw a forecast whose true values are not known "
                "yet, plot what forecast and forecast_interval return."
            )
        n_steps = len(y_true)
        pipeline._check_columns(y_true, "y_true")
        future, y_true = pipeline._take_known(y_true), pipeline._take_predicted(y_true)
        y_pred, interval = pipeline.forecast(n_steps, future=future), None
        if coverage is not None:
            interval = pipeline.forecast_interval(n_steps, coverage=coverage, future=future)
        if history is not None:
            history = pipeline._with_missing_rows(pipeline._take_history(history), "history")
        return cls.from_predictions(
            y_true, y_pred, history=history, baseline=baseline, interval=interval,
            coverage=coverage, ax=ax, **kwargs,
        )  # fmt: skip

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        history: ArrayLike | None = None,
        baseline: Literal["naive", "seasonal_naive"] | None = None,
        interval: ArrayLike | None = None,
        coverage: float | Sequence[float] | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw a forecast that was made before.

        Parameters
        ----------
        y_true, y_pred : array-like of shape (n_steps,) or (n_steps, n_channels)
            The true values and the forecast. The index and the names of pandas objects are drawn.
        history : array-like of shape (n_known,) or (n_known, n_channels), default=None
            The series up to the forecast. Its newest max(2 · n_steps, 20) values are drawn.
        baseline : {"naive", "seasonal_naive"} or None, default=None
            A naive forecast to compare with: ``"naive"`` repeats the last value of `history`,
            ``"seasonal_naive"`` its last season, whose length is found in `history`.
        interval : array-like or DataFrame of shape (n_steps, 2), (n_steps, n_channels, 2) or with \
                an axis of coverages before the last, default=None
            Lower and upper bounds, as `forecast_interval` returns them. They are shaded.
        coverage : float, sequence of float or None, default=None
            What `forecast_interval` was asked for. A frame of several coverages has them in its
            columns.
        ax : matplotlib Axes or sequence of Axes, default=None
            Where to draw; None makes a figure.
        **kwargs : dict
            Properties of the forecast's line.

        Returns
        -------
        ForecastDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If values differ in shape, in their columns or in their index, hold NaN or infinity,
            `history` does not end where the forecast begins, a `baseline` has no `history`, or
            bounds do not fit the forecast or `coverage`, or a lower one is above the upper one.
        TypeError
            If `coverage` is not a number or a sequence of numbers.
        """
        given = {"y_true": y_true, "y_pred": y_pred}
        if history is not None:
            # So that a season is as many rows as it is long.
            given["history"] = history = with_missing_rows(history, "history")
        values = check_values(given)
        names, index = find_names(given), find_index(y_true, y_pred, history, interval)
        intervals, coverages = check_intervals(interval, coverage, values["y_pred"], names)
        newest = slice(-max(2 * len(values["y_true"]), 20), None)
        is_labelled = index is not None and history is not None
        return cls(
            y_true=values["y_true"],
            y_pred=values["y_pred"],
            index=index,
            names=names,
            history=None if history is None else values["history"][newest],
            history_index=history.index[newest] if is_labelled else None,
            baseline=make_baseline(baseline, values.get("history"), values["y_pred"].shape),
            baseline_name=BASELINE_NAMES.get(baseline, "Baseline"),
            intervals=intervals,
            coverages=coverages,
        ).plot(ax, **kwargs)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Draw the truth in red and the forecast in blue, known values and baseline in gray.

        Intervals have the color of the forecast, lighter the wider they are. Those of a single step
        are drawn as a bar.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of Axes, default=None
            Where to draw, one for each channel; None makes a figure.
        **kwargs : dict
            Properties of the forecast's line.

        Returns
        -------
        ForecastDisplay
            The display itself.
        """
        index, lines = self._lines(kwargs)
        # The forecast is the last line.
        steps, y_pred, of_forecast = lines[-1]
        n_channels = y_pred.shape[1]
        axes = make_axes(ax, n_channels)
        names = self.names if self.names is not None else [None] * n_channels
        n_labels = len(lines) + (0 if self.coverages is None else len(self.coverages))
        for channel, panel in enumerate(axes):
            for x, values, style in lines:
                panel.plot(x, values[:, channel], **style)
            if self.intervals is not None:
                bounds = np.reshape(self.intervals, (len(steps), n_channels, -1, 2))[:, channel]
                shade_intervals(panel, steps, bounds, self.coverages, of_forecast["color"])
            panel.set_ylabel(label_channel(names[channel], channel, n_channels))
            set_ticks(panel, index)
            # Space above the lines, so that the legend, of one row or two, hides none of them.
            panel.margins(y=0.2 if n_labels <= 4 else 0.25)
            panel.legend(loc="upper right", ncols=n_labels if n_labels <= 4 else 3)
        axes[-1].set_xlabel(label_index(index, "Steps after the last known value"))
        self.ax_ = axes[0] if n_channels == 1 else axes
        self.figure_ = axes[0].figure
        return self

    def _lines(self, kwargs):
        """Return the index to draw or None, and positions, values and properties of each line."""
        from matplotlib.cbook import normalize_kwargs
        from matplotlib.lines import Line2D

        index, known = drawn_index(self.index), drawn_index(self.history_index)
        n_steps, n_known = len(self.y_true), 0 if self.history is None else len(self.history)
        if n_known and known is None:
            index = None
        x = np.arange(1 - n_known, n_steps + 1)
        if index is not None:
            x = np.concatenate([positions_of(part) for part in (known, index) if part is not None])
        known_x, x = x[:n_known], x[n_known:]
        # A single step is a point, which a line would not show.
        marker = {"marker": "o" if n_steps == 1 else None}
        naive = {"color": BASELINE, "label": self.baseline_name, "linestyle": ":"}
        lines = [
            (known_x, self.history, {"color": KNOWN, "label": "Known values"}),
            (x, self.y_true, TRUTH_LINE | marker),
            (x, self.baseline, naive | marker),
            (x, self.y_pred, FORECAST_LINE | marker | normalize_kwargs(kwargs, Line2D)),
        ]
        return index, [
            (x, np.reshape(values, (len(values), -1)), style)
            for x, values, style in lines
            if values is not None
        ]


class HistoryDisplay:
    """The losses of a training, epoch by epoch.

    Make one with `from_estimator`. The losses are those of what Keras trains, before the readout is
    solved for. They are not errors of the forecast; ``LSTMForecaster.summary`` has these.

    Parameters
    ----------
    history : dict of lists
        The losses, as in ``LSTMForecaster.history_``.
    best_epoch : int
        The epoch whose weights were kept, counted from 0.
    target : {"changes", "targets"}, default="changes"
        What Keras trained: the changes from the newest value of a window to the next, or the
        targets themselves, as after ``fit(X, y)``, and with ``normalization=None`` and
        ``readout="trained"``; both scaled.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the last `plot`.
    figure_ : matplotlib Figure
        Their figure.

    See Also
    --------
    ForecastDisplay : A forecast over the true values.

    Examples
    --------
    >>> from skwave import HistoryDisplay
    >>> history = {"loss": [1.0, 0.1], "val_loss": [1.1, 0.2]}
    >>> HistoryDisplay(history=history, best_epoch=1).plot().ax_.get_xlabel()
    'Epoch'
    """

    def __init__(
        self,
        *,
        history: Mapping[str, Sequence[float]],
        best_epoch: int,
        target: Literal["changes", "targets"] = "changes",
    ):
        self.history = history
        self.best_epoch = best_epoch
        self.target = target

    def __repr__(self):
        return f"{type(self).__name__}({len(self.history['loss'])} epochs)"

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Any = None) -> Self:
        """Draw the history of a fitted forecaster.

        Parameters
        ----------
        estimator : object
            A fitted `LSTMForecaster`, a pipeline that ends with one, or a search over one.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        HistoryDisplay
            The display, drawn.
        """
        check_is_fitted(estimator)
        estimator = getattr(estimator, "best_estimator_", estimator)
        forecaster = estimator if hasattr(estimator, "history_") else estimator[-1]
        target = "targets" if forecaster.network_.skip is None else "changes"
        history, best_epoch = forecaster.history_, forecaster.best_epoch_
        return cls(history=history, best_epoch=best_epoch, target=target).plot(ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw one line for each loss and mark the epoch that was kept.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        HistoryDisplay
            The display itself.
        """
        (ax,) = make_axes(ax, 1)
        names = {
            "loss": "Training loss",
            "val_loss": "Validation loss",
            "val_forecast": "Validation forecast error",
        }
        shown = {label: self.history[name] for name, label in names.items() if name in self.history}
        for label, losses in shown.items():
            ax.plot(np.arange(1, len(losses) + 1), losses, marker=".", label=label)
        # Some of Keras's losses are negative.
        if not any(loss <= 0 for losses in shown.values() for loss in losses):
            ax.set_yscale("log")
        ax.axvline(self.best_epoch + 1, color="gray", linestyle=":", label="Weights kept")
        ax.set(xlabel="Epoch", ylabel=f"Loss of the scaled {self.target}")
        count_on_axis(ax)
        ax.legend()
        self.ax_, self.figure_ = ax, ax.figure
        return self
