"""Speed, memory and serving, in one run, side by side; ratios first, medians of repeats.

    python benchmarks/speed.py [--only forecast training ...] [--quick]

Prints a table for each part and names the machine's threads and BLAS. `--quick` leaves out what
takes long, takes one repeat and 20 series in place of 1,000, and ends within three minutes.
"""

import argparse
import copy
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import threadpoolctl

from skwave import LSTMForecaster, WindowTransformer
from skwave._readout import with_positions
from skwave.datasets import make_wave

REPEATS, N_SERIES = 5, 1_000


def seconds(function, repeats=None):
    """Return the median time of several calls."""
    times = []
    for _ in range(repeats or REPEATS):
        begin = time.perf_counter()
        function()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def row(name, ratio, *details):
    print(f"| {name} | {ratio:.2f} | " + "; ".join(details) + " |", flush=True)


def heading(text):
    print(f"\n### {text}\n\n| what | ratio | from |\n|---|---|---|", flush=True)


def forecaster():
    """Return a fitted forecaster; one epoch is enough to time it, and its windows."""
    wave = make_wave("sine", n_cycles=4)
    windows = WindowTransformer(80).fit_transform(wave)
    model = LSTMForecaster(300, epochs=1, readout="trained", random_state=0)
    return model.fit(windows), windows


def product(rows, units, n):
    """Return a function that makes n products of (rows, units) by (units, 4 * units)."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=(rows, units)).astype(np.float32)
    b = rng.normal(size=(units, 4 * units)).astype(np.float32)
    out = np.empty((rows, 4 * units), np.float32)

    def run():
        for _ in range(n):
            np.matmul(a, b, out=out)

    return run


def keras_loop(model, window, n_steps):
    window = window.copy()
    for _ in range(n_steps):
        value = model.predict(window[None], verbose=0)
        window = np.concatenate([window[1:], value])


def forecast():
    """Compare a forecast with its matrix products alone, and with the tutorial's loop."""
    heading("Forecasting, 300 units, windows of 80")
    model, windows = forecaster()
    begin = time.perf_counter()
    model.forecast(200)
    first = time.perf_counter() - begin
    ours = seconds(lambda: model.forecast(200))
    products = seconds(product(80, 300, 280))
    row(
        "forecast(200) / 280 products of 80 rows",
        ours / products,
        f"{ours:.3f} s",
        f"{products:.3f} s",
    )
    row("the same, first call", first / products, f"{first:.3f} s")
    keras_model = model.model_
    keras_loop(keras_model, windows[-1], 2)
    loop = seconds(lambda: keras_loop(keras_model, windows[-1], 200), repeats=2)
    row("model.predict loop / forecast(200), first call", loop / first, f"{loop:.1f} s")
    contexts = np.random.default_rng(0).normal(size=(500, 80, 1))
    batch = seconds(lambda: model.forecast(48, context=contexts), repeats=3)
    # 48 windows for each origin; the products are made over blocks that fit the cache.
    products = seconds(product(480, 300, 128 * 50), repeats=3)
    row(
        "500 origins x 48 steps / its products",
        batch / products,
        f"{batch:.1f} s",
        f"{products:.1f} s",
    )
    many = np.lib.stride_tricks.sliding_window_view(np.sin(np.arange(100_079) / 9), 80)[:, :, None]
    mine = seconds(lambda: model.predict(many), repeats=1)
    theirs = seconds(lambda: keras_model.predict(many, verbose=0, batch_size=512), repeats=1)
    row(
        "predict / model_.predict, 100,000 windows, once",
        mine / theirs,
        f"{mine:.1f} s",
        f"{theirs:.1f} s",
    )


def intervals():
    """Measure what intervals add to a default fit, and to a forecast."""
    heading("Intervals, default settings, windows of 80")
    forecaster()  # TensorFlow's first steps in a process are slow
    for name, noise in (("sine", 0.0), ("sine with 5 % noise", 0.05)):
        wave = make_wave("sine", n_cycles=50, noise=noise, random_state=0)
        windows = WindowTransformer(80).fit_transform(wave)
        begin = time.perf_counter()
        model = LSTMForecaster(random_state=0).fit(windows)
        fit = time.perf_counter() - begin
        n_paths, n_steps = model.residual_paths_.shape[:2]
        # As many forecasts from as many origins as the fit rolls out for its residual paths.
        part = windows[: n_paths + n_steps]
        calibration = seconds(lambda m=model, w=part, h=n_steps: m.calibrate(w, h), repeats=3)
        row(
            f"{name}: residual paths / the rest of the fit",
            calibration / (fit - calibration),
            f"{calibration:.1f} s for {n_paths} paths of {n_steps} steps",
            f"{fit - calibration:.1f} s",
        )
    plain = seconds(lambda: model.forecast(80))
    interval = seconds(lambda: model.forecast_interval(80))
    row("forecast_interval(80) / forecast(80)", interval / plain, f"{1000 * interval:.0f} ms")


def known():
    """Measure what known inputs and states at several positions add to a forecast."""
    heading("Known inputs, and the readout of three positions, 300 units, windows of 80")
    plain, _ = forecaster()
    rng = np.random.default_rng(0)
    series = np.column_stack([make_wave("sine", n_cycles=4), rng.normal(size=320)])
    windows = WindowTransformer(80, known=[1]).fit_transform(series)
    with_known = LSTMForecaster(300, epochs=1, readout="trained", random_state=0).fit(windows)
    # A fit may keep a readout of the last state alone, so this one is made from the other.
    of_three = copy.copy(plain)
    of_three.network_ = with_positions(plain.network_, 3)
    future = rng.normal(size=200)
    ours = seconds(lambda: plain.forecast(200))
    its = seconds(lambda: with_known.forecast(200, future=future))
    three = seconds(lambda: of_three.forecast(200))
    row("forecast(200, future) / forecast(200)", its / ours, f"{its:.3f} s", f"{ours:.3f} s")
    row("three positions / forecast(200)", three / ours, f"{three:.3f} s")


def nrmse200(model, future):
    return np.sqrt(np.mean((model.forecast(200) - future) ** 2)) / future.std()


def fit_and_score(windows, future, **settings):
    """Return the NRMSE of 200 steps, and the seconds that the fit took."""
    begin = time.perf_counter()
    model = LSTMForecaster(random_state=0, **settings).fit(windows)
    return nrmse200(model, future), time.perf_counter() - begin


def training():
    """Measure the time to a forecast within 1 %, and the tutorial's settings for as long."""
    import keras

    heading("Training, 300 units, windows of 80: NRMSE of 200 steps, and seconds")
    tutorial = {
        "normalization": None, "optimizer": "rmsprop", "learning_rate": 1e-3, "schedule": None,
        "clipnorm": None, "batch_size": 256, "epochs": 1000,
    }  # fmt: skip

    class Deadline(keras.callbacks.Callback):
        def __init__(self, limit):
            self.limit = limit

        def on_train_begin(self, logs=None):
            self.begin = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = time.perf_counter() - self.begin > self.limit

    # TensorFlow's first steps in a process are slow.
    forecaster()
    for kind, n_cycles, epochs_tried in (("sine", 50, (1, 2, 3, 4)), ("compound", 200, (1, 2, 3))):
        wave = make_wave(kind, n_cycles=n_cycles + 3)
        windows = WindowTransformer(80).fit_transform(wave[: 80 * n_cycles])
        future = wave[80 * n_cycles :][:200]
        error, took = fit_and_score(windows, future)
        for epochs in epochs_tried:
            alone, longer = fit_and_score(windows, future, readout="trained", epochs=epochs)
            if alone <= 0.01:
                break
        theirs, stopped = fit_and_score(windows, future, **tutorial, callbacks=[Deadline(longer)])
        row(
            f"{kind}: time of the LSTM alone to 1 % / of the defaults",
            longer / took,
            f"{alone:.4f} after {longer:.1f} s, {epochs} epochs",
            f"{error:.1e} after {took:.2f} s",
        )
        row(
            f"{kind}: error of the tutorial's settings / of the LSTM alone, as much time",
            theirs / alone,
            f"{theirs:.2f} after {stopped:.0f} s",
        )


def small():
    """Measure many small fits, as a grid search makes them, also where no model is kept."""
    from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
    from sklearn.pipeline import make_pipeline

    heading("Twelve small fits: GridSearchCV, 16 units, 3 epochs, 700 values")
    wave = make_wave("sine", n_cycles=9)
    model = make_pipeline(WindowTransformer(40), LSTMForecaster(16, epochs=3, random_state=0))
    grid = {"lstmforecaster__learning_rate": [1e-3, 3e-3, 1e-2]}

    def search(n_jobs, callbacks=None):
        model.set_params(lstmforecaster__callbacks=callbacks)
        GridSearchCV(model, grid, cv=TimeSeriesSplit(4), n_jobs=n_jobs, refit=False).fit(wave)

    search(1)
    kept = seconds(lambda: search(1), repeats=2)
    # With callbacks, which might hold on to it, each fit builds a model of its own.
    anew = seconds(lambda: search(1, callbacks=[]), repeats=2)
    row(
        "models built anew / models kept",
        anew / kept,
        f"{anew:.1f} s",
        f"{kept:.1f} s",
    )
    search(2)
    two = seconds(lambda: search(2), repeats=2)
    row("n_jobs=1 / n_jobs=2, workers warm", kept / two, f"{kept:.1f} s", f"{two:.1f} s")


def fresh(code):
    """Run code in a fresh process; return its seconds and its peak memory in MB."""
    begin = time.perf_counter()
    # Not ru_maxrss, which a process inherits from the one that started it.
    code += "\nprint([x for x in open('/proc/self/status') if x.startswith('VmHWM')][0].split()[1])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return time.perf_counter() - begin, float(run.stdout.split()[-1]) / 1024


def memory():
    """Measure the peak memory of training on a long series and on a short one."""
    heading("Memory of training, 4 units, windows of 80, one epoch")
    code = """
import numpy as np
from skwave import LSTMForecaster, WindowTransformer
series = np.sin(np.arange({n}) / 9)
windows = WindowTransformer(80).fit_transform(series)
LSTMForecaster(4, epochs=1, batch_size=8192, random_state=0).fit(windows)
"""
    (_, short), (_, long) = (fresh(code.format(n=n)) for n in (10_000, 1_000_000))
    row(
        "a million values / ten thousand",
        long / short,
        f"{long - short:.0f} MB more than {short:.0f} MB",
    )


def many():
    """Fit one LSTM to many series, and forecast a day of each."""
    heading(f"{N_SERIES:,} series of 2,000 values, 64 units, windows of 80, two processes")
    code = """
import numpy as np
from joblib import parallel_config
from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline
rng = np.random.default_rng(0)
hours = np.arange(2000)
def series():
    day, week = rng.uniform(0, 7, 2)
    wave = np.sin(hours / 24 * 2 * np.pi + day) + np.sin(hours / 168 * 2 * np.pi + week)
    return rng.uniform(1, 99) * (5 + wave + 0.2 * rng.normal(size=2000))
model = make_forecast_pipeline(WindowTransformer(80), LSTMForecaster(64, random_state=0))
with parallel_config(n_jobs={jobs}):
    model.fit([series() for _ in range({n})])
assert len(model.forecast(24)) == {n}
"""
    one, base = fresh(code.format(n=1, jobs=1))
    whole, peak = fresh(code.format(n=N_SERIES, jobs=2))
    row("all / one of them", whole / one, f"{whole:.0f} s", f"{one:.1f} s")
    row("memory of the process", peak / base, f"{peak - base:.0f} MB more than {base:.0f} MB")


def fit_memory():
    """Measure what a default fit takes beside Keras with the same LSTM and windows."""
    heading("Peak memory of a default fit of the sine, in a fresh process")
    imports = "import keras, numpy as np, scikeras.wrappers, tensorflow\n"
    windows = (
        "from skwave import LSTMForecaster, WindowTransformer\n"
        "from skwave.datasets import make_wave\n"
        "windows = WindowTransformer(80).fit_transform(make_wave('sine', n_cycles=50))\n"
    )
    ours = windows + "LSTMForecaster(random_state=0).fit(windows)"
    plain = windows + (
        "import keras\n"
        "model = keras.Sequential([keras.Input((80, 1)), keras.layers.LSTM(300), "
        "keras.layers.Dense(1)])\n"
        "model.compile('adam', 'mse')\n"
        "model.fit(windows[:640], windows[1:641, -1], batch_size=32, verbose=0)"
    )
    (_, bare), (_, plain), (_, ours) = (fresh(imports + code) for code in ("", plain, ours))
    row("skwave / plain Keras", ours / plain, f"{ours:.0f} MB", f"{plain:.0f} MB",
        f"{bare:.0f} MB after the imports")  # fmt: skip


def serving():
    """Load and forecast in a fresh process, beside an import of scikit-learn."""
    heading("Serving: a fresh process loads a pickled forecaster and forecasts 200 steps")
    model, _ = forecaster()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.pkl"
        path.write_bytes(pickle.dumps(model))
        serve = (
            f"import pickle\nmodel = pickle.load(open({str(path)!r}, 'rb'))\nmodel.forecast(200)"
        )
        ours, bare = [], []
        for _ in range(REPEATS):
            ours.append(fresh(serve))
            bare.append(fresh("import sklearn.pipeline"))
    t, t0 = (statistics.median(x[0] for x in runs) for runs in (ours, bare))
    row("time / import sklearn.pipeline", t / t0, f"{t:.2f} s", f"{t0:.2f} s")
    row("memory / import sklearn.pipeline", ours[0][1] / bare[0][1], f"{ours[0][1]:.0f} MB")


PARTS = {
    part.__name__: part
    for part in (
        forecast, intervals, known, training, small, many, memory, fit_memory, serving,
    )
}  # fmt: skip
# These take no more than three minutes with `--quick`.
QUICK = "known", "many", "fit_memory", "serving"


def main():
    global REPEATS, N_SERIES
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=PARTS)
    parser.add_argument("--quick", action="store_true", help="what three minutes allow")
    options = parser.parse_args()
    if options.quick:
        REPEATS, N_SERIES = 1, 20
    blas = {
        f"{i['internal_api']} {i['version']} ({i['architecture']}, {i['num_threads']} threads)"
        for i in threadpoolctl.threadpool_info()
        if i["user_api"] == "blas"
    }
    print(f"{os.cpu_count()} cores; NumPy {np.__version__} with {', '.join(blas)}")
    for name in options.only or (QUICK if options.quick else PARTS):
        PARTS[name]()


if __name__ == "__main__":
    main()
