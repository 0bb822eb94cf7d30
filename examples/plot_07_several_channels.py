"""
Several channels in one series
==============================

A series with several values at each time is a DataFrame, or an array of shape
``(n_values, n_channels)``. The network reads all channels and forecasts all of them.
"""

import numpy as np
import pandas as pd

from skwave import ForecastDisplay, LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave.datasets import make_mackey_glass

EPOCHS = "auto"
N_STEPS = 60

# %%
# The second channel depends on the first one ten hours before: its square in other units, with
# noise.

driver = make_mackey_glass(1600, random_state=1)
noise = np.random.default_rng(0).normal(scale=2, size=len(driver))
table = pd.DataFrame(
    {"Wind in m/s": driver[10:], "Power in kW": 100 * driver[:-10] ** 2 + noise[10:]},
    index=pd.date_range("2024-01-01", periods=len(driver) - 10, freq="h", name="time"),
)
train, test = table[:-N_STEPS], table[-N_STEPS:]
print(train.tail(3))

# %%
# The model is the same as for one channel. Each channel is scaled by itself, so that units do not
# matter.

model = make_forecast_pipeline(
    WindowTransformer(80), LSTMForecaster(units=48, epochs=EPOCHS, random_state=0)
)
model.fit(train)

# %%
# The forecast is a DataFrame, too, and its index continues the index of the training part. The
# display draws the dates, the names, the known values before the forecast, and prediction
# intervals.

forecast = model.forecast(N_STEPS)
print(forecast.head(3))

display = ForecastDisplay.from_estimator(model, test, history=train, coverage=0.9, baseline="naive")
display.ax_[0].set_title("Wind and power, forecast for 60 hours")
