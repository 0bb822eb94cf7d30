"""
Backtest: forecasts from many origins
=====================================

One forecast may be good by chance. Here a network is trained once, and forecasts 60 steps from each
of 104 origins in values that it was not trained on.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave.datasets import make_mackey_glass
from skwave.metrics import normalized_root_mean_squared_error
from skwave.model_selection import BacktestDisplay, backtest

EPOCHS = "auto"
WINDOW, HORIZON, TRAIN = 80, 60, 2000

# %%
# A chaotic series: small differences grow until a forecast is not better than the mean. The first
# 2,000 values are for training.

series = pd.Series(make_mackey_glass(3200, random_state=0), name="Mackey-Glass")
series.index.name = "Time"
model = make_forecast_pipeline(
    WindowTransformer(WINDOW), LSTMForecaster(units=32, epochs=EPOCHS, random_state=0)
)

# %%
# ``backtest`` fits the model on the first values, and forecasts from an origin every eleven steps
# after them. All forecasts are computed together. The naive forecasts are added for comparison, and
# ``coverage`` adds prediction intervals.

result = backtest(
    model,
    series,
    horizon=HORIZON,
    initial=TRAIN,
    step=11,
    coverage=0.9,
    metrics=normalized_root_mean_squared_error,
)
print(result)

# %%
# The error grows with the number of steps. Forecasting the mean has an NRMSE of 1.

display = BacktestDisplay.from_backtest(result)
above, below = display.ax_
above.set_title(f"Error of {len(result.origins)} forecasts")
above.set_ylabel("NRMSE")
below.set_title("The last forecasts that do not overlap, with 90 % intervals")
plt.show()

# %%
# All forecasts are in one table:

print(result.to_frame().head(3).round(3))
print(
    "median error of the last step:", np.median(abs(result.y_pred - result.y_true)[:, -1]).round(3)
)
