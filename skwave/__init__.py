"""Forecasts of time series with a Keras LSTM behind the scikit-learn interface."""

from skwave._display import ForecastDisplay, HistoryDisplay
from skwave._forecaster import LSTMForecaster
from skwave._persistence import TRUSTED_TYPES as TRUSTED_TYPES  # names for skops, not an API page
from skwave._pipeline import ForecastPipeline, make_forecast_pipeline
from skwave._window import WindowTransformer

__version__ = "0.1.0"

__all__ = [
    "ForecastDisplay",
    "ForecastPipeline",
    "HistoryDisplay",
    "LSTMForecaster",
    "WindowTransformer",
    "make_forecast_pipeline",
]
