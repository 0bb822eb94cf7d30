"""Displays: a forecast over the true values, and the losses of a training."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_array, check_consistent_length, check_is_fitted

from skwave._pipeline import as_forecast_pipeline

# The tutorial's colours: the truth in red, the forecast in blue.
TRUTH, FORECAST = "tab:red", "tab:blue"


class ForecastDisplay:
    """A forecast over the true values, one panel for each channel.

    Make one with `from_estimator` or `from_predictions`.

    Parameters
    ----------
    y_true : ndarray of shape (n_steps,) or (n_steps, n_channels)
        The true values.
    y_pred : ndarray of the same shape
        The forecast.

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

    def __init__(self, *, y_true: NDArray[Any], y_pred: NDArray[Any]):
        self.y_true = y_true
        self.y_pred = y_pred

    @classmethod
    def from_estimator(
        cls, estimator: Any, y_true: ArrayLike, *, ax: Any = None, **kwargs: Any
    ) -> Self:
        """Forecast as many steps as there are true values, and draw both.

        Parameters
        ----------
        estimator : object
            A fitted `LSTMForecaster` or `ForecastPipeline`, a pipeline of a `WindowTransformer`
            and a forecaster, or a search over one.
        y_true : array-like of shape (n_steps,) or (n_steps, n_channels)
            The values that came after the end of the training series.
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
            If the transformers of a plain pipeline cannot be inverted.
        """
        check_is_fitted(estimator)
        y_pred = as_forecast_pipeline(estimator).forecast(len(y_true))
        return cls.from_predictions(y_true, y_pred, ax=ax, **kwargs)

    @classmethod
    def from_predictions(
        cls, y_true: ArrayLike, y_pred: ArrayLike, *, ax: Any = None, **kwargs: Any
    ) -> Self:
        """Draw a forecast that was made before.

        Parameters
        ----------
        y_true, y_pred : array-like of shape (n_steps,) or (n_steps, n_channels)
            The true values and the forecast.
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
            If the two differ in shape or hold NaN or infinity.
        """
        y_true, y_pred = (
            check_array(y, ensure_2d=False, input_name=name)
            for y, name in ((y_true, "y_true"), (y_pred, "y_pred"))
        )
        check_consistent_length(y_true, y_pred)
        if y_true.size != y_pred.size:
            raise ValueError(
                f"y_true has shape {y_true.shape} and y_pred has shape {y_pred.shape}; "
                "the same shape is needed."
            )
        return cls(y_true=y_true, y_pred=y_pred).plot(ax, **kwargs)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Draw the truth in red and the forecast in blue.

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
        from matplotlib.cbook import normalize_kwargs
        from matplotlib.lines import Line2D

        y_true = np.reshape(self.y_true, (len(self.y_true), -1))
        y_pred = np.reshape(self.y_pred, y_true.shape)
        axes = make_axes(ax, y_true.shape[1])
        steps = np.arange(1, len(y_true) + 1)
        # A single step is a point, which a line would not show.
        marker = "o" if len(steps) == 1 else None
        style = {
            "color": FORECAST, "label": "Forecast", "linestyle": "--", "marker": marker
        } | normalize_kwargs(kwargs, Line2D)  # fmt: skip
        for channel, panel in enumerate(axes):
            panel.plot(
                steps, y_true[:, channel], color=TRUTH, label="Truth", linewidth=2.5, alpha=0.6,
                marker=marker,
            )  # fmt: skip
            panel.plot(steps, y_pred[:, channel], **style)
            panel.set_ylabel("Value" if len(axes) == 1 else f"Channel {channel}")
            # Space above the lines, so that the legend hides none of them.
            panel.margins(y=0.2)
            count_on_axis(panel)
            panel.legend(loc="upper right", ncols=2)
        axes[-1].set_xlabel("Steps after the last known value")
        self.ax_ = axes[0] if len(axes) == 1 else axes
        self.figure_ = axes[0].figure
        return self


class HistoryDisplay:
    """The losses of a training, epoch by epoch.

    Make one with `from_estimator`. The losses are those of what Keras trains, the scaled changes
    from the newest value to the next, before the readout is solved for. They are not errors of the
    forecast; ``LSTMForecaster.summary`` has these.

    Parameters
    ----------
    history : dict of lists
        The losses, as in ``LSTMForecaster.history_``.
    best_epoch : int
        The epoch whose weights were kept, counted from 0.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the last `plot`.
    figure_ : matplotlib Figure
        Their figure.

    See Also
    --------
    ForecastDisplay : A forecast over the truth.

    Examples
    --------
    >>> from skwave import HistoryDisplay
    >>> history = {"loss": [1.0, 0.1], "val_loss": [1.1, 0.2]}
    >>> HistoryDisplay(history=history, best_epoch=1).plot().ax_.get_xlabel()
    'Epoch'
    """

    def __init__(self, *, history: Mapping[str, Sequence[float]], best_epoch: int):
        self.history = history
        self.best_epoch = best_epoch

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
        return cls(history=forecaster.history_, best_epoch=forecaster.best_epoch_).plot(ax)

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
        for name, label in names.items():
            if name in self.history:
                losses = self.history[name]
                ax.plot(np.arange(1, len(losses) + 1), losses, marker=".", label=label)
        # Some of Keras's losses are negative.
        if not any((np.asarray(line.get_ydata()) <= 0).any() for line in ax.lines):
            ax.set_yscale("log")
        ax.axvline(self.best_epoch + 1, color="gray", linestyle=":", label="Weights kept")
        ax.set(xlabel="Epoch", ylabel="Loss of the scaled changes")
        count_on_axis(ax)
        ax.legend()
        self.ax_, self.figure_ = ax, ax.figure
        return self


def count_on_axis(ax):
    """Put ticks at whole numbers of steps or epochs, even if there is only one."""
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def make_axes(ax, n_panels, *, sharex=True):
    """Return `n_panels` axes as a flat array: those given, or those of a new figure."""
    if ax is None:
        import matplotlib.pyplot as plt

        size = (8, 2 + 2.5 * n_panels)
        _, ax = plt.subplots(n_panels, 1, sharex=sharex, figsize=size, layout="constrained")
    axes = np.array(ax, dtype=object).reshape(-1)
    if len(axes) != n_panels:
        raise ValueError(f"ax has {len(axes)} axes, but {n_panels} are needed, one for a channel.")
    return axes
