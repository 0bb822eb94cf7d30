"""Checks of what a display of a forecast is given: values, names, index, intervals, baseline."""

import numpy as np
from sklearn.utils.validation import check_array, check_consistent_length

from skwave._baseline import find_longest_season, seasonal_naive
from skwave._gaps import fill_forward
from skwave._index_spec import index_spec, next_index
from skwave._intervals import check_fractions, check_order
from skwave._pandas_index import as_times, check_index
from skwave._plot import BASELINE_NAMES, channel_names
from skwave._validation import as_floats, fill_masked


def check_values(given):
    """Return the values of the true series, the forecast and the known series as arrays."""
    values = {}
    for name, y in given.items():
        # The line of the true values has gaps at missing values; a forecast has no missing values.
        values[name] = check_array(
            as_floats(y, name), ensure_2d=False, input_name=name,
            ensure_all_finite="allow-nan" if name != "y_pred" else True,
        )  # fmt: skip
        check_index(y, name)
    y_pred = values["y_pred"]
    check_consistent_length(values["y_true"], y_pred)
    for name, y in values.items():
        if y[0].size != y_pred[0].size:
            raise ValueError(
                f"{name} has shape {y.shape} and the forecast has shape {y_pred.shape}; the same "
                "number of channels is needed."
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
    given = {"the forecast": y_pred, "y_true": y_true, "interval": interval}
    given = {which: y for which, y in given.items() if hasattr(y, "iloc")}
    first = next(iter(given), None)
    labels = {which: as_times(y.index, which).rename(y.index.name) for which, y in given.items()}
    for which, found in labels.items():
        if not found.equals(labels[first]):
            raise ValueError(
                f"{which} has an index from {found[0]} to {found[-1]}, but {first} has one from "
                f"{labels[first][0]} to {labels[first][-1]}. Give both of the same times, or "
                f"{which}.to_numpy() if only the order matters."
            )
    index = labels.get(first)
    if history is None:
        return index
    if index is not None and not hasattr(history, "iloc"):
        raise ValueError(
            f"history has no index, but the forecast has one that begins with {index[0]}. Give "
            "history as a pandas object with the labels before."
        )
    spec = index_spec(history, index_spec(given.get(first)))
    following = None if spec is None else next_index(spec, len(y_true))
    if index is not None and following is not None and following[0] != index[0]:
        raise ValueError(
            f"history ends with {history.index[-1]}, so that {following[0]} follows, but the "
            f"forecast begins with {index[0]}. Give the values up to the forecast."
        )
    return following if index is None else index


def check_intervals(interval, coverage, y_pred, names):
    """Return intervals and their coverages, or two times None where none are given.

    Intervals are of shape (n_steps[, n_channels], n_coverages, 2), as `y_pred` has the channels.
    They are given as `forecast_interval` returns them; a frame of several coverages has these in
    its columns, under the `names` of several channels.
    """
    if interval is None and coverage is None:
        return None, None
    if hasattr(interval, "columns"):
        coverage = _coverage_of_columns(interval, coverage, y_pred[0].size, names)
    if interval is None or coverage is None:
        missing = "coverage" if coverage is None else "interval"
        raise ValueError(
            f"{missing}=None, but interval and coverage are needed together. Give interval= what "
            "forecast_interval returned, and coverage= what it was asked for; its default is 0.9."
        )
    coverages = np.atleast_1d(check_fractions(coverage, "coverage")).tolist()
    bounds = check_array(
        fill_masked(interval), ensure_2d=False, allow_nd=True, dtype=float, input_name="interval"
    )
    # An axis of a single channel, or of a single coverage, may be there or not.
    needed = [len(y_pred), *(n for n in (*y_pred.shape[1:], len(coverages)) if n > 1), 2]
    if hasattr(interval, "columns"):
        bounds = bounds.reshape(-1, *needed[1:])
    if [len(bounds), *(n for n in bounds.shape[1:] if n > 1)] != needed:
        raise ValueError(
            f"interval has shape {bounds.shape}, but {tuple(needed)} is needed for a forecast of "
            f"shape {y_pred.shape} and coverage={coverages}. Give what forecast_interval returned, "
            "and its coverage."
        )
    check_order(bounds, "interval")
    return bounds.reshape(*y_pred.shape, len(coverages), 2), coverages


def _coverage_of_columns(interval, coverage, n_channels, names):
    """Return the coverage of a frame of bounds, whose columns must be those of the forecast."""
    columns = [label if isinstance(label, tuple) else (label,) for label in interval.columns]
    channels = [name if isinstance(name, tuple) else (name,) for name in names or [None]]
    n_levels = 0 if n_channels == 1 else len(channels[0])
    if n_channels == 1 or names is None:
        channels = dict.fromkeys(label[:n_levels] for label in columns)
    coverages = list(dict.fromkeys(label[n_levels:-1] for label in columns))
    parts = [(*one, part) for one in coverages for part in ("lower", "upper")]
    needed = [(*channel, *part) for channel in channels for part in parts]
    if columns != needed or len(coverages[0]) > 1:
        needed = [label[0] if len(label) == 1 else label for label in needed]
        raise ValueError(
            f"interval has the columns {list(interval.columns)}, but {needed} are needed for this "
            "forecast. Give what forecast_interval returned."
        )
    if not coverages[0]:
        return coverage
    found = [one for (one,) in coverages]
    if coverage is not None and sorted(np.ravel(coverage)) != sorted(found):
        raise ValueError(
            f"coverage={coverage!r}, but interval has columns for {found}. Give the coverage= that "
            "forecast_interval was asked for, or leave it out."
        )
    return found


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
    history = fill_forward(history.reshape(len(history), -1))
    season_length = 1 if baseline == "naive" else find_longest_season(history)
    end = np.array([len(history)])
    return seasonal_naive(history, end, shape[0], season_length)[0].reshape(shape)
