"""
Tune for the forecast that you need
===================================

Which window length, how many units? A grid search judges candidates by the error of one step and
by that of 24 steps, and a backtest on values that neither judge has seen tells who was right.
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

EPOCHS = 15
HORIZON, LONGEST, KNOWN = 24, 48, 1000

# %%
# A chaotic series, measured with noise of 2 % of its standard deviation. The last 300 values are
# put aside until the end.
series = make_mackey_glass(KNOWN + 300, random_state=0)
series += 0.02 * series.std() * np.random.default_rng(0).normal(size=len(series))

# %%
# Two judges: ``forecast_scorer`` forecasts 24 values from the known ones of a test part. The other
# predicts the same 24, but each from the true values before it, as ``score`` does.


def one_step(model, X):
    return -mean_absolute_error(X[-HORIZON:], model.predict(X)[-HORIZON - 1 : -1])


judges = {
    "one_step": one_step,
    "forecast": forecast_scorer(mean_absolute_error, horizon=HORIZON),
}

# %%
# ``ForecastSplit`` gives all candidates the same 48 known values, however long their windows.
forecaster = LSTMForecaster(epochs=EPOCHS, validation_split=0.1, random_state=0)
model = make_forecast_pipeline(WindowTransformer(), forecaster)
grid = {"windowtransformer__window_length": [12, LONGEST], "lstmforecaster__units": [8, 32]}
cv = ForecastSplit(3, horizon=HORIZON, context=LONGEST)
search = GridSearchCV(model, grid, cv=cv, scoring=judges, refit=False, error_score="raise")
results = search.fit(series[:KNOWN]).cv_results_

print("window  units  error of 1 step  of 24 steps")
for k, (units, length) in enumerate(candidate.values() for candidate in results["params"]):
    errors = [-results[f"mean_test_{judge}"][k] for judge in judges]
    print(f"{length:6d} {units:6d} {errors[0]:16.4f} {errors[1]:12.4f}")

# %%
# Each judge's choice is fitted on all known values, and forecasts the rest from an origin every 4
# steps. A short window tells where the next value goes, but not where the series is after 24.
backtests = {}
for judge in judges:
    choice = results["params"][results[f"rank_test_{judge}"].argmin()]
    fitted = FrozenEstimator(clone(model).set_params(**choice).fit(series[:KNOWN]))
    backtests[judge] = backtest(fitted, series, horizon=HORIZON, initial=KNOWN, step=4)
    print(f"\n{judge} chooses {choice}\n{backtests[judge]}")

# %%
# The model chosen by its forecasts, beside the naive forecasts and the other judge's choice:
display = BacktestDisplay.from_backtest(backtests["forecast"])
above, below = display.ax_
errors = backtests["one_step"].scores_by_step["mean_absolute_error"]["model"]
above.plot(range(1, HORIZON + 1), errors, color="tab:orange", label="One step's choice")
above.legend()
above.set_title("Error on held-out values")
below.set_title("Forecasts of the model chosen by its forecasts")
plt.show()
