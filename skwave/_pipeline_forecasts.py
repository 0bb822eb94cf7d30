"""Forecasts of a fitted pipeline, in the units and with the index of the series."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from skwave._index_spec import index_spec, next_index, to_pandas
from skwave._intervals import MOST_OVERLAPS, check_coverage, check_fractions, path_quantiles
from skwave._inverse import invert
from skwave._known import columns_again
from skwave._persistence import unchanged_on_failure
from skwave._sliding import sliding_windows
from skwave._validation import check_finite, check_positive_int, make_random_state


class PipelineForecastMixin:
    """Forecasts of a fitted `ForecastPipeline`."""

    def forecast(
        self,
        n_steps: int,
        *,
        future: Any = None,
        context: Any = None,
        series: Any = None,
    ) -> Any:
        """Forecast the values after the end of the series.

        Parameters
        ----------
        n_steps : int
            Values to forecast.
        future : array-like or pandas object of shape (n_steps, n_known), default=None
            The values at these steps of the columns that are known in advance, in their units and
            with their names; its index is that of the forecast. Rows after the last step are left
            out. Calendar features are not among them: they follow from the index.
        context : array-like or pandas object of shape (n_values[, n_channels]), default=None
            Another series to continue, of at least a window. None continues that of `fit`. After
            the fit of several series, several of them by name, in a form that `fit` takes; a series
            whose name is new is forecast by the readout of all.
        series : object, default=None
            After the fit of several series, the name of the one to forecast, or a list of names.
            None takes all, or those of `context`.

        Returns
        -------
        ndarray, Series or DataFrame of shape (n_steps,) or (n_steps, n_channels)
            Forecasts, of the kind of the series, with an index that continues that of the series.
            An array where the series is one, or where its index has no regular frequency. Those of
            several series are in the form of the series: a list, a dict, or a pandas object whose
            index has the same levels.

        Raises
        ------
        ValueError
            If `n_steps` is below 1; if `context` is shorter than a window, has other channels,
            dates that do not increase, or times of another zone or frequency than in `fit`; if an
            inverse depends on earlier values, and `context` neither begins with the training series
            nor is the end of it; or if `future` has other times, lacks a column, a row or a value,
            or has a column that is not known in advance.
        TypeError
            If `n_steps` is not an integer.

        Warns
        -----
        ForecastWarning
            If the forecast is flat or explodes.
        """
        check_is_fitted(self)
        if self.pipelines_:
            return self._of_each("forecast", n_steps, future=future, context=context, series=series)
        n_steps = check_positive_int(n_steps, "n_steps")
        contexts, futures = self._single(context, future, series)
        values = self._forecast_after(contexts, futures, n_steps)[0]
        check_finite(values, "The forecast")
        return to_pandas(values, *self._labels_after(contexts, n_steps))

    def forecast_interval(
        self,
        n_steps: int,
        *,
        coverage: float | Sequence[float] = 0.9,
        future: Any = None,
        context: Any = None,
        series: Any = None,
    ) -> Any:
        """Forecast intervals that contain each value with a given probability.

        Parameters
        ----------
        n_steps : int
            Values to forecast, at most as many as residual paths are long.
        coverage : float or sequence of float, default=0.9
            Fraction of the values that the intervals should contain, between 0 and 1. Several give
            nested intervals.
        future, context, series : object, default=None
            As in `forecast`.

        Returns
        -------
        DataFrame or ndarray of shape (n_steps, 2) or (n_steps, n_channels, 2)
            Lower and upper bounds. A frame, if the index of the series can be continued, has the
            columns ``"lower"`` and ``"upper"``, under each channel if there are several, and under
            each coverage if several are given. An array has an axis of coverages before the last.

        Raises
        ------
        ValueError
            As in `forecast`, and as in `LSTMForecaster.forecast_interval`.
        TypeError
            If `n_steps` is not an integer, or `coverage` not a number.

        Warns
        -----
        ForecastWarning
            As in `LSTMForecaster.forecast_interval`.

        See Also
        --------
        LSTMForecaster.forecast_interval : How the intervals are computed.

        Notes
        -----
        Sample paths are transformed back to the units of the series first; quantiles are computed
        afterwards. So bounds are above zero after a logarithm, and errors add up after differences.
        """
        check_is_fitted(self)
        if self.pipelines_:
            return self._of_each(
                "forecast_interval", n_steps, coverage=coverage, future=future, context=context,
                series=series,
            )  # fmt: skip
        probabilities = check_coverage(coverage)
        labels = [np.atleast_1d(coverage)] if np.ndim(coverage) else []
        labels.append(["lower", "upper"])
        return self._quantiles(n_steps, probabilities, labels, context, future, series)

    def forecast_quantiles(
        self,
        n_steps: int,
        quantiles: float | Sequence[float] = (0.1, 0.5, 0.9),
        *,
        future: Any = None,
        context: Any = None,
        series: Any = None,
    ) -> Any:
        """Forecast quantiles of each value.

        Parameters
        ----------
        n_steps : int
            Values to forecast, at most as many as residual paths are long.
        quantiles : float or sequence of float, default=(0.1, 0.5, 0.9)
            Their probabilities, between 0 and 1.
        future, context, series : object, default=None
            As in `forecast`.

        Returns
        -------
        DataFrame or ndarray of shape (n_steps, n_quantiles) or (n_steps, n_channels, n_quantiles)
            The quantiles. A frame has a column for each, under each channel if there are several.

        Raises
        ------
        ValueError
            As in `forecast`, and as in `LSTMForecaster.forecast_quantiles`.
        TypeError
            If `n_steps` is not an integer, or `quantiles` are not numbers.

        Warns
        -----
        ForecastWarning
            As in `LSTMForecaster.forecast_interval`.
        """
        check_is_fitted(self)
        if self.pipelines_:
            return self._of_each(
                "forecast_quantiles", n_steps, quantiles, future=future, context=context,
                series=series,
            )  # fmt: skip
        probabilities = check_fractions(quantiles, "quantiles")
        labels = [np.atleast_1d(quantiles)] if np.ndim(quantiles) else []
        return self._quantiles(n_steps, probabilities, labels, context, future, series)

    def sample_paths(
        self,
        n_steps: int,
        n_paths: int = 100,
        *,
        future: Any = None,
        context: Any = None,
        series: Any = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> Any:
        """Draw sample paths: the forecast plus the residuals of one past forecast.

        Parameters
        ----------
        n_steps : int
            Values to forecast, at most as many as residual paths are long.
        n_paths : int, default=100
            Paths to draw, with replacement.
        future, context, series : object, default=None
            As in `forecast`.
        random_state : int, RandomState instance or None, default=None
            Source of the draws. None gives another result each time.

        Returns
        -------
        DataFrame of shape (n_steps, n_paths), or ndarray of shape (n_paths, n_steps[, n_channels])
            The paths. A frame has a column for each path, under each channel if there are several:
            ``paths.sum()`` has the sums over all steps.

        Raises
        ------
        ValueError
            As in `forecast`, and as in `LSTMForecaster.sample_paths`.
        TypeError
            If `n_steps` or `n_paths` is not an integer.

        Warns
        -----
        ForecastWarning
            As in `LSTMForecaster.forecast_interval`.
        """
        check_is_fitted(self)
        if self.pipelines_:
            return self._of_each(
                "sample_paths", n_steps, n_paths, random_state=make_random_state(random_state),
                future=future, context=context, series=series,
            )  # fmt: skip
        n_paths = check_positive_int(n_paths, "n_paths")
        contexts, futures = self._single(context, future, series)
        n_steps = self[-1]._check_residual_paths(n_steps)
        residuals = self[-1].residual_paths_[:, :n_steps]
        drawn = residuals[make_random_state(random_state).randint(len(residuals), size=n_paths)]
        known, windows, future = self._starts(contexts, futures, n_steps)
        forecasts = self[-1]._roll_forward(windows, n_steps, future)
        scale = self[-1]._residual_scale(windows, forecasts)
        paths = self._invert(forecasts + scale * drawn, known * n_paths, future)
        check_finite(paths, "The path")
        spec, index = self._labels_after(contexts, n_steps)
        if index is None:
            return paths[..., 0] if paths.shape[2] == 1 else paths
        return to_pandas(np.moveaxis(paths, 0, -1), spec, index, [range(n_paths)])

    def calibrate(self, X: ArrayLike, n_steps: int | None = None) -> Self:
        """Replace the residuals of `fit` with those of forecasts of other values.

        Forecasts do not change; intervals and sample paths do.

        Parameters
        ----------
        X : array-like or pandas object of shape (n_values,) or (n_values, n_channels)
            A series, in its units, of values that were not used in training. If an inverse depends
            on earlier values, as that of differences does, give the whole series; the values after
            those of `fit` are then forecast.
        n_steps : int or None, default=None
            Values to forecast from each origin. None takes the length of a window, or as many as
            there are.

        Returns
        -------
        self : object
            The pipeline.

        Raises
        ------
        ValueError
            If the series is too short, has other channels, or times of another zone or frequency
            than in `fit`, or a transformer raises an error.
        TypeError
            If `n_steps` is not an integer.
        """
        check_is_fitted(self)
        if self.pipelines_:
            with unchanged_on_failure(*(one[-1] for one in self.pipelines_.values())):
                self._call_each(X, "calibrate", n_steps)
            return self
        X = self._with_missing_rows(X, "X")
        columns = self[-2]._arrange(self._transform_context(X, "X"), X)
        if not self._inverts_rows:
            # The transformers need the training series, whose values were trained on.
            n_new = max(0, len(X) - len(self._training_series))
            columns = columns[len(columns) - n_new - self._window_length :]
        self[-1].calibrate(sliding_windows(columns, self._window_length), n_steps)
        return self

    def _quantiles(self, n_steps, probabilities, labels, context, future, series):
        """Return quantiles after one series in its form; `labels` are those of their axes."""
        n_steps = check_positive_int(n_steps, "n_steps")
        contexts, futures = self._single(context, future, series)
        _, (values,) = self._forecasts_and_quantiles(contexts, futures, n_steps, probabilities)
        return to_pandas(values, *self._labels_after(contexts, n_steps), labels)

    def _single(self, context, future, series):
        """Return the context and future of one series in lists, as `_forecast_after` takes them."""
        if series is not None:
            raise ValueError(
                f"series={series!r}, but fit saw one series. Leave series out, or fit several."
            )
        context = self._with_missing_rows(context, "context")
        return None if context is None else [context], [future]

    def _labels_after(self, contexts, n_steps):
        """Return the form of a forecast, and the labels after the end of a context, or None."""
        spec = self._index_spec if contexts is None else index_spec(contexts[0], self._index_spec)
        if spec is None:
            return None, None
        columns = [spec["columns"][k] for k in self._predicted_positions]
        return spec | {"columns": columns}, next_index(spec, n_steps)

    def _forecast_after(self, contexts, futures, n_steps):
        """Forecast what follows each of several contexts, all in one batch.

        Parameters
        ----------
        contexts : None or list of array-like of shape (n_values,) or (n_values, n_columns)
            Known values in the units of the series, the newest last; lengths may differ. None
            continues the training series.
        futures : list
            The known inputs after each of them, as `forecast` is given them.
        n_steps : int
            Values to forecast.

        Returns
        -------
        ndarray of shape (n_contexts, n_steps, n_predicted)
            Forecasts in the units of the series.
        """
        known, windows, future = self._starts(contexts, futures, n_steps)
        return self._invert(self[-1]._roll_forward(windows, n_steps, future), known, future)

    def _invert(self, forecasts, known, future):
        """Bring forecasts, each after known values of its own, to the units of the series."""
        positions = self[-2]._known_positions
        if positions:
            forecasts = columns_again(forecasts, future[..., : len(positions)], positions)
        n_forecasts, n_steps, n_channels = forecasts.shape
        if self._inverts_rows:
            # All in one call, which takes a fraction of the time.
            values = invert(self._transformers, forecasts.reshape(-1, n_channels))
            values = values.reshape(n_forecasts, n_steps, -1)
        else:
            values = np.stack([
                invert(self._transformers, np.concatenate(pair))[-n_steps:]
                for pair in zip(known, forecasts, strict=True)
            ])  # fmt: skip
        return values[..., self._predicted_positions]

    def _forecasts_and_quantiles(self, contexts, futures, n_steps, probabilities):
        """Forecast what follows each of several contexts, and its quantiles, all in one batch.

        Errors of earlier forecasts that are known by then take the place of the oldest residual
        paths.

        Parameters
        ----------
        contexts : None or list of array-like
            As in `_forecast_after`. Several are longer and longer beginnings of one series.
        futures : list
            As in `_forecast_after`.
        n_steps : int
            Values to forecast.
        probabilities : ndarray
            Probabilities of the quantiles.

        Returns
        -------
        forecasts : ndarray of shape (n_contexts, n_steps, n_predicted)
            In the units of the series.
        quantiles : ndarray of shape (n_contexts, n_steps, n_predicted, *probabilities.shape)
            The same.
        """
        forecaster = self[-1]
        forecaster._check_residual_paths(n_steps, probabilities)
        known, windows, future = self._starts(contexts, futures, n_steps)
        forecasts = forecaster._roll_forward(windows, n_steps, future)
        scale = forecaster._residual_scale(windows, forecasts)
        residuals = forecaster.residual_paths_[:, :n_steps]
        n_kept, quantiles, next_origin, earlier = len(residuals), [], 0, 0
        for k in range(len(windows)):
            while earlier < k and len(known[earlier]) + n_steps <= len(known[k]):
                origin = len(known[earlier])
                y_true = known[k][origin : origin + n_steps, self._predicted_positions]
                path = (y_true - forecasts[earlier]) / scale[earlier]
                if origin >= next_origin and np.isfinite(path).all():
                    residuals = np.concatenate([residuals, path[None]])[-n_kept:]
                    next_origin = origin + max(1, n_steps // MOST_OVERLAPS)
                earlier += 1
            paths = forecasts[k] + scale[k] * residuals
            of_future = None if future is None else future[k]
            paths = self._invert(paths, [known[k]] * len(paths), of_future)
            quantiles.append(path_quantiles(paths[None], probabilities))
        forecasts = self._invert(forecasts, known, future)
        return forecasts, check_finite(np.concatenate(quantiles), "The quantile")
