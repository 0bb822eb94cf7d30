"""
Forecasts from many origins at once
===================================

How good is a forecast of 60 steps? One origin does not tell. Here a network is trained once and
forecasts from 100 moments that it has not seen, all in one call.
"""

import matplotlib.pyplot as plt
import numpy as np

from skwave import LSTMForecaster, WindowTransformer
from skwave.datasets import make_mackey_glass

EPOCHS = "auto"
WINDOW, HORIZON, ORIGINS = 80, 60, 100

# %%
# The first 2,000 values of a chaotic series are for training, the rest is for the test.

series = make_mackey_glass(3200, random_state=0)
train, test = series[:2000], series[2000:]
forecaster = LSTMForecaster(units=32, epochs=EPOCHS, random_state=0)
forecaster.fit(WindowTransformer(WINDOW).fit_transform(train))

# %%
# ``context=`` takes a batch: the last 80 values before each origin. The result has a row for each.

origins = np.linspace(WINDOW, len(test) - HORIZON, ORIGINS).astype(int)
contexts = np.stack([test[origin - WINDOW : origin] for origin in origins])
y_true = np.stack([test[origin : origin + HORIZON] for origin in origins])
forecasts = forecaster.forecast(HORIZON, context=contexts[:, :, None])
naive = np.repeat(contexts[:, -1:], HORIZON, axis=1)
print("forecasts:", forecasts.shape)

# %%
# The error grows with the step. Beside it stands the naive forecast, which repeats the last known
# value: a model that does not beat it is of no use.


def error_by_step(forecasts):
    return np.sqrt(np.mean((forecasts - y_true) ** 2, axis=0)) / test.std()


for name, values in {"LSTM": forecasts, "naive": naive}.items():
    error = error_by_step(values)
    print(f"{name}: NRMSE {error[0]:.3f} after 1 step, {error[-1]:.3f} after {HORIZON} steps")

steps = np.arange(1, HORIZON + 1)
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
left.plot(steps, error_by_step(forecasts), color="tab:blue", label="LSTM")
left.plot(steps, error_by_step(naive), color="gray", label="Naive: the last value")
left.set(
    xlabel="Steps ahead", ylabel="RMSE / standard deviation", title=f"Error, {ORIGINS} origins"
)
left.legend()
right.plot(test, color="tab:red", alpha=0.6, linewidth=2.5, label="Truth")
for number in range(5, ORIGINS, 10):
    begin = origins[number]
    label = "Forecasts" if number == 5 else None
    right.plot(np.arange(begin, begin + HORIZON), forecasts[number], "b--", label=label)
right.set(xlabel="Time", ylabel="Value", title="Every tenth forecast", xlim=(80, 700))
right.set_ylim(top=1.6)
right.legend(loc="upper right", ncols=2)
