"""Errors of forecasts and scores of intervals, with the signatures of `sklearn.metrics`."""

from skwave.metrics._interval import (
    continuous_ranked_probability_score,
    coverage_score,
    interval_score,
    mean_quantile_loss,
    mean_scaled_interval_score,
)
from skwave.metrics._point import (
    mean_absolute_scaled_error,
    normalized_root_mean_squared_error,
    root_mean_squared_scaled_error,
    symmetric_mean_absolute_percentage_error,
)

__all__ = [
    "continuous_ranked_probability_score",
    "coverage_score",
    "interval_score",
    "mean_absolute_scaled_error",
    "mean_quantile_loss",
    "mean_scaled_interval_score",
    "normalized_root_mean_squared_error",
    "root_mean_squared_scaled_error",
    "symmetric_mean_absolute_percentage_error",
]
