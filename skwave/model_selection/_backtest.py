"""Backtests: forecasts from many past origins, and their errors."""

from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import mean_absolute_error, root_mean_squared_error
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted

from skwave._baseline import find_longest_season, seasonal_naive
from skwave._gaps import fill_forward
from skwave._intervals import check_coverage, check_n_paths, path_quantiles
from skwave._missing_rows import with_missing_rows
from skwave._pipeline import as_forecast_pipeline, is_forecaster
from skwave._several import form_of, join_results, naming_the_series, split_series
from skwave._validation import as_floats, check_positive_int, fill_masked
from skwave.exceptions import warn
from skwave.metrics._interval import check_one_coverage
from skwave.model_selection._metrics import check_metrics, interval_metrics, score_forecasts
from skwave.model_selection._results import Backtest, SeriesBacktest


def backtest(
    estimator: Any,
    series: ArrayLike,
    *,
    horizon: int,
    initial: int,
    step: int = 1,
    refit: bool | int = False,
    metrics: Any = (mean_absolute_error, root_mean_squared_error),
    season_length: int | Literal["auto"] = "auto",
    coverage: float | None = None,
    n_jobs: int | None = None,
) -> Any:
    """Forecast a series from many past origins, and compare with the true values.

    Parameters
    ----------
    estimator : object
        A `Pipeline` or `ForecastPipeline` that ends with a `WindowTransformer` and an
        `LSTMForecaster`, or a search over one. It is cloned and fitted on the first `initial`
        values, and with `refit` again on all values before later origins. A fitted one, in
        ``sklearn.frozen.FrozenEstimator``, is taken as it is; see Notes.
    series : array-like or pandas object of shape (n_values,) or (n_values, n_channels)
        The series, in its units; or several, in a form that `ForecastPipeline.fit` takes, which one
        model is fitted on.
    horizon : int
        Values to forecast from each origin, H.
    initial : int
        Values known at the first origin, of each series; the first fit uses these alone.
    step : int, default=1
        Values from one origin to the next.
    refit : bool or int, default=False
        Whether to fit again at each origin, on all that is known there; an int k fits at every
        k-th origin. False fits once and forecasts all origins in one batch.
    metrics : callable, sequence of callables or dict of callables, default=MAE and RMSE
        Functions ``metric(y_true, y_pred)`` that return a number. Those that take `y_train` or
        `season_length`, such as `skwave.metrics.mean_absolute_scaled_error`, are given the first
        `initial` values and the season.
    season_length : int or "auto", default="auto"
        Values in a season, for the seasonal naive forecast. ``"auto"`` looks for the longest one,
        such as a week of hours, in the first `initial` values; 1 if there is none.
    coverage : float or None, default=None
        Fraction of the values that intervals should contain, between 0 and 1. Where given, each
        forecast has an interval, and the scores contain the fraction of values within it, its
        width, and the interval score. Intervals are computed from the residual paths of the fit; at
        each origin the errors of its forecasts that are known by then replace the oldest ones.
    n_jobs : int or None, default=None
        Number of fits that joblib runs in parallel, with the joblib backend that is configured.

    Returns
    -------
    Backtest or SeriesBacktest
        Forecasts, true values, scores and baselines; of several series a dict of them by name, with
        mean scores.

    Raises
    ------
    ValueError
        If the series is too short or holds infinity, a parameter is out of its range, or
        there are too few residual paths for `coverage`.
    TypeError
        If `horizon`, `initial`, `step` or `refit` is not an int, or a metric cannot be called, or
        is a scorer.

    Warns
    -----
    ForecastWarning
        If true values are missing, more than a window of values before an origin is missing, the
        forecasts are worse than the naive one, are flat or explode, or if the windows that chose
        the epoch overlap those trained on.

    See Also
    --------
    forecast_scorer : Scores of forecasts in a search.
    BacktestDisplay : Draws the result.

    Notes
    -----
    There are K = (n_values − horizon − initial) // step + 1 origins. The forecast from an origin
    uses the values before it, regardless of the origin at which the model was fitted.

    Of a frozen estimator it is not known what it was fitted on; the result is valid only if that
    was no more than the first `initial` values.

    References
    ----------
    Tashman, L. J. (2000). Out-of-sample tests of forecasting accuracy: an analysis and review.
    International Journal of Forecasting 16(4), 437–450.

    Examples
    --------
    >>> from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline
    >>> from skwave.datasets import make_wave
    >>> from skwave.model_selection import backtest
    >>> wave = make_wave("sine", n_cycles=8, steps_per_cycle=20)
    >>> forecaster = LSTMForecaster(units=16, epochs=20, validation="last", random_state=0)
    >>> model = make_forecast_pipeline(WindowTransformer(20), forecaster)
    >>> result = backtest(model, wave, horizon=12, initial=120, step=4)
    >>> result.y_pred.shape
    (8, 12)
    """
    if is_forecaster(estimator) and not isinstance(estimator, FrozenEstimator):
        raise ValueError(
            "estimator is a forecaster of windows, but a backtest is given a series. Put it in a "
            "pipeline: make_forecast_pipeline(WindowTransformer(...), estimator)."
        )
    horizon, metrics = check_positive_int(horizon, "horizon"), check_metrics(metrics)
    if coverage is not None:
        check_one_coverage(coverage)
    several = split_series(series)
    if refit and (several is not None or isinstance(estimator, FrozenEstimator)):
        why = "several series have one fit" if several else "a FrozenEstimator is not fitted"
        raise ValueError(f"refit={refit!r}, but {why}. Set refit=False.")
    settings = {
        "horizon": horizon, "initial": initial, "step": step, "season_length": season_length,
        "metrics": metrics, "coverage": coverage,
    }  # fmt: skip
    if several is not None:
        return _backtest_several(estimator, several, form_of(series), settings)
    result, overlaps = _backtest_one(estimator, series, refit, n_jobs, **settings)
    _warn_about({None: result}, overlaps)
    return result


def _backtest_one(
    estimator, series, refit, n_jobs, *, horizon, initial, step, season_length, metrics, coverage
):
    """Forecast one series from many origins.

    Returned are the `Backtest`, and whether the windows that chose the epoch overlap those trained
    on.
    """
    if isinstance(estimator, FrozenEstimator):
        series = as_forecast_pipeline(estimator)._with_missing_rows(series, "series")
    series, values, origins = _check_series(series, horizon, initial, step, season_length)
    # In a partial the series travels with each task. As an argument, Dask would keep it on one
    # worker, and lose it with that worker.
    task = partial(_fit_and_forecast, estimator, series, horizon, coverage)
    if isinstance(refit, bool | np.bool_):
        refit = 1 if refit else len(origins)
    size = check_positive_int(refit, "refit")
    blocks = [origins[begin : begin + size] for begin in range(0, len(origins), size)]
    parts = Parallel(n_jobs=n_jobs)(delayed(task)(block) for block in blocks)
    predicted, bounds, overlaps, positions = zip(*parts, strict=True)
    # From here on without the columns that are known in advance.
    if series.ndim == 2:
        series = _take(series, (slice(None), positions[0]))
    bounds = None if coverage is None else np.concatenate(bounds)
    result = _evaluate(
        series, values[:, positions[0]], origins, np.concatenate(predicted), bounds,
        season_length, metrics, coverage,
    )  # fmt: skip
    return result, overlaps[0]


def _evaluate(series, values, origins, y_pred, bounds, season_length, metrics, coverage):
    """Compare forecasts (n_origins, horizon, n_channels) and their bounds with naive ones."""
    # Forward, since a straight line to the next value would know it.
    filled, horizon = fill_forward(values), y_pred.shape[1]
    known = filled[: origins[0]]
    if season_length == "auto":
        season_length = find_longest_season(known)
    seasons = {"naive": 1, "seasonal_naive": season_length}
    forecasts = {"model": y_pred} | {
        name: seasonal_naive(filled, origins, horizon, length) for name, length in seasons.items()
    }
    y_true, intervals = values[origins[:, None] + np.arange(horizon)], None
    shape = y_true.shape if series.ndim == 2 else y_true.shape[:2]
    further = {"y_train": known, "season_length": season_length}
    scores = score_forecasts(metrics, y_true, forecasts, further)
    if coverage is not None:
        intervals = {"model": bounds} | {
            name: _baseline_intervals(known, forecasts[name], length, coverage)
            for name, length in seasons.items()
        }
        of_intervals = score_forecasts(interval_metrics(coverage), y_true, intervals, further)
        scores = [by | of_one for by, of_one in zip(scores, of_intervals, strict=True)]
        intervals = {name: pair.reshape(*shape, 2) for name, pair in intervals.items()}
    forecasts = {name: forecast.reshape(shape) for name, forecast in forecasts.items()}
    return Backtest(
        series, origins, y_true.reshape(shape), forecasts.pop("model"), forecasts, season_length,
        *scores, coverage, intervals,
    )  # fmt: skip


def _backtest_several(estimator, several, form, settings):
    """Fit the first values of several series together, and backtest each, as `backtest` does."""
    initial, checked = settings["initial"], {}
    of_origins = {name: settings[name] for name in ("horizon", "initial", "step", "season_length")}
    for name, one in several.items():
        with naming_the_series(name):
            checked[name], _, _ = _check_series(one, **of_origins, name=f"series[{name!r}]")
    first = {name: _take(one, slice(initial)) for name, one in checked.items()}
    model = _fit_model(estimator, join_results(first, form), initial)
    results = {}
    for name, pipeline, one in model._pairs(checked, "series"):
        with naming_the_series(name):
            # The forecasters of all series are trained in the same way.
            results[name], overlaps = _backtest_one(
                FrozenEstimator(pipeline), one, False, None, **settings
            )
    _warn_about(results, overlaps)
    return SeriesBacktest(results)


def _fit_model(estimator, series, n_values):
    """Return a `ForecastPipeline` that was fitted on a series, or the frozen one as it is.

    `n_values` is the length of the series, or of each of several.
    """
    if isinstance(estimator, FrozenEstimator):
        model = as_forecast_pipeline(estimator)
        check_is_fitted(model)
        return model
    try:
        if hasattr(estimator, "steps"):
            return as_forecast_pipeline(clone(estimator)).fit(series)
        return as_forecast_pipeline(clone(estimator).fit(series))
    except (ValueError, TypeError) as error:
        raise type(error)(f"The fit on the first {n_values} values failed: {error}") from error


def _take(series, rows):
    """Return rows of a pandas object or of an array."""
    return series.iloc[rows] if hasattr(series, "iloc") else series[rows]


def _baseline_intervals(known, forecasts, season_length, coverage):
    """Return intervals of naive forecasts by their own errors over the known values.

    Of forecasts (n_origins, horizon, n_channels), there are bounds (..., 2): NaN where there are
    too few errors.
    """
    horizon, probabilities = forecasts.shape[1], check_coverage(coverage)
    origins = np.arange(season_length, len(known) - horizon + 1)
    try:
        check_n_paths(probabilities, len(origins))
    except ValueError:
        return np.full((*forecasts.shape, 2), np.nan)
    errors = known[origins[:, None] + np.arange(horizon)]
    errors = errors - seasonal_naive(known, origins, horizon, season_length)
    return forecasts[..., None] + path_quantiles(errors[None], probabilities)


def _check_series(series, horizon, initial, step, season_length, name="series"):
    """Return the series, as it came or as an array, its values in columns, and the origins.

    A warning about missing rows calls it `name`.
    """
    series = with_missing_rows(fill_masked(series), name)
    values = as_floats(series, "series")
    series = series if hasattr(series, "iloc") else values
    initial, step = check_positive_int(initial, "initial"), check_positive_int(step, "step")
    if initial + horizon > len(values):
        raise ValueError(
            f"series has {len(values)} values, but initial={initial} and horizon={horizon} need at "
            f"least {initial + horizon}. Give a longer series, or make one of the two smaller."
        )
    if season_length != "auto" and check_positive_int(season_length, "season_length") > initial:
        raise ValueError(
            f"season_length={season_length}, but only initial={initial} values are known at "
            "the first origin. Give a smaller season_length or a larger initial."
        )
    origins = np.arange(initial, len(values) - horizon + 1, step)
    return series, values.reshape(len(values), -1), origins


def _fit_and_forecast(estimator, series, horizon, coverage, origins):
    """Fit on what is known at the first origin, and forecast from all: (K, H, n_channels).

    Returned, too, are the intervals, if a coverage is given, whether the windows that chose the
    epoch overlap those trained on, and the columns that are forecast.
    """
    contexts = [_take(series, slice(origin)) for origin in origins]
    ahead = [_take(series, slice(origin, origin + horizon)) for origin in origins]
    model = _fit_model(estimator, contexts[0], len(contexts[0]))
    forecaster = model[-1]
    overlaps = (
        forecaster.validation == "random"
        and forecaster.readout_ == "trained"  # a solved readout always holds out the newest windows
        and forecaster.validation_split > 0
    )
    futures = [model._take_known(following) for following in ahead]
    positions = model._predicted_positions
    if coverage is None:
        return model._forecast_after(contexts, futures, horizon), None, overlaps, positions
    probabilities = check_coverage(coverage)
    forecasts = model._forecasts_and_quantiles(contexts, futures, horizon, probabilities)
    return *forecasts, overlaps, positions


def _warn_about(results, overlaps):
    """Warn of forecasts worse than the naive one, or an epoch that was chosen too favorably.

    Parameters
    ----------
    results : dict of Backtest
        Those of several series by name, or that of one, named None.
    overlaps : bool
        Whether the windows that chose the epoch overlap those trained on.
    """
    if overlaps:
        warn(
            "validation='random' held out windows that overlap those trained on, so that val_loss "
            "is better than any forecast will be, and it chose the epoch. Set validation='last' to "
            "hold out the newest windows, or rely on this backtest alone."
        )
    n_missing = sum(int(np.isnan(result.y_true).sum()) for result in results.values())
    if n_missing:
        n_values = sum(result.y_true.size for result in results.values())
        warn(
            f"{n_missing} of {n_values} true values are missing; the scores leave them out, and "
            "the naive forecasts repeat the last value that is known."
        )
    errors = {
        name: [np.nanmean(np.abs(y - one.y_true)) for y in (one.y_pred, one.baselines["naive"])]
        for name, one in results.items()
    }
    worse = [name for name, (error, naive_error) in errors.items() if error > naive_error]
    if worse:
        error, naive_error = errors[worse[0]]
        which = whose = ""
        if worse[0] is not None:
            which, whose = f" of {len(worse)} of {len(results)} series", f" of {worse[0]!r}"
        warn(
            f"The forecasts{which} are worse than the naive one: the mean absolute error{whose} is "
            f"{error:.4g}, that of repeating the last known value {naive_error:.4g}. Train longer "
            "(epochs), try another window_length, normalization='window', or use the naive "
            "forecast."
        )
