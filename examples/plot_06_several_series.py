"""
One global model of several series
==================================

A dict of series gives one model: one LSTM is trained on all of them. Each series has a scale of its
own, and an output layer of its own or that of all series. Series that were not in the fit are
forecast from their last values.
"""

import matplotlib.pyplot as plt
import numpy as np

from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline

EPOCHS = "auto"
WINDOW, N_STEPS = 48, 96

# %%
# Hourly sales of fifteen shops. Each shop has two peaks a day. Their hours, their size and the
# level of the sales differ from shop to shop. The last three shops are kept for the test.

rng = np.random.default_rng(0)


def sales(n_values=400):
    day = 2 * np.pi * (np.arange(n_values) + rng.uniform(0, 24)) / 24
    size, base = rng.uniform(0.7, 1.3), rng.uniform(3, 6)
    noise = rng.normal(scale=0.2, size=n_values)
    return base + size * (np.sin(day) + 0.7 * np.sin(2 * day)) + noise


shops = {f"shop {number}": sales() for number in range(1, 13)}
unseen = {f"shop {number}": sales() for number in range(13, 16)}

# %%
# The fit chooses a kind of readout (:doc:`/user_guide/several_series`). This is the number of shops
# with each kind:

model = make_forecast_pipeline(
    WindowTransformer(WINDOW), LSTMForecaster(48, epochs=EPOCHS, random_state=0)
)
model.fit(shops)
readouts = [one[-1].readout_ for one in model.pipelines_.values()]
print({readout: readouts.count(readout) for readout in set(readouts)})

# %%
# One call forecasts the three test shops by their names, and a second one their prediction
# intervals. Residual paths are as long as the window, so that the intervals cover the first 48
# hours.

contexts = {name: values[:-N_STEPS] for name, values in unseen.items()}
forecasts = model.forecast(N_STEPS, context=contexts)
intervals = model.forecast_interval(WINDOW, coverage=0.9, context=contexts)

figure, axes = plt.subplots(3, 1, figsize=(8, 7), sharex=True, sharey=True, layout="constrained")
hours = np.arange(-WINDOW - 24, N_STEPS)
for ax, (name, values) in zip(axes, unseen.items(), strict=True):
    errors = forecasts[name] - values[-N_STEPS:]
    error = np.sqrt(np.mean(errors**2)) / values.std()
    ax.plot(hours, values[-len(hours) :], color="tab:red", alpha=0.6, lw=2.5, label="Truth")
    ax.plot(np.arange(N_STEPS), forecasts[name], "b--", label="Forecast")
    ax.fill_between(np.arange(WINDOW), *intervals[name].T, alpha=0.25, label="90 % interval")
    ax.axvspan(-WINDOW, 0, color="gray", alpha=0.2, label="Last window")
    ax.set(ylabel="Sales (1,000 EUR)", title=f"{name}, not in training: NRMSE {error:.2f}")
axes[0].legend(loc="upper left", ncols=4)
low, high = min(map(np.min, unseen.values())), max(map(np.max, unseen.values()))
axes[0].set_ylim(low - 0.5, high + 2.5)
axes[-1].set_xlabel("Hours after the last known value")
