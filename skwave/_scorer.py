"""A scorer for forecasts of many steps."""

import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skwave._checks import check_n_steps, check_windows
from skwave._metric import arguments_for, metric_name
from skwave._pipeline import ForecastPipeline
from skwave._steps import find_steps, forecast_after, is_forecaster
from skwave._window import find_runs
from skwave.exceptions import ForecastWarning

_REMEDY = (
    "Use cv=skwave.model_selection.ForecastSplit(...) or cv=sklearn.model_selection."
    "TimeSeriesSplit(...), which train on the past and test on what follows it."
)


def forecast_scorer(
    metric: Callable[..., Any],
    *,
    horizon: int,
    greater_is_better: bool | None = None,
    **kwargs: Any,
) -> Callable[..., float]:
    """Make a scorer of forecasts, for `GridSearchCV`, `cross_validate` and their kin.

    Of the test part, the last `horizon` values are forecast from those before them, in the units
    of the series.

    Parameters
    ----------
    metric : callable
        A function ``metric(y_true, y_pred, **kwargs)`` that returns a number, from
        `skwave.metrics` or `sklearn.metrics`. One that takes `y_train`, such as
        `mean_absolute_scaled_error`, is given the known values of the test part.
    horizon : int
        Values to forecast.
    greater_is_better : bool or None, default=None
        Whether greater values of the metric are better. If not, the score is its negative. None
        goes by the name, as scikit-learn names its metrics: those that end with ``_score`` are.
    **kwargs : dict
        Further arguments of the metric, such as ``season_length=24``.

    Returns
    -------
    ForecastScorer
        A function ``scorer(estimator, X, y=None)`` that returns a number; greater is better.

    Raises
    ------
    TypeError
        If `metric` cannot be called, or `horizon` is not an int.
    ValueError
        If `horizon` is below 1.

    See Also
    --------
    ForecastSplit : Makes test parts of known values and values to forecast.
    backtest : Forecasts from many origins.

    Notes
    -----
    It scores an `LSTMForecaster` on windows, and a `Pipeline` or `ForecastPipeline` that ends with
    a `WindowTransformer` and one on a series. Transformers in front of the windows are inverted.

    A split that does not forecast (a `KFold`, or a shuffled one) is an error, as far as it can be
    recognised: in scikit-learn's own searches and `cross_validate`, and elsewhere where windows
    do not continue each other or the index of a pandas series does not increase. scikit-learn
    turns an error in a scorer into the score NaN and a warning, unless ``error_score="raise"``.

    Examples
    --------
    >>> from sklearn.metrics import mean_absolute_error
    >>> from sklearn.pipeline import make_pipeline
    >>> from skwave import LSTMForecaster, WindowTransformer
    >>> from skwave.datasets import make_wave
    >>> from skwave.model_selection import forecast_scorer
    >>> wave = make_wave("sine", n_cycles=8, steps_per_cycle=20)
    >>> forecaster = LSTMForecaster(units=8, epochs=2, random_state=0)
    >>> model = make_pipeline(WindowTransformer(20), forecaster).fit(wave[:120])
    >>> scorer = forecast_scorer(mean_absolute_error, horizon=12)
    >>> scorer
    forecast_scorer(mean_absolute_error, horizon=12)
    >>> scorer(model, wave[100:132]) < 0
    True
    """
    if not callable(metric):
        raise TypeError(
            f"metric={metric!r} cannot be called. Give a function of y_true and y_pred, such as "
            "sklearn.metrics.mean_absolute_error."
        )
    horizon = check_n_steps(horizon, name="horizon")
    if greater_is_better is None:
        greater_is_better = metric_name(metric).endswith("_score")
    return ForecastScorer(metric, horizon, 1 if greater_is_better else -1, kwargs)


class ForecastScorer:
    """What `forecast_scorer` returns: a plain object, so that workers can be sent it."""

    def __init__(self, metric, horizon, sign, kwargs):
        self.metric = metric
        self.horizon = horizon
        self.sign = sign
        self.kwargs = kwargs

    def __repr__(self):
        name = metric_name(self.metric)
        further = "".join(f", {k}={v!r}" for k, v in self.kwargs.items())
        return f"forecast_scorer({name}, horizon={self.horizon}{further})"

    def __call__(self, estimator, X, y=None):
        """Forecast the last values of `X` from those before them, and score the forecast.

        Parameters
        ----------
        estimator : object
            A fitted forecaster, pipeline, or search over them.
        X : array-like
            A series, or windows where the estimator is a bare `LSTMForecaster`.
        y : object
            Ignored: the truth is in `X`.

        Returns
        -------
        float
            The score; greater is better.
        """
        estimator = getattr(estimator, "best_estimator_", estimator)
        check_is_fitted(estimator)
        find_steps(estimator)
        _check_calling_split(X, self.horizon)
        if is_forecaster(estimator):
            X = _series_of_windows(estimator, X)
        _check_order(X)
        context, truth = self._cut(X, estimator)
        # A poor candidate is what a search is for; its score says so.
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The forecast (is|explodes)", ForecastWarning)
            forecast = _continue(estimator, context, self.horizon)
        known = arguments_for(self.metric, {"y_train": np.asarray(context)})
        kwargs = known | self.kwargs
        return self.sign * float(self.metric(truth, forecast.reshape(truth.shape), **kwargs))

    def _cut(self, X, estimator):
        """Return the known values and the truth of a test part."""
        needed = find_steps(estimator).window_length
        if len(X) < needed + self.horizon:
            raise ValueError(
                f"The test part has {len(X)} values, but window_length={needed} and horizon="
                f"{self.horizon} need {needed + self.horizon}. Give ForecastSplit(context=...) of "
                f"at least {needed}, TimeSeriesSplit(test_size=...) of at least "
                f"{needed + self.horizon}, or a smaller window_length."
            )
        take = X.iloc if hasattr(X, "iloc") else np.asarray(X)
        return take[: -self.horizon], np.asarray(take[-self.horizon :], dtype=float)


def _continue(estimator, context, horizon):
    """Forecast what follows `context`.

    Steps that look back or count positions go on from the training series where the context is
    its end, as it is with `ForecastSplit`.
    """
    if isinstance(estimator, ForecastPipeline):
        if estimator._ends_with(context):
            return np.asarray(estimator.forecast(horizon))
        return np.asarray(estimator.forecast(horizon, context=context))
    return forecast_after(estimator, [context], horizon, at_beginning=False)[0]


def _series_of_windows(forecaster, X):
    """Put windows together to the series they were cut from."""
    runs = find_runs(check_windows(forecaster, X, reset=False))
    if len(runs.first) > 1:
        raise ValueError(
            f"The windows of the test part make {len(runs.first)} pieces that do not continue "
            f"each other, but forecasts need one series in the order of time. {_REMEDY}"
        )
    return runs.values


def _check_order(X):
    index = getattr(X, "index", None)
    if index is not None and hasattr(X, "iloc") and not index.is_monotonic_increasing:
        raise ValueError(
            f"The index of the test part does not increase, as if it were shuffled. {_REMEDY}"
        )


def _check_calling_split(X, horizon):
    """Raise an error if the cross-validation that calls the scorer does not forecast.

    A scorer is given values without their place in the series. But the function of scikit-learn
    that calls it, in whatever process, holds the indices of the split; where another program
    calls, nothing is checked.
    """
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_name != "_fit_and_score":
        frame = frame.f_back
    if frame is None:
        return
    train, test = (np.asarray(frame.f_locals.get(name)) for name in ("train", "test"))
    # The scorer may have been called on the training part.
    if train.dtype.kind != "i" or test.dtype.kind != "i" or len(test) != len(X):
        return
    for name, indices in (("training", train), ("test", test)):
        if len(indices) > 1 and (np.diff(indices) != 1).any():
            raise ValueError(
                f"The {name} part of the split is not one piece of the series: its indices are "
                f"shuffled or have gaps, so that windows would cut across. {_REMEDY}"
            )
    if train[-1] >= test[-horizon:][0]:
        raise ValueError(
            f"The split trains on values up to index {train[-1]} and forecasts from index "
            f"{test[-horizon:][0]} on, which is not the future, as with KFold. {_REMEDY}"
        )
