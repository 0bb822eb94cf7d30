"""Metrics as they are given to a scorer or a backtest: their names, arguments and scores."""

import contextlib
import functools
import inspect
import itertools

import numpy as np

from skwave._gaps import missing_rows
from skwave._intervals import check_coverage, check_fractions
from skwave.metrics._interval import coverage_score, interval_score

# The names of `interval_metrics`.
INTERVAL_SCORES = ("coverage", "width", "interval_score")


def metric_name(metric):
    """Return the name of a metric, that of the function where some arguments are bound."""
    metric = metric.func if isinstance(metric, functools.partial) else metric
    return getattr(metric, "__name__", repr(metric))


def arguments_for(metric, known):
    """Return what a metric asks for and was not bound to, of what is known by name."""
    asked = set(inspect.signature(metric).parameters) - set(getattr(metric, "keywords", ()))
    return {name: value for name, value in known.items() if name in asked}


def probabilities_for(metric):
    """Return the probabilities of the quantiles that a metric scores, or None if it scores values.

    They are those of the bounds where the forecast is called ``y_interval``, and ``quantiles``
    where it is called ``y_quantiles``.
    """
    if not callable(metric):
        return None
    parameters = inspect.signature(metric).parameters
    if "estimator" in parameters:
        raise TypeError(
            f"{metric!r} is a scorer, which is called with an estimator, but a metric is needed: a "
            "function of y_true and y_pred, such as sklearn.metrics.mean_absolute_error."
        )
    given = {name: one.default for name, one in parameters.items()}
    if "y_samples" in parameters:
        raise ValueError(
            f"{metric_name(metric)} scores samples of forecasts, which neither a backtest nor a "
            "scorer makes. Call it with what sample_paths returns, or give mean_quantile_loss to "
            "forecast_scorer."
        )
    if "y_interval" in parameters:
        # A metric without the argument has intervals of 0.9, or these quantiles.
        return check_coverage(given.get("coverage", 0.9))
    if "y_quantiles" in parameters:
        return check_fractions(given.get("quantiles", (0.1, 0.5, 0.9)), "quantiles")
    return None


def check_metrics(metrics):
    """Return metrics by name."""
    if callable(metrics) or isinstance(metrics, str):
        metrics = [metrics]
    if not isinstance(metrics, dict):
        metrics = list(metrics)
        names = [metric_name(metric) for metric in metrics]
        if len(set(names)) < len(names):
            raise ValueError(
                f"metrics has the names {names}, some of them twice, so that scores would be lost. "
                "Give a dict of names and functions."
            )
        metrics = dict(zip(names, metrics, strict=True))
    for name, metric in metrics.items():
        if not callable(metric):
            raise TypeError(
                f"metrics has {name}={metric!r}, which cannot be called. Give functions of y_true "
                "and y_pred, such as sklearn.metrics.mean_absolute_error."
            )
        if name in INTERVAL_SCORES or probabilities_for(metric) is not None:
            raise ValueError(
                f"metrics has {name!r}, a score of intervals or quantiles, or named like one. Give "
                "coverage= for scores of intervals, and metrics of values by other names."
            )
    return metrics


def score_forecasts(metrics, y_true, forecasts, known):
    """Score each forecast by each metric: overall, step by step, and channel by channel.

    Parameters
    ----------
    metrics : dict of callables
        Functions of true values and a forecast.
    y_true : ndarray of shape (n_origins, horizon, n_channels)
        The true values. Rows that hold NaN are left out.
    forecasts : dict of ndarray of the same shape, or with an axis of lower and upper bound more
        Forecasts by name. Scores of baselines that have no intervals, but NaN, are NaN.
    known : dict
        Further arguments for metrics that ask for them.

    Returns
    -------
    list of three dicts
        ``scores[metric][name]``: a number, one for each step, and one for each channel. Of a step
        or a channel it is NaN where the metric is undefined for it.
    """
    scores = [{name: {} for name in metrics} for _ in range(3)]
    for (name, metric), (which, y_pred) in itertools.product(metrics.items(), forecasts.items()):
        flat = [y.reshape(-1, *y.shape[2:]) for y in (y_true, y_pred)]
        scores[0][name][which] = _score(metric, *flat, known)
        by_step, by_channel = np.full(y_true.shape[1], np.nan), np.full(y_true.shape[2], np.nan)
        for h in range(len(by_step)):
            with contextlib.suppress(ValueError):
                by_step[h] = _score(metric, y_true[:, h], y_pred[:, h], known)
        for c in range(len(by_channel)):
            known_of_one = known | {"y_train": known["y_train"][:, [c]]}
            with contextlib.suppress(ValueError):
                by_channel[c] = _score(metric, *(y[:, [c]] for y in flat), known_of_one)
        scores[1][name][which], scores[2][name][which] = by_step, by_channel
    return scores


def _score(metric, y_true, y_pred, known):
    """Score the rows of which the true values are known."""
    rows = ~missing_rows(y_true)
    if np.isnan(y_pred).any() or not rows.any():
        return np.nan
    return float(metric(y_true[rows], y_pred[rows], **arguments_for(metric, known)))


def mean_width(y_true, y_interval):
    """Return the mean width of intervals."""
    return np.diff(y_interval, axis=-1).mean()


def interval_metrics(coverage):
    """Return the metrics of intervals of a nominal coverage by name."""
    functions = coverage_score, mean_width, functools.partial(interval_score, coverage=coverage)
    return dict(zip(INTERVAL_SCORES, functions, strict=True))
