"""Transformers in front of the windows: there, back, and whether back is where it began."""

import numpy as np
from sklearn.utils.validation import check_array

from skwave._series import check_numbers
from skwave._warn import warn


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
    cause, reason = None, "it does not give the series back"
    try:
        if np.all(_given_back(transformers, series, transformed).mean(axis=0) > 0.5):
            return
    except ValueError as error:
        cause, reason = error, str(error).rstrip(".")
    raise ValueError(
        f"The steps before the windows ({[name for name, _ in transformers]}) cannot be inverted: "
        f"{reason}. Give each the inverse of its transform (inverse_func of a "
        "FunctionTransformer), and none that loses most of the values; gaps are filled before the "
        "pipeline."
    ) from cause


def check_round_trip(transformers, context, transformed, *, name, at_beginning):
    """Raise an error if what is known cannot be continued by inverting it, forecasts appended.

    Parameters
    ----------
    transformers : list of (name, estimator)
        The fitted steps before the windows.
    context : array-like or pandas object of shape (n_values, n_channels)
        What is known, in the units of the series.
    transformed : ndarray of shape (n_values, n_channels)
        The same as the windows are cut from it.
    name : str
        Of the context, for the message.
    at_beginning : bool
        Whether it is known to begin where the training series began. Steps that count positions
        from there are wrong about most others, and go there and back all the same.

    Warns
    -----
    ForecastWarning
        If they seem to count, and it is not.

    Notes
    -----
    Steps that invert each row by itself may lose some values. Others may not, as those that come
    back by chance say nothing of the rest: two nights are dark, whatever the days.
    """
    same = _given_back(transformers, context, transformed)
    by_rows = inverts_rows(transformers, transformed)
    share = 0.5 if by_rows else 1 - 0.5 / len(same)
    if not np.all(same.mean(axis=0) > share):
        raise ValueError(
            f"{name} cannot be continued: inverting the steps before the windows "
            f"({[name for name, _ in transformers]}) does not give it back. A step that looks "
            "back needs a series that begins where the training series began; any other needs "
            "the inverse of its transform (inverse_func of a FunctionTransformer), and may not "
            "lose most of the values."
        )
    if not (by_rows or at_beginning) and _counts_positions(transformers, context, transformed):
        warn(
            f"What the steps before the windows ({[name for name, _ in transformers]}) make of a "
            f"value seems to depend on its position, and {name} is not known to begin where the "
            "training series began, so that the forecast may be far off. Give the values from "
            "there on, or from whole seasons later; to score forecasts, use a ForecastPipeline "
            "with ForecastSplit, or a backtest."
        )


def _given_back(transformers, series, transformed):
    """Tell which values of a series come back, (n_values, n_channels)."""
    again = invert(transformers, transformed)
    truth = np.asarray(series, dtype=float)
    if again.shape != truth.shape:
        return np.zeros(truth.shape, dtype=bool)
    return alike(transformers, transformed, again, truth, share=1e-5)


def _counts_positions(transformers, series, transformed):
    """Tell whether values late in a series become others if it begins one later."""
    later = series.iloc[1:] if hasattr(series, "iloc") else series[1:]
    try:
        again = transform(transformers, later)
    except ValueError:
        # Too short for a step that takes what was as short as may be.
        return False
    # Those that look back, or forget the beginning slowly, are the same in the end.
    n = len(again) // 2
    if n == 0:
        return False
    rounding = 64 * np.finfo(float).eps * np.abs(transformed).max()
    allowed = 1e-3 * transformed.std(axis=0) + rounding
    again = again.reshape(len(again), *transformed.shape[1:])
    return bool((np.abs(again[-n:] - transformed[-n:]) > allowed).any())


def inverts_rows(transformers, transformed):
    """Tell whether a row is inverted by itself, wherever it stands and whatever came before."""
    # Where a step counts positions, the last row or the last two may stand at the beginning of a
    # season in the whole as well, but not both.
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
