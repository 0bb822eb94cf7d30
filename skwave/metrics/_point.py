"""Errors of point forecasts."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import mean_absolute_error, root_mean_squared_error
from sklearn.utils.validation import check_array, check_consistent_length

from skwave._validation import check_positive_int


def mean_absolute_scaled_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    y_train: ArrayLike,
    season_length: int = 1,
    sample_weight: ArrayLike | None = None,
    multioutput: str | ArrayLike = "uniform_average",
) -> float | NDArray[np.float64]:
    """Mean absolute error, relative to that of a seasonal naive forecast in training.

    Parameters
    ----------
    y_true : array-like of shape (n_values,) or (n_values, n_outputs)
        The true values, in the units of the series.
    y_pred : array-like of the same shape
        The forecast.
    y_train : array-like of shape (n_train,) or (n_train, n_outputs)
        The training series, in the order of time. It gives the scale.
    season_length : int, default=1
        Values in a season, m. With 1 the scale is that of the naive forecast.
    sample_weight : array-like of shape (n_values,), default=None
        Weights of the values.
    multioutput : {"raw_values", "uniform_average"} or array-like of shape (n_outputs,), \
            default="uniform_average"
        One error for each output, their mean, or their mean with these weights.

    Returns
    -------
    float or ndarray of shape (n_outputs,)
        0 is best. Below 1, the forecast is better than the one-step seasonal naive forecast was
        in the training series.

    Raises
    ------
    ValueError
        If shapes differ, values are not finite, `y_train` has no more than `season_length`
        values, or it repeats exactly, so that there is no scale.

    See Also
    --------
    root_mean_squared_scaled_error : The same with squares.

    Notes
    -----
    With h forecast values and T training values x,
    ``MASE = mean |y_true − y_pred| / mean |x[t] − x[t − m]|``, the latter over t = m … T − 1.

    References
    ----------
    Hyndman, R. J. and Koehler, A. B. (2006). Another look at measures of forecast accuracy.
    International Journal of Forecasting 22(4), 679–688.

    Examples
    --------
    >>> from skwave.metrics import mean_absolute_scaled_error
    >>> mean_absolute_scaled_error([7, 9], [6, 6], y_train=[1, 2, 5, 3])
    1.0
    """
    y_true, y_pred = _check_pair(y_true, y_pred)
    scale = seasonal_scale(y_train, season_length, y_true)
    return average(np.abs(y_true - y_pred) / scale, sample_weight, multioutput)


def root_mean_squared_scaled_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    y_train: ArrayLike,
    season_length: int = 1,
    sample_weight: ArrayLike | None = None,
    multioutput: str | ArrayLike = "uniform_average",
) -> float | NDArray[np.float64]:
    """Root mean squared error, relative to that of a seasonal naive forecast in training.

    Parameters
    ----------
    y_true : array-like of shape (n_values,) or (n_values, n_outputs)
        The true values, in the units of the series.
    y_pred : array-like of the same shape
        The forecast.
    y_train : array-like of shape (n_train,) or (n_train, n_outputs)
        The training series, in the order of time. It gives the scale.
    season_length : int, default=1
        Values in a season, m.
    sample_weight : array-like of shape (n_values,), default=None
        Weights of the values.
    multioutput : {"raw_values", "uniform_average"} or array-like of shape (n_outputs,), \
            default="uniform_average"
        One error for each output, their mean, or their mean with these weights.

    Returns
    -------
    float or ndarray of shape (n_outputs,)
        0 is best.

    Raises
    ------
    ValueError
        If shapes differ, values are not finite, `y_train` has no more than `season_length`
        values, or it repeats exactly, so that there is no scale.

    See Also
    --------
    mean_absolute_scaled_error : The same with absolute values.

    Notes
    -----
    RMSSE = √(mean (y_true − y_pred)² / mean_{t = m+1…T} (x_t − x_{t−m})²), with T training values
    x. The M5 competition takes m = 1.

    References
    ----------
    Makridakis, S., Spiliotis, E. and Assimakopoulos, V. (2022). M5 accuracy competition: results,
    findings, and conclusions. International Journal of Forecasting 38(4), 1346–1364.

    Examples
    --------
    >>> from skwave.metrics import root_mean_squared_scaled_error
    >>> root_mean_squared_scaled_error([7, 9], [5, 9], y_train=[1, 2, 3])
    1.4142135623730951
    """
    y_true, y_pred = _check_pair(y_true, y_pred)
    scale = seasonal_scale(y_train, season_length, y_true, power=2)
    return root_mean_squared_error(
        y_true / scale, y_pred / scale, sample_weight=sample_weight, multioutput=multioutput
    )


def symmetric_mean_absolute_percentage_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: str | ArrayLike = "uniform_average",
) -> float | NDArray[np.float64]:
    """Mean of absolute errors, each relative to the mean size of true value and forecast.

    Parameters
    ----------
    y_true : array-like of shape (n_values,) or (n_values, n_outputs)
        The true values.
    y_pred : array-like of the same shape
        The forecast.
    sample_weight : array-like of shape (n_values,), default=None
        Weights of the values.
    multioutput : {"raw_values", "uniform_average"} or array-like of shape (n_outputs,), \
            default="uniform_average"
        One error for each output, their mean, or their mean with these weights.

    Returns
    -------
    float or ndarray of shape (n_outputs,)
        Between 0, which is best, and 2. As scikit-learn's percentage error it is a fraction; the M4
        competition prints 100 times it.

    Raises
    ------
    ValueError
        If shapes differ, or values are not finite.

    See Also
    --------
    mean_absolute_scaled_error : An error that is also meaningful around zero.

    Notes
    -----
    ``sMAPE = mean 2 |y_true − y_pred| / (|y_true| + |y_pred|)``; where both are zero the error
    is 0.

    References
    ----------
    Makridakis, S., Spiliotis, E. and Assimakopoulos, V. (2020). The M4 competition: 100,000 time
    series and 61 forecasting methods. International Journal of Forecasting 36(1), 54–74.

    Examples
    --------
    >>> from skwave.metrics import symmetric_mean_absolute_percentage_error
    >>> symmetric_mean_absolute_percentage_error([1, 2], [3, 2])
    0.5
    """
    y_true, y_pred = _check_pair(y_true, y_pred)
    size = (np.abs(y_true) + np.abs(y_pred)) / 2
    shares = np.abs(y_true - y_pred) / np.where(size > 0, size, 1.0)
    return average(shares, sample_weight, multioutput)


def normalized_root_mean_squared_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    scale: float | ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    multioutput: str | ArrayLike = "uniform_average",
) -> float | NDArray[np.float64]:
    """Root mean squared error, relative to the standard deviation of the true values.

    Parameters
    ----------
    y_true : array-like of shape (n_values,) or (n_values, n_outputs)
        The true values, in the units of the series.
    y_pred : array-like of the same shape
        The forecast.
    scale : float, array-like of shape (n_outputs,) or None, default=None
        What to divide by, in the units of the series, such as the standard deviation of a longer
        piece of it. None takes the standard deviation of `y_true`.
    sample_weight : array-like of shape (n_values,), default=None
        Weights of the values in the error.
    multioutput : {"raw_values", "uniform_average"} or array-like of shape (n_outputs,), \
            default="uniform_average"
        One error for each output, their mean, or their mean with these weights.

    Returns
    -------
    float or ndarray of shape (n_outputs,)
        0 is best; 1 is the error of forecasting the mean of `y_true`.

    Raises
    ------
    ValueError
        If shapes differ, values are not finite, or `y_true` never varies and no `scale` is given.

    Notes
    -----
    NRMSE = √(mean (y_true − y_pred)²) / std(y_true), with the standard deviation over all values
    (no degree of freedom is taken off). Without weights it is √(1 − R²).

    References
    ----------
    Gers, F. A., Eck, D. and Schmidhuber, J. (2001). Applying LSTM to time series predictable
    through time-window approaches. Artificial Neural Networks, ICANN 2001, 669–676.

    Examples
    --------
    >>> from skwave.metrics import normalized_root_mean_squared_error
    >>> normalized_root_mean_squared_error([1, 3], [2, 4])
    1.0
    """
    y_true, y_pred = _check_pair(y_true, y_pred)
    if scale is None:
        # The mean of equal numbers may differ from them in the last digit.
        scale = np.where(np.ptp(y_true, axis=0) > 0, y_true.std(axis=0), 0.0)
        _check_scale(scale, "y_true never varies", "Give scale.")
    else:
        scale = as_columns([np.atleast_1d(scale)], "scale", y_true if np.ndim(scale) else None)
        _check_scale(scale, f"scale is {scale[0].tolist()}", "Give numbers above 0.")
    return root_mean_squared_error(
        y_true / scale, y_pred / scale, sample_weight=sample_weight, multioutput=multioutput
    )


def _check_pair(y_true, y_pred):
    """Return true values and forecast as finite arrays of shape (n_values, n_outputs)."""
    y_true = as_columns(y_true, "y_true")
    y_pred = as_columns(y_pred, "y_pred", y_true)
    check_consistent_length(y_true, y_pred)
    return y_true, y_pred


def average(values, sample_weight, multioutput):
    """Return the mean over values that are not negative, and over outputs, as scikit-learn does."""
    return mean_absolute_error(
        np.zeros_like(values), values, sample_weight=sample_weight, multioutput=multioutput
    )


def as_columns(y, name, y_true=None):
    """Return finite numbers as an array of as many columns as `y_true` has, if it is given."""
    y = check_array(y, ensure_2d=False, dtype=float, input_name=name)
    y = y.reshape(len(y), -1)
    if y_true is not None and y.shape[1] != y_true.shape[1]:
        raise ValueError(
            f"{name} has {y.shape[1]} outputs, but y_true has {y_true.shape[1]}. Give {name} of "
            "the same outputs."
        )
    return y


def seasonal_scale(y_train, season_length, y_true, power=1):
    """Return the mean error of the seasonal naive forecast within the training series.

    It is absolute with a power of 1, and the root of the mean square with 2.
    """
    season_length = check_positive_int(season_length, "season_length")
    y_train = as_columns(y_train, "y_train", y_true)
    if len(y_train) <= season_length:
        raise ValueError(
            f"y_train has {len(y_train)} values, but season_length={season_length} needs at least "
            f"{season_length + 1}. Give a longer training series or a smaller season_length."
        )
    errors = np.abs(y_train[season_length:] - y_train[:-season_length])
    scale = np.mean(errors**power, axis=0) ** (1 / power)
    remedy = "Give another season_length, or a y_train that varies."
    _check_scale(scale, "y_train repeats exactly", remedy)
    return scale


def _check_scale(scale, problem, remedy):
    if np.any(scale <= 0):
        raise ValueError(f"There is nothing to scale errors by: {problem}. {remedy}")
