"""A pipeline whose forecasts are in the units of the series it was given."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.pipeline import Pipeline, _name_estimators
from sklearn.utils.validation import check_is_fitted, validate_data

from skwave._checks import check_finite, check_n_steps
from skwave._index import describe, next_index, with_form
from skwave._inverse import (
    check_inverse,
    check_invertible,
    check_round_trip,
    invert,
    inverts_rows,
    transform,
)
from skwave._series import as_columns
from skwave._state import seal, unchanged_on_failure, unseal
from skwave._steps import active
from skwave._window import DOC_LINK, WindowTransformer


class ForecastPipeline(Pipeline):
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

    Attributes
    ----------
    transformed_ : ndarray of shape (n_values, n_channels)
        The training series as the windows are cut from it; shorter where a step drops rows.

    See Also
    --------
    make_forecast_pipeline : Names the steps by itself.

    Notes
    -----
    The transformers before the windows are inverted on the whole series, forecasts appended, so
    that those which look back (differences) or at the position (a season) go on from its end. It
    takes ``inverse_transform(transform(series))`` to be the series, which `fit` makes sure of: a
    step may lose some values, as one that clips does, but not most.

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

    _doc_link_module = "skwave"
    _doc_link_template = DOC_LINK

    def fit(self, X: ArrayLike, y: Any = None, **params: Any) -> Self:
        """Fit all steps on a series.

        Parameters
        ----------
        X : array-like or pandas object of shape (n_values,) or (n_values, n_channels)
            The series. A pandas index whose frequency has a name is continued by the forecasts.
        y : None
            Ignored: the targets are the values that follow the windows.
        **params : dict
            Parameters for the steps, as in `sklearn.pipeline.Pipeline`.

        Returns
        -------
        self : object
            The pipeline.

        Raises
        ------
        ValueError
            If a step but the last two cannot be inverted, or does not give most of the series
            back, a step refuses the series, or its dates do not increase.
        """
        self._check_steps()
        # Pipeline fits the steps themselves, not copies of them, and so do pipelines within it.
        parts = [
            part for part in self.get_params().values()
            if hasattr(part, "get_params") and not isinstance(part, type)
        ]  # fmt: skip
        columns = as_columns(X)
        with unchanged_on_failure(self, *parts):
            super().fit(columns, None, **params)
            self._form = describe(X)
            self.transformed_ = self._transform(columns)
            check_inverse(self._transformers(), columns, self.transformed_)
            self._known = np.array(columns, dtype=float)
        return self

    def forecast(self, n_steps: int, *, context: ArrayLike | None = None) -> Any:
        """Forecast the values after the end of the series.

        Parameters
        ----------
        n_steps : int
            Values to forecast.
        context : array-like or pandas object of shape (n_values[, n_channels]), default=None
            Another series to continue, of at least a window. None continues that of `fit`.

        Returns
        -------
        ndarray, Series or DataFrame of shape (n_steps,) or (n_steps, n_channels)
            Forecasts, of the kind of the series, whose index continues. An array where the
            series is one, or where its index has no regular step.

        Raises
        ------
        ValueError
            If `n_steps` is below 1, `context` is shorter than a window, has other channels, its
            dates do not increase, or a step that looks back cannot be inverted on it.
        TypeError
            If `n_steps` is not an integer.

        Warns
        -----
        ForecastWarning
            If the forecast is flat or explodes, or a step seems to count positions and `context`
            does not begin with the values of the training series.
        """
        check_is_fitted(self)
        n_steps = check_n_steps(n_steps)
        if context is None:
            transformed, form = self.transformed_, self._form
        else:
            columns, form = as_columns(context), describe(context, self._form)
            transformed = self._transform(columns)
            self._check_round_trip(columns, transformed, name="context")
        window = self._windows(transformed)[-1]
        steps = self[-1].forecast(n_steps, window=window).reshape(n_steps, -1)
        values = self._invert(np.concatenate([transformed, steps]))[-n_steps:]
        check_finite(values, "The forecast")
        index = None if form is None else next_index(form, n_steps)
        return _like_input(values, form, index)

    def predict(self, X: ArrayLike, **params: Any) -> Any:
        """Predict the value after every window of a series, one step ahead.

        Parameters
        ----------
        X : array-like or pandas object of shape (n_values,) or (n_values, n_channels)
            The series, in its units.
        **params : dict
            Not used.

        Returns
        -------
        ndarray, Series or DataFrame of shape (n_windows,) or (n_windows, n_channels)
            Predictions; the last one is that of the value after the end of the series.

        Raises
        ------
        ValueError
            If the series is shorter than a window, has other channels, a step refuses it, its
            dates do not increase, or one that looks back cannot be inverted on it.
        """
        check_is_fitted(self)
        columns = as_columns(X)
        transformed = self._transform(columns)
        windows = self._windows(transformed)
        # Of a block, the first value.
        steps = self[-1].predict(windows).reshape(len(windows), -1, transformed.shape[1])[:, 0]
        values = check_finite(self._invert_each(columns, transformed, steps), "The prediction")
        form = describe(X, self._form)
        index = None if form is None else next_index(form, 1)
        if index is not None:
            index = X.index[len(X) - len(values) + 1 :].append(index)
        return _like_input(values, form, index)

    def score(
        self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None, **params: Any
    ) -> float:
        """Return R² of the one-step predictions in the units of the series.

        Parameters
        ----------
        X : array-like or pandas object of shape (n_values,) or (n_values, n_channels)
            The series.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_predicted,), default=None
            Weights of the values after the first window.
        **params : dict
            Not used.

        Returns
        -------
        float
            At most 1.

        Raises
        ------
        ValueError
            As in `predict`, or if the series has no value after its first window.
        """
        # Here, as sklearn.metrics takes longer to import than a forecast.
        from sklearn.metrics import r2_score

        predictions = np.asarray(self.predict(X))[:-1]
        if len(predictions) == 0:
            raise ValueError(
                f"X has {len(X)} values, but window_length={self[-2].window_length} and the value "
                "to predict need one more. Give a longer series or a smaller window_length."
            )
        truth = np.asarray(as_columns(X))[-len(predictions) :]
        return r2_score(truth, predictions.reshape(truth.shape), sample_weight=sample_weight)

    def __getstate__(self):
        return seal(super().__getstate__())

    def __setstate__(self, state):
        vars(self).update(unseal(state, type(self).__name__))
        if hasattr(self, "transformed_") and not hasattr(self, "_known"):
            # In the first files the series is what comes back.
            self._known = self._invert(self.transformed_)

    def _check_steps(self):
        """Raise an error that names the step which is in the way."""
        if len(self.steps) < 2 or not isinstance(self.steps[-2][1], WindowTransformer):
            raise ValueError(
                "steps must end with a WindowTransformer and an LSTMForecaster, but are "
                f"{[name for name, _ in self.steps]}."
            )
        if not hasattr(self.steps[-1][1], "forecast"):
            raise ValueError(f"the last step, {self.steps[-1][0]!r}, has no method forecast.")
        check_invertible(self._transformers())

    def _transformers(self):
        return active(self.steps[:-2])

    def _transform(self, columns):
        """Return a series as the windows are cut from it."""
        transformers = self._transformers()
        if not transformers and np.shape(columns)[1] > 1:
            # The first step of a pipeline sees to it that the channels are the same.
            validate_data(self[-2], columns, reset=False, skip_check_array=True)
        values = transform(transformers, columns)
        return values.reshape(len(values), -1)

    def _windows(self, transformed):
        # A transformer of its own: that of the pipeline would miss the names of the channels.
        return WindowTransformer(self[-2].window_length).fit_transform(transformed)

    def _invert(self, values):
        return invert(self._transformers(), values)

    def _ends_with(self, series):
        """Tell whether the training series ends with these values."""
        columns = np.asarray(as_columns(series), dtype=float)
        return len(columns) <= len(self._known) and _same(self._known[-len(columns) :], columns)

    def _begins_like(self, columns):
        """Tell whether a series, as columns, begins where the training series began."""
        columns = np.asarray(columns, dtype=float)
        n = min(len(columns), len(self._known))
        return _same(self._known[:n], columns[:n])

    def _check_round_trip(self, columns, transformed, *, name):
        check_round_trip(
            self._transformers(), columns, transformed,
            name=name, at_beginning=self._begins_like(columns),
        )  # fmt: skip

    def _invert_each(self, columns, transformed, steps):
        """Invert predictions, each as the value after the ones that were known to it.

        Where rows are inverted one by one, as most transformers do, this is a single call; where
        they depend on those before (differences), it is one call for each prediction.
        """
        transformers = self._transformers()
        if inverts_rows(transformers, transformed):
            return self._invert(steps)
        self._check_round_trip(columns, transformed, name="X")
        first = len(transformed) - len(steps) + 1
        ends = [
            self._invert(np.concatenate([transformed[: first + k], steps[k : k + 1]]))[-1:]
            for k in range(len(steps))
        ]
        return np.concatenate(ends)


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


def _same(values, others):
    """Tell whether two series are the same but for rounding, whatever their unit and level."""
    if values.shape != others.shape:
        return False
    # A measure of spread that is none of outliers'.
    spread = np.median(np.abs(values - np.median(values, axis=0)), axis=0)
    allowed = 1e-6 * spread + 64 * np.finfo(float).eps * np.abs(values)
    return bool((np.abs(values - others) <= allowed).all())


def _like_input(values, form, index):
    """Return forecasts as pandas if the index goes on, else as an array without needless axes."""
    if index is not None:
        return with_form(values, form, index)
    return values[:, 0] if values.shape[1] == 1 else values
