"""
A series of one's own, from a CSV file
======================================

Sunspots have been counted since 1700; their number rises and falls in about eleven years. This
script reads them with pandas and forecasts the last 50 years. Put your own file in its place.
"""

from importlib.resources import files

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.preprocessing import FunctionTransformer

from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline

EPOCHS = "auto"
VERBOSE = 0  # 1 shows a progress bar
N_STEPS = 50

# %%
# A CSV file with a column of times and a column of values is all that is needed; for dates add
# ``parse_dates=True``. This one comes with skwave, and :func:`skwave.datasets.load_sunspots` tells
# its source.

path = files("skwave") / "data" / "sunspots.csv"  # or "my_series.csv"
series = pd.read_csv(path, index_col="year")["sunspots"]
train, test = series[:-N_STEPS], series[-N_STEPS:]
print(train.tail(3))

# %%
# Sunspots are counts: their swings are wider where they are many. A square root evens that out, and
# the pipeline squares the forecasts. The windows span two cycles. The summary has the errors of
# forecasts over held-out values, in the units that the network sees.

root = FunctionTransformer(np.sqrt, inverse_func=np.square)
model = make_forecast_pipeline(
    root,
    WindowTransformer(22),
    LSTMForecaster(units=16, epochs=EPOCHS, verbose=VERBOSE, random_state=0),
)
model.fit(train)
print(model.summary())

# %%
# The forecast is a Series whose index continues that of the training part.

forecast = model.forecast(N_STEPS)
print(forecast.head(3).round(1))

# %%
# Is that any good? It is when it beats what costs nothing: here, the last eleven years repeated.

naive = np.resize(train[-11:], N_STEPS)
errors = {"LSTM": np.abs(test - forecast).mean(), "last cycle": np.abs(test - naive).mean()}
print("mean absolute error:", {name: round(float(error), 1) for name, error in errors.items()})

figure, ax = plt.subplots(figsize=(9, 4), layout="constrained")
ax.plot(train[-80:], color="black", linewidth=1, label="Training part (its end)")
ax.plot(test, color="tab:red", alpha=0.6, linewidth=2.5, label="Truth")
ax.plot(forecast, "b--", label=f"Forecast (mean absolute error {errors['LSTM']:.0f})")
ax.plot(
    test.index, naive, color="gray", label=f"The last cycle repeated ({errors['last cycle']:.0f})"
)
ax.set(
    xlabel="Year", ylabel="Sunspots, yearly mean", title="50 years of sunspots, forecast in 1958"
)
ax.set_ylim(0, 270)
ax.legend(ncols=2, loc="upper left")
