"""Windows of a series, and the values that follow them."""

import itertools
from numbers import Integral
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted, validate_data

from skwave._progress import CallbackSupportMixin, whole_fit
from skwave._series import check_frame, check_numbers, is_several
from skwave._state import unchanged_on_failure
from skwave._warn import warn

# Where an estimator's diagram links to; the site's root is the only place that knows its address.
DOC_LINK = (
    "https://skwave.readthedocs.io/en/stable/api/generated/{estimator_module}.{estimator_name}.html"
)


class Runs(NamedTuple):
    """Windows stored once: each value of a series stands in `values` a single time.

    Parameters
    ----------
    values : ndarray of shape (n_values, n_channels)
        The series, one after the other.
    starts : ndarray of shape (n_windows,)
        Where each window begins in `values`.
    first : ndarray of shape (n_runs,)
        The number of each run's first window; a run is what one series gives.
    """

    values: np.ndarray
    starts: np.ndarray
    first: np.ndarray

    @property
    def lengths(self):
        """Windows in each run, of shape (n_runs,)."""
        return np.diff(self.first, append=len(self.starts))


def sliding_windows(series, window_length):
    """Every run of `window_length` consecutive values, as a read-only view.

    Parameters
    ----------
    series : ndarray of shape (n_values, n_channels)
        The series.
    window_length : int
        Values in a window.

    Returns
    -------
    ndarray of shape (n_values - window_length + 1, window_length, n_channels)
        Window i holds the values i … i + window_length - 1.
    """
    windows = np.lib.stride_tricks.sliding_window_view(series, window_length, axis=0)
    return windows.transpose(0, 2, 1)


def is_sliding_view(windows):
    """Tell whether `windows` is a zero-copy view of one series, without reading a value."""
    return (
        isinstance(windows, np.ndarray)
        and windows.ndim == 3
        and min(windows.shape) > 0
        and windows.strides[0] == windows.strides[1]
    )


def series_under(windows):
    """Return the series of shape (n_values, n_channels) that a sliding view shows."""
    n_windows, length, n_channels = windows.shape
    return np.lib.stride_tricks.as_strided(
        windows,
        shape=(n_windows + length - 1, n_channels),
        strides=windows.strides[1:],
        writeable=False,
    )


def find_runs(windows):
    """Store each value of `windows` once and note where one series ends and the next begins.

    Parameters
    ----------
    windows : ndarray of shape (n_windows, window_length, n_channels)
        Windows in the order of time; the windows of several series stand one after the other.

    Returns
    -------
    Runs
        A window begins a new run if it does not continue the one before it.
    """
    n_windows, length, n_channels = windows.shape
    if is_sliding_view(windows):
        return Runs(series_under(windows), np.arange(n_windows), np.zeros(1, dtype=int))
    # Windows of one value overlap in nothing, so nothing says where a series ends: they are one.
    continues = (windows[1:, :-1] == windows[:-1, 1:]).all(axis=(1, 2))
    first = np.concatenate([[0], 1 + np.flatnonzero(~continues)])
    number = np.zeros(n_windows, dtype=int)
    number[first[1:]] = 1
    starts = np.arange(n_windows) + np.cumsum(number) * (length - 1)
    values = np.empty((n_windows + len(first) * (length - 1), n_channels), windows.dtype)
    values[starts + length - 1] = windows[:, -1]
    head = np.arange(length - 1)
    values[starts[first][:, None] + head] = windows[first, :-1]
    return Runs(values, starts, first)


def followed_windows(runs, n_values):
    """Return the windows, (n_followed,), that so many values follow within their own series."""
    last = np.repeat(runs.first + runs.lengths, runs.lengths)
    return np.flatnonzero(np.arange(len(runs.starts)) + n_values < last)


def following_values(runs, which, window_length, n_values):
    """Return the values that follow windows.

    Parameters
    ----------
    runs : Runs
        All windows.
    which : ndarray of shape (n_chosen,)
        Some of them; `n_values` more must follow each.
    window_length : int
        Values in a window.
    n_values : int
        Values to return for each.

    Returns
    -------
    ndarray of shape (n_chosen, n_values, n_channels)
        A copy.
    """
    after = runs.starts[which] + window_length
    return runs.values[after[:, None] + np.arange(n_values)]


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

    _doc_link_module = "skwave"
    _doc_link_template = DOC_LINK
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
            If a series is shorter than `window_length`, holds NaN or infinity, its dates do not
            increase, or several are to be cut into windows of one value.

        Warns
        -----
        ForecastWarning
            If the windows of a series will seem to continue those of the one before it.
        """
        with unchanged_on_failure(self), whole_fit(self, X):
            checked = [
                self._check_series(series, reset=number == 0)
                for number, series in enumerate(self._as_list(X))
            ]
            _warn_about_borders(checked, int(self.window_length) - 1)
        return self

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
            holds NaN or infinity, its dates do not increase, or several are to be cut into
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
        runs = find_runs(X)
        ends = runs.starts[runs.first[1:]]
        series = [np.array(part) for part in np.split(runs.values, ends)]
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
        """Return `series` as a finite array of shape (n_values, n_channels)."""
        check_frame(series)
        ndim = series.ndim if hasattr(series, "ndim") else np.asarray(series).ndim
        if ndim == 1 and (reset or self.n_features_in_ == 1):
            series = np.reshape(np.asarray(series), (-1, 1))
        # In the order of time in memory too: sums over a column then round the same for each input.
        series = validate_data(self, series, reset=reset, dtype="numeric", order="C")
        series = check_numbers(series)
        if len(series) < self.window_length:
            raise ValueError(
                f"X has n_samples = {len(series)} values, but window_length={self.window_length} "
                "needs at least as many. Give a longer series or a smaller window_length."
            )
        return series


def _warn_about_borders(series, n_shared):
    """Warn if the windows of one series will seem to continue those of the one before."""
    alike = [
        number
        for number, (one, other) in enumerate(itertools.pairwise(series), start=1)
        if np.array_equal(one[-n_shared:], other[:n_shared])
    ]
    if alike:
        warn(
            f"Of {len(series)} series in X, {len(alike)} begin with the {n_shared} values that the "
            f"one before ends with, the first being X[{alike[0]}], so that their windows pass for "
            "those of one series, and a target is taken across each such border. Give a longer "
            "window_length, or leave out values that stand still at an end."
        )
