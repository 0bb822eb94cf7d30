"""Checks of what a display of a forecast is given: values, names, index, intervals, baseline."""

import itertools

import numpy as np
from sklearn.utils.validation import check_array, check_consistent_length

from skwave._baseline import find_longest_season, seasonal_naive
from skwave._gaps import fill_forward
from skwave._index_spec import index_spec, next_index
from skwave._intervals import check_fractions
from skwave._pandas_index import as_times, check_index
from skwave._plot import BASELINE_NAMES, channel_names
from skwave._validation import as_floats, check_column_types, check_numbers, fill_masked


def check_values(given):
    """Return the values of the true series, the forecast and the known series as arrays."""
    values = {}
    for name, y in given.items():
        check_column_types(y, name)
        check_index(y, name)
        y = as_floats(y, name) if hasattr(y, "iloc") else fill_masked(y)
        y = check_array(y, ensure_2d=False, ensure_all_finite=False, input_name=name)
        # The line of the true values has gaps at missing values; a forecast has no missing values.
        values[name] = check_numbers(y, name, allow_nan=name != "y_pred")
    y_true, y_pred = values["y_true"], values["y_pred"]
    check_consistent_length(y_true, y_pred)
    if y_true.size != y_pred.size:
        raise ValueError(
            f"y_true has shape {y_true.shape} and y_pred has shape {y_pred.shape}; "
            "the same shape is needed."
        )
    known = values.get("history", y_true)
    if known[0].size != y_true[0].size:
        raise ValueError(
            f"history has shape {known.shape} and y_true has shape {y_true.shape}; the same number "
            "of channels is needed."
        )
    return values


def find_names(given):
    """Return the names of the channels, or None; the columns of all frames must be the same."""
    found = {which: channel_names(y) for which, y in given.items()}
    found = {which: names for which, names in found.items() if names is not None}
    first = next(iter(found), None)
    for which, names in found.items():
        # The name of a Series does not name a channel.
        if len(names) > 1 and names != found[first]:
            raise ValueError(
                f"{first} has the columns {found[first]}, but {which} has {names}. Give both the "
                "same columns in the same order."
            )
    return found.get(first)


def find_index(y_true, y_pred, history, interval):
    """Return the labels of the forecast, or None if none are known."""
    given = {"forecast": y_pred, "y_true": y_true, "interval": interval}
    pandas = {which: y for which, y in given.items() if hasattr(y, "iloc")}
    labels = {which: as_times(y.index, which).rename(y.index.name) for which, y in pandas.items()}
    first = next(iter(labels), None)
    for which, found in labels.items():
        if not found.equals(labels[first]):
            the_first = "the forecast" if first == "forecast" else first
            what = "true values" if which == "y_true" else "bounds"
            raise ValueError(
                f"{which} has an index from {pandas[which].index[0]} to {pandas[which].index[-1]}, "
                f"but {the_first} has one from {pandas[first].index[0]} to "
                f"{pandas[first].index[-1]}. Give the {what} of the same times, or "
                f"{which}.to_numpy() if only their order matters."
            )
    index = labels.get(first)
    if history is None:
        return index
    if index is not None and not hasattr(history, "iloc"):
        raise ValueError(
            f"history has no index, but the forecast has one that begins with {index[0]}. Give "
            "history as a pandas object with the labels before."
        )
    spec = index_spec(history, index_spec(pandas.get(first)))
    following = None if spec is None else next_index(spec, len(y_true))
    if index is not None and following is not None and following[0] != index[0]:
        raise ValueError(
            f"history ends with {history.index[-1]}, so that {following[0]} follows, but the "
            f"forecast begins with {index[0]}. Give the values up to the forecast."
        )
    return following if index is None else index


def check_intervals(interval, coverage, y_pred, names):
    """Return intervals and their coverages, or two times None where none are given.

    Parameters
    ----------
    interval : None, array-like or DataFrame of shape (n_steps[, n_channels][, n_coverages], 2)
        Lower and upper bounds, as `forecast_interval` returns them.
    coverage : None, float or sequence of float
        Their nominal coverages. A frame of several has them in its columns.
    y_pred : ndarray of shape (n_steps,) or (n_steps, n_channels)
        The forecast.
    names : None or list of length n_channels
        Names of the channels.

    Returns
    -------
    intervals : ndarray of shape (n_steps[, n_channels], n_coverages, 2)
        The bounds.
    coverages : list of float
        Fractions between 0 and 1.

    Raises
    ------
    ValueError
        If the bounds have another shape, other columns or other coverages, are not finite, or a
        lower bound is above its upper bound.
    TypeError
        If `coverage` is not a number or a sequence of numbers.
    """
    if interval is None:
        if coverage is not None:
            raise ValueError(
                f"coverage={coverage!r}, but interval=None. Give interval= what forecast_interval "
                "returned, or leave coverage out."
            )
        return None, None
    if hasattr(interval, "columns"):
        coverage = _coverage_of_columns(interval, coverage, y_pred[0].size, names)
    if coverage is None:
        raise ValueError(
            "interval is given, but coverage=None. Give the coverage= that forecast_interval was "
            "asked for; its default is 0.9."
        )
    coverages = np.atleast_1d(check_fractions(coverage, "coverage")).tolist()
    bounds = check_array(
        fill_masked(interval), ensure_2d=False, allow_nd=True, ensure_all_finite=False,
        input_name="interval",
    )  # fmt: skip
    check_numbers(bounds, "interval", allow_nan=False)
    bounds = _as_bounds(bounds, y_pred.shape, coverages, hasattr(interval, "columns"))
    is_reversed = (bounds[..., 0] > bounds[..., 1]).reshape(len(bounds), -1).any(axis=1)
    if is_reversed.any():
        raise ValueError(
            "interval has a lower bound above its upper bound, first in row "
            f"{int(np.argmax(is_reversed))}. Give the lower bounds first."
        )
    return bounds, coverages


def _as_bounds(bounds, shape, coverages, is_frame):
    """Return bounds with axes of steps, channels if the forecast has one, coverages, and two."""
    # An axis of a single channel, or of a single coverage, may be there or not.
    needed = [n for n in (*shape[1:], len(coverages)) if n > 1]
    fits = is_frame or [n for n in bounds.shape[1:-1] if n > 1] == needed
    if not fits or len(bounds) != shape[0] or bounds.size != np.prod(shape) * len(coverages) * 2:
        raise ValueError(
            f"interval has shape {bounds.shape}, but {(shape[0], *needed, 2)} is needed for "
            f"forecasts of shape {shape} and {len(coverages)} coverage"
            f"{'s' if len(coverages) > 1 else ''}. Give what forecast_interval returned, and its "
            "coverage."
        )
    return bounds.reshape(*shape, len(coverages), 2)


def _coverage_of_columns(interval, coverage, n_channels, names):
    """Return the coverage of a frame of bounds, whose columns must be those of the forecast."""
    columns = [label if isinstance(label, tuple) else (label,) for label in interval.columns]
    channels = [name if isinstance(name, tuple) else (name,) for name in names or ()]
    n_levels = 0 if n_channels == 1 else len(channels[0]) if channels else 1
    if n_levels == 0 or not channels:
        channels = dict.fromkeys(label[:n_levels] for label in columns)
    parts = ["lower", "upper"]
    if all(len(label) == n_levels + 2 for label in columns):
        found = list(dict.fromkeys(label[n_levels] for label in columns))
        coverage = found if coverage is None else np.atleast_1d(coverage).tolist()
        parts = list(itertools.product(coverage, parts))
    else:
        parts = [(part,) for part in parts]
    needed = [(*channel, *part) for channel in channels for part in parts]
    if columns != needed:
        columns, needed = (
            [label[0] if len(label) == 1 else label for label in labels]
            for labels in (columns, needed)
        )
        raise ValueError(
            f"interval has the columns {columns}, but {needed} are needed for this forecast"
            f"{'' if coverage is None else f' and coverage={coverage!r}'}. Give what "
            "forecast_interval returned, and its coverage."
        )
    return coverage


def make_baseline(baseline, history, shape):
    """Return a naive forecast of a shape, from the whole history."""
    if baseline is None:
        return None
    if not isinstance(baseline, str) or baseline not in BASELINE_NAMES:
        raise ValueError(f"baseline={baseline!r}, but None, 'naive' or 'seasonal_naive' is needed.")
    if history is None:
        raise ValueError(
            f"baseline={baseline!r} repeats values before the forecast, but history=None. Give "
            "history= the series up to the forecast."
        )
    history = np.reshape(history, (len(history), -1)).astype(float)
    history = fill_forward(history)
    season_length = 1 if baseline == "naive" else find_longest_season(history)
    end = np.array([len(history)])
    return seasonal_naive(history, end, shape[0], season_length)[0].reshape(shape)
