"""
What the network has learnt
===========================

Three looks at a fitted forecaster: its losses, its error by step, and the values of the window that
a prediction depends on.
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
# The losses are those of the LSTM with the output layer that Keras trains. The output layer is
# solved for afterwards, so they are not errors of the forecast; the summary has those, beside the
# errors of a linear model and of the naive forecasts.

display = HistoryDisplay.from_estimator(forecaster)
display.ax_.set_title("Losses of the training")
print(forecaster.summary())

# %%
# The error by step, over 40 windows of the test part, against the wave without its noise. A small
# error after one step is no promise, as each step reads the errors of those before. Here it does
# not grow: the forecasts stay on the wave.

contexts = transformer.transform(test[:-N_STEPS])[:400:10]
clean = make_wave("sine", n_cycles=40)[2400:]
y_true = np.stack([clean[10 * k + WINDOW :][:N_STEPS] for k in range(len(contexts))])
error = np.abs(forecaster.forecast(N_STEPS, context=contexts) - y_true)

figure, ax = plt.subplots(figsize=(8, 4), layout="constrained")
ax.fill_between(
    np.arange(1, N_STEPS + 1), *np.quantile(error, [0.1, 0.9], axis=0), alpha=0.3, label="80 %"
)
ax.plot(np.arange(1, N_STEPS + 1), np.median(error, axis=0), label="Median of 40 forecasts")
ax.set(xlabel="Steps ahead", ylabel="Absolute error", title="Error by step; the wave's height is 1")
ax.set_ylim(bottom=0)
ax.legend()

# %%
# What a prediction depends on: each value of a window is moved a little. Those nearly a cycle ago
# count like the newest ones and those half a cycle ago count against them, all of them a little.
# That is how noise is averaged away.

window = contexts[0]
nudged = window + 0.01 * np.eye(WINDOW)[:, :, None]
answer = (forecaster.predict(nudged) - forecaster.predict(window[None])) / 0.01

figure, ax = plt.subplots(figsize=(8, 4), layout="constrained")
ax.bar(np.arange(-WINDOW, 0), answer)
ax.set(
    xlabel="Position in the window, counted from its end",
    ylabel="Change of the prediction\nper change of the value",
    title="Each value of the window says a little",
)
