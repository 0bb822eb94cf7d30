"""The forecaster: shapes, targets, known answers, scikit-learn, further training, bad input."""

import copy
import inspect
import math
import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
from helpers import warnings_of
from oracle import roll
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skwave import LSTMForecaster, WindowTransformer
from skwave.datasets import make_wave

TINY = {"units": 6, "epochs": 2, "batch_size": 32, "random_state": 0, "readout": "trained"}


# --- Shapes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("output_length", [1, 4])
def test_shapes(two_channels, n_channels, output_length):
    series = two_channels[:, :n_channels]
    windows = WindowTransformer(10).fit_transform(series)
    forecaster = LSTMForecaster(**TINY, output_length=output_length).fit(windows)
    blocks = [n for n in (output_length, n_channels) if n > 1]
    channels = [n_channels] if n_channels > 1 else []
    assert forecaster.predict(windows).shape == (111, *blocks)
    assert forecaster.forecast(7).shape == (7, *channels)
    assert forecaster.forecast(7, context=windows[5]).shape == (7, *channels)
    assert forecaster.forecast(7, context=windows[:3]).shape == (3, 7, *channels)
    assert forecaster.window_shape_ == (10, n_channels)
    assert forecaster.n_features_in_ == 10
    np.testing.assert_array_equal(forecaster.context_, windows[-1])


def test_a_batch_of_windows_is_forecast_as_each_alone(fitted, windows):
    together = fitted.forecast(15, context=windows[:4])
    alone = [fitted.forecast(15, context=w) for w in windows[:4]]
    np.testing.assert_allclose(together, alone, rtol=1e-5, atol=1e-6)


def test_forecast_continues_the_end_of_the_series(fitted, windows):
    np.testing.assert_array_equal(fitted.forecast(9), fitted.forecast(9, context=windows[-1]))
    np.testing.assert_array_equal(fitted.forecast(9), fitted.forecast(9, context=windows[-1, :, 0]))


@pytest.mark.parametrize("units", [6, (5, 4)])
@pytest.mark.parametrize("normalization", ["series", "window", None])
def test_forecast_equals_the_oracle(two_channels, units, normalization):
    windows = WindowTransformer(10).fit_transform(two_channels)
    forecaster = LSTMForecaster(
        **TINY | {"units": units}, normalization=normalization, output_length=4
    ).fit(windows)
    expected = roll(forecaster.network_, two_channels[-10:], 20)
    np.testing.assert_allclose(forecaster.forecast(20), expected, rtol=1e-5, atol=1e-5)


# --- Targets ------------------------------------------------------------------------------------


def test_without_y_the_targets_are_the_values_that_follow(windows):
    found = LSTMForecaster(**TINY, normalization=None).fit(windows)
    given = LSTMForecaster(**TINY, normalization=None).fit(windows[:-1], windows[1:, -1, 0])
    np.testing.assert_array_equal(found.predict(windows), given.predict(windows))


def test_a_y_as_long_as_the_series_is_aligned_to_the_ends_of_windows(windows, wave):
    target = wave**2
    aligned = LSTMForecaster(**TINY).fit(windows, target)
    given = LSTMForecaster(**TINY).fit(windows, target[9:])
    np.testing.assert_array_equal(aligned.predict(windows), given.predict(windows))
    assert aligned.score(windows, target) == given.score(windows, target[9:])


def test_a_lag_matrix_is_an_ordinary_regressor(windows):
    lags, y = windows[:-1, :, 0], windows[1:, -1, 0]
    forecaster = LSTMForecaster(**TINY).fit(np.array(lags), y)
    assert forecaster.predict(lags).shape == y.shape
    np.testing.assert_allclose(
        forecaster.forecast(5, context=lags[-1]), roll(forecaster.network_, lags[-1:].T, 5)[:, 0],
        rtol=1e-5, atol=1e-6,
    )  # fmt: skip


def test_a_copy_of_the_windows_trains_the_same_network(windows, fitted):
    copied = LSTMForecaster(**TINY).fit(np.array(windows))
    np.testing.assert_array_equal(copied.predict(windows), fitted.predict(windows))


def test_windows_of_several_series_train_one_network(wave):
    windows = np.concatenate(WindowTransformer(10).fit_transform([wave, 5 + 3 * wave[:60]]))
    forecaster = LSTMForecaster(**TINY, output_length=4).fit(windows)
    ends = np.stack([windows[110], windows[-1]])
    assert forecaster.forecast(5, context=ends).shape == (2, 5)


def test_score_is_r2_of_one_step(windows, fitted):
    y_true, y_pred = windows[1:, -1, 0], fitted.predict(windows)[:-1]
    expected = 1 - np.sum((y_true - y_pred) ** 2) / np.sum((y_true - y_true.mean()) ** 2)
    assert fitted.score(windows) == pytest.approx(expected)
    assert fitted.score(windows[:-1], y_true) == pytest.approx(expected)


# --- Known answers ------------------------------------------------------------------------------


@pytest.mark.parametrize("normalization", ["series", "window"])
@pytest.mark.parametrize("value", [0.1, -7.0, 1e6, 0])
def test_a_constant_series_forecasts_the_constant(value, normalization):
    windows = WindowTransformer(10).fit_transform(np.full(60, value))
    forecaster = LSTMForecaster(**TINY, normalization=normalization).fit(windows)
    np.testing.assert_allclose(forecaster.forecast(20), value, rtol=1e-12)
    np.testing.assert_allclose(forecaster.predict(windows), value, rtol=1e-12)


def test_forecasts_come_out_in_the_units_of_the_series(wave, fitted):
    scaled = LSTMForecaster(**TINY).fit(WindowTransformer(10).fit_transform(1000 + 50 * wave))
    np.testing.assert_allclose(scaled.forecast(9), 1000 + 50 * fitted.forecast(9), rtol=1e-3)


@pytest.mark.slow
def test_the_real_network_forecasts_200_steps_of_the_sine():
    wave = make_wave("sine", n_cycles=53)
    model = make_pipeline(WindowTransformer(80), LSTMForecaster(64, random_state=0))
    forecast = model.fit(wave[:4000])[-1].forecast(200)
    error = np.sqrt(np.mean((forecast - wave[4000:4200]) ** 2)) / wave.std()
    assert error < 1e-5


# --- scikit-learn -------------------------------------------------------------------------------


def test_defaults_of_the_docstring_are_those_of_the_code():
    text = inspect.getdoc(LSTMForecaster)
    for name, parameter in inspect.signature(LSTMForecaster).parameters.items():
        (line,) = (x for x in text.splitlines() if x.startswith(f"{name} : "))
        said = line.rsplit("default=", 1)[1]
        assert (
            float(said) == parameter.default
            if said[0].isdigit()
            else (said == repr(parameter.default).replace("'", '"'))
        ), line


def test_params_and_clone():
    forecaster = LSTMForecaster(units=(4, 3), epochs=7, optimizer="sgd")
    copied = clone(forecaster)
    assert copied.get_params() == forecaster.get_params()
    copied.set_params(units=9)
    assert (copied.units, forecaster.units) == (9, (4, 3))


class Small(LSTMForecaster):
    """A forecaster whose `__init__` leaves out most parameters and adds one."""

    def __init__(self, units=4, *, place="north", random_state=None):
        super().__init__(units, epochs=1, random_state=random_state)
        self.place = place


def test_a_subclass_may_have_fewer_parameters_and_others(windows):
    small = clone(Small(place="south", random_state=0)).fit(windows)
    expected = LSTMForecaster(4, epochs=1, random_state=0).fit(windows)
    np.testing.assert_array_equal(small.forecast(5), expected.forecast(5))
    assert clone(small).place == "south"


def test_in_a_pipeline_with_a_scaler(wave):
    model = make_pipeline(StandardScaler(), WindowTransformer(10), LSTMForecaster(**TINY))
    model.fit(wave[:, None])
    assert model.predict(wave[:, None]).shape == (111,)
    assert model.score(wave[:, None]) == pytest.approx(
        model[-1].score(model[:-1].transform(wave[:, None]))
    )
    model.set_params(lstmforecaster__units=4, windowtransformer__window_length=6)
    assert model.fit(wave[:, None])[-1].network_.layers[0][1].shape == (4, 16)


def test_grid_search(wave):
    model = make_pipeline(WindowTransformer(10), LSTMForecaster(**TINY))
    # With two jobs in test_reproducibility.py.
    grid = {"windowtransformer__window_length": [5, 10], "lstmforecaster__units": [6]}
    search = GridSearchCV(model, grid, cv=TimeSeriesSplit(2)).fit(wave)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_[-1].forecast(5).shape == (5,)


def test_cross_val_score(wave):
    model = make_pipeline(WindowTransformer(10), LSTMForecaster(**TINY))
    assert cross_val_score(model, wave, cv=TimeSeriesSplit(3)).shape == (3,)


@pytest.mark.parametrize("through", ["pickle", "joblib", "deepcopy"])
def test_copies_forecast_the_same(fitted, windows, tmp_path, through):
    if through == "pickle":
        again = pickle.loads(pickle.dumps(fitted))
    elif through == "joblib":
        joblib.dump(fitted, tmp_path / "forecaster")
        again = joblib.load(tmp_path / "forecaster")
    else:
        again = copy.deepcopy(fitted)
    np.testing.assert_array_equal(again.forecast(30), fitted.forecast(30))
    np.testing.assert_array_equal(again.predict(windows), fitted.predict(windows))
    assert again.history_ == fitted.history_
    np.testing.assert_allclose(
        again.model_.predict(windows, verbose=0)[:, 0], fitted.predict(windows), atol=1e-5
    )


def test_regressor_is_the_scikeras_regressor_that_trained(windows):
    forecaster = LSTMForecaster(**TINY).fit(windows)
    regressor = forecaster.regressor_
    assert type(regressor).__name__ == "KerasRegressor"
    # It was given where each training window begins, in two epochs of full batches.
    n_batches = math.ceil(0.7 * (len(windows) - 1) / TINY["batch_size"])
    assert regressor.X_shape_ == (TINY["epochs"] * n_batches * TINY["batch_size"], 1)
    assert regressor.history_ == forecaster.history_
    with pytest.raises(AttributeError, match="process that fitted"):
        pickle.loads(pickle.dumps(forecaster)).regressor_  # noqa: B018


def test_pandas_in(wave, two_channels):
    frame = pd.DataFrame(two_channels, columns=["a", "b"])
    for array, *pandas in ((wave, pd.Series(wave), frame[["a"]]), (two_channels, frame)):
        model = make_pipeline(WindowTransformer(10), LSTMForecaster(**TINY))
        expected = model.fit(array)[-1].forecast(5)
        for series in pandas:
            np.testing.assert_array_equal(model.fit(series)[-1].forecast(5), expected)


# --- Further training ---------------------------------------------------------------------------


def test_partial_fit_trains_further_from_the_present_weights(windows, fitted):
    forecaster = copy.deepcopy(fitted)
    before, scale = forecaster.score(windows), forecaster.network_.scaling.input_scale
    for _ in range(10):
        forecaster.partial_fit(windows)
    assert forecaster.score(windows) > before
    assert len(forecaster.history_["loss"]) == 12
    np.testing.assert_array_equal(forecaster.network_.scaling.input_scale, scale)


def test_partial_fit_keeps_the_losses_of_earlier_epochs(windows, fitted):
    forecaster = copy.deepcopy(fitted)
    before = forecaster.history_["val_loss"]
    history = forecaster.partial_fit(windows).history_
    np.testing.assert_array_equal(history["val_loss"], [*before, np.nan])
    assert len(history["loss"]) == len(before) + 1
    assert np.isfinite(history["loss"]).all()


def test_partial_fit_begins_a_new_network(windows):
    assert len(LSTMForecaster(**TINY).partial_fit(windows).history_["loss"]) == 1


def test_warm_start_trains_further_and_a_cold_start_begins_anew(windows, fitted):
    forecaster = LSTMForecaster(**TINY).fit(windows)
    np.testing.assert_array_equal(forecaster.fit(windows).forecast(5), fitted.forecast(5))
    for _ in range(3):
        forecaster.set_params(warm_start=True).fit(windows)
    assert forecaster.history_["loss"][0] < 0.9 * fitted.history_["loss"][-1]
    forecaster.set_params(units=4)
    with pytest.raises(ValueError, match=r"units=\(6,\).*warm_start=False"):
        forecaster.fit(windows)


# --- Long windows -------------------------------------------------------------------------------


def test_a_window_longer_than_a_third_of_the_series_is_warned_of_where_it_can_be_changed(
    wave, fitted
):  # fmt: skip
    windows = WindowTransformer(10).fit_transform(wave[:29])
    (message,) = (
        m for m in warnings_of(LSTMForecaster(**TINY).fit, windows) if "seasonal naive" not in m
    )
    assert "window_length=10 is more than a third" in message
    # Further training cannot change the window, and an ordinary regression has no series.
    forecaster = copy.deepcopy(fitted)
    assert warnings_of(forecaster.partial_fit, windows) == []
    assert warnings_of(LSTMForecaster(**TINY).fit, windows, np.zeros(20)) == []


# --- Bad input ----------------------------------------------------------------------------------


def state_of(estimator):
    return {k: v for k, v in vars(estimator).items() if k != "_model"}


@pytest.mark.parametrize(
    ("X", "y", "error", "words"),
    [
        (np.full((9, 4, 1), np.nan), None, ValueError, "NaN"),
        (np.full((9, 4, 1), np.inf), None, ValueError, "infinity"),
        (np.full((9, 4), "a"), None, ValueError, "could not convert string|dtype"),
        (np.ones((9, 4, 1)) * 1j, None, ValueError, "Complex data not supported"),
        (np.zeros((9, 4, 1, 1)), None, ValueError, "windows of shape"),
        (np.arange(9.0), None, ValueError, "X is a series of"),
        (np.random.default_rng(0).normal(size=(9, 4, 1)), None, ValueError, "only 0 of the 9"),
        (np.zeros((9, 4, 1)), np.zeros(8), ValueError, "8 targets for 9 windows"),
        (np.zeros((9, 4, 1)), np.zeros(13), ValueError, "13 targets for 9 windows"),
        (np.zeros((9, 4, 1)), np.full(9, np.nan), ValueError, "y contains NaN"),
        (np.zeros((1, 4, 1)), None, ValueError, "only 0 of the 1 windows"),
    ],
)
def test_bad_windows_and_targets(fitted, X, y, error, words):
    forecaster = copy.deepcopy(fitted)
    before = state_of(forecaster)
    with pytest.raises(error, match=words):
        forecaster.fit(X, y)
    assert state_of(forecaster).keys() == before.keys()
    assert all(v is before[k] for k, v in state_of(forecaster).items())


def test_sparse_windows_are_a_type_error():
    from scipy.sparse import csr_array

    with pytest.raises(TypeError, match="[Ss]parse"):
        LSTMForecaster(**TINY).fit(csr_array(np.eye(6)), np.arange(6.0))


def test_windows_of_another_shape_than_in_fit(fitted, windows, two_channels):
    with pytest.raises(ValueError, match=r"shape \(9, 1\).*\(10, 1\).*warm_start=False"):
        fitted.predict(windows[:, 1:])
    other = WindowTransformer(10).fit_transform(two_channels)
    with pytest.raises(ValueError, match=r"\(10, 2\).*\(10, 1\)"):
        fitted.predict(other)
    for bad in (np.zeros(9), np.zeros((10, 2)), np.zeros((3, 9, 1)), np.zeros((1, 1, 10, 1))):
        with pytest.raises(ValueError, match=r"context has shape .* \(10, 1\) is needed"):
            fitted.forecast(3, context=bad)
    with pytest.raises(ValueError, match="context has a gap at row 0, with 0 values before it"):
        fitted.forecast(3, context=np.full(10, np.nan))


@pytest.mark.parametrize("n_steps", [0, -3])
def test_n_steps_below_one(fitted, n_steps):
    with pytest.raises(ValueError, match=f"n_steps={n_steps}, but an int of at least 1 is needed"):
        fitted.forecast(n_steps)


@pytest.mark.parametrize("n_steps", [2.0, "3", None, True, [1]])
def test_n_steps_of_another_type(fitted, n_steps):
    with pytest.raises(TypeError, match=r"n_steps=.* an int is needed"):
        fitted.forecast(n_steps)


def test_before_fit(windows):
    forecaster = LSTMForecaster()
    for call in (
        lambda: forecaster.predict(windows),
        lambda: forecaster.score(windows),
        lambda: forecaster.forecast(3),
        lambda: forecaster.summary(),
    ):
        with pytest.raises(NotFittedError):
            call()
    assert not hasattr(forecaster, "model_")
    assert not hasattr(forecaster, "regressor_")


def test_forecast_after_fit_with_y_needs_a_window(windows):
    forecaster = LSTMForecaster(**TINY).fit(windows[:-1], windows[1:, -1, 0])
    with pytest.raises(ValueError, match=r"context=None .* Give context= the last 10 values"):
        forecaster.forecast(3)
    assert forecaster.forecast(3, context=windows[-1]).shape == (3,)


def test_forecast_of_targets_that_are_not_the_channels(windows):
    y = np.zeros((len(windows), 4))
    forecaster = LSTMForecaster(**TINY).fit(windows, y)
    assert forecaster.predict(windows).shape == y.shape
    with pytest.raises(ValueError, match="y had 4 outputs for windows of 1 channels"):
        forecaster.forecast(3, context=windows[-1])


@pytest.mark.parametrize(
    ("parameter", "values"),
    [
        ("units", [0, -1, 2.5, "a", [], [3, 0], None]),
        ("output_length", [0, 1.5, None]),
        ("normalization", ["minmax", 1]),
        ("readout", ["linear", True, None]),
        ("readout_positions", [0, 9, 1.5, None]),
        ("dropout", [-0.1, 1, "a"]),
        ("loss", [3, None, "no such loss"]),
        ("optimizer", ["no such optimizer", 3]),
        ("learning_rate", [0, -1, None]),
        ("schedule", ["step", 1]),
        ("clipnorm", [0, -1, "a"]),
        ("batch_size", [0, 1.5, None]),
        ("epochs", [0, 1.5, "all", None]),
        ("validation_split", [-0.1, 1, None]),
        ("validation", ["first", None]),
        ("patience", [-1, 1.5]),
        ("callbacks", [3, "a"]),
        ("checkpoint_dir", [3]),
        ("backup_dir", [3]),
        ("warm_start", ["yes", None]),
        ("jit_compile", ["never", None]),
        ("random_state", ["a", -1]),
        ("verbose", [3, "loud"]),
    ],
)
def test_parameters_out_of_range(windows, parameter, values):
    for value in values:
        with pytest.raises(ValueError, match=parameter):
            LSTMForecaster(**TINY | {parameter: value}).fit(windows)


@pytest.mark.parametrize("units", [[3, 2.5], [3, True], [3, "4"]])
def test_units_of_a_layer_that_are_no_int_are_a_type_error(windows, units):
    with pytest.raises(TypeError, match=r"units=.* an int is needed"):
        LSTMForecaster(**TINY | {"units": units}).fit(windows)


def test_every_parameter_is_in_the_table_above():
    (mark,) = test_parameters_out_of_range.pytestmark
    assert {name for name, _ in mark.args[1]} == set(LSTMForecaster().get_params())


def test_score_needs_y_after_a_fit_with_y(windows):
    targets = np.random.default_rng(0).normal(size=len(windows))
    model = LSTMForecaster(**TINY).fit(windows, targets)
    assert model.score(windows, targets) < 1
    with pytest.raises(ValueError, match=r"y=None, but the fit was with y.* Give the y"):
        model.score(windows)


def test_weights_are_relative_to_each_other():
    values = make_wave("sine", n_cycles=3)[:150] + np.random.default_rng(0).normal(size=150)
    windows = WindowTransformer(10).fit_transform(values)
    weights = np.linspace(1, 2, len(windows))
    fits = [
        LSTMForecaster(6, epochs=2, random_state=0, **readout).fit(windows, sample_weight=w)
        for readout in ({}, {"readout": "trained"})
        for w in (weights, 2.0**-200 * weights, 2.0**200 * weights)
    ]
    forecasts = [forecaster.forecast(5) for forecaster in fits]
    for group in (forecasts[:3], forecasts[3:]):
        np.testing.assert_array_equal(group[0], group[1])
        np.testing.assert_array_equal(group[0], group[2])


@pytest.mark.parametrize("dtype", [np.int8, np.uint64])
def test_parameters_may_be_ints_of_numpy_of_any_size(windows, dtype):
    numbers = {"units": 6, "output_length": 2, "batch_size": 32, "epochs": 1, "random_state": 0}
    expected = LSTMForecaster(**numbers).fit(windows).forecast(5)
    of_numpy = {name: dtype(number) for name, number in numbers.items()}
    np.testing.assert_array_equal(LSTMForecaster(**of_numpy).fit(windows).forecast(5), expected)


def test_floats_wider_than_64_bits_are_taken():
    values = make_wave("sine", n_cycles=3)[:150]
    wide = WindowTransformer(10).fit_transform(values.astype(np.longdouble))
    windows = WindowTransformer(10).fit_transform(values)
    for readout in ("ridge", "trained"):
        settings = {"epochs": 2, "random_state": 0, "readout": readout, "validation": "last"}
        found, expected = (LSTMForecaster(6, **settings).fit(w) for w in (wide, windows))
        np.testing.assert_array_equal(found.forecast(3), expected.forecast(3))
        assert np.isfinite(found.partial_fit(wide).calibrate(wide).forecast(3)).all()
