"""Scores of prediction intervals, quantiles and samples."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_array

from skwave._intervals import check_fractions, check_order
from skwave.metrics._point import as_columns, average, seasonal_scale


def coverage_score(
    y_true: ArrayLike,
    y_interval: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: str | ArrayLike = "uniform_average",
) -> float | NDArray[np.float64]:
    """Fraction of the true values that lie within their interval, bounds included.

    Parameters
    ----------
    y_true : array-like of shape (n_values,) or (n_values, n_outputs)
        The true values.
    y_interval : array-like of shape (n_values, 2) or (n_values, n_outputs, 2)
        Lower and upper bounds, as `skwave.LSTMForecaster.forecast_interval` returns them.
    sample_weight : array-like of shape (n_values,), default=None
        Weights of the values.
    multioutput : {"raw_values", "uniform_average"} or array-like of shape (n_outputs,), \
            default="uniform_average"
        One fraction for each output, their mean, or their mean with these weights.

    Returns
    -------
    float or ndarray of shape (n_outputs,)
        Between 0 and 1; the nominal coverage is best.

    Raises
    ------
    ValueError
        If shapes do not fit, values are not finite, or a lower bound is above its upper bound.

    See Also
    --------
    interval_score : A score of coverage and width together.

    Examples
    --------
    >>> from skwave.metrics import coverage_score
    >>> coverage_score([1, 2, 3, 4], [[0, 2], [0, 2], [0, 2], [0, 2]])
    0.5
    """
    y_true, (lower, upper) = _check_interval(y_true, y_interval)
    is_within = ((lower <= y_true) & (y_true <= upper)).astype(float)
    return average(is_within, sample_weight, multioutput)


def interval_score(
    y_true: ArrayLike,
    y_interval: ArrayLike,
    *,
    coverage: float = 0.9,
    sample_weight: ArrayLike | None = None,
    multioutput: str | ArrayLike = "uniform_average",
) -> float | NDArray[np.float64]:
    """Mean width of intervals, and a penalty for each true value outside (Winkler's score).

    Parameters
    ----------
    y_true : array-like of shape (n_values,) or (n_values, n_outputs)
        The true values, in the units of the series.
    y_interval : array-like of shape (n_values, 2) or (n_values, n_outputs, 2)
        Lower and upper bounds, in the same units.
    coverage : float, default=0.9
        Nominal coverage of the intervals, a fraction.
    sample_weight : array-like of shape (n_values,), default=None
        Weights of the values.
    multioutput : {"raw_values", "uniform_average"} or array-like of shape (n_outputs,), \
            default="uniform_average"
        One score for each output, their mean, or their mean with these weights.

    Returns
    -------
    float or ndarray of shape (n_outputs,)
        In the units of the series; 0 is best.

    Raises
    ------
    ValueError
        If shapes do not fit, values are not finite, a lower bound is above its upper bound, or
        `coverage` is not between 0 and 1.

    See Also
    --------
    mean_scaled_interval_score : The same relative to a naive forecast's error.

    Notes
    -----
    With bounds l and u, true value y and α = 1 − coverage, the mean of
    ``(u − l) + 2/α · max(l − y, 0) + 2/α · max(y − u, 0)``. The expected score is
    least if the bounds are the quantiles α/2 and 1 − α/2 of the distribution of the value.

    References
    ----------
    Gneiting, T. and Raftery, A. E. (2007). Strictly proper scoring rules, prediction, and
    estimation. Journal of the American Statistical Association 102, 359–378, section 6.2.

    Examples
    --------
    >>> from skwave.metrics import interval_score
    >>> interval_score([1, 5], [[0, 2], [0, 4]], coverage=0.8)
    8.0
    """
    y_true, (lower, upper) = _check_interval(y_true, y_interval)
    outside = np.maximum(lower - y_true, 0) + np.maximum(y_true - upper, 0)
    scores = upper - lower + 2 / (1 - check_one_coverage(coverage)) * outside
    return average(scores, sample_weight, multioutput)


def mean_scaled_interval_score(
    y_true: ArrayLike,
    y_interval: ArrayLike,
    *,
    y_train: ArrayLike,
    season_length: int = 1,
    coverage: float = 0.9,
    sample_weight: ArrayLike | None = None,
    multioutput: str | ArrayLike = "uniform_average",
) -> float | NDArray[np.float64]:
    """Interval score, relative to the error of a seasonal naive forecast in training (MSIS).

    Parameters
    ----------
    y_true : array-like of shape (n_values,) or (n_values, n_outputs)
        The true values, in the units of the series.
    y_interval : array-like of shape (n_values, 2) or (n_values, n_outputs, 2)
        Lower and upper bounds, in the same units.
    y_train : array-like of shape (n_train,) or (n_train, n_outputs)
        The training series, in the order of time. It gives the scale.
    season_length : int, default=1
        Values in a season, m. With 1 the scale is that of the naive forecast.
    coverage : float, default=0.9
        Nominal coverage of the intervals, a fraction. The M4 competition takes 0.95.
    sample_weight : array-like of shape (n_values,), default=None
        Weights of the values.
    multioutput : {"raw_values", "uniform_average"} or array-like of shape (n_outputs,), \
            default="uniform_average"
        One score for each output, their mean, or their mean with these weights.

    Returns
    -------
    float or ndarray of shape (n_outputs,)
        0 is best.

    Raises
    ------
    ValueError
        As in `interval_score`, or if `y_train` has no more than `season_length` values, or repeats
        exactly, so that there is no scale.

    See Also
    --------
    mean_absolute_scaled_error : The error of point forecasts with the same scale.

    Notes
    -----
    ``MSIS = interval_score / mean |x[t] − x[t − m]|``, the latter over the training values x.

    References
    ----------
    Makridakis, S., Spiliotis, E. and Assimakopoulos, V. (2020). The M4 competition: 100,000 time
    series and 61 forecasting methods. International Journal of Forecasting 36(1), 54–74.

    Examples
    --------
    >>> from skwave.metrics import mean_scaled_interval_score
    >>> mean_scaled_interval_score([1, 5], [[0, 2], [0, 4]], y_train=[1, 3, 1], coverage=0.8)
    4.0
    """
    y_true, bounds = _check_interval(y_true, y_interval)
    scale = seasonal_scale(y_train, season_length, y_true)
    return interval_score(
        y_true / scale, np.stack(bounds / scale, axis=-1), coverage=coverage,
        sample_weight=sample_weight, multioutput=multioutput,
    )  # fmt: skip


def mean_quantile_loss(
    y_true: ArrayLike,
    y_quantiles: ArrayLike,
    *,
    quantiles: ArrayLike = (0.1, 0.5, 0.9),
    sample_weight: ArrayLike | None = None,
    multioutput: str | ArrayLike = "uniform_average",
) -> float | NDArray[np.float64]:
    """Mean weighted quantile loss: pinball losses relative to the size of the true values.

    Parameters
    ----------
    y_true : array-like of shape (n_values,) or (n_values, n_outputs)
        The true values.
    y_quantiles : array-like of shape (n_values, n_quantiles) or (n_values, n_outputs, n_quantiles)
        Forecasts of the quantiles, as `skwave.LSTMForecaster.forecast_quantiles` returns them.
    quantiles : array-like of shape (n_quantiles,), default=(0.1, 0.5, 0.9)
        Their probabilities, each between 0 and 1.
    sample_weight : array-like of shape (n_values,), default=None
        Weights of the values.
    multioutput : {"raw_values", "uniform_average"} or array-like of shape (n_outputs,), \
            default="uniform_average"
        One loss for each output, their mean, or their mean with these weights.

    Returns
    -------
    float or ndarray of shape (n_outputs,)
        0 is best. For the median alone it is the sum of absolute errors over that of absolute
        values.

    Raises
    ------
    ValueError
        If shapes do not fit, values are not finite, `quantiles` are not between 0 and 1, or all
        true values are zero.

    See Also
    --------
    sklearn.metrics.mean_pinball_loss : The loss of one quantile, in the units of the series.

    Notes
    -----
    The mean over the quantiles q of ``2 Σ max(q (y − ŷ), (1 − q) (ŷ − y)) / Σ |y|``. For many
    evenly spaced quantiles it approaches the continuous ranked probability score relative to the
    mean absolute value.

    References
    ----------
    Park, Y., Maddix, D., Aubet, F.-X., Kan, K., Gasthaus, J. and Wang, Y. (2022). Learning quantile
    functions without quantile crossing for distribution-free time series forecasting. AISTATS,
    section 5.

    Examples
    --------
    >>> from skwave.metrics import mean_quantile_loss
    >>> mean_quantile_loss([1, 3], [[1, 2], [2, 3]], quantiles=[0.5, 0.8])
    0.175
    """
    values = as_columns(y_true, "y_true")
    quantiles = np.atleast_1d(check_fractions(quantiles, "quantiles"))
    errors = values[..., None] - _as_parts(values, y_quantiles, "y_quantiles", len(quantiles))
    losses = 2 * np.maximum(quantiles * errors, (quantiles - 1) * errors).mean(axis=-1)
    size = average(np.abs(values), sample_weight, "raw_values")
    if np.any(size == 0):
        raise ValueError(
            "The losses cannot be weighted: all true values are zero. Take "
            "sklearn.metrics.mean_pinball_loss, which has the units of the series."
        )
    return average(losses / size, sample_weight, multioutput)


def continuous_ranked_probability_score(
    y_true: ArrayLike,
    y_samples: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: str | ArrayLike = "uniform_average",
) -> float | NDArray[np.float64]:
    """Score samples of a forecast by the continuous ranked probability score (CRPS).

    Parameters
    ----------
    y_true : array-like of shape (n_values,) or (n_values, n_outputs)
        The true values, in the units of the series.
    y_samples : array-like of shape (n_values, n_samples) or (n_values, n_outputs, n_samples)
        Samples of the forecast of each value, in the same units. Sample paths of
        `skwave.LSTMForecaster.sample_paths` have the samples first: give ``paths.T``, or
        ``numpy.moveaxis(paths, 0, -1)`` for several channels.
    sample_weight : array-like of shape (n_values,), default=None
        Weights of the values.
    multioutput : {"raw_values", "uniform_average"} or array-like of shape (n_outputs,), \
            default="uniform_average"
        One score for each output, their mean, or their mean with these weights.

    Returns
    -------
    float or ndarray of shape (n_outputs,)
        In the units of the series; 0 is best. Of a single sample it is the absolute error.

    Raises
    ------
    ValueError
        If shapes do not fit or values are not finite.

    Notes
    -----
    The score of the empirical distribution of n samples x is
    ``Σ |x[i] − y| / n − Σ |x[i] − x[j]| / (2 n²)``, as a mean over the true values y.

    References
    ----------
    Gneiting, T. and Raftery, A. E. (2007). Strictly proper scoring rules, prediction, and
    estimation. Journal of the American Statistical Association 102, 359–378, section 4.2.

    Examples
    --------
    >>> from skwave.metrics import continuous_ranked_probability_score
    >>> continuous_ranked_probability_score([0.0], [[-1.0, 1.0]])
    0.5
    """
    values = as_columns(y_true, "y_true")
    samples = np.sort(_as_parts(values, y_samples, "y_samples"), axis=-1)
    n = samples.shape[-1]
    errors = np.abs(samples - values[..., None]).mean(axis=-1)
    # Sorted, each sample counts in the differences with a factor of its rank.
    spread = samples @ (2 * np.arange(1, n + 1) - n - 1) / n**2
    return average(np.maximum(errors - spread, 0.0), sample_weight, multioutput)


def _check_interval(y_true, y_interval):
    """Return true values (n_values, n_outputs), and an array of their lower and upper bounds."""
    y_true = as_columns(y_true, "y_true")
    bounds = _as_parts(y_true, y_interval, "y_interval", 2)
    check_order(bounds, "y_interval")
    return y_true, np.moveaxis(bounds, -1, 0)


def check_one_coverage(coverage):
    """Return the coverage of one interval, or raise an error if it is no fraction, or several."""
    if np.ndim(coverage):
        raise TypeError(f"coverage={coverage!r}, but one fraction between 0 and 1 is needed here.")
    return float(check_fractions(coverage, "coverage"))


def _as_parts(y_true, values, name, n_parts=None):
    """Return several numbers for each true value, of shape (n_values, n_outputs, n_parts)."""
    values = check_array(values, ensure_2d=False, allow_nd=True, dtype=float, input_name=name)
    n_values, n_outputs = y_true.shape
    last = values[0].size // n_outputs if n_parts is None else n_parts
    # A frame has the columns of one channel after the other.
    is_known = values.ndim == 2 or values.shape[1:-1] == (n_outputs,)
    if not is_known or len(values) != n_values or values[0].size != n_outputs * last or last == 0:
        shape = [n_values, *([n_outputs] if n_outputs > 1 else []), n_parts or "n_samples"]
        advice = (
            "Give an array of this shape, as forecast_interval and forecast_quantiles return it."
        )
        if n_parts is None:
            advice = (
                "An array of sample_paths has the samples first: give paths.T, or "
                "numpy.moveaxis(paths, 0, -1) for several channels."
            )
        raise ValueError(
            f"{name} has shape {values.shape}, but ({', '.join(map(str, shape))}) is needed for "
            f"y_true of shape {y_true.shape}. {advice}"
        )
    return values.reshape(n_values, n_outputs, last)
