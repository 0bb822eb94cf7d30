"""Checks of what a forecaster is given; every error says what came and what is needed."""

from numbers import Integral

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_array, validate_data

from skwave._series import check_numbers
from skwave._window import is_sliding_view, series_under, sliding_windows


def check_windows(estimator, X, *, reset):
    """Return `X` as finite windows of shape (n_windows, window_length, n_channels).

    Windows that are a view of a series are checked as a series, each value once.
    """
    if isinstance(X, np.ndarray) and X.ndim == 3 and is_sliding_view(X):
        series = check_array(series_under(X), dtype="numeric", input_name="X")
        # Of the windows themselves only the shape is left to see.
        validate_data(estimator, X, reset=reset, skip_check_array=True)
        windows = sliding_windows(series, X.shape[1])
    else:
        windows = validate_data(estimator, X, reset=reset, allow_nd=True, dtype="numeric")
        if windows.ndim == 2:
            windows = windows[:, :, None]
    check_numbers(windows)
    if windows.ndim != 3 or min(windows.shape) == 0:
        raise ValueError(
            f"X has shape {windows.shape}, but windows of shape (n_windows, window_length) or "
            "(n_windows, window_length, n_channels) are needed, as WindowTransformer makes them."
        )
    expected = getattr(estimator, "window_shape_", None)
    if not reset and expected is not None and windows.shape[1:] != expected:
        raise ValueError(
            f"X has windows of shape {windows.shape[1:]}, but {type(estimator).__name__} was "
            f"fitted on windows of shape {expected} (window_length, n_channels)."
        )
    return windows


def check_context(estimator, window):
    """Return one window (window_length, n_channels) or a batch (n_series, ...) of them."""
    length, n_channels = estimator.window_shape_
    if window is None:
        if estimator.context_ is None:
            raise ValueError(
                "window=None takes the end of the series seen in fit, but fit(X, y) saw none. "
                f"Give window= the last {length} values, or fit without y."
            )
        return estimator.context_
    window = check_array(
        window, ensure_2d=False, allow_nd=True, dtype="numeric", input_name="window"
    )
    check_numbers(window, "window")
    if window.ndim == 1 and n_channels == 1:
        window = window[:, None]
    if window.ndim not in (2, 3) or window.shape[-2:] != (length, n_channels):
        raise ValueError(
            f"window has shape {window.shape}, but ({length}, {n_channels}) is needed, or "
            f"(n_series, {length}, {n_channels}) for several series: their last {length} values."
        )
    return window


def check_n_steps(n_steps, name="n_steps"):
    """Return `n_steps` as an int of at least one."""
    if isinstance(n_steps, bool | np.bool_) or not isinstance(n_steps, Integral):
        raise TypeError(f"{name}={n_steps!r} is a {type(n_steps).__name__}, an int is needed.")
    if n_steps < 1:
        raise ValueError(f"{name}={n_steps} is below 1, the least number of values to forecast.")
    return int(n_steps)


def check_units(units):
    """Return `units` as a tuple of ints, one for each layer."""
    layers = (units,) if isinstance(units, Integral) else tuple(units)
    good = [isinstance(n, Integral) and not isinstance(n, bool) and n >= 1 for n in layers]
    if not layers or not all(good):
        raise ValueError(f"units={units!r}, but an int >= 1 or a sequence of such is needed.")
    return tuple(int(n) for n in layers)


def check_targets(y, windows, horizon):
    """Return given targets as an array of shape (n_windows, ...).

    A `y` as long as the series is cut to the values at the ends of the windows.
    """
    n_windows, length, n_channels = windows.shape
    y = check_array(y, ensure_2d=False, allow_nd=True, dtype="numeric", input_name="y")
    check_numbers(y, "y")
    if len(y) == n_windows + length - 1:
        y = y[length - 1 :]
    if len(y) != n_windows:
        raise ValueError(
            f"y has {len(y)} targets for {n_windows} windows. Give one for each window, or "
            f"one for each of the {n_windows + length - 1} values of the series."
        )
    n_outputs = y[0].size
    if horizon > 1 and n_outputs != horizon * n_channels:
        raise ValueError(
            f"y has {n_outputs} outputs, but horizon={horizon} with {n_channels} channels needs "
            f"{horizon * n_channels}."
        )
    return y


def own_random_state(random_state):
    """Return a RandomState; for None a fresh one, so that NumPy's global one stays untouched."""
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


def check_single_precision(network):
    """Raise an error if a Keras model, which computes in float32, cannot hold the scales."""
    names = ("input_center", "input_scale", "output_center", "output_scale")
    scales = np.abs(np.concatenate([getattr(network, name) for name in names]))
    scales = scales[scales > 0]
    # The inverse of a scale must be finite as well.
    largest = float(np.finfo(np.float32).max)
    if len(scales) and (scales.max() > largest or network.input_scale.min() < 1 / largest):
        raise ValueError(
            f"A Keras model computes in float32, but the series has scales of {scales.min():.3g} "
            f"to {scales.max():.3g}. Fit on the series in other units, between 1e-38 and 1e38."
        )


def check_backup(backup_dir, random_state):
    """Raise an error if a fit that is started again would not be the same fit."""
    if backup_dir is not None and random_state is None:
        raise ValueError(
            f"backup_dir={str(backup_dir)!r} needs a random_state, but random_state=None: a fit "
            "that goes on after a crash must see the windows in the same order. Give an int."
        )
