"""Store fitted estimators in the present format, with the forecasts that they must give.

Run once when the number of the format is raised, and commit the files:
``python tests/data/make_artefacts.py``, best with the oldest dependencies, as newer ones read what
older ones wrote. Files of earlier formats stay as they are.
"""

import pickle
from pathlib import Path

import joblib
import numpy as np
import skops.io
from sklearn.preprocessing import StandardScaler

from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave._persistence import FORMAT
from skwave.datasets import make_wave


def make_estimators():
    """Fit one of each kind: two channels and layers, several values at once, and a pipeline."""
    wave = make_wave("sine", n_cycles=4, steps_per_cycle=20)
    channels = np.column_stack([wave, 100 + 5 * np.roll(wave, 3)])
    tiny = {"epochs": 1, "random_state": 0}
    windows = WindowTransformer(8).fit_transform(channels)
    forecaster = LSTMForecaster((4, 3), output_length=2, normalization="window", **tiny).fit(
        windows
    )
    steps = StandardScaler(), WindowTransformer(8), LSTMForecaster(4, **tiny)
    return {"forecaster": forecaster, "pipeline": make_forecast_pipeline(*steps).fit(wave)}


if __name__ == "__main__":
    folder = Path(__file__).parent / f"format{FORMAT}"
    folder.mkdir(exist_ok=True)
    estimators = make_estimators()
    for name, estimator in estimators.items():
        (folder / f"{name}.pkl").write_bytes(pickle.dumps(estimator, protocol=4))
        joblib.dump(estimator, folder / f"{name}.joblib")
        skops.io.dump(estimator, folder / f"{name}.skops")
    forecasts = {name: estimator.forecast(20) for name, estimator in estimators.items()}
    forecasts |= {
        f"{name}_interval": estimator.forecast_interval(5, coverage=0.5)
        for name, estimator in estimators.items()
    }
    np.savez(folder / "forecasts.npz", **forecasts)
