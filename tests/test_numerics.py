"""Numbers that are large, small, few or no numbers at all."""

import copy
import warnings
from dataclasses import replace

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import TimeSeriesSplit, cross_val_score
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave.datasets import make_wave
from skwave.exceptions import ForecastWarning
from skwave.model_selection import backtest, forecast_scorer

# An epoch of a tiny network makes no good forecast.
pytestmark = pytest.mark.filterwarnings("ignore::skwave.exceptions.ForecastWarning")

TINY = {"units": 6, "epochs": 1, "batch_size": 16, "learning_rate": 0.02, "random_state": 0}
WAVE = make_wave("sine", n_cycles=6, steps_per_cycle=20)
N = len(WAVE)


def with_outlier(value):
    series = WAVE.copy()
    series[40] = value
    return series


SERIES = {
    "1e-30": 1e-30 * WAVE,
    "1e30": 1e30 * WAVE,
    "1e-99": 1e-99 * WAVE,
    "1e99": 1e99 * WAVE,
    "float16": (60000 * WAVE).astype(np.float16),
    "float32": (1e38 * WAVE).astype(np.float32),
    "int8 of full range": np.round(127.5 * WAVE - 0.5).astype(np.int8),
    "uint8": np.round(100 + 99 * WAVE).astype(np.uint8),
    "int64": np.round(1e15 * WAVE).astype(np.int64),
    "bool": WAVE > 0,
    "constant": np.full(N, 7.3),
    "constant zero": np.zeros(N),
    "one outlier of 1e12": with_outlier(1e12),
    "a trend of 1e9": 1e9 * np.arange(N) + WAVE,
    "a level of 1e9": 1e9 + WAVE,
}


# Where values less the first one of a window are another matter.
RELATIVE = ["1e99", "int8 of full range", "constant", "one outlier of 1e12", "a trend of 1e9"]


@pytest.mark.parametrize(
    ("kind", "normalization"),
    [(kind, "series") for kind in SERIES] + [(kind, "window") for kind in RELATIVE],
)
def test_forecasts_are_finite_and_in_the_range_of_the_series(kind, normalization):
    series = SERIES[kind]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Of Keras, for TensorFlow; see pyproject.toml.
        warnings.filterwarnings("ignore", "__array__ implementation")
        # An epoch of a tiny network makes no good forecast.
        warnings.simplefilter("ignore", ForecastWarning)
        model = LSTMForecaster(**TINY, normalization=normalization)
        windows = WindowTransformer(10).fit_transform(series)
        forecast = model.fit(windows).forecast(40)
        predictions = model.predict(windows)
    low, high = float(series.min()), float(series.max())
    margin = 0.5 * (high - low)
    if kind != "a trend of 1e9" or normalization == "series":  # which may go on
        assert low - margin <= forecast.min() <= forecast.max() <= high + margin
        assert low - margin <= predictions.min() <= predictions.max() <= high + margin
    else:
        assert np.all(np.abs(forecast - high) < 2 * (high - low))
    if kind.startswith("constant"):
        assert (forecast == series[0]).all()


# A factor of two makes no rounding: the same weights, the forecasts exactly as many times as large.
@pytest.mark.parametrize("exponent", [-330, 330])
@pytest.mark.parametrize("normalization", ["series", "window"])
def test_the_unit_of_the_series_does_not_matter(exponent, normalization):
    def forecast(series):
        windows = WindowTransformer(10).fit_transform(series)
        return LSTMForecaster(**TINY, normalization=normalization).fit(windows).forecast(30)

    expected = np.ldexp(forecast(WAVE), exponent)
    np.testing.assert_array_equal(forecast(np.ldexp(WAVE, exponent)), expected)


@pytest.mark.parametrize("steps", [(), (StandardScaler(),)], ids=["windows", "scaled"])
@pytest.mark.parametrize(("exponent", "level"), [(-40, 0.0), (0, 2.0**27)])
def test_neither_unit_nor_level_matter_to_pipelines(steps, exponent, level):
    noisy = WAVE + 0.2 * np.random.default_rng(0).normal(size=len(WAVE))
    # To the grid of numbers near the level, so that what is learnt is the same.
    noisy = np.round(noisy * 2**20) / 2**20
    model = make_forecast_pipeline(*steps, WindowTransformer(10), LSTMForecaster(**TINY))
    scorer = forecast_scorer(mean_absolute_error, horizon=6)

    def found(series, unit):
        options = {"cv": TimeSeriesSplit(2, test_size=16), "scoring": scorer}
        scores = cross_val_score(model, series, error_score="raise", **options)
        result = backtest(model, series, horizon=6, initial=100, step=5)
        return np.append(scores / unit, result.scores["mean_absolute_error"]["model"] / unit), (
            result.season_length
        )

    expected, season = found(noisy, 1.0)
    errors, other_season = found(level + np.ldexp(noisy, exponent), 2.0**exponent)
    assert other_season == season > 1
    np.testing.assert_allclose(errors, expected, rtol=0.01)


@pytest.mark.parametrize("normalization", [None, "series", "window"])
def test_numbers_too_large_to_train_on_are_an_error(normalization):
    series = np.full(40, -9e99)
    series[20] = 1.1e100
    with pytest.raises(ValueError, match=r"X contains 1.1e\+100: 1 of 40 .*row 20.*other units"):
        WindowTransformer(10).fit_transform(series)
    windows = sliding_window_view(series, 10)
    with pytest.raises(ValueError, match=r"larger than 1e\+100.*other units"):
        LSTMForecaster(**TINY, normalization=normalization).fit(windows)


def test_numbers_too_large_for_float32_need_a_normalization():
    windows = WindowTransformer(10).fit_transform(1e99 * WAVE)
    with pytest.raises(ValueError, match="too large to train on.*normalization='series'"):
        LSTMForecaster(**TINY, normalization=None).fit(windows)


# --- Losses that are not finite -------------------------------------------------------------------


def breaks_from(epoch, what):
    """Return a callback that spoils the weights in the middle of an epoch."""
    import keras

    state = {"epoch": 0}

    class Spoil(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            state["epoch"] = epoch

        def on_train_batch_begin(self, batch, logs=None):
            if state["epoch"] == epoch and batch == 1:
                weights = self.model.get_layer("head").get_weights()
                self.model.get_layer("head").set_weights([w * what for w in weights])

    return Spoil()


@pytest.mark.parametrize("validation_split", [0.3, 0.0])
@pytest.mark.parametrize("what", [np.nan, np.inf])
def test_training_stops_with_the_best_weights_and_a_warning(windows, what, validation_split):
    parameters = TINY | {"epochs": 4, "validation_split": validation_split, "schedule": None}
    forecaster = LSTMForecaster(**parameters, callbacks=[breaks_from(2, what)])
    with pytest.warns(ConvergenceWarning, match="in epoch 3; .*smaller learning_rate"):
        forecaster.fit(windows)
    assert len(forecaster.history_["loss"]) == 3
    good = LSTMForecaster(**parameters | {"epochs": 2}).fit(windows)
    assert forecaster.best_epoch_ == good.best_epoch_
    np.testing.assert_array_equal(forecaster.forecast(20), good.forecast(20))


def test_no_good_epoch_is_an_error_and_the_forecaster_as_before(windows, fitted):
    forecaster = LSTMForecaster(**TINY).fit(windows)
    before = dict(vars(forecaster))
    forecaster.set_params(callbacks=[breaks_from(0, np.nan)])
    with pytest.raises(ValueError, match="NaN or infinite in the first epoch.*Try a smaller"):
        forecaster.fit(windows)
    assert {k: v for k, v in vars(forecaster).items() if k != "callbacks"} == {
        k: v for k, v in before.items() if k != "callbacks"
    }


# --- Forecasts that are not finite ----------------------------------------------------------------


def test_a_forecast_that_explodes_to_infinity_is_an_error(fitted):
    forecaster = copy.deepcopy(fitted)
    # Each value is a thousand times the one before.
    skip = np.zeros((10, 1))
    skip[-1] = 1000
    forecaster.network_ = replace(forecaster.network_, skip=skip)
    context = np.linspace(1, 2, 10)
    assert np.isfinite(forecaster.forecast(50, context=context)).all()
    with pytest.raises(
        ValueError, match=r"forecast left the range.*\d+ of 200 values.*fewer steps"
    ):
        forecaster.forecast(200, context=context)


@pytest.mark.parametrize("size", [1e30, 1e99])
def test_a_window_far_away_saturates_the_gates(fitted, size):
    assert np.isfinite(fitted.forecast(5, context=size * np.ones(10))).all()
    assert np.isfinite(fitted.predict(size * np.ones((3, 10)))).all()


def test_a_window_of_numbers_too_large_is_refused(fitted):
    with pytest.raises(ValueError, match=r"context contains 1e\+101.*larger than 1e\+100"):
        fitted.forecast(5, context=1e101 * np.ones(10))


def test_an_inverse_that_overflows_is_an_error():
    def explode(x):
        with np.errstate(over="ignore"):
            return np.exp(800 * np.abs(x) + 100)

    def undo(x):
        return (np.log(x) - 100) / 800

    series = explode(0.4 + 0.1 * np.abs(WAVE))
    model = make_forecast_pipeline(
        FunctionTransformer(undo, inverse_func=explode),
        WindowTransformer(10),
        LSTMForecaster(**TINY),
    ).fit(series)
    assert np.isfinite(model.forecast(5)).all()
    model[-1].network_.scaling.output_center[:] = 5
    with pytest.raises(ValueError, match="forecast left the range"):
        model.forecast(5)
