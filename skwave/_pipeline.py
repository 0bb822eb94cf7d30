"""`ForecastPipeline`: forecasts in the units, and with the index, of the series it was given."""

import contextlib
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline, _name_estimators
from sklearn.utils.validation import check_is_fitted, validate_data

from skwave._gaps import with_missing_rows
from skwave._inverse import (
    check_inverse,
    check_invertible,
    inverts_rows,
    transform,
)
from skwave._pandas_index import index_spec, to_pandas
from skwave._persistence import add_checksum, unchanged_on_failure, verify_checksum
from skwave._pipeline_forecasts import PipelineForecastMixin
from skwave._pipeline_series import SeriesMixin
from skwave._several import form_of, split_series
from skwave._sliding import sliding_windows
from skwave._validation import (
    as_2d,
    check_columns,
    check_finite,
)
from skwave._window import WindowTransformer


class ForecastPipeline(PipelineForecastMixin, SeriesMixin, Pipeline):
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
    the whole series with the forecasts appended, so that they go on from its end. `fit` makes sure
    that ``inverse_transform(transform(series))`` is the series: a transformer may lose some
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
            series and time. They train one LSTM; each has transformers, a scale and a readout of
            its own.
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
            series back, or makes a number that is not finite; if a transformer refuses the series;
            or if the dates of the series do not increase or are not unique.
        TypeError
            If `y` is given.
        """
        _refuse_y(y)
        check_steps(self.steps)
        check_invertible(self._transformers)
        # Pipeline fits the steps themselves, not copies of them, and so do pipelines within it.
        parts = [
            part for part in self.get_params().values()
            if hasattr(part, "get_params") and not isinstance(part, type)
        ]  # fmt: skip
        several = split_series(X)
        with unchanged_on_failure(self, *parts):
            self.pipelines_ = {}
            if several is None:
                X = with_missing_rows(X)
                columns = as_2d(X)
                with self._naming_the_transformer(columns):
                    super().fit(columns, None, **params)
                self._remember(X, columns)
            else:
                _refuse_params(params)
                self.pipelines_, self._form = self._fit_several(several), form_of(X)
        return self

    def _fit_windows(self, series):
        """Fit all steps but the forecaster on one series, and return its windows."""
        self.pipelines_ = {}
        series = with_missing_rows(series)
        columns = as_2d(series)
        with self._naming_the_transformer(columns):
            windows = Pipeline(self.steps[:-1]).fit_transform(columns)
        self._remember(series, columns)
        return windows

    @contextlib.contextmanager
    def _naming_the_transformer(self, columns):
        """Name the transformer that made a number which is not finite, in the error."""
        try:
            with np.errstate(divide="ignore", invalid="ignore"):
                yield
        except ValueError:
            # The error says that a number is not finite; this one names the transformer.
            transform([step for step in self._transformers if _is_fitted(step[1])], columns)
            raise

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
            Predictions; the last one is that of the value after the end of the series. NaN after a
            window that holds NaN.

        Raises
        ------
        ValueError
            If the series is shorter than a window, has other channels, or dates that do not
            increase; if a transformer refuses it; or if it neither begins nor ends with the
            training series, and an inverse depends on earlier values.
        """
        check_is_fitted(self)
        if self.pipelines_:
            return self._predict_each(X)
        X = with_missing_rows(X)
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
            index = X.index[len(X) - n_windows + 1 :].append(index)
        return to_pandas(values, spec, index)

    def score(
        self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None, **params: Any
    ) -> float:
        """Return R² of the one-step predictions in the units of the series.

        Parameters
        ----------
        X : array-like or pandas object of shape (n_values,) or (n_values, n_channels)
            The series.
        y : None
            Not used: the true values are those of the series.
        sample_weight : array-like of shape (n_predicted,), default=None
            Weights of the values after the first window.
        **params : dict
            Not used.

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
            return self._score_each(X)
        X = with_missing_rows(X)
        predictions = np.asarray(self.predict(X))[:-1]
        if len(predictions) == 0:
            raise ValueError(
                f"X has {len(X)} values, but window_length={self._window_length} and the value "
                "to predict need one more. Give a longer series or a smaller window_length."
            )
        y_true = np.asarray(as_2d(X), dtype=float)[-len(predictions) :, self._predicted_positions]
        predictions = predictions.reshape(y_true.shape)
        is_known = ~np.isnan(y_true + predictions).any(axis=1)
        if sample_weight is not None:
            sample_weight = np.asarray(sample_weight)[is_known]
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

    def __getstate__(self):
        state = super().__getstate__().copy()
        if state.get("pipelines_"):
            # The forecasters of the series are stored by the one of all.
            state["pipelines_"] = {
                name: one._with_forecaster(None) for name, one in self.pipelines_.items()
            }
        return add_checksum(state)

    def __setstate__(self, state):
        vars(self).update(verify_checksum(state, type(self).__name__))
        if vars(self).get("pipelines_"):
            forecasters = self[-1].forecasters_
            for one, forecaster in zip(self.pipelines_.values(), forecasters, strict=True):
                one.steps[-1] = (one.steps[-1][0], forecaster)

    @property
    def _transformers(self):
        return [(name, step) for name, step in self.steps[:-2] if step not in (None, "passthrough")]

    @property
    def _window_length(self):
        return self[-1].window_shape_[0]

    @property
    def _predicted_positions(self):
        """The columns of the series that are forecast."""
        known = self[-2]._known_positions
        return [k for k in range(self[-2].n_features_in_) if k not in known]

    def _remember(self, series, columns):
        """Find out whether rows invert alone, and keep the training series where they do not."""
        self._index_spec = index_spec(series)
        transformed = self._transform(columns)
        check_inverse(self._transformers, columns, transformed)
        self._is_inverse_checked = True
        self._inverts_rows = inverts_rows(self._transformers, transformed)
        self._training_series = self._training_transformed = None
        if not self._inverts_rows:
            if np.isnan(transformed).any():
                raise ValueError(
                    "X holds missing values, but the inverse of the transformers before the "
                    f"windows ({[name for name, _ in self._transformers]}) depends on earlier "
                    "values, which are missing in a gap. Fill the gaps, or leave these "
                    "transformers out."
                )
            self._training_series = np.array(columns, dtype=float)
            self._training_transformed = transformed

    def _transform(self, columns):
        """Return a series as the windows are cut from it."""
        if not self._transformers and (self[-2].n_features_in_, np.shape(columns)[1]) != (1, 1):
            # The first transformer of a pipeline checks that the channels are the same.
            validate_data(self[-2], columns, reset=False, skip_check_array=True)
        return transform(self._transformers, columns)

    @property
    def _known_columns(self):
        """The names of the columns that are known in advance, or their positions."""
        positions = self[-2]._known_positions
        if self._index_spec is None:
            return positions
        return [self._index_spec["columns"][k] for k in positions]

    def _take_predicted(self, X):
        """Return the columns of a series that are forecast, of as many dimensions as it has."""
        if not self[-2]._known_positions:
            return X
        take = X.iloc if hasattr(X, "iloc") else np.asarray(X)
        return take[:, self._predicted_positions]

    def _take_known(self, X):
        """Return the columns of a series that are known in advance, or None."""
        positions = self[-2]._known_positions
        if not positions:
            return None
        if self._index_spec is None:
            # Fitted on an array, or by a plain Pipeline, which does not keep the names.
            return np.asarray(X)[:, positions]
        return X.iloc[:, positions]

    def _transform_rows(self, rows, before):
        """Return rows after a series as the windows are cut from them.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_columns)
            NaN in the columns that are forecast.
        before : None or array-like
            The series, on which a transform may depend where its inverse does.
        """
        n_rows = len(rows)
        if not self._inverts_rows:
            rows = np.concatenate([np.asarray(as_2d(before), dtype=float), rows])
        if self._index_spec is not None:
            import pandas as pd

            rows = pd.DataFrame(rows, columns=self._index_spec["columns"])
        return transform(self._transformers, rows)[-n_rows:]

    def _transform_context(self, context, name):
        """Return a series to continue as the windows are cut from it.

        Where an inverse depends on earlier values, that is the training series, if the context is
        its end.
        """
        columns = as_2d(context, name)
        if self._index_spec is not None and self._index_spec["ndim"] == 2:
            check_columns(columns, self._index_spec["columns"], name)
        transformed = self._transform(columns)
        if len(transformed) < self._window_length:
            raise ValueError(
                f"{name} has {len(transformed)} values, but window_length={self._window_length} "
                "needs at least as many. Give a longer series, or a smaller window_length."
            )
        if not self._is_inverse_checked:
            check_inverse(self._transformers, columns, transformed)
            self._is_inverse_checked = True
        if self._inverts_rows:
            return transformed
        columns, training = np.asarray(columns, dtype=float), self._training_series
        if _is_same(training[-len(columns) :], columns) and name == "context":
            return self._training_transformed
        n = min(len(columns), len(training))
        if not _is_same(training[:n], columns[:n]):
            which = "neither begins nor ends" if name == "context" else "does not begin"
            raise ValueError(
                f"{name} {which} with the training series, but the inverse of the "
                f"transformers before the windows ({[name for name, _ in self._transformers]}) "
                "depends on earlier values. Give the whole series from its beginning on."
            )
        return transformed


def _refuse_params(params):
    """Raise an error where parameters for the steps are given with several series."""
    if params:
        raise TypeError(
            f"fit got {sorted(params)}, but with several series the steps take no parameters. "
            "Leave them out."
        )


def _refuse_y(y):
    """Raise an error that explains X and y, if y is given."""
    if y is not None:
        raise TypeError(
            "y is given, but the targets of a ForecastPipeline are the values of X that follow. X "
            "is the series to forecast; other series that help to forecast it are further columns "
            "of X. They are forecast along with it, except for those that "
            "WindowTransformer(known=...) names."
        )


def _is_fitted(step):
    """Return whether a transformer has been fitted, as far as scikit-learn can say."""
    try:
        check_is_fitted(step)
    except NotFittedError:
        return False
    return True


def is_forecaster(estimator):
    """Return whether an estimator forecasts from windows, like `LSTMForecaster`."""
    return hasattr(estimator, "forecast") and not hasattr(estimator, "steps")


def check_steps(steps, name="ForecastPipeline"):
    """Raise an error unless steps end with a window transformer and a forecaster."""
    good = (
        len(steps) >= 2
        and isinstance(steps[-2][1], WindowTransformer)
        and is_forecaster(steps[-1][1])
    )
    if not good:
        got = [name for name, _ in steps] or name
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


def _is_same(values, others):
    """Return whether two series are the same but for rounding, whatever their unit and level."""
    if values.shape != others.shape:
        return False
    # A measure of spread that outliers do not change.
    spread = np.median(np.abs(values - np.median(values, axis=0)), axis=0)
    allowed = 1e-6 * spread + 64 * np.finfo(float).eps * np.abs(values)
    return bool((np.abs(values - others) <= allowed).all())
