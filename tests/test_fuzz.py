"""Arguments that nobody thought of: only documented exceptions come out, and nothing changes.

``make fuzz`` runs many more examples than the test suite does.
"""

import copy
import datetime
import os
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from oracle import random_network
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave._index_spec import index_spec, next_index
from skwave._network import Network
from skwave._pandas_index import check_index
from skwave._persistence import checksum
from skwave._training import FitResult
from skwave._validation import LARGEST, as_2d
from skwave.datasets import make_mackey_glass, make_wave

# A longer run, with other examples each time: SKWAVE_FUZZ=1500 pytest tests/test_fuzz.py.
LONG = int(os.environ.get("SKWAVE_FUZZ", 0))
settings.register_profile(
    "skwave",
    max_examples=LONG or 60,
    derandomize=not LONG,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("skwave")

pytestmark = [
    # The networks are of random weights: their forecasts may well run away.
    pytest.mark.filterwarnings("ignore::skwave.exceptions.ForecastWarning"),
    # scikit-learn's own check for infinities, before it raises the error.
    pytest.mark.filterwarnings("ignore:invalid value encountered in reduce:RuntimeWarning"),
    # scikit-learn's R² of a single value, which it documents as NaN.
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning"),
]

DOCUMENTED = (ValueError, TypeError)

# --- What is drawn --------------------------------------------------------------------------------

junk = st.one_of(
    st.none(),
    st.booleans(),
    st.text(max_size=3),
    st.binary(max_size=3),
    st.floats(),
    st.complex_numbers(),
    st.lists(st.one_of(st.floats(), st.text(max_size=1)), max_size=3),
    st.dictionaries(st.text(max_size=1), st.floats(), max_size=2),
    st.just(object()),
)
small = st.integers(-2, 14)
dtypes = st.one_of(
    st.sampled_from(["f2", "f4", "f8", "i1", "u1", "i8", "u8", "?", ">f8", "g"]),
    st.sampled_from(["c16", "M8[D]", "m8[s]", "S2", "U2", "O", "V4"]),
)


@st.composite
def any_array(draw, max_dims=4):
    """Draw an array of any type, shape and content, or a list of it."""
    shape = draw(arrays.array_shapes(min_dims=0, max_dims=max_dims, min_side=0, max_side=14))
    dtype = draw(dtypes)
    elements = {"O": st.one_of(st.floats(), junk), "V4": st.binary(max_size=4)}.get(dtype)
    array = draw(arrays.arrays(np.dtype(dtype), shape, elements=elements, fill=st.nothing()))
    return array.tolist() if draw(st.integers(0, 4)) == 0 else array


@st.composite
def series_array(draw, n_channels=None, min_length=1, max_length=40):
    """Draw a series, (n,) or (n, n_channels), of any real type and of any size that is allowed."""
    kind = draw(st.sampled_from(["f2", "f4", "f8", "i1", "u1", "i4", "i8", "?"]))
    n = draw(st.integers(min_length, max_length))
    channels = draw(st.integers(1, 3)) if n_channels is None else n_channels
    shape = (n,) if channels == 1 and draw(st.booleans()) else (n, channels)
    elements = None
    if kind.startswith("f"):
        width = 8 * int(kind[1])
        largest = None if width < 64 else float(LARGEST)
        least = largest and -largest
        elements = st.floats(least, largest, allow_nan=False, allow_infinity=False, width=width)
    return draw(arrays.arrays(np.dtype(kind), shape, elements=elements))


def mostly(good, bad=junk):
    """Draw what is right nine times out of ten."""
    return st.integers(0, 9).flatmap(lambda n: bad if n == 0 else good)


parameters = st.fixed_dictionaries(
    {},
    optional={
        "units": mostly(
            st.one_of(st.integers(1, 4), st.lists(st.integers(1, 4), min_size=1)), junk
        ),
        "output_length": mostly(st.integers(1, 4), st.one_of(small, junk)),
        "normalization": mostly(st.sampled_from(["series", "window", None])),
        "readout": mostly(st.sampled_from(["auto", "ridge", "trained"])),
        "dropout": mostly(st.floats(0, 0.9)),
        "learning_rate": mostly(st.floats(1e-6, 1)),
        "schedule": mostly(st.sampled_from(["cosine", None])),
        "clipnorm": mostly(st.one_of(st.none(), st.floats(0.1, 9))),
        "batch_size": mostly(st.integers(1, 99), small),
        "epochs": mostly(st.one_of(st.just("auto"), st.integers(1, 3)), small),
        "validation_split": mostly(st.floats(0, 0.99)),
        "validation": mostly(st.sampled_from(["random", "last", "forecast"])),
        "patience": mostly(st.one_of(st.none(), st.integers(0, 3))),
        "callbacks": mostly(st.none()),
        "checkpoint_dir": mostly(st.none(), st.one_of(st.integers(), st.lists(st.integers()))),
        "backup_dir": mostly(st.none(), st.one_of(st.integers(), st.lists(st.integers()))),
        "jit_compile": mostly(st.sampled_from(["auto", True, False])),
        "random_state": mostly(st.integers(0, 2**32 - 1)),
        "verbose": mostly(st.sampled_from([0, 1, 2])),
    },
)


# --- What is called -------------------------------------------------------------------------------


def pretend_to_train(dataset, config, *, seed, progress, network=None, **more):
    """Stand in for Keras, which takes a second: check the dataset and draw weights."""
    n, n_outputs = len(dataset.indices), dataset.n_outputs
    targets = dataset.targets if dataset.residuals is None else dataset.residuals
    assert 1 <= dataset.n_train <= n
    assert targets.shape == (n, n_outputs)
    assert np.isfinite(dataset.values).all()
    assert np.isfinite(targets).all()
    starts = dataset.starts[dataset.indices]
    assert 0 <= starts.min() <= starts.max() <= len(dataset.values) - dataset.window_length
    assert isinstance(config.epochs, int)
    shape = {"length": dataset.window_length, "n_channels": dataset.n_channels}
    drawn = random_network(np.random.default_rng(0), units=config.units, **shape)
    kernel = np.full((config.units[-1], n_outputs), 0.1, np.float32)
    network = Network(
        dataset.window_length, dataset.output_length, dataset.scaling, drawn.layers,
        (kernel, np.zeros(n_outputs, np.float32)), dataset.skip,
    )  # fmt: skip
    return FitResult(network, {"loss": [1.0], "val_loss": [1.0]}, 0, 1, None)


@pytest.fixture(scope="module", autouse=True)
def _no_keras():
    with mock.patch("skwave._fit.train", pretend_to_train):
        yield


def make_fitted(n_channels=1, output_length=1, normalization="series"):
    series = np.random.default_rng(0).normal(size=(30, n_channels))
    forecaster = LSTMForecaster(
        4, output_length=output_length, normalization=normalization, random_state=0
    )
    return forecaster.fit(WindowTransformer(6).fit_transform(series))


def refused(call, *estimators):
    """Return whether a call raised an error; then nothing may have changed."""
    before = [checksum(e.__getstate__()) for e in estimators]
    try:
        call()
    except DOCUMENTED:
        assert before == [checksum(e.__getstate__()) for e in estimators]
        return True
    return False


@given(any_array(), st.one_of(small, junk))
def test_windows_of_anything(series, window_length):
    transformer = WindowTransformer(window_length)
    refused(lambda: transformer.fit_transform(series), transformer)


@given(series_array(), st.integers(1, 14))
def test_windows_of_a_series(series, window_length):
    transformer = WindowTransformer(window_length)
    if len(series) < window_length:
        assert refused(lambda: transformer.fit(series), transformer)
        return
    windows = transformer.fit_transform(series)
    columns = series.reshape(len(series), -1)
    assert windows.shape == (len(series) - window_length + 1, window_length, columns.shape[1])
    for k in (0, len(windows) - 1):
        np.testing.assert_array_equal(windows[k], columns[k : k + window_length])
    np.testing.assert_array_equal(transformer.inverse_transform(windows), columns)


@given(any_array(), st.one_of(small, junk), st.booleans())
def test_predict_score_and_forecast_of_anything(array, n_steps, with_context):
    def finite(values):
        assert np.isfinite(values).all()

    def missing_only_where_windows_are(predictions):
        is_missing = np.isnan(np.array(array, float)).reshape(len(array), -1).any(axis=1)
        finite(predictions[~is_missing])
        assert np.isnan(predictions[is_missing]).all()

    forecaster = FITTED[0]
    context = array if with_context else None
    refused(lambda: missing_only_where_windows_are(forecaster.predict(array)), forecaster)
    refused(lambda: forecaster.score(array), forecaster)
    refused(lambda: finite(forecaster.forecast(n_steps, context=context)), forecaster)


@given(st.integers(0, 3), st.integers(1, 20), st.data())
def test_forecast_of_a_window(which, n_steps, data):
    forecaster = FITTED[which]
    length, n_channels = forecaster.window_shape_
    context = data.draw(series_array(n_channels, min_length=length, max_length=length))
    if refused(lambda: forecaster.forecast(n_steps, context=context), forecaster):
        assert np.abs(context.astype(float)).max() > 1e30
        return
    forecast = forecaster.forecast(n_steps, context=context)
    assert forecast.shape == ((n_steps,) if n_channels == 1 else (n_steps, n_channels))
    assert np.isfinite(forecast).all()


@given(series_array(max_length=60), st.integers(1, 8), parameters)
@settings(max_examples=LONG or 30)  # each solves for a readout
def test_fit_and_forecast_of_a_series(series, window_length, parameters):
    if len(series) < window_length:
        return
    windows = WindowTransformer(window_length).fit_transform(series)
    forecaster = LSTMForecaster(**{"random_state": 0} | parameters)
    if refused(lambda: forecaster.fit(windows), forecaster):
        return
    n_channels = windows.shape[2]
    if refused(lambda: forecaster.forecast(7), forecaster):
        return
    forecast = forecaster.forecast(7)
    assert forecast.shape == ((7,) if n_channels == 1 else (7, n_channels))
    assert np.isfinite(forecast).all()
    # What follows a value near the end of the range of floats may lie beyond it.
    if not refused(lambda: forecaster.predict(windows), forecaster):
        assert np.isfinite(forecaster.predict(windows)).all()


@given(any_array(), st.one_of(st.none(), any_array(max_dims=2)), st.one_of(st.none(), any_array()))
def test_fit_and_partial_fit_of_anything(X, y, sample_weight):
    for forecaster in (LSTMForecaster(2, random_state=0), copy.deepcopy(FITTED[0])):
        refused(lambda f=forecaster: f.fit(X, y, sample_weight), forecaster)
        refused(lambda f=forecaster: f.partial_fit(X, y, sample_weight), forecaster)


@given(any_array(max_dims=3), st.one_of(small, junk), st.booleans())
def test_pipeline_of_anything(series, n_steps, scaled):
    pipeline = copy.deepcopy(FITTED_PIPELINES[scaled])
    with np.errstate(all="ignore"):  # of the scaler, for numbers that are beyond its squares
        for method in ("predict", "score", "fit"):
            refused(lambda m=method: getattr(pipeline, m)(series), pipeline)
        refused(lambda: pipeline.forecast(n_steps), pipeline)
        refused(lambda: pipeline.forecast(3, context=series), pipeline)


@given(
    st.one_of(st.sampled_from(["sine", "compound"]), junk),
    st.one_of(small, junk),
    st.one_of(small, junk),
    st.one_of(st.floats(0, 1), junk),
    st.one_of(st.integers(0, 99), junk),
)
def test_waves(kind, n_cycles, steps_per_cycle, noise, random_state):
    def make():
        wave = make_wave(
            kind,
            n_cycles=n_cycles,
            steps_per_cycle=steps_per_cycle,
            noise=noise,
            random_state=random_state,
        )
        cycles = {"sine": 50, "compound": 200}[kind] if n_cycles is None else n_cycles
        assert wave.shape == (cycles * steps_per_cycle,)
        assert np.isfinite(wave).all()

    refused(make)


@given(st.one_of(small, junk), st.one_of(small, junk))
@settings(max_examples=20)
def test_chaos(n, tau):
    refused(lambda: np.testing.assert_equal(make_mackey_glass(n, tau=tau).shape, (n,)))


with mock.patch("skwave._fit.train", pretend_to_train):
    FITTED = [
        make_fitted(),
        make_fitted(n_channels=2, output_length=3),
        make_fitted(normalization="window"),
        make_fitted(n_channels=2, normalization=None),
    ]
    FITTED_PIPELINES = [
        make_forecast_pipeline(
            first, WindowTransformer(6), LSTMForecaster(4, random_state=0)
        ).fit(np.sin(np.arange(30)))
        for first in (FunctionTransformer(), StandardScaler())
    ]  # fmt: skip


@st.composite
def dated_series(draw):
    """Draw a pandas Series with an index as real data bring it, and what was done to it."""
    freq = draw(st.sampled_from(["h", "D", "B", "W", "MS", "ME", "QS", "15min", "7D"]))
    zone = draw(st.sampled_from([None, "Europe/Berlin", datetime.UTC]))
    n = draw(st.integers(1, 40))
    index = pd.date_range("2024-03-20", periods=n, freq=freq, tz=zone)
    rows = np.arange(n)
    if draw(st.booleans()):
        rows = np.array(draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=40)))
    index = index[rows]
    dress = draw(st.sampled_from(["as it is", "objects", "dates", "strings", "NaT", "categories"]))
    if dress == "objects":
        index = index.astype(object)
    elif dress == "dates":
        index = pd.Index([label.date() for label in index], dtype=object)
    elif dress == "strings":
        index = pd.Index([label.isoformat() for label in index])
    elif dress == "NaT":
        index = index.where(np.arange(len(index)) != draw(st.integers(0, len(index))))
    elif dress == "categories":
        index = pd.CategoricalIndex(index)
    values = draw(arrays.arrays(float, len(index), elements=st.floats(-9, 9)))
    return pd.Series(values, index, name=draw(st.sampled_from([None, "load", 3])))


@given(dated_series(), st.integers(1, 30))
def test_a_dated_series_is_refused_or_its_index_goes_on(series, n_steps):
    try:
        check_index(series)
        columns = as_2d(series)
    except DOCUMENTED:
        return
    assert columns.shape == (len(series), 1)
    spec = index_spec(series)
    index = next_index(spec, n_steps)
    if index is None:
        return
    labels = pd.DatetimeIndex(pd.to_datetime(series.index.astype(object)))
    assert len(index) == n_steps
    assert index[0] > labels[-1]
    assert index.is_monotonic_increasing
    assert index.is_unique
