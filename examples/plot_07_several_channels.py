"""
Several channels, forecast together
===================================

A series with several values at each time is an array ``(n_values, n_channels)`` or a DataFrame. The
network reads all channels and forecasts all of them.
"""

import numpy as np
import pandas as pd

from skwave import ForecastDisplay, LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave.datasets import make_mackey_glass

EPOCHS = "auto"
N_STEPS = 60

# %%
# The second channel follows the first: ten steps later, squared, in other units, with some noise.

driver = make_mackey_glass(1600, random_state=1)
noise = np.random.default_rng(0).normal(scale=2, size=len(driver))
table = pd.DataFrame(
    {"Wind": driver[10:], "Power": 100 * driver[:-10] ** 2 + noise[10:]},
    index=pd.date_range("2024-01-01", periods=len(driver) - 10, freq="h", name="time"),
)
train, test = table[:-N_STEPS], table[-N_STEPS:]
print(train.tail(3))

# %%
# Nothing changes in the model. Each channel is scaled by itself, so their units do not matter.

model = make_forecast_pipeline(
    WindowTransformer(80), LSTMForecaster(units=48, epochs=EPOCHS, random_state=0)
)
model.fit(train)

# %%
# The forecast is a DataFrame too, and its index goes on where the training part ended. The display
# draws the dates and the names, and the last known values before the forecast.

forecast = model.forecast(N_STEPS)
print(forecast.head(3))

display = ForecastDisplay.from_predictions(test, forecast, history=train)
display.ax_[0].set_title("Two channels, forecast together for 60 hours")
