"""
Tuning: choose settings by forecasts of the length you need
===========================================================

How long should a window be? A grid search scores candidates in two ways: by the error of one step,
and by the error of a forecast of 24 steps. A backtest on values that neither score has used
compares the two choices.
"""

import matplotlib.pyplot as plt
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
# A chaotic series. The last 300 values are kept for the backtest.
series = make_mackey_glass(KNOWN + 300, random_state=0)

# %%
# ``forecast_scorer`` forecasts 24 values from the known values of a test part. The other scorer
# predicts the same 24 values, each from the true values before it.


def one_step(model, X):
    return -mean_absolute_error(X[-HORIZON:], model.predict(X)[-HORIZON - 1 : -1])


scorers = {
    "one_step": one_step,
    "forecast": forecast_scorer("neg_mean_absolute_error", horizon=HORIZON),
}

# %%
# ``ForecastSplit`` gives candidates with windows of any length the same 48 known values.
# ``readout_positions=1`` makes the effect of the window length larger.
forecaster = LSTMForecaster(16, epochs=EPOCHS, readout_positions=1, random_state=0)
model = make_forecast_pipeline(WindowTransformer(), forecaster)
lengths = [12, 24, LONGEST]
grid = {"windowtransformer__window_length": lengths}
cv = ForecastSplit(3, horizon=HORIZON, context=LONGEST)
search = GridSearchCV(model, grid, cv=cv, scoring=scorers, refit=False, error_score="raise")
results = search.fit(series[:KNOWN]).cv_results_

print("window  error of 1 step  of 24 steps")
one, many = (-results[f"mean_test_{name}"] for name in scorers)
for row in zip(lengths, one, many, strict=True):
    print("{:6d} {:16.4f} {:12.4f}".format(*row))

# %%
# The two scorers choose different windows. Each choice is fitted on all known values, and forecasts
# the rest from an origin every 4 steps.
chosen = {"one step": lengths[one.argmin()], "24 steps": lengths[many.argmin()]}
backtests = {}
for scorer, length in chosen.items():
    fitted = clone(model).set_params(windowtransformer__window_length=length).fit(series[:KNOWN])
    backtests[scorer] = backtest(
        FrozenEstimator(fitted), series, horizon=HORIZON, initial=KNOWN, step=4
    )
    print(f"\nchosen by the error of {scorer}: windows of {length}\n{backtests[scorer]}")

# %%
# The errors of both choices, and forecasts of the better one:
display = BacktestDisplay.from_backtest(backtests["24 steps"])
above, below = display.ax_
errors = backtests["one step"].scores_by_step["mean_absolute_error"]["model"]
above.plot(range(1, HORIZON + 1), errors, color="tab:orange", label="Chosen by 1 step")
above.lines[0].set_label("Chosen by 24 steps")
above.legend()
above.set_title("Error on the last 300 values")
below.set_title("Forecasts with the windows chosen by the error of 24 steps")
plt.show()
