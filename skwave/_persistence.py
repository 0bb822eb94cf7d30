"""The state of an estimator: stored as plain data with a checksum, and restored after a failure."""

import contextlib
import hashlib

import numpy as np
from sklearn.base import BaseEstimator

# Increased whenever the previous version cannot read the state that this version writes. All
# earlier formats can be read: tests/data holds a file of each.
FORMAT = 1

# The types, other than those of scikit-learn, that skops asks to trust in a fitted estimator.
TRUSTED_TYPES = (
    "skwave._forecaster.LSTMForecaster",
    "skwave._pipeline.ForecastPipeline",
    "skwave._window.WindowTransformer",
)

_PLAIN = (str, bytes, bool, int, float, complex, type(None))


def add_checksum(state):
    """Return a state with the number of its format and a checksum of its content.

    Parameters
    ----------
    state : dict
        Attributes of an estimator, as plain data.

    Returns
    -------
    dict
        The same and two entries more.

    Examples
    --------
    >>> from skwave._persistence import add_checksum, verify_checksum
    >>> stored = add_checksum({"units": 8})
    >>> verify_checksum(stored, "LSTMForecaster")
    {'units': 8}
    """
    return state | {"skwave_format": FORMAT, "skwave_checksum": checksum(state)}


def verify_checksum(state, name):
    """Return what was stored, if it is whole.

    Parameters
    ----------
    state : dict
        What `add_checksum` returned, stored and loaded again.
    name : str
        Class of the estimator, for the messages.

    Returns
    -------
    dict
        Attributes of the estimator.

    Raises
    ------
    ValueError
        If the state has no format, a newer format than that of this version, or was changed since.
    """
    state = dict(state)
    number, stored = state.pop("skwave_format", None), state.pop("skwave_checksum", None)
    is_number = isinstance(number, int)
    if is_number and number > FORMAT:
        raise ValueError(
            f"The stored {name} has format {number}, but this version of skwave reads formats up "
            f"to {FORMAT}. Install a newer skwave."
        )
    if not is_number or stored != checksum(state):
        raise ValueError(
            f"The stored {name} is damaged, or was not stored by skwave: its content does not "
            "match its checksum. Load another copy of the file, or fit again."
        )
    return state


def checksum(data):
    """Return a SHA-256 over plain data, in hexadecimal digits.

    Parameters
    ----------
    data : object
        Numbers, strings, arrays, and dicts, lists and tuples of such. An estimator counts with
        its attributes; any other object only with its type.

    Returns
    -------
    str
        64 digits, the same in every process.

    Examples
    --------
    >>> from skwave._persistence import checksum
    >>> checksum({"a": 1, "b": 2.0}) == checksum({"b": 2.0, "a": 1})
    True
    >>> checksum(1) == checksum(1.0)
    False
    """
    digest = hashlib.sha256()
    for piece in _pieces(data):
        digest.update(piece)
    return digest.hexdigest()


def _pieces(data):
    """Yield data as bytes, each piece with its type and length before it."""
    if isinstance(data, np.generic):
        data = data.item()
    if isinstance(data, np.ndarray) and not data.dtype.hasobject:
        yield f"array {data.dtype.str} {data.shape};".encode()
        yield data.tobytes()
    elif isinstance(data, dict):
        yield f"dict {len(data)};".encode()
        for key in sorted(data, key=repr):
            yield from _pieces(key)
            yield from _pieces(data[key])
    elif isinstance(data, list | tuple | np.ndarray):
        yield f"{type(data).__name__} {len(data)};".encode()
        for item in data:
            yield from _pieces(item)
    elif isinstance(data, _PLAIN):
        text = repr(data)
        yield f"{type(data).__name__} {len(text)};{text}".encode(errors="surrogatepass")
    else:
        yield f"{type(data).__module__}.{type(data).__qualname__};".encode()
        # Of other packages' objects only scikit-learn's are known to load as they were stored.
        if isinstance(data, BaseEstimator) and type(data).__module__.startswith("sklearn."):
            yield from _pieces(vars(data))


@contextlib.contextmanager
def unchanged_on_failure(*estimators):
    """Put the attributes of estimators back as they were if anything is raised."""
    before = [dict(vars(estimator)) for estimator in estimators]
    try:
        yield
    except BaseException:
        for estimator, attributes in zip(estimators, before, strict=True):
            vars(estimator).clear()
            vars(estimator).update(attributes)
        raise
