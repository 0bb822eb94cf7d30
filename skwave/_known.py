"""Inputs that are known in advance: their place in the windows, and their future values."""

import numpy as np

from skwave._validation import as_2d, check_numbers


class Windows(np.ndarray):
    """Windows whose last channels are known inputs, which stand one step ahead.

    An array like any other, so that windows go through pipelines and searches; only the names of
    these channels go along with it.

    Attributes
    ----------
    known : tuple
        Names of the last channels, or their positions in the series.
    calendar : tuple of str
        Names of calendar features, two channels each, which are the last ones.
    """

    def __array_finalize__(self, obj):
        # An array of other channels has other roles.
        is_same = obj is not None and self.ndim == obj.ndim and self.shape[-1:] == obj.shape[-1:]
        self.known = getattr(obj, "known", ()) if is_same else ()
        self.calendar = getattr(obj, "calendar", ()) if is_same else ()

    def __reduce__(self):
        make, arguments, state = super().__reduce__()
        return make, arguments, (*state, self.known, self.calendar)

    def __setstate__(self, state):
        *state, self.known, self.calendar = state
        super().__setstate__(tuple(state))


def with_known(windows, known, calendar):
    """Return windows that carry the names of their channels known in advance, if there are any."""
    if known:
        windows = windows.view(Windows)
        windows.known, windows.calendar = tuple(known), tuple(calendar)
    return windows


def known_of(windows):
    """Return the names of the channels known in advance, and those of calendar features."""
    if isinstance(windows, list | tuple) and windows:
        windows = windows[0]
    return list(getattr(windows, "known", ())), getattr(windows, "calendar", ())


def check_roles(windows, expected, output_length=1):
    """Raise an error if other channels of windows are known in advance than in fit.

    A plain array has no names, and may hold any channels. Where inputs are known in advance, one
    value is predicted at a time.
    """
    known, _ = known_of(windows)
    if isinstance(windows, Windows) and known != expected:
        raise ValueError(
            f"X has windows in which the inputs {known} are known in advance, but those in fit "
            f"were {expected}. Give windows of the WindowTransformer that was used in fit."
        )
    if expected and output_length > 1:
        raise ValueError(
            f"output_length={output_length}, but a window holds the known inputs "
            f"({expected}) of the next step alone. Set output_length=1."
        )


def find_known(known, columns, n_channels):
    """Return the positions of the columns that are known in advance.

    They are in the order of `known`, which has names, or positions where the series has no names of
    `columns` (None). An error is raised for a name that is not one of a column or stands twice, and
    if no column is left to forecast.
    """
    if known is None:
        return []
    known = [known] if isinstance(known, str | int | np.integer) else list(known)
    labels = list(range(n_channels)) if columns is None else columns
    # True and 1 are equal in Python.
    strangers = [name for name in known if isinstance(name, bool) or name not in labels]
    if strangers:
        frame = ""
        if columns is None and any(isinstance(name, str) for name in known):
            frame = (
                " For names give a DataFrame of pandas, as a transformer before the windows does "
                "after set_output(transform='pandas')."
            )
        raise ValueError(
            f"known={known!r} holds {strangers[0]!r}, which is not one of the columns {labels} of "
            f"X. Give some of these, such as known={labels[-1:]!r}.{frame}"
        )
    if len(set(known)) < len(known) or len(known) >= n_channels:
        raise ValueError(
            f"known={known!r}, but each column may be named only once, and at least one of the "
            f"{n_channels} columns {labels} of X must be left to be forecast."
        )
    return [labels.index(name) for name in known]


def arrange(values, positions, calendar=None):
    """Return the columns of a series as windows hold them.

    Parameters
    ----------
    values : ndarray of shape (n_values, n_columns)
        The series.
    positions : list of int
        The columns that are known in advance.
    calendar : None or ndarray of shape (n_values, n_features), default=None
        Further known inputs, one step ahead already.

    Returns
    -------
    ndarray of shape (n_values, n_channels)
        The columns that are forecast, then those known in advance, each of these one step ahead:
        row t holds their values at t + 1. The last row, whose next values are not in the series,
        holds NaN for them.
    """
    if not positions and calendar is None:
        return values
    ahead = np.full((len(values), len(positions)), np.nan)
    ahead[:-1] = values[1:, positions]
    parts = [np.delete(values, positions, axis=1), ahead]
    return np.hstack(parts if calendar is None else [*parts, calendar])


def columns_again(predicted, known, positions):
    """Return columns that are forecast, and those known in advance, in the order of the series.

    `predicted` has the shape (..., n_predicted), and `known` the shape (..., n_known), or is None
    where none are known; their columns are at `positions`.
    """
    if not positions:
        return predicted
    shape = np.broadcast_shapes(predicted.shape[:-1], known.shape[:-1])
    n_columns = predicted.shape[-1] + len(positions)
    values = np.empty((*shape, n_columns))
    values[..., positions] = known
    values[..., [k for k in range(n_columns) if k not in positions]] = predicted
    return values


def check_future(future, names, n_steps):
    """Return the values of the known inputs for the steps of a forecast.

    Parameters
    ----------
    future : None, array-like or pandas object of shape (n_rows,), (n_rows, n_known) or \
            (n_series, n_rows, n_known)
        What the user gave; rows after the last step are left out.
    names : list
        The names of these inputs, or their positions.
    n_steps : int
        Steps of the forecast.

    Returns
    -------
    None or ndarray of shape (n_steps, n_known) or (n_series, n_steps, n_known)
        The values, in the order of `names`; None where there are no such inputs.

    Raises
    ------
    ValueError
        If values are given where there are none of such inputs, or not given where there are, rows
        or columns are missing, there is a column too many, or a value is not finite.
    """
    if not names:
        if future is not None:
            raise ValueError(
                "future is given, but no input was known in advance in fit, so that every column "
                "is forecast. Name such columns in WindowTransformer(known=...), or leave future "
                "out."
            )
        return None
    if future is None:
        raise ValueError(
            f"future=None, but the inputs {names} are known in advance: a forecast needs their "
            f"values at its steps. Give future= their next {n_steps} values."
        )
    is_pandas = hasattr(future, "iloc")
    values = np.asarray(as_2d(_in_order(future, names), "future") if is_pandas else future)
    if values.ndim == 1 and len(names) == 1:
        values = values[:, None]
    if values.ndim not in (2, 3) or values.shape[-1] != len(names):
        raise ValueError(
            f"future has shape {values.shape}, but ({n_steps}, {len(names)}) is needed: a row for "
            f"each step, and a column for each of {names}."
        )
    if values.shape[-2] < n_steps:
        raise ValueError(
            f"future has {values.shape[-2]} rows, but n_steps={n_steps} needs as many. Give later "
            "values too, or forecast fewer steps."
        )
    values = check_numbers(values[..., :n_steps, :], "future").astype(float)
    if np.isnan(values).any():
        *_, row, column = (int(k) for k in np.argwhere(np.isnan(values))[0])
        raise ValueError(
            f"future lacks the value of {names[column]!r} at row "
            f"{future.index[row] if is_pandas else row}. Known inputs may not have gaps: fill it, "
            "or forecast fewer steps."
        )
    return values


def _in_order(future, names):
    """Return the columns of a pandas object in the order of names."""
    if future.ndim == 1:
        # The name of a Series need not be given; another one is that of another input.
        columns = [names[0] if future.name is None else future.name]
        future = future.to_frame(columns[0])
    columns = list(future.columns)
    missing = [name for name in names if name not in columns]
    if missing or len(columns) > len(names):
        advice = f"Add the columns {missing}" if missing else f"Give future[{names}]"
        raise ValueError(
            f"future has the columns {columns}, but the known inputs are {names}. {advice}."
        )
    return future[names]
