"""One forecaster on one wave, in a process of its own; `peers.py` starts it.

    python contestants.py CONTESTANT WAVE.npy SECONDS

Each has an LSTM of 300 units that reads windows of 80 values, and its own defaults for the rest. It
trains, one fit after the other, until 200 steps are forecast to 1 %, or the time is up. Printed is
a line of JSON. Nothing but the contestant's own package is imported.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

N_STEPS, WINDOW, UNITS = 200, 80, 300


class Skwave:
    """All of skwave's defaults; the values as they are."""

    settings = {}

    def __init__(self, series):
        from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline

        forecaster = LSTMForecaster(UNITS, random_state=0, **self.settings)
        self.model = make_forecast_pipeline(WindowTransformer(WINDOW), forecaster)
        self.series = series

    def train(self):
        self.model.fit(self.series)

    def forecast(self):
        return self.model.forecast(N_STEPS)


class SkwaveLSTM(Skwave):
    """The LSTM and its output layer as they were trained; nothing is solved for."""

    settings = {"readout": "trained"}


class Scaled:
    """The peers advise to scale the series: to mean 0 and standard deviation 1."""

    def __init__(self, series):
        self.mean, self.std = series.mean(), series.std()
        self.build((series - self.mean) / self.std)

    def forecast(self):
        return self.mean + self.std * np.ravel(self.predict())


class Skforecast(Scaled):
    """All 200 steps at once, as this package does it."""

    def build(self, series):
        import pandas as pd
        from skforecast.deep_learning import ForecasterRnn, create_and_compile_model

        self.frame = pd.DataFrame({"wave": series})
        network = create_and_compile_model(
            self.frame, lags=WINDOW, steps=N_STEPS, levels=["wave"], recurrent_units=UNITS,
            dense_units=None,
        )  # fmt: skip
        self.model = ForecasterRnn(
            levels=["wave"], lags=WINDOW, estimator=network, transformer_series=None,
            fit_kwargs={"epochs": 1, "batch_size": 32, "verbose": 0},
        )  # fmt: skip

    def train(self):
        self.model.fit(self.frame, suppress_warnings=True)

    def predict(self):
        return self.model.predict(steps=N_STEPS)["pred"]


class Darts(Scaled):
    """Common to both of its recurrent models."""

    def build(self, series):
        import logging

        from darts import TimeSeries

        logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
        self.series = TimeSeries.from_values(series.astype(np.float32))
        trainer = {"accelerator": "cpu", "enable_progress_bar": False, "logger": False}
        common = {
            "model": "LSTM", "input_chunk_length": WINDOW, "hidden_dim": UNITS, "n_epochs": 1,
            "random_state": 0, "pl_trainer_kwargs": trainer,
        }  # fmt: skip
        self.model = self.make(common)

    def train(self):
        self.model.fit(self.series, epochs=1)

    def predict(self):
        return self.model.predict(N_STEPS).values()


class DartsRNN(Darts):
    """One step at a time, fed back."""

    def make(self, common):
        from darts.models import RNNModel

        return RNNModel(**common, training_length=WINDOW + 1)


class DartsBlockRNN(Darts):
    """All 200 steps at once."""

    def make(self, common):
        from darts.models import BlockRNNModel

        return BlockRNNModel(**common, output_chunk_length=N_STEPS)


class NeuralForecastLSTM(Scaled):
    """All 200 steps at once, its default."""

    def build(self, series):
        import pandas as pd
        from neuralforecast import NeuralForecast
        from neuralforecast.models import LSTM

        frame = {"unique_id": "wave", "ds": np.arange(len(series)), "y": series}
        self.frame = pd.DataFrame(frame)
        network = LSTM(
            h=N_STEPS, input_size=WINDOW, encoder_n_layers=1, encoder_hidden_size=UNITS,
            max_steps=20, scaler_type="identity", accelerator="cpu", logger=False,
            enable_progress_bar=False, enable_checkpointing=False,
        )  # fmt: skip
        self.model = NeuralForecast([network], freq=1)
        self.fitted = False

    def train(self):
        # Goes on from the previous weights.
        self.model.fit(self.frame, use_init_models=not self.fitted)
        self.fitted = True

    def predict(self):
        return self.model.predict()["LSTM"]


# What a script with it imports, and the class.
CONTESTANTS = {
    "skwave": ("from skwave import LSTMForecaster", Skwave),
    "skwave, LSTM alone": ("from skwave import LSTMForecaster", SkwaveLSTM),
    "skforecast": ("from skforecast.deep_learning import ForecasterRnn", Skforecast),
    "darts RNN": ("from darts.models import RNNModel; RNNModel.fit", DartsRNN),
    "darts BlockRNN": ("from darts.models import BlockRNNModel; BlockRNNModel.fit", DartsBlockRNN),
    "neuralforecast": ("from neuralforecast.models import LSTM", NeuralForecastLSTM),
}


def timed(function):
    begin = time.perf_counter()
    result = function()
    return result, time.perf_counter() - begin


def train_until_good(contestant, y_true, limit):
    """Train until the forecast is right; return the best error and the seconds it took."""
    trained, best, at = 0.0, np.inf, 0.0
    while best > 0.01 and trained < limit:
        _, seconds = timed(contestant.train)
        trained += seconds
        error = np.sqrt(np.mean((contestant.forecast() - y_true) ** 2)) / y_true.std()
        if error < best:
            best, at = error, trained
    return best, at


def main():
    name, path, limit = sys.argv[1], sys.argv[2], float(sys.argv[3])
    imports, make = CONTESTANTS[name]
    _, imported = timed(lambda: exec(imports, {}))
    wave = np.load(path)
    series, y_true = wave[:-N_STEPS], wave[-N_STEPS:]
    contestant = make(series)
    best, at = train_until_good(contestant, y_true, limit)
    forecast = min(timed(contestant.forecast)[1] for _ in range(3))
    status = Path("/proc/self/status").read_text()
    peak = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    result = {
        "contestant": name, "wave": Path(path).stem, "import": imported, "train": at,
        "nrmse": float(best), "forecast": forecast, "memory": int(peak) / 1024,
    }  # fmt: skip
    print(json.dumps(result))


if __name__ == "__main__":
    main()
