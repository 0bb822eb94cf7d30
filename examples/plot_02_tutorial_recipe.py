"""
The tutorial's own recipe, by parameters alone
==============================================

The Keras tutorial that skwave grew out of, number for number: the sine, the network, the optimizer,
the checkpoint after every epoch that improves, and the pick of the best file. As in the tutorial,
the one-step loss ends up small and the 200-step forecast still goes wrong.

Run with ``--epochs 3`` for a quick look, as this page was; all takes five minutes on two cores.
"""

import argparse
import re
from pathlib import Path

import numpy as np

from skwave import ForecastDisplay, HistoryDisplay, LSTMForecaster, WindowTransformer
from skwave.datasets import make_wave

parser = argparse.ArgumentParser(description="Run the tutorial as written.", allow_abbrev=False)
parser.add_argument("--epochs", type=int, default=1000, help="epochs at most")
parser.add_argument("--folder", type=Path, default=Path("result"), help="for checkpoints, pictures")
options, _ = parser.parse_known_args()  # a notebook has arguments of its own

# %%
# Each number of the tutorial is a parameter.

wave = make_wave("sine", n_cycles=53)
series, future = wave[:4000], wave[4000:4200]
windows = WindowTransformer(window_length=80).fit_transform(series)
forecaster = LSTMForecaster(
    units=300,
    normalization=None,
    optimizer="rmsprop",
    learning_rate=1e-3,
    schedule=None,
    clipnorm=None,
    batch_size=256,
    epochs=options.epochs,
    validation_split=0.3,
    validation="random",
    patience=20,
    checkpoint_dir=options.folder,
    random_state=0,
    verbose=1,
).fit(windows)

# %%
# The reader of the tutorial picks the file with the lowest validation loss and loads it. skwave has
# kept these weights already: both give the same predictions.


def validation_loss(path):
    return float(re.search(r"-vloss([\d.]+)\.keras", path.name)[1])


import keras

files = sorted(options.folder.glob("model*.keras"))
best = min(reversed(files), key=validation_loss)
loaded = keras.saving.load_model(best)
difference = np.abs(
    loaded.predict(windows[:100], verbose=0)[:, 0] - forecaster.predict(windows[:100])
)
print(f"\nbest of {len(files)} checkpoints: {best}, epoch {forecaster.best_epoch_ + 1} by skwave")
print(f"difference between the file's predictions and skwave's: {difference.max():.1e}")

# %%
# From the last 80 values, predict one value, append it, 200 times.

forecast = forecaster.forecast(200)
error = np.sqrt(np.mean((forecast - future) ** 2)) / wave.std()
print(f"validation loss {validation_loss(best):.3f}, but NRMSE over 200 steps {error:.2f}")

display = ForecastDisplay.from_predictions(future, forecast)
recipe = f"The tutorial's recipe, {len(forecaster.history_['loss'])} epochs"
display.ax_.set_title(f"{recipe}: 200 steps ahead (NRMSE {error:.2f})")
display.figure_.savefig(options.folder / "tutorial_recipe.png", dpi=120)
history = HistoryDisplay.from_estimator(forecaster)
history.ax_.set_title(f"{recipe}: losses")
history.figure_.savefig(options.folder / "tutorial_recipe_history.png", dpi=120)
