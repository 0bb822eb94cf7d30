"""The steps of a pipeline: from a series to windows, and from forecasts back to its units."""

from typing import Any, NamedTuple

import numpy as np
from sklearn.utils.validation import check_array

from skwave._window import WindowTransformer, check_numbers


class Steps(NamedTuple):
    """What a forecast goes through.

    Parameters
    ----------
    transformers : list of (name, estimator)
        Applied to the series, and inverted on the forecasts.
    forecaster : LSTMForecaster
        Forecasts from a window.
    """

    transformers: list
    forecaster: Any

    @property
    def window_length(self):
        """Values that a forecast needs."""
        return self.forecaster.window_shape_[0]


def is_forecaster(estimator):
    """Tell whether an estimator forecasts from windows, like `LSTMForecaster`."""
    return hasattr(estimator, "forecast") and not hasattr(estimator, "steps")


def find_steps(estimator):
    """Take an estimator apart.

    Parameters
    ----------
    estimator : object
        An `LSTMForecaster`, or a pipeline that ends with a `WindowTransformer` and one.

    Returns
    -------
    Steps
        Without the window transformer: a forecast needs the last window only.

    Raises
    ------
    ValueError
        If the estimator is something else.
    """
    if is_forecaster(estimator):
        return Steps([], estimator)
    steps = getattr(estimator, "steps", [])
    good = (
        len(steps) >= 2
        and isinstance(steps[-2][1], WindowTransformer)
        and is_forecaster(steps[-1][1])
    )
    if not good:
        what = [name for name, _ in steps] if steps else type(estimator).__name__
        raise ValueError(
            "A forecast needs an LSTMForecaster, or a pipeline whose steps end with a "
            f"WindowTransformer and an LSTMForecaster, but got {what}."
        )
    return Steps(active(steps[:-2]), steps[-1][1])


def active(steps):
    """Return the steps that do something."""
    return [(name, step) for name, step in steps if step not in (None, "passthrough")]


def check_invertible(transformers):
    """Raise an error that names the first step without an inverse."""
    for name, step in transformers:
        if not hasattr(step, "inverse_transform"):
            raise ValueError(
                f"step {name!r} ({type(step).__name__}) has no inverse_transform, so that "
                "forecasts cannot be brought back to the units of the series. Leave it out, or "
                "give it an inverse."
            )


def transform(transformers, X):
    """Bring a series to what the windows are cut from."""
    for _, step in transformers:
        X = step.transform(X)
    X = check_array(X, ensure_2d=False, allow_nd=True, dtype="numeric", input_name="X")
    return check_numbers(X).astype(float)


def invert(transformers, values):
    """Bring values back to the units of the series."""
    for _, step in reversed(transformers):
        values = np.asarray(step.inverse_transform(values))
    return values


def check_inverse(transformers, series, transformed):
    """Raise an error if inverting the training series does not give most of it back.

    A step may lose some values, as one that clips does. One that lacks its inverse gives back
    hardly any.
    """
    if not np.all(_given_back(transformers, series, transformed).mean(axis=0) > 0.5):
        raise ValueError(
            f"The steps before the windows ({[name for name, _ in transformers]}) cannot be "
            "inverted: it does not give the series back. Give each the inverse of its transform "
            "(inverse_func of a FunctionTransformer), and none that loses most of the values."
        )


def check_round_trip(transformers, context, transformed, *, name):
    """Raise an error if inverting what is known does not give it back.

    Steps that invert each row by itself may lose some values. Others may not, as those that come
    back by chance say nothing of the rest: two nights are dark, whatever the days.
    """
    same = _given_back(transformers, context, transformed)
    share = 0.5 if inverts_rows(transformers, transformed) else 1 - 0.5 / len(same)
    if not np.all(same.mean(axis=0) > share):
        raise ValueError(
            f"{name} cannot be continued: inverting the steps before the windows "
            f"({[name for name, _ in transformers]}) does not give it back. A step that looks "
            "back needs a series that begins where the training series began; any other may not "
            "lose most of the values."
        )


def _given_back(transformers, series, transformed):
    """Tell which values of a series come back, (n_values, n_channels)."""
    again = invert(transformers, transformed)
    truth = np.asarray(series, dtype=float)
    if again.shape != truth.shape:
        return np.zeros(truth.shape, dtype=bool)
    return alike(transformers, transformed, again, truth, share=1e-5)


def inverts_rows(transformers, transformed):
    """Tell whether a row is inverted by itself, wherever it stands and whatever came before."""
    # Of the last two one at most stands where it would in a season of its own.
    ends = transformed[len(transformed) // 2 :], transformed[-2:], transformed[-1:]
    inverted = [invert(transformers, end) for end in ends]
    whole = invert(transformers, transformed)
    return all(
        of_end.shape == end.shape
        and alike(transformers, end, of_end, whole[-len(end) :], share=1e-9).all()
        for end, of_end in zip(ends, inverted, strict=True)
    )


def alike(transformers, transformed, values, others, *, share):
    """Tell which values are the same but for rounding, whatever the unit and level of the series.

    Parameters
    ----------
    transformers : list of (name, estimator)
        The steps that the values come from by inversion.
    transformed : ndarray of shape (n_values, n_channels)
        What was inverted.
    values : ndarray of shape (n_values, n_channels)
        The outcome.
    others : ndarray of shape (n_values, n_channels)
        What it is compared with.
    share : float
        Rounding of the transformed values, relative to each.

    Returns
    -------
    ndarray of bool of shape (n_values, n_channels)
        Whether the two differ by no more than such rounding makes after the inversion.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        change = np.abs(invert(transformers, (1 + share) * transformed) - values)
        # Of all channels, which some steps mix.
        rounding = 64 * np.finfo(float).eps * np.abs(others).max()
        return np.abs(values - others) <= change + rounding


def in_double(X):
    """Return a series of short floats in double precision, and any other as it is.

    Transformers keep the precision of what they are given, and an inverse in single precision
    does not give the series back.
    """
    dtypes = [X.dtype] if hasattr(X, "dtype") else list(getattr(X, "dtypes", []))
    kinds = [getattr(dtype, "kind", "") for dtype in dtypes]
    short = any(
        kind == "f" and getattr(dtype, "itemsize", 8) < 8
        for kind, dtype in zip(kinds, dtypes, strict=True)
    )
    return X.astype(float) if short and set(kinds) <= set("fiub") else X


def forecast_after(estimator, contexts, n_steps):
    """Forecast what follows each of several contexts, all in one batch.

    Parameters
    ----------
    estimator : object
        A fitted forecaster or pipeline.
    contexts : list of array-like of shape (n_values,) or (n_values, n_channels)
        Known values in the units of the series, the newest last; lengths may differ.
    n_steps : int
        Values to forecast.

    Returns
    -------
    ndarray of shape (n_contexts, n_steps, n_channels)
        Forecasts in the units of the series.

    Raises
    ------
    ValueError
        If a context is shorter than a window, or a step cannot be inverted.
    """
    transformers, forecaster = steps = find_steps(estimator)
    check_invertible(transformers)
    length = steps.window_length
    contexts = [in_double(context) for context in contexts]
    known = [transform(transformers, context) for context in contexts]
    shortest = min(len(values) for values in known)
    if shortest < length:
        raise ValueError(
            f"context has {shortest} values, but window_length={length} needs at least as many. "
            "Give a longer context, or a smaller window_length."
        )
    windows = np.stack([values.reshape(len(values), -1)[-length:] for values in known])
    forecasts = forecaster.forecast(n_steps, window=windows).reshape(len(known), n_steps, -1)
    if not transformers:
        return forecasts
    longest = int(np.argmax([len(values) for values in known]))
    check_round_trip(transformers, contexts[longest], known[longest], name="context")
    return np.stack([_continue(transformers, *pair) for pair in zip(known, forecasts, strict=True)])


def _continue(transformers, known, forecast):
    """Invert a forecast where it stands, after the known values."""
    forecast = forecast.reshape(len(forecast), *known.shape[1:])
    values = invert(transformers, np.concatenate([known, forecast]))[-len(forecast) :]
    return values.reshape(len(forecast), -1)
