import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from skwave import WindowTransformer


def test_windows_hold_consecutive_values():
    windows = WindowTransformer(3).fit_transform(np.arange(6.0))
    assert windows.shape == (4, 3, 1)
    np.testing.assert_array_equal(windows[:, :, 0], [[0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5]])


def test_windows_are_a_read_only_view():
    series = np.arange(1000.0)
    windows = WindowTransformer(80).fit_transform(series)
    assert np.shares_memory(windows, series)
    with pytest.raises(ValueError, match="read-only"):
        windows[0, 0, 0] = 1


@pytest.mark.parametrize(
    "make",
    [
        lambda x: x,
        lambda x: x[:, None],
        lambda x: x.tolist(),
        pd.Series,
        lambda x: pd.DataFrame({"load": x}),
        lambda x: x.astype(np.float32),
        lambda x: x.astype(int),
        lambda x: np.repeat(x, 2)[::2],
    ],
)
def test_every_form_of_a_series_gives_the_same_windows(make):
    series = np.arange(12.0)
    expected = WindowTransformer(4).fit_transform(series)
    np.testing.assert_array_equal(WindowTransformer(4).fit_transform(make(series)), expected)


def test_windows_hold_all_channels(two_channels):
    transformer = WindowTransformer(5).fit(two_channels)
    windows = transformer.transform(two_channels)
    assert windows.shape == (116, 5, 2)
    assert transformer.n_features_in_ == 2
    np.testing.assert_array_equal(windows[7], two_channels[7:12])


def test_names_of_channels_are_remembered_and_checked(two_channels):
    frame = pd.DataFrame(two_channels, columns=["a", "b"])
    transformer = WindowTransformer(5).fit(frame)
    assert transformer.feature_names_in_.tolist() == ["a", "b"]
    with pytest.raises(ValueError, match="columns .*in this order"):
        transformer.transform(frame[["b", "a"]])


def test_a_list_of_series_gives_a_view_of_each():
    first, second = np.arange(5.0), 10 + np.arange(4.0)
    windows = WindowTransformer(3).fit_transform([first, second])
    assert [part[:, 0, 0].tolist() for part in windows] == [[0, 1, 2], [10, 11]]
    assert all(np.shares_memory(*pair) for pair in zip(windows, (first, second), strict=True))
    # A list of one series is a list, too; windows of one value do not need to show its end.
    assert [part.shape for part in WindowTransformer(1).fit_transform([first])] == [(5, 1, 1)]


@pytest.mark.parametrize("n_channels", [1, 2])
def test_inverse_transform_returns_the_series(n_channels):
    series = np.random.default_rng(0).normal(size=(30, n_channels))
    transformer = WindowTransformer(7)
    np.testing.assert_array_equal(
        transformer.inverse_transform(transformer.fit_transform(series)), series
    )
    several = transformer.inverse_transform(transformer.transform([series, series[:9]]))
    assert len(several) == 2
    np.testing.assert_array_equal(several[0], series)
    np.testing.assert_array_equal(several[1], series[:9])


def test_inverse_transform_returns_a_copy():
    series = np.arange(9.0)
    transformer = WindowTransformer(3)
    again = transformer.inverse_transform(transformer.fit_transform(series))
    again[0] = 100
    assert series[0] == 0


@pytest.mark.parametrize("window_length", [0, -1, 2.5, "3", None])
def test_a_window_length_out_of_range_is_refused(window_length):
    with pytest.raises(ValueError, match="'window_length' parameter .* must be an int"):
        WindowTransformer(window_length).fit(np.arange(5.0))


@pytest.mark.parametrize(
    ("series", "words"),
    [
        (np.arange(3.0), "n_samples = 3 .* window_length=4 .* longer series"),
        ([np.arange(9.0), np.arange(3.0)], "n_samples = 3 .* window_length=4"),
        (np.array([1, 2, np.inf, 3, 4, 5]), "contains infinity"),
        (np.array(list("abcdef")), "could not convert string to float|dtype"),
        (np.arange(6) * 1j, "Complex data not supported"),
        (np.zeros((4, 5, 6)), "3 dim"),
        ([], "0 sample|n_samples = 0"),
    ],
)
def test_bad_series_are_refused(series, words):
    with pytest.raises(ValueError, match=words):
        WindowTransformer(4).fit(series)


def test_a_sparse_series_is_a_type_error():
    from scipy.sparse import csr_array

    with pytest.raises(TypeError, match="[Ss]parse"):
        WindowTransformer(4).fit(csr_array(np.eye(6)))


def test_other_channels_than_in_fit_are_refused(two_channels):
    transformer = WindowTransformer(4).fit(two_channels)
    # scikit-learn before 1.7 looks at the dimensions first.
    words = "1 features, but WindowTransformer is expecting 2|Expected 2D array"
    with pytest.raises(ValueError, match=words):
        transformer.transform(two_channels[:, 0])


@pytest.mark.parametrize("shape", [(5, 3), (5, 2, 1), (5, 3, 2), (0, 3, 1)])
def test_inverse_transform_refuses_windows_of_other_shapes(shape):
    transformer = WindowTransformer(3).fit(np.arange(9.0))
    with pytest.raises(ValueError, match=r"X has shape .* \(n_windows, 3, 1\)"):
        transformer.inverse_transform(np.zeros(shape))


def test_clone_keeps_the_parameters():
    transformer = clone(WindowTransformer(window_length=7))
    assert transformer.get_params() == {"window_length": 7, "known": None, "calendar": None}


# --- The length that fit finds ------------------------------------------------------------------


def hours_of_weeks(n, level=0.0):
    hours = np.arange(n)
    noise = 0.2 * np.random.default_rng(0).normal(size=n)
    return level + np.sin(2 * np.pi * hours / 24) - (hours // 24 % 7 >= 5) + noise


@pytest.mark.parametrize(
    ("series", "length"),
    [
        (hours_of_weeks(1500), 168),
        (hours_of_weeks(450), 80),  # a week is more than a third
        (np.sin(np.arange(500) / 2), 80),
        (hours_of_weeks(120), 40),
        (np.arange(2.0), 1),
        (np.where(np.arange(1500) % 97 == 5, np.nan, hours_of_weeks(1500)), 168),
    ],
)
def test_auto_takes_the_longest_season_within_bounds(series, length):
    transformer = WindowTransformer("auto").fit(series)
    assert transformer.window_length_ == length
    assert transformer.window_length == "auto"
    assert transformer.transform(series).shape == (len(series) - length + 1, length, 1)
    # A shorter series than in fit has windows of the same length.
    assert transformer.transform(series[: length + 1]).shape == (2, length, 1)
    assert pickle.loads(pickle.dumps(transformer)).window_length_ == length
    assert not hasattr(clone(transformer), "window_length_")


def test_a_given_length_is_kept():
    assert WindowTransformer(7).fit(hours_of_weeks(1500)).window_length_ == 7
    with pytest.raises(ValueError, match="'window_length' parameter"):
        WindowTransformer("long").fit(hours_of_weeks(1500))


def test_auto_looks_at_what_is_forecast_alone():
    day = np.sin(2 * np.pi * np.arange(1500) / 24)
    frame = np.column_stack([day, hours_of_weeks(1500)])
    assert WindowTransformer("auto", known=[1]).fit(frame).window_length_ == 80
    assert WindowTransformer("auto", known=[0]).fit(frame).window_length_ == 168


def test_auto_takes_one_length_for_several_series():
    series = [hours_of_weeks(1500), hours_of_weeks(1200), hours_of_weeks(240)]
    transformer = WindowTransformer("auto").fit(series)
    assert transformer.window_length_ == 168
    with pytest.raises(ValueError, match="n_samples = 100 values, but window_length=168"):
        WindowTransformer("auto").fit([*series, *series[:2], np.arange(100.0)])


def test_a_column_without_values_is_named():
    # A comma at the end of each line of a file makes one.
    frame = pd.DataFrame({"sales": np.arange(9.0), "Unnamed: 2": np.nan})
    with pytest.raises(ValueError, match="Column 'Unnamed: 2' of X has no values: all 9"):
        WindowTransformer(3).fit(frame)
    with pytest.raises(ValueError, match="Column 0 of X has no values"):
        WindowTransformer(3).fit(np.full(9, np.nan))
    assert WindowTransformer(3).fit(frame.fillna(0)).transform(frame).shape == (7, 3, 2)


def test_a_series_in_one_row_is_recognized():
    with pytest.raises(ValueError, match=r"If the 9 columns are its values, give X.ravel\(\)"):
        WindowTransformer(3).fit(np.arange(9.0)[None])


def test_a_dict_of_lists_is_several_series():
    series = {"a": [1.0, 2.0, 3.0, 4.0, 5.0], "b": [2.0, 3.0, 4.0, 5.0, 6.0]}
    windows = WindowTransformer(2)
    for found in (windows.fit_transform(series), windows.fit(series).transform(series)):
        assert [part.shape for part in found] == [(4, 2, 1), (4, 2, 1)]


def test_a_series_that_is_too_short_is_named():
    series = {"long": np.arange(40.0), "short": np.arange(10.0)}
    with pytest.raises(ValueError, match="^Series 'short': X has n_samples = 10 values"):
        WindowTransformer(30).fit(series)
    windows = WindowTransformer(30).fit(series["long"])
    with pytest.raises(ValueError, match="^Series 'short': X has n_samples = 10 values"):
        windows.transform(series)


@pytest.mark.parametrize("fitted", ["Series", "frame"])
def test_a_single_channel_may_have_another_name(fitted):
    series = pd.Series(np.arange(9.0), name="load")
    transformer = WindowTransformer(4).fit(series if fitted == "Series" else series.to_frame())
    expected = transformer.transform(series.to_frame())
    np.testing.assert_array_equal(transformer.transform(series.to_frame("other")), expected)
