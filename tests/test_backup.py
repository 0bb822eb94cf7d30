"""Fits that are killed, interrupted or out of disk."""

import errno
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from skwave import LSTMForecaster, WindowTransformer
from skwave.datasets import make_wave

# Dropout, the schedule, early stopping and two layers: all that a backup has to remember.
TRAINING = {
    "units": (4, 4),
    "dropout": 0.2,
    "epochs": 8,
    "patience": 3,
    "batch_size": 16,
    "learning_rate": 0.05,
    "random_state": 0,
}

# The same with one layer, which Keras builds in half the time.
SMALL = TRAINING | {"units": 3}


def the_windows():
    return WindowTransformer(8).fit_transform(make_wave("sine", n_cycles=4, steps_per_cycle=20))


def callback(**methods):
    import keras

    return keras.callbacks.LambdaCallback(**methods)


def fit_and_die(folder, epoch, batch):
    """Fit, and be killed in the middle of an epoch: runs in a process of its own."""
    now = []

    def die(number, logs=None):
        if now[-1] == epoch and number == batch:
            os.kill(os.getpid(), signal.SIGKILL)

    killer = callback(on_epoch_begin=lambda e, logs: now.append(e), on_train_batch_begin=die)
    LSTMForecaster(**TRAINING, backup_dir=folder, callbacks=[killer]).fit(the_windows())


def run(call, *arguments):
    code = f"import test_backup; test_backup.{call}(*{arguments!r})"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )


def outcome(forecaster):
    layers = (*forecaster.network_.layers, forecaster.network_.head)
    return [w.tobytes() for layer in layers for w in layer]


@pytest.fixture(scope="module")
def uninterrupted():
    return LSTMForecaster(**TRAINING).fit(the_windows())


def test_a_killed_fit_goes_on_and_ends_as_if_nothing_had_been(tmp_path, uninterrupted):
    died = run("fit_and_die", str(tmp_path), 4, 2)
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert [p.name for p in tmp_path.glob("fit-*/epoch*")] == ["epoch000004"]
    epochs = []
    again = LSTMForecaster(
        **TRAINING,
        backup_dir=tmp_path,
        callbacks=[callback(on_epoch_begin=lambda epoch, logs: epochs.append(epoch))],
    ).fit(the_windows())
    # The callback is copied, but a list in the closure of its function is not.
    assert epochs[0] == 4
    assert outcome(again) == outcome(uninterrupted)
    assert again.history_ == uninterrupted.history_
    assert again.best_epoch_ == uninterrupted.best_epoch_
    assert list(tmp_path.iterdir()) == []


class StopError(Exception):
    """Stands for a crash."""


def stop_at(epoch, moment="on_epoch_end"):
    def stop(number, logs=None):
        if number == epoch:
            raise StopError

    return callback(**{moment: stop})


@pytest.mark.parametrize(("epoch", "patience"), [(1, 1), (5, None)])
def test_wherever_a_fit_stops_it_ends_the_same(tmp_path, windows, epoch, patience):
    training = SMALL | {"epochs": 6, "patience": patience, "learning_rate": 0.3}
    whole = LSTMForecaster(**training).fit(windows)
    broken = LSTMForecaster(**training, backup_dir=tmp_path)
    broken.set_params(callbacks=[stop_at(epoch, "on_epoch_begin")])
    for _ in range(2):  # The second one goes on, and stops at the same place.
        if epoch < len(whole.history_["loss"]):
            with pytest.raises(StopError):
                broken.fit(windows)
    again = broken.set_params(callbacks=None).fit(windows)
    assert outcome(again) == outcome(whole)
    assert again.history_ == whole.history_


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
    assert outcome(again) == outcome(whole)
    assert again.history_ == whole.history_


def test_half_a_backup_is_not_used(tmp_path, windows):
    training = SMALL | {"epochs": 3}
    broken = LSTMForecaster(**training, backup_dir=tmp_path, callbacks=[stop_at(2)])
    with pytest.raises(StopError):
        broken.fit(windows)
    (folder,) = tmp_path.iterdir()
    (folder / "part").mkdir()
    (folder / "part" / "latest.weights.h5").write_bytes(b"half")
    again = broken.set_params(callbacks=None).fit(windows)
    assert outcome(again) == outcome(LSTMForecaster(**training).fit(windows))


def test_another_fit_does_not_go_on_from_this_ones_backup(tmp_path, windows):
    training = SMALL | {"epochs": 3}
    broken = LSTMForecaster(**training, backup_dir=tmp_path, callbacks=[stop_at(2)])
    with pytest.raises(StopError):
        broken.fit(windows)
    for change in ({"random_state": 1}, {"learning_rate": 0.01}):
        other = LSTMForecaster(**(training | change), backup_dir=tmp_path).fit(windows)
        alone = LSTMForecaster(**(training | change)).fit(windows)
        assert outcome(other) == outcome(alone)
        assert len(list(tmp_path.iterdir())) == 1


def test_a_backup_needs_a_random_state(tmp_path, windows):
    with pytest.raises(ValueError, match="backup_dir=.* needs a random_state"):
        LSTMForecaster(backup_dir=tmp_path).fit(windows)


def test_a_damaged_backup_is_named(tmp_path, windows):
    broken = LSTMForecaster(**SMALL, backup_dir=tmp_path, callbacks=[stop_at(2)])
    with pytest.raises(StopError):
        broken.fit(windows)
    (weights,) = tmp_path.glob("fit-*/epoch*/*.h5")
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(OSError, match=r"backup_dir.*epoch000002"):
        broken.set_params(callbacks=None).fit(windows)


def test_ctrl_c_raises_and_leaves_forecaster_checkpoint_and_backup(tmp_path, windows):
    forecaster = LSTMForecaster(units=4, epochs=1, random_state=0).fit(windows)
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
    assert len(list((tmp_path / "backup").glob("fit-*/epoch000002"))) == 1


@pytest.mark.parametrize("parameter", ["checkpoint_dir", "backup_dir"])
def test_a_folder_that_cannot_be_made_is_named_before_training(tmp_path, windows, parameter):
    (tmp_path / "file").write_text("in the way")
    started = []
    forecaster = LSTMForecaster(
        units=4,
        epochs=1,
        random_state=0,
        callbacks=[callback(on_train_begin=lambda logs: started.append(1))],
        **{parameter: tmp_path / "file" / "folder"},
    )
    with pytest.raises(OSError, match=rf"{parameter}: make room.*file/folder"):
        forecaster.fit(windows)
    assert not started


@pytest.mark.parametrize("parameter", ["checkpoint_dir", "backup_dir"])
def test_a_full_disk_is_named_and_the_forecaster_still_whole(tmp_path, windows, parameter):
    forecaster = LSTMForecaster(units=4, epochs=1, random_state=0).fit(windows)
    expected = forecaster.forecast(5)
    forecaster.set_params(**{parameter: tmp_path})
    # The kernel refuses to write more than so many bytes into a file.
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
    try:
        with pytest.raises(OSError, match=rf"{parameter}: make room.*{tmp_path}") as caught:
            forecaster.fit(windows)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.errno in (errno.EFBIG, errno.EIO)
    np.testing.assert_array_equal(forecaster.forecast(5), expected)
    assert not list(tmp_path.glob("**/*.keras"))
    assert not list(tmp_path.glob("**/epoch*"))


def test_a_failing_replace_leaves_no_half_a_checkpoint(tmp_path, windows, monkeypatch):
    def refuse(*paths):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("skwave._training.os.replace", refuse)
    with pytest.raises(OSError, match=r"No space left.*checkpoint_dir.*model001"):
        LSTMForecaster(units=4, epochs=1, random_state=0, checkpoint_dir=tmp_path).fit(windows)
    assert list(tmp_path.iterdir()) == []
