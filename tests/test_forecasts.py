"""Intervals, quantiles and sample paths of a fitted forecaster and of a pipeline."""

import copy
import pickle

import numpy as np
import pytest
from conftest import TINY
from helpers import network_of, warnings_of
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave._sliding import sliding_windows
from skwave.metrics import coverage_score

SOLVED = TINY | {"readout": "ridge", "epochs": 1}


def noisy_wave(n, noise=0.2, seed=0):
    return np.sin(np.arange(n) * 0.3) + noise * np.random.default_rng(seed).normal(size=n)


def persistent_series(n, seed):
    """An autoregressive process whose errors hang together over many steps."""
    noise, values = np.random.default_rng(seed).normal(size=n), np.zeros(n)
    for t in range(1, n):
        values[t] = 0.9 * values[t - 1] + noise[t]
    return values


@pytest.fixture(scope="module")
def solved():
    """A forecaster whose readout is solved for; tests must not change it."""
    return LSTMForecaster(**SOLVED).fit(WindowTransformer(10).fit_transform(noisy_wave(300)))


@pytest.fixture(scope="module")
def of_two_channels():
    series = np.column_stack([noisy_wave(300), 100 + 5 * noisy_wave(300, seed=1)])
    return LSTMForecaster(**SOLVED).fit(WindowTransformer(10).fit_transform(series))


@pytest.fixture(scope="module")
def persistent(solved):
    """A forecaster that knows the law of the process, calibrated on 20,000 values of it."""
    forecaster = copy.deepcopy(solved)
    forecaster.network_ = network_of([0.0] * 9 + [0.9])
    windows = WindowTransformer(10).fit_transform(persistent_series(20_000, seed=1))
    return forecaster.calibrate(windows, n_steps=12)


# --- What fit keeps ---------------------------------------------------------------------------


def test_fit_keeps_residual_paths_as_long_as_a_window(solved, of_two_channels):
    for forecaster, n_channels in ((solved, 1), (of_two_channels, 2)):
        n_paths, *shape = forecaster.residual_paths_.shape
        assert shape == [10, n_channels]
        assert 100 <= n_paths <= 128
        assert forecaster.residual_paths_.dtype == np.float32


def test_short_series_have_paths_as_long_as_the_held_out_values():
    windows = WindowTransformer(10).fit_transform(noisy_wave(32))
    forecaster = LSTMForecaster(**SOLVED).fit(windows)
    # 22 windows have a target, and 7 are held out.
    assert forecaster.residual_paths_.shape[1:] == (7, 1)
    with pytest.raises(ValueError, match="n_steps=8, but residual paths are 7 steps long"):
        forecaster.forecast_interval(8, coverage=0.5)


def test_residuals_of_a_noisy_wave_are_as_large_as_its_noise(solved):
    series = noisy_wave(300)
    one_step = solved.residual_paths_[:, 0, 0] * series.std()
    assert 0.2 < one_step.std() < 0.3


def test_new_windows_add_the_errors_of_the_forecaster_before_it_learned_them(solved):
    forecaster, new = copy.deepcopy(solved), 3 + noisy_wave(60, seed=5)
    windows = WindowTransformer(10).fit_transform(new)
    forecaster.partial_fit(windows)
    # As many are kept as a fit keeps: the newest. Every other origin gives one.
    n_added, before = (60 - 10 - 10) // 2 + 1, solved.residual_paths_
    assert len(forecaster.residual_paths_) == max(128, len(before))
    n_old = len(forecaster.residual_paths_) - n_added
    np.testing.assert_array_equal(forecaster.residual_paths_[:n_old], before[-n_old:])
    last = new[-20:-10].reshape(1, 10, 1)
    forecast = solved.forecast(10, context=last)
    scale = solved._residual_scale(last, forecast[..., None])[0, :, 0]
    residual = (new[-10:] - forecast[0]) / scale
    np.testing.assert_allclose(
        forecaster.residual_paths_[-1, :, 0], residual, rtol=1e-4, atol=1e-5
    )  # fmt: skip


def test_residuals_of_a_trained_readout_are_over_the_newest_values():
    windows = WindowTransformer(10).fit_transform(noisy_wave(300))
    forecaster = LSTMForecaster(**TINY, validation="last").fit(windows)
    # 290 windows have a target; the newest 87 are held out, and forecasts reach 10 steps.
    assert forecaster.residual_paths_.shape == (87 - 10 + 1, 10, 1)
    assert not warnings_of(forecaster.forecast_interval, 3)


@pytest.mark.parametrize("settings", [{}, {"validation_split": 0.0}])
def test_residuals_of_values_that_were_trained_on_are_warned_of(settings):
    windows = WindowTransformer(10).fit_transform(noisy_wave(120))
    forecaster = LSTMForecaster(**TINY | settings).fit(windows)
    for call in (forecaster.forecast_interval, forecaster.forecast_quantiles):
        (message,) = warnings_of(call, 3)
        assert "trained on, so that intervals are too narrow. Fit with validation='last'" in message
        assert "and a validation_split above 0" in message
    new = WindowTransformer(10).fit_transform(noisy_wave(120, seed=3))
    assert not warnings_of(forecaster.calibrate(new).forecast_interval, 3)


def test_no_windows_have_to_be_held_out_for_a_solved_readout():
    windows = WindowTransformer(10).fit_transform(noisy_wave(120))
    forecaster = LSTMForecaster(**SOLVED | {"validation_split": 0.0}).fit(windows)
    assert len(forecaster.residual_paths_) > 50
    assert not warnings_of(forecaster.forecast_interval, 3)


def test_intervals_are_wider_where_the_series_is_noisier():
    """The noise of a demand at noon is four times that at night."""
    t = np.arange(3000)
    by_hour = 1.25 + 0.75 * np.sin(2 * np.pi * t / 20)
    series = by_hour * (4 + np.random.default_rng(0).normal(size=len(t)) / 2)
    forecaster = LSTMForecaster(**SOLVED).fit(sliding_windows(series[:1000, None], 20))
    origins = np.arange(1000, 2980)
    contexts = np.stack([series[k - 20 : k, None] for k in origins])
    bounds = forecaster.forecast_interval(20, coverage=0.8, context=contexts)
    y_true = np.stack([series[k : k + 20] for k in origins])
    hour = (origins[:, None] + np.arange(20)) % 20
    at_noon, at_night = hour == 5, hour == 15
    widths = np.ptp(bounds, axis=2)
    assert widths[at_noon].mean() > 1.8 * widths[at_night].mean()
    spread = forecaster.sample_paths(20, 200, context=contexts[:40], random_state=0).std(axis=1)
    assert spread[at_noon[:40]].mean() > 1.8 * spread[at_night[:40]].mean()
    forecaster._widths["at_levels"][:] = 1
    same_width = forecaster.forecast_interval(20, coverage=0.8, context=contexts)
    gaps = [
        coverage_score(y_true[at_night], b[at_night]) - coverage_score(y_true[at_noon], b[at_noon])
        for b in (bounds, same_width)
    ]
    assert gaps[0] < 0.6 * gaps[1]


def test_intervals_of_several_series_have_the_scale_of_each():
    quiet, loud = noisy_wave(200, seed=1), 30 * noisy_wave(200, seed=2)
    windows = np.concatenate(WindowTransformer(10).fit_transform([quiet, loud]))
    forecaster = LSTMForecaster(**SOLVED).fit(windows)
    contexts = np.stack([quiet[-10:], loud[-10:]])[..., None]
    widths = np.ptp(forecaster.forecast_interval(5, context=contexts), axis=2).mean(axis=1)
    assert 15 < widths[1] / widths[0] < 60
    loaded = pickle.loads(pickle.dumps(forecaster))
    again = np.ptp(loaded.forecast_interval(5, context=contexts), axis=2).mean(axis=1)
    np.testing.assert_array_equal(again, widths)


def test_after_a_fit_with_y_there_are_none():
    windows = WindowTransformer(10).fit_transform(noisy_wave(120))
    forecaster = LSTMForecaster(**TINY).fit(windows, np.zeros(len(windows)))
    assert forecaster.residual_paths_ is None
    with pytest.raises(ValueError, match="no residual paths after fit"):
        forecaster.forecast_interval(3, context=windows[0])


def test_a_fit_that_leaves_no_residual_paths_says_so():
    windows = WindowTransformer(20).fit_transform(noisy_wave(60))
    forecaster = LSTMForecaster(**SOLVED, output_length=30).fit(windows)
    assert len(forecaster.residual_paths_) == 0
    for call in (forecaster.forecast_interval, forecaster.sample_paths):
        with pytest.raises(ValueError, match="no residual paths, as the series is too short"):
            call(1)


# --- Shapes -----------------------------------------------------------------------------------


def test_shapes_follow_those_of_forecast(solved, of_two_channels):
    one, two = np.zeros((4, 10, 1)), np.zeros((4, 10, 2)) + [0.0, 100.0]
    one[:, ::2], two[:, ::2] = 1, [1.0, 105.0]
    for forecaster, context, shape in (
        (solved, None, (3,)), (solved, one[0], (3,)), (solved, one, (4, 3)),
        (of_two_channels, None, (3, 2)), (of_two_channels, two, (4, 3, 2)),
    ):  # fmt: skip
        forecast = forecaster.forecast(3, context=context)
        assert forecast.shape == shape
        interval = forecaster.forecast_interval(3, context=context)
        assert interval.shape == (*shape, 2)
        nested = forecaster.forecast_interval(3, coverage=[0.5, 0.9], context=context)
        assert nested.shape == (*shape, 2, 2)
        np.testing.assert_array_equal(nested[..., 1, :], interval)
        quantiles = forecaster.forecast_quantiles(3, [0.05, 0.5, 0.95], context=context)
        assert quantiles.shape == (*shape, 3)
        np.testing.assert_allclose(quantiles[..., [0, 2]], interval, rtol=1e-12)
        assert forecaster.forecast_quantiles(3, 0.5, context=context).shape == shape
        paths = forecaster.sample_paths(3, 7, context=context, random_state=0)
        n_contexts = shape[:1] if context is not None and context.ndim == 3 else ()
        assert paths.shape == (*n_contexts, 7, *shape[len(n_contexts) :])


def test_a_batch_has_the_intervals_of_each_context_alone(solved):
    contexts = sliding_windows(noisy_wave(14, seed=7)[:, None], 10)
    together = solved.forecast_interval(5, context=contexts)
    for context, interval in zip(contexts, together, strict=True):
        np.testing.assert_allclose(
            solved.forecast_interval(5, context=context), interval, rtol=1e-5, atol=1e-5
        )  # fmt: skip


# --- What they promise ------------------------------------------------------------------------


@pytest.mark.parametrize("coverage", [0.5, 0.9])
def test_intervals_of_values_that_come_later_cover_as_promised(persistent, coverage):
    series = persistent_series(20_000, seed=2)
    contexts = sliding_windows(series[:, None], 10)[:-12:20]
    y_true = sliding_windows(series[10:, None], 12)[::20, :, 0][: len(contexts)]
    intervals = persistent.forecast_interval(12, coverage=coverage, context=contexts)
    found = coverage_score(y_true, intervals, multioutput="raw_values")
    np.testing.assert_allclose(found, coverage, atol=0.06)
    assert abs(found.mean() - coverage) < 0.03


def test_the_interval_of_a_sum_comes_from_paths_and_not_from_the_sum_of_intervals(persistent):
    """Errors hang together over the steps, but less than if they were all the same."""
    series, coverage = persistent_series(20_000, seed=2), 0.8
    contexts = sliding_windows(series[:, None], 10)[:-12:40]
    sums = sliding_windows(series[10:, None], 12)[::40, :, 0][: len(contexts)].sum(axis=1)
    paths = persistent.sample_paths(12, 400, context=contexts, random_state=0)
    low, high = np.quantile(paths.sum(axis=2), [0.1, 0.9], axis=1)
    assert np.mean((low <= sums) & (sums <= high)) == pytest.approx(coverage, abs=0.05)
    # Steps as if they were independent of each other, and as if they were all the same.
    shuffled = np.random.default_rng(0).permuted(paths, axis=1).sum(axis=2)
    low, high = np.quantile(shuffled, [0.1, 0.9], axis=1)
    assert np.mean((low <= sums) & (sums <= high)) < coverage - 0.15
    low, high = persistent.forecast_interval(12, coverage=coverage, context=contexts).sum(axis=1).T
    assert np.mean((low <= sums) & (sums <= high)) > coverage + 0.03


def test_errors_of_channels_are_drawn_together(of_two_channels):
    paths = of_two_channels.sample_paths(4, 300, random_state=0)
    forecast = of_two_channels.forecast(4)
    residuals = paths - forecast
    scale = of_two_channels._residual_scale(of_two_channels.context_[None], forecast[None])[0]
    known = {np.round(path[:4], 3).tobytes() for path in of_two_channels.residual_paths_}
    assert {np.round((r / scale).astype(np.float32), 3).tobytes() for r in residuals} <= known


def test_paths_are_drawn_anew_or_from_a_random_state(solved):
    first, again = (solved.sample_paths(4, 5, random_state=3) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, solved.sample_paths(4, 5, random_state=4))
    assert not np.array_equal(solved.sample_paths(4, 5), solved.sample_paths(4, 5))
    same = np.stack([solved.context_, solved.context_])
    first, second = solved.sample_paths(4, 5, context=same, random_state=3)
    assert not np.array_equal(first, second)


# --- Calibrating anew -------------------------------------------------------------------------


def test_calibrate_changes_intervals_and_no_forecast(solved):
    forecaster, louder = copy.deepcopy(solved), noisy_wave(300, noise=0.8, seed=2)
    windows = WindowTransformer(10).fit_transform(louder)
    assert forecaster.calibrate(windows, n_steps=25) is forecaster
    np.testing.assert_array_equal(forecaster.forecast(25), solved.forecast(25))
    assert forecaster.residual_paths_.shape == (300 - 10 - 25 + 1, 25, 1)
    assert forecaster.forecast_interval(25).shape == (25, 2)
    width, before = (np.ptp(f.forecast_interval(5), axis=1).mean() for f in (forecaster, solved))
    assert width > 1.5 * before


@pytest.mark.parametrize(
    ("n_steps", "words"),
    [
        (100, "n_steps=100, but the longest series in X has 90 values after its first window"),
        (0, "n_steps=0, but an int of at least 1"),
    ],
)
def test_a_failed_calibration_loses_nothing(solved, n_steps, words):
    forecaster = copy.deepcopy(solved)
    with pytest.raises(ValueError, match=words):
        forecaster.calibrate(WindowTransformer(10).fit_transform(noisy_wave(100)), n_steps)
    np.testing.assert_array_equal(forecaster.residual_paths_, solved.residual_paths_)


def test_a_calibration_on_the_training_series_is_warned_of(solved):
    windows = WindowTransformer(10).fit_transform(noisy_wave(300))
    forecaster = LSTMForecaster(**SOLVED).fit(windows[:250])
    assert not warnings_of(forecaster.calibrate(windows[251:]).forecast_interval, 3)
    (message,) = warnings_of(forecaster.calibrate(windows[:250]).forecast_interval, 3)
    assert "residuals are of values that the network was trained on" in message


def test_a_calibration_on_a_training_series_that_ends_in_a_gap_is_warned_of():
    values = noisy_wave(300)
    values[-3:] = np.nan
    windows = WindowTransformer(10).fit_transform(values)
    model = LSTMForecaster(**SOLVED).fit(windows).calibrate(windows)
    assert any("trained on" in m for m in warnings_of(model.forecast_interval, 3))


def test_updates_that_complete_no_path_need_no_values_after_their_windows():
    windows = WindowTransformer(10).fit_transform(noisy_wave(120))
    targets = np.random.default_rng(0).normal(size=len(windows))
    model = LSTMForecaster(**TINY).fit(windows, targets).calibrate(windows)
    before = model.residual_paths_
    model.partial_fit(windows[5:6], targets[5:6])
    np.testing.assert_array_equal(model.residual_paths_, before)
    # A single window of another series after those of the first one.
    other = WindowTransformer(10).fit_transform(noisy_wave(10, seed=1))
    model = LSTMForecaster(**SOLVED).fit(windows)
    model.partial_fit(np.concatenate([windows[-30:], other]))
    assert model._n_windows == len(windows) - 1 + 29


def test_a_calibration_on_few_values_is_refused_or_warned_of(solved):
    windows = WindowTransformer(10).fit_transform(noisy_wave(30))
    forecaster = copy.deepcopy(solved)
    with pytest.raises(ValueError, match=r"has 0 values after its .* Give at least 29 values"):
        forecaster.calibrate(windows[:1])
    with pytest.raises(ValueError, match=r"Give at least 35 values"):
        forecaster.calibrate(windows[:1], n_steps=7)
    (message,) = warnings_of(forecaster.calibrate, windows, 5)
    assert "X has 16 origins of forecasts of 5 steps, but the default coverage of 0.9" in message
    assert not warnings_of(forecaster.calibrate, windows, 2)
    assert len(forecaster.residual_paths_) == 19


# --- Bad input --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            lambda f: f.forecast_interval(11),
            ValueError,
            "n_steps=11, .* 10 steps long.*calibrate",
        ),
        (lambda f: f.forecast_interval(0), ValueError, "n_steps=0"),
        (lambda f: f.forecast_interval(2.0), TypeError, "n_steps=2.0 is a float"),
        (lambda f: f.forecast_interval(3, coverage=90), ValueError, "coverage=90.*give 0.9"),
        (lambda f: f.forecast_interval(3, coverage=0.999), ValueError, "at least 1999 residual"),
        (lambda f: f.forecast_quantiles(3, [0.1, 1.0]), ValueError, "quantiles="),
        (lambda f: f.forecast_quantiles(3, "0.5"), TypeError, "quantiles="),
        (lambda f: f.sample_paths(3, 0), ValueError, "n_paths=0"),
        (lambda f: f.sample_paths(11), ValueError, "n_steps=11"),
    ],
)
def test_what_is_not_understood_is_an_error(solved, call, error, words):
    with pytest.raises(error, match=words):
        call(solved)
    series = noisy_wave(60)
    model = make_forecast_pipeline(WindowTransformer(10), LSTMForecaster(**SOLVED)).fit(series)
    model.steps[-1] = ("lstmforecaster", solved)
    with pytest.raises(error, match=words):
        call(model)


def test_steps_may_be_small_ints_of_numpy(solved):
    forecaster = copy.deepcopy(solved)
    windows = WindowTransformer(10).fit_transform(noisy_wave(400, seed=1))
    forecaster.calibrate(windows, n_steps=120)
    # With the values of a window they are more than 127, the largest of these ints.
    steps = np.int8(120)
    for verb in ("forecast", "forecast_interval", "forecast_quantiles"):
        found = getattr(forecaster, verb)(steps)
        np.testing.assert_array_equal(found, getattr(forecaster, verb)(120))
    assert forecaster.sample_paths(steps, 3).shape == (3, 120)


# --- Pipelines --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def growth():
    pd = pytest.importorskip("pandas")
    index = pd.date_range("2020-01-31", periods=150, freq="ME")
    values = np.exp(0.01 * np.arange(150) + 0.4 * noisy_wave(150))
    return pd.Series(values, index=index, name="sales")


@pytest.fixture(scope="module")
def with_logarithm(growth):
    log = FunctionTransformer(np.log, inverse_func=np.exp)
    return make_forecast_pipeline(log, WindowTransformer(10), LSTMForecaster(**SOLVED)).fit(growth)


def test_a_logarithm_keeps_bounds_above_zero_and_quantiles_are_taken_last(with_logarithm, growth):
    inner = with_logarithm[-1].forecast_interval(8)
    outer = with_logarithm.forecast_interval(8)
    np.testing.assert_allclose(outer, np.exp(inner), rtol=1e-6)
    assert (outer > 0).all(axis=None)
    paths = with_logarithm.sample_paths(8, 20, random_state=0)
    inner = with_logarithm[-1].sample_paths(8, 20, random_state=0)
    np.testing.assert_allclose(paths.to_numpy().T, np.exp(inner), rtol=1e-6)


def test_frames_have_bounds_quantiles_and_paths_as_columns_and_the_index_goes_on(
    with_logarithm, growth
):  # fmt: skip
    forecast = with_logarithm.forecast(5)
    interval = with_logarithm.forecast_interval(5)
    assert list(interval.columns) == ["lower", "upper"]
    assert interval.index.equals(forecast.index)
    nested = with_logarithm.forecast_interval(5, coverage=[0.5, 0.9])
    assert list(nested.columns) == [
        (0.5, "lower"), (0.5, "upper"), (0.9, "lower"), (0.9, "upper"),
    ]  # fmt: skip
    assert nested[0.9].equals(interval)
    quantiles = with_logarithm.forecast_quantiles(5)
    assert list(quantiles.columns) == [0.1, 0.5, 0.9]
    assert with_logarithm.forecast_quantiles(5, 0.5).equals(quantiles[0.5].rename("sales"))
    paths = with_logarithm.sample_paths(5, 3, random_state=0)
    assert list(paths.columns) == [0, 1, 2]
    assert paths.index.equals(forecast.index)
    later = growth.shift(1, freq="ME")
    assert with_logarithm.forecast_interval(5, context=later).index[0] == later.index[-1] + (
        growth.index.freq
    )


def test_several_channels_stand_above_their_bounds(growth):
    frame = growth.to_frame("a").assign(b=growth.to_numpy()[::-1] + 3)
    model = make_forecast_pipeline(WindowTransformer(10), LSTMForecaster(**SOLVED)).fit(frame)
    interval = model.forecast_interval(4)
    assert list(interval.columns) == [
        ("a", "lower"), ("a", "upper"), ("b", "lower"), ("b", "upper"),
    ]  # fmt: skip
    as_array = make_forecast_pipeline(WindowTransformer(10), LSTMForecaster(**SOLVED))
    as_array = as_array.fit(frame.to_numpy())
    np.testing.assert_allclose(
        as_array.forecast_interval(4), interval.to_numpy().reshape(4, 2, 2), rtol=1e-6
    )  # fmt: skip
    paths = model.sample_paths(4, 3, random_state=0)
    assert paths["b"].shape == (4, 3)
    drawn = as_array.sample_paths(4, 3, random_state=0)
    assert drawn.shape == (3, 4, 2)
    np.testing.assert_allclose(paths["b"].to_numpy().T, drawn[..., 1], rtol=1e-6)


class Differences(FunctionTransformer):
    """Differences from value to value, whose inverse adds up from the first value on."""

    def __init__(self):
        super().__init__(
            lambda x: np.diff(x, axis=0, prepend=0), inverse_func=lambda x: np.cumsum(x, axis=0)
        )


def test_paths_of_differences_add_up_before_quantiles_are_taken():
    series = np.cumsum(noisy_wave(150))
    forecaster = LSTMForecaster(**SOLVED)
    model = make_forecast_pipeline(Differences(), WindowTransformer(10), forecaster).fit(series)
    paths = model.sample_paths(6, 50, random_state=0)
    steps = model[-1].sample_paths(6, 50, random_state=0)
    np.testing.assert_allclose(paths, series[-1] + np.cumsum(steps, axis=1), rtol=1e-6)
    widths = np.ptp(model.forecast_interval(6, coverage=0.8), axis=1)
    # Errors add up, so that a value farther off is less certain.
    assert widths[-1] > 1.5 * widths[0]
    with pytest.raises(ValueError, match="not begin with the training series, and is not the end"):
        model.forecast_interval(6, context=series[:50] + 100)


def test_a_pipeline_is_calibrated_on_a_series_in_its_units(with_logarithm, growth):
    model = copy.deepcopy(with_logarithm).calibrate(growth[:100], n_steps=20)
    assert model[-1].residual_paths_.shape == (100 - 10 - 20 + 1, 20, 1)
    assert model.forecast_interval(20).shape == (20, 2)
    with pytest.raises(ValueError, match="X has n_samples = 5 values, but window_length=10"):
        model.calibrate(growth[:5])


def test_units_of_the_series_do_not_matter():
    series = noisy_wave(120)
    intervals = []
    for scale, level in ((1.0, 0.0), (1e6, 3e6)):
        model = make_forecast_pipeline(
            StandardScaler(), WindowTransformer(10), LSTMForecaster(**SOLVED)
        ).fit(level + scale * series)
        intervals.append((model.forecast_interval(5) - level) / scale)
    np.testing.assert_allclose(intervals[0], intervals[1], rtol=1e-3, atol=1e-3)


# --- Stored state -----------------------------------------------------------------------------


def test_intervals_are_the_same_after_loading_and_state_is_small(solved, of_two_channels):
    for forecaster in (solved, of_two_channels):
        data = pickle.dumps(forecaster)
        loaded = pickle.loads(data)
        np.testing.assert_array_equal(loaded.forecast_interval(5), forecaster.forecast_interval(5))
        without = copy.copy(forecaster)
        without.residual_paths_ = None
        assert len(data) - len(pickle.dumps(without)) < 2**17


def test_many_channels_keep_fewer_paths():
    series = np.random.default_rng(0).normal(size=(400, 30))
    windows = WindowTransformer(100).fit_transform(series)
    forecaster = LSTMForecaster(2, epochs=1, random_state=0, readout="trained").fit(windows)
    assert forecaster.residual_paths_.nbytes <= 2**20
