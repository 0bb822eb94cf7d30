"""The learning rate, checkpoints, and fits that are killed and resumed."""

import json
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from helpers import warnings_of
from sklearn.base import clone

from skwave import LSTMForecaster, WindowTransformer, _training
from skwave._keras_callbacks import learning_rate_factor
from skwave.datasets import make_wave
from skwave.exceptions import ForecastWarning

TINY = {"units": 6, "epochs": 2, "batch_size": 32, "random_state": 0, "readout": "trained"}


# --- The learning rate --------------------------------------------------------------------------


def test_learning_rate_rises_over_a_tenth_and_falls_to_a_hundredth():
    factors = [learning_rate_factor(k, 100) for k in range(100)]
    assert factors[0] == pytest.approx(0.1)
    assert factors[9] == factors[10] == 1
    assert np.all(np.diff(factors[:10]) > 0)
    assert np.all(np.diff(factors[10:]) < 0)
    assert factors[55] == pytest.approx(0.01 + 0.99 / 2)
    assert factors[-1] == pytest.approx(0.01, abs=2e-3)


@pytest.mark.parametrize("n_steps", [1, 2, 9])
def test_learning_rate_of_a_handful_of_updates(n_steps):
    factors = [learning_rate_factor(k, n_steps) for k in range(n_steps)]
    assert all(0 < f <= 1 for f in factors)
    assert max(factors) == 1


# --- Checkpoints and the callbacks of the user --------------------------------------------------


def test_checkpoints_are_named_as_in_the_tutorial_and_the_last_is_the_best(windows, tmp_path):
    import keras

    forecaster = LSTMForecaster(
        **TINY | {"epochs": 4}, checkpoint_dir=tmp_path / "result", normalization="window"
    ).fit(windows)
    names = sorted(path.name for path in (tmp_path / "result").iterdir())
    pattern = r"model\d{3}-loss\d+\.\d{3}-vloss\d+\.\d{3}\.keras"
    assert names
    assert all(re.fullmatch(pattern, name) for name in names)
    assert names[-1].startswith(f"model{forecaster.best_epoch_ + 1:03d}-")
    best = keras.saving.load_model(tmp_path / "result" / names[-1])
    np.testing.assert_allclose(
        best.predict(windows, verbose=0)[:, 0], forecaster.predict(windows), rtol=1e-4, atol=1e-5
    )


def test_callbacks_are_used_as_given_and_copied_by_clone_only(windows):
    import keras

    class Collect(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.losses = []

        def on_epoch_end(self, epoch, logs=None):
            self.losses.append(logs["loss"])

    callback = Collect()
    forecaster = LSTMForecaster(**TINY, callbacks=[callback]).fit(windows)
    assert callback.losses == pytest.approx(forecaster.history_["loss"])
    # The model that was trained is no part of a copy.
    assert callback.model is None
    clone(forecaster).fit(windows)
    assert len(callback.losses) == TINY["epochs"]
    assert pickle.loads(pickle.dumps(forecaster)).callbacks is None


@pytest.mark.parametrize("schedule", ["cosine", None])
def test_a_callback_that_sets_the_learning_rate_beside_a_schedule_is_warned_of(windows, schedule):
    import keras

    callback = keras.callbacks.ReduceLROnPlateau()
    forecaster = LSTMForecaster(**TINY, callbacks=[callback], schedule=schedule)
    found = warnings_of(forecaster.fit, windows)
    is_warned = any("a ReduceLROnPlateau, but schedule='cosine' sets" in text for text in found)
    assert is_warned == (schedule is not None)


def test_a_callback_with_a_lock_is_used_but_cannot_be_cloned(windows):
    import keras

    callback = keras.callbacks.Callback()
    callback.lock = threading.Lock()
    forecaster = LSTMForecaster(**TINY, callbacks=[callback]).fit(windows)
    with pytest.raises(TypeError, match="lock"):
        clone(forecaster)


# --- Fits that are killed, interrupted or out of disk -------------------------------------------

# Dropout, the schedule, early stopping and two layers: all that a backup has to remember.
TRAINING = {
    "units": (4, 4),
    "dropout": 0.1,
    "epochs": 8,
    "patience": 3,
    "batch_size": 16,
    "learning_rate": 0.05,
    "random_state": 0,
}

# The same with one layer, which Keras builds in half the time.
SMALL = TRAINING | {"units": 6}


def the_windows():
    return WindowTransformer(10).fit_transform(make_wave("sine", n_cycles=4, steps_per_cycle=20))


def callback(**methods):
    import keras

    return keras.callbacks.LambdaCallback(**methods)


def fit_and_die(folder, epoch, batch, settings):
    """Fit, and be killed in the middle of an epoch: runs in a process of its own."""
    now = []

    def die(number, logs=None):
        if now[-1] == epoch and number == batch:
            os.kill(os.getpid(), signal.SIGKILL)

    killer = callback(on_epoch_begin=lambda e, logs: now.append(e), on_train_batch_begin=die)
    LSTMForecaster(**settings, backup_dir=folder, callbacks=[killer]).fit(the_windows())


def run(call, *arguments):
    code = f"import test_keras_callbacks as tests; tests.{call}(*{arguments!r})"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )


def assert_same_fit(again, whole):
    """Hold the weights of a fit to those of another one, to 1e-5, and its history."""
    pairs = zip(
        (*again.network_.layers, again.network_.head),
        (*whole.network_.layers, whole.network_.head),
        strict=True,
    )
    for mine, theirs in pairs:
        for one, other in zip(mine, theirs, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)
    assert again.history_.keys() == whole.history_.keys()
    for name, losses in whole.history_.items():
        np.testing.assert_allclose(again.history_[name], losses, rtol=1e-5)
    assert again.best_epoch_ == whole.best_epoch_
    assert again.readout_ == whole.readout_


# Epochs of 20 updates that begin in the middle of the windows.
AUTO = {"units": 6, "dropout": 0.1, "batch_size": 2, "random_state": 0, "learning_rate": 0.01}


def test_a_killed_fit_is_resumed_and_ends_with_the_same_weights(tmp_path):
    settings, epoch, batch = AUTO, 3, 11
    whole = LSTMForecaster(**settings).fit(the_windows())
    died = run("fit_and_die", str(tmp_path), epoch, batch, settings)
    assert died.returncode == -signal.SIGKILL, died.stderr
    (backup,) = tmp_path.iterdir()
    assert re.fullmatch(r"fit-[0-9a-f]{16}\.npz", backup.name)
    epochs = []
    again = LSTMForecaster(
        **settings,
        backup_dir=tmp_path,
        callbacks=[callback(on_epoch_begin=lambda epoch, logs: epochs.append(epoch))],
    ).fit(the_windows())
    assert epochs[0] == epoch
    assert_same_fit(again, whole)
    assert len(again.history_["loss"]) == len(whole.history_["loss"]) > epoch
    assert list(tmp_path.iterdir()) == []


def test_a_fit_that_fails_after_its_last_epoch_ends_the_same_when_resumed(tmp_path):
    windows = the_windows()
    whole = LSTMForecaster(**AUTO).fit(windows)

    def fail(logs=None):
        raise StopError

    broken = LSTMForecaster(**AUTO, backup_dir=tmp_path, callbacks=[callback(on_train_end=fail)])
    with pytest.raises(StopError):
        broken.fit(windows)
    assert_same_fit(broken.set_params(callbacks=None).fit(windows), whole)
    assert list(tmp_path.iterdir()) == []


class StopError(Exception):
    """Stands for a crash."""


def stop_at(epoch, moment="on_epoch_end"):
    def stop(number, logs=None):
        if number == epoch:
            raise StopError

    return callback(**{moment: stop})


@pytest.mark.parametrize(("epochs", "epoch", "patience"), [(6, 1, 1), (4, 3, None)])
def test_wherever_a_fit_stops_it_ends_the_same(tmp_path, windows, epochs, epoch, patience):
    training = SMALL | {"epochs": epochs, "patience": patience, "learning_rate": 0.3}
    whole = LSTMForecaster(**training).fit(windows)
    broken = LSTMForecaster(**training, backup_dir=tmp_path)
    broken.set_params(callbacks=[stop_at(epoch, "on_epoch_begin")])
    for _ in range(2):  # The second one goes on, and stops at the same place.
        if epoch < len(whole.history_["loss"]):
            with pytest.raises(StopError):
                broken.fit(windows)
    again = broken.set_params(callbacks=None).fit(windows)
    assert_same_fit(again, whole)


@pytest.mark.parametrize("rows", [1, 200])
def test_a_fit_to_which_keras_gets_a_few_epochs_at_once_is_resumed(
    tmp_path, windows, monkeypatch, rows
):  # fmt: skip
    monkeypatch.setattr(_training, "ROWS_AT_ONCE", rows)
    training = SMALL | {"epochs": 5, "learning_rate": 0.3}
    whole = LSTMForecaster(**training).fit(windows)
    broken = LSTMForecaster(**training, backup_dir=tmp_path, callbacks=[stop_at(3)])
    with pytest.raises(StopError):
        broken.fit(windows)
    assert_same_fit(broken.set_params(callbacks=None).fit(windows), whole)


@pytest.mark.parametrize("patience", [1, None])
def test_a_fit_that_was_killed_after_its_last_epoch_trains_no_more(tmp_path, windows, patience):
    training = SMALL | {"epochs": 4, "patience": patience, "learning_rate": 0.3}
    whole = LSTMForecaster(**training).fit(windows)

    def stop(logs=None):
        raise StopError

    def count(epoch, logs):
        raise AssertionError(f"epoch {epoch} was trained again")

    broken = LSTMForecaster(**training, backup_dir=tmp_path)
    with pytest.raises(StopError):
        broken.set_params(callbacks=[callback(on_train_end=stop)]).fit(windows)
    again = broken.set_params(callbacks=[callback(on_epoch_begin=count)]).fit(windows)
    assert_same_fit(again, whole)


BROKEN = SMALL | {"epochs": 3}


@pytest.fixture(scope="module")
def a_backup(tmp_path_factory, windows):
    """The file that a fit left when it stopped in its last epoch."""
    folder = tmp_path_factory.mktemp("backup")
    broken = LSTMForecaster(**BROKEN, backup_dir=folder, callbacks=[stop_at(2)])
    with pytest.raises(StopError):
        broken.fit(windows)
    (backup,) = folder.iterdir()
    return backup


@pytest.mark.parametrize("n_bytes", [0, 100, -100])
def test_a_damaged_backup_is_not_used_with_a_warning(tmp_path, windows, a_backup, n_bytes):
    backup = Path(shutil.copy(a_backup, tmp_path))
    backup.write_bytes(backup.read_bytes()[:n_bytes])
    with pytest.warns(ForecastWarning, match=rf"backup '.*{backup.name}' is damaged .* beginning"):
        again = LSTMForecaster(**BROKEN, backup_dir=tmp_path).fit(windows)
    assert list(tmp_path.iterdir()) == []
    assert_same_fit(again, LSTMForecaster(**BROKEN).fit(windows))


@pytest.mark.parametrize("bit", [1, 32], ids=["encrypted", "patched"])
def test_a_backup_with_a_wrong_bit_is_not_used_with_a_warning(tmp_path, windows, a_backup, bit):
    backup = Path(shutil.copy(a_backup, tmp_path))
    data = bytearray(backup.read_bytes())
    data[data.rfind(b"PK\x01\x02") + 8] ^= bit
    backup.write_bytes(data)
    with pytest.warns(ForecastWarning, match="is damaged"):
        again = LSTMForecaster(**BROKEN, backup_dir=tmp_path).fit(windows)
    assert_same_fit(again, LSTMForecaster(**BROKEN).fit(windows))


def test_equal_fits_at_the_same_time_share_a_backup(tmp_path, windows):
    def fit(_):
        return LSTMForecaster(**BROKEN, backup_dir=tmp_path).fit(windows)

    expected = LSTMForecaster(**BROKEN).fit(windows)
    with ThreadPoolExecutor(3) as pool:
        for found in pool.map(fit, range(4)):
            assert_same_fit(found, expected)


def test_the_backup_of_another_fit_is_not_used(tmp_path, windows, a_backup):
    shutil.copy(a_backup, tmp_path)
    for change in ({"random_state": 1}, {"learning_rate": 0.01}):
        other = LSTMForecaster(**(BROKEN | change), backup_dir=tmp_path).fit(windows)
        alone = LSTMForecaster(**(BROKEN | change)).fit(windows)
        assert_same_fit(other, alone)
        assert [path.name for path in tmp_path.iterdir()] == [a_backup.name]


def test_a_backup_needs_a_random_state(tmp_path, windows):
    with pytest.raises(ValueError, match="backup_dir=.* needs a random_state"):
        LSTMForecaster(backup_dir=tmp_path).fit(windows)


def test_ctrl_c_raises_and_leaves_forecaster_checkpoint_and_backup(tmp_path, windows):
    forecaster = LSTMForecaster(units=6, epochs=1, random_state=0).fit(windows)
    before = dict(vars(forecaster))
    interrupt = callback(
        on_epoch_begin=lambda epoch, logs: epoch == 2 and signal.raise_signal(signal.SIGINT)
    )
    changed = {"epochs": 4, "callbacks": [interrupt], "checkpoint_dir": tmp_path / "best"}
    changed["backup_dir"] = tmp_path / "backup"
    forecaster.set_params(**changed)
    # A shell that starts the tests in the background makes them deaf to Ctrl-C.
    as_before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            forecaster.fit(windows)
    finally:
        signal.signal(signal.SIGINT, as_before)
    assert vars(forecaster) == before | changed
    names = [p.name for p in (tmp_path / "best").iterdir()]
    assert all(name.startswith("model00") and "part" not in name for name in names)
    assert names
    (backup,) = (tmp_path / "backup").iterdir()
    with np.load(backup) as arrays:
        assert json.loads(str(arrays["memory"]))[0] == 2


@pytest.mark.parametrize("parameter", ["checkpoint_dir", "backup_dir"])
def test_a_folder_that_cannot_be_made_is_an_error_before_training(tmp_path, windows, parameter):
    (tmp_path / "file").write_text("in the way")
    started = []
    forecaster = LSTMForecaster(
        units=6,
        epochs=1,
        random_state=0,
        callbacks=[callback(on_train_begin=lambda logs: started.append(1))],
        **{parameter: tmp_path / "file" / "folder"},
    )
    with pytest.raises(OSError, match="file/folder"):
        forecaster.fit(windows)
    assert not started
    assert not hasattr(forecaster, "network_")


@pytest.mark.parametrize("parameter", ["checkpoint_dir", "backup_dir"])
def test_a_failing_replace_leaves_nothing_that_is_taken_for_whole(
    tmp_path, windows, monkeypatch, parameter
):
    def refuse(*paths):
        raise OSError("No space left on device")

    forecaster = LSTMForecaster(units=6, epochs=1, random_state=0).fit(windows)
    expected = forecaster.forecast(5)
    forecaster.set_params(**{parameter: tmp_path})
    with monkeypatch.context() as patch:
        patch.setattr("skwave._keras_callbacks.os.replace", refuse)
        with pytest.raises(OSError, match="No space left"):
            forecaster.fit(windows)
    assert list(tmp_path.iterdir()) == []
    np.testing.assert_array_equal(forecaster.forecast(5), expected)
    # With space again, the same call works.
    np.testing.assert_array_equal(forecaster.fit(windows).forecast(5), expected)
