"""What a `ForecastPipeline` gives its forecaster: transformed series, contexts and known inputs."""

import warnings

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from skwave._calendar import calendar_features
from skwave._index_spec import index_spec, next_index, timestamp
from skwave._inverse import check_inverse, naming_the_transformer, transform
from skwave._known import check_future
from skwave._missing_rows import with_missing_rows
from skwave._pandas_index import as_times, is_pandas_installed
from skwave._training_times import check_labels, expected_index
from skwave._validation import as_2d, check_columns, check_context


class PipelineTransformMixin:
    """The transformers before the windows, and which columns are known in advance."""

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

    def _remember(self, series, columns, training_spec=None):
        """Store what forecasts need of the training series.

        That is its index, its newest values, whether rows can be inverted alone, and the series
        where they cannot. The frequency of `training_spec` is that of a part of the series, too.
        """
        self._index_spec = index_spec(series, training_spec)
        transformed = self._transform(columns)
        self._newest_values = np.array(transformed[-1, self._predicted_positions], dtype=float)
        self._inverts_rows = check_inverse(self._transformers, columns, transformed)
        self._training_series = self._training_transformed = None
        if not self._inverts_rows:
            self._training_series = np.array(columns, dtype=float)
            self._training_transformed = transformed

    def _check_transformers(self, columns):
        """Raise an error if the transformers cannot be inverted: before the forecaster is trained.

        They are fitted on the training series for it, as copies.
        """
        if self._transformers:
            copies = clone(Pipeline(self._transformers))
            # What it warns of, the fit does again.
            with naming_the_transformer(copies.steps, columns), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                copies.fit(columns.copy())
            check_inverse(copies.steps, columns, transform(copies.steps, columns))

    def _with_missing_rows(self, X, name):
        """Return a later series with all rows at the frequency of the training series."""
        return with_missing_rows(X, name, expected_index(X, self._index_spec, name))

    def _transform(self, columns):
        """Return a series as the windows are cut from it."""
        # The labels that the transformers saw in fit; a single channel may have another.
        labels = None
        if self._has_names:
            labels = self._index_spec["columns"] if self._index_spec["ndim"] == 2 else [0]
        elif self._transformers and (self[-2].n_features_in_ == 1 or not hasattr(columns, "iloc")):
            # A plain Pipeline does not keep them, but its first transformer does.
            labels = getattr(self._transformers[0][1], "feature_names_in_", None)
        if labels is not None and is_pandas_installed():
            import pandas as pd

            columns = pd.DataFrame(columns).set_axis(labels, axis=1)
        elif self[-2].n_features_in_ == 1:
            columns = columns.set_axis([0], axis=1) if hasattr(columns, "iloc") else columns
        elif not self._transformers:
            # The first transformer of a pipeline checks that the channels are the same.
            check_columns(columns, self[-2]._columns)
        return transform(self._transformers, columns)

    @property
    def _has_names(self):
        """Whether the training series had names, and there is a package for them."""
        return self._index_spec is not None and is_pandas_installed()

    def _check_columns(self, X, name):
        """Raise an error if a series has other columns than that of fit."""
        if self._index_spec is not None and self._index_spec["ndim"] == 2 and hasattr(X, "iloc"):
            columns = X.to_frame() if X.ndim == 1 else X
            check_columns(columns, self._index_spec["columns"], name)
        n_columns, n_needed = int(np.prod(np.shape(X)[1:])), self[-2].n_features_in_
        if n_columns != n_needed:
            raise ValueError(
                f"{name} has {n_columns} column{'s' * (n_columns != 1)}, but fit saw {n_needed}. "
                "Give the same columns in the same order."
            )

    def _take_predicted(self, X):
        """Return the columns of a series that are forecast, of as many dimensions as it has."""
        if not self[-2]._known_positions:
            return X
        take = X.iloc if hasattr(X, "iloc") else np.asarray(X)
        return take[:, self._predicted_positions]

    def _take_history(self, X):
        """Return the columns of a series that are forecast; it may have these alone."""
        if np.prod(np.shape(X)[1:]) == len(self._predicted_positions):
            return X
        self._check_columns(X, "history")
        return self._take_predicted(X)

    def _take_known(self, X):
        """Return the columns of a series that are known in advance, or None."""
        positions = self[-2]._known_positions
        if not positions:
            return None
        if self._index_spec is None:
            # Fitted on an array, or by a plain Pipeline, which does not keep the names.
            X = np.asarray(X)
        return X.iloc[:, positions] if hasattr(X, "iloc") else np.asarray(X)[:, positions]

    def _starts(self, contexts, futures, n_steps):
        """Return what forecasts start from, as the network sees it.

        Parameters
        ----------
        contexts : None or list of array-like
            As in `_forecast_after`.
        futures : list
            The known inputs after each context, as `forecast` is given them.
        n_steps : int
            Values to forecast.

        Returns
        -------
        known : list of ndarray of shape (n_values, n_columns)
            The transformed values of each context.
        windows : ndarray of shape (n_contexts, window_length, n_channels)
            Their last windows, complete.
        future : None or ndarray of shape (n_contexts, n_steps, n_known)
            The transformed known inputs.
        """
        self[-1]._check_feeds_back()
        if contexts is None:
            known, columns = [self._training_transformed], [self._training_context()]
        else:
            # The longest one, mostly the last, first: the copies that transformers are given then
            # fit into memory that those before them left, in place of as much memory again.
            known = [
                self._transform_context(one, "context", continues=True) for one in contexts[::-1]
            ][::-1]
            # One after the other: all of them would take n_contexts times the memory of the series.
            # Where a context is the end of the training series, `known` is the whole series.
            ends = (one[-len(context) :] for one, context in zip(known, contexts, strict=True))
            columns = map(self[-2]._arrange, ends, contexts)
        future = None
        if self[-1].known_:
            ends = [None] * len(futures) if contexts is None else contexts
            future = np.stack([
                self._transform_future(end, one, n_steps)
                for end, one in zip(ends, futures, strict=True)
            ])  # fmt: skip
        else:
            check_future(futures[0], [], n_steps)
        return known, self[-1]._complete(columns, future), future

    def _training_context(self):
        """Return the last window of the training series, or raise an error if it is another's."""
        context, newest = check_context(self[-1], None), self._newest_values
        if newest is None:
            return context
        distance = np.abs(context[-1, : len(newest)] - newest)
        # The values of fit_transform and of transform may differ by rounding.
        if (distance > 1e-6 * self[-1].network_.scaling.input_scale[: len(newest)]).any():
            raise ValueError(
                "The forecaster was fitted or updated by itself, so that the pipeline does not "
                "know the times of its newest values. Use partial_fit of the pipeline, or give "
                "context=. If another pipeline has the same forecaster, give each a clone of it, "
                "and fit both again."
            )
        return context

    def _count_new(self, X):
        """Return how many values of a series are new, and check that they follow the others."""
        length, labels, expected = self._window_length, None, None
        if hasattr(X, "iloc") and self._index_spec is not None:
            labels = as_times(X.index, "X")
            expected = next_index(self._index_spec, 1)
        if not self._inverts_rows:
            n_new = len(X) - len(self._training_series)
        elif labels is None:
            n_new = len(X) - length
        elif expected is None:
            known = self._index_spec["index"]
            if known is None or not hasattr(labels, "tz"):
                raise ValueError(
                    f"X has an index of {labels.dtype}, by which its new values are not found: "
                    "only dates, and numbers or periods without gaps, are compared with those of "
                    f"fit. Give an array that begins {length} values before the first new one."
                )
            n_new = int((labels > timestamp(known, "last")).sum())
        else:
            descends = self._index_spec["index"].get("step", 1) < 0
            is_new = labels <= expected[0] if descends else labels >= expected[0]
            n_new = int(is_new.sum())
            if n_new and labels[-n_new] != expected[0]:
                raise ValueError(
                    f"X has no value at {expected[0]}, which follows the values seen before; its "
                    f"next one is at {labels[-n_new]}. Give the values between, or NaN for them."
                )
        if n_new < 1:
            raise ValueError(
                f"X has {len(X)} values, but none after those seen before. Give newer values, with "
                f"the {length} values before the first of them."
            )
        output_length = self[-1].network_.output_length
        if n_new < output_length:
            raise ValueError(
                f"X has {n_new} new value{'s' * (n_new > 1)}, but output_length={output_length} "
                "needs as many, which are predicted at once. Call partial_fit when there are more."
            )
        if len(X) - n_new < length:
            raise ValueError(
                f"X begins {len(X) - n_new} values before the first new one, but the window before "
                f"it is needed. Give a series that begins at least {length} values before it."
            )
        return n_new

    def _transform_future(self, context, future, n_steps):
        """Return the known inputs after one context, as the windows hold them.

        Parameters
        ----------
        context : None or array-like
            The series before; None is the training series.
        future : None, array-like or pandas object of shape (n_rows, n_known)
            In the units of the series.
        n_steps : int
            Rows needed.

        Returns
        -------
        ndarray of shape (n_steps, n_known)
            Transformed, and the calendar features of these steps.
        """
        transformer = self[-2]
        positions = transformer._known_positions
        spec = self._index_spec if context is None else index_spec(context, self._index_spec)
        # Without pandas there is no other way than by position.
        has_names = bool(positions) and self._has_names
        if has_names and future is not None and not hasattr(future, "iloc"):
            raise ValueError(
                f"future has the type {type(future).__name__}, but the series was a pandas object. "
                "Give one with the same columns, and the index of the forecast, so that nothing is "
                "taken by its position."
            )
        columns = (self._index_spec or {}).get("columns", range(transformer.n_features_in_))
        values = check_future(future, [columns[k] for k in positions], n_steps)
        parts = []
        if positions:
            if has_names:
                check_labels(future, spec, n_steps)
            rows = np.full((n_steps, transformer.n_features_in_), np.nan)
            rows[:, positions] = values
            parts.append(self._transform_rows(rows, context)[:, positions])
        if transformer._calendar:
            # A plain Pipeline keeps no index, but its windows do.
            following = next_index(spec or transformer._index_spec, n_steps)
            parts.append(calendar_features(following, transformer._calendar))
        return np.hstack(parts)

    def _transform_rows(self, rows, context):
        """Return rows (n_rows, n_columns) after a context as the windows are cut from them.

        A transform may depend on the context where its inverse does. None is the training series,
        which also stands for its end.
        """
        n_rows = len(rows)
        if not self._inverts_rows:
            before = self._training_series
            if context is not None and not self._ends_training(as_2d(context)):
                before = np.asarray(as_2d(context), dtype=float)
            rows = np.concatenate([before, rows])
        return self._transform(rows)[-n_rows:]

    def _ends_training(self, columns):
        """Return whether the columns of a context are the end of the training series."""
        columns = np.asarray(columns, dtype=float)
        return _is_same(self._training_series[-len(columns) :], columns)

    def _transform_context(self, context, name, *, continues=False):
        """Return a series as the windows are cut from it.

        Where an inverse depends on earlier values and forecasts continue it (`continues`), that is
        the training series, if the context is its end.
        """
        columns = as_2d(context, name)
        self._check_columns(columns, name)
        transformed = self._transform(columns)
        self[-2]._check_length(len(transformed), name)
        if self._inverts_rows:
            return transformed
        if continues and self._ends_training(columns):
            return self._training_transformed
        columns, training = np.asarray(columns, dtype=float), self._training_series
        n = min(len(columns), len(training))
        if not _is_same(training[:n], columns[:n]):
            end = ", and is not the end of it" if continues else ""
            raise ValueError(
                f"{name} does not begin with the training series{end}, but the inverse of the "
                f"transformers before the windows ({[name for name, _ in self._transformers]}) "
                "depends on earlier values. Give the whole series from its beginning on."
            )
        return transformed


def _is_same(values, others):
    """Return whether two series are the same but for rounding, whatever their unit and level."""
    if values.shape != others.shape:
        return False
    # A measure of spread that outliers do not change.
    spread = np.median(np.abs(values - np.median(values, axis=0)), axis=0)
    allowed = 1e-6 * spread + 64 * np.finfo(float).eps * np.abs(values)
    return bool((np.abs(values - others) <= allowed).all())
