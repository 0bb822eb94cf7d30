"""A `ForecastPipeline` of several named series."""

import pickle
import re
import warnings

import joblib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import skops.io
from helpers import warnings_of
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import skwave
from skwave import ForecastDisplay, LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave.datasets import make_wave
from skwave.exceptions import ForecastWarning
from skwave.model_selection import BacktestDisplay, ForecastSplit, backtest, forecast_scorer

TINY = {"units": 6, "epochs": 2, "random_state": 0}


def shop(k, n):
    rng = np.random.default_rng(k)
    values = 10.0**k * (3 + np.sin(np.arange(n) / 4 + k) + 0.1 * rng.normal(size=n))
    return pd.Series(values, pd.date_range("2024-01-01", periods=n, name="day"), name="sales")


SHOPS = {f"shop {k}": shop(k, 90 + 5 * k) for k in range(3)}
LONG = pd.concat(SHOPS, names=["shop"])


def pipeline(*transformers, **parameters):
    return make_forecast_pipeline(
        *transformers, WindowTransformer(10, **parameters), LSTMForecaster(**TINY)
    )


def log():
    return FunctionTransformer(np.log, inverse_func=np.exp)


@pytest.fixture(scope="module")
def fitted():
    return pipeline(log()).fit(LONG)


def test_forecasts_come_in_the_form_of_the_series(fitted):
    forecast = fitted.forecast(4)
    assert forecast.index.names == ["shop", "day"]
    assert forecast.name == "sales"
    for name, series in SHOPS.items():
        expected = pd.date_range(series.index[-1], periods=5, name="day")[1:]
        assert list(forecast[name].index) == list(expected)
    of_dict = pipeline(log()).fit(SHOPS).forecast(4)
    assert list(of_dict) == list(SHOPS)
    np.testing.assert_allclose(np.concatenate(list(of_dict.values())), forecast)
    of_arrays = pipeline(log()).fit([s.to_numpy() for s in SHOPS.values()]).forecast(4)
    np.testing.assert_allclose(np.concatenate(of_arrays), forecast)


def test_each_series_is_forecast_by_a_pipeline_of_its_own(fitted):
    forecast = fitted.forecast(4)
    for name, one in fitted.pipelines_.items():
        pd.testing.assert_series_equal(one.forecast(4), forecast[name], check_freq=False)
        true = 10.0 ** int(name[-1]) * 3
        assert 0.5 * true < one.forecast(30).mean() < 1.5 * true


def test_transformers_are_fitted_on_each_series():
    scaler = StandardScaler()
    model = pipeline(scaler).fit(LONG)
    for name, one in model.pipelines_.items():
        assert one[0].mean_[0] == pytest.approx(SHOPS[name].mean())
        assert one[0] is not scaler


def test_some_of_the_series_can_be_named(fitted):
    some = fitted.forecast(3, series=["shop 2", "shop 0"])
    assert list(some.index.unique("shop")) == ["shop 2", "shop 0"]
    one = fitted.forecast(3, series="shop 1")
    pd.testing.assert_series_equal(one, fitted.forecast(3)[["shop 1"]], check_index=False)
    with pytest.raises(ValueError, match="holds 'shop 9', which is not one of the names in fit"):
        fitted.forecast(3, series=["shop 9"])
    with pytest.raises(ValueError, match="series='shop 1', but fit saw one series"):
        fitted.pipelines_["shop 1"].forecast(3, series="shop 1")


def test_intervals_quantiles_and_paths_come_in_the_form_of_the_series(fitted):
    interval = fitted.forecast_interval(3, coverage=[0.5, 0.8])
    assert list(interval.columns) == [(c, b) for c in (0.5, 0.8) for b in ("lower", "upper")]
    assert interval.index.names == ["shop", "day"]
    assert (interval > 0).all(axis=None)
    quantiles = fitted.forecast_quantiles(3, [0.2, 0.5])
    assert quantiles.shape == (9, 2)
    paths = fitted.sample_paths(3, 5, random_state=0)
    assert paths.shape == (9, 5)
    np.testing.assert_array_equal(paths, fitted.sample_paths(3, 5, random_state=0))


def test_a_context_continues_a_series_or_begins_a_new_one(fitted):
    shorter = LONG.groupby("shop").head(60)
    forecast = fitted.forecast(2, context=shorter)
    for name in SHOPS:
        expected = fitted.pipelines_[name].forecast(2, context=SHOPS[name][:60])
        pd.testing.assert_series_equal(forecast[name], expected, check_freq=False)
    new = {"new": 1e5 * SHOPS["shop 0"][:40], "shop 1": SHOPS["shop 1"]}
    forecast = fitted.forecast(2, context=pd.concat(new, names=["shop"]))
    assert list(forecast.index.unique("shop")) == ["new", "shop 1"]
    assert 1e5 < forecast["new"].mean() < 5e5
    assert forecast["new"].index[0] == pd.Timestamp("2024-02-10")
    interval = fitted.forecast_interval(2, coverage=0.8, context=new)
    assert (interval.loc["new", "lower"] < forecast["new"]).all()
    with pytest.raises(ValueError, match="Series 'short': X has n_samples = 5 values, but"):
        fitted.forecast(2, context={"short": new["new"][-5:]})
    with pytest.raises(ValueError, match="context has the series 'new', which is not in series="):
        fitted.forecast(2, context=new, series=["shop 1"])
    with pytest.raises(ValueError, match="the type Series and is one series, but fit saw"):
        fitted.forecast(2, context=SHOPS["shop 0"])


def test_new_series_are_forecast_alike_in_each_unit(fitted):
    series = SHOPS["shop 0"][:50]
    model = pipeline().fit(SHOPS)
    one, other = (
        model.forecast(5, context={"new": scale * series})["new"] for scale in (1.0, 1000.0)
    )
    np.testing.assert_allclose(other, 1000 * one, rtol=1e-5)


def with_price(k, n):
    frame = shop(k, n).to_frame()
    frame["price"] = np.random.default_rng(50 + k).integers(0, 2, n)
    frame["sales"] += 10.0**k * frame["price"]
    return frame


def test_known_inputs_and_a_calendar_of_each_series():
    shops = {f"shop {k}": with_price(k, 100 + k) for k in range(3)}
    model = pipeline(known=["price"], calendar="day_of_week").fit(pd.concat(shops, names=["shop"]))
    futures = {}
    for name, one in shops.items():
        index = pd.date_range(one.index[-1], periods=4, name="day")[1:]
        futures[name] = pd.DataFrame({"price": [0, 1, 0]}, index)
    forecast = model.forecast(3, future=pd.concat(futures, names=["shop"]))
    assert list(forecast.columns) == ["sales"]
    for name in shops:
        expected = model.pipelines_[name].forecast(3, future=futures[name])
        pd.testing.assert_frame_equal(forecast.loc[name], expected, check_freq=False)
    with pytest.raises(ValueError, match="future has no values for the series 'shop 2'"):
        model.forecast(3, future={k: futures[k] for k in ("shop 0", "shop 1")})


def test_one_future_is_that_of_all_series():
    shops = {k: with_price(k, 100) for k in range(2)}
    model = pipeline(known=["price"]).fit(shops)
    index = pd.date_range(shops[0].index[-1], periods=4, name="day")[1:]
    future = pd.DataFrame({"price": [0, 1, 0]}, index)
    forecast = model.forecast(3, future=future)
    pd.testing.assert_frame_equal(forecast[1], model.pipelines_[1].forecast(3, future=future))


def test_predictions_scores_and_calibration_are_those_of_each_series(fitted):
    predictions = fitted.predict(LONG)
    for name in SHOPS:
        expected = fitted.pipelines_[name].predict(SHOPS[name])
        pd.testing.assert_series_equal(predictions[name], expected, check_freq=False)
    scores = [fitted.pipelines_[name].score(SHOPS[name]) for name in SHOPS]
    assert fitted.score(LONG) == pytest.approx(np.mean(scores))
    copy = pickle.loads(pickle.dumps(fitted))
    copy.calibrate(LONG, n_steps=20)
    assert all(one[-1].residual_paths_.shape[1] == 20 for one in copy.pipelines_.values())
    with pytest.raises(ValueError, match="X has the series 'x', which was not in fit"):
        fitted.predict({"x": SHOPS["shop 0"]})


def test_a_stored_pipeline_forecasts_the_same(fitted, tmp_path):
    joblib.dump(fitted, tmp_path / "model.joblib")
    for again in (joblib.load(tmp_path / "model.joblib"), pickle.loads(pickle.dumps(fitted))):
        pd.testing.assert_series_equal(again.forecast(5), fitted.forecast(5))
        for number, one in enumerate(again.pipelines_.values()):
            assert one[-1] is again[-1].forecasters_[number]
    assert not hasattr(clone(fitted), "pipelines_")


def test_a_search_over_several_series_scores_the_mean():
    model = make_forecast_pipeline(WindowTransformer(10), LSTMForecaster(**TINY | {"epochs": 1}))
    cv = ForecastSplit(1, horizon=6, context=16)
    scorer = forecast_scorer(mean_absolute_error, horizon=6)
    search = GridSearchCV(
        model, {"windowtransformer__window_length": [5, 10]}, cv=cv, scoring=scorer,
        error_score="raise",
    ).fit(LONG)  # fmt: skip
    ((train, _),) = cv.split(LONG)
    best = clone(search.best_estimator_).fit(LONG.iloc[train])
    errors = [
        np.abs(one.forecast(6) - SHOPS[name][-6:]).mean() for name, one in best.pipelines_.items()
    ]
    assert len(errors) == len(SHOPS)
    assert search.best_score_ == pytest.approx(-np.mean(errors))
    assert list(search.best_estimator_.forecast(2).index.unique("shop")) == list(SHOPS)


def test_a_split_cuts_each_series_by_itself():
    cv = ForecastSplit(3, horizon=4, context=7, step=2, max_train_size=30)
    for number, (train, test) in enumerate(cv.split(LONG)):
        for name, series in SHOPS.items():
            expected = list(cv.split(series))[number]
            for rows, of_one in zip((train, test), expected, strict=True):
                found = LONG.iloc[rows].loc[name]
                pd.testing.assert_series_equal(found, series.iloc[of_one], check_freq=False)


def test_a_backtest_of_several_series_fits_once_and_forecasts_each():
    model = pipeline(log())
    result = backtest(model, LONG, horizon=4, initial=60, step=10, coverage=0.8)
    assert list(result) == list(SHOPS)
    fitted = clone(model).fit(LONG.groupby("shop").head(60))
    for name, series in SHOPS.items():
        alone = backtest(
            FrozenEstimator(fitted.pipelines_[name]), series, horizon=4, initial=60, step=10,
            coverage=0.8,
        )  # fmt: skip
        np.testing.assert_allclose(result[name].y_pred, alone.y_pred)
    means = {
        metric: np.mean([one.scores[metric]["model"] for one in result.values()])
        for metric in result.scores
    }
    assert {metric: scores["model"] for metric, scores in result.scores.items()} == means
    table = result.to_frame()
    assert list(table.index) == list(SHOPS)
    assert table["mean_absolute_error", "naive"].notna().all()
    assert repr(result).startswith("SeriesBacktest(3 series)\nmean over the series")
    frozen = backtest(FrozenEstimator(fitted), LONG, horizon=4, initial=60, step=10)
    np.testing.assert_allclose(frozen["shop 1"].y_pred, result["shop 1"].y_pred)
    with pytest.raises(ValueError, match="refit=True, but several series have one fit"):
        backtest(model, LONG, horizon=4, initial=60, refit=True)
    with pytest.raises(ValueError, match="series has the series 'x', which was not in fit"):
        backtest(FrozenEstimator(fitted), {"x": SHOPS["shop 0"]}, horizon=4, initial=60)
    one = FrozenEstimator(fitted.pipelines_["shop 0"])
    with pytest.raises(ValueError, match="but the fit was of one series"):
        backtest(one, SHOPS, horizon=4, initial=60)
    with pytest.raises(ValueError, match="estimator is a forecaster of windows"):
        backtest(fitted[-1], SHOPS, horizon=4, initial=60)


def test_a_backtest_of_several_series_counts_and_names_those_that_it_warns_of(fitted):
    # A naive forecast of a constant has no error.
    series = {
        name: one.where(np.arange(len(one)) < 60, one.iloc[59])
        if name != "shop 1"
        else one.drop(one.index[70])
        for name, one in SHOPS.items()
    }
    found = warnings_of(backtest, FrozenEstimator(fitted), series, horizon=4, initial=60, step=3)
    (lacking,) = [message for message in found if "lacks" in message]
    assert lacking.startswith("series['shop 1'] lacks 1 of ")
    (missing,) = [message for message in found if "true values are missing" in message]
    assert "the scores leave them out" in missing
    (worse,) = [message for message in found if "worse" in message]
    assert "of 2 of 3 series are worse than the naive one" in worse
    assert "mean absolute error of 'shop 0' is " in worse
    assert "that of repeating the last known value 0." in worse


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"horizon": 0}, ValueError, "horizon=0"),
        ({"step": 1.5}, TypeError, "step=1.5"),
        ({"metrics": "x"}, TypeError, "metric"),
        ({"coverage": 90}, ValueError, "coverage=90"),
        ({"season_length": 61}, ValueError, "Series 'shop 0': season_length=61"),
        ({"initial": 1000}, ValueError, "Series 'shop 0': series has"),
    ],
)
def test_a_backtest_of_several_series_finds_errors_before_the_fit(
    change, error, message, monkeypatch
):
    monkeypatch.setattr(LSTMForecaster, "fit", lambda *_: pytest.fail("fitted"))
    with pytest.raises(error, match=message):
        backtest(pipeline(), SHOPS, **{"horizon": 4, "initial": 60, "step": 10} | change)


@pytest.mark.parametrize("call", ["forecast", "predict", "score", "backtest", "fit", "windows"])
def test_an_empty_table_of_several_series_is_refused(fitted, call):
    empty = LONG[LONG < 0]
    calls = {
        "forecast": lambda: fitted.forecast(2, context=empty),
        "predict": lambda: fitted.predict(empty),
        "score": lambda: fitted.score(empty),
        "backtest": lambda: backtest(pipeline(), empty, horizon=4, initial=60),
        "fit": lambda: pipeline().fit(empty),
        "windows": lambda: WindowTransformer(10).fit(empty),
    }
    with pytest.raises(ValueError, match="index of several levels, but no rows"):
        calls[call]()


def test_series_is_any_iterable_of_names(fitted):
    forecasts = fitted.forecast(2, series=SHOPS.keys() - {"shop 1"})
    assert set(forecasts.index.get_level_values(0)) == {"shop 0", "shop 2"}
    with pytest.raises(ValueError, match=r"holds \['shop 0'\], which is not one of the names"):
        fitted.forecast(2, series=[["shop 0"]])
    with pytest.raises(ValueError, match=r"series=\[\] names no series"):
        fitted.forecast(2, series=[])
    twice = fitted.forecast(2, series=["shop 0", "shop 0"])
    pd.testing.assert_series_equal(twice, fitted.forecast(2, series=["shop 0"]))


def test_a_new_series_has_the_frequency_of_the_others():
    days = pd.bdate_range("2024-01-01", periods=90)
    weekdays = {name: pd.Series(series.to_numpy()[:90], days) for name, series in SHOPS.items()}
    model = pipeline().fit(weekdays)
    # A working week and a half alone looks like days.
    new = pd.Series(weekdays["shop 0"].to_numpy()[:15], pd.DatetimeIndex(days[:15], freq=None))
    new = {"new": new.iloc[-14:]}
    expected = model.forecast(2, context={"shop 0": new["new"]})["shop 0"].index
    assert list(model.forecast(2, context=new)["new"].index) == list(expected)
    hourly = pd.Series(np.arange(15.0), pd.date_range("2024-01-01", periods=15, freq="h"))
    with pytest.raises(ValueError, match="Series 'new': context has rows that are 0 days 01:00"):
        model.forecast(2, context={"new": hourly})


def test_missing_rows_are_warned_of_once_though_lengths_differ():
    # Windows of a third of each would have 8 and 12 values.
    series = {"short": SHOPS["shop 0"][:24].drop(SHOPS["shop 0"].index[15]), "long": shop(1, 36)}
    model = make_forecast_pipeline(WindowTransformer("auto"), LSTMForecaster(**TINY))
    assert len([m for m in warnings_of(model.fit, series) if "lacks" in m]) == 1


@pytest.mark.filterwarnings("ignore:Of 2 series")  # windows of ten days hold no season
def test_a_level_of_categories_that_has_no_rows_is_no_series():
    table = LONG.reset_index("shop")
    table["shop"] = table["shop"].astype("category")
    table = table.set_index("shop", append=True).swaplevel()["sales"]
    table = table[table.index.get_level_values("shop") != "shop 1"]
    assert list(pipeline().fit(table).pipelines_) == ["shop 0", "shop 2"]


def test_a_series_without_a_window_to_train_on_is_named():
    series = {**SHOPS, "new": SHOPS["shop 0"][:10]}
    with pytest.raises(ValueError, match="^Series 'new': .* only 0 of the 1 windows"):
        pipeline().fit(series)


def test_a_plain_pipeline_and_a_failed_calibration():
    plain = make_pipeline(WindowTransformer(10), LSTMForecaster(**TINY))
    own = backtest(pipeline(), SHOPS, horizon=4, initial=60, step=10)
    found = backtest(plain, SHOPS, horizon=4, initial=60, step=10)
    np.testing.assert_allclose(found["shop 1"].y_pred, own["shop 1"].y_pred)
    model = pipeline().fit(SHOPS)
    before = model.forecast_interval(3, coverage=0.5)
    with pytest.raises(ValueError, match="n_samples|values"):
        model.calibrate(SHOPS | {"shop 2": SHOPS["shop 2"][:5]})
    after = model.forecast_interval(3, coverage=0.5)
    for name in SHOPS:
        pd.testing.assert_frame_equal(after[name], before[name])


def test_a_display_draws_the_series_of_a_name(fitted):
    later = {name: next_values(series) for name, series in SHOPS.items()}
    table = pd.concat(later, names=["shop"])
    alone = ForecastDisplay.from_estimator(
        fitted.pipelines_["shop 1"], later["shop 1"], history=SHOPS["shop 1"], coverage=0.8
    )
    plt.close("all")
    for y_true, history in (
        (later["shop 1"], SHOPS["shop 1"]), (later, SHOPS), (table, LONG),
    ):  # fmt: skip
        display = ForecastDisplay.from_estimator(
            fitted, y_true, history=history, coverage=0.8, name="shop 1"
        )
        for name in ("y_true", "y_pred", "history", "intervals"):
            np.testing.assert_array_equal(getattr(display, name), getattr(alone, name))
        assert list(display.index) == list(later["shop 1"].index)
        plt.close("all")


def next_values(series):
    days = pd.date_range(series.index[-1], periods=6, name="day")[1:]
    return pd.Series(series.iloc[:5].to_numpy(), days, name="sales")


def test_a_display_names_the_series_that_it_may_draw(fitted):
    several = r"the fit has the series \['shop 0', 'shop 1', 'shop 2'\]"
    for name in (None, "other", ["shop 0"]):
        with pytest.raises(ValueError, match=f"name={re.escape(repr(name))}, but {several}"):
            ForecastDisplay.from_estimator(fitted, SHOPS, name=name)
    with pytest.raises(ValueError, match=r"name='shop 1', but y_true has the series \['shop 0'\]"):
        ForecastDisplay.from_estimator(fitted, {"shop 0": SHOPS["shop 0"]}, name="shop 1")
    one = fitted.pipelines_["shop 0"]
    with pytest.raises(ValueError, match="name='shop 0', but fit saw a single series"):
        ForecastDisplay.from_estimator(one, next_values(SHOPS["shop 0"]), name="shop 0")


def test_a_display_draws_the_backtest_of_a_name(fitted):
    result = backtest(FrozenEstimator(fitted), SHOPS, horizon=4, initial=60, step=10)
    display = BacktestDisplay.from_backtest(result, name="shop 2")
    assert display.result is result["shop 2"]
    plt.close("all")
    again = BacktestDisplay.from_estimator(
        FrozenEstimator(fitted), SHOPS, horizon=4, initial=60, step=10, name="shop 2"
    )
    np.testing.assert_array_equal(again.result.y_pred, result["shop 2"].y_pred)
    plt.close("all")
    with pytest.raises(ValueError, match="name=None, but the backtest has the series"):
        BacktestDisplay.from_backtest(result)
    with pytest.raises(ValueError, match="name=0, but the backtest is of a single series"):
        BacktestDisplay.from_backtest(result["shop 2"], name=0)


def test_an_error_names_the_series_and_changes_nothing(fitted):
    model = pickle.loads(pickle.dumps(fitted))
    short = SHOPS | {"shop 1": SHOPS["shop 1"][:5]}
    with pytest.raises(ValueError, match="Series 'shop 1': X has n_samples = 5"):
        model.fit(short)
    pd.testing.assert_series_equal(model.forecast(5), fitted.forecast(5))
    with pytest.raises(TypeError, match=r"fit got \['lstmforecaster__sample_weight'\]"):
        model.fit(LONG, lstmforecaster__sample_weight=np.ones(3))


@pytest.mark.parametrize("call", ["predict", "score", "calibrate"])
def test_an_error_about_one_series_names_it(fitted, call):
    short = SHOPS | {"shop 1": SHOPS["shop 1"][:5]}
    with pytest.raises(ValueError, match="Series 'shop 1': X has n_samples = 5 values, but"):
        getattr(fitted, call)(pd.concat(short, names=["shop"]))


def test_series_with_other_columns_are_refused():
    frame = pd.DataFrame({"load": SHOPS["shop 0"], "price": SHOPS["shop 0"] + 1})
    for other in (frame[["price", "load"]], frame.rename(columns={"price": "heat"})):
        with pytest.raises(ValueError, match="Series 'b': .*has the columns .*in this order"):
            pipeline().fit({"a": frame, "b": other})


def test_gaps_in_the_index_of_a_series_are_filled_with_a_warning():
    gappy = SHOPS | {"shop 1": SHOPS["shop 1"].drop(SHOPS["shop 1"].index[[20, 21]])}
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        model = pipeline().fit(pd.concat(gappy, names=["shop"]))
    (message,) = [str(w.message) for w in found if "lacks 2 of 95 rows" in str(w.message)]
    # It names the series, by code that gives it.
    assert message.startswith("X['shop 1'] lacks")
    assert "X['shop 1'].asfreq('D')" in message
    assert model.forecast(3).notna().all()


@pytest.mark.filterwarnings("ignore:Of 3 series")  # the readout is not trained long enough
def test_a_window_length_that_is_found_is_one_for_all_series():
    hours = np.arange(1300)
    week = np.sin(2 * np.pi * hours / 24) - (hours // 24 % 7 >= 5)
    noise = 0.2 * np.random.default_rng(0).normal(size=1300)
    series = [week + noise, 50 + 3 * (week + noise)[:1000], noise[:400]]
    # 168 coefficients take long to solve for, and many updates over 168 values too.
    quick = TINY | {"epochs": 1, "batch_size": 512, "readout": "trained"}
    forecaster = LSTMForecaster(**quick, validation="last")
    model = make_forecast_pipeline(WindowTransformer("auto"), forecaster).fit(series)
    assert {one[-2].window_length_ for one in model.pipelines_.values()} == {168}
    assert forecaster.window_shape_ == (168, 1)
    assert [len(forecast) for forecast in model.forecast(3)] == [3, 3, 3]
    assert len(model.forecast(3, context={3: week[:200]})) == 1


def test_a_series_shorter_than_the_window_length_that_is_found_is_named():
    hours = np.arange(1300)
    week = np.sin(2 * np.pi * hours / 24) - (hours // 24 % 7 >= 5)
    noise = 0.2 * np.random.default_rng(0).normal(size=1300)
    series = {"old": week + noise, "older": 2 * week + noise, "new": noise[:100]}
    model = make_forecast_pipeline(WindowTransformer("auto"), LSTMForecaster(**TINY))
    with pytest.raises(ValueError, match="Series 'new': X has n_samples = 100 values"):
        model.fit(series)


def test_weights_of_values_are_refused_where_several_series_are_scored(fitted):
    with pytest.raises(ValueError, match="sample_weight is given, but the fit was of several"):
        fitted.score(LONG, sample_weight=np.ones(len(LONG)))


def test_memory_and_verbose_are_those_of_the_pipeline(fitted, tmp_path, capsys):
    memory = joblib.Memory(tmp_path, verbose=0)
    model = pipeline(log()).set_params(memory=memory, verbose=True).fit(LONG)
    assert capsys.readouterr().out.count("Processing windowtransformer") == len(SHOPS)
    assert list(tmp_path.rglob("output.pkl"))
    pd.testing.assert_series_equal(model.forecast(4), fitted.forecast(4))


@pytest.mark.filterwarnings("ignore:Of 2 series")
def test_a_context_with_other_levels_is_refused():
    table = pd.concat({("north", "milk"): SHOPS["shop 0"], ("south", "milk"): SHOPS["shop 1"]})
    table.index.names = ["shop", "product", "day"]
    model = pipeline().fit(table)
    expected = model.forecast(2)
    for context in (table.swaplevel(0, 1), table.droplevel(1)):
        with pytest.raises(ValueError, match=r"levels .* \['shop', 'product'\]. Give the same"):
            model.forecast(2, context=context)
    without_names = table.rename_axis([None, None, None])
    found = model.forecast(2, context=without_names)
    pd.testing.assert_series_equal(found, expected, check_names=False)


def test_a_series_of_irregular_dates_among_regular_ones_is_warned_of():
    rows = SHOPS["shop 1"].sample(frac=0.4, random_state=0).sort_index()
    with pytest.warns(ForecastWarning, match="1 of 2 series, such as 'slow', have dates"):
        pipeline().fit({"fast": SHOPS["shop 0"], "slow": rows})


@pytest.mark.filterwarnings("ignore:The provided functions are not strictly inverse")
def test_a_new_series_without_a_value_is_refused(fitted):
    with pytest.raises(ValueError, match="Series 'new': Column 0 of X has no values"):
        fitted.forecast(2, context={"new": SHOPS["shop 0"] * np.nan})


@pytest.mark.filterwarnings("ignore:Of 4 series")
def test_the_season_of_several_series_is_that_of_most():
    noise = np.random.default_rng(0).normal(size=300)
    wave = np.sin(2 * np.pi * np.arange(200) / 7)
    series = [noise, wave, 2 * wave + 0.1 * noise[:200], wave + 0.1 * noise[:200]]
    model = pipeline().fit(series)
    assert model[-1]._report["season_length"] == 7


@pytest.mark.parametrize(
    "names", [(("north", 1), ("south", 2)), (True, False), (None, "b"), (1, 2)]
)
def test_series_of_any_name_are_stored_by_skops(names):
    wave = make_wave("sine", n_cycles=4, steps_per_cycle=20)
    steps = WindowTransformer(10), LSTMForecaster(**TINY | {"epochs": 1})
    model = make_forecast_pipeline(*steps).fit(dict(zip(names, (wave, 2 * wave), strict=True)))
    data = skops.io.dumps(model)
    trusted = [*skwave.TRUSTED_TYPES, *skops.io.get_untrusted_types(data=data)]
    loaded = skops.io.loads(data, trusted=trusted)
    found, expected = loaded.forecast(2), model.forecast(2)
    assert list(found) == list(expected) == list(names)
    for name in names:
        np.testing.assert_array_equal(found[name], expected[name])


@pytest.mark.parametrize("unit", [1, 1e-3, 1e6])
@pytest.mark.parametrize("loss", ["mean_squared_error", "mean_absolute_error"])
def test_a_constant_series_among_others_is_forecast_as_constant_in_any_unit(unit, loss):
    rng = np.random.default_rng(0)
    series = [unit * rng.normal(3, 1, size=60) for _ in range(3)]
    constant = {"zero": np.zeros(60), "five": np.full(60, 5 * unit)}
    model = make_forecast_pipeline(
        WindowTransformer(10), LSTMForecaster(**TINY | {"epochs": 1}, loss=loss)
    ).fit(dict(enumerate(series)) | constant)
    # And one that was not in the fit.
    forecasts = model.forecast(9) | model.forecast(9, context={"new": constant["five"]})
    for name, value in (("zero", 0), ("five", 5), ("new", 5)):
        np.testing.assert_allclose(forecasts[name], value * unit, rtol=1e-9, atol=1e-9 * unit)
