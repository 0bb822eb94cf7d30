"""The transformers before the windows, there and back."""

import contextlib
import warnings

import numpy as np
from sklearn.exceptions import NotFittedError

from skwave._validation import as_numbers

# Rounding of transformed values, relative to each, that an inversion may differ by.
RTOL = 1e-6


def check_invertible(transformers):
    """Raise an error that names the first transformer without an inverse."""
    for name, transformer in transformers:
        if not hasattr(transformer, "inverse_transform"):
            raise ValueError(
                f"The transformer {name!r} ({type(transformer).__name__}) has no "
                "inverse_transform, so that forecasts cannot be transformed back to the units of "
                "the series. Leave it out, or give it an inverse."
            )


def transform(transformers, X):
    """Return a series as the windows are cut from it, of shape (n_values, n_channels).

    Raises
    ------
    ValueError
        If a transformer makes a number that is not finite of one that is; the message names it.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        for name, transformer in transformers:
            # A copy, as one with copy=False changes what it is given.
            before, X = X, transformer.transform(X.copy() if hasattr(X, "copy") else X)
            _check_transformed(name, transformer, before, X)
    # Without transformers this is a view: a backtest holds the beginnings of a series at once.
    return as_numbers(X).astype(float, copy=False).reshape(len(X), -1)


@contextlib.contextmanager
def naming_the_transformer(transformers, columns):
    """Name the transformer that made a number which is not finite, in an error of their fit."""
    try:
        with np.errstate(divide="ignore", invalid="ignore"):
            yield
    except ValueError:
        # The error says that a number is not finite; this one names the transformer. Those after
        # the one that failed may not be fitted, and one that does not derive from BaseEstimator
        # says so by errors of other kinds.
        with contextlib.suppress(NotFittedError, TypeError, AttributeError):
            transform(transformers, columns)
        raise


def _check_transformed(name, transformer, before, after):
    """Raise an error if a transformer made a number that is not finite out of finite ones."""
    try:
        before, after = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    except (TypeError, ValueError):
        return  # refused by the check of the outcome
    was_bad, is_bad = ~np.isfinite(before), ~np.isfinite(after)
    if before.shape == after.shape:
        is_bad &= ~was_bad
    elif was_bad.any():
        return
    if is_bad.any():
        row = int(np.argwhere(is_bad)[0][0])
        # Of a transformer that drops rows, those at the end are the same.
        value = before[row + len(before) - len(after)].ravel().tolist()
        advice = (
            "A logarithm needs positive values: numpy.log1p, with numpy.expm1 as its inverse, "
            "accepts zeros, and a square root, or a constant that is added first, can be used."
        )
        if was_bad.any() and np.isnan(after[is_bad]).all():
            advice = (
                "A transformer that combines neighboring values, such as differences, does so next "
                "to a gap. Fill the gaps before the pipeline, or leave the transformer out."
            )
        raise ValueError(
            f"The transformer {name!r} ({type(transformer).__name__}) makes {after[is_bad][0]} of "
            f"{value} in row {row}, and {is_bad.sum()} of {is_bad.size} numbers are not finite. "
            f"{advice}"
        )


def invert(transformers, values):
    """Bring values back to the units of the series."""
    for _, transformer in reversed(transformers):
        values = np.asarray(transformer.inverse_transform(np.array(values)))
    return values


def check_inverse(transformers, series, transformed):
    """Return whether rows are inverted alone, or raise an error if the series does not come back.

    A transformer that inverts each row by itself may lose some values, as one that clips does, but
    not most. Others may lose none, since some values may be equal by chance.

    Parameters
    ----------
    transformers : list of (name, estimator)
        The fitted transformers.
    series : array-like of shape (n_values, n_channels)
        The series, in its units.
    transformed : ndarray of shape (n_values, n_channels)
        The same as the windows are cut from it.

    Returns
    -------
    bool
        What `inverts_rows` returns.

    Raises
    ------
    ValueError
        If it does not come back, a transformer raises an error for its inverse, the number of
        columns is another one, or the inverse would have to cross a gap.
    """
    cause, reason = None, "their inverse does not give the series back"
    names = [name for name, _ in transformers]
    y_true = np.asarray(series, dtype=float)
    if transformed.shape[1] != y_true.shape[1]:
        raise ValueError(
            f"The transformers before the windows ({names}) make {transformed.shape[1]} columns of "
            f"{y_true.shape[1]}, but each column of the series is forecast, and has to be one of "
            "those that they return. Use transformers that keep the number and the order of the "
            "columns, or change the columns before the pipeline."
        )
    if np.isnan(y_true).any() and not np.isnan(transformed).any():
        raise ValueError(
            f"The transformers before the windows ({names}) fill missing values, which cannot be "
            "inverted. Leave out the one that does: missing values are accepted, and short gaps "
            "are filled in the windows. Or fill the gaps before the pipeline."
        )
    by_rows = inverts_rows(transformers, transformed)
    if not by_rows and np.isnan(transformed).any():
        raise ValueError(
            f"X holds missing values, but the inverse of the transformers before the windows "
            f"({names}) depends on earlier values, which are missing in a gap. Fill the gaps, or "
            "leave these transformers out."
        )
    fraction = 0.5 if by_rows else 1 - 0.5 / len(y_true)
    try:
        again = invert(transformers, transformed)
        is_same = again.shape == y_true.shape and allclose_after_inverse(
            transformers, transformed, again, y_true
        )
        if np.all(np.mean(is_same, axis=0) > fraction):
            return by_rows
    except ValueError as error:
        cause, reason = error, str(error).rstrip(".")
    raise ValueError(
        f"The transformers before the windows ({names}) cannot be inverted: {reason}. Give each "
        "the inverse of its transform (inverse_func of a FunctionTransformer), and none that loses "
        "most of the values; gaps are filled before the pipeline."
    ) from cause


def inverts_rows(transformers, transformed):
    """Return whether a row is inverted by itself, wherever it stands and whatever came before."""
    # All rows but the first: whatever depends on the position in a season changes when it is moved
    # by one. And the last row alone, since it may be taken for the first.
    ends = transformed[min(1, len(transformed) - 1) :], transformed[-1:]
    try:
        inverted = [invert(transformers, end) for end in ends]
        whole = invert(transformers, transformed)
    except ValueError:
        return False
    return all(
        of_end.shape == whole[-len(end) :].shape
        and allclose_after_inverse(transformers, end, of_end, whole[-len(end) :]).all()
        for end, of_end in zip(ends, inverted, strict=True)
    )


def inverts_window(transformers, window):
    """Return whether a transformed window comes back from its inverse, each row by itself."""
    # Its first row misses the known inputs, which stand one step ahead.
    window = window[~np.isnan(window).any(axis=1)]
    if not len(window):
        return False
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # The transformers may have been fitted on a frame, and an inverse returns an array.
        warnings.filterwarnings("ignore", "X does not have valid feature names", UserWarning)
        try:
            again = transform(transformers, invert(transformers, window))
        except ValueError:
            return False
    comes_back = np.allclose(again, window, rtol=RTOL, atol=RTOL * np.abs(window).max())
    return comes_back and inverts_rows(transformers, window)


def allclose_after_inverse(transformers, transformed, values, others):
    """Return which values are equal but for rounding, whatever the unit of the series.

    All are of shape (n_values, n_channels): `values`, which come from `transformed` by the inverse
    of the `transformers`, and `others` are equal if they differ by no more than rounding of
    `transformed` makes after the inversion.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        change = np.abs(invert(transformers, (1 + RTOL) * transformed) - values)
        # Of all channels, which some transformers mix.
        rounding = 64 * np.finfo(float).eps * np.nanmax(np.abs(others), initial=0)
        is_same = np.abs(values - others) <= change + rounding
    return is_same | (np.isnan(values) & np.isnan(others))
