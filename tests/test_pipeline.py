import pickle
import re

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    PowerTransformer,
    QuantileTransformer,
    StandardScaler,
)

from skwave import ForecastPipeline, LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave._pipeline import as_forecast_pipeline
from skwave.exceptions import ForecastWarning
from skwave.model_selection import backtest, forecast_scorer

TINY = {"units": 6, "epochs": 1, "batch_size": 32, "random_state": 0, "readout": "trained"}
# The output layer as by default, where it matters: an update moves that which was solved for.
SOLVED = TINY | {"readout": "auto"}
LOG = FunctionTransformer(np.log, inverse_func=np.exp)
ANOTHER = "does not begin with the training series"


HOURS = pd.date_range("2026-01-01", periods=400, freq="h")
LOAD = pd.Series(
    3 + np.sin(np.arange(400) / 4) + 0.1 * np.random.default_rng(0).normal(size=400), HOURS
)


class Difference(TransformerMixin, BaseEstimator):
    """Differences of neighbors: one row fewer, and an inverse that adds up from the beginning."""

    def fit(self, X, y=None):
        self.first_ = np.asarray(X)[:1]
        return self

    def transform(self, X):
        return np.diff(np.asarray(X), axis=0)

    def inverse_transform(self, X):
        return np.cumsum(np.concatenate([self.first_, X]), axis=0)


class Season(TransformerMixin, BaseEstimator):
    """Subtracts a mean for each position in the season: an inverse that counts positions."""

    def fit(self, X, y=None):
        X = np.asarray(X)
        self.means_ = np.array([X[k::20].mean(axis=0) for k in range(20)])
        return self

    def transform(self, X):
        return np.asarray(X) - self.means_[np.arange(len(X)) % 20]

    def inverse_transform(self, X):
        return X + self.means_[np.arange(len(X)) % 20]


def pipeline(*steps, settings=TINY):
    return make_forecast_pipeline(*steps, WindowTransformer(10), LSTMForecaster(**settings))


def solved_pipeline(*steps):
    return pipeline(*steps, settings=SOLVED)


# --- Transformers -----------------------------------------------------------------------------


def test_without_transformers_it_forecasts_as_the_plain_pipeline(wave):
    model = solved_pipeline().fit(wave)
    plain = make_pipeline(WindowTransformer(10), LSTMForecaster(**SOLVED)).fit(wave)
    np.testing.assert_array_equal(model.forecast(9), plain[-1].forecast(9))
    np.testing.assert_array_equal(model.predict(wave), plain.predict(wave))
    assert model.score(wave) == pytest.approx(plain.score(wave))
    with pytest.raises(
        ValueError, match="X has 10 values, but none .* after a window.*longer series"
    ):
        model.score(wave[:10])


@pytest.mark.parametrize("step", [LOG, StandardScaler(), PowerTransformer("box-cox")], ids=repr)
def test_steps_that_invert_rows_alone_are_inverted(wave, step):
    series = np.exp(wave)[:, None]
    model = pipeline(step).fit(series)
    inner = model[0].inverse_transform(model[-1].forecast(9)[:, None])[:, 0]
    np.testing.assert_allclose(model.forecast(9), inner)
    one_step = model[0].inverse_transform(model[-1].predict(model[:-1].transform(series))[:, None])
    np.testing.assert_allclose(model.predict(series), one_step[:, 0])
    assert model.score(series) == pytest.approx(
        1 - np.mean((series[10:, 0] - one_step[:-1, 0]) ** 2) / series[10:].var()
    )


def test_differences_are_added_up_from_the_end_of_the_series(wave):
    series = wave + 0.1 * np.arange(len(wave))
    model = pipeline(Difference()).fit(series)
    steps = model[-1].forecast(9)
    np.testing.assert_allclose(model.forecast(9), series[-1] + np.cumsum(steps))
    one_step = model[-1].predict(WindowTransformer(10).fit_transform(np.diff(series)))
    np.testing.assert_allclose(model.predict(series), series[10:] + one_step)


def test_a_season_continues_from_its_position(wave):
    series = wave[:115] + 3
    model = pipeline(Season()).fit(series)
    expected = model[-1].forecast(30) + model[0].means_[np.arange(115, 145) % 20, 0]
    np.testing.assert_allclose(model.forecast(30), expected)


def test_steps_that_invert_rows_alone_take_any_context(wave):
    series = np.exp(wave)
    model = pipeline(LOG).fit(series)
    np.testing.assert_allclose(model.forecast(5, context=series), model.forecast(5))
    context = series[33:70]
    expected = np.exp(model[-1].forecast(5, context=np.log(context[-10:])))
    np.testing.assert_allclose(model.forecast(5, context=context), expected)


def test_other_steps_take_a_context_that_begins_with_the_training_series(wave):
    series = pd.Series(wave + 3 + 0.1 * np.random.default_rng(0).normal(size=120))
    model = pipeline(Season()).fit(series[:80])
    inner = model[-1].forecast(5, context=model[0].transform(series.to_frame())[-10:])
    expected = inner + model[0].means_[np.arange(5), 0]
    # In single precision as well.
    for context in (series, series.to_numpy(), series.astype(np.float32)):
        forecast = model.forecast(5, context=context)
        np.testing.assert_allclose(forecast, expected, rtol=1e-4)
    np.testing.assert_allclose(model.predict(series), model.predict(series.to_numpy()))
    # A part of the beginning is one as well.
    inner = model[-1].forecast(5, context=model[0].transform(series[:47].to_frame())[-10:])
    expected = inner + model[0].means_[np.arange(47, 52) % 20, 0]
    np.testing.assert_allclose(model.forecast(5, context=series[:47]), expected)
    # Seven values later, and a season later.
    for begin in (7, 20):
        for call in (lambda X: model.forecast(5, context=X), model.predict, model.score):
            with pytest.raises(ValueError, match=rf"{ANOTHER}.*\['season'\]"):
                call(series[begin:])


@pytest.mark.parametrize("step", [Difference(), Season()], ids=repr)
def test_other_steps_take_a_context_that_is_the_end_of_the_training_series(wave, step):
    series = pd.Series(wave + 0.01 * np.arange(120), name="load")
    model = pipeline(step).fit(series)
    expected = model.forecast(5)
    for begin in (0, 7, 100):
        for context in (series[begin:], series[begin:].astype(np.float32)):
            np.testing.assert_allclose(model.forecast(5, context=context), expected, rtol=1e-5)
        with pytest.raises(ValueError, match=ANOTHER):
            model.forecast(5, context=series[begin:-1] + 1)
    for call in (model.predict, model.score):
        with pytest.raises(ValueError, match=ANOTHER):
            call(series[100:])


def test_one_outlier_does_not_make_different_series_the_same(wave):
    spoilt = wave.copy()
    spoilt[5] = 1e6
    model = pipeline(Difference()).fit(spoilt[:100])
    np.testing.assert_allclose(model.forecast(5, context=spoilt[60:100]), model.forecast(5))
    for context in (spoilt[61:101], 5 + spoilt):
        with pytest.raises(ValueError, match=ANOTHER):
            model.forecast(5, context=context)


class Weekday(TransformerMixin, BaseEstimator):
    """Subtracts a mean for each day of the week, which transform reads from the index."""

    def fit(self, X, y=None):
        self.first_ = X.index[0].day_of_week
        self.means_ = X.groupby(X.index.day_of_week).mean().to_numpy()
        return self

    def transform(self, X):
        return X.to_numpy() - self.means_[X.index.day_of_week]

    def inverse_transform(self, X):
        return X + self.means_[(self.first_ + np.arange(len(X))) % 7]


def test_a_step_that_reads_the_index_is_scored_and_backtested(wave):
    series = pd.Series(wave, pd.date_range("2024-01-03", periods=120))
    scorer = forecast_scorer(mean_absolute_error, horizon=7)
    model = solved_pipeline(Weekday()).fit(series[:113])
    error = mean_absolute_error(series[113:], model.forecast(7))
    assert scorer(model, series[90:]) == pytest.approx(-error)
    error = mean_absolute_error(series[43:50], model.forecast(7, context=series[:43]))
    assert scorer(model, series[:50]) == pytest.approx(-error)
    with pytest.raises(ValueError, match=rf"{ANOTHER}.*\['weekday'\]"):
        scorer(model, series[8:50])
    result = backtest(model, series, horizon=7, initial=113)
    np.testing.assert_allclose(result.y_pred[0], model.forecast(7))
    with pytest.raises(ValueError, match=rf"{ANOTHER}.*\['weekday'\]"):
        backtest(FrozenEstimator(model), series[3:], horizon=7, initial=105)


def test_a_step_that_does_not_give_the_series_back_is_refused(wave):
    # FunctionTransformer takes the identity for an inverse that is not given.
    with pytest.raises(
        ValueError, match=r"'functiontransformer'.*cannot be inverted.*inverse_func"
    ):
        pipeline(FunctionTransformer(np.log)).fit(np.exp(3 + wave))
    with pytest.raises(ValueError, match="does not give the series back"):
        pipeline(FunctionTransformer(lambda X: 2 * X)).fit(1e-12 * wave)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("steps", [[StandardScaler()], [StandardScaler(), PCA()]], ids=["1", "2"])
def test_a_context_may_hold_a_constant_channel(steps, seed):
    # Zero comes back as a rounding error of what the steps add and take away.
    series = 1000 + 50 * np.random.default_rng(seed).normal(size=(60, 2))
    model = pipeline(*steps).fit(series)
    series[20:, 1] = 0
    forecast, predicted = model.forecast(3, context=series[20:]), model.predict(series[20:])
    # To a millionth of the level that single precision is rounded at.
    np.testing.assert_allclose(forecast[0], predicted[-1], rtol=0, atol=1e-3)
    assert len(predicted) == 31


def test_values_that_a_step_clips_are_forecast_from_what_is_left(wave):
    trend = wave + 0.02 * np.arange(len(wave))
    for step in (MinMaxScaler(clip=True), QuantileTransformer(n_quantiles=30)):
        model = pipeline(step).fit(trend[:90])
        # The context leaves the range of the training series, to which it is clipped.
        assert trend[80:].max() > trend[:90].max()
        left = model[0].inverse_transform(model[0].transform(trend[80:, None]))[:, 0]
        np.testing.assert_allclose(model.predict(trend[80:]), model.predict(left))
        left = model[0].inverse_transform(model[0].transform(trend[:100, None]))[:, 0]
        forecast = model.forecast(3, context=trend[:100])
        np.testing.assert_allclose(forecast, model.forecast(3, context=left))
        assert forecast.max() <= trend[:90].max() + 1e-9


# --- Channels, types and blocks ---------------------------------------------------------------


def test_short_floats_beside_integers_are_taken_in_double_precision(wave):
    frame = pd.DataFrame({"a": (1e5 + 100 * wave).astype(np.float32), "b": 1 + np.arange(120)})
    forecast = pipeline(LOG).fit(frame).forecast(3)
    pd.testing.assert_frame_equal(forecast, pipeline(LOG).fit(frame.astype(float)).forecast(3))


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("form", [np.array, pd.Series])
def test_a_transformer_that_works_in_place_does_not_change_the_series(wave, form, several):
    series = form(5 + wave)
    given = {"a": series, "b": 2 * series} if several else series
    model, expected = (
        solved_pipeline(StandardScaler(copy=copied)).fit(given).forecast(5)
        for copied in (False, True)
    )
    np.testing.assert_array_equal(series, 5 + wave)
    for name in given if several else [slice(None)]:
        np.testing.assert_array_equal(model[name], expected[name])


# PowerTransformer of scikit-learn 1.6 asks its inverse for names that no forecast has.
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.parametrize(
    ("step", "dtype"),
    [
        (StandardScaler(), np.float16),
        (StandardScaler(), "Float32"),
        (PowerTransformer(), np.float32),
    ],
)
def test_short_floats_are_taken_in_double_precision(wave, step, dtype):
    series = pd.Series(10 + 15 * wave).astype(dtype)
    model = pipeline(step).fit(series)
    exact = pipeline(step).fit(series.astype(float))
    for context in (None, series, series.to_frame("any")):
        forecast = np.asarray(model.forecast(4, context=context)).ravel()
        np.testing.assert_allclose(forecast, exact.forecast(4))


@pytest.mark.parametrize("dtype", ["int16", "uint8"])
def test_short_integers_are_taken_in_double_precision(wave, dtype):
    # Their logarithm in NumPy is a short float.
    counts = np.round(60 + 50 * wave).astype(dtype)
    forecast = pipeline(LOG).fit(counts).forecast(4)
    np.testing.assert_allclose(forecast, pipeline(LOG).fit(counts.astype(float)).forecast(4))


def test_channels_are_checked_by_their_names(wave):
    frame = pd.DataFrame({"a": wave, "b": 100 + wave})
    model = pipeline().fit(frame)
    for call in (model.predict, model.score, lambda X: model.forecast(3, context=X)):
        with pytest.raises(ValueError, match="columns .*in this order"):
            call(frame[["b", "a"]])
        with pytest.raises(ValueError, match="columns .*in this order"):
            call(frame.assign(c=1.0))
    assert model.forecast(3, context=frame).shape == (3, 2)


@pytest.mark.parametrize("n_channels", [1, 2])
def test_predict_returns_the_first_value_of_each_block(wave, n_channels):
    series = np.stack([3 + k + np.roll(wave, k) for k in range(n_channels)], axis=1)
    model = make_forecast_pipeline(
        StandardScaler(), WindowTransformer(10), LSTMForecaster(output_length=4, **TINY)
    ).fit(series)
    predicted = model.predict(series).reshape(-1, n_channels)
    assert len(predicted) == len(series) - 9
    np.testing.assert_allclose(predicted[-1], np.ravel(model.forecast(1)))
    errors = series[10:] - predicted[:-1]
    r2 = 1 - np.mean(np.mean(errors**2, axis=0) / series[10:].var(axis=0))
    assert model.score(series) == pytest.approx(r2)


def test_several_channels_are_forecast_in_their_units(two_channels):
    model = pipeline(StandardScaler()).fit(two_channels)
    forecast = model.forecast(9)
    assert forecast.shape == (9, 2)
    assert 80 < forecast[:, 1].mean() < 120
    assert model.predict(two_channels).shape == (111, 2)


# --- The index --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "index",
    [
        pd.date_range("2024-01-01", periods=120, freq="D", name="day"),
        pd.date_range("2024-03-30", periods=120, freq="h", tz="Europe/Berlin"),
        pd.period_range("2000-01", periods=120, freq="M"),
        pd.Index(np.arange(1880, 2000), name="year"),
    ],
    ids=["days", "hours in a zone", "months", "years"],
)
def test_forecasts_and_predictions_have_the_index_of_what_they_are_about(wave, index):
    train = pd.Series(2 + wave, index=index, name="load").iloc[:100]
    model = pipeline(StandardScaler()).fit(train)
    forecast, predicted = model.forecast(20), model.predict(train)
    for values, expected in ((forecast, index[100:]), (predicted, index[10:101])):
        pd.testing.assert_index_equal(values.index, expected, exact="equiv")
        assert values.name == "load"
    frame = pd.DataFrame({"a": wave, "b": 1 + wave}, index=index)
    forecast = pipeline().fit(frame.iloc[:100]).forecast(20)
    assert list(forecast.columns) == ["a", "b"]
    pd.testing.assert_index_equal(forecast.index, index[100:], exact="equiv")


def test_predictions_of_a_series_whose_index_is_of_strings_have_times(wave):
    days = pd.date_range("2024-01-01", periods=120, name="day")
    series = pd.Series(wave, days.strftime("%Y-%m-%d"))
    predicted = pipeline().fit(series[:100]).predict(series[:100])
    assert predicted.index.equals(days[10:101])
    assert predicted.index.name == "day"


def test_a_working_week_continues_at_the_frequency_of_the_training_series(wave):
    # As read from a file: dates alone.
    days = pd.DatetimeIndex(np.array(pd.date_range("2024-01-01", periods=120, freq="B")))
    series = pd.Series(wave, days)
    model = make_forecast_pipeline(WindowTransformer(5), LSTMForecaster(**TINY)).fit(series[:100])
    for end in (100, 105, 120):
        week = series[end - 5 : end]
        following = pd.bdate_range(days[end - 1], periods=4)[1:]
        assert model.forecast(3, context=week).index.equals(following)
        assert model.predict(week).index[-1] == following[0]
    # All days of the week are as far apart as working days.
    every_day = series[:30].set_axis(pd.date_range("2024-01-01", periods=30))
    assert model.forecast(2, context=every_day).index[-1] == pd.Timestamp("2024-02-01")


def test_times_of_another_frequency_or_zone_are_refused():
    model = pipeline().fit(LOAD[:300])
    zoned = LOAD.tz_localize("Europe/Berlin")
    in_berlin = pipeline().fit(zoned[:300])
    forecast = in_berlin.forecast(3, context=zoned[:300])
    pd.testing.assert_series_equal(forecast, in_berlin.forecast(3))
    for one, series, words in (
        (model, LOAD[:300:2], "02:00:00 apart, but those of the training series are 0 days 01"),
        (model, LOAD.set_axis(pd.date_range("2026", periods=400)), "rows that are 1 days 00:00:00"),
        (model, zoned[:300], r"zone Europe/Berlin.*without a time zone. .*tz_localize\(None\)"),
        (in_berlin, zoned[:300].tz_convert("UTC"), r"zone UTC.*tz_convert\('Europe/Berlin'\)"),
        (
            in_berlin,
            LOAD[:300],
            r"without a time zone.*tz_localize\('Europe/Berlin'\) if these are local",
        ),
    ):
        for call in (one.predict, one.partial_fit, one.calibrate):
            with pytest.raises(ValueError, match=words):
                call(series)
        with pytest.raises(ValueError, match=words):
            one.forecast(3, context=series)
    # Values alone have no times.
    assert len(model.forecast(3, context=LOAD[:300:2].to_numpy())) == 3


def test_an_irregular_index_gives_arrays(wave):
    now_and_then = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(120) ** 2, unit="h")
    trading = pd.bdate_range("2024-01-01", periods=122).delete([30, 70])
    for index in (pd.DatetimeIndex(now_and_then), trading):
        model = pipeline().fit(pd.Series(wave, index))
        assert isinstance(model.forecast(3), np.ndarray)
        assert isinstance(model.predict(pd.Series(wave, index)), np.ndarray)


@pytest.mark.parametrize(
    "order", [slice(None, None, -1), np.r_[5, 0:5, 6:120]], ids=["reversed", "one moved"]
)
def test_dates_out_of_order_are_refused(wave, order):
    series = pd.Series(wave, pd.date_range("2024", periods=120)).iloc[order]
    plain = make_pipeline(WindowTransformer(10), LSTMForecaster(**TINY))
    for fit in (pipeline(StandardScaler()).fit, lambda X: plain.fit(X.to_frame())):
        with pytest.raises(ValueError, match=r"order of time.*sort_index\(\)"):
            fit(series)
    scaled = make_pipeline(StandardScaler(), *plain)
    with pytest.raises(ValueError, match="order of time"):
        backtest(scaled, series.to_frame(), horizon=5, initial=100)


# --- As an estimator of scikit-learn ----------------------------------------------------------


def test_a_pickled_pipeline_forecasts_the_same(wave):
    series = pd.Series(2 + wave, index=pd.date_range("2024-01-01", periods=120, name="day"))
    for step in (StandardScaler(), Difference()):
        model = pipeline(step).fit(series)
        again = pickle.loads(pickle.dumps(model))
        pd.testing.assert_series_equal(again.forecast(7), model.forecast(7))


def test_it_is_cloned_and_tuned(wave):
    model = clone(pipeline(StandardScaler()))
    assert isinstance(model, ForecastPipeline)
    search = GridSearchCV(model, {"lstmforecaster__units": [4, 6]}, cv=TimeSeriesSplit(2))
    search.fit(wave[:, None])
    assert search.best_estimator_.forecast(4).shape == (4,)


def test_scores_are_weighted():
    model = pipeline().fit(LOAD[:300])
    test = LOAD[300:]
    predicted = model.predict(test)[:-1]
    weights = np.arange(90.0)
    expected = r2_score(test[10:], predicted, sample_weight=weights)
    assert model.score(test, sample_weight=weights) == pytest.approx(expected)
    with pytest.raises(ValueError, match="sample_weight"):
        model.score(test, sample_weight=np.ones(len(test)))
    with pytest.raises(ValueError, match="Negative values"):
        model.score(test, sample_weight=-weights)
    gappy = test.where(np.arange(100) != 50)
    # The missing value, and those whose window holds it.
    left = np.r_[0:40, 51:90]
    expected = r2_score(test[10:].iloc[left], predicted.iloc[left], sample_weight=weights[left])
    assert model.score(gappy, sample_weight=weights) == pytest.approx(expected)


# --- New values ---------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [(), (LOG,), (StandardScaler(),)], ids=str)
def test_forecasts_continue_new_values_after_partial_fit(steps):
    model = solved_pipeline(*steps).fit(LOAD[:300])
    n_before = model[-1]._n_windows
    assert model.partial_fit(LOAD[290:350]) is model
    assert model[-1]._n_windows == n_before + 50
    forecast = model.forecast(5)
    assert forecast.index[0] == HOURS[350]
    pd.testing.assert_series_equal(forecast, model.forecast(5, context=LOAD[:350]))
    alone = solved_pipeline(*steps).fit(LOAD[:300])
    alone[-1].partial_fit(alone[:-1].transform(LOAD[290:350].to_frame(0)))
    np.testing.assert_allclose(alone.forecast(5, context=LOAD[:350]), forecast)
    before = pickle.dumps(model)
    # By the index the whole series gives the same new values.
    again = solved_pipeline(*steps).fit(LOAD[:300]).partial_fit(LOAD[:350])
    pd.testing.assert_series_equal(again.forecast(5), forecast)
    for values, words in (
        (LOAD[:5], "X has n_samples = 5 values, but window_length=10 needs at least as many"),
        (LOAD[:350], "X has 350 values, but none after those seen before"),
        (LOAD[345:370], "X begins 5 values before the first new one, .* at least 10 values"),
        (LOAD[360:390], "X has no value at 2026-01-15 14:00:00, which follows"),
        (LOAD[340:370].tz_localize("UTC"), "time zone UTC, but those of the training series"),
        (LOAD[340:370].asfreq("2h"), "rows that are 0 days 02:00:00 apart, but those of the tr"),
    ):
        with pytest.raises(ValueError, match=words):
            model.partial_fit(values)
    assert pickle.dumps(model) == before


def test_nightly_updates_leave_the_residual_paths_of_one_update():
    nightly = solved_pipeline().fit(LOAD[:300])
    for end in range(304, 349, 4):
        nightly.partial_fit(LOAD[end - 14 : end])
    once = solved_pipeline().fit(LOAD[:300])
    before = once[-1].residual_paths_
    once.partial_fit(LOAD[290:348])
    assert nightly[-1]._n_since_path == once[-1]._n_since_path == 0
    # 24 paths of ten values, one for every second value.
    np.testing.assert_array_equal(once[-1].residual_paths_[:-24], before[24:])
    # The network of the nights has seen some of the values before.
    found, expected = (m[-1].residual_paths_[-24:] for m in (nightly, once))
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.95


def test_many_rows_missing_in_later_values_are_missing_values():
    """After an outage of a night, too: the training series says how far rows are apart."""
    model = solved_pipeline().fit(LOAD[:300])
    whole = LOAD[280:350].copy()
    outage = whole.drop(whole.index[20:50])
    whole.iloc[20:50] = np.nan
    with pytest.warns(ForecastWarning, match="lacks 30 of 70 rows of a regular index"):
        forecast = model.forecast(5, context=outage)
    pd.testing.assert_series_equal(forecast, model.forecast(5, context=whole))
    with pytest.warns(ForecastWarning, match="lacks 30 of 70 rows"):
        model.partial_fit(outage)
    assert model.forecast(2).index[0] == HOURS[350]
    late = LOAD[280:350].set_axis(LOAD.index[280:350] + pd.to_timedelta(np.arange(70) % 2, "min"))
    for call in (model.predict, model.calibrate, lambda X: model.forecast(5, context=X)):
        with pytest.raises(ValueError, match=r"not regular, but .* the frequency 'h'.*asfreq"):
            call(late)
    with pytest.raises(ValueError, match=r"type ndarray, but the series before was a pandas"):
        model.partial_fit(LOAD[290:360].to_numpy())


@pytest.mark.parametrize(
    "index",
    [
        pd.timedelta_range("0h", periods=120, freq="h"),
        pd.Index(np.arange(120.0)),
        pd.Index(np.append(np.arange(60), 70 + np.arange(60))),
        pd.period_range("2020-01", periods=200, freq="M")[::2].append(
            pd.period_range("2040-01", periods=20, freq="M")
        ),
    ],
    ids=["times since a start", "floats", "integers with a gap", "periods with a gap"],
)
def test_labels_that_do_not_say_which_values_are_new_are_refused(index, wave):
    series = pd.Series(wave[:120], index)
    model = solved_pipeline().fit(series.iloc[:80])
    n_before = model[-1]._n_windows
    with pytest.raises(ValueError, match=r"by which its new values are not found.* begins 10 val"):
        model.partial_fit(series)
    assert model.partial_fit(wave[70:120])[-1]._n_windows == n_before + 40


def test_new_values_after_irregular_dates_are_those_of_later_dates(wave):
    days = pd.bdate_range("2024-01-01", periods=122).drop(["2024-03-29", "2024-04-01"])
    series = pd.Series(wave, days)
    model = solved_pipeline().fit(series[:80])
    n_before = model[-1]._n_windows
    assert model.partial_fit(series[:100])[-1]._n_windows == n_before + 20
    with pytest.raises(ValueError, match="none after those seen before"):
        model.partial_fit(series[:90])


def test_working_days_continue_as_such_after_partial_fit(wave):
    days = pd.bdate_range("2024-01-01", periods=120)
    series = pd.Series(wave, pd.DatetimeIndex(np.array(days)))
    model = make_forecast_pipeline(WindowTransformer(2), LSTMForecaster(**SOLVED)).fit(series[:102])
    # The five days of a week look like days of any kind.
    forecast = model.partial_fit(series[100:105]).forecast(8)
    assert forecast.index.equals(days[105:113])
    zoned = pd.Series(wave, pd.date_range("2024", periods=120, freq="h", tz="UTC"))
    model = solved_pipeline().fit(zoned)
    with pytest.raises(
        ValueError, match=r"zone Asia/Tokyo.*in the time zone UTC. Give .*tz_convert\('UTC'\)"
    ):
        model.forecast(3, context=zoned.tz_convert("Asia/Tokyo"))


@pytest.mark.parametrize("step", [Difference(), Season()], ids=["differences", "season"])
def test_partial_fit_takes_the_whole_series_where_the_inverse_depends_on_it(step):
    model = solved_pipeline(step).fit(LOAD[:300])
    n_before = model[-1]._n_windows
    with pytest.raises(ValueError, match="does not begin with the training series"):
        model.partial_fit(LOAD[290:350])
    model.partial_fit(LOAD[:350])
    assert model[-1]._n_windows == n_before + 50
    forecast = model.forecast(5)
    pd.testing.assert_series_equal(forecast, model.forecast(5, context=LOAD[:350]))
    assert forecast.index[0] == HOURS[350]


def test_partial_fit_learns_inputs_known_in_advance():
    heat = pd.Series(np.random.default_rng(1).normal(size=400), HOURS)
    frame = pd.DataFrame({"load": LOAD + heat, "heat": heat})
    windows = WindowTransformer(10, known="heat", calendar="hour")
    model = make_forecast_pipeline(windows, LSTMForecaster(**SOLVED)).fit(frame[:300])
    future = frame[["heat"]][350:355]
    forecast = model.partial_fit(frame[290:350]).forecast(5, future=future)
    expected = model.forecast(5, future=future, context=frame[:350])
    pd.testing.assert_frame_equal(forecast, expected)


def test_a_forecaster_that_was_updated_by_itself_needs_a_context():
    model = solved_pipeline().fit(LOAD[:300])
    model[-1].partial_fit(model[:-1].transform(LOAD[290:350].to_frame(0)))
    with pytest.raises(ValueError, match=r"updated by itself.*partial_fit of the pipeline"):
        model.forecast(5)
    assert model.forecast(5, context=LOAD[:350]).index[0] == HOURS[350]


def test_pipelines_that_share_a_forecaster_are_told_to_take_clones(wave):
    forecaster = LSTMForecaster(**TINY)
    first, second = (make_forecast_pipeline(WindowTransformer(10), forecaster) for _ in range(2))
    first.fit(wave)
    second.fit(wave + np.arange(len(wave)))
    with pytest.raises(ValueError, match=r"another pipeline.*a clone of it.*fit both again"):
        first.forecast(5)


def test_an_update_has_as_many_new_values_as_are_predicted_at_once():
    model = make_forecast_pipeline(WindowTransformer(10), LSTMForecaster(output_length=3, **TINY))
    model.fit(LOAD[:300])
    with pytest.raises(ValueError, match=r"2 new values, but output_length=3 needs as many"):
        model.partial_fit(LOAD[:302])
    assert model.partial_fit(LOAD[:303]).forecast(1).index[0] == HOURS[303]


def test_several_series_are_updated_one_by_one():
    model = solved_pipeline().fit({"a": LOAD[:300], "b": 2 * LOAD[:300]})
    with pytest.raises(ValueError, match=r"fit saw 2 series.*pipelines_\['a'\]"):
        model.partial_fit(LOAD[290:350])
    model.pipelines_["a"].partial_fit(LOAD[290:350])
    assert [f.index[0] for f in model.forecast(5).values()] == [HOURS[350], HOURS[300]]


def test_summary_is_that_of_the_forecaster(wave):
    model = solved_pipeline(StandardScaler()).fit(wave)
    assert str(model.summary()) == str(model[-1].summary())
    assert model[-1].readout_ in str(model.summary())


def test_steps_that_cannot_be_inverted_are_named(wave):
    class OneWay(TransformerMixin, BaseEstimator):
        def fit(self, X, y=None):
            return self

        def transform(self, X):
            return X

    with pytest.raises(ValueError, match=r"'oneway' \(OneWay\) has no inverse_transform"):
        pipeline(OneWay()).fit(wave)


def test_transformers_are_checked_before_the_forecaster_is_trained(wave, monkeypatch):
    def train(self, X, y=None):
        raise AssertionError("trained")

    monkeypatch.setattr(LSTMForecaster, "fit", train)
    with pytest.raises(ValueError, match="does not give the series back"):
        pipeline(FunctionTransformer(lambda X: 2 * X)).fit(wave)
    log = FunctionTransformer(np.log, inverse_func=np.exp, check_inverse=False)
    with pytest.raises(ValueError, match="'functiontransformer'.*numbers are not finite"):
        pipeline(StandardScaler(), log, MinMaxScaler()).fit(wave)


@pytest.mark.parametrize(
    ("steps", "got"),
    [
        ([("f", LSTMForecaster(**TINY))], r"got \['f'\]"),
        ([("w", WindowTransformer(10)), ("s", StandardScaler())], r"got \['w', 's'\]"),
    ],
)
def test_steps_in_the_wrong_place_are_refused(wave, steps, got):
    with pytest.raises(ValueError, match=f"steps end with a WindowTransformer and an LSTM.*{got}"):
        ForecastPipeline(steps).fit(wave)


def test_a_failed_fit_changes_nothing(wave):
    model = pipeline(StandardScaler()).fit(wave)
    before = model.forecast(5)
    with pytest.raises(ValueError, match="infinity"):
        model.fit(np.where(np.arange(120) == 50, np.inf, wave))
    np.testing.assert_array_equal(model.forecast(5), before)


def test_a_failed_fit_does_not_change_a_pipeline_within(wave):
    model = pipeline(make_pipeline(StandardScaler())).fit(wave)
    before = model.forecast(5)
    with pytest.raises(ValueError, match="window_length"):
        model.fit(1000 * wave[:5])
    np.testing.assert_array_equal(model.forecast(5), before)


def test_a_list_of_series_is_refused_where_fit_saw_one(wave):
    model = pipeline().fit(wave)
    for lengths in ((120,), (60, 60), (120, 90)):
        with pytest.raises(ValueError, match=f"list of {len(lengths)} series.*one .* is needed"):
            model.forecast(3, context=[wave[:n] for n in lengths])


def test_an_empty_context_is_refused(wave):
    series = pd.Series(wave, pd.date_range("2024-01-01", periods=120))
    with pytest.raises(ValueError, match="0 sample"):
        pipeline().fit(series).forecast(3, context=series[:0])


def test_a_context_of_another_number_of_columns_is_refused(wave):
    series = pd.Series(wave, pd.date_range("2024-01-01", periods=120), name="y")
    for fitted, context in (
        (series, pd.DataFrame({"y": series, "z": series})),
        (wave, np.column_stack([wave, wave])),
    ):
        with pytest.raises(ValueError, match="context has 2 columns, but fit saw 1"):
            pipeline().fit(fitted).forecast(3, context=context)


def test_a_step_that_fills_gaps_is_refused(wave):
    with pytest.raises(ValueError, match="'simpleimputer'.*gaps are filled before"):
        pipeline(SimpleImputer()).fit(wave)
    with_gap = np.where(np.arange(120) == 50, np.nan, wave)
    with pytest.raises(ValueError, match="'simpleimputer'.*Leave out .*values are accepted"):
        pipeline(SimpleImputer()).fit(with_gap)


def test_complex_values_are_refused_and_not_cut_to_their_real_part(wave):
    model = pipeline().fit(wave)
    for call in (model.predict, lambda X: model.forecast(3, context=X)):
        with pytest.raises(ValueError, match="Complex data not supported"):
            call(wave + 1j)


def test_make_forecast_pipeline_passes_its_arguments_on():
    given = {"memory": "folder", "transform_input": ["X_val"], "verbose": True}
    model = make_forecast_pipeline(WindowTransformer(), LSTMForecaster(), **given)
    assert {name: getattr(model, name) for name in given} == given


def test_the_diagram_links_to_no_page_that_does_not_exist():
    model = make_forecast_pipeline(StandardScaler(), WindowTransformer(), LSTMForecaster())
    pages = re.findall(r'href="https?:[^"#]*/([^"#]*)', model._repr_html_())
    # The pages of skwave are not on the site of scikit-learn, and have no address of their own yet.
    assert set(pages) == {"sklearn.preprocessing.StandardScaler.html"}


# --- as_forecast_pipeline ---------------------------------------------------------------------


def test_any_fitted_estimator_is_seen_as_a_forecast_pipeline_without_a_copy(wave):
    model = pipeline(StandardScaler()).fit(wave)
    assert as_forecast_pipeline(model) is model
    search = GridSearchCV(model, {"lstmforecaster__units": [6]}, cv=TimeSeriesSplit(2))
    search.fit(wave[:, None])
    assert as_forecast_pipeline(search) is search.best_estimator_
    plain = make_pipeline(StandardScaler(), WindowTransformer(10), LSTMForecaster(**TINY))
    plain.fit(wave[:, None])
    view = as_forecast_pipeline(plain)
    assert view[-1] is plain[-1]
    np.testing.assert_allclose(view.forecast(5), model.forecast(5))
    expected = model.forecast(5, context=wave[:50])
    np.testing.assert_allclose(view.forecast(5, context=wave[:50]), expected)
    bare = LSTMForecaster(**TINY).fit(WindowTransformer(10).fit_transform(wave))
    view = as_forecast_pipeline(bare)
    assert view[-1] is bare
    np.testing.assert_array_equal(view.forecast(5), bare.forecast(5))


def test_a_fitted_plain_pipeline_that_would_need_the_training_series_is_refused(wave):
    plain = make_pipeline(Difference(), WindowTransformer(10), LSTMForecaster(**TINY))
    # Before the fit it is only a list of steps.
    assert as_forecast_pipeline(plain).steps == plain.steps
    with pytest.raises(ValueError, match=r"\['difference'\].*use make_forecast_pipeline"):
        as_forecast_pipeline(plain.fit(wave[:, None]))


# --- What a notebook, a service or a scikit-learn user does with a fitted pipeline ----------------


def test_the_diagram_and_the_completion_of_names_build_no_keras_model(wave, monkeypatch):
    model = pipeline(StandardScaler()).fit(wave)
    monkeypatch.setattr("skwave._forecaster.to_keras", None)
    # scikit-learn 1.9 and newer shows the fitted attributes there.
    assert "LSTMForecaster" in model._repr_html_()
    assert "model_" not in dir(model[-1])
    assert "network_" in dir(model[-1])


@pytest.mark.parametrize("front", [(), (StandardScaler(),)], ids=str)
def test_one_channel_may_come_as_a_series_a_frame_or_an_array_of_any_name(front):
    series = LOAD[:290]
    as_frame, other = series.to_frame("load"), series.to_frame("other")
    expected = pipeline(*front).fit(series).forecast(3)
    for given in (series, as_frame, series.to_numpy()):
        model = pipeline(*front).fit(given)
        for context in (series, as_frame, other, series.to_numpy()):
            found = model.forecast(3, context=context)
            np.testing.assert_allclose(np.ravel(found), expected)
            assert len(model.predict(context)) == len(model.predict(given))
    windows = pipeline(*front).fit(series)[:-1].transform(series.to_numpy()[:, None])
    assert windows.shape[1:] == (model[-1].window_shape_[0], 1)


def test_a_slice_is_a_plain_pipeline_and_steps_alone_are_not_fitted(wave):
    model = pipeline(StandardScaler(), FunctionTransformer()).fit(wave)
    plain = Pipeline(model.steps)
    for part in (slice(None, 2), slice(1, None), slice(None, -1)):
        assert type(model[part]) is Pipeline
        assert [name for name, _ in model[part].steps] == [name for name, _ in plain[part].steps]
    np.testing.assert_array_equal(
        model[1:].predict(wave[:, None]), plain[1:].predict(wave[:, None])
    )
    with pytest.raises(NotFittedError):
        ForecastPipeline(model.steps).forecast(3)


class Center:
    """A transformer that derives from nothing of scikit-learn."""

    def fit(self, X, y=None):
        self.mean = np.mean(X)
        return self

    def transform(self, X):
        return np.asarray(X) - self.mean

    def inverse_transform(self, X):
        return X + self.mean


def test_a_failed_fit_leaves_transformers_of_any_class_as_they_were(wave):
    model = pipeline(Center()).fit(wave)
    expected = model.forecast(3)
    with pytest.raises(ValueError, match="X has n_samples = 5 values"):
        model.fit(1000 + wave[:5])
    np.testing.assert_array_equal(model.forecast(3), expected)


class Cumulative(FunctionTransformer):
    """Differences, whose inverse depends on earlier values."""

    def __init__(self):
        super().__init__(
            lambda X: np.diff(X, axis=0, prepend=0.0), inverse_func=lambda X: np.cumsum(X, axis=0)
        )


def test_where_the_whole_series_is_needed_only_new_values_calibrate():
    walk = np.random.default_rng(0).normal(size=400).cumsum()
    model = solved_pipeline(Cumulative()).fit(walk[:300])
    model.calibrate(walk, n_steps=20)
    # Those of the same network, given the differences from a window before the new values on.
    changes = np.diff(walk, prepend=0.0)[290:, None]
    paths = model[-1].residual_paths_
    alone = model[-1].calibrate(WindowTransformer(10).fit_transform(changes), n_steps=20)
    np.testing.assert_allclose(paths, alone.residual_paths_, rtol=1e-5)
    assert len(paths) == 100 - 20 + 1


def test_numbers_that_descend_are_continued_by_an_update():
    series = LOAD[:320].set_axis(np.arange(700, 380, -1))
    model = solved_pipeline().fit(series[:290])
    model.partial_fit(series[270:])
    forecast = model.forecast(3)
    assert forecast.index.tolist() == [380, 379, 378]
    ascending = solved_pipeline().fit(series[:290].to_numpy()).partial_fit(series[280:].to_numpy())
    np.testing.assert_allclose(forecast, np.ravel(ascending.forecast(3)))


def test_a_score_without_a_known_value_after_a_complete_window_is_refused():
    model = pipeline().fit(LOAD[:290])
    gaps = LOAD[:290].where(np.arange(290) % 8 > 0)
    with pytest.raises(ValueError, match="none that is known after a window"):
        model.score(gaps)
