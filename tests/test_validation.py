"""The checks themselves; test_bad_input.py has what users may call with bad arguments."""

from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator

from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave._sliding import is_sliding_view, sliding_windows
from skwave._validation import (
    as_2d,
    check_column_types,
    check_context,
    check_finite,
    check_float32_range,
    check_numbers,
    check_positive_int,
    check_targets,
    check_training_weights,
    check_units,
    check_windows,
    is_several,
    make_random_state,
)
from skwave.model_selection import backtest

WAVE = np.sin(np.arange(60.0))


# --- Series -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("X", "several"),
    [
        ([WAVE, WAVE], True),
        ((WAVE, pd.Series(WAVE)), True),
        ([WAVE], True),
        (WAVE, False),
        ([1.0, 2.0], False),
        ([[1.0], [2.0]], False),
        ([np.float64(1), np.float64(2)], False),
        ([WAVE, [1.0, 2.0]], False),
        ([], False),
    ],
)
def test_a_list_of_arrays_is_several_series(X, several):
    assert is_several(X) is several


def test_dates_and_durations_are_refused_as_values():
    for values in (np.zeros(3, "M8[D]"), pd.DataFrame({"a": pd.to_timedelta([1, 2])})):
        with pytest.raises(ValueError, match="series has dtype.*dates to the index"):
            check_column_types(values, "series")
    check_column_types(WAVE)
    check_column_types(pd.DataFrame({"a": [1, 2]}))


def test_values_that_are_not_real_numbers_are_refused():
    with pytest.raises(ValueError, match=r"X has dtype object.*astype\(float\)"):
        check_numbers(np.array(["1", "2"], dtype=object))
    with pytest.raises(ValueError, match="y has dtype complex128"):
        check_numbers(np.ones(2) * 1j, "y")
    for dtype in (bool, int, np.uint8, np.float32):
        values = np.ones(2, dtype)
        assert check_numbers(values) is values


def test_a_series_gets_a_column_and_a_frame_keeps_its_names():
    assert as_2d(WAVE).shape == (60, 1)
    assert as_2d(WAVE.tolist()).shape == (60, 1)
    # Whatever its name, which does not name a channel.
    assert list(as_2d(pd.Series(WAVE, name="load")).columns) == [0]
    frame = pd.DataFrame({"a": WAVE, "b": WAVE})
    assert as_2d(frame) is frame


@pytest.mark.parametrize(
    ("X", "error", "words"),
    [
        (csr_array(np.eye(9)), TypeError, r"context is a sparse matrix.*context\.toarray\(\)"),
        ([WAVE, WAVE], ValueError, "context is a list of 2 series.*one series is needed"),
        (np.ones((9, 9, 2)), ValueError, "context has the type ndarray and 3 dim"),
        (3.0, ValueError, "context has the type float and 0 dim"),
        (np.zeros(9, "m8[s]"), ValueError, "context has dtype timedelta64.*unit of time"),
        (["1.5", "2"], ValueError, r"context holds text such as '1\.5'.*asarray\(context, dtype"),
        (np.array([b"7"]), ValueError, "context holds text such as b'7'"),
        (pd.Series(["974", "1,152"]), ValueError, r"holds '1,152'.*thousands=','\), decimal"),
        (pd.Series(["9,5", "1,7"]), ValueError, r"holds '9,5'.*decimal commas by decimal=','"),
    ],
)
def test_what_is_not_one_series_is_refused_by_its_name(X, error, words):
    with pytest.raises(error, match=words):
        as_2d(X, "context")


@pytest.mark.parametrize("dtype", [np.float16, np.float32, "Float32"])
def test_short_floats_become_float64(dtype):
    assert [str(dtype) for dtype in as_2d(pd.Series(WAVE).astype(dtype)).dtypes] == ["float64"]
    frame = pd.DataFrame({"a": pd.Series(WAVE).astype(dtype), "b": np.arange(60)})
    assert [str(dtype) for dtype in as_2d(frame).dtypes] == ["float64"] * 2


def test_numbers_of_other_types_become_float64():
    frame = pd.DataFrame({"a": [1, 2], "b": [Decimal(1), None], "c": pd.array([True, pd.NA])})
    expected = pd.DataFrame({"a": [1.0, 2.0], "b": [1.0, np.nan], "c": [1.0, np.nan]})
    pd.testing.assert_frame_equal(as_2d(frame), expected)
    assert as_2d(np.arange(3)).dtype == float


@pytest.mark.parametrize("X", [WAVE[:, None], [[1.0]]])
def test_other_values_stay_as_they_are(X):
    assert as_2d(X) is X


# --- Windows ----------------------------------------------------------------------------------


def test_windows_of_one_channel_need_no_last_axis():
    estimator = BaseEstimator()
    windows = check_windows(estimator, np.ones((9, 6)), reset=True)
    assert windows.shape == (9, 6, 1)
    assert estimator.n_features_in_ == 6


def test_a_view_of_a_series_stays_a_view():
    view = sliding_windows(WAVE[:, None], 6)
    windows = check_windows(BaseEstimator(), view, reset=True)
    assert is_sliding_view(windows)
    assert np.shares_memory(windows, WAVE)


def test_contexts_of_every_accepted_shape_have_their_axes():
    estimator = SimpleNamespace(window_shape_=(6, 1), context_=np.ones((6, 1)))
    assert check_context(estimator, None) is estimator.context_
    assert check_context(estimator, WAVE[:6]).shape == (6, 1)
    assert check_context(estimator, WAVE[:6, None]).shape == (6, 1)
    assert check_context(estimator, np.ones((3, 6, 1))).shape == (3, 6, 1)


@pytest.mark.parametrize("n_targets", [55, 60])
def test_targets_belong_to_the_ends_of_the_windows(n_targets):
    windows = sliding_windows(WAVE[:, None], 6)
    y = check_targets(WAVE[-n_targets:], windows, 1)
    np.testing.assert_array_equal(y, WAVE[5:])


def test_output_length_and_channels_say_how_many_targets_a_window_has():
    windows = sliding_windows(np.ones((60, 2)), 6)
    assert check_targets(np.ones((55, 6)), windows, 3).shape == (55, 6)
    with pytest.raises(ValueError, match="y has 4 outputs, but output_length=3 with 2 chan.*6"):
        check_targets(np.ones((55, 4)), windows, 3)


@pytest.mark.parametrize(
    ("weights", "needs_validation", "words"),
    [
        ([0, 0, 0, 1], True, "zero for all 3 windows to train on.*validation_split=0"),
        ([1, 1, 1, 0], True, "zero for all 1 windows held out.*validation='forecast'"),
        ([1, 1, 1, 0], False, None),
        ([0, 1, 0, 1], True, None),
        (None, True, None),
    ],
)
def test_weights_must_leave_windows_to_train_on_and_to_choose_by(weights, needs_validation, words):
    dataset = SimpleNamespace(
        weights=None if weights is None else np.array(weights), indices=np.arange(4), n_train=3,
        holds_out=True,
    )  # fmt: skip
    if words is None:
        check_training_weights(dataset, needs_validation=needs_validation)
    else:
        with pytest.raises(ValueError, match=words):
            check_training_weights(dataset, needs_validation=needs_validation)


# --- Numbers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [1, np.int64(7)])
def test_positive_ints_become_plain_ints(value):
    assert type(check_positive_int(value, "step")) is int
    assert check_positive_int(value, "step") == value


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        (0, ValueError, "step=0, but an int of at least 1 is needed"),
        (np.int8(-3), ValueError, "step=-3, but an int of at least 1"),
        (2.0, TypeError, "step=2.0 is a float, but an int is needed"),
        (True, TypeError, "step=True is a bool"),
        (np.True_, TypeError, "step=.*True.* is a bool"),
        ("2", TypeError, "step='2' is a str"),
        (None, TypeError, "step=None is a NoneType"),
    ],
)
def test_other_values_than_positive_ints_are_refused(value, error, words):
    with pytest.raises(error, match=words):
        check_positive_int(value, "step")


def test_units_are_one_int_or_one_for_each_layer():
    assert check_units(8) == (8,)
    assert check_units([8, np.int64(4)]) == (8, 4)
    with pytest.raises(ValueError, match=r"units=\(\), but an int >= 1 or a sequence"):
        check_units(())
    with pytest.raises(TypeError, match="units=2.5 is a float"):
        check_units((4, 2.5))


def test_values_that_are_not_finite_are_counted():
    values = np.array([[1.0, np.nan], [np.inf, 2.0]])
    with pytest.raises(ValueError, match="The forecast left .* 2 of 4 values are NaN or infinite"):
        check_finite(values, "The forecast")
    assert check_finite(WAVE, "The forecast") is WAVE


@pytest.mark.parametrize("scale", [1e-39, 1e39])
def test_scales_beyond_float32_are_refused(scale):
    one = np.ones(1)
    names = "input_center", "input_scale", "output_center", "output_scale"
    check_float32_range(SimpleNamespace(**dict.fromkeys(names, one)))
    check_float32_range(SimpleNamespace(**dict.fromkeys(names, one) | {"input_center": 0 * one}))
    scaling = SimpleNamespace(**dict.fromkeys(names, one) | {"input_scale": scale * one})
    with pytest.raises(ValueError, match="float32, but the series has scales of .* other units"):
        check_float32_range(scaling)


def test_random_states_leave_the_global_generator_alone():
    before = np.random.get_state()[1].copy()
    assert make_random_state(3).randint(100) == make_random_state(3).randint(100)
    assert make_random_state(None).randint(2**31) != make_random_state(None).randint(2**31)
    given = np.random.RandomState(0)
    assert make_random_state(given) is given
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_a_column_of_dates_is_named_with_what_to_do():
    table = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=60), "load": WAVE})
    model = make_forecast_pipeline(WindowTransformer(10), LSTMForecaster(3))
    with pytest.raises(ValueError, match=r"column 'day' of X has .* index, as by set_index"):
        model.fit(table)


def test_complex_numbers_are_refused_everywhere():
    series = WAVE + 1j
    model = make_forecast_pipeline(WindowTransformer(10), LSTMForecaster(3))
    for call in (
        model.fit,
        lambda X: backtest(model, X, horizon=3, initial=40),
        WindowTransformer(10).fit,
    ):
        with pytest.raises(
            ValueError, match="Complex data not supported: (X|series) has .* two columns"
        ):
            call(series)
