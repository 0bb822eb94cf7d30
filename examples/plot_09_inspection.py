"""
Inspecting a fitted forecaster
==============================

Three pictures of a fitted forecaster: the losses of its training, its error for each step, and how
much a prediction depends on each value of the window.
"""

import matplotlib.pyplot as plt
import numpy as np

from skwave import HistoryDisplay, LSTMForecaster, WindowTransformer
from skwave.datasets import make_wave

EPOCHS = "auto"
WINDOW, N_STEPS = 80, 300

wave = make_wave("sine", n_cycles=40, noise=0.05, random_state=0)
train, test = wave[:2400], wave[2400:]
transformer = WindowTransformer(WINDOW)
forecaster = LSTMForecaster(units=48, epochs=EPOCHS, random_state=0)
forecaster.fit(transformer.fit_transform(train))

# %%
# Keras trains the LSTM together with an output layer. The losses are the errors of this network.
# The output layer is solved for afterwards, so that they are not errors of the forecast. The
# summary has these, together with the errors of a linear model and of the naive forecasts.

display = HistoryDisplay.from_estimator(forecaster)
display.ax_.set_title("Losses of the training")
print(forecaster.summary())

# %%
# The error of 40 forecasts of the test part, compared with the wave without noise. In recursive
# forecasts errors may accumulate. Here they do not grow.

contexts = transformer.transform(test[:-N_STEPS])[:400:10]
clean = make_wave("sine", n_cycles=40)[2400:]
y_true = np.stack([clean[10 * k + WINDOW :][:N_STEPS] for k in range(len(contexts))])
error = np.abs(forecaster.forecast(N_STEPS, context=contexts) - y_true)

figure, ax = plt.subplots(figsize=(8, 4), layout="constrained")
ax.fill_between(
    np.arange(1, N_STEPS + 1), *np.quantile(error, [0.1, 0.9], axis=0), alpha=0.3, label="80 %"
)
ax.plot(np.arange(1, N_STEPS + 1), np.median(error, axis=0), label="Median of 40 forecasts")
ax.set(
    xlabel="Steps ahead",
    ylabel="Absolute error",
    title="Error for each step (amplitude of the wave: 1)",
)
ax.set_ylim(bottom=0)
ax.legend()

# %%
# The dependence of a prediction on each value of the window: the change of the prediction if this
# value is changed. Values of one cycle ago have positive weights, and values of half a cycle ago
# negative ones. All weights are small, so that noise is averaged out.

window = contexts[0]
changed = window + 0.01 * np.eye(WINDOW)[:, :, None]
dependence = (forecaster.predict(changed) - forecaster.predict(window[None])) / 0.01

figure, ax = plt.subplots(figsize=(8, 4), layout="constrained")
ax.bar(np.arange(-WINDOW, 0), dependence)
ax.set(
    xlabel="Position in the window, counted from its end",
    ylabel="Change of the prediction\nper change of the value",
    title="Dependence of a prediction on the values of the window",
)
# sphinx_gallery_thumbnail_number = 3
