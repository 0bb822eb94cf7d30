"""A fit that survives a crash: what it has learnt and what it remembers, on disk at each epoch.

Keras's own BackupAndRestore keeps the weights, the optimizer and the number of the epoch. It writes
them in place, so that a crash while it writes leaves half a backup, and it knows nothing of early
stopping. Here it writes into a folder that gets its name only when all is in it.
"""

import contextlib
import dataclasses
import errno
import json
import math
import shutil
import tempfile
from pathlib import Path

import numpy as np

from skwave._model import object_config
from skwave._state import checksum

# Neither changes what is learnt, and a place or a report may differ when the call is repeated.
_NOT_PART_OF_A_FIT = {"callbacks", "checkpoint_dir", "backup_dir", "verbose"}


@contextlib.contextmanager
def errors_naming(parameter, path):
    """Say which parameter and which path are meant where the disk refuses.

    Parameters
    ----------
    parameter : str
        The parameter of the estimator that names the folder.
    path : path-like
        What is read or written.

    Raises
    ------
    OSError
        In place of any other; its `errno` stays.

    Examples
    --------
    >>> from skwave._backup import errors_naming
    >>> with errors_naming("backup_dir", "/a"):
    ...     raise OSError(28, "No space left on device")
    Traceback (most recent call last):
    OSError: [Errno 28] No space left on device. backup_dir: make room, or name another folder: '/a'
    """
    try:
        yield
    except OSError as error:
        text = error.strerror or str(error)
        advice = f"{text}. {parameter}: make room, or name another folder"
        raise OSError(error.errno or errno.EIO, advice, str(path)) from error


def make_folder(parameter, folder):
    """Make a folder, and fail before any training where it cannot be written to."""
    folder = Path(folder)
    with errors_naming(parameter, folder):
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.write_bytes(b"1")
        probe.unlink()
    return folder


def fingerprint(template, lesson, recipe, seed):
    """Return a name for a fit: the same for the same data, parameters and random numbers.

    Parameters
    ----------
    template : Network
        Shapes, scales and the weights to start from.
    lesson : Lesson
        The data.
    recipe : Recipe
        How to train.
    seed : int
        Where all random numbers come from.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    how = {
        field.name: _in_plain_data(getattr(recipe, field.name))
        for field in dataclasses.fields(recipe)
        if field.name not in _NOT_PART_OF_A_FIT
    }
    return checksum([template.__getstate__(), tuple(lesson), how, seed])[:16]


def _in_plain_data(value):
    if hasattr(value, "get_config"):
        return object_config(value)
    return getattr(value, "__qualname__", value)


def backing_up(keras, recipe, name, stopping):
    """Yield the callback that backs up a fit and goes on from its backup.

    Parameters
    ----------
    keras : module
        Keras.
    recipe : Recipe
        Its `backup_dir` is the folder; None yields nothing.
    name : str
        Name of the fit, a folder in `backup_dir`.
    stopping : keras.callbacks.EarlyStopping
        It remembers the best weights, and is reminded of them. It must stand before this one in
        the list of callbacks.

    Yields
    ------
    keras.callbacks.Callback
        The last of the list, so that what the others did in an epoch is in its backup.
    """
    if recipe.backup_dir is None:
        return
    folder = make_folder("backup_dir", recipe.backup_dir) / f"fit-{name}"

    class Backup(keras.callbacks.Callback):
        """Reads the newest backup in the beginning, and writes one after each epoch."""

        def on_train_begin(self, logs=None):
            whole = sorted(folder.glob("epoch*"))
            if whole:
                with errors_naming("backup_dir", whole[-1]):
                    _restore(keras, self.model, whole[-1], stopping)

        def on_epoch_end(self, epoch, logs=None):
            # Where training stops there is no epoch left to go on with.
            done = recipe.epochs if self.model.stop_training else epoch + 1
            with errors_naming("backup_dir", folder):
                _store(keras, self.model, folder, epoch, done, logs, stopping)

        def on_train_end(self, logs=None):
            with errors_naming("backup_dir", folder):
                shutil.rmtree(folder, ignore_errors=True)

    yield Backup()


def _store(keras, model, folder, epoch, done, logs, stopping):
    """Write a backup beside the one before, and only then remove that."""
    part, whole = folder / "part", folder / f"epoch{epoch + 1:06d}"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    _check_room(model, part)
    keeper = keras.callbacks.BackupAndRestore(str(part))
    keeper.set_model(model)
    keeper.on_epoch_end(done - 1)
    _store_memory(keras, model, part, epoch, logs, stopping)
    part.rename(whole)
    for old in folder.glob("epoch*"):
        if old != whole:
            shutil.rmtree(old)


def _check_room(model, part):
    """Raise an error where a backup has no room: HDF5 crashes the process on a full disk."""
    variables = [*model.variables, *model.optimizer.variables]
    n_numbers = sum(math.prod(v.shape) for v in variables)
    # Eight bytes for each number, the best weights among them, and the headers of the files.
    size = 8 * 2 * n_numbers + 4096 * (2 + len(variables))
    with tempfile.TemporaryFile(dir=part) as file:
        file.write(bytes(size))


def _store_memory(keras, model, part, epoch, logs, stopping):
    """Write what BackupAndRestore leaves out: past losses, early stopping, dropout's seeds."""
    past = {name: values[:epoch] for name, values in model.history.history.items()}
    memory = {
        "history": {name: [*past.get(name, []), float(v)] for name, v in logs.items()},
        "stopping": {
            "wait": int(stopping.wait),
            "best": float(stopping.best),
            "best_epoch": int(stopping.best_epoch),
        },
    }
    (part / "memory.json").write_text(json.dumps(memory))
    arrays = {f"best{k:03d}": w for k, w in enumerate(stopping.best_weights)}
    to_numpy = keras.ops.convert_to_numpy
    arrays |= {f"seed{k:03d}": to_numpy(v) for k, v in enumerate(_seeds(keras, model))}
    np.savez(part / "memory.npz", **arrays)


def _restore(keras, model, whole, stopping):
    """Bring model and callbacks to where they were when the backup was written."""
    keeper = keras.callbacks.BackupAndRestore(str(whole))
    keeper.set_model(model)
    keeper.on_train_begin()
    memory = json.loads((whole / "memory.json").read_text())
    model.history.history.update(memory["history"])
    for name, value in memory["stopping"].items():
        setattr(stopping, name, value)
    with np.load(whole / "memory.npz") as arrays:
        names = sorted(arrays.files)
        stopping.best_weights = [arrays[n] for n in names if n.startswith("best")]
        seeds = [arrays[n] for n in names if n.startswith("seed")]
    for variable, value in zip(_seeds(keras, model), seeds, strict=True):
        variable.assign(value)


def _seeds(keras, model):
    """Return the states of the random numbers of dropout, which Keras does not store."""
    dropouts = [layer for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    return [layer.seed_generator.state for layer in dropouts]
