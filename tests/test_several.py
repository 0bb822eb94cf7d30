from collections import OrderedDict

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import dok_array

from skwave._several import form_of, join_results, split_series

DAYS = pd.date_range("2024-01-01", periods=3, name="day")
A, B = pd.Series([1.0, 2, 3], DAYS, name="y"), pd.Series([4.0, 5, 6], DAYS, name="y")
LONG = pd.concat({"a": A, "b": B}, names=["shop"])


@pytest.mark.parametrize(
    ("X", "names"),
    [
        ([A, B], [0, 1]),
        ((A, B), [0, 1]),
        ({"a": A, "b": B}, ["a", "b"]),
        (OrderedDict(a=A, b=B), ["a", "b"]),
        (LONG, ["a", "b"]),
    ],
    ids=["list", "tuple", "dict", "ordered dict", "levels"],
)
def test_several_series_come_apart_by_name_and_together_again(X, names):
    several = split_series(X)
    assert list(several) == names
    for series, expected in zip(several.values(), (A, B), strict=True):
        pd.testing.assert_series_equal(series, expected, check_freq=False)
    again = join_results(several, form_of(X))
    assert isinstance(X, type(again)) or (isinstance(X, tuple) and isinstance(again, list))
    if X is LONG:
        pd.testing.assert_series_equal(again, LONG)


@pytest.mark.parametrize("X", [A, A.to_frame(), A.to_numpy(), [1.0, 2.0], [[1.0], [2.0]]])
def test_one_series_is_not_several(X):
    assert split_series(X) is None


def test_rows_of_series_that_alternate_come_apart_in_the_order_of_time():
    mixed = LONG.iloc[[3, 0, 4, 1, 5, 2]]
    several = split_series(mixed)
    assert list(several) == ["b", "a"]
    pd.testing.assert_series_equal(several["a"], A, check_freq=False)


def test_all_levels_but_the_last_name_the_series():
    frame = pd.concat({"north": LONG.to_frame(), "south": LONG.to_frame()}, names=["region"])
    several = split_series(frame)
    assert list(several) == [(r, s) for r in ("north", "south") for s in ("a", "b")]
    pd.testing.assert_frame_equal(several["south", "b"], B.to_frame(), check_freq=False)
    pd.testing.assert_frame_equal(join_results(several, form_of(frame)), frame)


def test_a_series_without_a_name_is_refused():
    index = pd.MultiIndex.from_arrays([["a", None, "a"], [1, 2, 3]])
    with pytest.raises(ValueError, match=r"level 0 is missing in 1 rows, .* row 1\."):
        split_series(pd.Series([1.0, 2.0, 3.0], index))


def test_levels_in_the_other_order_are_refused():
    with pytest.raises(ValueError, match=r"names of the series come first.*Give X.swaplevel\(\)"):
        split_series(LONG.swaplevel())
    numbers = LONG.rename({name: k for k, name in enumerate(LONG.index.levels[0])}, level=0)
    with pytest.raises(ValueError, match=r"names of the series come first"):
        split_series(numbers.swaplevel())


@pytest.mark.parametrize("first", [[2023, 2024], DAYS[:2]], ids=["years", "dates"])
def test_levels_that_are_the_time_together_are_refused(first):
    index = pd.MultiIndex.from_product([first, range(1, 13)], names=["first", "second"])
    series = pd.Series(np.arange(24.0), index)
    with pytest.raises(ValueError, match=r"\['first', 'second'\].*make one index of dates"):
        split_series(series)
    with pytest.raises(ValueError, match="make one index of dates"):
        split_series(pd.concat({"shop": series}))
    # As names they are taken.
    series.index = series.index.set_levels(series.index.levels[0].astype(str), level=0)
    assert len(split_series(series)) == 2


def test_results_without_an_index_are_a_dict():
    results = {"a": np.zeros(2), "b": np.ones(2)}
    assert join_results(results, form_of(LONG)) is results


@pytest.mark.parametrize("X", [{}, {"a": 1.0}, {"a": A, "b": 1.0}, dok_array(np.eye(2))])
def test_a_dict_of_other_things_is_not_several_series(X):
    assert split_series(X) is None
