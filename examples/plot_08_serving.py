"""
Save, and forecast without TensorFlow
=====================================

After ``fit`` the weights are NumPy arrays. A machine that only forecasts needs NumPy, SciPy,
scikit-learn and skwave itself, installed with ``--no-deps``; TensorFlow need not be installed.
"""

import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import matplotlib.pyplot as plt
from sklearn.pipeline import make_pipeline

from skwave import LSTMForecaster, WindowTransformer
from skwave.datasets import make_wave

EPOCHS = "auto"
STARTS = 2  # of each process; the quicker one counts, as the other waited for the machine

model = make_pipeline(
    WindowTransformer(80), LSTMForecaster(units=32, epochs=EPOCHS, random_state=0)
)
model.fit(make_wave("sine", n_cycles=10, noise=0.1, random_state=0))

# %%
# Save it. Open pickles of your own only: loading one can run any code that is in it.

folder = tempfile.TemporaryDirectory()
path = Path(folder.name) / "model.pkl"
path.write_bytes(pickle.dumps(model))
print(f"{path.stat().st_size / 1024:.0f} KiB, LSTM and all; readout: {model[-1].readout_}")

# %%
# A server is a new process. It loads the file, forecasts 200 steps, and says what it imported.

SERVER = f"""
import pickle, sys
with open({str(path)!r}, "rb") as file:
    model = pickle.load(file)
print(model[-1].forecast(200).shape, "TensorFlow imported:", "tensorflow" in sys.modules)
"""


def seconds(code):
    taken = []
    for _ in range(STARTS):
        begin = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        taken.append(time.perf_counter() - begin)
    print(done.stdout, end="")
    return min(taken)


times = {
    "start Python,\nimport scikit-learn": seconds("import sklearn.pipeline"),
    "start Python, load,\nforecast 200 steps": seconds(SERVER),
    "start Python,\nimport Keras": seconds("import keras"),
}
folder.cleanup()

figure, ax = plt.subplots(figsize=(8, 3), layout="constrained")
bars = ax.barh(list(times), list(times.values()), color=["gray", "tab:blue", "tab:orange"])
ax.bar_label(bars, fmt="%.1f s", padding=4)
ax.set(xlabel="Seconds in a fresh process", title="Forecasting does not wait for Keras")
ax.margins(x=0.15)
ax.invert_yaxis()
