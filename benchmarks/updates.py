"""Where the time of an update goes, and what other ways of training would make of it.

    python benchmarks/updates.py [--only parts] [--only tensorflow jax torch]

An update of the tutorial's network: 300 units, windows of 80. Times of plain Keras models, each in
a process of its own, medians of repeats; a row's ratio is to the first one, for as many windows.
Other backends than TensorFlow get an environment of their own.
"""

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path

import environments
import numpy as np

UNITS, LENGTH, N_WINDOWS = 300, 80, 512
DEFAULTS = {"batch_size": 32, "jit_compile": False, "unroll": False, "dtype": "float32", "steps": 1}
TENSORFLOW = {
    "float32, batches of 32": {},
    "batches of 64": {"batch_size": 64},
    "batches of 128": {"batch_size": 128},
    "batches of 256": {"batch_size": 256},
    "XLA": {"jit_compile": True},
    "unroll": {"unroll": True},
    "mixed_bfloat16": {"dtype": "mixed_bfloat16"},
    "mixed_bfloat16, XLA": {"dtype": "mixed_bfloat16", "jit_compile": True},
    "8 steps_per_execution": {"steps": 8},
}
BACKENDS = {
    "jax": {"JAX, XLA": {"jit_compile": True}},
    "torch": {"PyTorch": {}},
}


def build(options):
    """Return the compiled network, as `skwave` trains it but fed with whole windows."""
    import keras

    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(options["dtype"])
    model = keras.Sequential(
        [
            keras.Input((LENGTH, 1)),
            keras.layers.LSTM(UNITS, unroll=options["unroll"]),
            keras.layers.Dense(1, dtype="float32"),
        ]
    )
    optimizer = keras.optimizers.Adam(3e-3, clipnorm=1.0)
    model.compile(
        optimizer, "mean_squared_error",
        jit_compile=options["jit_compile"], steps_per_execution=options["steps"],
    )  # fmt: skip
    return model


def measure(options):
    """Return the seconds of the first epoch and of a later one."""
    series = np.sin(2 * np.pi * np.arange(N_WINDOWS + LENGTH) / 80).astype(np.float32)
    x = np.lib.stride_tricks.sliding_window_view(series, LENGTH)[:N_WINDOWS, :, None].copy()
    y = series[LENGTH:, None]
    model = build(options)
    times = []
    for _ in range(6):
        begin = time.perf_counter()
        model.fit(x, y, batch_size=options["batch_size"], epochs=1, shuffle=False, verbose=0)
        times.append(time.perf_counter() - begin)
    return times[0], statistics.median(times[1:])


def in_a_process(python, options, backend):
    environment = os.environ | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [python, __file__, "--measure", json.dumps(options)]
    return environments.last_line(command, env=environment)


def compare(names):
    """Print a row for each way of training."""
    print(
        f"\n| one epoch of {N_WINDOWS} windows | ratio | seconds | the first one takes longer by |"
    )
    print("|---|---|---|---|")
    first_row = None
    for backend in names:
        variants = TENSORFLOW if backend == "tensorflow" else BACKENDS[backend]
        own = Path(sys.executable)
        python = own if backend == "tensorflow" else environments.make_environment(backend)
        for name, changes in variants.items():
            times = in_a_process(python, DEFAULTS | changes, backend)
            if times is None:
                print(f"| {name} | fails | | |", flush=True)
                continue
            first, later = times
            first_row = first_row or later
            cells = f"{later / first_row:.2f} | {later:.2f} | {first - later:.1f} s"
            print(f"| {name} | {cells} |", flush=True)


def seconds(function, repeats=7):
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        function()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def epoch_clock():
    """Return a Keras callback whose `times` are the seconds of each epoch."""
    import keras

    class Clock(keras.callbacks.Callback):
        def __init__(self):
            self.times = []

        def on_epoch_begin(self, epoch, logs=None):
            self.begin = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            self.times.append(time.perf_counter() - self.begin)

    return Clock()


def products(rows):
    """Return the seconds of an update's matrix products in NumPy: forward, and two backward."""
    rng = np.random.default_rng(0)
    states = rng.normal(size=(rows, UNITS)).astype(np.float32)
    kernel = rng.normal(size=(UNITS, 4 * UNITS)).astype(np.float32)
    gates = np.empty((rows, 4 * UNITS), np.float32)
    back, gradient = np.empty_like(states), np.empty_like(kernel)

    def run():
        for _ in range(LENGTH):
            np.matmul(states, kernel, out=gates)
            np.matmul(gates, kernel.T, out=back)
            np.matmul(states.T, gates, out=gradient)

    return seconds(run)


def gates_alone(rows):
    """Return the seconds that the gates of an update's forward pass take in NumPy."""
    gates = np.zeros((rows, 4 * UNITS), np.float32)
    memory = np.zeros((rows, UNITS), np.float32)

    def run():
        for _ in range(LENGTH):
            np.tanh(gates, out=gates)
            np.multiply(gates[:, :UNITS], gates[:, UNITS : 2 * UNITS], out=memory)
            np.tanh(memory, out=memory)

    return seconds(run)


def parts(rows=32):
    """Print where an update's time goes, and the fraction of the peak that it reaches."""
    import keras

    square = np.ones((2048, 2048), np.float32)
    peak = 2 * 2048**3 / seconds(lambda: square @ square)
    work = 3 * LENGTH * 2 * rows * UNITS * 4 * UNITS
    in_numpy, gates = products(rows), gates_alone(rows)
    model = build(DEFAULTS)
    x, y = np.zeros((rows, LENGTH, 1), np.float32), np.zeros((rows, 1), np.float32)
    begin = time.perf_counter()
    model.train_on_batch(x, y)
    tracing = time.perf_counter() - begin
    update = seconds(lambda: model.train_on_batch(x, y))
    tensor = keras.ops.convert_to_tensor(x)
    forward = seconds(lambda: model(tensor))
    _, epoch = measure(DEFAULTS)
    fed = epoch * rows / N_WINDOWS
    print(f"\n| an update of {rows} windows | milliseconds | fraction of an update within fit |")
    print("|---|---|---|")
    table = {
        "within fit": fed,
        "train_on_batch, a single one": update,
        "feeding and callbacks: the difference": fed - update,
        "its matrix products in NumPy": in_numpy,
        "tanh and products of the gates, forward, in NumPy": gates,
        "forward pass, not traced": forward,
        "tracing and compiling, once": tracing,
    }
    for name, took in table.items():
        print(f"| {name} | {1000 * took:.1f} | {took / fed:.2f} |")
    print(
        f"\nFloat32 products of 2,048 x 2,048: {peak / 1e9:.0f} GFLOP/s; within fit "
        f"{work / fed / 1e9:.0f}, {work / fed / peak:.0%} of it."
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    choices = ["parts", "tensorflow", *BACKENDS]
    parser.add_argument("--only", nargs="+", choices=choices, default=choices)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(json.loads(options.measure))))
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    if "parts" in options.only:
        parts()
    compare([name for name in options.only if name != "parts"])


if __name__ == "__main__":
    main()
