import numpy as np

from skwave._sliding import (
    is_sliding_view,
    join_series,
    series_of_view,
    sliding_windows,
    split_windows,
    windows_followed_by,
)


def test_sliding_windows_are_all_runs_of_consecutive_values():
    windows = sliding_windows(np.arange(10.0).reshape(5, 2), 3)
    assert windows.shape == (3, 3, 2)
    assert windows[:, :, 0].tolist() == [[0, 2, 4], [2, 4, 6], [4, 6, 8]]


def test_a_view_is_recognized_and_a_copy_is_not():
    view = sliding_windows(np.zeros((20, 2)), 4)
    assert is_sliding_view(view)
    assert not is_sliding_view(view.copy())
    assert not is_sliding_view(view[::2])
    assert not is_sliding_view(view[:0])
    assert not is_sliding_view(view[:, :, 0])
    assert not is_sliding_view(view.tolist())


def test_the_series_of_a_view_is_the_series_itself():
    series = np.random.default_rng(0).normal(size=(20, 2))
    again = series_of_view(sliding_windows(series, 4))
    np.testing.assert_array_equal(again, series)
    assert np.shares_memory(again, series)
    assert not again.flags.writeable


def test_windows_of_a_copy_are_joined_as_those_of_the_view():
    series = np.random.default_rng(0).normal(size=(20, 2))
    view = sliding_windows(series, 4)
    for windows in (view, view.copy()):
        (values,) = split_windows(windows)
        np.testing.assert_array_equal(values, series)
        _, starts, first_windows = join_series([values], 4)
        assert starts.tolist() == list(range(17))
        assert first_windows.tolist() == [0]


def test_a_window_that_does_not_continue_the_one_before_begins_a_series():
    first, second = np.arange(6.0)[:, None], 10 + np.arange(5.0)[:, None]
    windows = np.concatenate([sliding_windows(first, 3), sliding_windows(second, 3)])
    values, starts, first_windows = join_series(split_windows(windows), 3)
    np.testing.assert_array_equal(values, np.concatenate([first, second]))
    # Four windows of the first series, whose values end at 5; three of the second.
    assert starts.tolist() == [0, 1, 2, 3, 6, 7, 8]
    assert first_windows.tolist() == [0, 4]


def test_windows_followed_by_values_are_those_of_their_own_series():
    first, second = np.arange(6.0)[:, None], 10 + np.arange(5.0)[:, None]
    windows = np.concatenate([sliding_windows(first, 3), sliding_windows(second, 3)])
    _, _, first_windows = join_series(split_windows(windows), 3)
    indices = windows_followed_by(2, first_windows, len(windows))
    assert indices.tolist() == [0, 1, 4]
