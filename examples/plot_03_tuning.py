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
    LSTMForecaster(
        epochs=EPOCHS, validation="last", validation_split=0.1, random_state=0
    ),
)
search = GridSearchCV(
    model,
    {"windowtransformer__window_length": [6, 12, LONGEST], "lstmforecaster__units": [8, 32]},
    cv=ForecastSplit(3, horizon=HORIZON, context=LONGEST),
    scoring=judges,
    refit=False,
    error_score="raise",
)
results = search.fit(known).cv_results_

print("window  units   error of 1 step  of 24 steps")
for k, candidate in enumerate(results["params"]):
    length, units = (
        candidate[f"{step}"] for step in ("windowtransformer__window_length", "lstmforecaster__units")
    )
    errors = [-results[f"mean_test_{judge}"][k] for judge in judges]
    print(f"{length:6d} {units:6d}   {errors[0]:15.4f}  {errors[1]:11.4f}")
