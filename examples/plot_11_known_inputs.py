"""
Known inputs: a temperature and a calendar
==========================================

The load of a power grid depends on the temperature, for which there is a forecast, and on the hour
and the day of the week. A backtest measures by how much these inputs reduce the error.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.metrics import mean_absolute_error

from skwave import ForecastDisplay, LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave.model_selection import backtest

EPOCHS = "auto"
HORIZON = 48
WEEKS = 10

# %%
# Ten weeks of hourly values. The load follows the temperature of the same hour, and is lower at
# night and at weekends. The temperature changes with the weather, at random.

rng = np.random.default_rng(0)
hours = pd.date_range("2026-01-05", periods=24 * 7 * WEEKS, freq="h", name="Time")
weather = np.convolve(rng.normal(size=len(hours) + 23), np.ones(24) / 24**0.5, mode="valid")
day = np.maximum(0, np.sin(2 * np.pi * (hours.hour - 6) / 24))
work = day * np.where(hours.day_of_week < 5, 1.0, 0.3)
temperature = 4 + 3 * weather + 2 * day
load = 60 + 20 * work - 1.5 * temperature + rng.normal(size=len(hours))
table = pd.DataFrame({"Load in MW": load, "Temperature in °C": temperature}, index=hours)
train, test = table[:-HORIZON], table[-HORIZON:]

# %%
# ``known`` names the columns whose future is given, and ``calendar`` adds features of the index.
# The windows contain two days, so that none of them contains the values of a week before.


def make_model(**inputs):
    forecaster = LSTMForecaster(32, epochs=EPOCHS, random_state=0)
    return make_forecast_pipeline(WindowTransformer(48, **inputs), forecaster)


known, calendar = "Temperature in °C", ["hour", "day_of_week"]
model = make_model(known=known, calendar=calendar).fit(train)
print(model.forecast(HORIZON, future=test[[known]]).head(3).round(1))

# %%
# ``ForecastDisplay`` takes the future temperature from the test part, a weekend:

display = ForecastDisplay.from_estimator(model, test, history=train, coverage=0.9)
display.ax_.set_title("Load, forecast for a weekend")

# %%
# A backtest, too, takes the known columns from the series. Here they are the true temperatures.
# Forecasts of the temperature have errors, which would make the difference smaller.

figure, ax = plt.subplots(figsize=(8, 3.6), layout="constrained")
for name, columns, inputs in (
    ("Load alone", ["Load in MW"], {}),
    ("With calendar", ["Load in MW"], {"calendar": calendar}),
    ("With temperature", ["Load in MW", known], {"known": known}),
    ("With both", ["Load in MW", known], {"known": known, "calendar": calendar}),
):
    settings = {"horizon": HORIZON, "initial": 24 * 7 * (WEEKS - 2), "step": 12}
    result = backtest(make_model(**inputs), table[columns], metrics=mean_absolute_error, **settings)
    error = result.scores["mean_absolute_error"]["model"]
    by_step = result.scores_by_step["mean_absolute_error"]["model"]
    ax.plot(range(1, HORIZON + 1), by_step, label=f"{name}: {error:.1f} MW in the mean")
ax.set(xlabel="Hours after the origin", ylabel="Mean absolute error in MW", ylim=(0, 7))
ax.set_title(f"Errors of {len(result.origins)} forecasts")
ax.legend(ncols=2, fontsize="small")
plt.show()
