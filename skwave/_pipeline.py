"""`ForecastPipeline`: forecasts in the units, and with the index, of the series it was given."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline, _name_estimators
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from skwave._index_spec import to_pandas
from skwave._inverse import check_invertible, inverts_window, naming_the_transformer
from skwave._missing_rows import with_missing_rows
from skwave._pandas_index import as_times
from skwave._persistence import add_checksum, unchanged_on_failure, verify_checksum
from skwave._pipeline_forecasts import PipelineForecastMixin
from skwave._pipeline_series import PipelineSeriesMixin
from skwave._pipeline_transforms import PipelineTransformMixin
from skwave._several import form_of, join_results, split_series
from skwave._sliding import sliding_windows
from skwave._training_times import expected_index
from skwave._validation import as_2d, check_finite
from skwave._window import WindowTransformer


class ForecastPipeline(
    PipelineForecastMixin, PipelineTransformMixin, PipelineSeriesMixin, Pipeline
):
    """A pipeline that forecasts in the units of the series.

    Parameters
    ----------
    steps : list of (name, estimator)
        Any number of invertible transformers, then a `WindowTransformer` and an `LSTMForecaster`.
    transform_input : list of str, default=None
        As in `sklearn.pipeline.Pipeline`.
    memory : str or joblib.Memory, default=None
        As in `sklearn.pipeline.Pipeline`.
    verbose : bool, default=False
        As in `sklearn.pipeline.Pipeline`.

    See Also
    --------
    make_forecast_pipeline : Names the steps by itself.

    Notes
    -----
    After the fit of several series, `pipelines_` has a fitted pipeline for each of them, by name.

    The transformers before the windows are inverted on the forecasts. Where the inverse of a value
    depends on those before it (differences) or on its position (a season), they are inverted on
    the whole series with the forecasts appended, so that the forecasts continue it. `fit` makes
    sure that ``inverse_transform(transform(series))`` is the series: a transformer may lose some
    values, as one that clips does, but not most.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline
    >>> growth = np.exp(0.02 * np.arange(200.0))
    >>> log = FunctionTransformer(np.log, inverse_func=np.exp)
    >>> forecaster = LSTMForecaster(units=8, epochs=2, random_state=0)
    >>> model = make_forecast_pipeline(log, WindowTransformer(20), forecaster).fit(growth)
    >>> model.forecast(12).shape
    (12,)
    """

    def fit(self, X: ArrayLike, y: Any = None, **params: Any) -> Self:
        """Fit all steps on a series.

        Parameters
        ----------
        X : array-like or pandas object of shape (n_values,) or (n_values, n_channels), or several
            The series. A pandas index of a regular frequency is continued by the forecasts. Or
            several series: a list or a dict of them, or a pandas object whose index has the levels
            series and time. One LSTM is trained on all of them; each has transformers and a scale
            of its own, and a readout of its own or that of all series.
        y : None
            Not used: the targets are the values that follow the windows.
        **params : dict
            Parameters for the steps, as in `sklearn.pipeline.Pipeline`.

        Returns
        -------
        self : object
            The pipeline.

        Raises
        ------
        ValueError
            If a transformer before the windows cannot be inverted, does not give most of the
            series back, or makes a number that is not finite; if a transformer raises an error;
            or if the dates of the series do not increase or are not unique.
        TypeError
            If `y` is given.
        """
        _refuse_y(y)
        _check_steps(self.steps)
        check_invertible(self._transformers)
        # Pipeline fits the steps themselves, not copies of them, and so do pipelines within it.
        parts = [
            part for part in self.get_params().values()
            if hasattr(part, "fit") and not isinstance(part, type)
        ]  # fmt: skip
        several = split_series(X)
        if several is not None and params:
            raise TypeError(
                f"fit got {sorted(params)}, but with several series the steps take no parameters. "
                "Leave them out."
            )
        with unchanged_on_failure(self, *parts):
            self.pipelines_ = {}
            if several is None:
                X = with_missing_rows(X)
                columns = as_2d(X)
                with naming_the_transformer(self._transformers, columns):
                    # Parameters may be for the transformers; these are then checked at the end.
                    if not params:
                        self._check_transformers(columns)
                    # A transformer with copy=False changes what it is given.
                    super().fit(columns.copy() if self._transformers else columns, None, **params)
                self._remember(X, columns)
            else:
                self.pipelines_, self._form = self._fit_several(several), form_of(X)
        return self

    def partial_fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Update the forecaster with newer values; forecasts then continue these.

        The transformers before the windows stay as they were fitted. What is updated is described
        at `LSTMForecaster.partial_fit`.

        Parameters
        ----------
        X : array-like or pandas object of shape (n_values,) or (n_values, n_channels)
            The series with its new values, in its units; it has to begin at least one window before
            the first of them. The new values are those after the end of the series seen before, by
            the dates or numbers of its index; those of an array are all values after the first
            window. If an inverse depends on earlier values, as that of differences does, give the
            whole series.
        y : None
            Not used.

        Returns
        -------
        self : object
            The pipeline.

        Raises
        ------
        ValueError
            If the fit was of several series; if the series has no new value, no window before the
            first one, or a gap between, has other channels, dates that do not increase, or times of
            another zone or frequency; if its labels are times since a start, or numbers or periods
            with gaps, which do not say what is new; if a transformer raises an error; or if an
            inverse depends on earlier values, and the series does not begin with that of `fit`.
        TypeError
            If `y` is given.
        """
        _refuse_y(y)
        check_is_fitted(self)
        if self.pipelines_:
            raise ValueError(
                f"fit saw {len(self.pipelines_)} series, each of which has a pipeline of its own. "
                "Use partial_fit of one of them, such as "
                f"pipelines_[{next(iter(self.pipelines_))!r}]."
            )
        if not hasattr(X, "iloc") and (self._index_spec or {}).get("index") is not None:
            raise ValueError(
                f"X has the type {type(X).__name__}, but the series before was a pandas object. "
                "Give one with its index, by which new values are found, and which forecasts "
                "continue."
            )
        X = self._with_missing_rows(X, "X")
        columns = self[-2]._arrange(self._transform_context(X, "X"), X)
        # The window before the first new value, and what follows.
        columns = columns[len(columns) - self._count_new(X) - self._window_length :]
        with unchanged_on_failure(self, self[-1]):
            self[-1].partial_fit(sliding_windows(columns, self._window_length))
            self._remember(X, as_2d(X), self._index_spec)
        return self

    def _fit_windows(self, series, name, training_spec=None):
        """Fit all steps but the forecaster on one of several series, and return its windows.

        `training_spec` is what `index_spec` returned for the others, where they were fitted before.
        """
        self.pipelines_ = {}
        series = with_missing_rows(series, name, expected_index(series, training_spec, name))
        columns = as_2d(series)
        with naming_the_transformer(self._transformers, columns):
            front = Pipeline(self.steps[:-1], memory=self.memory, verbose=self.verbose)
            windows = front.fit_transform(columns.copy() if self._transformers else columns)
        # With `memory`, copies were fitted.
        self.steps[:-1] = front.steps
        self._remember(series, columns, training_spec)
        return windows

    def predict(self, X: ArrayLike) -> Any:
        """Predict the value after every window of a series, one step ahead.

        Parameters
        ----------
        X : array-like or pandas object of shape (n_values,) or (n_values, n_channels)
            The series, in its units.

        Returns
        -------
        ndarray, Series or DataFrame of shape (n_windows,) or (n_windows, n_channels)
            Predictions; the last one is that of the value after the end of the series. NaN after a
            window that holds NaN.

        Raises
        ------
        ValueError
            If the series is shorter than a window, has other channels, dates that do not increase,
            or times of another zone or frequency than in `fit`; if a transformer raises an error;
            or if an inverse depends on earlier values, and the series does not begin with the
            training series.
        """
        check_is_fitted(self)
        if self.pipelines_:
            return join_results(self._call_each(X, "predict"), self._form)
        X = self._with_missing_rows(X, "X")
        transformed = self._transform_context(X, "X")
        first, n_windows = self._window_length, len(transformed) - self._window_length + 1
        windows = sliding_windows(self[-2]._arrange(transformed, X), first)
        # Of several values predicted at once, the first.
        steps = self[-1].predict(windows).reshape(n_windows, -1, len(self._predicted_positions))
        steps, is_missing = steps[:, :1], np.isnan(steps[:, 0]).any(axis=1)
        # Those that are known at the time of each step: the last one is after the series.
        future = np.vstack([transformed[first:], np.full((1, transformed.shape[1]), np.nan)])
        future = future[:, None, self[-2]._known_positions]
        known = [transformed[: first + k] for k in range(0 if self._inverts_rows else n_windows)]
        values = self._invert(steps, known, future)[:, 0]
        check_finite(values[~is_missing], "The prediction")
        spec, index = self._labels_after([X], 1)
        if index is not None:
            times = as_times(X.index, "X").rename(X.index.name)
            index = times[len(X) - n_windows + 1 :].append(index)
        return to_pandas(values, spec, index)

    def score(self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None) -> float:
        """Return R² of the one-step predictions in the units of the series.

        Parameters
        ----------
        X : array-like or pandas object of shape (n_values,) or (n_values, n_channels)
            The series.
        y : None
            Not used: the true values are those of the series.
        sample_weight : array-like of shape (n_predicted,), default=None
            Weights of the values after the first window.

        Returns
        -------
        float
            At most 1. Values that are missing, or whose window holds one, are left out.

        Raises
        ------
        ValueError
            As in `predict`, or if the series has no value after its first window.
        TypeError
            If `y` is given.
        """
        # Here, as sklearn.metrics takes longer to import than a forecast.
        from sklearn.metrics import r2_score

        _refuse_y(y)
        check_is_fitted(self)
        if self.pipelines_:
            if sample_weight is not None:
                raise ValueError(
                    "sample_weight is given, but the fit was of several series. Leave it out, or "
                    "use score of one of pipelines_."
                )
            return float(np.mean(list(self._call_each(X, "score").values())))
        X = self._with_missing_rows(X, "X")
        predictions = np.asarray(self.predict(X))[:-1]
        first = len(X) - len(predictions)
        y_true = np.asarray(as_2d(X), dtype=float)[first:, self._predicted_positions]
        predictions = predictions.reshape(y_true.shape)
        is_known = ~np.isnan(y_true + predictions).any(axis=1)
        if not is_known.any():
            raise ValueError(
                f"X has {len(X)} values, but none that is known after a window of "
                f"window_length={self._window_length} without missing values. Give a longer "
                "series, a smaller window_length, or fill the gaps."
            )
        if sample_weight is not None:
            sample_weight = _check_sample_weight(
                sample_weight, y_true, dtype=float, ensure_non_negative=True
            )[is_known]
        return r2_score(y_true[is_known], predictions[is_known], sample_weight=sample_weight)

    def set_output(self, *, transform: Any = None) -> Self:
        """Set the output of the transformers before the windows; forecasts have the series' form.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"} or None, default=None
            As in `sklearn.pipeline.Pipeline`.

        Returns
        -------
        self : object
            The pipeline.
        """
        for _, step in self._transformers:
            step.set_output(transform=transform)
        return self

    def summary(self) -> Any:
        """Return what the fit did, as `LSTMForecaster.summary` does.

        Returns
        -------
        FitSummary
            A short text, and in a notebook a table.
        """
        return self[-1].summary()

    def __getitem__(self, ind):
        # What forecasts need of the series belongs to all steps together.
        if isinstance(ind, slice):
            return Pipeline(self.steps, memory=self.memory, verbose=self.verbose)[ind]
        return super().__getitem__(ind)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "pipelines_") and super().__sklearn_is_fitted__()

    def __getstate__(self):
        state = super().__getstate__().copy()
        if state.get("pipelines_"):
            # The forecasters of the series are stored by the one of all.
            # In pairs: skops stores no dict whose keys are tuples.
            state["pipelines_"] = []
            for name, one in self.pipelines_.items():
                without = type(one)([*one.steps[:-1], (one.steps[-1][0], None)])
                vars(without).update({k: v for k, v in vars(one).items() if k != "steps"})
                state["pipelines_"].append((name, without))
        return add_checksum(state)

    def __setstate__(self, state):
        vars(self).update(verify_checksum(state, type(self).__name__))
        if vars(self).get("pipelines_"):
            self.pipelines_ = dict(self.pipelines_)
            forecasters = self[-1].forecasters_
            for one, forecaster in zip(self.pipelines_.values(), forecasters, strict=True):
                one.steps[-1] = (one.steps[-1][0], forecaster)


def as_forecast_pipeline(estimator):
    """Return an estimator as a `ForecastPipeline` of the same steps; nothing is copied.

    Parameters
    ----------
    estimator : object
        An `LSTMForecaster`, a `Pipeline` or `ForecastPipeline` that ends with a
        `WindowTransformer` and one, or a fitted search over one of these.

    Returns
    -------
    ForecastPipeline
        Fitted, if the estimator is.

    Raises
    ------
    ValueError
        If the estimator is something else, or is a fitted `Pipeline` whose transformers cannot be
        inverted, or not without the training series, which it does not keep.
    """
    if isinstance(estimator, FrozenEstimator):
        estimator = estimator.estimator
    estimator = getattr(estimator, "best_estimator_", estimator)
    if isinstance(estimator, ForecastPipeline):
        return estimator
    if is_forecaster(estimator):
        steps = [("windows", _window_transformer_of(estimator)), ("forecaster", estimator)]
    else:
        steps = getattr(estimator, "steps", [])
    _check_steps(steps, type(estimator).__name__)
    view = ForecastPipeline(steps, memory=getattr(estimator, "memory", None))
    check_invertible(view._transformers)
    if hasattr(steps[-1][1], "context_"):
        view._index_spec = view._newest_values = None
        view._training_series = view._training_transformed = None
        view.pipelines_ = {}
        view._inverts_rows = True
        context = steps[-1][1].context_
        if context is not None and not inverts_window(
            view._transformers, steps[-2][1]._columns_of_series(context)
        ):
            raise ValueError(
                f"The transformers before the windows ({[name for name, _ in view._transformers]}) "
                "cannot be inverted, or not without the values before a window, which a Pipeline "
                "does not keep. Give each the inverse of its transform (inverse_func of a "
                "FunctionTransformer), and use make_forecast_pipeline in place of make_pipeline."
            )
    return view


def _window_transformer_of(forecaster):
    """Return a transformer that cuts such windows as a forecaster was fitted on, if it was."""
    if not hasattr(forecaster, "window_shape_"):
        return WindowTransformer()
    length, n_channels = forecaster.window_shape_
    known = list(range(n_channels - len(forecaster.known_), n_channels))
    return WindowTransformer(length, known=known or None).fit(np.zeros((length, n_channels)))


def _refuse_y(y):
    """Raise an error that explains X and y, if y is given."""
    if y is not None:
        raise TypeError(
            "y is given, but the targets of a ForecastPipeline are the values of X that follow. X "
            "is the series to forecast; other series that help to forecast it are further columns "
            "of X. They are forecast along with it, except for those that "
            "WindowTransformer(known=...) names."
        )


def is_forecaster(estimator):
    """Return whether an estimator forecasts from windows, like `LSTMForecaster`."""
    return hasattr(estimator, "forecast") and not hasattr(estimator, "steps")


def _check_steps(steps, name="ForecastPipeline"):
    """Raise an error unless steps end with a window transformer and a forecaster."""
    good = (
        len(steps) >= 2
        and isinstance(steps[-2][1], WindowTransformer)
        and is_forecaster(steps[-1][1])
    )
    if not good:
        got = [step for step, _ in steps] or name
        raise ValueError(
            "A forecast needs an LSTMForecaster, or a pipeline whose steps end with a "
            f"WindowTransformer and an LSTMForecaster, but got {got}."
        )


def make_forecast_pipeline(
    *steps: Any, memory: Any = None, transform_input: Any = None, verbose: bool = False
) -> ForecastPipeline:
    """Make a `ForecastPipeline` whose steps are named after their classes.

    Parameters
    ----------
    *steps : list of estimators
        Invertible transformers, a `WindowTransformer` and an `LSTMForecaster`.
    memory : str or joblib.Memory, default=None
        As in `sklearn.pipeline.make_pipeline`.
    transform_input : list of str, default=None
        As in `sklearn.pipeline.make_pipeline`.
    verbose : bool, default=False
        As in `sklearn.pipeline.make_pipeline`.

    Returns
    -------
    ForecastPipeline
        The pipeline, not fitted.

    Examples
    --------
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline
    >>> model = make_forecast_pipeline(StandardScaler(), WindowTransformer(), LSTMForecaster())
    >>> [name for name, _ in model.steps]
    ['standardscaler', 'windowtransformer', 'lstmforecaster']
    """
    return ForecastPipeline(
        _name_estimators(steps), memory=memory, transform_input=transform_input, verbose=verbose
    )
