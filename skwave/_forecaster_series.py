"""The fit of one LSTM to several series, and the forecasters of each."""

from dataclasses import replace

import numpy as np

from skwave._dataset import check_newest_known, make_dataset
from skwave._fitted import newest_values
from skwave._known import check_roles, known_of, with_known
from skwave._series_readouts import (
    NAIVE_IS_BETTER,
    fit_series_readouts,
    rescaled,
    scale_series,
    weight_of,
)
from skwave._sliding import series_of_view, sliding_windows, split_windows
from skwave._validation import check_windows_of_several
from skwave.exceptions import warn

# Of a series with fewer residual paths than these, those of all series are used.
ENOUGH_PATHS = 39


class ForecasterSeriesMixin:
    """The fit of an `LSTMForecaster` to several series."""

    def _fit_several(self, X, y, sample_weight, config):
        """Fit the LSTM to several series, and a readout to each."""
        for name, value in (("y", y), ("sample_weight", sample_weight)):
            if value is not None:
                raise ValueError(
                    f"{name} is given with a list of the windows of {len(X)} series. Give one "
                    f"array of windows, or leave {name} out: the targets of a list are the values "
                    "that follow, and series are weighted by how well they can be predicted."
                )
        known, calendar = known_of(X)
        for windows in X:
            check_roles(windows, known, self.output_length)
        series = check_windows_of_several(self, X)
        for number, part in enumerate(X):
            try:
                self._check_trainable(part)
            except ValueError as error:
                raise ValueError(f"Series {number} of X (the first is 0): {error}") from error
        scalers = [scale_series(values, len(known), self.normalization) for values in series]
        scaled = [(values - c) / s for values, (c, s, _) in zip(series, scalers, strict=True)]
        n_predicted = series[0].shape[1] - len(known)
        weights = [weight_of(values[:, :n_predicted]) for values in scaled]
        weights = np.array(weights) / np.mean(weights)
        length = np.shape(X[0])[1]
        windows = [
            with_known(sliding_windows(values, length), known, calendar) for values in scaled
        ]
        of_windows = np.repeat(weights, [len(part) for part in windows])
        result = self._fit(windows, None, of_windows, config)
        self.context_ = self._recent_values = None
        self.network_, fitted = fit_series_readouts(
            result, series, scalers, weights, self.validation_split
        )
        for attributes in fitted:
            if len(attributes["residual_paths_"]) < min(ENOUGH_PATHS, len(self.residual_paths_)):
                # Those of all series together, which have no unit.
                attributes["residual_paths_"] = self.residual_paths_
                attributes["_widths"] = self._widths
        self.forecasters_ = [self._forecaster_of(attributes) for attributes in fitted]
        self._print_and_warn_of_several()
        return self

    def _check_trainable(self, windows):
        """Raise an error if none of the windows of a series can be trained on."""
        known, _ = known_of(windows)
        series = split_windows(np.asarray(windows))
        data = make_dataset(series, windows.shape[1], self.output_length, n_known=len(known))
        check_newest_known(series, data)

    def _forecaster_of(self, attributes):
        """Return a forecaster that differs from this one by some of the fitted attributes."""
        forecaster = type(self)()
        vars(forecaster).update(vars(self) | {"callbacks": None, "forecasters_": []} | attributes)
        return forecaster

    def _forecaster_for(self, windows):
        """Return the forecaster of a series that was not in the fit of several."""
        series = np.asarray(series_of_view(windows), float)
        scaler = scale_series(series, len(self.known_), self.normalization)
        network = replace(self.network_, scaling=rescaled(self.network_.scaling, *scaler))
        attributes = newest_values(network, series)
        return self._forecaster_of(attributes | {"network_": network, "_model": None})

    def _print_and_warn_of_several(self):
        """Print a line of the summary, and count the series with a better naive forecast."""
        if self.verbose:
            print(self.summary().line)
        reports = [forecaster._report for forecaster in self.forecasters_]
        n_better = sum(report["seasonal_naive_is_better"] for report in reports)
        n_own = sum(report["reason"] == NAIVE_IS_BETTER for report in reports)
        messages = []
        if n_own:
            messages.append(f"{n_own} have a readout of their own, since {NAIVE_IS_BETTER}")
        if n_better:
            messages.append(
                f"for {n_better} the seasonal naive forecast is better than the forecast that is "
                "kept. Give a window_length of at least a season, or use the seasonal naive "
                "forecast for these: summary() of each of forecasters_, or of pipelines_ of a "
                "pipeline, shows them"
            )
        if messages:
            warn(f"Of {len(reports)} series, {', and '.join(messages)}.")
