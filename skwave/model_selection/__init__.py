"""Evaluation of forecasts: splits, scorers and backtests."""

from skwave.model_selection._backtest import backtest
from skwave.model_selection._display import BacktestDisplay
from skwave.model_selection._results import Backtest, SeriesBacktest
from skwave.model_selection._scorer import forecast_scorer
from skwave.model_selection._split import ForecastSplit

__all__ = [
    "Backtest",
    "BacktestDisplay",
    "ForecastSplit",
    "SeriesBacktest",
    "backtest",
    "forecast_scorer",
]
