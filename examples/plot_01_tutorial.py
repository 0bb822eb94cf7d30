"""
The tutorial's forecast, in one command
=======================================

A network with an LSTM of 300 units reads windows of 80 values and predicts the next one; fed with
its own predictions it forecasts 200 steps of two waves.

Beside the LSTM stands a linear model. It is exact on waves without noise, which ``fit`` finds out
before it trains: all takes seconds. ``LSTMForecaster(linear_skip=False)`` trains the LSTM alone.
"""

import time
from pathlib import Path

import numpy as np

from skwave import ForecastDisplay, LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave.datasets import make_wave

CYCLES = {"sine": 50, "compound": 200}
TITLES = {"sine": "Sine wave", "compound": "Bonus wave: 3 sin(5·2πt/80) − 5 cos(3·2πt/80)"}
folder = Path(__file__).parent if "__file__" in globals() else Path()

# %%
# Fit each wave, forecast, and compare with the wave's own continuation. The error is the root
# mean square error as a share of the wave's standard deviation (NRMSE): 0 is perfect, and 1 is no
# better than forecasting the mean.


def nrmse(truth, forecast):
    return np.sqrt(np.mean((truth - forecast) ** 2)) / truth.std()


for kind, n_cycles in CYCLES.items():
    wave = make_wave(kind, n_cycles=n_cycles + 25)
    series, future = wave[: 80 * n_cycles], wave[80 * n_cycles :]

    print(f"\n{TITLES[kind]}: fitting {len(series):,} values", flush=True)
    model = make_forecast_pipeline(
        WindowTransformer(window_length=80), LSTMForecaster(random_state=0, verbose=1)
    )
    begin = time.perf_counter()
    model.fit(series)
    trained = time.perf_counter()
    forecast = model.forecast(2000)
    done = time.perf_counter()

    print(f"fit: {trained - begin:.1f} s; forecast of 2,000 steps: {done - trained:.2f} s")
    print(f"kept, as forecasts over held-out values decided: {model[-1].parts_}")
    for n in (200, 2000):
        print(f"NRMSE over {n:,} steps: {nrmse(future[:n], forecast[:n]):.2g}", flush=True)

    display = ForecastDisplay.from_predictions(future[:200], forecast[:200])
    error = nrmse(future[:200], forecast[:200])
    display.ax_.set_title(f"{TITLES[kind]}, 200 steps ahead (NRMSE {error:.1g})")
    path = folder / f"tutorial_{kind}.png"
    display.figure_.savefig(path, dpi=120)
    print(f"picture: {path}")
