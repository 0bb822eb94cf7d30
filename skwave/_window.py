"""`WindowTransformer`: windows of a series."""

import itertools
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted, validate_data

from skwave._gaps import with_missing_rows
from skwave._persistence import unchanged_on_failure
from skwave._sklearn_callbacks import CallbackSupportMixin, fit_context
from skwave._sliding import join_windows, sliding_windows
from skwave._validation import (
    check_columns,
    check_no_infinity,
    check_numeric,
    check_series,
    columns_of,
    fill_masked,
    is_several,
)
from skwave.exceptions import warn


class WindowTransformer(CallbackSupportMixin, TransformerMixin, BaseEstimator):
    """Cut a series into windows of consecutive values.

    Parameters
    ----------
    window_length : int, default=80
        Values in a window.

    Attributes
    ----------
    n_features_in_ : int
        Channels of the series seen in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the channels, where the series was a DataFrame.

    See Also
    --------
    LSTMForecaster : Learns the value that follows a window.

    Notes
    -----
    The windows of one series are a read-only view of it: they take no memory of their own. The
    windows of a list of series are a copy.

    A missing value is NaN in the windows that hold it. Rows that are missing in a regular index of
    pandas become NaN, with a warning that counts them.

    Examples
    --------
    >>> import numpy as np
    >>> from skwave import WindowTransformer
    >>> windows = WindowTransformer(window_length=3).fit_transform(np.arange(5.0))
    >>> windows.shape
    (3, 3, 1)
    >>> windows[:, :, 0]
    array([[0., 1., 2.],
           [1., 2., 3.],
           [2., 3., 4.]])
    """

    _parameter_constraints = {"window_length": [Interval(Integral, 1, None, closed="left")]}

    def __init__(self, window_length: int = 80):
        self.window_length = window_length

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Check the series and remember its number of channels.

        Parameters
        ----------
        X : array-like of shape (n_values,) or (n_values, n_channels), or list of arrays
            A series, or several of them.
        y : None
            Ignored.

        Returns
        -------
        self : object
            The transformer.

        Raises
        ------
        ValueError
            If a series is shorter than `window_length`, holds infinity, its dates do not
            increase, or several are to be cut into windows of one value.

        Warns
        -----
        ForecastWarning
            If the windows of a series will seem to continue those of the one before it, or rows of
            a regular index are missing.
        """
        with unchanged_on_failure(self), fit_context(self, X):
            checked = [
                self._check_series(series, reset=number == 0)
                for number, series in enumerate(self._as_list(X))
            ]
            _warn_about_borders(checked, int(self.window_length) - 1)
        return self

    def fit_transform(self, X: ArrayLike, y: Any = None) -> NDArray[np.generic]:
        """Fit, and cut the series into windows.

        Parameters
        ----------
        X : array-like of shape (n_values,) or (n_values, n_channels), or list of arrays
            A series, or several of them.
        y : None
            Ignored.

        Returns
        -------
        ndarray of shape (n_windows, window_length, n_channels)
            As `transform` returns them.
        """
        # Here, so that missing rows are warned of once.
        X = [with_missing_rows(one) for one in X] if is_several(X) else with_missing_rows(X)
        return self.fit(X).transform(X)

    def transform(self, X: ArrayLike) -> NDArray[np.generic]:
        """Cut a series, or each of several, into windows.

        Parameters
        ----------
        X : array-like of shape (n_values,) or (n_values, n_channels), or list of arrays
            A series, or several of them.

        Returns
        -------
        ndarray of shape (n_windows, window_length, n_channels)
            A series of n values gives n - window_length + 1 windows. Those of several series
            stand one after the other.

        Raises
        ------
        ValueError
            If a series is shorter than `window_length`, has other channels than in `fit`, or
            holds infinity, its dates do not increase, or several are to be cut into
            windows of one value.
        """
        check_is_fitted(self)
        windows = [
            sliding_windows(self._check_series(series, reset=False), int(self.window_length))
            for series in self._as_list(X)
        ]
        return windows[0] if len(windows) == 1 else np.concatenate(windows)

    def inverse_transform(self, X: ArrayLike) -> NDArray[np.generic] | list[NDArray[np.generic]]:
        """Put the series together again from its windows.

        Parameters
        ----------
        X : ndarray of shape (n_windows, window_length, n_channels)
            Windows as `transform` returns them.

        Returns
        -------
        ndarray of shape (n_values, n_channels), or list of them
            The series; a list where the windows are those of several.

        Raises
        ------
        ValueError
            If the windows have another shape than in `transform`.
        """
        check_is_fitted(self)
        shape = (self.window_length, self.n_features_in_)
        X = np.asarray(X)
        if X.ndim != 3 or X.shape[1:] != shape or len(X) == 0:
            raise ValueError(
                f"X has shape {X.shape}, but windows of shape (n_windows, {shape[0]}, {shape[1]}) "
                "are needed, as transform returns them."
            )
        values, starts, first_windows = join_windows(X)
        series = [np.array(part) for part in np.split(values, starts[first_windows[1:]])]
        return series[0] if len(series) == 1 else series

    def _as_list(self, X):
        """Return the series of `X` as a list, if their windows will tell where each ends."""
        series = list(X) if is_several(X) else [X]
        if len(series) > 1 and self.window_length == 1:
            raise ValueError(
                f"X is a list of {len(series)} series, but windows of window_length=1 do not tell "
                "where one ends and the next begins. Give a window_length of at least 2."
            )
        return series

    def _check_series(self, series, *, reset):
        """Return `series` as an array of shape (n_values, n_channels); NaN is a missing value."""
        series = with_missing_rows(fill_masked(series))
        check_series(series)
        if reset:
            self._columns = columns_of(series)
        else:
            check_columns(series, self._columns)
        ndim = series.ndim if hasattr(series, "ndim") else np.asarray(series).ndim
        if ndim == 1 and (reset or self.n_features_in_ == 1):
            series = np.reshape(np.asarray(series), (-1, 1))
        # In the order of time in memory too: sums over a column then round the same for each input.
        series = validate_data(
            self, series, reset=reset, dtype="numeric", order="C", ensure_all_finite=False
        )
        check_no_infinity(check_numeric(series))
        if len(series) < self.window_length:
            raise ValueError(
                f"X has n_samples = {len(series)} values, but window_length={self.window_length} "
                "needs at least as many. Give a longer series or a smaller window_length."
            )
        return series

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _warn_about_borders(series, n_shared):
    """Warn if the windows of one series will seem to continue those of the one before."""
    alike = [
        number
        for number, (one, other) in enumerate(itertools.pairwise(series), start=1)
        if np.array_equal(one[-n_shared:], other[:n_shared], equal_nan=one.dtype.kind == "f")
    ]
    if alike:
        warn(
            f"Of {len(series)} series in X, {len(alike)} begin with the {n_shared} values that the "
            f"one before ends with, the first being X[{alike[0]}], so that their windows pass for "
            "those of one series, and a target is taken across each such border. Give a longer "
            "window_length, or leave out values that stand still at an end."
        )
