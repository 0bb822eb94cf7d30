"""
Your own series from a CSV file
===============================

The number of sunspots has been recorded since 1700. It rises and falls in a cycle of about eleven
years. This script reads it with pandas and forecasts the last 50 years. Replace the file with your
own.
"""

from importlib.resources import files

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.preprocessing import FunctionTransformer

from skwave import ForecastDisplay, LSTMForecaster, WindowTransformer, make_forecast_pipeline

EPOCHS = "auto"
VERBOSE = 0  # 1 shows a progress bar
N_STEPS = 50

# %%
# The CSV file has a column of times and a column of values. For dates, add ``parse_dates=True``.
# This file is a part of skwave; :func:`skwave.datasets.load_sunspots` names its source.

path = files("skwave") / "data" / "sunspots.csv"  # or "my_series.csv"
series = pd.read_csv(path, index_col="year")["sunspots"]
train, test = series[:-N_STEPS], series[-N_STEPS:]
print(train.tail(3))

# %%
# The fluctuations of counts grow with their level. A square root makes them more even. The pipeline
# squares the forecasts; negative ones become zero first. The windows have two cycles. The summary
# compares the errors of forecasts of held-out values, on the scale of the square root.


def square(x):
    return np.square(np.maximum(x, 0))


root = FunctionTransformer(np.sqrt, inverse_func=square)
model = make_forecast_pipeline(
    root,
    WindowTransformer(22),
    LSTMForecaster(units=16, epochs=EPOCHS, verbose=VERBOSE, random_state=0),
)
forecast = model.fit(train).forecast(N_STEPS)
print(model.summary())

# %%
# The index of the forecast continues the index of the training part.

print(forecast.head(3).round(1))

# %%
# The model is useful if it is better than the seasonal naive forecast, which repeats the last
# eleven years.

naive = np.resize(train[-11:], N_STEPS)
errors = {"LSTM": np.abs(test - forecast).mean(), "seasonal naive": np.abs(test - naive).mean()}
print("mean absolute error:", {name: round(float(error), 1) for name, error in errors.items()})
display = ForecastDisplay.from_predictions(test, forecast, history=train, baseline="seasonal_naive")
display.ax_.set(
    xlabel="Year", ylabel="Sunspots, yearly mean", title="50 years of sunspots, forecast in 1958"
)
plt.show()
