"""
The tutorial's forecast, in one command
=======================================

A network with an LSTM of 300 units reads windows of 80 values and predicts the next one; its
predictions are fed back to forecast 200 steps of two waves. Then a real series is forecast.

``fit`` trains the LSTM with Keras and then solves for its output layer by ridge regression. On
waves without noise, 20 updates are enough: the forecasts over held-out values are then as exact as
float32 allows. ``readout="trained"`` keeps the output layer that Keras trained.
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

FITS = [("sine", 50, "auto", "auto"), ("compound", 200, "auto", "auto"), ("sine", 50, "trained", 4)]
TITLES = {"sine": "Sine wave", "compound": "Bonus wave: 3 sin(5·2πt/80) − 5 cos(3·2πt/80)"}
READOUTS = {"auto": "readout solved for", "trained": "readout as Keras trained it"}
UNITS = 300
folder = Path(__file__).parent if "__file__" in globals() else Path()


def save(display, title, name):
    display.ax_.set_title(title)
    display.figure_.savefig(folder / name, dpi=120)
    print(f"picture: {folder / name}", flush=True)


# %%
# Fit each wave, forecast, and compare with the wave's own continuation. The error is the root
# mean square error as a fraction of the wave's standard deviation (NRMSE): 0 is perfect, and 1 is
# no better than forecasting the mean.


def nrmse(y_true, y_pred):
    return np.sqrt(np.mean((y_true - y_pred) ** 2)) / y_true.std()


for kind, n_cycles, readout, epochs in FITS:
    wave = make_wave(kind, n_cycles=n_cycles + 25)
    series, future = wave[: 80 * n_cycles], wave[80 * n_cycles :]
    print(f"\n{TITLES[kind]}, {READOUTS[readout]}: {len(series):,} values", flush=True)
    forecaster = LSTMForecaster(UNITS, readout=readout, epochs=epochs, random_state=0, verbose=1)
    model = make_forecast_pipeline(WindowTransformer(80), forecaster)
    begin = time.perf_counter()
    forecast = model.fit(series).forecast(2000)
    print(f"fit and forecast of 2,000 steps: {time.perf_counter() - begin:.1f} s")
    for n in (200, 2000):
        print(f"NRMSE over {n:,} steps: {nrmse(future[:n], forecast[:n]):.2g}", flush=True)

    title = f"{TITLES[kind]}, {READOUTS[readout]}\n"
    error = f"200 steps ahead: NRMSE {nrmse(future[:200], forecast[:200]):.1g}"
    display = ForecastDisplay.from_predictions(future[:200], forecast[:200])
    save(display, title + error, f"tutorial_{kind}_{readout}.png")

# %%
# The losses of the LSTM that was trained to the end, epoch by epoch.

save(HistoryDisplay.from_estimator(model), "Sine wave: losses of the training", "losses.png")

# %%
# A real series: the yearly number of sunspots, its root in windows of two cycles. The summary
# compares forecasts over held-out values with those of simpler models.

root = FunctionTransformer(np.sqrt, inverse_func=np.square)
models = [
    make_forecast_pipeline(
        root,
        WindowTransformer(22),
        LSTMForecaster(64, readout=readout, validation="last", random_state=0),
    ).fit(load_sunspots())
    for readout in ("trained", "auto")
]
print("\nYearly sunspots, forecasts over held-out values")
errors = {"LSTM as trained": models[0][-1].validation_errors_["trained"]}
errors |= models[1][-1].validation_errors_
for name, error in sorted(errors.items(), key=lambda item: -item[1]):
    print(f"  {name:20}{np.sqrt(error):8.3f}{'  kept' * (name == models[1][-1].readout_)}")
