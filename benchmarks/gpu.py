"""What a GPU does for skwave, beside the CPU with two threads, on each Keras backend installed.

    python benchmarks/gpu.py [--backends jax torch] [--seconds 480] [--quick]

Each backend and device gets a process of its own, one after the other, on the same two cores of the
processor. A row is written to gpu.csv as soon as it is measured, and a part that fails leaves the
others as they are. All of it ends within `--seconds`. `--quick` takes tiny sizes: it shows that the
script runs, and says nothing of speed.
"""

import argparse
import contextlib
import csv
import importlib.util
import os
import platform
import re
import resource
import statistics
import subprocess
import sys
import time
import traceback
from pathlib import Path

import numpy as np
from updates import epoch_clock, seconds

COLUMNS = "device", "backend", "part", "what", "value", "unit"
BACKENDS = "tensorflow", "jax", "torch"
THREADS = 2
FULL = {
    "units": 300, "length": 80, "batches": (32, 256, 2048), "n_windows": 8_192,
    "n_values": 1_000_000, "cycles": {"sine": 50, "compound": 200}, "repeats": 5,
}  # fmt: skip
QUICK = {
    "units": 8, "length": 20, "batches": (32, 64), "n_windows": 512,
    "n_values": 20_000, "cycles": {"sine": 8}, "repeats": 2,
}  # fmt: skip


class Table:
    """Rows of one device and backend, appended to a file and printed as they come."""

    def __init__(self, path, device, backend):
        self.path, self.device, self.backend = path, device, backend

    def add(self, part, what, value, unit):
        value = f"{value:.4g}" if isinstance(value, float) else str(value)
        row = self.device, self.backend, part, what, value, unit
        with open(self.path, "a", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow(row)
        print(" | ".join(row), flush=True)


def median_seconds(function, repeats):
    """Return the median time of calls after a first one, which compiles."""
    function()
    return seconds(function, repeats)


def sine_windows(n_windows, length):
    """Return windows of a sine (n_windows, length, 1) and the value after each, in float32."""
    series = np.sin(2 * np.pi * np.arange(n_windows + length) / 80).astype(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(series, length)[:n_windows, :, None]
    return windows.copy(), series[length:, None]


def card():
    """Return the name of the graphics card and its driver, or None."""
    command = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def kernels(table, size):
    """Report the devices that Keras sees, and whether its LSTM takes cuDNN's kernel there."""
    import keras

    backend = table.backend
    layer = keras.layers.LSTM(size["units"])
    x = keras.ops.convert_to_tensor(sine_windows(32, size["length"])[0])
    layer(x)
    if backend == "jax":
        import jax

        table.add("kernels", "devices", "; ".join(d.device_kind for d in jax.devices()), "")
        text = jax.jit(lambda x: layer(x)).lower(x).compile().as_text()
        taken = "cudnn_rnn" in text.lower()
        calls = sorted(set(re.findall(r'custom_call_target="([^"]+)"', text)))
        table.add("kernels", "calls in the compiled layer", ", ".join(calls) or "none", "")
    elif backend == "torch":
        import torch

        name = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
        table.add("kernels", "devices", name, "")
        table.add("kernels", "cuDNN", torch.backends.cudnn.version() or "none", "")
        with torch.profiler.profile() as profile:
            layer(x)
        taken = any("cudnn_rnn" in event.key for event in profile.key_averages())
    else:
        import tensorflow as tf

        devices = "; ".join(d.name for d in tf.config.list_physical_devices())
        table.add("kernels", "devices", devices, "")
        names = {
            op.name for op in tf.function(layer).get_concrete_function(x).graph.get_operations()
        }
        taken = any("CudnnRNN" in name for name in names)
    table.add("kernels", "cuDNN's LSTM is taken", "yes" if taken else "no", "")


def count_updates(table, batch):
    """Return how many updates are timed together: few where they take long."""
    return max(1, 512 // batch) if table.device == "cpu" else 16


def updates(table, size):
    """Time an update within Keras's fit, of a plain model, with and without cuDNN's kernel."""
    import keras

    choices = {"auto": "as Keras chooses"}
    if table.device != "cpu":
        choices[False] = "use_cudnn=False"
    for use_cudnn, name in choices.items():
        for batch in size["batches"]:
            model = keras.Sequential([
                keras.Input((size["length"], 1)),
                keras.layers.LSTM(size["units"], use_cudnn=use_cudnn),
                keras.layers.Dense(1),
            ])  # fmt: skip
            model.compile(keras.optimizers.Adam(3e-3, clipnorm=1.0), "mean_squared_error")
            n_updates = count_updates(table, batch)
            x, y = sine_windows(n_updates * batch, size["length"])
            fit = {"batch_size": batch, "shuffle": False, "verbose": 0}
            # The first update compiles.
            model.fit(x[:batch], y[:batch], **fit)
            times = []
            for _ in range(3):
                begin = time.perf_counter()
                model.fit(x, y, **fit)
                times.append((time.perf_counter() - begin) / n_updates)
            took = 1000 * statistics.median(times)
            table.add("updates", f"plain Keras, batch {batch}, {name}", took, "ms")


def own_updates(table, size):
    """Time an update within a fit of skwave, whose windows are cut out on the device."""
    from skwave import LSTMForecaster

    for batch in size["batches"]:
        n_updates = count_updates(table, batch)
        windows, targets = sine_windows(n_updates * batch, size["length"])
        clock = epoch_clock()
        LSTMForecaster(
            size["units"], batch_size=batch, epochs=4, readout="trained",
            validation_split=0.0, callbacks=[clock], random_state=0,
        ).fit(windows, targets[:, 0])  # fmt: skip
        took = 1000 * statistics.median(clock.times[1:]) / n_updates
        table.add("updates", f"skwave, batch {batch}", took, "ms")


def waves(table, size):
    """Time default fits of the tutorial's waves, that of the sine also with all compiled before."""
    from skwave import LSTMForecaster, WindowTransformer
    from skwave.datasets import make_wave

    length = size["length"]
    for kind, n_cycles in size["cycles"].items():
        wave = make_wave(kind, n_cycles=n_cycles + 3)
        windows = WindowTransformer(length).fit_transform(wave[: 80 * n_cycles])
        future = wave[80 * n_cycles :][:200]
        # The first one of all compiles; the other wave needs no more of it.
        for name in ("first fit", "second fit") if kind == "sine" else ("fit",):
            begin = time.perf_counter()
            model = LSTMForecaster(size["units"], random_state=0).fit(windows)
            forecast = model.forecast(200)
            took = time.perf_counter() - begin
            error = float(np.sqrt(np.mean((forecast - future) ** 2)) / future.std())
            table.add("waves", f"{kind}, {name} with forecast", took, "s")
        table.add("waves", f"{kind}, NRMSE of 200 steps", error, "")
        apart = model.model_.predict(windows[:256], verbose=0)[:, 0] - model.predict(windows[:256])
        table.add("waves", f"{kind}, Keras's predictions less NumPy's", abs(apart).max(), "")


def readout(table, size):
    """Time the states and Gram sums that a readout is solved from: by Keras, and by NumPy."""
    import keras

    from skwave import LSTMForecaster

    windows, targets = sine_windows(size["n_windows"], size["length"])
    network = (
        LSTMForecaster(size["units"], epochs=1, readout="trained", random_state=0)
        .fit(windows[:512], targets[:512, 0])
        .network_
    )
    inputs = keras.Input((size["length"], 1))
    layer = keras.layers.LSTM(size["units"])
    model = keras.Model(inputs, layer(inputs))
    layer.set_weights(network.layers[0])

    def by_keras():
        return model.predict(windows, batch_size=2048, verbose=0)

    def gram_by_keras():
        states = keras.ops.convert_to_tensor(by_keras())
        return keras.ops.convert_to_numpy(keras.ops.matmul(keras.ops.transpose(states), states))

    def gram_by_numpy():
        states = network.states(windows)
        return states.T @ states

    repeats, n = size["repeats"] if table.device == "gpu" else 1, size["n_windows"]
    took = median_seconds(by_keras, repeats)
    table.add("readout", f"states of {n} windows, Keras", took, "s")
    took = median_seconds(gram_by_keras, repeats)
    table.add("readout", f"states and Gram sums of {n} windows, Keras, float32", took, "s")
    exact, gram = network.states(windows), gram_by_numpy()
    apart = float(abs(by_keras() - exact).max())
    table.add("readout", "states, Keras less NumPy, largest", apart, "")
    apart = float(abs(gram_by_keras() - gram).max() / abs(gram).max())
    table.add("readout", "Gram sums, Keras less NumPy, relative to the largest", apart, "")
    if table.device == "cpu":
        took = median_seconds(lambda: network.states(windows), 3)
        table.add("readout", f"states of {n} windows, NumPy", took, "s")
        took = median_seconds(gram_by_numpy, 3)
        table.add("readout", f"states and Gram sums of {n} windows, NumPy, float64", took, "s")


def million(table, size):
    """Fit a long noisy sine with the defaults, and on a GPU in one pass over all windows."""
    from skwave import LSTMForecaster, WindowTransformer

    n, length, batch = size["n_values"], size["length"], max(size["batches"])
    rng = np.random.default_rng(0)
    series = np.sin(2 * np.pi * np.arange(n) / 80) + 0.05 * rng.normal(size=n)
    windows = WindowTransformer(length).fit_transform(series)
    settings = {"defaults": {}}
    if table.device != "cpu":
        one_pass = {"epochs": 1, "batch_size": batch, "readout": "trained"}
        settings[f"one pass in batches of {batch}, readout='trained'"] = one_pass
    for name, options in settings.items():
        begin = time.perf_counter()
        model = LSTMForecaster(size["units"], random_state=0, **options).fit(windows)
        took = time.perf_counter() - begin
        table.add("million", f"{n} values, {name}", took, "s")
        loss = model.history_.get("val_loss", model.history_["loss"])[-1]
        table.add("million", f"{n} values, {name}, held-out loss of the last epoch", loss, "")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    table.add("million", "peak memory of the process", peak, "MB")


# What is most wanted comes first, in case that time runs out.
PARTS = kernels, updates, waves, readout, million, own_updates


def work(options):
    """Measure all parts on one device and backend, in this process."""
    size = QUICK if options.quick else FULL
    table = Table(options.output, options.device, os.environ["KERAS_BACKEND"])
    begin = time.perf_counter()
    import keras

    table.add("versions", "Keras", keras.__version__, "")
    module = __import__(table.backend)
    table.add("versions", table.backend, module.__version__, "")
    table.add("versions", "import of Keras", time.perf_counter() - begin, "s")
    for part in PARTS:
        begin = time.perf_counter()
        try:
            part(table, size)
        except Exception:
            # One part says nothing of the others.
            traceback.print_exc()
            table.add(part.__name__, "failed", traceback.format_exc().splitlines()[-1][:200], "")
        print(f"-- {part.__name__} took {time.perf_counter() - begin:.0f} s", flush=True)


def run_worker(options, backend, device, limit):
    """Run a process for one device and backend, for at most so many seconds."""
    environment = os.environ | {
        "KERAS_BACKEND": backend, "OMP_NUM_THREADS": str(THREADS), "PYTHONUNBUFFERED": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3", "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    }  # fmt: skip
    if device == "cpu":
        environment |= {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, __file__, "--device", device, "--output", options.output]
    print(f"\n== {backend} on {device}, at most {limit:.0f} s", flush=True)
    try:
        # The thread pools of all backends are as large as the number of these cores.
        subprocess.run(
            command + ["--quick"] * options.quick, env=environment, timeout=limit, check=False,
            preexec_fn=keep_to_two_cores,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        Table(options.output, device, backend).add("all", "stopped after", limit, "s")


def keep_to_two_cores():
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])


def show(path):
    """Print the rows as a table with a column for each device, and the ratio to the CPU."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    devices = list(dict.fromkeys(row["device"] for row in rows))
    cells = {}
    for row in rows:
        key = row["backend"], row["part"], row["what"]
        cells.setdefault(key, {"unit": row["unit"]})[row["device"]] = row["value"]
    print(f"\n| backend | part | what | {' | '.join(devices)} | ratio |")
    print("|---|---|---|" + "---|" * (len(devices) + 1))
    for (backend, part, what), found in cells.items():
        values = [f"{found[d]} {found['unit']}".strip() if d in found else "" for d in devices]
        ratio = ""
        if found["unit"] in ("s", "ms") and len(devices) == 2 and all(d in found for d in devices):
            first, second = (float(found[d]) for d in devices)
            ratio = f"{first / second:.3f}"
        print(f"| {backend} | {part} | {what} | {' | '.join(values)} | {ratio} |")


def processor():
    """Return the name of the processor."""
    with contextlib.suppress(OSError), open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    installed = [name for name in BACKENDS if importlib.util.find_spec(name)]
    parser.add_argument("--backends", nargs="+", choices=BACKENDS, default=installed)
    parser.add_argument("--devices", nargs="+", choices=["gpu", "cpu"], default=["gpu", "cpu"])
    parser.add_argument("--seconds", type=float, default=480)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--output", default=str(Path(__file__).with_name("gpu.csv")))
    parser.add_argument("--device", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.device:
        work(options)
        return
    deadline = time.monotonic() + options.seconds
    with open(options.output, "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerow(COLUMNS)
    name = card()
    machine = Table(options.output, "", "")
    machine.add("machine", "card", name or "none", "")
    machine.add("machine", "processor", f"{processor()}, {THREADS} threads used", "")
    devices = [d for d in options.devices if d == "cpu" or name]
    jobs = [(device, backend) for device in devices for backend in options.backends]
    for k, (device, backend) in enumerate(jobs):
        # What one leaves of its time the others may use.
        run_worker(options, backend, device, (deadline - time.monotonic()) / (len(jobs) - k))
    show(options.output)


if __name__ == "__main__":
    main()
