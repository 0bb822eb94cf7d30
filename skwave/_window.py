"""`WindowTransformer`: windows of a series."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from skwave._baseline import find_longest_season
from skwave._calendar import calendar_features, check_calendar
from skwave._gaps import interpolate
from skwave._index_spec import index_spec, next_index
from skwave._known import arrange, columns_again, find_known, with_known
from skwave._missing_rows import with_missing_rows
from skwave._persistence import unchanged_on_failure
from skwave._several import naming_the_series, split_series
from skwave._sklearn_callbacks import CallbackSupportMixin, fit_progress
from skwave._sliding import sliding_windows, split_windows
from skwave._validation import are_of_several, as_2d, check_columns, check_numbers, columns_of

# Values in a window where the longest season is shorter: as many as in the default.
AUTO_LENGTH = 80


class WindowTransformer(CallbackSupportMixin, TransformerMixin, BaseEstimator):
    """Cut a series into windows of consecutive values.

    Parameters
    ----------
    window_length : int or "auto", default=80
        Values in a window. ``"auto"`` takes the longest season that `fit` finds in the series, such
        as 168 hours, or 80 values where it is shorter, and at most a third of the series.
    known : str, int, sequence of them or None, default=None
        Columns that are known in advance, such as holidays, prices or a weather forecast: their
        names, or their positions if the series is an array. Every other column is forecast. In
        the windows the known columns come last and are shifted one step ahead, so that the value
        that follows a window is predicted from their values at the same time. `forecast` takes
        their future values as `future`.
    calendar : str, sequence of str or None, default=None
        Further known inputs that are computed from the index: ``"minute"``, ``"hour"``,
        ``"day_of_week"``, ``"day"`` (of the month), ``"day_of_year"``, ``"month"``,
        ``"quarter"``. Each gives two columns, the sine and the cosine of the position in the hour,
        day, week, month or year. A `ForecastPipeline` continues them by itself. The LSTM reads
        these columns. The linear part of the readout reads Fourier terms of them, if forecasts of
        held-out values are better with these.

    Attributes
    ----------
    window_length_ : int
        Values in a window. With ``"auto"`` and several series it is the median of what is found in
        each.
    n_features_in_ : int
        Channels of the series seen in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the channels, where the series was a DataFrame.

    See Also
    --------
    LSTMForecaster : Learns the value that follows a window.

    Notes
    -----
    The windows of a series are a read-only view of it: they take no memory of their own. With
    known inputs they are views of a copy of the series, and the newest values of these
    inputs are NaN, since they come after its end.

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

    _parameter_constraints = {
        "window_length": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "known": [str, Integral, "array-like", None],
        "calendar": [str, list, tuple, None],
    }

    def __init__(
        self,
        window_length: int | Literal["auto"] = 80,
        *,
        known: Any = None,
        calendar: str | Sequence[str] | None = None,
    ):
        self.window_length = window_length
        self.known = known
        self.calendar = calendar

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Check the series and store its number of channels.

        Parameters
        ----------
        X : array-like of shape (n_values,) or (n_values, n_channels), or several of them
            A series, or a list or dict of several, or a pandas object whose index has the levels
            series and time.
        y : None
            Ignored.

        Returns
        -------
        self : object
            The transformer.

        Raises
        ------
        ValueError
            If a series is shorter than `window_length`, holds infinity, or has dates that do not
            increase; if `known` names something that is not a column, or all columns; or if the
            index has no dates of a regular frequency for the `calendar`.

        Warns
        -----
        ForecastWarning
            If rows of a regular index are missing.
        """
        with unchanged_on_failure(self), fit_progress(self, X):
            several, lengths, sizes = split_series(X), [], {}
            for name, series in ({None: X} if several is None else several).items():
                with naming_the_series(name):
                    columns = self._columns_of_windows(series, reset=not sizes)
                    lengths.append(self._choose_length(columns))
                    sizes[name] = len(columns)
            self.window_length_ = int(np.median(lengths))
            for name, n_values in sizes.items():
                with naming_the_series(name):
                    self._check_length(n_values)
            return self

    def fit_transform(self, X: ArrayLike, y: Any = None) -> Any:
        """Fit, and cut the series into windows.

        Parameters
        ----------
        X : array-like of shape (n_values,) or (n_values, n_channels), or several of them
            A series, or a list or dict of several, or a pandas object whose index has the levels
            series and time.
        y : None
            Ignored.

        Returns
        -------
        ndarray of shape (n_windows, window_length, n_channels), or list of them
            As `transform` returns them.
        """
        # Here, so that missing rows are warned of once.
        several = split_series(X)
        if several is None:
            given: Any = with_missing_rows(X)
        else:
            given = {name: with_missing_rows(one, f"X[{name!r}]") for name, one in several.items()}
        return self.fit(given).transform(given)

    def transform(self, X: ArrayLike) -> Any:
        """Cut a series, or each of several, into windows.

        Parameters
        ----------
        X : array-like of shape (n_values,) or (n_values, n_channels), or several of them
            A series, or a list or dict of several, or a pandas object whose index has the levels
            series and time.

        Returns
        -------
        ndarray of shape (n_windows, window_length, n_channels), or list of them
            A series of n values gives n - window_length + 1 windows; several series give a list.
            The channels are the columns that are forecast, then those
            that are `known`, then the `calendar`.

        Raises
        ------
        ValueError
            If a series is shorter than `window_length`, has other channels than in `fit`, or
            holds infinity, or its dates do not increase.
        """
        check_is_fitted(self)
        several, windows = split_series(X), []
        for name, series in ({None: X} if several is None else several).items():
            with naming_the_series(name):
                columns = self._columns_of_windows(series, reset=False)
                self._check_length(len(columns))
                of_one = sliding_windows(columns, self.window_length_)
                windows.append(with_known(of_one, self._known_names, self._calendar))
        return windows[0] if several is None else windows

    @property
    def _n_predicted(self):
        """How many columns of the series are forecast."""
        return self.n_features_in_ - len(self._known_positions)

    def inverse_transform(self, X: ArrayLike) -> Any:
        """Return the series of which `X` are the windows.

        Parameters
        ----------
        X : ndarray of shape (n_windows, window_length, n_channels), or list of them
            Windows as `transform` returns them.

        Returns
        -------
        ndarray of shape (n_values, n_channels), or list of them
            The series; a list for a list, and where an array holds the windows of several. The
            first value of a column known in advance, which no window holds, is NaN.

        Raises
        ------
        ValueError
            If the windows have another shape than in `transform`.
        """
        check_is_fitted(self)
        if are_of_several(X):
            return [self.inverse_transform(windows) for windows in X]
        shape = (self.window_length_, self._n_predicted + len(self._known_names))
        X = np.asarray(X)
        if X.ndim != 3 or X.shape[1:] != shape or len(X) == 0:
            raise ValueError(
                f"X has shape {X.shape}, but windows of shape (n_windows, {shape[0]}, {shape[1]}) "
                "are needed, as transform returns them."
            )
        series = [np.array(self._columns_of_series(one)) for one in split_windows(X)]
        return series[0] if len(series) == 1 else series

    def _columns_of_windows(self, series, *, reset):
        """Return the columns of a series as windows hold them, (n_values, n_channels)."""
        series = with_missing_rows(series)
        values = self._check_series(series, reset=reset)
        if reset:
            self._known_positions = find_known(self.known, self._columns, values.shape[1])
            self._calendar = check_calendar(self.calendar)
            labels = self._columns or range(values.shape[1])
            known = [labels[k] for k in self._known_positions]
            features = [f"{name}_{wave}" for name in self._calendar for wave in ("sin", "cos")]
            self._known_names = [*known, *features]
            self._index_spec = index_spec(series) if self._calendar else None
        return self._arrange(values, series)

    def _arrange(self, values, series):
        """Return columns as windows hold them; `series` is what has their index."""
        if not self._calendar:
            return arrange(values, self._known_positions)
        spec = index_spec(series, self._index_spec)
        following = None if spec is None else next_index(spec, 1)
        if following is None:
            what = "has no index" if spec is None else "has an index without a regular frequency"
            raise ValueError(
                f"calendar={self._calendar!r} needs the dates of the values, but X {what}. Give a "
                "Series or DataFrame with an index of dates, such as by asfreq; a transformer in "
                "front gives one after set_output(transform='pandas')."
            )
        # They stand one step ahead, like other known inputs.
        index = series.index[len(series) - len(values) + 1 :]
        parts = [calendar_features(labels, self._calendar) for labels in (index, following)]
        return arrange(values, self._known_positions, np.vstack(parts))

    def _columns_of_series(self, values):
        """Return columns as windows hold them in the order of the series."""
        known = np.full((len(values), len(self._known_positions)), np.nan)
        known[1:] = values[:-1, self._n_predicted : self.n_features_in_]
        return columns_again(values[:, : self._n_predicted], known, self._known_positions)

    def _choose_length(self, columns):
        """Return the length of windows of a series, as windows hold it."""
        if self.window_length != "auto":
            return int(self.window_length)
        predicted = np.asarray(columns[:, : self._n_predicted], float)
        season = find_longest_season(interpolate(predicted))
        return max(1, min(max(AUTO_LENGTH, season), len(columns) // 3))

    def _check_length(self, n_values, name="X"):
        """Raise an error if a series is shorter than a window."""
        if n_values < self.window_length_:
            row = f" If the {self.n_features_in_} columns are its values, give {name}.ravel()."
            raise ValueError(
                f"{name} has n_samples = {n_values} values, but window_length="
                f"{self.window_length_} needs at least as many. Give a longer series, or fit with "
                f"a smaller window_length.{row if n_values == 1 < self.n_features_in_ else ''}"
            )

    def _check_series(self, series, *, reset):
        """Return `series` as an array of shape (n_values, n_columns); NaN is a missing value."""
        if reset:
            self._columns = columns_of(series)
        else:
            check_columns(series, self._columns)
        # Of one axis in place of several channels, scikit-learn has the better message.
        if reset or self.n_features_in_ == 1 or getattr(series, "ndim", 2) > 1:
            series = as_2d(series)
        if columns_of(series) and not reset and self.n_features_in_ == series.shape[1] == 1:
            # A single channel may have another name than in fit.
            series = series.set_axis(getattr(self, "feature_names_in_", [0]), axis=1)
        # In the order of time in memory too: sums over a column then round the same for each input.
        series = validate_data(
            self, series, reset=reset, dtype="numeric", order="C", ensure_all_finite=False
        )
        series = check_numbers(series)
        if reset:
            self._check_not_empty(series)
        return series

    def _check_not_empty(self, series):
        """Raise an error that names a column of a series without a value."""
        is_empty = np.isnan(series).all(axis=0)
        if is_empty.any():
            column = int(is_empty.argmax())
            name = column if self._columns is None else self._columns[column]
            raise ValueError(
                f"Column {name!r} of X has no values: all {len(series)} are missing. Leave it out."
            )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
