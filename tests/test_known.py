"""Known inputs and calendar features: in the windows, in the fit, in forecasts."""

import copy
import pickle
import re

import joblib
import numpy as np
import pandas as pd
import pytest
from helpers import dataset_of_windows, warnings_of
from oracle import random_network, roll
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skwave import ForecastDisplay, LSTMForecaster, WindowTransformer, _fit, make_forecast_pipeline
from skwave._calendar import calendar_features
from skwave._cells import Cell
from skwave._dataset import make_dataset
from skwave._fourier import count_cycles, fourier_terms, squared_frequencies
from skwave._known import Windows, arrange
from skwave._recursion import roll_forward
from skwave._rollout import make_rollouts
from skwave._scaling import fit_scaling
from skwave._sliding import sliding_windows
from skwave.exceptions import ForecastWarning
from skwave.model_selection import ForecastSplit, backtest, forecast_scorer

TINY = {"units": 6, "epochs": 1, "random_state": 0}


def make_frame(n=300):
    """Return hours of a series that follows an input without noise, which stands in the middle."""
    rng = np.random.default_rng(0)
    heat, load = rng.normal(size=n), np.zeros(n)
    for t in range(1, n):
        load[t] = 0.6 * load[t - 1] + 2 * heat[t] - heat[t - 1]
    other = np.sin(np.arange(n) * 0.3)
    index = pd.date_range("2024-01-01", periods=n, freq="h", name="time")
    return pd.DataFrame({"load": load + 20, "heat": heat, "other": other + 3}, index=index)


FRAME = make_frame()
TRAIN, TEST = FRAME[:250], FRAME[250:]


@pytest.fixture(scope="module")
def model():
    """A pipeline that was fitted on the frame, with one known input."""
    steps = WindowTransformer(10, known="heat"), LSTMForecaster(**TINY)
    return make_forecast_pipeline(*steps).fit(TRAIN)


# --- In the windows -----------------------------------------------------------------------------


def test_known_columns_stand_last_and_one_step_ahead():
    series = np.array([[1.0, 10, 100], [2, 20, 200], [3, 30, 300]])
    windows = WindowTransformer(2, known=[1]).fit_transform(series)
    nan = np.nan
    expected = [[[1, 100, 20], [2, 200, 30]], [[2, 200, 30], [3, 300, nan]]]
    np.testing.assert_array_equal(windows, expected)
    assert windows.known == (1,)


def test_windows_are_views_and_their_names_survive_slices_and_pickles():
    windows = WindowTransformer(5, known=["heat"]).fit_transform(FRAME)
    assert isinstance(windows, Windows)
    assert windows.strides[0] == windows.strides[1]
    assert windows[10:20].known == ("heat",)
    again = pickle.loads(pickle.dumps(windows))
    assert again.known == ("heat",)
    np.testing.assert_array_equal(again, windows)
    other = windows.copy()
    other.known = ("load",)
    assert joblib.hash(windows) != joblib.hash(other)


def test_the_inverse_gives_all_back_but_the_first_known_value():
    transformer = WindowTransformer(5, known="heat", calendar="hour")
    again = transformer.inverse_transform(transformer.fit_transform(FRAME))
    expected = FRAME.to_numpy(copy=True)
    expected[0, 1] = np.nan
    np.testing.assert_array_equal(again, expected)


@pytest.mark.parametrize(
    ("known", "series", "message"),
    [
        (["rain"], FRAME, r"'rain', which is not one of the columns \['load', 'heat', 'other'\]"),
        ([5], FRAME.to_numpy(), r"holds 5, which is not one of the columns \[0, 1, 2\]"),
        (["heat"], FRAME.to_numpy(), r"set_output\(transform='pandas'\)"),
        (["heat", "heat"], FRAME, "each column may be named only once"),
        ([0, 1, 2], FRAME.to_numpy(), "at least one of the . columns .* must be left"),
        ([0], np.arange(30.0), "at least one of the . columns .* must be left"),
        ([True], FRAME.to_numpy(), "holds True, which is not one of the columns"),
    ],
)
def test_what_is_not_a_column_is_refused(known, series, message):
    with pytest.raises(ValueError, match=message):
        WindowTransformer(5, known=known).fit(series)


def test_the_last_value_is_a_target_though_its_known_input_is_not_there():
    values = arrange(FRAME.to_numpy(), [1])
    data = dataset_of_windows(sliding_windows(values, 12), n_known=1)
    assert len(data.targets) == len(FRAME) - 12
    np.testing.assert_array_equal(data.targets[-1], FRAME[["load", "other"]].iloc[-1])
    assert np.isfinite(data.values).all()
    # Each forecast is given the values of its own steps.
    rollouts = make_rollouts(data, 0.3)
    steps = rollouts.origins[:, None] + np.arange(rollouts.y_true.shape[1])
    np.testing.assert_array_equal(rollouts.values[steps - 1, 2], FRAME["heat"].to_numpy()[steps])
    assert rollouts.origins.max() + rollouts.y_true.shape[1] == len(FRAME)


def test_known_inputs_are_not_relative_to_their_window():
    data = make_dataset([arrange(FRAME.to_numpy(), [1])], 12, 1, n_known=1)
    scaling = fit_scaling(data, "window")
    assert scaling.input_scale[2] == pytest.approx(FRAME["heat"].std(), rel=0.05)
    windows = data.scaled(scaling).windows(slice(3))
    assert (windows[:, 0, :2] == 0).all()
    heat = (FRAME["heat"].iloc[1:4] - scaling.input_center[2]) / scaling.input_scale[2]
    np.testing.assert_allclose(windows[:, 0, 2], heat, rtol=1e-6)


# --- In the recursion ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "variant",
    [
        {"n_channels": 2, "n_known": 1},
        {"n_channels": 4, "n_known": 2, "relative": True, "with_skip": True},
        {"n_channels": 3, "n_known": 1, "units": (3, 4), "with_skip": True},
        {"n_channels": 2, "n_known": 1, "units": (), "with_skip": True},
        {"n_channels": 6, "n_known": 5, "relative": True, "calendar": ("hour", "day_of_week")},
    ],
    ids=str,
)
@pytest.mark.parametrize("n_steps", [1, 7, 30])
def test_forecasts_equal_reading_each_window_anew(variant, n_steps):
    rng = np.random.default_rng(n_steps)
    network = random_network(rng, **variant)
    contexts = rng.normal(size=(3, network.window_length, network.n_channels))
    future = rng.normal(size=(3, n_steps, network.n_known))
    expected = [roll(network, *pair[:1], n_steps, pair[1]) for pair in zip(contexts, future)]  # noqa: B905
    found = roll_forward(network, contexts, n_steps, future)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_known_inputs_take_no_more_products(monkeypatch):
    calls, advance = [], Cell.advance
    monkeypatch.setattr(Cell, "advance", lambda *args: calls.append(1) or advance(*args))
    rng = np.random.default_rng(0)
    network = random_network(rng, n_channels=3, n_known=2)
    roll_forward(network, rng.normal(size=(1, 7, 3)), 50, rng.normal(size=(1, 50, 2)))
    assert len(calls) == 50 + 7 - 1


# --- In the fit and in forecasts ----------------------------------------------------------------


def test_a_linear_effect_is_forecast_exactly_at_any_horizon(model):
    forecast = model.forecast(50, future=TEST[["heat"]])
    assert list(forecast.columns) == ["load", "other"]
    assert forecast.index.equals(TEST.index)
    # The training rolled no forecast out that is as long.
    error = (forecast - TEST[["load", "other"]]).abs().mean() / TEST[["load", "other"]].std()
    assert error["load"] < 0.02
    assert model[-1].known_ == ["heat"]
    assert "250 values of 3 channels, 1 of them known in advance:" in str(model.summary())


def test_every_kind_of_forecast_takes_the_future(model):
    future = TEST[["heat"]]
    forecast = model.forecast(8, future=future)
    interval = model.forecast_interval(8, coverage=0.8, future=future)
    quantiles = model.forecast_quantiles(8, [0.5], future=future)
    paths = model.sample_paths(8, 5, future=future, random_state=0)
    assert interval.shape == (8, 4)
    assert quantiles.shape == (8, 2)
    assert paths.shape == (8, 10)
    wide = interval[("load", "lower")] <= forecast["load"] + 1e-9
    assert (wide & (forecast["load"] <= interval[("load", "upper")] + 1e-9)).mean() > 0.7
    # Another future is another forecast.
    other = model.forecast_quantiles(8, [0.5], future=future + 1)
    assert (other[("load", 0.5)] > quantiles[("load", 0.5)]).all()


def test_the_forecaster_learns_the_roles_from_windows_in_a_plain_pipeline(model):
    pipeline = make_pipeline(WindowTransformer(10, known="heat"), LSTMForecaster(**TINY))
    pipeline = clone(pipeline).fit(TRAIN)
    forecaster = pickle.loads(pickle.dumps(pipeline))[-1]
    by_name = forecaster.forecast(6, future=TEST[["heat"]])
    by_position = forecaster.forecast(6, future=TEST["heat"].to_numpy()[:6])
    expected = model.forecast(6, future=TEST[["heat"]])
    np.testing.assert_allclose(by_name, expected)
    np.testing.assert_allclose(by_position, expected)
    windows = pipeline[:-1].transform(FRAME)
    contexts, future = windows[[240, 250]], TEST["heat"].to_numpy()[None, :6, None]
    batch = forecaster.forecast(6, context=contexts, future=np.concatenate([future, future]))
    np.testing.assert_allclose(batch[0], expected)
    with pytest.raises(ValueError, match="values for 3 series, but context is of 2"):
        forecaster.forecast(6, context=contexts, future=np.concatenate([future] * 3))


def test_windows_with_other_roles_name_both_sides(model):
    windows = WindowTransformer(10, known="other").fit_transform(TRAIN)
    message = r"\['other'\] are known in advance, but those in fit were \['heat'\]"
    with pytest.raises(ValueError, match=message):
        model[-1].predict(windows)
    with pytest.raises(ValueError, match=message):
        clone(model[-1]).set_params(warm_start=True).fit(TRAIN_WINDOWS).fit(windows)


TRAIN_WINDOWS = WindowTransformer(10, known="heat").fit_transform(TRAIN)


def test_further_training_and_calibration_keep_the_roles(model):
    model = pickle.loads(pickle.dumps(model))
    windows = model[-2].transform(FRAME)
    model[-1].partial_fit(windows)
    assert model[-1].known_ == ["heat"]
    model.calibrate(FRAME, n_steps=20)
    assert model[-1].residual_paths_.shape[1:] == (20, 2)


def test_several_values_at_once_are_refused():
    with pytest.raises(ValueError, match="Set output_length=1"):
        LSTMForecaster(output_length=2).fit(TRAIN_WINDOWS)


def test_predictions_are_missing_where_the_next_known_values_are_not_given(model):
    predictions = model.predict(FRAME)
    assert list(predictions.columns) == ["load", "other"]
    assert predictions.iloc[-1].isna().all()
    assert predictions.iloc[:-1].notna().all().all()
    assert model.score(FRAME) > 0.9


@pytest.mark.parametrize("n_steps", [1, 5])
def test_transformers_in_front_see_the_future(n_steps):
    positive = TRAIN.assign(heat=np.exp(TRAIN["heat"]))
    future = np.exp(TEST[["heat"]])
    scaler = StandardScaler().set_output(transform="pandas")
    steps = WindowTransformer(10, known="heat"), LSTMForecaster(**TINY)
    log = FunctionTransformer(np.log, inverse_func=np.exp, feature_names_out="one-to-one")
    scaled = make_forecast_pipeline(log, scaler, *steps).fit(positive)
    by_hand = make_forecast_pipeline(*[clone(step) for step in steps])
    values = scaler.transform(log.transform(positive))
    by_hand.fit(values)
    ahead = pd.DataFrame(np.nan, TEST.index, TEST.columns).assign(heat=future)
    ahead = scaler.transform(log.transform(ahead))[["heat"]]
    expected = by_hand.forecast(n_steps, future=ahead)
    expected = np.exp(expected * scaler.scale_[[0, 2]] + scaler.mean_[[0, 2]])
    pd.testing.assert_frame_equal(scaled.forecast(n_steps, future=future), expected)


class Differences(FunctionTransformer):
    """Differences of all columns, whose inverse depends on the values before."""

    def __init__(self):
        super().__init__(
            lambda X: np.diff(X, axis=0, prepend=0.0), inverse_func=lambda X: np.cumsum(X, axis=0)
        )


def test_an_inverse_that_depends_on_earlier_values_goes_on_from_the_end():
    steps = WindowTransformer(10, known=[1]), LSTMForecaster(**TINY)
    values, future = TRAIN.to_numpy(), TEST["heat"].to_numpy()[:5]
    model = make_forecast_pipeline(Differences(), *steps).fit(values)
    forecast = model.forecast(5, future=future)
    plain = make_forecast_pipeline(*[clone(step) for step in steps])
    plain.fit(np.diff(values, axis=0, prepend=0.0))
    changes = plain.forecast(5, future=np.diff(future, prepend=values[-1, 1]))
    np.testing.assert_allclose(forecast, values[-1, [0, 2]] + np.cumsum(changes, axis=0))
    again = model.forecast(5, future=future, context=values)
    np.testing.assert_allclose(again, forecast)


def test_useless_inputs_are_left_out_with_a_warning():
    rng = np.random.default_rng(0)
    frame = TRAIN[["other"]].assign(noise=rng.normal(size=len(TRAIN)))
    model = make_forecast_pipeline(WindowTransformer(10, known="noise"), LSTMForecaster(**TINY))
    (message,) = [m for m in warnings_of(model.fit, frame) if "known=" in m]
    assert "are not used" in message
    future = rng.normal(size=(2, 20, 1))
    one, other = (
        model.forecast(20, future=pd.DataFrame(f, TEST.index[:20], ["noise"])) for f in future
    )
    pd.testing.assert_frame_equal(one, other)
    windows = model[-2].transform(frame)[:5]
    found = np.asarray(model[-1].to_keras()(np.asarray(windows, np.float32)))
    np.testing.assert_allclose(found[:, 0], model[-1].predict(windows), rtol=1e-4)


def make_noise_windows(n=250):
    """Return windows of a series beside an input of noise, which no fit uses."""
    rng = np.random.default_rng(0)
    frame = FRAME[["other"]][:n].assign(noise=rng.normal(size=n))
    return WindowTransformer(10, known="noise").fit_transform(frame)


def test_training_goes_on_where_inputs_are_left_out():
    windows = make_noise_windows()
    with pytest.warns(ForecastWarning, match="are not used"):
        forecaster = LSTMForecaster(**TINY).fit(windows)
    before = forecaster.predict(windows[:5])
    forecaster.partial_fit(windows[-30:])
    assert 0 < np.abs(forecaster.predict(windows[:5]) - before).max() < 0.01
    with pytest.warns(ForecastWarning, match="are not used: the fit that training continues"):
        forecaster.set_params(warm_start=True).fit(windows)
    assert forecaster.network_.scaling.input_scale[1] == np.inf
    np.testing.assert_allclose(forecaster.predict(windows[:5]), before, atol=0.1)


def test_several_series_are_fitted_where_inputs_are_left_out():
    windows = make_noise_windows()
    with pytest.warns(ForecastWarning, match="are not used"):
        forecaster = LSTMForecaster(**TINY).fit([windows, windows])
    one = LSTMForecaster(**TINY)
    with pytest.warns(ForecastWarning, match="are not used"):
        one.fit(windows)
    future = np.zeros((5, 1))
    expected = one.forecast(5, future=future)
    for of_series in forecaster.forecasters_:
        forecast = of_series.forecast(5, future=future)
        np.testing.assert_array_equal(forecast, of_series.forecast(5, future=future + 9))
        np.testing.assert_allclose(forecast, expected, atol=0.1)


def test_a_trained_readout_has_known_inputs_too():
    forecaster = LSTMForecaster(**TINY, readout="trained", validation="last")
    model = make_forecast_pipeline(WindowTransformer(10, known="heat"), forecaster).fit(TRAIN)
    assert model.forecast(5, future=TEST[["heat"]]).shape == (5, 2)
    assert model[-1].validation_errors_["linear"] < 0.5


# --- What future may be -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("future", "message"),
    [
        (None, r"future=None, but the inputs \['heat'\] are known in advance"),
        (TEST[["heat"]][:9], "future has 9 rows, but n_steps=10 needs as many"),
        (TEST[["heat", "load"]], r"has the columns \['heat', 'load'\], but"),
        (TEST[["load"]], r"has the columns \['load'\].*Add the columns \['heat'\]\."),
        (TEST["load"], r"has the columns \['load'\].*Add the columns \['heat'\]"),
        (TEST[["heat"]][1:], "has the label 2024-01-11 11:00:00 in row 0, but the forecast is of"),
        (TEST[["heat"]].reset_index(drop=True), "has the label 0 in row 0, but the forecast is"),
        (
            TEST[["heat"]].to_numpy(),
            "future has the type ndarray, but the series was a pandas",
        ),
        (
            TEST[["heat"]].where(TEST["heat"] != TEST["heat"].iloc[3]),
            r"lacks .*'heat' at row 2024",
        ),
        (TEST[["heat"]].replace(TEST["heat"].iloc[3], np.inf), "future contains infinity"),
    ],
)
def test_a_future_that_does_not_fit_is_refused(model, future, message):
    with pytest.raises(ValueError, match=message):
        model.forecast(10, future=future)
    with pytest.raises(ValueError, match=message):
        model.forecast_interval(10, future=future)


@pytest.mark.parametrize("dtype", [bool, "boolean", "Int64", "float32"])
def test_known_columns_may_be_of_any_numeric_type(dtype):
    numbers = FRAME.assign(other=FRAME["other"] > 3)
    frame = numbers.astype({"other": dtype})
    train, test = frame[:250], frame[250:]
    steps = WindowTransformer(10, known=["heat", "other"]), LSTMForecaster(**TINY)
    model = make_forecast_pipeline(*steps).fit(train)
    forecast = model.forecast(10, future=test[["heat", "other"]])
    expected = model.forecast(10, future=numbers[250:][["heat", "other"]].astype(float))
    pd.testing.assert_frame_equal(forecast, expected)
    result = backtest(model, frame, horizon=10, initial=250, step=40)
    np.testing.assert_allclose(np.ravel(result.y_pred[0]), forecast["load"])


def test_a_column_of_strings_in_the_future_is_named(model):
    future = TEST[["heat"]].astype(object)
    future.iloc[3] = "cold"
    with pytest.raises(ValueError, match="column 'heat' of future holds 'cold', which is not a"):
        model.forecast(10, future=future)
    future.iloc[3] = "True"
    with pytest.raises(ValueError, match=r"'heat' of future holds 'True'.*compare .* == 'True'"):
        model.forecast(10, future=future)
    with pytest.raises(ValueError, match=r"future has the type dict, but the series was a pand"):
        model.forecast(10, future={"heat": np.zeros(10)})
    with pytest.raises(ValueError, match=r"future has shape \(\), but \(10, 1\) is needed"):
        model[-1].forecast(10, future={"heat": np.zeros(10)})


def test_a_future_of_another_time_zone_is_refused(model):
    with pytest.raises(ValueError, match=r"zone UTC, but those of the training series.*\(None"):
        model.forecast(10, future=TEST[["heat"]].tz_localize("UTC"))


def test_a_long_gap_of_known_inputs_at_the_end_is_refused_before_training(monkeypatch):
    train = TRAIN.copy()
    # Each gap is of two rows, where one is filled.
    train.iloc[-9:-7, 1] = np.nan
    steps = WindowTransformer(10, known="heat"), LSTMForecaster(**TINY)
    monkeypatch.setattr(_fit, "train", None)
    words = "lacks values of known inputs in its last window, from row 241 on"
    with pytest.raises(ValueError, match=words):
        make_forecast_pipeline(*steps).fit(train)
    with pytest.raises(ValueError, match="Series 'with a gap': X lacks values .* from row 241 on"):
        make_forecast_pipeline(*steps).fit({"good": TRAIN, "with a gap": train})


def test_a_calibration_does_not_need_the_known_inputs_after_its_end(model):
    gappy = FRAME.copy()
    gappy.iloc[-9:-6, 1] = np.nan
    calibrated = copy.deepcopy(model).calibrate(gappy, n_steps=5)
    assert len(calibrated[-1].residual_paths_) > 100


def test_a_future_without_known_inputs_is_refused():
    forecaster = LSTMForecaster(**TINY)
    model = make_forecast_pipeline(WindowTransformer(10), forecaster).fit(TRAIN["other"])
    for of in (model, model[-1]):
        with pytest.raises(ValueError, match="no input was known in advance in fit"):
            of.forecast(3, future=[1, 2, 3])


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.parametrize(
    ("context", "message"),
    [
        (TRAIN[["load"]], "context has the columns ['load'], but"),
        (TRAIN["load"], "but ['load', 'heat', 'other'] were seen in fit"),
        (TRAIN[["load"]].to_numpy(), "context has 1 column, but fit saw 3"),
    ],
)
def test_a_context_without_the_known_columns_is_refused(model, context, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        model.forecast(10, future=TEST[["heat"]], context=context)


def test_a_gap_of_known_inputs_in_a_context_is_filled_if_short_and_else_refused(model):
    context = TRAIN[-60:].copy()
    context.iloc[-5, 1] = np.nan
    assert model.forecast(5, future=TEST[["heat"]], context=context).notna().all().all()
    context.iloc[-9:-4, 1] = np.nan
    with pytest.raises(ValueError, match="lacks values of known inputs from row"):
        model.forecast(5, future=TEST[["heat"]], context=context)


def test_a_series_that_ends_in_a_gap_is_forecast_with_known_inputs(model):
    gappy = TRAIN.copy()
    gappy.iloc[-2:, [0, 2]] = np.nan
    fitted = clone(model).fit(gappy)
    forecast = fitted.forecast(5, future=TEST[["heat"]])
    np.testing.assert_allclose(forecast["load"], TEST["load"][:5], atol=0.2)


# --- Tools that take the known columns themselves ------------------------------------------------


def test_scorer_backtest_and_display_give_the_future_themselves(model):
    scorer = forecast_scorer(mean_absolute_error, horizon=10)
    part = FRAME[200:260]
    expected = model.forecast(10, future=part[["heat"]][50:], context=part[:50])
    error = -mean_absolute_error(part[["load", "other"]][50:], expected)
    assert scorer(model, part) == pytest.approx(error)
    windows = model[-2].transform(part)
    assert scorer(model[-1], windows) == pytest.approx(error, rel=1e-6)

    result = backtest(model, FRAME, horizon=10, initial=250, step=15, coverage=0.8)
    assert result.y_pred.shape == (3, 10, 2)
    np.testing.assert_allclose(result.y_pred[0], model.forecast(10, future=TEST[["heat"]]))
    np.testing.assert_array_equal(result.y_true[0], TEST[["load", "other"]][:10])
    assert list(result.to_frame()["channel"][:2]) == ["load", "other"]
    assert result.scores["mean_absolute_error"]["model"] < 0.2

    display = ForecastDisplay.from_estimator(model, TEST[:10], history=TRAIN, coverage=0.8)
    np.testing.assert_allclose(display.y_pred, result.y_pred[0])
    assert [ax.get_ylabel() for ax in display.ax_] == ["load", "other"]


def test_an_array_in_place_of_a_frame_with_known_columns_is_refused(model):
    with pytest.raises(ValueError, match="has the type ndarray, but the series was a pandas"):
        ForecastDisplay.from_estimator(model, y_true=TEST[:10].to_numpy())


@pytest.mark.parametrize(
    ("which", "values", "message"),
    [
        ("y_true", TEST[["heat", "load", "other"]], r"\['load', 'heat', 'other'\] were seen in"),
        ("y_true", TEST["load"], r"y_true has the columns \['load'\].*Add the columns"),
        ("history", TRAIN[["heat", "load", "other"]], r"history has the columns \['heat', 'load'"),
        ("history", TRAIN["heat"], r"history has the columns \['heat'\], but"),
    ],
)
def test_a_display_needs_the_columns_of_the_fit(model, which, values, message):
    given = {"y_true": TEST, "history": TRAIN} | {which: values}
    with pytest.raises(ValueError, match=message):
        ForecastDisplay.from_estimator(model, **given)


def test_the_history_of_a_display_may_be_what_is_forecast_alone(model):
    display = ForecastDisplay.from_estimator(model, TEST, history=TRAIN[["load", "other"]])
    expected = ForecastDisplay.from_estimator(model, TEST, history=TRAIN)
    np.testing.assert_array_equal(display.history, expected.history)


def test_a_display_of_arrays_needs_all_columns():
    steps = WindowTransformer(10, known=1), LSTMForecaster(**TINY)
    model = make_forecast_pipeline(*steps).fit(TRAIN.to_numpy())
    with pytest.raises(ValueError, match="y_true has 1 column, but fit saw 3"):
        ForecastDisplay.from_estimator(model, TEST["load"].to_numpy())


def test_a_search_tells_whether_inputs_are_worth_it():
    pipeline = make_pipeline(WindowTransformer(10), LSTMForecaster(**TINY))
    search = GridSearchCV(
        pipeline, {"windowtransformer__known": [None, ["heat"]]},
        scoring=forecast_scorer("neg_mean_absolute_error", horizon=10),
        cv=ForecastSplit(1, horizon=10, context=30), error_score="raise",
    ).fit(TRAIN[["load", "heat"]])  # fmt: skip
    assert search.best_params_ == {"windowtransformer__known": ["heat"]}


# --- Calendar features ----------------------------------------------------------------------------


def test_calendar_features_are_sine_and_cosine_of_the_place():
    index = pd.DatetimeIndex(["2024-01-01 00:00", "2024-01-04 06:00", "2024-07-31 18:30"])
    expected = np.array([[0, 0, 0], [6, 3 / 7 * 24, 0], [18.5, 2 / 7 * 24, 12]]) * 2 * np.pi / 24
    found = calendar_features(index, ["hour", "day_of_week", "month"])
    np.testing.assert_allclose(found[:, ::2], np.sin(expected), atol=1e-12)
    np.testing.assert_allclose(found[:, 1::2], np.cos(expected), atol=1e-12)
    periods = index.to_period("h")
    found = calendar_features(periods, ["minute", "day", "day_of_year", "quarter"])
    assert found.shape == (3, 8)
    assert np.isfinite(found).all()


def test_the_calendar_goes_on_by_itself():
    index = pd.date_range("2024-01-01", periods=24 * 12, freq="h")
    series = pd.Series(np.where(index.hour < 12, 1.0, 5.0), index, name="load")
    transformer = WindowTransformer(10, calendar="hour")
    windows = transformer.fit_transform(series)
    assert windows.known == ("hour_sin", "hour_cos")
    # One step ahead, the newest row too.
    assert windows[-1, -1, 1:] == pytest.approx([0, 1])
    model = make_forecast_pipeline(transformer, LSTMForecaster(**TINY)).fit(series)
    forecast = model.forecast(30)
    assert forecast.index[0] == index[-1] + pd.Timedelta("1h")
    future = calendar_features(forecast.index, ["hour"])
    by_hand = model[-1].forecast(30, future=future)
    np.testing.assert_allclose(by_hand, forecast)
    assert model.predict(series).notna().all()


def test_a_plain_pipeline_with_a_calendar_is_drawn():
    steps = WindowTransformer(10, calendar="hour"), LSTMForecaster(**TINY)
    plain = make_pipeline(*steps).fit(TRAIN[["load"]])
    model = make_forecast_pipeline(*steps).fit(TRAIN[["load"]])
    display = ForecastDisplay.from_estimator(plain, TEST[["load"]])
    np.testing.assert_allclose(display.y_pred, model.forecast(50)["load"], rtol=1e-6)


def test_a_calendar_and_known_inputs_together():
    steps = WindowTransformer(10, known="heat", calendar=["hour"]), LSTMForecaster(**TINY)
    model = make_forecast_pipeline(*steps).fit(TRAIN)
    assert model[-1].known_ == ["heat", "hour_sin", "hour_cos"]
    forecast = model.forecast(10, future=TEST[["heat"]])
    np.testing.assert_allclose(forecast["load"], TEST["load"][:10], atol=0.3)


# --- Fourier terms of calendar features ----------------------------------------------------------


def test_fourier_terms_describe_any_pattern_of_a_week():
    hours = pd.date_range("2024-01-01", periods=168, freq="h")
    names = ["hour", "day_of_week"]
    terms = fourier_terms(calendar_features(hours, names), names)
    assert terms.shape == (168, 24 + 6 + 24 * 6)
    pattern = np.random.default_rng(0).normal(size=168)
    columns = np.column_stack([np.ones(168), terms])
    solved, *_ = np.linalg.lstsq(columns, pattern, rcond=None)
    np.testing.assert_allclose(columns @ solved, pattern, atol=1e-9)


def test_fourier_terms_are_harmonics_and_products_with_their_frequencies():
    angles = np.array([[0.3, 1.1], [2.0, -0.4]])
    waves = np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(2, 4)
    terms = fourier_terms(waves, ["minute", "quarter"])
    a, b = angles.T
    one, other = ([np.sin(x), np.sin(2 * x), np.cos(x), np.cos(2 * x)] for x in (a, b))
    products = [p * q for p in one for q in other]
    np.testing.assert_allclose(terms, np.transpose([*one, *other, *products]))
    squares = squared_frequencies(["minute", "quarter"])
    assert squares.tolist() == [1, 4, 1, 4] * 2 + [2, 5, 2, 5, 5, 8, 5, 8] * 2
    assert fourier_terms(np.empty((5, 0)), []).shape == (5, 0)


def make_weeks(n_weeks, index=None):
    """Return a load whose pattern of the day is another one on each day of the week."""
    index = pd.date_range("2024-01-01", periods=168 * n_weeks, freq="h") if index is None else index
    pattern = np.random.default_rng(3).normal(size=168).cumsum()
    place = (index.day_of_week * 24 + index.hour).to_numpy()
    return pd.Series(pattern[place] - pattern.mean(), index, name="load")


@pytest.fixture(scope="module")
def weekly_model():
    steps = WindowTransformer(6, calendar=["hour", "day_of_week"]), LSTMForecaster(**TINY)
    return make_forecast_pipeline(*steps).fit(make_weeks(8)[:-168])


def test_windows_of_a_few_hours_forecast_a_week_by_its_calendar(weekly_model):
    truth = make_weeks(8)[-168:]
    forecast = weekly_model.forecast(168)
    assert (forecast - truth).abs().max() < 0.05 * truth.std()
    without = make_forecast_pipeline(WindowTransformer(6), LSTMForecaster(**TINY))
    forecast = without.fit(make_weeks(8)[:-168]).forecast(168)
    assert (forecast - truth).abs().max() > truth.std()
    assert (weekly_model[-1].network_.fourier_coef != 0).any()
    # The linear part reads no sines and cosines of older steps.
    assert (weekly_model[-1].network_.skip.reshape(6, -1)[:, 1:] == 0).all()


def test_a_calendar_that_is_of_no_use_is_not_read_by_the_linear_part():
    values = np.random.default_rng(0).normal(size=600).cumsum()
    series = pd.Series(values, pd.date_range("2024-01-01", periods=600, freq="h"))
    steps = WindowTransformer(10, calendar=["hour", "day_of_week"]), LSTMForecaster(**TINY)
    model = make_forecast_pipeline(*steps).fit(series)
    assert model[-1].network_.fourier_coef is None
    # Nor does an update make use of it.
    more = pd.date_range(series.index[-1], periods=101, freq="h")[1:]
    model.partial_fit(pd.concat([series[-10:], pd.Series(np.arange(100.0), more)]))
    assert model[-1].network_.fourier_coef is None
    assert (model[-1].network_.skip[:, 0] != 0).any()


def test_an_update_learns_another_course_of_the_day(weekly_model):
    model = copy.deepcopy(weekly_model)
    series = make_weeks(30)
    changed = series + 3 * (series.index.hour == 8)
    later = changed[24 * 168 - 6 :]
    is_eight = later.index.hour == 8
    before = (model.predict(later)[:-1] - later).abs()[is_eight].mean()
    model.partial_fit(changed[7 * 168 - 6 : 24 * 168])
    after = (model.predict(later)[:-1] - later).abs()[is_eight].mean()
    assert before > 2.5
    # The weeks before, a quarter of all, are remembered.
    assert after < before / 2


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_fourier_terms_survive_storage_and_export(weekly_model, tmp_path):
    import keras

    expected = weekly_model.forecast(30)
    stored = pickle.loads(pickle.dumps(weekly_model))
    pd.testing.assert_series_equal(stored.forecast(30), expected)
    windows = weekly_model[:-1].transform(make_weeks(2))
    predicted = weekly_model[-1].predict(windows[:50])
    weekly_model[-1].model_.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    found = loaded.predict(windows[:50], verbose=0)[:, 0]
    np.testing.assert_allclose(found, predicted, atol=1e-4)


def test_several_series_have_fourier_terms():
    weeks = make_weeks(8)
    noise = 0.3 * np.random.default_rng(0).normal(size=(2, len(weeks)))
    late = np.where(weeks.index.hour == 20, 2.0, 0.0)
    series = {"low": weeks + noise[0], "high": 50 + 3 * (weeks + late + noise[1])}
    steps = WindowTransformer(6, calendar=["hour", "day_of_week"]), LSTMForecaster(**TINY)
    model = make_forecast_pipeline(*steps).fit({name: one[:-168] for name, one in series.items()})
    for name, forecast in model.forecast(168).items():
        truth = series[name][-168:]
        assert (forecast - truth).abs().mean() < 0.15 * truth.std()


def test_training_goes_on_beside_fourier_terms_and_without_them():
    weeks = make_weeks(8)
    steps = WindowTransformer(6, calendar=["hour", "day_of_week"]), LSTMForecaster(**TINY)
    model = make_forecast_pipeline(*steps).fit(weeks[:-168])
    model.set_params(lstmforecaster__warm_start=True).fit(weeks[:-168])
    assert (model.forecast(168) - weeks[-168:]).abs().max() < 0.05 * weeks.std()
    model.set_params(lstmforecaster__readout="trained").fit(weeks[:-168])
    assert model[-1].network_.fourier_coef is None
    assert model.forecast(168).notna().all()


def test_cycles_are_counted_whatever_the_distance_of_the_values():
    names = ["hour", "day_of_week", "month"]
    hours = pd.date_range("2024-01-01", periods=24 * 70 + 1, freq="h")
    found = count_cycles(calendar_features(hours, names))
    np.testing.assert_allclose(found, [70, 10, 2 / 12], atol=1e-9)
    months = pd.date_range("2020-01-01", periods=37, freq="MS")
    assert count_cycles(calendar_features(months, ["month"])) == pytest.approx([3])


def test_a_cycle_that_is_not_seen_twice_is_not_read_by_the_linear_part():
    weeks = make_weeks(8)
    steps = WindowTransformer(6, calendar=["hour", "month", "day_of_week"]), LSTMForecaster(**TINY)
    model = make_forecast_pipeline(*steps).fit(weeks[:-168])
    coef = model[-1].network_.fourier_coef[:, 0]
    of_month = np.isinf(squared_frequencies(["hour", "month", "day_of_week"], [True, False, True]))
    assert of_month.sum() == 12 + 24 * 12 + 12 * 6
    assert (coef[of_month] == 0).all()
    assert (coef[~of_month] != 0).any()
    assert (model.forecast(168) - weeks[-168:]).abs().max() < 0.05 * weeks.std()


@pytest.mark.parametrize(
    ("calendar", "series", "message"),
    [
        (["week"], FRAME, r"calendar=\['week'\], but the names are \['minute', 'hour'"),
        (["hour", "hour"], FRAME, "each once"),
        ("hour", FRAME.to_numpy(), "needs the dates of the values, but X has no index"),
        ("hour", FRAME.reset_index(drop=True), "needs an index of dates or periods"),
    ],
)
def test_a_calendar_without_dates_is_refused(calendar, series, message):
    with pytest.raises(ValueError, match=message):
        WindowTransformer(5, calendar=calendar).fit(series)


def test_an_index_without_a_regular_step_has_no_calendar_ahead():
    series = FRAME["load"].iloc[np.cumsum(np.random.default_rng(0).integers(1, 4, 100))]
    with pytest.raises(ValueError, match="has an index without a regular frequency"):
        WindowTransformer(5, calendar="hour").fit(series)


def test_known_inputs_after_dates_that_cannot_be_continued_are_not_taken_by_position():
    days = pd.bdate_range("2024-01-01", periods=162).drop(["2024-03-29", "2024-04-01"])
    rng = np.random.default_rng(0)
    promotion = np.arange(160) % 9 < 2
    series = 50 + 20 * promotion + rng.normal(size=160)
    table = pd.DataFrame({"sales": series, "promotion": promotion}, days)
    model = make_forecast_pipeline(
        WindowTransformer(10, known="promotion"), LSTMForecaster(**TINY)
    ).fit(table[:150])
    known = table[["promotion"]]
    forecast = np.ravel(model.forecast(10, future=known[150:]))
    assert np.abs(forecast - series[150:]).mean() < 5
    for future in (known, known[:10], known[145:]):
        with pytest.raises(ValueError, match=r"future begins with.*before ends with 2024-07-3"):
            model.forecast(10, future=future)
    with pytest.raises(ValueError, match="future begins with the label 0"):
        model.forecast(10, future=known[150:].reset_index(drop=True))


def test_windows_of_other_channels_have_other_roles():
    values = np.random.default_rng(0).normal(size=(40, 3))
    table = pd.DataFrame(values, columns=["a", "b", "known"])
    windows = WindowTransformer(10, known=["known"]).fit_transform(table)
    assert windows[3:9].known == windows[:, ::2].known == ("known",)
    assert windows[:, :, :2].known == windows[:, :, 0].known == ()


def test_windows_keep_the_calendar_of_fit():
    hours = pd.Series(np.arange(80.0), pd.date_range("2024-01-01", periods=80, freq="h"))
    windows = WindowTransformer(3, calendar="hour").fit(hours)
    expected = windows.transform(hours)
    np.testing.assert_array_equal(windows.set_params(calendar=None).transform(hours), expected)


def test_a_tuple_of_windows_has_known_inputs_as_a_list_has():
    windows = [
        WindowTransformer(10, known="heat").fit_transform(TRAIN[a : a + 90]) for a in (0, 90)
    ]
    of_list, of_tuple = (
        LSTMForecaster(**TINY, readout="trained").fit(X) for X in (windows, tuple(windows))
    )
    assert of_tuple.known_ == of_list.known_ == ["heat"]


def test_windows_that_end_in_a_gap_of_known_inputs_have_a_score(model):
    frame = FRAME.copy()
    frame.iloc[-6:-1, frame.columns.get_loc("heat")] = np.nan
    windows = model[-2].transform(frame)
    assert np.isfinite(model[-1].score(windows))


# --- Known inputs behind transformers that depend on the place of a row ---------------------------


class Phases(TransformerMixin, BaseEstimator):
    """Subtract the mean of each hour of the day, counted from the first row."""

    def fit(self, X, y=None):
        self.mean_ = np.stack([np.asarray(X, float)[k::24].mean(axis=0) for k in range(24)])
        return self

    def _mean(self, X):
        return self.mean_[np.arange(len(X)) % 24]

    def transform(self, X):
        return X - self._mean(X)

    def inverse_transform(self, X):
        return np.asarray(X) + self._mean(X)


@pytest.mark.parametrize("inputs", [{"known": "heat"}, {"calendar": "hour"}], ids=str)
def test_an_end_of_the_training_series_is_continued_as_the_series_is(inputs):
    columns = ["load", "heat"] if "known" in inputs else ["load"]
    steps = Phases(), WindowTransformer(10, **inputs), LSTMForecaster(**TINY)
    model = make_forecast_pipeline(*steps).fit(TRAIN[columns])
    future = TEST[["heat"]] if "known" in inputs else None
    expected = model.forecast(10, future=future)
    for n_rows in (250, 226, 241, 50):
        context = TRAIN[columns][-n_rows:]
        found = model.forecast(10, future=future, context=context)
        pd.testing.assert_frame_equal(found, expected)


# --- Missing known inputs at the end --------------------------------------------------------------


@pytest.mark.parametrize("n_missing", [1, 2])
def test_a_short_gap_of_known_inputs_at_the_end_is_filled_when_the_future_is_given(n_missing):
    train = TRAIN[["load", "heat"]].copy()
    train.iloc[-n_missing:, 1] = np.nan
    steps = WindowTransformer(24, known="heat"), LSTMForecaster(**TINY)
    model = make_forecast_pipeline(*steps).fit(train)
    expected = model.forecast(5, future=TEST[["heat"]], context=train)
    pd.testing.assert_frame_equal(model.forecast(5, future=TEST[["heat"]]), expected)
    # Straight lines from the last known value to the first one of the future.
    filled = pd.concat([train[["heat"]], TEST[["heat"]]]).interpolate()[: len(train)]
    by_hand = model.forecast(5, future=TEST[["heat"]], context=train.assign(heat=filled["heat"]))
    pd.testing.assert_frame_equal(expected, by_hand)


def test_the_summary_counts_rows_that_miss_a_value_once():
    train = TRAIN[["load", "heat"]].copy()
    train.iloc[[50, -1], 0] = np.nan
    train.iloc[50, 1] = np.nan
    for inputs, n_missing in (({"known": "heat"}, 2), ({"calendar": "hour"}, 2)):
        columns = ["load", "heat"] if "known" in inputs else ["load"]
        steps = WindowTransformer(10, **inputs), LSTMForecaster(**TINY)
        model = make_forecast_pipeline(*steps).fit(train[columns])
        assert f"({n_missing} missing)" in str(model.summary())
    complete = make_forecast_pipeline(*steps).fit(TRAIN[["load"]])
    assert "missing" not in str(complete.summary())
