import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    PowerTransformer,
    QuantileTransformer,
    StandardScaler,
)

from skwave import ForecastPipeline, LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave._index import describe, next_index
from skwave.exceptions import ForecastWarning
from skwave.model_selection import backtest, forecast_scorer

TINY = {"units": 6, "epochs": 2, "batch_size": 32, "random_state": 0}
LOG = FunctionTransformer(np.log, inverse_func=np.exp)


class Difference(TransformerMixin, BaseEstimator):
    """Differences of neighbours: one row fewer, and an inverse that looks back."""

    def fit(self, X, y=None):
        self.first_ = np.asarray(X)[:1]
        return self

    def transform(self, X):
        return np.diff(np.asarray(X), axis=0)

    def inverse_transform(self, X):
        return np.cumsum(np.concatenate([self.first_, X]), axis=0)


class Season(TransformerMixin, BaseEstimator):
    """Subtracts a mean for each place in the season: an inverse that looks at the position."""

    def fit(self, X, y=None):
        X = np.asarray(X)
        self.means_ = np.array([X[k::20].mean(axis=0) for k in range(20)])
        return self

    def transform(self, X):
        return np.asarray(X) - self.means_[np.arange(len(X)) % 20]

    def inverse_transform(self, X):
        return X + self.means_[np.arange(len(X)) % 20]


def pipeline(*steps):
    return make_forecast_pipeline(*steps, WindowTransformer(10), LSTMForecaster(**TINY))


def test_without_transformers_it_is_the_plain_pipeline(wave):
    model = pipeline().fit(wave)
    plain = make_pipeline(WindowTransformer(10), LSTMForecaster(**TINY)).fit(wave)
    np.testing.assert_array_equal(model.forecast(9), plain[-1].forecast(9))
    np.testing.assert_array_equal(model.predict(wave), plain.predict(wave))
    assert model.score(wave) == pytest.approx(plain.score(wave))
    with pytest.raises(ValueError, match="X has 10 values.*need one more"):
        model.score(wave[:10])


@pytest.mark.parametrize("step", [LOG, StandardScaler(), PowerTransformer("box-cox")], ids=repr)
def test_rowwise_steps_are_inverted(wave, step):
    series = np.exp(wave)[:, None]
    model = pipeline(step).fit(series)
    inner = model[0].inverse_transform(model[-1].forecast(9)[:, None])[:, 0]
    np.testing.assert_allclose(model.forecast(9), inner)
    one_step = model[0].inverse_transform(model[-1].predict(model[:-1].transform(series))[:, None])
    np.testing.assert_allclose(model.predict(series), one_step[:, 0])
    assert model.score(series) == pytest.approx(
        1 - np.mean((series[10:, 0] - one_step[:-1, 0]) ** 2) / series[10:].var()
    )


def test_differences_go_on_from_the_end_of_the_series(wave):
    series = wave + 0.1 * np.arange(len(wave))
    model = pipeline(Difference()).fit(series)
    steps = model[-1].forecast(9)
    np.testing.assert_allclose(model.forecast(9), series[-1] + np.cumsum(steps))
    one_step = model[-1].predict(WindowTransformer(10).fit_transform(np.diff(series)))
    np.testing.assert_allclose(model.predict(series), series[10:] + one_step)


def test_a_season_goes_on_from_its_place(wave):
    series = wave[:115] + 3
    model = pipeline(Season()).fit(series)
    expected = model[-1].forecast(30) + model[0].means_[np.arange(115, 145) % 20, 0]
    np.testing.assert_allclose(model.forecast(30), expected)


def test_another_context(wave):
    series = np.exp(wave)
    model = pipeline(LOG).fit(series)
    np.testing.assert_allclose(model.forecast(5, context=series), model.forecast(5))
    context = series[33:70]
    expected = np.exp(model[-1].forecast(5, window=np.log(context[-10:])))
    np.testing.assert_allclose(model.forecast(5, context=context), expected)
    looks_back = pipeline(Difference()).fit(series)
    for call in (lambda X: looks_back.forecast(5, context=X), looks_back.predict, looks_back.score):
        with pytest.raises(ValueError, match="begins where the training series began"):
            call(context)


def test_a_season_counts_from_the_beginning_of_the_training_series(wave):
    series = pd.Series(wave + 3 + 0.1 * np.random.default_rng(0).normal(size=120))
    model = pipeline(Season()).fit(series[:80])
    expected = model[-1].forecast(5, window=model[0].transform(series.to_frame())[-10:])
    np.testing.assert_allclose(
        model.forecast(5, context=series), expected + model[0].means_[np.arange(5), 0]
    )
    np.testing.assert_allclose(model.predict(series), model.predict(series.to_numpy()))
    # Seven places off, which no way there and back shows.
    for call in (lambda X: model.forecast(5, context=X), model.predict, model.score):
        with pytest.warns(ForecastWarning, match="'season'.*depend on its position.*Give the val"):
            call(series[7:])
    # Where it is right, with a word or without: a season later, in single precision.
    for begin, n_warnings in ((20, 1), (0, 0)):
        context = series[begin:].astype(np.float32)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            forecast = model.forecast(5, context=context)
        assert len(caught) == n_warnings
        np.testing.assert_allclose(forecast, model.forecast(5, context=series), rtol=1e-4)


def test_a_step_that_looks_back_may_begin_anywhere(wave):
    def difference(X):
        return np.diff(X, n=2, axis=0, prepend=np.zeros((2, X.shape[1])))

    def add_up(X):
        return np.cumsum(np.cumsum(X, axis=0), axis=0)

    step = FunctionTransformer(difference, add_up, check_inverse=False)
    model = pipeline(step).fit(wave[:, None])
    # Warnings are errors.
    for begin in (0, 7, 100):
        forecast = model.forecast(5, context=wave[begin:])
        np.testing.assert_allclose(forecast, model.forecast(5), atol=1e-9)


def test_a_step_that_reads_the_index_is_scored(wave):
    class Weekday(TransformerMixin, BaseEstimator):
        def fit(self, X, y=None):
            self.first_ = X.index[0].day_of_week
            self.means_ = X.groupby(X.index.day_of_week).mean().to_numpy()
            return self

        def transform(self, X):
            return X.to_numpy() - self.means_[X.index.day_of_week]

        def inverse_transform(self, X):
            return X + self.means_[(self.first_ + np.arange(len(X))) % 7]

    series = pd.Series(wave, pd.date_range("2024-01-03", periods=120))
    scorer = forecast_scorer(mean_absolute_error, horizon=7)
    model = pipeline(Weekday()).fit(series[:113])
    error = mean_absolute_error(series[113:], model.forecast(7))
    assert scorer(model, series[90:]) == pytest.approx(-error)
    # Not the end of the training series, but a Wednesday as its beginning; and a Thursday.
    error = mean_absolute_error(series[43:50], model.forecast(7, context=series[7:43]))
    assert scorer(model, series[7:50]) == pytest.approx(-error)
    with pytest.raises(ValueError, match="'weekday'.*does not give it back"):
        scorer(model, series[8:50])
    result = backtest(model, series, horizon=7, initial=113)
    np.testing.assert_allclose(result.y_pred[0], model.forecast(7))
    with pytest.raises(ValueError, match="'weekday'.*does not give it back"):
        backtest(FrozenEstimator(model), series[3:], horizon=7, initial=110, refit=False)


def test_a_step_that_does_not_give_the_series_back_is_refused(wave):
    # FunctionTransformer takes the identity for an inverse that is not given.
    with pytest.raises(
        ValueError, match=r"'functiontransformer'.*cannot be inverted.*inverse_func"
    ):
        pipeline(FunctionTransformer(np.log)).fit(np.exp(3 + wave))
    # In whatever unit: that of the series says what is a small difference.
    with pytest.raises(ValueError, match="does not give the series back"):
        pipeline(FunctionTransformer(lambda X: 2 * X)).fit(1e-12 * wave)


def test_one_outlier_does_not_make_all_values_the_same(wave):
    spoilt = wave.copy()
    spoilt[5] = 1e6
    for steps in ((), (StandardScaler(),)):
        model = pipeline(*steps).fit(spoilt[:100])
        assert model._ends_with(spoilt[60:100])
        assert not model._ends_with(spoilt[61:101])
    looks_back = pipeline(Difference()).fit(wave)
    with pytest.raises(ValueError, match="begins where the training series began"):
        looks_back.forecast(5, context=5 + spoilt)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("steps", [[StandardScaler()], [StandardScaler(), PCA()]], ids=["1", "2"])
def test_a_channel_at_rest_is_a_series_like_another(steps, seed):
    # Zero comes back as a rounding error of what the steps add and take away.
    series = 1000 + 50 * np.random.default_rng(seed).normal(size=(60, 2))
    model = pipeline(*steps).fit(series)
    series[20:, 1] = 0
    forecast, predicted = model.forecast(3, context=series[20:]), model.predict(series[20:])
    # To a millionth of the level that single precision is rounded at.
    np.testing.assert_allclose(forecast[0], predicted[-1], rtol=0, atol=1e-3)
    assert len(predicted) == 31


def test_a_step_may_lose_some_values(wave):
    trend = wave + 0.02 * np.arange(len(wave))
    for step in (MinMaxScaler(clip=True), QuantileTransformer(n_quantiles=30)):
        model = pipeline(step).fit(trend[:90])
        # What comes is beyond the range of what came, and forecast as what is left of it.
        assert trend[80:].max() > trend[:90].max()
        left = model[0].inverse_transform(model[0].transform(trend[80:, None]))[:, 0]
        np.testing.assert_allclose(model.predict(trend[80:]), model.predict(left))
        left = model[0].inverse_transform(model[0].transform(trend[:100, None]))[:, 0]
        forecast = model.forecast(3, context=trend[:100])
        np.testing.assert_allclose(forecast, model.forecast(3, context=left))
        assert forecast.max() <= trend[:90].max() + 1e-9


def test_short_floats_beside_integers(wave):
    frame = pd.DataFrame({"a": (1e5 + 100 * wave).astype(np.float32), "b": 1 + np.arange(120)})
    forecast = pipeline(LOG).fit(frame).forecast(3)
    pd.testing.assert_frame_equal(forecast, pipeline(LOG).fit(frame.astype(float)).forecast(3))


# PowerTransformer of scikit-learn 1.6 asks its inverse for names that no forecast has.
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.parametrize("dtype", [np.float16, np.float32, "Float32"])
@pytest.mark.parametrize("step", [StandardScaler(), PowerTransformer()], ids=repr)
def test_short_floats_are_taken_in_double_precision(wave, step, dtype):
    series = pd.Series(10 + 15 * wave).astype(dtype)
    model = pipeline(step).fit(series)
    exact = pipeline(step).fit(series.astype(float))
    for context in (None, series, series.to_frame("value")):
        forecast = np.asarray(model.forecast(4, context=context)).ravel()
        np.testing.assert_allclose(forecast, exact.forecast(4))
    assert model._ends_with(series.iloc[30:])
    assert not model._ends_with(series.iloc[30:-1])


def test_channels_are_known_by_their_names(wave):
    frame = pd.DataFrame({"a": wave, "b": 100 + wave})
    model = pipeline().fit(frame)
    for call in (model.predict, model.score, lambda X: model.forecast(3, context=X)):
        with pytest.raises(ValueError, match="feature names should match"):
            call(frame[["b", "a"]])
        with pytest.raises(ValueError, match="unseen at fit time:\n- c"):
            call(frame.assign(c=1.0))
    assert model.forecast(3, context=frame).shape == (3, 2)


@pytest.mark.parametrize("n_channels", [1, 2])
def test_of_a_block_the_first_value_is_the_next_one(wave, n_channels):
    series = np.stack([3 + k + np.roll(wave, k) for k in range(n_channels)], axis=1)
    model = make_forecast_pipeline(
        StandardScaler(), WindowTransformer(10), LSTMForecaster(horizon=4, **TINY)
    ).fit(series)
    predicted = model.predict(series).reshape(-1, n_channels)
    assert len(predicted) == len(series) - 9
    np.testing.assert_allclose(predicted[-1], np.ravel(model.forecast(1)))
    errors = series[10:] - predicted[:-1]
    r2 = 1 - np.mean(np.mean(errors**2, axis=0) / series[10:].var(axis=0))
    assert model.score(series) == pytest.approx(r2)


def test_several_channels(two_channels):
    model = pipeline(StandardScaler()).fit(two_channels)
    forecast = model.forecast(9)
    assert forecast.shape == (9, 2)
    assert 80 < forecast[:, 1].mean() < 120
    assert model.predict(two_channels).shape == (111, 2)


INDEXES = {
    "days": pd.date_range("2024-01-01", periods=120, freq="D", name="day"),
    "month ends": pd.date_range("2001-01-31", periods=120, freq="ME"),
    "hours in a zone": pd.date_range("2024-03-30", periods=120, freq="h", tz="Europe/Berlin"),
    "no frequency said": pd.DatetimeIndex(pd.date_range("2024", periods=120, freq="W").tolist()),
    "periods": pd.period_range("2000-01", periods=120, freq="M"),
    "range": pd.RangeIndex(5, 245, 2),
    "years": pd.Index(np.arange(1880, 2000), name="year"),
}


def same(index, expected):
    """Tell whether two indexes hold the same, in the same type and by the same name."""
    return (index.equals(expected), index.dtype, index.name) == (
        True,
        expected.dtype,
        expected.name,
    )


@pytest.mark.parametrize("name", INDEXES)
def test_the_index_continues(wave, name):
    index = INDEXES[name]
    series = pd.Series(2 + wave, index=index, name="load")
    train = series.iloc[:100]
    model = pipeline(StandardScaler()).fit(train)
    forecast = model.forecast(20)
    assert same(forecast.index, index[100:])
    assert forecast.name == "load"
    predicted = model.predict(train)
    assert same(predicted.index, index[10:101])
    frame = pd.DataFrame({"a": wave, "b": 1 + wave}, index=index)
    forecast = pipeline().fit(frame.iloc[:100]).forecast(20)
    assert list(forecast.columns) == ["a", "b"]
    assert same(forecast.index, index[100:])


def test_the_index_continues_from_either_hour_at_the_end_of_summer_time(wave):
    hours = pd.date_range("2024-10-22 20:00", periods=125, freq="h", tz="Europe/Berlin")
    # 02:00 comes twice, at 102 and 103.
    for end in (102, 103, 104, 105):
        form = describe(pd.Series(wave[:end], hours[:end]))
        assert same(next_index(form, 20), hours[end : end + 20])
    # Files of the first versions have no offset.
    form["index"]["last"] = form["index"]["last"].removesuffix("+01:00")
    assert "+" not in form["index"]["last"]
    assert same(next_index(form, 20), hours[105:125])


def test_an_unsigned_index_may_fall(wave):
    form = describe(pd.Series(wave[:100], pd.Index(np.arange(200, 100, -1, dtype=np.uint8))))
    assert list(next_index(form, 3)) == [100, 99, 98]


def test_a_working_week_is_continued_by_the_step_of_the_training_series(wave):
    # As read from a file: dates alone.
    days = pd.DatetimeIndex(np.array(pd.date_range("2024-01-01", periods=120, freq="B")))
    series = pd.Series(wave, days)
    model = make_forecast_pipeline(WindowTransformer(5), LSTMForecaster(**TINY)).fit(series[:100])
    for end in (100, 105, 120):
        week = series[end - 5 : end]
        following = pd.bdate_range(days[end - 1], periods=4)[1:]
        assert same(model.forecast(3, context=week).index, following)
        assert model.predict(week).index[-1] == following[0]
    # Where the step does not fit, those of the context tell.
    hours = series[:30].set_axis(pd.date_range("2024-01-01", periods=30, freq="h"))
    assert model.forecast(2, context=hours).index[-1] == pd.Timestamp("2024-01-02 07:00")


def test_no_step_of_another_kind_is_taken(wave):
    months = pd.period_range("2015-01", periods=120, freq="M")
    form = describe(pd.Series(wave, months))
    days = pd.DatetimeIndex(np.array(months.to_timestamp()))
    assert next_index(describe(pd.Series(wave, days), form), 1)[0] == pd.Timestamp("2025-01-01")
    # What would leave the range of dates does not fit.
    yearly = describe(pd.Series(wave, pd.date_range("1990", periods=120, freq="YS", unit="ns")))
    monthly = pd.DatetimeIndex(np.array(pd.date_range("1990", periods=400, freq="MS", unit="ns")))
    series = pd.Series(np.zeros(400), monthly)
    assert next_index(describe(series, yearly), 1)[0] == pd.Timestamp("2023-05-01")
    # A step that is said counts for more than one that fits.
    two_days = pd.date_range("2024-01-01", periods=2, freq="D")
    form = describe(pd.Series(wave, pd.date_range("2024-01-01", periods=120, freq="B")))
    assert next_index(describe(pd.Series(wave[:2], two_days), form), 5).freqstr == "D"


def test_a_date_that_is_not_known(wave):
    dates = pd.Series(pd.date_range("2024-01-01", periods=120)).mask(np.arange(120) == 50)
    assert isinstance(pipeline().fit(pd.Series(wave, pd.Index(dates))).forecast(3), np.ndarray)


@pytest.mark.filterwarnings("ignore:.*(BDay|PeriodDtype.B.).*deprecated:FutureWarning")
@pytest.mark.parametrize("freq", ["M", "2M", "W-MON", "Q", "Y", "h", "15min", "B"])
@pytest.mark.parametrize("step", [1, 2, -1])
def test_periods_follow_by_the_step_between_them(wave, freq, step):
    periods = pd.period_range("2000-01", periods=40, freq=freq)[::step]
    n = len(periods) - 3
    assert next_index(describe(pd.Series(wave[:n], periods[:n])), 3).equals(periods[n:])
    assert describe(pd.Series(wave[:5], periods[[0, 1, 3, 4, 5]]))["index"] is None


def test_periods_between_periods():
    # A quarter of an hour every 16 minutes.
    minutes = pd.period_range("2000", periods=200, freq="min").asfreq("15min")[::16]
    assert describe(pd.Series(np.zeros(13), minutes))["index"] is None
    # Files of the first versions have no step.
    form = {"index": {"type": "period", "last": "2000-01", "freq": "M", "name": None}}
    assert next_index(form, 2).equals(pd.period_range("2000-02", periods=2, freq="M"))


@pytest.mark.parametrize(
    "order", [slice(None, None, -1), np.r_[5, 0:5, 6:120]], ids=["back", "mix"]
)
@pytest.mark.parametrize("index", [pd.date_range("2024", periods=120), INDEXES["periods"]])
def test_dates_out_of_order_are_refused(wave, order, index):
    series = pd.Series(wave, index).iloc[order]
    plain = make_pipeline(WindowTransformer(10), LSTMForecaster(**TINY))
    for fit in (pipeline(StandardScaler()).fit, lambda X: plain.fit(X.to_frame())):
        with pytest.raises(ValueError, match=r"order of time.*sort_index\(\)"):
            fit(series)
    scaled = make_pipeline(StandardScaler(), *plain)
    with pytest.raises(ValueError, match="order of time"):
        backtest(scaled, series.to_frame(), horizon=5, initial=100)


IRREGULAR = {
    "a gap": pd.DatetimeIndex(["2024-01-01", *pd.date_range("2024-01-09", periods=119)]),
    # The names of these steps, C, C, bh and DateOffset, do not say all of them.
    "holidays": pd.offsets.CustomBusinessDay(holidays=["2024-06-19"]),
    "another week": pd.offsets.CustomBusinessDay(weekmask="Sun Mon Tue Wed Thu"),
    "long hours": pd.offsets.BusinessHour(start="08:00", end="20:00"),
    "a calendar month": pd.DateOffset(months=1),
}


@pytest.mark.parametrize("name", IRREGULAR)
def test_an_irregular_index_gives_an_array(wave, name):
    index = IRREGULAR[name]
    if not isinstance(index, pd.DatetimeIndex):
        index = pd.date_range("2024-01-02", periods=120, freq=index)
    assert isinstance(pipeline().fit(pd.Series(wave, index=index)).forecast(3), np.ndarray)


def test_persistence(wave):
    series = pd.Series(2 + wave, index=INDEXES["days"])
    model = pipeline(StandardScaler()).fit(series)
    again = pickle.loads(pickle.dumps(model))
    pd.testing.assert_series_equal(again.forecast(7), model.forecast(7))


def test_clone_and_grid_search(wave):
    model = clone(pipeline(StandardScaler()))
    assert isinstance(model, ForecastPipeline)
    search = GridSearchCV(model, {"lstmforecaster__units": [3, 6]}, cv=TimeSeriesSplit(2))
    search.fit(wave[:, None])
    assert search.best_estimator_.forecast(4).shape == (4,)


def test_steps_that_cannot_be_inverted_are_named(wave):
    class OneWay(TransformerMixin, BaseEstimator):
        def fit(self, X, y=None):
            return self

        def transform(self, X):
            return X

    with pytest.raises(ValueError, match=r"'oneway' \(OneWay\) has no inverse_transform"):
        pipeline(OneWay()).fit(wave)


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([("f", LSTMForecaster(**TINY))], "must end with a WindowTransformer"),
        ([("w", WindowTransformer(10)), ("s", StandardScaler())], "has no method forecast"),
    ],
)
def test_steps_in_the_wrong_place(wave, steps, words):
    with pytest.raises(ValueError, match=words):
        ForecastPipeline(steps).fit(wave)


def test_a_failed_fit_changes_nothing(wave):
    model = pipeline(StandardScaler()).fit(wave)
    before = model.forecast(5)
    with pytest.raises(ValueError, match="NaN"):
        model.fit(np.where(np.arange(120) == 50, np.nan, wave))
    np.testing.assert_array_equal(model.forecast(5), before)


def test_a_failed_fit_changes_no_pipeline_within(wave):
    model = pipeline(make_pipeline(StandardScaler())).fit(wave)
    before = model.forecast(5)
    with pytest.raises(ValueError, match="window_length"):
        model.fit(1000 * wave[:5])
    np.testing.assert_array_equal(model.forecast(5), before)


def test_a_list_of_series_is_not_one_series(wave):
    for lengths in ((120,), (60, 60), (120, 90)):
        with pytest.raises(ValueError, match=f"list of {len(lengths)} series.*takes one"):
            pipeline().fit([wave[:n] for n in lengths])


def test_no_value_to_continue(wave):
    series = pd.Series(wave, INDEXES["days"])
    with pytest.raises(ValueError, match="0 sample"):
        pipeline().fit(series).forecast(3, context=series[:0])


def test_gaps_are_not_filled_by_a_step(wave):
    with pytest.raises(ValueError, match="'simpleimputer'.*gaps are filled before"):
        pipeline(SimpleImputer()).fit(wave)


def test_complex_values_are_refused_and_not_cut_to_their_real_part(wave):
    model = pipeline().fit(wave)
    for call in (model.predict, lambda X: model.forecast(3, context=X)):
        with pytest.raises(ValueError, match="Complex data not supported"):
            call(wave + 1j)


class SeasonalDifference(TransformerMixin, BaseEstimator):
    """Differences from the value a season ago: an inverse that looks back to the beginning."""

    def fit(self, X, y=None):
        self.first_ = np.asarray(X)[:20]
        return self

    def transform(self, X):
        return np.asarray(X)[20:] - np.asarray(X)[:-20]

    def inverse_transform(self, X):
        values = np.concatenate([self.first_, X])
        for k in range(20):
            values[k::20] = np.cumsum(values[k::20], axis=0)
        return values


def test_what_comes_back_by_chance_says_nothing_of_the_rest(wave):
    # Three fifths of the values are nights, the same from any beginning.
    days = np.maximum(wave - 0.3, 0) * np.repeat(np.random.default_rng(0).uniform(1, 2, 6), 20)
    model = pipeline(SeasonalDifference()).fit(days[:80])
    again = model[0].inverse_transform(model[0].transform(days[40:, None]))
    assert np.mean(again == days[40:, None]) > 0.5
    for call in (model.predict, lambda X: model.forecast(5, context=X)):
        with pytest.raises(ValueError, match="begins where the training series began"):
            call(days[40:])


def test_a_lost_value_does_not_move_the_end_of_the_series(wave):
    series = wave + 0.01 * np.arange(120)
    series[95] = 60.0
    limits = {"a_min": -3, "a_max": 3}
    clip = FunctionTransformer(np.clip, np.copy, kw_args=limits, check_inverse=False)
    model = pipeline(clip, Season()).fit(pd.Series(series[:110]))
    assert model._ends_with(pd.Series(series[70:110]))
    assert not model._ends_with(pd.Series(series[70:109]))


def test_make_forecast_pipeline_passes_all_on():
    given = {"memory": "folder", "transform_input": ["X_val"], "verbose": True}
    model = make_forecast_pipeline(WindowTransformer(), LSTMForecaster(), **given)
    assert {name: getattr(model, name) for name in given} == given
