"""
Tune for the forecast that you need
===================================

Which window length, how many units? The error of one step, which training and ``score`` speak of,
is a poor judge of a forecast of 24 steps. Here a grid search judges candidates by both, and a
backtest on values that neither has seen tells who was right.
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
HORIZON, LONGEST = 24, 48

# %%
# A chaotic series, measured with noise of 2 % of its standard deviation. The last 300 values are
# put aside until the end.

series = make_mackey_glass(1300, random_state=0)
noise = np.random.default_rng(0).normal(size=len(series))
series = series + 0.02 * series.std() * noise
known = series[:1000]

# %%
# Two judges
# ----------
# ``forecast_scorer`` forecasts 24 steps from the known values of each test part. The other judge
# predicts the same 24 values, but each from the true values before it.


def one_step(model, X, y=None):
    predictions = model.predict(X)[-HORIZON - 1 : -1]
    return -mean_absolute_error(X[-HORIZON:], predictions)


judges = {
    "one_step": one_step,
    "forecast": forecast_scorer(mean_absolute_error, horizon=HORIZON),
}

# %%
# ``ForecastSplit`` gives every candidate the same 48 known values, however many of them its
# windows use, so that all are judged by the same moments.

model = make_forecast_pipeline(
    WindowTransformer(),
    LSTMForecaster(epochs=EPOCHS, validation="last", validation_split=0.1, random_state=0),
)
search = GridSearchCV(
    model,
    {"windowtransformer__window_length": [12, LONGEST], "lstmforecaster__units": [8, 32]},
    cv=ForecastSplit(3, horizon=HORIZON, context=LONGEST),
    scoring=judges,
    refit=False,
    error_score="raise",
)
results = search.fit(known).cv_results_


def length_and_units(candidate):
    return candidate["windowtransformer__window_length"], candidate["lstmforecaster__units"]


print("window  units   error of 1 step  of 24 steps")
for k, candidate in enumerate(results["params"]):
    length, units = length_and_units(candidate)
    errors = [-results[f"mean_test_{judge}"][k] for judge in judges]
    print(f"{length:6d} {units:6d} {errors[0]:17.4f} {errors[1]:12.4f}")

# %%
# Who was right?
# --------------
# The choice of each judge is fitted on all known values and forecasts the rest from an origin
# every 4 steps. A short window is enough to see where the next value goes, and too short to tell
# where the series will be in 24 steps.

backtests = {}
for judge in judges:
    choice = results["params"][int(np.argmin(results[f"rank_test_{judge}"]))]
    fitted = clone(model).set_params(**choice).fit(known)
    backtests[judge] = backtest(
        FrozenEstimator(fitted), series, horizon=HORIZON, initial=len(known), step=4
    )
    error = backtests[judge].scores["mean_absolute_error"]["model"]
    print(f"{judge:>8} chooses {length_and_units(choice)}, held-out error of 24 steps {error:.4f}")

# %%
# The model that was chosen by its forecasts, beside the naive forecasts that any model must beat:

print(backtests["forecast"])
display = BacktestDisplay.from_backtest(backtests["forecast"])
errors = backtests["one_step"].scores_by_step["mean_absolute_error"]["model"]
display.ax_[0].plot(
    np.arange(1, HORIZON + 1), errors, color="tab:orange", label="One step's choice"
)
display.ax_[0].legend()
plt.show()
