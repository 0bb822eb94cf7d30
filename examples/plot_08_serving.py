"""
Saving a model, and forecasting without TensorFlow
==================================================

A server that only forecasts needs NumPy, SciPy, scikit-learn and skwave. Its start takes little
longer than an import of scikit-learn.
"""

import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import matplotlib.pyplot as plt

from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave.datasets import make_wave

EPOCHS = "auto"
STARTS = 2  # of each process; the faster one is drawn

model = make_forecast_pipeline(
    WindowTransformer(80), LSTMForecaster(units=32, epochs=EPOCHS, random_state=0)
)
model.fit(make_wave("sine", n_cycles=10, noise=0.1, random_state=0))

# %%
# Save it. Load only your own pickles: loading one can run any code.

folder = tempfile.TemporaryDirectory()
path = Path(folder.name) / "model.pkl"
path.write_bytes(pickle.dumps(model))
print(f"{path.stat().st_size / 1024:.0f} KiB")

# %%
# A new process loads the file and forecasts 200 steps. It does not import TensorFlow.

SERVER = f"""
import pickle, sys
with open({str(path)!r}, "rb") as file:
    model = pickle.load(file)
print(model.forecast(200).shape, "TensorFlow imported:", "tensorflow" in sys.modules)
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
ax.set(xlabel="Seconds in a fresh process", title="Time from start to forecast, and of imports")
ax.margins(x=0.15)
ax.invert_yaxis()
