"""The pipelines of several series, and what each of them forecasts."""

from collections.abc import Iterable

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from skwave._index_spec import next_index
from skwave._missing_rows import with_missing_rows
from skwave._several import form_of, join_results, naming_the_series, split_series
from skwave._validation import check_columns, columns_of
from skwave.exceptions import warn


class PipelineSeriesMixin:
    """Forecasts of a `ForecastPipeline` that was fitted on several series."""

    def _fit_several(self, several):
        """Fit the forecaster to several series; return a pipeline for each, by name.

        Each has transformers of its own.
        """
        pipelines, complete = {name: self._copy_for_series() for name in several}, {}
        # Here, so that missing rows are warned of once.
        for name, series in several.items():
            with naming_the_series(name):
                complete[name] = with_missing_rows(series, f"X[{name!r}]")
        parts = _fit_windows_of(pipelines, complete)
        lengths = [part.shape[1] for part in parts]
        if len(set(lengths)) > 1:
            # window_length="auto" found another one in some of the series.
            for one in pipelines.values():
                one[-2].set_params(window_length=int(np.median(lengths)))
            parts = _fit_windows_of(pipelines, complete)
        _warn_of_irregular(pipelines)
        self[-1].fit(parts)
        for one, forecaster in zip(pipelines.values(), self[-1].forecasters_, strict=True):
            one.steps[-1] = (one.steps[-1][0], forecaster)
        return pipelines

    def _copy_for_series(self):
        """Return a pipeline whose transformers are copies, not fitted."""
        steps = [*clone(Pipeline(self.steps[:-1])).steps, self.steps[-1]]
        return type(self)(
            steps, transform_input=self.transform_input, memory=self.memory, verbose=self.verbose
        )

    def _pairs(self, X, parameter="X"):
        """Return the name, the pipeline and the values of each of several series."""
        parts = _split(X, parameter)
        if not self.pipelines_:
            raise ValueError(
                f"{parameter} has the series {list(parts)[:5]}, but the fit was of one series. "
                "Give one series, or fit again with several."
            )
        unknown = [name for name in parts if name not in self.pipelines_]
        if unknown:
            raise ValueError(
                f"{parameter} has the series {unknown[0]!r}, which was not in fit, but "
                f"{list(self.pipelines_)[:5]} were. Leave it out, or fit again."
            )
        return [(name, self.pipelines_[name], part) for name, part in parts.items()]

    def _call_each(self, X, verb, *arguments):
        """Call a verb of the pipeline of each of several series with it; return results by name."""
        results = {}
        for name, one, part in self._pairs(X):
            with naming_the_series(name):
                results[name] = getattr(one, verb)(part, *arguments)
        return results

    def _of_each(self, verb, *arguments, series, context, future, **further):
        """Call a verb of the pipeline of each series.

        The results are in the form of the series. `series` is the name of one, or a list of names;
        None takes all, or those of `context`. `context` and `future` are several series as `fit`
        takes them, and a single `future` is that of all.
        """
        contexts = {} if context is None else _split(context, "context")
        if context is not None:
            self._check_levels(context)
        futures = None if future is None else split_series(future, "future")
        results = {}
        for name in self._names(series, contexts):
            if futures is not None and name not in futures:
                raise ValueError(
                    f"future has no values for the series {name!r}, but for {list(futures)}. "
                    "Give those of each series, or one future for all."
                )
            given = {"future": future if futures is None else futures[name]}
            with naming_the_series(name):
                one = self.pipelines_.get(name)
                if one is None:
                    one = self._pipeline_for(contexts[name])
                else:
                    given["context"] = contexts.get(name)
                results[name] = getattr(one, verb)(*arguments, **given, **further)
        return join_results(results, self._form)

    def _check_levels(self, context):
        """Raise an error if the index of several series has other levels than that in fit."""
        levels = self._form.get("levels")
        found = form_of(context).get("levels", levels)
        if levels is None:
            return
        # Levels without names are taken by their order.
        pairs = zip(found, levels, strict=False)
        is_other = any(one != other for one, other in pairs if None not in (one, other))
        if is_other or len(found) != len(levels):
            raise ValueError(
                f"context has an index whose levels before the time are {found}, but in fit they "
                f"were {levels}. Give the same levels in the same order."
            )

    def _names(self, series, contexts):
        """Return the names of the series to forecast."""
        if series is None:
            return list(contexts or self.pipelines_)
        # A tuple is one name, of two levels.
        is_one = isinstance(series, str | tuple) or not isinstance(series, Iterable)
        names = [series] if is_one else list(series)
        if not names:
            raise ValueError(f"series={series!r} names no series. Name one, or leave series out.")
        surplus = [name for name in contexts if name not in names]
        if surplus:
            raise ValueError(
                f"context has the series {surplus[0]!r}, which is not in series={series!r}. Name "
                "it there, or leave it out of context."
            )
        known = [*self.pipelines_, *contexts]
        unknown = [name for name in names if name not in known]
        if unknown:
            raise ValueError(
                f"series={series!r} holds {unknown[0]!r}, which is not one of the names in fit, "
                f"such as {next(iter(self.pipelines_))!r}. Give context= its last values to "
                "forecast a series that was not in the fit."
            )
        return names

    def _pipeline_for(self, context):
        """Return the pipeline of a series that was not in the fit, by the readout of all."""
        one = self._copy_for_series()
        one[-2].set_params(window_length=self._window_length)
        windows = one._fit_windows(context, "context", self._common_spec())
        one.steps[-1] = (one.steps[-1][0], self[-1]._forecaster_for(windows))
        return one

    def _common_spec(self):
        """Return the description of an index of fit, if those of all series go on alike."""
        specs = [one._index_spec for one in self.pipelines_.values()]
        if any(spec is None or spec["index"] is None for spec in specs):
            return None
        rule = "type", "freq", "zone", "step"
        rules = {tuple(spec["index"].get(key) for key in rule) for spec in specs}
        return specs[0] if len(rules) == 1 else None


def _split(X, name):
    """Return several series by name, or raise an error if they are one."""
    series = split_series(X, name)
    if series is None:
        raise ValueError(
            f"{name} has the type {type(X).__name__} and is one series, but fit saw several. "
            "Give a list or dict of series or a pandas object with the levels series and time, or "
            "use the pipeline of one of them, pipelines_[name]."
        )
    return series


def _fit_windows_of(pipelines, several):
    """Fit the transformers of several series, each by its pipeline, and return their windows."""
    parts, columns = [], None
    for name, pipeline in pipelines.items():
        with naming_the_series(name):
            check_columns(several[name], columns, f"X[{name!r}]")
            columns = columns or columns_of(several[name])
            parts.append(pipeline._fit_windows(several[name], f"X[{name!r}]"))
            # The forecaster, which checks them as well, does not know the names.
            pipeline[-1]._check_trainable(parts[-1])
    return parts


def _warn_of_irregular(pipelines):
    """Warn of series with dates that cannot be continued, where those of others can."""
    is_regular = {
        name: next_index(one._index_spec, 1) is not None
        for name, one in pipelines.items()
        if one._index_spec is not None
    }
    irregular = [name for name, is_one in is_regular.items() if not is_one]
    if irregular and any(is_regular.values()):
        warn(
            f"{len(irregular)} of {len(pipelines)} series, such as {irregular[0]!r}, have dates at "
            "no regular distances, unlike the others: their values are taken as equally spaced, "
            "and their forecasts are arrays. If there are rows only for days with sales, insert "
            "the other days, as by asfreq('D', fill_value=0)."
        )
