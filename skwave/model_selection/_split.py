"""A splitter for forecasts of many steps."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils.validation import _num_samples

from skwave._pandas_index import is_multi_index
from skwave._several import naming_the_series, split_series
from skwave._validation import check_positive_int, is_several


class ForecastSplit(BaseCrossValidator):
    """Split a series into training parts, and test parts of known values and values to forecast.

    The test part of each split is `context` known values, the newest of the past, followed by
    the `horizon` values to forecast. So candidates whose windows differ in length are scored on
    the same values.

    Parameters
    ----------
    n_splits : int, default=5
        Number of splits, at least 1.
    horizon : int
        Values to forecast in each split.
    context : int
        Known values before them: at least the longest window that is tried.
    step : int or None, default=None
        Values between the beginnings of the forecasts of two splits. None takes `horizon`, so
        that each value is forecast once.
    max_train_size : int or None, default=None
        Values in a training part at most; the newest are kept. None keeps all.

    See Also
    --------
    forecast_scorer : Scores the forecast of such a test part.
    sklearn.model_selection.TimeSeriesSplit : The test part has no known values.

    Notes
    -----
    The known values of a test part are also the last ones of its training part: they are the
    past. None of the `horizon` values, or of those after them, is trained on. The last split
    ends with the series.

    A `KFold` trains on values that follow those it forecasts, and a shuffled split cuts windows
    across gaps: their scores do not measure the error of forecasts.
    `sklearn.model_selection.TimeSeriesSplit` trains on the past as well.

    Windows take the place of values where the estimator is a bare `LSTMForecaster`, whose input
    are windows; a `context` of 1 is then enough.

    Examples
    --------
    >>> import numpy as np
    >>> from skwave.model_selection import ForecastSplit
    >>> cv = ForecastSplit(n_splits=2, horizon=2, context=3)
    >>> for train, test in cv.split(np.arange(8.0)):
    ...     print(train, test)
    [0 1 2 3] [1 2 3 4 5]
    [0 1 2 3 4 5] [3 4 5 6 7]
    """

    def __init__(
        self,
        n_splits: int = 5,
        *,
        horizon: int,
        context: int,
        step: int | None = None,
        max_train_size: int | None = None,
    ):
        self.n_splits = check_positive_int(n_splits, "n_splits")
        self.horizon = check_positive_int(horizon, "horizon")
        self.context = check_positive_int(context, "context")
        self.step = None if step is None else check_positive_int(step, "step")
        self.max_train_size = max_train_size
        if max_train_size is not None:
            self.max_train_size = check_positive_int(max_train_size, "max_train_size")

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of splits.

        Parameters
        ----------
        X, y, groups : object
            Always ignored, as in scikit-learn.

        Returns
        -------
        int
            The number of splits.
        """
        return self.n_splits

    def split(
        self, X: ArrayLike, y: Any = None, groups: Any = None
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Yield the indices of training and test parts, the earliest first.

        Parameters
        ----------
        X : array-like of shape (n_values,) or (n_values, n_channels)
            The series, in the order of time; or several of them, as a pandas object whose index has
            the levels series and time: each is split by itself, so that each has a part in each
            split.
        y, groups : object
            Always ignored, as in scikit-learn.

        Yields
        ------
        train : ndarray of shape (n_train,)
            The past, up to and with the known values of the test part.
        test : ndarray of shape (context + horizon,)
            The known values, and those to forecast. As many of each of several series.

        Raises
        ------
        ValueError
            If the series is too short.
        """
        if is_several(X) or isinstance(X, dict):
            raise ValueError(
                f"X has the type {type(X).__name__} and {len(X)} series, of which rows cannot be "
                "taken. Give a pandas object whose index has the levels series and time, such as "
                "pandas.concat(dict_of_series)."
            )
        if is_multi_index(X):
            names, cuts = X.index.droplevel(-1), []
            for name in split_series(X):
                with naming_the_series(name):
                    cuts.append(self._cut(np.flatnonzero(names == name)))
        else:
            cuts = [self._cut(np.arange(_num_samples(X)))]
        for pairs in zip(*cuts, strict=True):
            train, test = (np.concatenate(rows) for rows in zip(*pairs, strict=True))
            yield train, test

    def _cut(self, rows):
        """Return rows of the training and of the test part of each split of one series."""
        n_values = len(rows)
        step = self.horizon if self.step is None else self.step
        needed = self.context + self.horizon + (self.n_splits - 1) * step
        if n_values < needed:
            raise ValueError(
                f"X has {n_values} values, but n_splits={self.n_splits} with context="
                f"{self.context}, horizon={self.horizon} and step={step} need at least {needed}. "
                "Give a longer series, or make one of these smaller."
            )
        longest, cuts = self.max_train_size or n_values, []
        for origin in range(n_values - needed + self.context, n_values - self.horizon + 1, step):
            train = rows[max(0, origin - longest) : origin]
            cuts.append((train, rows[origin - self.context : origin + self.horizon]))
        return cuts
