"""
Several series, one model
=========================

A list of series makes one set of windows, so one network learns from all of them. Its forecast
starts from the last window of any series, one that it has never seen included.
"""

import matplotlib.pyplot as plt
import numpy as np

from skwave import LSTMForecaster, WindowTransformer

EPOCHS = "auto"
WINDOW, N_STEPS = 48, 96

# %%
# Fifteen shops with the same habits: two peaks a day, with an hour, a size and a base of its own
# for each. The last three are kept for the test.

rng = np.random.default_rng(0)


def sales(n_values=400):
    day = 2 * np.pi * (np.arange(n_values) + rng.uniform(0, 24)) / 24
    size, base = rng.uniform(0.7, 1.3), 5 * rng.uniform()
    noise = rng.normal(scale=0.05, size=n_values)
    return base + size * (np.sin(day) + 0.7 * np.sin(2 * day)) + noise


series = [sales() for shop in range(12)]
unseen = np.stack([sales() for shop in range(3)])

# %%
# The bases differ, so each window is read relative to its first value: ``normalization="window"``.

windows = WindowTransformer(WINDOW).fit_transform(series)
print("windows of all series:", windows.shape)
forecaster = LSTMForecaster(units=48, normalization="window", epochs=EPOCHS, random_state=0)
forecaster.fit(windows)

# %%
# One call forecasts all three unseen shops: a batch of contexts gives a batch of forecasts.

known = unseen.shape[1] - N_STEPS
contexts = unseen[:, known - WINDOW : known, None]
forecasts = forecaster.forecast(N_STEPS, context=contexts)
print("forecasts:", forecasts.shape)

figure, axes = plt.subplots(3, 1, figsize=(8, 7), sharex=True, sharey=True, layout="constrained")
hours = np.arange(-WINDOW - 24, N_STEPS)
for number, (ax, y_true, forecast) in enumerate(zip(axes, unseen, forecasts, strict=True)):
    error = np.sqrt(np.mean((forecast - y_true[known:]) ** 2)) / y_true.std()
    ax.plot(hours, y_true[hours[0] + known :], color="tab:red", alpha=0.6, lw=2.5, label="Truth")
    ax.plot(np.arange(N_STEPS), forecast, "b--", label="Forecast")
    ax.axvspan(-WINDOW, 0, color="gray", alpha=0.2, label="Context given")
    ax.set(ylabel="Sales", title=f"Shop {13 + number}, never seen in training: NRMSE {error:.2f}")
axes[0].legend(loc="upper left", ncols=3)
axes[0].set_ylim(unseen.min() - 0.5, unseen.max() + 2.5)
axes[-1].set_xlabel("Hours after the last known value")
