import numpy as np
import pandas as pd
import pytest

from skwave.model_selection import ForecastSplit


def test_splits_end_with_the_series_and_train_on_the_past_alone():
    for n_values in (30, 57):
        splits = list(ForecastSplit(4, horizon=5, context=7).split(np.zeros(n_values)))
        assert len(splits) == 4
        for train, test in splits:
            np.testing.assert_array_equal(train, np.arange(len(train)))
            # Seven known values, then five that come right after the training part.
            np.testing.assert_array_equal(test, np.arange(train[-1] - 6, train[-1] + 6))
        assert splits[-1][1][-1] == n_values - 1
        firsts = [test[7] for _, test in splits]
        np.testing.assert_array_equal(np.diff(firsts), 5)


def test_step_and_max_train_size_are_respected():
    cv = ForecastSplit(3, horizon=2, context=3, step=1, max_train_size=4)
    splits = list(cv.split(np.zeros((10, 2))))
    assert [train.tolist() for train, _ in splits] == [[2, 3, 4, 5], [3, 4, 5, 6], [4, 5, 6, 7]]
    assert [test.tolist() for _, test in splits] == [
        [3, 4, 5, 6, 7], [4, 5, 6, 7, 8], [5, 6, 7, 8, 9],
    ]  # fmt: skip


def test_the_shortest_series_is_split_and_a_shorter_one_refused():
    cv = ForecastSplit(2, horizon=3, context=4)
    (train, _), _ = cv.split(np.zeros(10))
    assert train.tolist() == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="X has 9 values.* n_splits=2 .*need at least 10"):
        next(cv.split(np.zeros(9)))


def test_repr_and_number_of_splits_are_as_in_scikit_learn():
    assert "ForecastSplit(context=2, horizon=3" in repr(ForecastSplit(horizon=3, context=2))
    assert ForecastSplit(horizon=3, context=2).get_n_splits() == 5
    assert ForecastSplit(1, horizon=3, context=2).get_n_splits(np.zeros(3)) == 1


@pytest.mark.parametrize("name", ["n_splits", "horizon", "context", "step", "max_train_size"])
@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        (0, ValueError, "=0, but an int of at least 1 is needed"),
        (-1, ValueError, "=-1, but an int of at least 1 is needed"),
        (1.5, TypeError, "=1.5 is a float, but an int is needed"),
        ("2", TypeError, "='2' is a str, but an int is needed"),
        (True, TypeError, "=True is a bool, but an int is needed"),
    ],
)
def test_parameters_out_of_range_are_refused(name, value, error, words):
    parameters = {"horizon": 2, "context": 2} | {name: value}
    with pytest.raises(error, match=name + words):
        ForecastSplit(**parameters)


def test_a_short_series_of_several_and_swapped_levels_are_named():
    days = pd.date_range("2024-01-01", periods=30, name="day")
    table = pd.concat({"a": pd.Series(np.arange(30.0), days), "b": pd.Series([1.0, 2.0], days[:2])})
    with pytest.raises(ValueError, match="^Series 'b': X has 2 values"):
        next(ForecastSplit(2, horizon=3, context=5).split(table))
    with pytest.raises(ValueError, match=r"names of the series come first.*Give X.swaplevel\(\)"):
        next(ForecastSplit(2, horizon=3, context=5).split(table.loc[["a"]].swaplevel()))
