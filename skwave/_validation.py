"""Checks of series, windows, targets and contexts: errors say what came and what is needed."""

from numbers import Integral

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_array, validate_data

from skwave._sliding import is_sliding_view, series_of_view, sliding_windows, split_windows

# Squares of larger numbers, summed up, may leave the range of floats.
LARGEST = np.float64(1e100)


def is_several(X):
    """Return whether `X` is a list of arrays, which is several series.

    A list of plain numbers or of plain lists is one series, as everywhere in scikit-learn.
    """
    is_list = isinstance(X, list | tuple) and len(X) > 0
    return is_list and all(hasattr(x, "shape") and np.ndim(x) > 0 for x in X)


def are_of_several(windows):
    """Return whether windows are a list of arrays (n_windows, window_length, n_channels)."""
    return is_several(windows) and all(np.ndim(of_series) == 3 for of_series in windows)


def check_column_types(X, name="X"):
    """Raise an error for columns of dates or strings, and in pandas for those of equal names.

    That is before scikit-learn makes numbers of them, or an error of its own.
    """
    X = np.asarray(X) if isinstance(X, list | tuple) else X
    columns = columns_of(X)
    if columns and not X.columns.is_unique:
        column = X.columns[X.columns.duplicated()][0]
        raise ValueError(f"{name} has the column {column!r} twice. Rename one of them.")
    if isinstance(X, np.ndarray) and X.dtype.kind in "US" and X.size:
        raise ValueError(
            f"{name} holds text such as {X.flat[0].item()!r}, but numbers are needed. Give "
            f"numpy.asarray({name}, dtype=float)."
        )
    for k, dtype in enumerate(_dtypes(X)):
        where = name if columns is None else f"column {columns[k]!r} of {name}"
        _check_dtype(dtype, where)
        if hasattr(X, "iloc") and dtype.kind == "O":
            _check_words(X if X.ndim == 1 else X.iloc[:, k], where)


def _check_dtype(dtype, where):
    """Raise an error if a type is one of dates, durations or complex numbers."""
    if dtype.kind in "mM":
        raise ValueError(
            f"{where} has dtype {dtype}, but numbers are needed. Leave dates to the index, as by "
            "set_index, and divide durations by a unit of time."
        )
    if dtype.kind == "c":
        raise ValueError(
            f"Complex data not supported: {where} has dtype {dtype}, but real numbers are needed. "
            "Give the real and the imaginary part as two columns."
        )


def _check_words(values, where):
    """Raise an error if a column of pandas, which `where` names, holds something but numbers."""
    for value in values.dropna():
        try:
            float(value)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"{where} holds {value!r}, which is not a number. Read commas between thousands by "
                "pandas.read_csv(..., thousands=','), decimal commas by decimal=',', and signs for "
                "missing values by na_values=['-']; compare 'True' and 'False' with == 'True'; "
                "make a column of times the index (index_col, parse_dates), and a column of names, "
                "such as those of shops, the first level of the index (set_index(['shop', "
                "'time'])); encode other categories as numbers "
                "(sklearn.preprocessing.OneHotEncoder), or leave the column out."
            ) from error


def columns_of(X):
    """Return the labels of a frame's columns, of whatever type, or None."""
    return list(X.columns) if hasattr(X, "iloc") and X.ndim == 2 else None


def check_columns(X, expected, name="X"):
    """Raise an error if a frame has other columns than that of `fit`, or in another order."""
    columns = columns_of(X)
    if columns and expected and max(len(columns), len(expected)) > 1 and columns != expected:
        missing = [column for column in expected if column not in columns]
        advice = f"Add the columns {missing}" if missing else f"Give {name}[{expected}]"
        raise ValueError(
            f"{name} has the columns {columns}, but {expected} were seen in fit, in this order. "
            f"{advice}."
        )


def fill_masked(X):
    """Return a masked array of NumPy as an array whose masked values are NaN, and others as is."""
    return X.astype(float).filled(np.nan) if isinstance(X, np.ma.MaskedArray) else X


def check_numbers(values, name="X", *, allow_nan=True):
    """Return an array as it is, if it holds real numbers that are not too large.

    scikit-learn lets dates through, and very large numbers.

    Parameters
    ----------
    values : ndarray
        The rows are positions in the series, or windows.
    name : str, default="X"
        What the message calls it.
    allow_nan : bool, default=True
        Whether NaN is accepted, which is a missing value.
    """
    _check_dtype(values.dtype, name)
    if values.dtype.kind not in "biuf":
        raise ValueError(
            f"{name} has dtype {values.dtype}, but numbers are needed. Convert it, such as by "
            "astype(float)."
        )
    if values.dtype.kind != "f":
        return values
    is_bad = (values < -LARGEST) | (values > LARGEST)
    if not allow_nan:
        is_bad |= np.isnan(values)
    if not is_bad.any():
        # Wider floats than these gain nothing, and functions of NumPy and SciPy refuse them.
        return values.astype(float) if values.dtype.itemsize > 8 else values
    first = tuple(int(k) for k in np.argwhere(is_bad)[0])
    kind, what = f"{values[first]:.3g}", f"are larger than {LARGEST:.0e}"
    advice = "Give the series in other units."
    if np.isnan(values[first]):
        kind, what = "NaN", "are not finite"
        advice = "Fill missing values first, as by pandas.Series.interpolate()."
    elif np.isinf(values[first]):
        kind, what = "infinity", "are not finite"
        advice = "A logarithm of zero, or a division by it, may have made it."
    where = f"row {first[0]}"
    if len(first) > 1 and values.shape[-1] > 1:
        where += f", column {first[-1]}"
    raise ValueError(
        f"{name} contains {kind}: {is_bad.sum()} of {values.size} values {what}, the first in "
        f"{where}. {advice}"
    )


def as_numbers(values, name="X", *, allow_nan=True):
    """Return an array-like of any number of axes as an array that `check_numbers` accepts."""
    values = check_array(
        fill_masked(values), ensure_2d=False, allow_nd=True, dtype="numeric",
        ensure_all_finite=False, input_name=name,
    )  # fmt: skip
    return check_numbers(values, name, allow_nan=allow_nan)


def as_2d(X, name="X"):
    """Return one series with a column for each channel, with its names and index.

    Parameters
    ----------
    X : array-like or pandas object of shape (n_values,) or (n_values, n_channels)
        A series, which `with_missing_rows` returned: its index has been checked there.
    name : str, default="X"
        What the messages call it.

    Returns
    -------
    array-like or DataFrame of shape (n_values, n_channels)
        The same; numbers of any type in arrays, and in columns of pandas, become float64.

    Raises
    ------
    TypeError
        If `X` is a sparse matrix.
    ValueError
        If `X` is several series, has another number of dimensions, or holds dates.
    """
    if issparse(X):
        raise TypeError(
            f"{name} is a sparse matrix, but a dense series is needed. Use {name}.toarray()."
        )
    if is_several(X):
        raise ValueError(
            f"{name} is a list of {len(X)} series, but one series is needed here. If they are the "
            "channels of one, give an array with a column for each."
        )
    X = fill_masked(X)
    check_column_types(X, name)
    if hasattr(X, "iloc"):
        # The name of a Series does not name a channel; scikit-learn compares strings alone.
        X = X.to_frame(0) if X.ndim == 1 else X
    ndim = _ndim(X)
    if ndim not in (1, 2):
        steps = f" To forecast {X} values, call forecast({X})." if isinstance(X, Integral) else ""
        raise ValueError(
            f"{name} has the type {type(X).__name__} and {ndim} dimensions, but a series of shape "
            f"(n_values,) or (n_values, n_channels) is needed.{steps}"
        )
    X = np.reshape(np.asarray(X), (-1, 1)) if ndim == 1 else X
    # An inverse in single precision does not give the series back, and sparse and nullable columns
    # of pandas, and objects, are no numbers to NumPy.
    if all(dtype == np.float64 for dtype in _dtypes(X)):
        return X
    if hasattr(X, "iloc"):
        is_missing = X.isna()
        X = X.where(~is_missing, np.nan) if is_missing.any(axis=None) else X
        return X.astype(float)
    return X.astype(float) if X.dtype.kind in "biuf" else X


def as_floats(X, name="X"):
    """Return one series as checked floats, of as many dimensions; NaN is a missing value."""
    return check_numbers(np.asarray(as_2d(X, name), dtype=float).reshape(np.shape(X)), name)


def _ndim(X):
    """Return the number of axes of an array-like, of whatever package."""
    return X.ndim if hasattr(X, "ndim") else np.asarray(X).ndim


def _dtypes(X):
    """Return the types of an array, or of the columns of a pandas object."""
    if hasattr(X, "iloc"):
        return [X.dtype] if X.ndim == 1 else list(X.dtypes)
    return [X.dtype] if isinstance(X, np.ndarray) else []


def check_windows(estimator, X, *, reset):
    """Return `X` as windows (n_windows, window_length, n_channels); NaN is a missing value.

    Windows that are a view of a series are checked as a series, each value once.
    """
    if are_of_several(X):
        raise ValueError(
            f"X is a list of the windows of {len(X)} series, which only fit accepts, but those of "
            "one series are needed here. Give one array, to the forecaster of this series."
        )
    X = fill_masked(X)
    if _ndim(X) == 1 or (hasattr(X, "iloc") and X.shape[1] == 1):
        raise ValueError(
            f"X is a series of {len(X)} values, but windows are needed. Use "
            "WindowTransformer(window_length).fit_transform(X), or "
            "make_forecast_pipeline(WindowTransformer(window_length), LSTMForecaster(...)). "
            "Reshape your data by X.reshape(1, -1) if it is a single window."
        )
    if isinstance(X, np.ndarray) and X.ndim == 3 and not reset:
        _check_window_shape(estimator, X)
    if isinstance(X, np.ndarray) and X.ndim == 3 and is_sliding_view(X):
        series = as_numbers(series_of_view(X))
        # Of the windows themselves only the shape is left to check.
        validate_data(estimator, X, reset=reset, skip_check_array=True)
        windows = sliding_windows(series, X.shape[1])
    else:
        windows = check_numbers(validate_data(
            estimator, X, reset=reset, allow_nd=True, dtype="numeric", ensure_all_finite=False
        ))  # fmt: skip
        windows = windows[:, :, None] if windows.ndim == 2 else windows
    if windows.ndim != 3 or min(windows.shape) == 0:
        raise ValueError(
            f"X has shape {windows.shape}, but windows of shape (n_windows, window_length) or "
            "(n_windows, window_length, n_channels) are needed, as WindowTransformer makes them."
        )
    if not reset:
        _check_window_shape(estimator, windows)
    return windows


def _check_window_shape(estimator, windows):
    """Raise an error if windows have another shape than those of `fit`."""
    expected = getattr(estimator, "window_shape_", None)
    if expected is not None and windows.shape[1:] != expected:
        raise ValueError(
            f"X has windows of shape {windows.shape[1:]}, but {type(estimator).__name__} was "
            f"fitted on windows of shape {expected} (window_length, n_channels). Give windows of "
            "this shape, or fit again, with warm_start=False."
        )


def check_windows_of_several(estimator, X):
    """Return the series of a list of windows, each of them one array-like, in `fit`.

    Raises
    ------
    ValueError
        If an array holds the windows of more than one series, or has another shape than the first.
    """
    parts = [check_windows(estimator, part, reset=True) for part in X]
    series = []
    for number, part in enumerate(parts):
        if part.shape[1:] != parts[0].shape[1:]:
            raise ValueError(
                f"X[{number}] has windows of shape {part.shape[1:]}, but those of X[0] have the "
                f"shape {parts[0].shape[1:]} (window_length, n_channels). Give windows of one "
                "WindowTransformer."
            )
        found = split_windows(part)
        if len(found) > 1:
            raise ValueError(
                f"X[{number}] has the windows of {len(found)} series, but each array of a list is "
                "one series in the order of time. Give a list of as many arrays as there are "
                "series, as WindowTransformer returns it for a list."
            )
        series.append(np.asarray(found[0], float))
    return series


def check_context(estimator, context):
    """Return one window (window_length, n_channels) or a batch (n_series, ...) of them."""
    length, n_channels = estimator.window_shape_
    if context is None:
        if estimator.context_ is None:
            raise ValueError(
                "context=None takes the end of the series seen in fit, but fit(X, y) saw none. "
                f"Give context= the last {length} values, or fit without y."
            )
        return estimator.context_
    context = as_numbers(context, "context").astype(float)
    if context.ndim == 1 and n_channels == 1:
        context = context[:, None]
    if context.ndim not in (2, 3) or context.shape[-2:] != (length, n_channels):
        raise ValueError(
            f"context has shape {context.shape}, but ({length}, {n_channels}) is needed, or "
            f"(n_series, {length}, {n_channels}) for several series: their last {length} values."
        )
    return context


def check_positive_int(value, name):
    """Return `value` as an int of at least one."""
    # A bool is an Integral to Python, and to scikit-learn's own checks.
    if isinstance(value, bool | np.bool_) or not isinstance(value, Integral):
        raise TypeError(f"{name}={value!r} is a {type(value).__name__}, but an int is needed.")
    if value < 1:
        raise ValueError(f"{name}={value}, but an int of at least 1 is needed.")
    return int(value)


def check_units(units):
    """Return `units` as a tuple of ints, one for each layer."""
    layers = (units,) if isinstance(units, Integral) else tuple(units)
    if not layers:
        raise ValueError(f"units={units!r}, but an int >= 1 or a sequence of them is needed.")
    return tuple(check_positive_int(n, "units") for n in layers)


def check_targets(y, windows, output_length, n_known=0):
    """Return given targets as an array of shape (n_windows, ...).

    A `y` as long as the series is cut to the values at the ends of the windows.
    """
    n_windows, length, n_channels = windows.shape
    y = as_numbers(y, "y", allow_nan=False)
    if len(y) == n_windows + length - 1:
        y = y[length - 1 :]
    if len(y) != n_windows:
        raise ValueError(
            f"y has {len(y)} targets for {n_windows} windows. Give one for each window, or "
            f"one for each of the {n_windows + length - 1} values of the series."
        )
    n_outputs = y[0].size
    needed = output_length * (n_channels - n_known)
    if output_length > 1 and n_outputs != needed:
        raise ValueError(
            f"y has {n_outputs} outputs, but output_length={output_length} with "
            f"{n_channels - n_known} channels needs {needed}."
        )
    return y


def check_training_weights(dataset, *, needs_validation):
    """Raise an error if no window to train on, or none that chooses the epoch, has a weight."""
    if dataset.weights is None:
        return
    parts = {"to train on": dataset.weights[: dataset.n_train]}
    if needs_validation and dataset.holds_out:
        parts["held out, which choose the epoch"] = dataset.weights[dataset.n_train :]
    for what, weights in parts.items():
        if not weights.any():
            raise ValueError(
                f"sample_weight is zero for all {len(weights)} windows {what}. Give some of them a "
                "weight, or set validation_split=0, which holds out none, or validation='forecast',"
                " which needs no weights of those held out."
            )


def make_random_state(random_state):
    """Return a RandomState; for None a fresh one, so that NumPy's global one is left alone."""
    if random_state is None:
        return np.random.RandomState()
    return check_random_state(random_state)


def check_finite(values, what):
    """Return `values` if they are finite; a forecast never holds NaN or infinity."""
    good = np.isfinite(values)
    if not good.all():
        raise ValueError(
            f"{what} left the range of finite numbers: {good.size - good.sum()} of {good.size} "
            "values are NaN or infinite. Give windows in the range of the training series, ask "
            "for fewer steps, or fit with other parameters."
        )
    return values


def check_float32_range(scaling):
    """Raise an error if a Keras model, which computes in float32, cannot hold the scales."""
    scales = np.abs(np.concatenate([
        scaling.input_center, scaling.input_scale, scaling.output_center, scaling.output_scale
    ]))  # fmt: skip
    # An infinite one leaves an input out.
    scales = scales[(scales > 0) & np.isfinite(scales)]
    # The inverse of a scale must be finite as well.
    largest = float(np.finfo(np.float32).max)
    if len(scales) and (scales.max() > largest or scaling.input_scale.min() < 1 / largest):
        raise ValueError(
            f"A Keras model computes in float32, but the series has scales of {scales.min():.3g} "
            f"to {scales.max():.3g}. Fit on the series in other units, between 1e-38 and 1e38."
        )
