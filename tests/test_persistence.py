"""What is stored is loaded, bit for bit, or refused."""

import copy
import pickle
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import cloudpickle
import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import skwave
from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave._persistence import FORMAT, add_checksum, checksum, verify_checksum
from skwave.datasets import make_wave

DATA = Path(__file__).parent / "data"
TINY = {"units": 4, "epochs": 1, "random_state": 0}


def by_joblib(estimator, folder):
    joblib.dump(estimator, folder / "model.joblib")
    return joblib.load(folder / "model.joblib")


def by_skops(estimator, folder):
    data = skops.io.dumps(estimator)
    asked_for = skops.io.get_untrusted_types(data=data)
    assert set(asked_for) <= set(skwave.TRUSTED_TYPES)
    return skops.io.loads(data, trusted=asked_for)


WAYS = {
    "pickle": lambda estimator, folder: pickle.loads(pickle.dumps(estimator)),
    "pickle 2": lambda estimator, folder: pickle.loads(pickle.dumps(estimator, protocol=2)),
    "cloudpickle": lambda estimator, folder: pickle.loads(cloudpickle.dumps(estimator)),
    "deepcopy": lambda estimator, folder: copy.deepcopy(estimator),
    "joblib": by_joblib,
    "skops": by_skops,
}


@pytest.fixture(scope="module")
def estimators(wave, two_channels):
    frame = pd.DataFrame(two_channels, columns=["a", "b"])
    frame.index = pd.date_range("2024-01-31", periods=len(frame), freq="D", name="day")
    lags = pd.DataFrame(WindowTransformer(6).fit_transform(wave)[:, :, 0]).add_prefix("lag")
    pair = WindowTransformer(6).fit_transform(two_channels)
    return {
        "one channel": LSTMForecaster(**TINY).fit(pair[:, :, :1]),
        "two channels": LSTMForecaster(**TINY | {"units": (3, 2)}, output_length=2).fit(pair),
        "a frame of lags": LSTMForecaster(**TINY).fit(lags),
        "Pipeline": make_pipeline(WindowTransformer(6), LSTMForecaster(**TINY)).fit(wave),
        "ForecastPipeline": make_forecast_pipeline(
            StandardScaler(), WindowTransformer(6), LSTMForecaster(**TINY)
        ).fit(frame),
    }


@pytest.fixture(scope="module")
def pipeline_without_pandas():
    """Its forecasts have bytes, unlike those of pandas."""
    steps = StandardScaler(), WindowTransformer(6), LSTMForecaster(**TINY)
    return make_forecast_pipeline(*steps).fit(np.sin(np.arange(120) / 3))


KINDS = [
    "one channel",
    "two channels",
    "a frame of lags",
    "Pipeline",
    "ForecastPipeline",
]


def forecast(estimator):
    last = estimator if hasattr(estimator, "forecast") else estimator[-1]
    return np.asarray(last.forecast(30))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_forecasts_are_the_same_bit_for_bit(estimators, tmp_path, kind, way):
    estimator = estimators[kind]
    before = forecast(estimator)
    loaded = WAYS[way](estimator, tmp_path)
    np.testing.assert_array_equal(forecast(loaded), before)
    np.testing.assert_array_equal(forecast(estimator), before)
    again = WAYS[way](loaded, tmp_path)
    np.testing.assert_array_equal(forecast(again), before)


def test_a_loaded_forecaster_can_be_fitted_as_the_original(estimators, windows, tmp_path):
    loaded = by_skops(estimators["one channel"], tmp_path)
    assert loaded.get_params() == estimators["one channel"].get_params()
    found = loaded.set_params(random_state=3).fit(windows).forecast(9)
    expected = LSTMForecaster(**TINY | {"random_state": 3}).fit(windows).forecast(9)
    np.testing.assert_array_equal(found, expected)


def test_objects_of_keras_are_kept_and_a_fit_with_them_is_the_same(windows, tmp_path):
    import keras

    decay = keras.optimizers.schedules.ExponentialDecay(0.1, 9, 0.5)
    settings = TINY | {"optimizer": keras.optimizers.SGD(decay), "loss": keras.losses.Huber()}
    original = LSTMForecaster(**settings, callbacks=[keras.callbacks.TerminateOnNaN()]).fit(windows)
    for way in ("pickle", "joblib", "deepcopy"):
        loaded = WAYS[way](original, tmp_path)
        assert loaded.callbacks is None
        assert type(loaded.loss).__name__ == "Huber"
        assert loaded.optimizer.get_config()["learning_rate"]["class_name"] == "ExponentialDecay"
        np.testing.assert_array_equal(loaded.forecast(9), original.forecast(9))
    np.testing.assert_array_equal(loaded.fit(windows).forecast(9), original.forecast(9))


def test_validation_errors_and_the_summary_are_stored(estimators, tmp_path):
    original = estimators["two channels"]
    for way in WAYS.values():
        loaded = way(original, tmp_path)
        assert loaded.validation_errors_ == original.validation_errors_
        assert loaded.readout_ == original.readout_
        assert repr(loaded.summary()) == repr(original.summary())


def test_the_state_is_plain_data(estimators):
    def walk(x):
        assert type(x) in (dict, list, tuple, np.ndarray, str, int, float, bool, type(None)), x
        for item in x.values() if isinstance(x, dict) else x if isinstance(x, list | tuple) else ():
            walk(item)

    for kind in ("one channel", "two channels", "a frame of lags"):
        walk(estimators[kind].__getstate__())


def test_paths_are_stored_as_strings(tmp_path):
    forecaster = LSTMForecaster(checkpoint_dir=tmp_path, backup_dir=tmp_path)
    loaded = pickle.loads(pickle.dumps(forecaster))
    assert loaded.checkpoint_dir == loaded.backup_dir == str(tmp_path)


def test_forecasts_in_a_fresh_process_and_another_thread(estimators, tmp_path):
    forecaster = estimators["two channels"]
    expected = forecaster.forecast(30)
    skops.io.dump(forecaster, tmp_path / "model.skops")
    joblib.dump(forecaster, tmp_path / "model.joblib")
    code = f"""
import sys, joblib, skops.io, skwave
folder = {str(tmp_path)!r}
for model in (
    skops.io.load(folder + "/model.skops", trusted=list(skwave.TRUSTED_TYPES)),
    joblib.load(folder + "/model.joblib"),
):
    print(model.forecast(30).tobytes().hex())
    print(model.forecast_interval(5).tobytes().hex())
assert not {{"tensorflow", "keras", "scikeras", "matplotlib"}} & set(sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    interval = forecaster.forecast_interval(5)
    assert run.stdout.split() == 2 * [expected.tobytes().hex(), interval.tobytes().hex()]
    results = []
    loaded = joblib.load(tmp_path / "model.joblib")
    thread = threading.Thread(target=lambda: results.append(loaded.forecast(30)))
    thread.start()
    thread.join()
    np.testing.assert_array_equal(results[0], expected)


# --- Formats ----------------------------------------------------------------------------------


def artefacts():
    return [p for p in sorted(DATA.glob("format*/*")) if p.suffix != ".npz"]


def load(path):
    if path.suffix == ".skops":
        return skops.io.load(path, trusted=list(skwave.TRUSTED_TYPES))
    return joblib.load(path) if path.suffix == ".joblib" else pickle.loads(path.read_bytes())


def test_there_is_an_artefact_of_every_format():
    kept = {path.parent.name for path in artefacts()}
    assert kept == {f"format{n}" for n in range(1, FORMAT + 1)}


# The steps that are scikit-learn's own it loads with a warning, if they are of another version.
@pytest.mark.filterwarnings("default::sklearn.exceptions.InconsistentVersionWarning")
@pytest.mark.parametrize("path", artefacts(), ids=lambda p: f"{p.parent.name}/{p.name}")
def test_artefacts_load_and_forecast_as_they_did(path):
    with np.load(path.parent / "forecasts.npz") as forecasts:
        expected, interval = forecasts[path.stem], forecasts[f"{path.stem}_interval"]
    # Another BLAS may round differently.
    np.testing.assert_allclose(load(path).forecast(20), expected, rtol=1e-5, atol=1e-6)
    loaded = load(path).forecast_interval(5, coverage=0.5)
    np.testing.assert_allclose(loaded, interval, rtol=1e-5, atol=1e-5)
    if path.stem == "pipeline":
        # From new values each of its transformers is needed.
        series = make_wave("sine", n_cycles=4, steps_per_cycle=20)
        found = load(path).forecast(20, context=series)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("way", ["partial_fit", "warm_start"])
def test_a_stored_forecaster_is_trained_further(way):
    forecaster = load(DATA / "format1" / "forecaster.pkl")
    shape = forecaster.window_shape_
    series = np.random.default_rng(0).normal(size=(40, shape[1]))
    windows = WindowTransformer(shape[0]).fit_transform(series)
    before = forecaster.network_
    if way == "partial_fit":
        forecaster.partial_fit(windows)
    else:
        forecaster.set_params(warm_start=True, epochs=1).fit(windows)
    assert forecaster.network_ is not before
    assert np.isfinite(forecaster.forecast(5)).all()


def test_a_state_is_given_back_as_it_was_stored():
    state = {"a": [1, 2.0], "b": np.arange(3)}
    stored = add_checksum(state)
    assert stored["skwave_format"] == FORMAT
    assert verify_checksum(stored, "LSTMForecaster") == state


@pytest.mark.parametrize("kind", ["one channel", "ForecastPipeline"])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"skwave_format": FORMAT + 1}, f"has format {FORMAT + 1}.*up to {FORMAT}.*newer skwave"),
        ({"skwave_format": None}, "is damaged"),
        ({"skwave_checksum": "0" * 64}, "does not match its checksum.*another copy"),
        ({"skwave_checksum": None}, "does not match its checksum"),
    ],
)
def test_a_newer_or_unknown_format_is_refused(estimators, kind, change, words):
    estimator = estimators[kind]
    with pytest.raises(ValueError, match=rf"{type(estimator).__name__} .*{words}"):
        type(estimator).__new__(type(estimator)).__setstate__(estimator.__getstate__() | change)


# --- Damage -------------------------------------------------------------------------------------

# In a process of its own with little memory, as a flipped length makes pickle ask for gigabytes. A
# flip with which pickle or an old NumPy crashes ends a child, and the next child goes on after it.
DAMAGE = """
import io, os, pickle, resource, sys, warnings
import joblib, numpy as np, skops.io, skwave
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
warnings.simplefilter("ignore")
expected, paths = bytes.fromhex(sys.argv[1]), sys.argv[2:]

def load(path, data):
    if path.endswith("skops"):
        return skops.io.loads(data, trusted=list(skwave.TRUSTED_TYPES))
    return joblib.load(io.BytesIO(data)) if path.endswith("joblib") else pickle.loads(data)

def outcome(path, data):
    try:
        return load(path, data).forecast(5).tobytes()
    except Exception as error:
        return f"{type(error).__name__}: {error}"

def kind_of(path, whole, position):
    flipped = bytearray(whole)
    flipped[position // 8] ^= 1 << position % 8
    result = outcome(path, bytes(flipped))
    if not isinstance(result, str):
        return "right" if result == expected else f"wrong at bit {position}"
    return "checksum" if "checksum" in result else "refused"

def kinds_in_a_child(path, whole, positions):
    end, begin = os.pipe()
    child = os.fork()
    if child == 0:
        for position in positions:
            os.write(begin, kind_of(path, whole, position).encode() + b"\\n")
        os._exit(0)
    os.close(begin)
    with open(end) as pipe:
        kinds = pipe.read().splitlines()
    os.waitpid(child, 0)
    return kinds if len(kinds) == len(positions) else [*kinds, "crashed"]

rng = np.random.default_rng(0)
for path in paths:
    whole = open(path, "rb").read()
    assert outcome(path, whole) == expected
    positions, kinds = rng.integers(0, 8 * len(whole), 150), []
    while len(kinds) < len(positions):
        kinds += kinds_in_a_child(path, whole, positions[len(kinds):])
    print({kind: kinds.count(kind) for kind in kinds})
    for length in [0, 1, *rng.integers(2, len(whole), 20)]:
        assert isinstance(outcome(path, whole[:length]), str), f"{length} bytes were enough"
"""


@pytest.mark.parametrize("kind", ["one channel", "ForecastPipeline"])
def test_a_damaged_file_never_gives_a_wrong_forecast(
    estimators, pipeline_without_pandas, tmp_path, kind
):  # fmt: skip
    estimator = estimators[kind] if kind == "one channel" else pipeline_without_pandas
    paths = [tmp_path / f"model.{suffix}" for suffix in ("pkl", "joblib", "skops")]
    paths[0].write_bytes(pickle.dumps(estimator))
    joblib.dump(estimator, paths[1])
    skops.io.dump(estimator, paths[2])
    expected = estimator.forecast(5).tobytes().hex()
    command = [sys.executable, "-c", DAMAGE, expected, *map(str, paths)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    for path, line in zip(paths, run.stdout.splitlines(), strict=True):
        counts = Counter(eval(line))
        assert counts.keys() <= {"right", "refused", "checksum", "crashed"}
        assert counts["refused"] + counts["checksum"] > 75
        assert counts["crashed"] < 5
        if path.suffix != ".skops":  # which has checksums of its own
            assert counts["checksum"] > 20


def test_the_checksum_depends_on_every_part():
    one = {"a": [1, 2.0, "x", None, True], "b": (np.arange(3), {"c": b"y"})}
    assert checksum(one) == checksum(copy.deepcopy(one))
    others = [
        {"a": [1, 2, "x", None, True], "b": (np.arange(3), {"c": b"y"})},
        {"a": [1, 2.0, "x", None, 1], "b": (np.arange(3), {"c": b"y"})},
        {"a": (1, 2.0, "x", None, True), "b": (np.arange(3), {"c": b"y"})},
        {"a": [1, 2.0, "x", None, True], "b": (np.arange(3.0), {"c": b"y"})},
        {"a": [1, 2.0, "x", None, True], "b": (np.arange(3)[:, None], {"c": b"y"})},
        {"a": [1, 2.0, "x", None, True], "b": (np.arange(3), {"d": b"y"})},
    ]
    assert len({checksum(x) for x in [one, *others]}) == 1 + len(others)
    scaler = StandardScaler().fit([[1.0], [2.0]])
    other = StandardScaler().fit([[1.0], [2.5]])
    assert checksum(scaler) == checksum(copy.deepcopy(scaler)) != checksum(other)


def test_a_transformer_with_functions_is_stored(wave):
    asinh = FunctionTransformer(np.arcsinh, inverse_func=np.sinh)
    model = make_forecast_pipeline(asinh, WindowTransformer(6), LSTMForecaster(**TINY)).fit(wave)
    loaded = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(loaded.forecast(9), model.forecast(9))


def test_skops_runs_no_code_and_asks_for_what_is_not_plain(windows):
    forecaster = LSTMForecaster(**TINY, loss=plain_loss).fit(windows)
    data = skops.io.dumps(forecaster)
    (asked_for,) = set(skops.io.get_untrusted_types(data=data)) - set(skwave.TRUSTED_TYPES)
    assert asked_for.endswith("plain_loss")
    with pytest.raises(skops.io.exceptions.UntrustedTypesFoundException, match="plain_loss"):
        skops.io.loads(data, trusted=list(skwave.TRUSTED_TYPES))


def plain_loss(y_true, y_pred):
    return (y_true - y_pred) ** 2
