"""A scorer for forecasts of many steps."""

import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.metrics import get_scorer
from sklearn.utils.validation import check_is_fitted

from skwave._gaps import fill_forward, missing_rows
from skwave._known import check_roles
from skwave._pipeline import as_forecast_pipeline, is_forecaster
from skwave._several import naming_the_series
from skwave._sliding import split_windows
from skwave._validation import (
    as_floats,
    check_column_types,
    check_positive_int,
    check_windows,
    fill_masked,
)
from skwave.exceptions import ForecastWarning, warn
from skwave.model_selection._metrics import arguments_for, metric_name, probabilities_for

_REMEDY = (
    "Use cv=skwave.model_selection.ForecastSplit(...) or cv=sklearn.model_selection."
    "TimeSeriesSplit(...), which train on the past and test on what follows it."
)


def forecast_scorer(
    metric: str | Callable[..., Any],
    *,
    horizon: int,
    greater_is_better: bool | None = None,
    **kwargs: Any,
) -> Callable[..., float]:
    """Make a scorer of forecasts, for `GridSearchCV`, `cross_validate` and similar functions.

    The scorer forecasts the last `horizon` values of the test part from those before them, in the
    units of the series.

    Parameters
    ----------
    metric : str or callable
        The name of a scorer of scikit-learn, such as ``"neg_mean_absolute_error"``, or a function
        ``metric(y_true, y_pred, **kwargs)`` that returns a number, from `skwave.metrics` or
        `sklearn.metrics`. If it has the argument `y_train`, as `mean_absolute_scaled_error` does,
        it receives the known values of the test part. If it has `y_interval` or `y_quantiles` in
        place of `y_pred`, as `skwave.metrics.interval_score` does, it receives prediction intervals
        of the given `coverage`, or the given `quantiles`.
    horizon : int
        Values to forecast.
    greater_is_better : bool or None, default=None
        Whether greater values of the metric are better. If not, the score is its negative. If
        None, the name decides, as in scikit-learn: greater is better if it ends with ``_score``,
        except for metrics of intervals and quantiles. A scorer of scikit-learn has its own sign.
    **kwargs : dict
        Further arguments of the metric, such as ``season_length=24``. Not allowed if
        `metric` is the name of a scorer.

    Returns
    -------
    ForecastScorer
        A function ``scorer(estimator, X, y=None)`` that returns a number; greater is better.

    Raises
    ------
    TypeError
        If `metric` cannot be called, or is a scorer itself, or `horizon` is not an int.
    ValueError
        If `horizon` is below 1, `metric` is a name that scikit-learn does not have, or
        `greater_is_better` or further arguments are given with a name, or the metric is
        `coverage_score`, which is best at the nominal coverage and not where it is greatest.

    See Also
    --------
    ForecastSplit : Makes test parts of known values and values to forecast.
    backtest : Forecasts from many origins.

    Notes
    -----
    It scores an `LSTMForecaster` on windows, and a `Pipeline` or `ForecastPipeline` that ends with
    a `WindowTransformer` and one on a series. Transformers before the windows are inverted.

    A shuffled split is an error where it can be recognized: where windows do not continue each
    other, or the index of a pandas series does not increase. scikit-learn turns an error in a
    scorer into the score NaN and a warning, unless ``error_score="raise"``. A `KFold` without
    shuffling cannot be recognized, since a scorer does not receive the position of its values in
    the series; see `ForecastSplit`.

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
    horizon = check_positive_int(horizon, "horizon")
    if isinstance(metric, str):
        get_scorer(metric)  # raises an error that lists the names
        if greater_is_better is not None or kwargs:
            raise ValueError(
                f"metric={metric!r} is a scorer of scikit-learn, whose sign and arguments are "
                "fixed. Give the function, such as sklearn.metrics.mean_absolute_error, to change "
                "them."
            )
        return ForecastScorer(metric, horizon, 1)
    if not callable(metric):
        raise TypeError(
            f"metric={metric!r} cannot be called. Give the name of a scorer, such as "
            "'neg_mean_absolute_error', or a function of y_true and y_pred, such as "
            "sklearn.metrics.mean_absolute_error."
        )
    if kwargs:
        metric = functools.partial(metric, **kwargs)
    scores_values = probabilities_for(metric) is None
    if metric_name(metric) == "coverage_score":
        raise ValueError(
            "metric=coverage_score is best at the nominal coverage, not where it is greatest or "
            "least. Give interval_score, which is least for intervals that are right."
        )
    if greater_is_better is None:
        greater_is_better = metric_name(metric).endswith("_score") and scores_values
    return ForecastScorer(metric, horizon, 1 if greater_is_better else -1)


class ForecastScorer:
    """The class of what `forecast_scorer` returns: no closure, so that it can be pickled."""

    def __init__(self, metric, horizon, sign):
        self.metric = metric
        self.horizon = horizon
        self.sign = sign

    @property
    def __name__(self):
        """The name of the metric, with which displays of scikit-learn label their axes."""
        return metric_name(self.metric)

    def __repr__(self):
        bound = getattr(self.metric, "keywords", {})
        further = "".join(f", {name}={value!r}" for name, value in bound.items())
        return f"forecast_scorer({self.__name__}, horizon={self.horizon}{further})"

    def __call__(self, estimator, X, y=None):
        """Forecast the last values of `X` from those before them, and score the forecast.

        Parameters
        ----------
        estimator : object
            A fitted forecaster, pipeline, or search over them.
        X : array-like
            A series, several of them where it was fitted on several, or windows where the estimator
            is a bare `LSTMForecaster`.
        y : object
            Ignored: the true values are in `X`.

        Returns
        -------
        float
            The score; greater is better. Of several series the mean.
        """
        check_is_fitted(estimator)
        model = as_forecast_pipeline(estimator)
        if model.pipelines_:
            scores = []
            for name, one, part in model._pairs(X):
                with naming_the_series(name):
                    scores.append(self(one, part))
            return float(np.mean(scores))
        if is_forecaster(getattr(estimator, "best_estimator_", estimator)):
            X = _series_of_windows(model, X)
        X = fill_masked(X)
        check_column_types(X)
        X = model._with_missing_rows(X, "X")
        if hasattr(X, "iloc") and not X.index.is_monotonic_increasing:
            raise ValueError(
                "The index of the test part does not increase, as if it were shuffled. " + _REMEDY
            )
        context, test = self._cut(X, model._window_length)
        y_true, futures = _check_truth(model._take_predicted(test)), [model._take_known(test)]
        probabilities = probabilities_for(self.metric)
        # A search has poor candidates; their scores show it.
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The forecast (is|explodes)", ForecastWarning)
            if probabilities is None:
                y_pred = model._forecast_after([context], futures, self.horizon)[0]
            else:
                _, (y_pred,) = model._forecasts_and_quantiles(
                    [context], futures, self.horizon, probabilities
                )
        rows = ~missing_rows(y_true.reshape(len(y_true), -1))
        y_pred, y_true = y_pred.reshape(*y_true.shape, *y_pred.shape[2:])[rows], y_true[rows]
        if isinstance(self.metric, str):
            return float(get_scorer(self.metric)(_Unchanged(), y_pred, y_true))
        values = as_floats(model._take_predicted(context))
        filled = fill_forward(values.reshape(len(values), -1)).reshape(values.shape)
        further = arguments_for(self.metric, {"y_train": filled})
        return self.sign * float(self.metric(y_true, y_pred, **further))

    def _cut(self, X, window_length):
        """Return the known values of a test part, and those to forecast."""
        needed = window_length + self.horizon
        if len(X) < needed:
            raise ValueError(
                f"The test part has {len(X)} values, but window_length={window_length} and horizon="
                f"{self.horizon} need {needed}. Give ForecastSplit(horizon={self.horizon}, "
                f"context=...) with a context of at least {window_length}, "
                f"TimeSeriesSplit(test_size=...) of at least {needed}, or a smaller window_length."
            )
        take = X.iloc if hasattr(X, "iloc") else np.asarray(X)
        return take[: -self.horizon], take[-self.horizon :]


def _check_truth(test):
    """Return the values to forecast as an array, and warn if some are missing."""
    y_true = as_floats(test, "The test part")
    n_missing = int(np.isnan(y_true).sum())
    if n_missing == y_true.size:
        raise ValueError(
            f"All {n_missing} values to forecast in the test part are missing. Give another cv."
        )
    if n_missing:
        warn(f"{n_missing} of {y_true.size} values to forecast are missing, and left out.")
    return y_true


class _Unchanged(RegressorMixin, BaseEstimator):
    """Predicts what it is given, since a scorer of scikit-learn scores an estimator."""

    def predict(self, X):
        """Return the forecast `X`."""
        return X


def _series_of_windows(model, X):
    """Return the series that windows were cut from, the known inputs last."""
    check_roles(X, model[-1].known_)
    series = split_windows(check_windows(model[-1], X, reset=False))
    if len(series) > 1:
        raise ValueError(
            f"The windows of the test part make {len(series)} pieces that do not continue "
            f"each other, but forecasts need one series in the order of time. {_REMEDY}"
        )
    return model[-2]._columns_of_series(series[0])
