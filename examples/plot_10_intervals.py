"""
Prediction intervals
====================

A prediction interval has a lower and an upper bound for each step. The bounds are computed from the
errors of forecasts of values that the output layer was not fitted on.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.preprocessing import FunctionTransformer

from skwave import ForecastDisplay, LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave.datasets import load_sunspots
from skwave.model_selection import BacktestDisplay, backtest

EPOCHS = "auto"
N_STEPS = 22

# %%
# The square root makes the fluctuations of sunspots more even. Its inverse is also applied to the
# bounds, so that no bound is below zero.


def square(values):
    """Return the squares; negative values, which no square root has, become zero."""
    return np.square(np.maximum(values, 0))


series = load_sunspots(as_frame=True)
train, test = series[:-N_STEPS], series[-N_STEPS:]
model = make_forecast_pipeline(
    FunctionTransformer(np.sqrt, inverse_func=square),
    WindowTransformer(22),
    LSTMForecaster(units=16, epochs=EPOCHS, random_state=0),
)
model.fit(train)
interval = model.forecast_interval(N_STEPS, coverage=0.9)
print(interval.head(3).round(1))

# %%
# About half of the values should lie in the dark area, and nine out of ten in the light one. The
# intervals are narrower at low levels.

display = ForecastDisplay.from_estimator(model, test, history=train, coverage=[0.5, 0.9])
display.ax_.set(title=f"{N_STEPS} years of sunspots with intervals", ylim=(0, None))

# %%
# One forecast does not show whether the coverage is right. A backtest computes the fraction of
# values within their intervals, for each step, over forecasts from many origins. The interval score
# (lower is better) is the width plus a penalty for values outside.

result = backtest(model, series, horizon=N_STEPS, initial=187, coverage=0.9)
print(result)
display = BacktestDisplay.from_backtest(result, metric="coverage")
display.ax_[0].set_title("Values within their intervals, as a fraction")

# %%
# Each interval refers to a single year. The sum over all years is less uncertain than the sums of
# the bounds, because errors of different years partly cancel. Sample paths contain the errors of
# whole past forecasts, so that their sums have the right uncertainty.

totals = model.sample_paths(N_STEPS, 1000, random_state=0).sum()
of_paths = totals.quantile([0.05, 0.95]).to_numpy()
of_bounds = interval.sum().to_numpy()
print(f"sum, from paths: {of_paths.round()}, from bounds: {of_bounds.round()}, true: {test.sum()}")

figure, ax = plt.subplots(figsize=(8, 3), layout="constrained")
ax.hist(totals, bins=20, color="tab:blue", alpha=0.3, label="Sums of sample paths")
top = ax.get_ylim()[1]
ax.hlines(0.6 * top, *of_paths, color="tab:blue", linewidth=4, label="90 % interval of the sum")
ax.hlines(0.8 * top, *of_bounds, color="tab:gray", linewidth=4, label="Sums of the bounds")
ax.axvline(test.sum(), color="tab:red", alpha=0.6, linewidth=2.5, label="Truth")
ax.set(
    xlabel=f"Sunspots of {N_STEPS} years, summed", ylabel="Paths", title="The sum over all years"
)
ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
