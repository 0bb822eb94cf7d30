"""What a fit is to learn, before anything is trained."""

import numpy as np
import pytest

from skwave import LSTMForecaster, WindowTransformer
from skwave._fitting import (
    SOLVED_UPDATES,
    TRAINED_UPDATES,
    choose_way,
    find_targets,
    make_task,
)
from skwave._window import find_runs


def task_of(n_values, **parameters):
    windows = WindowTransformer(10).fit_transform(np.sin(np.arange(n_values) / 3))
    forecaster = LSTMForecaster(4, random_state=0, **parameters)
    return make_task(
        forecaster, windows, None, None,
        before=None, choose=choose_way, validation_split=forecaster.validation_split,
    )  # fmt: skip


@pytest.mark.parametrize("n_values", [60, 900, 9_000, 90_000])
def test_as_many_updates_for_any_length_of_the_series(n_values):
    task = task_of(n_values)
    per_epoch = -(-task.practice.n_train // 32)
    assert SOLVED_UPDATES / 1.5 <= per_epoch * task.recipe.epochs <= 1.5 * SOLVED_UPDATES
    # The readout is solved for the whole series, and the same share is held out of both.
    assert len(task.lesson.starts) >= 0.9 * (n_values - 10)
    shares = [x.n_train / len(x.starts) for x in (task.lesson, task.practice)]
    assert shares[0] == pytest.approx(shares[1], rel=0.02)


def test_a_network_as_it_was_trained_sees_all_windows_three_times():
    task = task_of(90_000, linear_skip=False)
    assert task.practice is task.lesson
    assert task.recipe.epochs == 3
    short = task_of(900, linear_skip=False)
    per_epoch = -(-short.lesson.n_train // 32)
    assert per_epoch * short.recipe.epochs == pytest.approx(TRAINED_UPDATES, rel=0.1)


def test_a_number_of_epochs_is_taken_as_it_is():
    task = task_of(90_000, epochs=2)
    assert task.practice is task.lesson
    assert task.recipe.epochs == 2


def test_targets_are_what_follows_or_what_is_given():
    windows = WindowTransformer(4).fit_transform(np.arange(10.0))
    which, targets = find_targets(windows, find_runs(windows), None, 2)
    np.testing.assert_array_equal(which, range(5))
    np.testing.assert_array_equal(targets, [[k, k + 1] for k in range(4, 9)])
    which, targets = find_targets(windows, find_runs(windows), np.arange(7), 1)
    np.testing.assert_array_equal(which, range(7))
    np.testing.assert_array_equal(targets, range(7))
