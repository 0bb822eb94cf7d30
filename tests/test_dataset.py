"""Windows and their targets, and which of them are held out."""

from dataclasses import replace

import numpy as np
import pytest
from helpers import dataset_of, dataset_of_windows, targets_of, warnings_of

from skwave._dataset import warn_about_window_length
from skwave._sliding import sliding_windows


def split(dataset, fraction, *, newest):
    return dataset.split(fraction, newest=newest, random_state=np.random.RandomState(0))


# --- Targets ------------------------------------------------------------------------------------


def test_targets_are_the_values_that_follow():
    data = targets_of(np.arange(10.0)[:, None], output_length=2)
    np.testing.assert_array_equal(data.indices, range(5))
    np.testing.assert_array_equal(data.targets, [[k, k + 1] for k in range(4, 9)])
    assert data.autoregressive
    assert data.n_train == 5


def test_given_targets_belong_to_the_windows_of_the_same_number():
    windows = sliding_windows(np.arange(10.0)[:, None], 4)
    data = dataset_of_windows(windows, 1, np.arange(7))
    np.testing.assert_array_equal(data.indices, range(7))
    np.testing.assert_array_equal(data.targets, range(7))
    assert not data.autoregressive


def test_windows_that_do_not_continue_each_other_have_no_targets():
    windows = np.random.default_rng(0).normal(size=(9, 4, 1))
    with pytest.raises(ValueError, match="only 0 of the 9 windows in X are followed"):
        dataset_of_windows(windows)


@pytest.mark.parametrize("seed", range(5))
def test_shuffled_windows_are_refused_though_a_few_continue_each_other(seed):
    windows = sliding_windows(np.random.default_rng(0).normal(size=(200, 1)), 20)
    order = np.random.default_rng(seed).permutation(len(windows))
    with pytest.raises(ValueError, match=r"only \d+ of the 181 windows .*unshuffled"):
        dataset_of_windows(windows[order])


def test_many_series_of_two_windows_have_a_target_each():
    rng = np.random.default_rng(0)
    series = [sliding_windows(rng.normal(size=(5, 1)), 4) for _ in range(30)]
    assert len(dataset_of_windows(np.concatenate(series)).targets) == 30


def test_targets_do_not_reach_into_the_next_series():
    data = targets_of(np.arange(10.0)[:, None], 100 + np.arange(8.0)[:, None], output_length=3)
    np.testing.assert_array_equal(data.n_windows_of_series, [7, 5])
    for index, target in zip(data.indices, data.targets, strict=True):
        first = data.values[data.starts[index], 0]
        np.testing.assert_array_equal(target, first + [4, 5, 6])


@pytest.mark.parametrize("normalization", ["series", "window", None])
def test_windows_are_cut_from_the_scaled_values(normalization):
    series = np.random.default_rng(0).normal(3, 5, size=(30, 2))
    dataset = dataset_of(series, normalization=normalization)
    expected = dataset.scaling.scale(sliding_windows(series, 4)[[7, 2, 11]])
    if normalization == "window":
        expected = expected - expected[:, :1]
    np.testing.assert_allclose(dataset.windows([7, 2, 11]), expected, rtol=1e-4, atol=1e-5)


# --- What is held out ---------------------------------------------------------------------------


@pytest.mark.parametrize("fraction", [0.0, 0.3, 0.9])
def test_a_random_split_holds_every_window_once(fraction):
    data = targets_of(np.arange(30.0)[:, None])
    parts = split(data, fraction, newest=False)
    assert sorted(parts.indices) == list(range(26))
    assert parts.n_train == round(26 * (1 - fraction))
    # Targets follow their windows.
    np.testing.assert_array_equal(parts.targets, parts.indices + 4)


def test_a_random_split_is_the_permutation_of_the_tutorial():
    order = split(targets_of(np.arange(84.0)[:, None]), 0.3, newest=False).indices
    np.random.seed(0)
    np.testing.assert_array_equal(order, np.random.permutation(80))


@pytest.mark.parametrize("output_length", [1, 5])
def test_newest_windows_are_held_out_and_no_training_target_reaches_them(output_length):
    series = np.arange(100.0)[:, None]
    data = targets_of(series, 1000 + series[:50], output_length=output_length)
    parts = split(data, 0.3, newest=True)
    targets = parts.targets.reshape(-1, output_length)
    train, held_out = targets[: parts.n_train], targets[parts.n_train :]
    for low, high in ((0, 1000), (1000, 2000)):
        older, newer = (
            t[(t >= low).all(axis=1) & (t < high).all(axis=1)] for t in (train, held_out)
        )
        assert older.max() < newer.min()
    assert len(parts.indices) == len(data.indices) - 2 * (output_length - 1)


@pytest.mark.parametrize("output_length", [1, 2, 5])
def test_of_a_few_windows_no_training_target_reaches_those_held_out(output_length):
    for n_windows in range(output_length + 1, 12):
        series = np.arange(9.0 + n_windows)[:, None]
        data = targets_of(series, length=10, output_length=output_length)
        parts = split(data, 0.3, newest=True)
        targets = parts.targets.reshape(-1, output_length)
        train, held_out = targets[: parts.n_train], targets[parts.n_train :]
        assert len(train) > 0
        if len(held_out):
            assert train.max() < held_out.max(axis=1).min()


def test_a_subsample_has_the_same_fraction_held_out():
    dataset = dataset_of(np.arange(104.0)[:, None])
    dataset = replace(dataset, n_train=70, weights=np.arange(100, dtype=np.float32))
    part = dataset.subsample(10)
    assert part.n_train == 7
    np.testing.assert_array_equal(part.indices, [*range(7), *range(70, 73)])
    np.testing.assert_array_equal(part.weights, part.indices)
    np.testing.assert_array_equal(part.targets, dataset.targets[part.indices])
    assert part.values is dataset.values
    assert dataset.subsample(100) is dataset
    # Neither part is lost.
    least = dataset.subsample(1)
    assert (least.n_train, len(least.indices)) == (1, 2)


# --- Residuals of a linear model ----------------------------------------------------------------


@pytest.mark.parametrize("normalization", ["series", "window"])
def test_residuals_of_a_linear_model_have_mean_zero_and_variance_one(normalization):
    rng = np.random.default_rng(0)
    dataset = dataset_of(rng.normal(3, 5, size=(60, 2)), normalization=normalization)
    dataset = split(dataset, 0.3, newest=False)
    skip = rng.normal(size=(8, 2))
    with_skip = dataset.with_skip(skip)
    seen = with_skip.residuals[: dataset.n_train]
    np.testing.assert_allclose(seen.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(seen.std(axis=0), 1, rtol=1e-5)
    windows = dataset.windows(slice(None)).reshape(len(dataset.indices), -1)
    outputs = with_skip.residuals * with_skip.residual_scale + with_skip.residual_center
    np.testing.assert_allclose(outputs + windows @ skip, dataset.targets, rtol=1e-4, atol=1e-4)
    # A part of the windows has the residuals of that part.
    np.testing.assert_array_equal(with_skip.take([5, 2], 1).residuals, with_skip.residuals[[5, 2]])


# --- Long windows -------------------------------------------------------------------------------


@pytest.mark.parametrize(("n_values", "n_warnings"), [(30, 0), (29, 1)])
def test_a_window_longer_than_a_third_of_the_series_is_warned_of(n_values, n_warnings):
    data = targets_of(np.arange(float(n_values))[:, None], length=10)
    found = warnings_of(warn_about_window_length, data)
    assert len(found) == n_warnings
    if found:
        assert "window_length=10" in found[0]
        assert "at most 9" in found[0]
        assert "19 training windows" in found[0]


def test_windows_of_one_value_are_warned_of():
    # A series that was made a column, as scikit-learn asks for where it needs two dimensions.
    data = targets_of(np.arange(30.0)[:, None], length=1)
    (found,) = warnings_of(warn_about_window_length, data)
    assert "If X is a series, cut it by WindowTransformer" in found


def test_the_number_of_windows_in_the_warning_allows_for_the_output_length():
    data = targets_of(np.arange(15.0)[:, None], length=10, output_length=4)
    (found,) = warnings_of(warn_about_window_length, data)
    assert "2 training windows" in found


def test_the_longest_of_several_series_decides_about_the_warning():
    data = targets_of(np.arange(12.0)[:, None], np.arange(100.0)[:, None], length=10)
    assert warnings_of(warn_about_window_length, data) == []
