"""Checks of what a forecaster is given; every error says what came and what is needed."""

import contextlib
from numbers import Integral

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_array, validate_data

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


@contextlib.contextmanager
def unchanged_on_failure(*estimators):
    """Put the attributes of estimators back as they were if anything is raised."""
    before = [dict(vars(estimator)) for estimator in estimators]
    try:
        yield
    except BaseException:
        for estimator, attributes in zip(estimators, before, strict=True):
            vars(estimator).clear()
            vars(estimator).update(attributes)
        raise
