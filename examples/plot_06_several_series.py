"""
One global model of several series
==================================

A list of series gives one set of windows, so that one network learns from all of them. It can
forecast any series from its last window, including series that it was not trained on.
"""

import matplotlib.pyplot as plt
import numpy as np

from skwave import LSTMForecaster, WindowTransformer

EPOCHS = "auto"
WINDOW, N_STEPS = 48, 96

# %%
# Hourly sales of fifteen shops. Each has two peaks a day, at hours, with a size and at a level of
# its own. The last three shops are kept for the test.

rng = np.random.default_rng(0)


def sales(n_values=400):
    day = 2 * np.pi * (np.arange(n_values) + rng.uniform(0, 24)) / 24
    size, base = rng.uniform(0.7, 1.3), 5 * rng.uniform()
    noise = rng.normal(scale=0.05, size=n_values)
    return base + size * (np.sin(day) + 0.7 * np.sin(2 * day)) + noise


series = [sales() for shop in range(12)]
unseen = np.stack([sales() for shop in range(3)])

# %%
# The levels differ, so that windows are read relative to their first value:
# ``normalization="window"``.

windows = WindowTransformer(WINDOW).fit_transform(series)
print("windows of all series:", windows.shape)
forecaster = LSTMForecaster(units=48, normalization="window", epochs=EPOCHS, random_state=0)
forecaster.fit(windows)

# %%
# One call forecasts the three test shops: a batch of contexts gives a batch of forecasts, and of
# prediction intervals. Residual paths are as long as the window, so that the intervals cover the
# first 48 hours.

known = unseen.shape[1] - N_STEPS
contexts = unseen[:, known - WINDOW : known, None]
forecasts = forecaster.forecast(N_STEPS, context=contexts)
intervals = forecaster.forecast_interval(WINDOW, coverage=0.9, context=contexts)
print("forecasts:", forecasts.shape, "intervals:", intervals.shape)

figure, axes = plt.subplots(3, 1, figsize=(8, 7), sharex=True, sharey=True, layout="constrained")
hours = np.arange(-WINDOW - 24, N_STEPS)
for number, (ax, y_true, forecast) in enumerate(zip(axes, unseen, forecasts, strict=True)):
    error = np.sqrt(np.mean((forecast - y_true[known:]) ** 2)) / y_true.std()
    ax.plot(hours, y_true[hours[0] + known :], color="tab:red", alpha=0.6, lw=2.5, label="Truth")
    ax.plot(np.arange(N_STEPS), forecast, "b--", label="Forecast")
    ax.fill_between(np.arange(WINDOW), *intervals[number].T, alpha=0.25, label="90 % interval")
    ax.axvspan(-WINDOW, 0, color="gray", alpha=0.2, label="Context")
    ax.set(
        ylabel="Sales (1,000 EUR)", title=f"Shop {13 + number}, not in training: NRMSE {error:.2f}"
    )
axes[0].legend(loc="upper left", ncols=4)
axes[0].set_ylim(unseen.min() - 0.5, unseen.max() + 2.5)
axes[-1].set_xlabel("Hours after the last known value")
