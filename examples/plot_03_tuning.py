"""
Tune for the forecast that you need
===================================

How long should a window be? A grid search scores candidates by the error of one step, which hardly
differs between them, and by that of 24 steps, which does. A backtest on values that neither score
has seen shows which one is right.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GridSearchCV

from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave.datasets import make_mackey_glass
from skwave.model_selection import BacktestDisplay, ForecastSplit, backtest, forecast_scorer

EPOCHS = 2
HORIZON, LONGEST, KNOWN = 24, 48, 800

# %%
# A chaotic series, measured with noise of 2 % of its standard deviation. The last 300 values are
# put aside until the end.
series = make_mackey_glass(KNOWN + 300, random_state=0)
series += 0.02 * series.std() * np.random.default_rng(0).normal(size=len(series))

# %%
# There are two scorers. ``forecast_scorer`` forecasts 24 values from the known ones of a test part.
# The other one predicts the same 24, but each from the true values before it, as ``score`` does.


def one_step(model, X):
    return -mean_absolute_error(X[-HORIZON:], model.predict(X)[-HORIZON - 1 : -1])


scorers = {
    "one_step": one_step,
    "forecast": forecast_scorer(mean_absolute_error, horizon=HORIZON),
}

# %%
# ``ForecastSplit`` gives all candidates the same 48 known values, however long their windows.
forecaster = LSTMForecaster(16, epochs=EPOCHS, random_state=0)
model = make_forecast_pipeline(WindowTransformer(), forecaster)
lengths = [12, 24, LONGEST]
grid = {"windowtransformer__window_length": lengths}  # "lstmforecaster__units" is the other name
cv = ForecastSplit(3, horizon=HORIZON, context=LONGEST)
search = GridSearchCV(model, grid, cv=cv, scoring=scorers, refit=False, error_score="raise")
results = search.fit(series[:KNOWN]).cv_results_

print("window  error of 1 step  of 24 steps")
one, many = (-results[f"mean_test_{name}"] for name in scorers)
for row in zip(lengths, one, many, strict=True):
    print("{:6d} {:16.4f} {:12.4f}".format(*row))

# %%
# The best and the worst by 24 steps are fitted on all known values, and forecast the rest from an
# origin every 4 steps. Errors feed on themselves, so that a small difference becomes a large one.
backtests = {}
for length in (lengths[many.argmin()], lengths[many.argmax()]):
    fitted = clone(model).set_params(windowtransformer__window_length=length).fit(series[:KNOWN])
    ahead = backtest(FrozenEstimator(fitted), series, horizon=HORIZON, initial=KNOWN, step=4)
    backtests[length] = ahead
    print(f"\nwindows of {length}\n{ahead}")

# %%
# The model chosen by its forecasts, beside the naive forecasts and the other window length:
best, worst = backtests
display = BacktestDisplay.from_backtest(backtests[best])
above, below = display.ax_
errors = backtests[worst].scores_by_step["mean_absolute_error"]["model"]
above.plot(range(1, HORIZON + 1), errors, color="tab:orange", label=f"Windows of {worst}")
above.legend()
above.set_title(f"Error on held-out values; the model has windows of {best}")
below.set_title("Forecasts of the model chosen by its forecasts")
plt.show()
