"""
The tutorial: two waves and a real series
=========================================

A network with an LSTM of 300 units reads windows of 80 values and predicts the next one. Its
recursive forecasts of 200 steps of two waves, and a forecast of sunspots, are compared with the
true values. ``make demo`` runs this script.
"""

import time
from pathlib import Path

import numpy as np
from sklearn.preprocessing import FunctionTransformer

from skwave import (
    ForecastDisplay,
    HistoryDisplay,
    LSTMForecaster,
    WindowTransformer,
    make_forecast_pipeline,
)
from skwave.datasets import load_sunspots, make_wave

UNITS = 300
folder = Path(__file__).parent if "__file__" in globals() else Path()


def nrmse(y_true, y_pred):
    """Return the root mean squared error, as a fraction of the standard deviation."""
    return np.sqrt(np.mean((y_true - y_pred) ** 2)) / y_true.std()


def save(display, title, name):
    display.ax_.set_title(title)
    display.figure_.savefig(folder / name, dpi=120)
    print(f"picture: {folder / name}", flush=True)


# %%
# Two waves without noise
# -----------------------
#
# After the training, ``fit`` solves for the output layer by ridge regression. For a wave without
# noise, 20 updates of the LSTM are enough: the forecasts of held-out values are then as exact as
# float32 allows. The error below is the NRMSE: 0 is perfect, and forecasting the mean has 1.

TITLES = {"sine": "Sine wave", "compound": "3 sin(5·2πt/80) − 5 cos(3·2πt/80)"}
for kind, n_cycles in {"sine": 50, "compound": 200}.items():
    wave = make_wave(kind, n_cycles=n_cycles + 25)
    train, test = wave[: 80 * n_cycles], wave[80 * n_cycles :]
    print(f"\n{TITLES[kind]}: {len(train):,} values", flush=True)
    model = make_forecast_pipeline(
        WindowTransformer(80), LSTMForecaster(UNITS, random_state=0, verbose=1)
    )
    begin = time.perf_counter()
    forecast = model.fit(train).forecast(2000)
    print(f"fit and forecast of 2,000 steps: {time.perf_counter() - begin:.1f} s")
    for n in (200, 2000):
        print(f"NRMSE over {n:,} steps: {nrmse(test[:n], forecast[:n]):.2g}", flush=True)
    display = ForecastDisplay.from_predictions(test[:200], forecast[:200], history=train[-160:])
    error = f"NRMSE over 200 steps: {nrmse(test[:200], forecast[:200]):.1g}"
    save(display, f"{TITLES[kind]}. {error}", f"tutorial_{kind}.png")

# %%
# The output layer that Keras trains
# ----------------------------------
#
# ``readout="trained"`` keeps the output layer that Keras trains, as the original tutorial does. It
# takes more updates, and the forecast is less exact. 100 units are enough to show this.

wave = make_wave("sine", n_cycles=53)
train, test = wave[:4000], wave[4000:4200]
forecaster = LSTMForecaster(UNITS // 3, readout="trained", epochs=8, random_state=0)
model = make_forecast_pipeline(WindowTransformer(80), forecaster).fit(train)
error = nrmse(test, model.forecast(200))
print(f'NRMSE over 200 steps with readout="trained": {error:.1g}')
save(HistoryDisplay.from_estimator(model), "Sine wave: losses of the training", "losses.png")

# %%
# A real series
# -------------
#
# The yearly number of sunspots, with a square root before the windows.

series = load_sunspots()
train, test = series[:-22], series[-22:]
root = FunctionTransformer(np.sqrt, inverse_func=lambda x: np.square(np.maximum(x, 0)))
model = make_forecast_pipeline(root, WindowTransformer(22), LSTMForecaster(16, random_state=0))
model.fit(train)
display = ForecastDisplay.from_estimator(
    model, test, history=train, coverage=0.9, baseline="seasonal_naive"
)
display.ax_.set(xlabel="Years after 1986", ylabel="Sunspots, yearly mean")
save(display, "Sunspots, 22 years ahead", "sunspots.png")
print(model.summary())
# sphinx_gallery_thumbnail_number = 2
