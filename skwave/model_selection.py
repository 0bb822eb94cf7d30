"""Honest answers to how good a forecast is: splits, scorers and backtests."""

from skwave._backtest import backtest
from skwave._backtest_display import BacktestDisplay
from skwave._backtest_result import Backtest
from skwave._scorer import forecast_scorer
from skwave._split import ForecastSplit

__all__ = ["Backtest", "BacktestDisplay", "ForecastSplit", "backtest", "forecast_scorer"]
