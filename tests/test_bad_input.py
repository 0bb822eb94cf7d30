"""Every public class and function with every kind of bad argument: the exception and its words.

test_validation.py has the checks themselves.
"""

import copy

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import Binarizer, StandardScaler

from skwave import (
    ForecastDisplay,
    ForecastPipeline,
    HistoryDisplay,
    LSTMForecaster,
    WindowTransformer,
    make_forecast_pipeline,
)
from skwave._persistence import checksum
from skwave.datasets import make_mackey_glass, make_wave

TINY = {"units": 4, "epochs": 1, "random_state": 0}
SERIES = make_wave("sine", n_cycles=4, steps_per_cycle=20)
WINDOWS = WindowTransformer(6).fit_transform(SERIES)
PAIR = np.column_stack([SERIES, SERIES])


def spoiled(array, value):
    array = np.array(array)
    array.flat[5] = value
    return array


# Arrays that are no series, for whatever takes one.
BAD_SERIES = {
    "infinity": (spoiled(SERIES, -np.inf), ValueError, "contains infinity"),
    "strings": (np.array(list("abcdefghij")), ValueError, "holds text such as 'a'"),
    "complex": (SERIES * 1j, ValueError, "Complex data not supported"),
    "dates": (np.arange(80).astype("datetime64[D]"), (ValueError, TypeError), "datetime|dtype"),
    "durations": (np.arange(80).astype("timedelta64[D]"), (ValueError, TypeError), "time|dtype"),
    "three axes": (np.ones((9, 9, 2)), ValueError, "3 dim|dim 3"),
    "one number": (3.0, (ValueError, TypeError), "0 dim|dim 0|scalar|0D|iter"),
    "None": (None, ValueError, "NoneType|None|NaN"),
    "nothing": ([], ValueError, "0 sample|n_samples = 0|minimum of 1"),
    "no channels": (np.ones((80, 0)), ValueError, "0 (feature|column)"),
    "too short": (SERIES[:5], ValueError, "has .*5 values.*window_length=6.*longer"),
    "sparse": (csr_array(np.eye(9)), TypeError, "[Ss]parse"),
    "ragged": ([[1.0, 2.0], [3.0]], ValueError, "inhomogeneous|sequence"),
    "a dict": ({"a": 1.0}, (ValueError, TypeError), "dict|float|0 dim|dim 0|0D|scalar"),
    "words": ("series", (ValueError, TypeError), "0 dim|dim 0|0D|scalar|convert|string"),
}

# The same for whatever takes windows (n, 6, 1).
BAD_WINDOWS = {
    "infinity in a view": (
        np.lib.stride_tricks.sliding_window_view(spoiled(SERIES, np.inf), 6)[:, :, None],
        ValueError,
        "contains infinity",
    ),
    "infinity": (spoiled(WINDOWS, np.inf), ValueError, "contains infinity"),
    "strings": (np.full((9, 6), "a"), ValueError, "could not convert|numeric"),
    "complex": (WINDOWS * 1j, ValueError, "Complex data not supported"),
    "dates": (np.zeros((9, 6), "datetime64[D]"), (ValueError, TypeError), "datetime|dtype"),
    "durations": (np.zeros((9, 6), "timedelta64[D]"), (ValueError, TypeError), "time|dtype"),
    "one axis": (SERIES, ValueError, "X is a series of 80 values.*WindowTransformer"),
    "four axes": (WINDOWS[..., None], ValueError, r"X has shape .* \(n_windows, window_length"),
    "one number": (3.0, (ValueError, TypeError), "0 dim|scalar|dim 0|0D|Singleton"),
    "None": (None, ValueError, "None"),
    "no windows": (WINDOWS[:0], ValueError, "0 sample|minimum of 1"),
    "no values": (np.ones((9, 0)), ValueError, "0 feature"),
    "no channels": (np.ones((9, 6, 0)), ValueError, "of shape|has shape|0 feature|least one"),
    "sparse": (csr_array(np.eye(9, 6)), TypeError, "[Ss]parse"),
    "ragged": ([[1.0, 2.0], [3.0]], ValueError, "inhomogeneous|sequence"),
}
OTHER_WINDOWS = {
    "longer windows": (np.ones((9, 7)), ValueError, "7 features.*expecting 6|expected on"),
    "more channels": (np.ones((9, 6, 2)), ValueError, r"\(6, 2\).*fitted on.*\(6, 1\)"),
}
BAD_STEPS = {
    "zero": (0, ValueError, "n_steps=0, but an int of at least 1"),
    "negative": (-3, ValueError, "n_steps=-3, but an int of at least 1"),
    "a float": (2.0, TypeError, "n_steps=2.0 is a float, but an int is needed"),
    "a bool": (True, TypeError, "n_steps=True is a bool"),
    "words": ("10", TypeError, "n_steps='10' is a str"),
    "None": (None, TypeError, "n_steps=None is a NoneType"),
}
BAD_TARGETS = {
    "too few": (np.ones(9), ValueError, "9 targets for 75 windows.*one for each of the 80"),
    "NaN": (spoiled(SERIES[:75], np.nan), ValueError, "y contains NaN"),
    "strings": (np.array(["a"] * 75), ValueError, "could not convert|numeric"),
    "complex": (SERIES[:75] * 1j, ValueError, "Complex data not supported"),
    "one number": (3.0, (ValueError, TypeError), "y should be|Singleton|0 dim|unsized|scalar"),
    "nothing": ([], ValueError, "0 sample|minimum of 1"),
    "no outputs": (np.ones((75, 0)), ValueError, "0 feature|no outputs|outputs"),
    "sparse": (csr_array(np.ones((75, 1))), TypeError, "[Ss]parse"),
}
BAD_WEIGHTS = {
    "too few": (np.ones(9), ValueError, "sample_weight.shape == .*expected"),
    "two axes": (np.ones((75, 2)), ValueError, "1D|[Ss]ample weights must be"),
    "NaN": (spoiled(np.ones(75), np.nan), ValueError, "contains NaN"),
    "strings": (np.array(["a"] * 75), ValueError, "could not convert"),
}
BAD_PARAMETERS = {
    "units": [0, -1, 2.5, "8", None, (), (4, 0), [4, 2.0], [True], {"a": 4}],
    "output_length": [0, 1.5, "1", None],
    "normalization": ["rows", 1, True],
    "readout": ["linear", None, 3, True],
    "dropout": [-0.1, 1.0, "a", None],
    "loss": [3, None, "no such loss"],
    "optimizer": ["no such optimizer", 3],
    "learning_rate": [0, -1, "a", None],
    "schedule": ["linear", 1],
    "clipnorm": [0, -1, "a"],
    "batch_size": [0, 1.5, None],
    "epochs": [0, 1.5, "many", None],
    "validation_split": [-0.1, 1.0, None],
    "validation": ["first", None, 3],
    "patience": [-1, 1.5, "a"],
    "callbacks": ["a", 3, [3]],
    "checkpoint_dir": [3, ["a"]],
    "backup_dir": [3, ["a"]],
    "warm_start": ["yes", None],
    "jit_compile": ["yes", None, 2],
    "random_state": ["a", -1, 1.5],
    "verbose": [-1, 3, "loud", None],
}
BAD_OTHER = {
    "wave kind": (lambda: make_wave("square"), ValueError, "kind='square', but one of"),
    "wave noise": (lambda: make_wave("sine", noise=np.nan), ValueError, "noise=nan, but a number"),
    "chaos length": (lambda: make_mackey_glass(2.0), TypeError, "n=2.0 is a float"),
    "chaos delay": (lambda: make_mackey_glass(9, tau=-1), ValueError, "tau=-1, but an int of at"),
    "pipeline of one step": (
        lambda: make_forecast_pipeline(LSTMForecaster(**TINY)).fit(SERIES),
        ValueError,
        "steps end with a WindowTransformer and an LSTMForecaster, but got",
    ),
    "pipeline in the wrong order": (
        lambda: make_forecast_pipeline(LSTMForecaster(**TINY), WindowTransformer(6)).fit(SERIES),
        ValueError,
        "steps end with a WindowTransformer and an LSTMForecaster, but got",
    ),
    "pipeline of no forecaster": (
        lambda: make_forecast_pipeline(WindowTransformer(6), Binarizer()).fit(SERIES),
        ValueError,
        r"but got \['windowtransformer', 'binarizer'\]",
    ),
    "pipeline of a step without inverse": (
        lambda: make_forecast_pipeline(
            Binarizer(), WindowTransformer(6), LSTMForecaster(**TINY)
        ).fit(SERIES),
        ValueError,
        "'binarizer'.*no inverse_transform.*give it an inverse",
    ),
    "display of two lengths": (
        lambda: ForecastDisplay.from_predictions(SERIES[:9], SERIES[:8]),
        ValueError,
        "inconsistent numbers of samples",
    ),
    "display of infinity": (
        lambda: ForecastDisplay.from_predictions([1.0, np.inf], [1.0, 2.0]),
        ValueError,
        "y_true contains infinity",
    ),
    "display of nothing fitted": (
        lambda: ForecastDisplay.from_estimator(LSTMForecaster(), SERIES[:9]),
        NotFittedError,
        "not fitted",
    ),
    "history of nothing fitted": (
        lambda: HistoryDisplay.from_estimator(LSTMForecaster()),
        NotFittedError,
        "not fitted",
    ),
}


@pytest.fixture(scope="module")
def transformer():
    return WindowTransformer(6).fit(SERIES)


@pytest.fixture(scope="module")
def forecaster():
    # partial_fit moves a readout that was solved for without Keras, which knows no bad loss then.
    return LSTMForecaster(**TINY, readout="trained").fit(WINDOWS)


@pytest.fixture(scope="module")
def pipeline():
    steps = StandardScaler(), WindowTransformer(6)
    return make_forecast_pipeline(*steps, LSTMForecaster(**TINY)).fit(SERIES)


def refuse(estimator, call, error, words):
    """Call, expect the error, and find the estimator as it was."""
    before = checksum(estimator.__getstate__())
    with pytest.raises(error, match=f"(?s){words}"):
        call(estimator)
    assert checksum(estimator.__getstate__()) == before


def cases(*tables):
    return [pytest.param(*case, id=name) for table in tables for name, case in table.items()]


@pytest.mark.parametrize("method", ["fit", "transform", "fit_transform"])
@pytest.mark.parametrize(("series", "error", "words"), cases(BAD_SERIES))
def test_the_transformer_refuses_bad_series(transformer, method, series, error, words):
    refuse(transformer, lambda t: getattr(t, method)(series), error, words)


@pytest.mark.parametrize("method", ["predict", "score"])
@pytest.mark.parametrize(("windows", "error", "words"), cases(BAD_WINDOWS, OTHER_WINDOWS))
def test_a_fitted_forecaster_refuses_bad_windows(forecaster, method, windows, error, words):
    refuse(forecaster, lambda f: getattr(f, method)(windows), error, words)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize(("windows", "error", "words"), cases(BAD_WINDOWS))
def test_fit_refuses_bad_windows(forecaster, method, windows, error, words):
    refuse(forecaster, lambda f: getattr(f, method)(windows), error, words)


@pytest.mark.parametrize(("windows", "error", "words"), cases(OTHER_WINDOWS))
def test_a_continued_fit_refuses_windows_of_another_shape(forecaster, windows, error, words):
    refuse(forecaster, lambda f: f.partial_fit(windows), error, words)
    warm = copy.deepcopy(forecaster).set_params(warm_start=True)
    refuse(warm, lambda f: f.fit(windows), error, words)


@pytest.mark.parametrize("method", ["fit", "partial_fit", "score"])
@pytest.mark.parametrize(("y", "error", "words"), cases(BAD_TARGETS))
def test_bad_targets_are_refused(forecaster, method, y, error, words):
    refuse(forecaster, lambda f: getattr(f, method)(WINDOWS, y), error, words)


@pytest.mark.parametrize("method", ["fit", "partial_fit", "score"])
@pytest.mark.parametrize(("weights", "error", "words"), cases(BAD_WEIGHTS))
def test_bad_weights_are_refused(forecaster, method, weights, error, words):
    refuse(forecaster, lambda f: getattr(f, method)(WINDOWS, sample_weight=weights), error, words)


@pytest.mark.parametrize("readout", ["auto", "trained"])
@pytest.mark.parametrize(("part", "first", "last"), [("to train on", 0, 1), ("held out", 1, 0)])
def test_weights_that_are_zero_in_one_part_are_refused(readout, part, first, last):
    n, n_last = len(WINDOWS), 5 if last else 25
    weights = np.repeat([first, last], [n - n_last, n_last])
    noise = np.random.default_rng(0).normal(size=SERIES.shape)
    windows = WindowTransformer(6).fit_transform(SERIES + 0.1 * noise)
    model = LSTMForecaster(units=4, epochs=1, readout=readout, validation="last")
    with pytest.raises(ValueError, match=f"zero for all .* {part}.*validation_split"):
        model.fit(windows, sample_weight=weights)
    others = [{"validation_split": 0}]
    if part == "held out":
        # Forecasts choose, which have no weights.
        others += [{"validation": "forecast"}]
    for other in others:
        chosen = clone(model).set_params(**other).fit(windows, sample_weight=weights)
        assert np.isfinite(chosen.history_["loss"]).all()


def test_windows_that_do_not_continue_each_other_are_refused(forecaster):
    words = "only 0 of the 38 windows in X are followed.*unshuffled"
    refuse(forecaster, lambda f: f.fit(WINDOWS[::2]), ValueError, words)
    refuse(forecaster, lambda f: f.score(WINDOWS[::2]), ValueError, words)


@pytest.mark.parametrize("n_steps", BAD_STEPS)
def test_bad_numbers_of_steps_are_refused(forecaster, pipeline, n_steps):
    n_steps, error, words = BAD_STEPS[n_steps]
    refuse(forecaster, lambda f: f.forecast(n_steps), error, words)
    refuse(pipeline, lambda p: p.forecast(n_steps), error, words)


@pytest.mark.parametrize(
    ("context", "error", "words"),
    [
        (np.ones(5), ValueError, r"context has shape \(5, 1\), but \(6, 1\) is needed"),
        (np.ones((6, 2)), ValueError, r"context has shape \(6, 2\)"),
        (np.ones((3, 6)), ValueError, r"context has shape \(3, 6\)"),
        (np.ones((2, 2, 6, 1)), ValueError, r"context has shape \(2, 2, 6, 1\)"),
        (np.ones((0, 6, 1)), ValueError, "0 sample"),
        (spoiled(np.ones(6), np.nan), ValueError, "context has a gap at row 5, with 5 values"),
        (spoiled(np.ones(6), np.inf), ValueError, "context contains infinity"),
        (list("abcdef"), ValueError, "could not convert|numeric"),
        (np.ones(6) * 1j, ValueError, "Complex data not supported"),
        (np.zeros(6, "datetime64[D]"), (ValueError, TypeError), "datetime|dtype"),
        (np.zeros(6, "timedelta64[D]"), (ValueError, TypeError), "time|dtype"),
        (3.0, (ValueError, TypeError), "context|scalar|Singleton|0D|0 dim"),
        (csr_array(np.ones((6, 1))), TypeError, "[Ss]parse"),
    ],
)
def test_bad_contexts_are_refused(forecaster, context, error, words):
    refuse(forecaster, lambda f: f.forecast(3, context=context), error, words)


@pytest.mark.parametrize("method", ["fit", "predict", "score", "forecast"])
@pytest.mark.parametrize(("series", "error", "words"), cases(BAD_SERIES))
def test_a_pipeline_refuses_bad_series(pipeline, method, series, error, words):
    if method == "forecast":
        if series is None:
            return  # continues the series of fit
        refuse(pipeline, lambda p: p.forecast(3, context=series), error, words)
    else:
        refuse(pipeline, lambda p: getattr(p, method)(series), error, words)


def test_a_pipeline_refuses_a_column_of_dates(pipeline):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": SERIES, "day": pd.date_range("2024", periods=80)})
    for method in ("fit", "predict", "score"):
        refuse(
            pipeline,
            lambda p, m=method: getattr(p, m)(frame),
            ValueError,
            "dtype.*datetime|dtype <M8",
        )


def test_a_failed_fit_leaves_the_steps_as_they_were(pipeline):
    before = pipeline[0].mean_.copy()
    refuse(pipeline, lambda p: p.fit(100 + SERIES[:5]), ValueError, "longer series")
    np.testing.assert_array_equal(pipeline[0].mean_, before)


def test_a_pipeline_refuses_other_channels(pipeline):
    for call in (
        lambda p: p.predict(PAIR),
        lambda p: p.score(PAIR),
        lambda p: p.forecast(3, context=PAIR),
    ):
        refuse(pipeline, call, ValueError, "2 columns, but fit saw 1")


@pytest.mark.parametrize(
    ("name", "value"), [(n, v) for n, values in BAD_PARAMETERS.items() for v in values], ids=str
)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_bad_parameters_are_refused(forecaster, method, name, value):
    changed = copy.deepcopy(forecaster).set_params(**{name: value})
    wrong_items = ([3], [4, 2.0], [True], {"a": 4})
    error = TypeError if value in wrong_items else ValueError
    words = name if name != "random_state" else "random_state|Seed must be|seed"
    if method == "partial_fit" and name == "backup_dir" and not isinstance(value, int | list):
        return
    with pytest.raises(error, match=words):
        getattr(changed, method)(WINDOWS)
    assert changed.get_params()[name] is value
    np.testing.assert_array_equal(changed.forecast(5), forecaster.forecast(5))


@pytest.mark.parametrize(("call", "error", "words"), cases(BAD_OTHER))
def test_other_bad_arguments_are_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda: WindowTransformer().transform(SERIES),
        lambda: WindowTransformer().inverse_transform(WINDOWS),
        lambda: LSTMForecaster().predict(WINDOWS),
        lambda: LSTMForecaster().score(WINDOWS),
        lambda: LSTMForecaster().forecast(3),
        lambda: LSTMForecaster().to_keras(),
        lambda: ForecastPipeline([("a", WindowTransformer()), ("b", LSTMForecaster())]).forecast(3),
        lambda: make_forecast_pipeline(WindowTransformer(6), LSTMForecaster()).predict(SERIES),
    ],
)
def test_methods_before_fit_are_refused(call):
    with pytest.raises(NotFittedError, match="not fitted yet|is not fitted"):
        call()


def test_missing_attributes_say_when_they_exist(forecaster):
    with pytest.raises(AttributeError, match="model_ does not exist before fit"):
        _ = LSTMForecaster().model_
    with pytest.raises(AttributeError, match="only in the process that fitted"):
        _ = copy.deepcopy(forecaster).regressor_


def test_forecasts_after_a_fit_with_targets_need_what_fits():
    regression = LSTMForecaster(**TINY).fit(WINDOWS, np.ones(75))
    refuse(regression, lambda f: f.forecast(3), ValueError, "context=None.*Give context=")
    two = LSTMForecaster(**TINY).fit(WINDOWS, np.ones((75, 2)))
    refuse(two, lambda f: f.forecast(3), ValueError, "2 outputs.*Fit without y, or use predict")
    three = LSTMForecaster(**TINY | {"output_length": 3})
    with pytest.raises(ValueError, match="y has 2 outputs, but output_length=3"):
        three.fit(WINDOWS, np.ones((75, 2)))
    relative = LSTMForecaster(**TINY | {"normalization": "window"})
    with pytest.raises(ValueError, match="normalization='window'.*needs 1 outputs.*has 2"):
        relative.fit(WINDOWS, np.ones((75, 2)))
