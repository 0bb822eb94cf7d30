import numpy as np
import pytest

from skwave._lesson import (
    center_and_scale,
    make_lesson,
    make_template,
    next_values,
    some_windows,
    split_windows,
)
from skwave._window import find_runs, sliding_windows


def lesson_of(series, *, length=4, horizon=1, normalization="series"):
    windows = sliding_windows(series, length)
    runs = find_runs(windows)
    which, targets = next_values(runs, length, horizon)
    template = make_template(
        windows, runs, targets, normalization=normalization, horizon=horizon, follow=True
    )
    order = np.arange(len(which))
    return template, make_lesson(template, runs, which, targets, None, order, len(which))


@pytest.mark.parametrize("normalization", ["series", "window", None])
@pytest.mark.parametrize("horizon", [1, 3])
def test_scaled_targets_go_back_to_the_values_that_follow(normalization, horizon):
    series = np.random.default_rng(0).normal(3, 5, size=(30, 2))
    template, lesson = lesson_of(series, horizon=horizon, normalization=normalization)
    outputs = lesson.targets.astype(float)
    if template.anchored:
        outputs = outputs + np.tile(lesson.values[lesson.starts], horizon)
    for k, start in enumerate(lesson.starts):
        expected = series[start + 4 : start + 4 + horizon].ravel()
        np.testing.assert_allclose(template.unscale(outputs[k]), expected, rtol=1e-4, atol=1e-4)


def test_series_normalization_is_mean_and_standard_deviation():
    series = np.random.default_rng(0).normal(3, 5, size=(50, 2))
    template, lesson = lesson_of(series)
    np.testing.assert_allclose(template.input_center, series.mean(axis=0))
    np.testing.assert_allclose(template.input_scale, series.std(axis=0))
    np.testing.assert_allclose(lesson.values.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(lesson.values.std(axis=0), 1, rtol=1e-5)


def test_window_normalization_has_unit_mean_square_against_the_anchor():
    series = np.cumsum(np.random.default_rng(0).normal(size=(300, 1)), axis=0)
    _, lesson = lesson_of(series, length=20, normalization="window")
    windows = sliding_windows(lesson.values, 20)
    assert np.mean((windows - windows[:, :1]) ** 2) == pytest.approx(1, rel=0.02)


def test_a_constant_channel_is_centred_on_itself():
    center, scale = center_and_scale(np.full((7, 1), 0.1))
    assert center[0] == 0.1
    assert scale[0] == 1


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_random_split_holds_every_window_once(share):
    runs = find_runs(sliding_windows(np.arange(30.0)[:, None], 4))
    which, _ = next_values(runs, 4, 1)
    order, n_train = split_windows(
        which, runs, 1, share=share, newest=False, random_state=np.random.RandomState(0)
    )
    assert sorted(order) == list(range(len(which)))
    assert n_train == round(len(which) * (1 - share))


def test_random_split_is_the_tutorials_permutation():
    runs = find_runs(sliding_windows(np.arange(84.0)[:, None], 4))
    which, _ = next_values(runs, 4, 1)
    order, _ = split_windows(
        which, runs, 1, share=0.3, newest=False, random_state=np.random.RandomState(0)
    )
    np.random.seed(0)
    np.testing.assert_array_equal(order, np.random.permutation(80))


@pytest.mark.parametrize("horizon", [1, 5])
def test_newest_windows_are_held_out_and_no_training_target_reaches_them(horizon):
    length, series = 4, np.arange(100.0)[:, None]
    windows = np.concatenate([sliding_windows(s, length) for s in (series, 1000 + series[:50])])
    runs = find_runs(windows)
    which, targets = next_values(runs, length, horizon)
    order, n_train = split_windows(
        which, runs, horizon, share=0.3, newest=True, random_state=np.random.RandomState(0)
    )
    targets = targets.reshape(len(which), horizon)
    for low, high in ((0, 1000), (1000, 2000)):
        mine = [(targets[w] >= low).all() and (targets[w] < high).all() for w in order]
        train, held_out = order[:n_train][mine[:n_train]], order[n_train:][mine[n_train:]]
        assert targets[train].max() < targets[held_out].min()
    assert len(order) == len(which) - 2 * (horizon - 1)


def test_windows_that_do_not_continue_each_other_have_no_targets():
    windows = np.random.default_rng(0).normal(size=(9, 4, 1))
    with pytest.raises(ValueError, match="none of the 9 windows in X is continued"):
        next_values(find_runs(windows), 4, 1)


def test_a_part_of_a_lesson_has_the_same_share_held_out():
    _, lesson = lesson_of(np.arange(104.0)[:, None])
    lesson = lesson._replace(n_train=70, weights=np.arange(100, dtype=np.float32))
    part = some_windows(lesson, 10)
    assert part.n_train == 7
    np.testing.assert_array_equal(part.starts, [*range(7), *range(70, 73)])
    np.testing.assert_array_equal(part.weights, part.starts)
    np.testing.assert_array_equal(part.targets, lesson.targets[part.starts])
    assert part.values is lesson.values
    assert some_windows(lesson, 100) is lesson
    # None of the two parts is lost.
    least = some_windows(lesson, 1)
    assert (least.n_train, len(least.starts)) == (1, 2)
