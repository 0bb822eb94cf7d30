"""Forecasts of a fitted forecaster: values, intervals, quantiles and sample paths."""

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from skwave._calibration import MAX_CALIBRATED_PATHS, add_paths, paths_over
from skwave._dataset import make_dataset
from skwave._intervals import check_coverage, check_fractions, check_n_paths, path_quantiles
from skwave._known import check_future, check_roles
from skwave._recursion import count_missing_at_end, fill_end, roll_forward, warn_about_ends
from skwave._rollout import warn_about_recursion
from skwave._sliding import split_windows
from skwave._validation import (
    check_context,
    check_finite,
    check_positive_int,
    check_windows,
    make_random_state,
)
from skwave._widths import residual_scale
from skwave.exceptions import warn

# Residual paths that a coverage of 0.9 needs.
FEW_PATHS = 19


class ForecastMixin:
    """Forecasts of a fitted forecaster, of one series or of a batch."""

    def forecast(
        self,
        n_steps: int,
        *,
        future: ArrayLike | None = None,
        context: ArrayLike | None = None,
    ) -> NDArray[np.float64]:
        """Forecast the values after the end of a series; predictions are fed back as inputs.

        Parameters
        ----------
        n_steps : int
            Values to forecast.
        future : array-like or DataFrame of shape (n_steps, n_known) or \
                (n_series, n_steps, n_known), default=None
            The values at these steps of the inputs that are known in advance, in their units. A
            DataFrame has the columns `known_`.
        context : array-like of shape (window_length,), (window_length, n_channels) or \
                (n_series, window_length, n_channels), default=None
            The last known values of the series, or of each of several. None takes the end of the
            series seen in `fit`. NaN is a missing value: short gaps are filled. Inputs known in
            advance stand one step ahead, and those of the first step are taken from `future`.

        Returns
        -------
        ndarray of shape (n_steps,), (n_steps, n_channels) or (n_series, n_steps[, n_channels])
            Forecasts in the units of the series. One channel has no axis of its own.

        Raises
        ------
        ValueError
            If `n_steps` is below 1, the context has another shape than the windows in `fit`, no
            context is known or its gaps cannot be filled, `future` lacks a value or an input or has
            one that is not known in advance, the network predicts something other than the channels
            of the window, or the forecast leaves the range of finite numbers.
        TypeError
            If `n_steps` is not an integer.

        Warns
        -----
        ForecastWarning
            If the forecast is flat or explodes, or more than a window of values at the end of a
            context is missing.
        """
        check_is_fitted(self)
        n_steps = check_positive_int(n_steps, "n_steps")
        batch, future, is_batch = self._contexts(context, future, n_steps)
        return _without_single_axes(self._roll_forward(batch, n_steps, future), 2, is_batch)

    def forecast_interval(
        self,
        n_steps: int,
        *,
        coverage: float | Sequence[float] = 0.9,
        future: ArrayLike | None = None,
        context: ArrayLike | None = None,
    ) -> NDArray[np.float64]:
        """Forecast intervals that contain each value with a given probability.

        Parameters
        ----------
        n_steps : int
            Values to forecast, at most as many as residual paths are long.
        coverage : float or sequence of float, default=0.9
            Fraction of the values that the intervals should contain, between 0 and 1. Several give
            nested intervals.
        future, context : array-like, default=None
            As in `forecast`.

        Returns
        -------
        ndarray of shape (n_steps, 2), (n_steps, n_channels, 2) or (n_series, …, 2)
            Lower and upper bounds in the units of the series. Several coverages have an axis
            before the last one.

        Raises
        ------
        ValueError
            If there are too few residual paths for the coverage, or they are shorter than
            `n_steps`; see `calibrate`. Or if `coverage` is not a fraction, or as in `forecast`.
        TypeError
            If `n_steps` is not an integer, or `coverage` not a number.

        Warns
        -----
        ForecastWarning
            If the residual paths are of values that the network was trained on, or as in
            `forecast`.

        See Also
        --------
        forecast_quantiles : Single quantiles.
        sample_paths : For intervals of sums, maxima or differences over the steps.

        Notes
        -----
        For each step, the lower and the upper bound are quantiles of the residuals of past
        forecasts, each with the correction of split conformal prediction for their number. The
        readout of each past forecast was not fitted on the values that it forecasts; the LSTM may
        have been trained on them. The coverage is that of a single value: the probability that
        at least one of 24 values is outside is much larger.

        References
        ----------
        Lei, J., G'Sell, M., Rinaldo, A., Tibshirani, R. J. and Wasserman, L. (2018).
        Distribution-free predictive inference for regression. Journal of the American Statistical
        Association 113, 1094–1111.

        Examples
        --------
        >>> from skwave import LSTMForecaster, WindowTransformer
        >>> from skwave.datasets import make_wave
        >>> wave = make_wave("sine", n_cycles=8, steps_per_cycle=20, noise=0.05, random_state=0)
        >>> windows = WindowTransformer(20).fit_transform(wave)
        >>> forecaster = LSTMForecaster(units=8, epochs=2, random_state=0).fit(windows)
        >>> forecaster.forecast_interval(10, coverage=0.8).shape
        (10, 2)
        """
        check_is_fitted(self)
        return self._path_quantiles(n_steps, check_coverage(coverage), context, future)

    def forecast_quantiles(
        self,
        n_steps: int,
        quantiles: float | Sequence[float] = (0.1, 0.5, 0.9),
        *,
        future: ArrayLike | None = None,
        context: ArrayLike | None = None,
    ) -> NDArray[np.float64]:
        """Forecast quantiles of each value.

        Parameters
        ----------
        n_steps : int
            Values to forecast, at most as many as residual paths are long.
        quantiles : float or sequence of float, default=(0.1, 0.5, 0.9)
            Their probabilities, between 0 and 1.
        future, context : array-like, default=None
            As in `forecast`.

        Returns
        -------
        ndarray of shape (n_steps, n_quantiles), (n_steps, n_channels, n_quantiles) or \
                (n_series, …, n_quantiles)
            Quantiles in the units of the series. Those of larger probabilities are never smaller.

        Raises
        ------
        ValueError
            As in `forecast_interval`.
        TypeError
            If `n_steps` is not an integer, or `quantiles` are not numbers.

        Warns
        -----
        ForecastWarning
            As in `forecast_interval`.

        See Also
        --------
        forecast_interval : Pairs of quantiles.
        """
        check_is_fitted(self)
        probabilities = check_fractions(quantiles, "quantiles")
        return self._path_quantiles(n_steps, probabilities, context, future)

    def sample_paths(
        self,
        n_steps: int,
        n_paths: int = 100,
        *,
        future: ArrayLike | None = None,
        context: ArrayLike | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> NDArray[np.float64]:
        """Draw sample paths: the forecast plus the residuals of one past forecast.

        Parameters
        ----------
        n_steps : int
            Values to forecast, at most as many as residual paths are long.
        n_paths : int, default=100
            Paths to draw, with replacement.
        future, context : array-like, default=None
            As in `forecast`.
        random_state : int, RandomState instance or None, default=None
            Source of the draws. None gives another result each time.

        Returns
        -------
        ndarray of shape (n_paths, n_steps), (n_paths, n_steps, n_channels) or \
                (n_series, n_paths, …)
            Paths in the units of the series. Errors of neighboring steps, and of the channels, are
            those of one forecast, so that sums and maxima over a path have the right uncertainty.

        Raises
        ------
        ValueError
            If residual paths are shorter than `n_steps`, `n_paths` is below 1, or as in `forecast`.
        TypeError
            If `n_steps` or `n_paths` is not an integer.

        Warns
        -----
        ForecastWarning
            As in `forecast_interval`.

        See Also
        --------
        forecast_interval : Intervals of single values.
        """
        check_is_fitted(self)
        n_paths = check_positive_int(n_paths, "n_paths")
        n_steps = self._check_residual_paths(n_steps)
        batch, future, is_batch = self._contexts(context, future, n_steps)
        size = (len(batch), n_paths)
        drawn = make_random_state(random_state).randint(len(self.residual_paths_), size=size)
        forecasts = self._roll_forward(batch, n_steps, future)
        scale = self._residual_scale(batch, forecasts)
        paths = forecasts[:, None] + scale[:, None] * self.residual_paths_[drawn, :n_steps]
        return _without_single_axes(check_finite(paths, "The path"), 3, is_batch)

    def calibrate(self, X: ArrayLike, n_steps: int | None = None) -> Self:
        """Replace the residuals of `fit` with those of forecasts of other values.

        Forecasts do not change; intervals and sample paths do.

        Parameters
        ----------
        X : array-like of shape (n_windows, window_length, n_channels) or (n_windows, window_length)
            Windows in the order of time, of values that were not used in training: newer ones, or
            those of another series. Do not give the same values to `partial_fit`, which adds their
            residual paths, too.
        n_steps : int or None, default=None
            Values to forecast from each origin. None takes `window_length`, or as many as there
            are.

        Returns
        -------
        self : object
            The forecaster, with other `residual_paths_`.

        Raises
        ------
        ValueError
            If the windows have another shape than in `fit`, or too few of them continue each
            other, or the network predicts something other than the channels of the window.
        TypeError
            If `n_steps` is not an integer.

        Warns
        -----
        ForecastWarning
            If there are fewer than 19 origins of so many steps. Intervals and paths warn later if
            `X` ends as the series that the network was trained on.
        """
        check_is_fitted(self)
        self._check_feeds_back()
        check_roles(X, self.known_)
        if n_steps is not None:
            n_steps = check_positive_int(n_steps, "n_steps")
        windows = check_windows(self, X, reset=False)
        series, length = split_windows(windows), windows.shape[1]
        n_most = max(map(len, series)) - length
        if n_steps is None:
            n_steps = max(1, min(length, n_most))
        if n_steps > n_most:
            raise ValueError(
                f"n_steps={n_steps}, but the longest series in X has {n_most} values after its "
                f"first window. Give at least {length + n_steps + FEW_PATHS - 1} values, or fewer "
                "n_steps."
            )
        data = make_dataset(series, length, 1, n_known=len(self.known_))
        paths, widths = paths_over(self.network_, data, 1.0, n_steps, MAX_CALIBRATED_PATHS)
        if not len(paths):
            raise ValueError(
                f"No forecast of {n_steps} steps over X can be compared with true values: gaps "
                "leave no stretch that is as long, or forecasts leave the range of finite numbers. "
                "Give windows of another series, in the units of the training series, or fewer "
                "n_steps."
            )
        if len(paths) < FEW_PATHS:
            warn(
                f"X has {len(paths)} origins of forecasts of {n_steps} steps, but the default "
                f"coverage of 0.9 needs {FEW_PATHS} residual paths. Give windows of a longer "
                "series, or fewer n_steps."
            )
        self.residual_paths_, self._widths, self._n_since_path = paths, widths, 0
        recent = self._recent_values
        self._residuals_are_in_sample = recent is not None and np.array_equal(
            windows[-1], recent[-length:], equal_nan=True
        )
        return self

    def _newest_paths(self, series):
        """Return the attributes of residual paths after new values, before the network learns."""
        if self.residual_paths_ is None:
            return {}
        values = np.array(series, dtype=float)
        # None are known after a fit with y.
        recent = values[:0] if self._recent_values is None else self._recent_values
        paths, widths, recent, n_since = add_paths(
            self.residual_paths_, self._widths, self.network_, recent, values, self._n_since_path
        )
        return {
            "residual_paths_": paths,
            "_widths": widths,
            "_recent_values": recent,
            "_n_since_path": n_since,
        }

    def _check_single(self):
        """Raise an error after a fit of several series, each of which has its own forecaster."""
        if self.forecasters_:
            raise ValueError(
                f"fit saw {len(self.forecasters_)} series, each of which has a forecaster of its "
                "own. Use one of these, such as forecasters_[0], or a ForecastPipeline, which "
                "forecasts all of them."
            )

    def _check_feeds_back(self):
        """Raise an error if the network predicts something other than the next values."""
        self._check_single()
        network = self.network_
        if network.n_outputs != network.output_length * network.n_predicted:
            raise ValueError(
                f"forecast feeds predictions back, but y had {network.n_outputs} outputs for "
                f"windows of {network.n_predicted} channels to forecast. Fit without y, or use "
                "predict."
            )

    def _contexts(self, context, future, n_steps):
        """Return what forecasts start from.

        Returns
        -------
        contexts : ndarray of shape (n_contexts, window_length, n_channels)
            Without NaN.
        future : None or ndarray of shape (n_contexts, n_steps, n_known)
            The known inputs.
        is_batch : bool
            Whether several contexts were given.
        """
        self._check_feeds_back()
        contexts = check_context(self, context)
        future = check_future(future, self.known_, n_steps)
        batch = contexts if contexts.ndim == 3 else contexts[None]
        if future is not None:
            future = future if future.ndim == 3 else np.repeat(future[None], len(batch), axis=0)
            if len(future) != len(batch):
                raise ValueError(
                    f"future has values for {len(future)} series, but context is of {len(batch)}. "
                    "Give as many of both."
                )
        return self._complete(batch, future), future, contexts.ndim == 3

    def _complete(self, series, future):
        """Return the last windows of series, as windows hold them, without gaps.

        The series, (n_values, n_channels) each, have at least a window; lengths may differ.
        `future` has their known inputs, (n_series, n_steps, n_known), whose first row belongs into
        the last one of each; it is None where there are none.
        """
        windows, numbers = [], []
        for number, values in enumerate(series):
            if future is not None:
                values = np.array(values)
                values[-1, self.network_.n_predicted :] = future[number, 0]
            # A copy, as a view would keep the whole series in memory.
            windows.append(np.array(fill_end(self.network_, values)))
            numbers.append(count_missing_at_end(values, self.network_))
        warn_about_ends(numbers, self.network_.window_length, "context")
        return np.stack(windows)

    def _check_residual_paths(self, n_steps, probabilities=None):
        """Return the steps as an int, if residual paths are long enough, and enough of them."""
        n_steps = check_positive_int(n_steps, "n_steps")
        if self.residual_paths_ is None:
            raise ValueError(
                "There are no residual paths after fit(X, y). Fit without y, or call calibrate "
                "with windows of the series."
            )
        n_paths, n_longest = self.residual_paths_.shape[:2]
        if n_paths == 0:
            raise ValueError(
                "There are no residual paths, as the series is too short: fit left no values that "
                "a forecast can be compared with, or its forecasts exploded. Fit on a longer "
                "series, or call calibrate with other values."
            )
        if probabilities is not None:
            check_n_paths(probabilities, n_paths)
        if n_steps > n_longest:
            n_values = self.window_shape_[0] + n_steps + FEW_PATHS - 1
            raise ValueError(
                f"n_steps={n_steps}, but residual paths are {n_longest} steps long: as many as a "
                "window has, or as the values that fit held out, if these are fewer. Forecast at "
                f"most {n_longest} steps, or call calibrate with n_steps={n_steps} and at least "
                f"{n_values} values that were not used in fit. To backtest the calibrated model, "
                "wrap it in sklearn.frozen.FrozenEstimator."
            )
        if self._residuals_are_in_sample:
            warn(
                "The residuals are of values that the network was trained on, so that intervals "
                "are too narrow. Fit with validation='last' and a validation_split above 0, or "
                "call calibrate with windows of newer values."
            )
        return n_steps

    def _residual_scale(self, contexts, forecasts):
        """Return what residual paths are multiplied by, (n_contexts, n_steps, n_channels)."""
        predicted = slice(self.network_.n_predicted)
        scale = self.network_.scaling.input_scale[predicted]
        return residual_scale(contexts[..., predicted], forecasts, scale, self._widths)

    def _roll_forward(self, contexts, n_steps, future):
        """Forecast from contexts, (n_contexts, n_steps, n_predicted), and warn if it looks bad."""
        forecasts = roll_forward(self.network_, contexts, n_steps, future)
        check_finite(forecasts, "The forecast")
        warn_about_recursion(contexts[..., : self.network_.n_predicted], forecasts)
        return forecasts

    def _path_quantiles(self, n_steps, probabilities, context, future):
        """Return quantiles, the axes of their probabilities last."""
        n_steps = self._check_residual_paths(n_steps, probabilities)
        batch, future, is_batch = self._contexts(context, future, n_steps)
        forecasts = self._roll_forward(batch, n_steps, future)
        # Those of the residuals, to which the same rank belongs after each context.
        residuals = path_quantiles(self.residual_paths_[None, :, :n_steps], probabilities)
        axes = tuple(range(3, residuals.ndim))
        scale = np.expand_dims(self._residual_scale(batch, forecasts), axes)
        quantiles = np.expand_dims(forecasts, axes) + scale * residuals
        return _without_single_axes(check_finite(quantiles, "The quantile"), 2, is_batch)


def _without_single_axes(values, channel_axis, is_batch):
    """Return an array without the axis of a single channel, and that of a single context."""
    if values.shape[channel_axis] == 1:
        values = values.squeeze(channel_axis)
    return values if is_batch else values[0]
