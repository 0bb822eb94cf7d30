"""One LSTM for several series, and a readout for each."""

import pickle

import joblib
import numpy as np
import pytest
from helpers import warnings_of
from joblib import parallel_config

from skwave import LSTMForecaster, WindowTransformer, _series_readouts
from skwave._network import Network
from skwave._readout import Readout, solve_readout
from skwave._ridge import GramSums, mean_squared_residuals
from skwave._scaling import Scaling
from skwave._series_readouts import LEAST_NOISE, rescaled, scale_series, weight_of

TINY = {"units": 6, "epochs": 3, "random_state": 0}


def autoregressive(coef, n, seed, scale=1.0, level=0.0):
    noise = np.random.default_rng(seed).normal(size=n + 50)
    values = np.zeros(n + 50)
    for t in range(1, n + 50):
        values[t] = coef * values[t - 1] + noise[t]
    return level + scale * values[50:]


def fit(series, length=8, **parameters):
    windows = WindowTransformer(length).fit_transform(series)
    return LSTMForecaster(**TINY | parameters).fit(windows)


SERIES = [autoregressive(0.8, 150 + 10 * k, k, scale=10.0**k, level=5.0 * k) for k in range(4)]


@pytest.fixture(scope="module")
def fitted():
    return fit(SERIES)


# --- Parts --------------------------------------------------------------------------------------


def test_the_weight_of_a_series_is_one_over_the_error_of_the_better_naive_forecast():
    noise = np.random.default_rng(0).normal(size=(4000, 1))
    assert weight_of(noise) == pytest.approx(1 / 2, rel=0.05)  # differences have twice the variance
    season = np.tile(np.random.default_rng(1).normal(size=(12, 1)), (30, 1))
    noisy = season + 0.1 * noise[:360]
    assert weight_of(noisy) == pytest.approx(1 / 0.02, rel=0.2)
    assert weight_of(season) == 1 / LEAST_NOISE**2
    # A series that never changes must not outweigh all others.
    assert weight_of(np.zeros((50, 1))) == 1


def test_known_inputs_keep_their_units():
    values = np.random.default_rng(0).normal(50, 9, size=(100, 3))
    center, scale, _ = scale_series(values, 1, "series")
    np.testing.assert_allclose(center, [*values[:, :2].mean(axis=0), 0])
    np.testing.assert_allclose(scale, [*values[:, :2].std(axis=0), 1])
    center, scale, _ = scale_series(values, 0, None)
    assert (center == 0).all()
    assert (scale == 1).all()


@pytest.mark.parametrize("relative", [False, True])
def test_a_rescaled_scaling_is_that_of_the_series_less_its_center_over_its_scale(relative):
    rng = np.random.default_rng(0)
    scaling = Scaling(rng.normal(size=2), 1 + rng.random(2), rng.normal(size=4),
                      1 + rng.random(4), relative)  # fmt: skip
    center, scale = np.array([100.0, -3]), np.array([7.0, 0.1])
    values, outputs = rng.normal(size=(5, 2)), rng.normal(size=(5, 4))
    of_series = rescaled(scaling, center, scale, np.array([True, True]))
    np.testing.assert_allclose(of_series.scale(center + scale * values), scaling.scale(values))
    np.testing.assert_allclose(
        of_series.unscale(outputs),
        np.tile(center, 2) + np.tile(scale, 2) * scaling.unscale(outputs),
    )
    assert of_series.relative is relative
    # A channel that is constant is predicted to stay so.
    of_series = rescaled(scaling, center, scale, np.array([True, False]))
    np.testing.assert_array_equal(of_series.unscale(outputs)[:, 1::2], -3)


def random_gram(n, seed, coef):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, len(coef)))
    columns = np.column_stack([x, x @ coef + 0.5 + 0.3 * rng.normal(size=n)])
    n_columns = len(coef) + 1
    gram = GramSums(0, len(coef), 0.0, np.zeros(n_columns), np.zeros((n_columns, n_columns)))
    gram.accumulate(columns)
    return gram, columns


def test_sums_less_sums_are_those_of_the_rest():
    (one, _), (other, _) = random_gram(20, 0, np.ones(3)), random_gram(30, 1, np.ones(3))
    rest = (one + other) - other
    assert rest.weight == one.weight
    np.testing.assert_allclose(rest.products, one.products, atol=1e-12)
    np.testing.assert_allclose(rest.sums, one.sums, atol=1e-12)


def test_sums_of_residuals_are_those_of_the_columns():
    gram, columns = random_gram(25, 0, np.ones(3))
    coef, intercept = np.array([[0.3], [-1.0], [2.0]]), np.array([0.7])
    columns[:, 3:] -= columns[:, :3] @ coef + intercept
    expected = GramSums(0, 3, 0.0, np.zeros(4), np.zeros((4, 4)))
    expected.accumulate(columns)
    found = gram.residual(coef, intercept)
    np.testing.assert_allclose(found.sums, expected.sums, atol=1e-10)
    np.testing.assert_allclose(found.products, expected.products, atol=1e-10)
    (error,) = mean_squared_residuals(gram, [(coef, intercept)])
    (of_found,) = mean_squared_residuals(found, [(0 * coef, 0 * intercept)])
    assert error == pytest.approx(of_found)


# --- Fits of several series ---------------------------------------------------------------------


def test_each_series_has_a_forecaster_in_its_units(fitted):
    assert len(fitted.forecasters_) == 4
    for series, one in zip(SERIES, fitted.forecasters_, strict=True):
        np.testing.assert_array_equal(one.context_[:, 0], series[-8:])
        forecast = one.forecast(60)
        # The forecast of an autoregressive process returns to its mean.
        assert abs(forecast[-1] - series.mean()) < 0.7 * series.std()
        assert one.network_.layers is fitted.network_.layers
        assert set(one.validation_errors_) >= {"common", "naive", one.readout_}
        assert one.forecasters_ == []


def test_series_of_different_dynamics_have_different_readouts():
    both = [autoregressive(0.9, 300, 1), autoregressive(-0.9, 300, 2)]
    up, down = fit(both).forecasters_
    assert up.readout_ == down.readout_ != "common"
    for coef, one in ((0.9, up), (-0.9, down)):
        new = autoregressive(coef, 1000, 3)
        windows = WindowTransformer(8).fit_transform(new)
        error = np.mean((one.predict(windows)[:-1] - new[8:]) ** 2)
        # The noise has variance 1; one readout for both would have an error of 5.
        assert error < 1.3


def test_short_series_of_the_same_dynamics_share_a_readout():
    fitted = fit([autoregressive(0.9, 40, seed) for seed in range(20)])
    readouts = [one.readout_ for one in fitted.forecasters_]
    # The others are few, whose held-out values a naive forecast is better at by chance.
    assert readouts.count("common") >= 18
    assert set(readouts) <= {"common", "own"}


def test_another_scale_and_level_of_a_series_changes_its_forecast_alone(fitted):
    others = [SERIES[0], 1e6 + 1e3 * SERIES[1], *SERIES[2:]]
    again = fit(others)
    for k, (one, other) in enumerate(zip(fitted.forecasters_, again.forecasters_, strict=True)):
        expected = one.forecast(10)
        if k == 1:
            expected = 1e6 + 1e3 * expected
        np.testing.assert_allclose(other.forecast(10), expected, rtol=1e-4, atol=1e-4)


def test_a_series_with_few_residual_paths_has_those_of_all_series_in_its_scale():
    short = autoregressive(0.8, 40, 9, scale=1e4, level=1e6)
    fitted = fit([*SERIES, short])
    *others, of_short = fitted.forecasters_
    np.testing.assert_array_equal(of_short.residual_paths_, fitted.residual_paths_)
    for one in others:
        assert 100 <= len(one.residual_paths_) <= 128
        assert not np.array_equal(one.residual_paths_, fitted.residual_paths_)
    width = np.diff(of_short.forecast_interval(3, coverage=0.9)).mean()
    # The innovations have a standard deviation of 1e4, and so 90 % of them lie within 3.3e4.
    assert 2e4 < width < 8e4


def test_each_of_many_series_keeps_fewer_residual_paths(monkeypatch):
    monkeypatch.setattr(_series_readouts, "ALL_PATHS", 4 * 60)
    assert {len(one.residual_paths_) for one in fit(SERIES).forecasters_} == {60}
    monkeypatch.setattr(_series_readouts, "ALL_PATHS", 4)
    assert {len(one.residual_paths_) for one in fit(SERIES).forecasters_} == {44}


def test_a_series_of_noise_does_not_ruin_the_others():
    waves = [np.sin(np.arange(120) / 3 + k) + 0.02 * np.random.default_rng(k).normal(size=120)
             for k in range(4)]  # fmt: skip
    noise = [np.random.default_rng(9).standard_t(1.5, size=400) for _ in range(2)]
    fitted = fit([*waves, *noise], 10)
    for k, one in enumerate(fitted.forecasters_[:4]):
        future = np.sin(np.arange(120, 136) / 3 + k)
        assert np.abs(one.forecast(16) - future).max() < 0.2


def test_gaps_known_inputs_and_several_channels_are_taken():
    rng = np.random.default_rng(0)
    series = []
    for k in range(3):
        known = rng.normal(size=100)
        values = np.column_stack([autoregressive(0.5, 100, k), 3 * known, known])
        values[20 + k, 0] = np.nan
        series.append(values)
    windows = WindowTransformer(8, known=[2]).fit_transform(series)
    fitted = LSTMForecaster(**TINY).fit(windows)
    for one in fitted.forecasters_:
        assert one.known_ == [2]
        forecast = one.forecast(4, future=np.array([1.0, -1, 2, 0]))
        assert forecast.shape == (4, 2)
        np.testing.assert_allclose(forecast[:, 1], [3, -3, 6, 0], atol=0.8)


@pytest.mark.parametrize(
    "parameters",
    [
        {"readout": "trained"},
        {"normalization": "window"},
        {"output_length": 3},
        {"validation_split": 0.0},
    ],
)
def test_other_parameters_hold_for_several_series(parameters):
    fitted = fit(SERIES, **parameters)
    for one in fitted.forecasters_:
        assert one.forecast(5).shape == (5,)
        assert len(one.residual_paths_) > 5
    if "readout" in parameters:
        assert {one.readout_ for one in fitted.forecasters_} == {"trained"}


def test_intervals_cover_what_they_say_in_each_series():
    rng = np.random.default_rng(0)
    series = [autoregressive(0.7, 500, k, scale=10.0**k) for k in range(3)]
    fitted = fit([values[:250] for values in series])
    for values, one in zip(series, fitted.forecasters_, strict=True):
        origins = rng.integers(258, 494, size=80)
        contexts = np.stack([values[o - 8 : o] for o in origins])[..., None]
        lower, upper = np.moveaxis(one.forecast_interval(3, coverage=0.8, context=contexts), 2, 0)
        truth = np.stack([values[o : o + 3] for o in origins])
        assert 0.68 < np.mean((truth >= lower) & (truth <= upper)) < 0.92


def test_series_that_seasonal_naive_forecasts_better_are_counted():
    season = np.tile(np.random.default_rng(0).normal(size=40), 8)
    rng = np.random.default_rng(1)
    series = [season + 0.05 * rng.normal(size=320) for _ in range(2)]
    (message,) = warnings_of(fit, [*series, SERIES[0]], 5)
    assert "Of 3 series" in message
    assert "for 2 the seasonal naive forecast is better" in message
    assert "window_length of at least a season" in message


def test_readouts_of_their_own_that_are_the_best_kind_are_not_warned_of(monkeypatch):
    monkeypatch.setattr(_series_readouts, "KINDS", ("own",))
    model = fit(SERIES)  # a warning would be an error
    assert {one.readout_ for one in model.forecasters_} == {"own"}


def test_processes_give_the_same_fit(fitted):
    with parallel_config("loky", n_jobs=2):
        again = fit(SERIES)
    for one, other in zip(fitted.forecasters_, again.forecasters_, strict=True):
        np.testing.assert_allclose(other.forecast(5), one.forecast(5), rtol=1e-6)


def test_a_stored_fit_holds_the_layers_once(fitted, tmp_path):
    large = fit(SERIES, units=64, epochs=1)
    joblib.dump(large, tmp_path / "model.joblib")
    layers = sum(w.nbytes for w in large.network_.layers[0])
    assert (tmp_path / "model.joblib").stat().st_size < 2 * layers
    for again in (joblib.load(tmp_path / "model.joblib"), pickle.loads(pickle.dumps(large))):
        for one, other in zip(large.forecasters_, again.forecasters_, strict=True):
            np.testing.assert_array_equal(other.forecast(5), one.forecast(5))
            assert other.network_.layers is again.network_.layers


def test_the_forecaster_of_one_series_learns_from_new_values(fitted):
    one = pickle.loads(pickle.dumps(fitted)).forecasters_[2]
    new = WindowTransformer(8).fit_transform(np.r_[SERIES[2][-8:], SERIES[2][:30]])
    one.partial_fit(new)
    np.testing.assert_array_equal(one.context_[:, 0], SERIES[2][22:30])


def test_a_series_that_was_trained_further_alone_is_stored_with_layers_of_its_own():
    trained = fit(SERIES, readout="trained", epochs=1)
    one = trained.forecasters_[2]
    one.partial_fit(WindowTransformer(8).fit_transform(SERIES[2][-60:]))
    again = pickle.loads(pickle.dumps(trained))
    np.testing.assert_array_equal(again.forecasters_[2].forecast(5), one.forecast(5))
    assert again.forecasters_[0].network_.layers is again.network_.layers


def test_a_trained_readout_warns_of_intervals_over_values_it_was_trained_on():
    trained = fit(SERIES, readout="trained")
    for one in trained.forecasters_:
        assert any("trained on" in m for m in warnings_of(one.forecast_interval, 3, coverage=0.5))
        assert "partly trained on" in str(one.summary())
    held_out = fit(SERIES, readout="trained", validation="last")
    for one in held_out.forecasters_:
        assert warnings_of(one.forecast_interval, 3, coverage=0.5) == []


# --- What is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [lambda f, w: f.predict(w[0]), lambda f, w: f.score(w[0]), lambda f, w: f.forecast(3),
     lambda f, w: f.forecast_interval(3, context=w[0][-1]), lambda f, w: f.calibrate(w[0])],
    ids=["predict", "score", "forecast", "forecast_interval", "calibrate"],
)  # fmt: skip
def test_the_forecaster_of_all_series_says_that_each_has_its_own(fitted, call):
    windows = WindowTransformer(8).fit_transform(SERIES)
    with pytest.raises(ValueError, match=r"fit saw 4 series.*forecasters_\[0\]"):
        call(fitted, windows)


def test_y_weights_warm_start_and_partial_fit_are_refused(fitted):
    windows = WindowTransformer(8).fit_transform(SERIES)
    with pytest.raises(ValueError, match="y is given with a list of the windows of 4 series"):
        LSTMForecaster(**TINY).fit(windows, np.zeros(4))
    with pytest.raises(ValueError, match="sample_weight is given with a list"):
        LSTMForecaster(**TINY).fit(windows, sample_weight=np.ones(4))
    with pytest.raises(ValueError, match="partial_fit learns from one array"):
        LSTMForecaster(**TINY).partial_fit(windows)
    copy = pickle.loads(pickle.dumps(fitted)).set_params(warm_start=True)
    with pytest.raises(ValueError, match="warm_start=True, but X, or that of"):
        copy.fit(windows)
    with pytest.raises(ValueError, match="that of the fit before, is of several series"):
        copy.fit(windows[0])
    with pytest.raises(ValueError, match="partial_fit learns from one array"):
        copy.partial_fit(windows[0])


def test_each_series_has_a_keras_model_of_its_own(fitted):
    assert not hasattr(fitted, "model_")
    with pytest.raises(ValueError, match=r"fit saw 4 series.*forecasters_\[0\]"):
        fitted.to_keras()
    one = fitted.forecasters_[1]
    windows = WindowTransformer(8).fit_transform(SERIES)[1][:5]
    found = np.asarray(one.to_keras()(np.asarray(windows, np.float32)))[:, 0]
    np.testing.assert_allclose(found, one.predict(windows), rtol=1e-4, atol=1e-3)


def test_a_series_without_a_window_to_train_on_is_named_before_training(fitted):
    short, gaps = SERIES[0][:8], np.where(np.arange(40) % 2, np.nan, 1.0)
    gaps[::5] = np.nan
    copy = pickle.loads(pickle.dumps(fitted))
    state = vars(copy).copy()
    for series, message in ((short, "only 0 of the 1 windows"), (gaps, "None of the 33 windows")):
        windows = WindowTransformer(8).fit_transform([SERIES[0], series])
        with pytest.raises(ValueError, match=rf"Series 1 of X \(the first is 0\): .*{message}"):
            copy.fit(windows)
    assert vars(copy) == state


@pytest.mark.filterwarnings("ignore:Of 4 series")  # windows of five values
def test_windows_of_several_shapes_are_refused_and_another_fit_may_have_another_shape(fitted):
    other, same = (WindowTransformer(n).fit_transform(SERIES) for n in (5, 8))
    with pytest.raises(ValueError, match=r"X\[1\] has windows of shape \(8, 1\), but .* \(5, 1\)"):
        LSTMForecaster(**TINY).fit([other[0], same[1]])
    again = pickle.loads(pickle.dumps(fitted)).fit(other)
    assert {one.window_shape_ for one in again.forecasters_} == {(5, 1)}


@pytest.mark.parametrize("verb", ["predict", "score", "calibrate"])
def test_a_list_is_refused_by_the_forecaster_of_one_series(fitted, verb):
    windows = WindowTransformer(8).fit_transform(SERIES)
    with pytest.raises(ValueError, match="list of the windows of 4 series, which only fit accepts"):
        getattr(fitted.forecasters_[0], verb)(windows)


def test_an_array_of_a_list_must_be_of_one_series():
    windows = [np.array(part) for part in WindowTransformer(8).fit_transform(SERIES[:2])]
    np.testing.assert_allclose(
        LSTMForecaster(**TINY).fit(windows).forecasters_[0].forecast(3),
        fit(SERIES[:2]).forecasters_[0].forecast(3),
    )
    with pytest.raises(ValueError, match=r"X\[1\] has the windows of 2 series"):
        LSTMForecaster(**TINY).fit([windows[0], np.concatenate(windows)])


def test_a_common_readout_is_shrunk_towards_by_the_penalty():
    (own, _), (others, _) = random_gram(30, 0, np.ones(4)), random_gram(300, 1, -np.ones(4))
    zeros, ones = np.zeros(1), np.ones(1)
    head, skip = (np.zeros((0, 1)), zeros), np.zeros((4, 1))
    network = Network(4, 1, Scaling(zeros, ones, zeros, ones), (), head, skip)
    readout = Readout("r", np.inf, np.full(4, 1e-3), difference_penalty=np.full(4, np.inf))
    common, _ = solve_readout(network, own, readout, others)
    strong, weak = (
        solve_readout(
            network, own, readout._replace(difference_penalty=np.full(4, penalty)), others
        )[0]
        for penalty in (1e9, 1e-9)
    )
    np.testing.assert_allclose(strong.skip, common.skip, atol=1e-6)
    alone = readout._replace(linear_penalty=np.full(4, 1e-9), difference_penalty=None)
    alone, _ = solve_readout(network, own, alone, others)
    np.testing.assert_allclose(weak.skip, alone.skip, atol=1e-5)
    assert np.abs(alone.skip - common.skip).max() > 0.5
    of_one = readout._replace(difference_penalty=None)
    half, _ = solve_readout(network, own, readout._replace(own=of_one), others)
    of_one, _ = solve_readout(network, own, of_one)
    np.testing.assert_allclose(half.skip, (common.skip + of_one.skip) / 2)
