"""The steps of a pipeline, and what they forecast after a series."""

from typing import Any, NamedTuple

import numpy as np

from skwave._inverse import check_invertible, check_round_trip, invert, transform
from skwave._series import in_double
from skwave._window import WindowTransformer


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


def forecast_after(estimator, contexts, n_steps, *, at_beginning):
    """Forecast what follows each of several contexts, all in one batch.

    Parameters
    ----------
    estimator : object
        A fitted forecaster or pipeline.
    contexts : list of array-like of shape (n_values,) or (n_values, n_channels)
        Known values in the units of the series, the newest last; lengths may differ.
    n_steps : int
        Values to forecast.
    at_beginning : bool
        Whether the contexts are known to begin where the training series began.

    Returns
    -------
    ndarray of shape (n_contexts, n_steps, n_channels)
        Forecasts in the units of the series.

    Raises
    ------
    ValueError
        If a context is shorter than a window, or a step cannot be inverted on it.
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
    check_round_trip(
        transformers, contexts[longest], known[longest], name="context", at_beginning=at_beginning
    )
    return np.stack([_continue(transformers, *pair) for pair in zip(known, forecasts, strict=True)])


def _continue(transformers, known, forecast):
    """Invert a forecast where it stands, after the known values."""
    forecast = forecast.reshape(len(forecast), *known.shape[1:])
    values = invert(transformers, np.concatenate([known, forecast]))[-len(forecast) :]
    return values.reshape(len(forecast), -1)
