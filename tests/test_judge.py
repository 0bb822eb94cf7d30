from dataclasses import replace

import numpy as np
import pytest
from test_lesson import lesson_of

from skwave._judge import MAX_ORIGINS, make_judge
from skwave._linear import linear_network
from skwave._window import find_runs, sliding_windows


def runs_of(*series, length=10):
    return find_runs(np.concatenate([sliding_windows(s, length) for s in series]))


def test_contexts_and_truths_are_the_newest_values_of_each_series():
    first, second = np.arange(100.0)[:, None], 1000 + np.arange(100.0)[:, None]
    judge = make_judge(runs_of(first, second), 10, 0.3, "linear_skip=True")
    assert judge.truths.shape[1:] == (10, 1)
    np.testing.assert_array_equal(judge.truths[:, 0], judge.contexts[:, -1] + 1)
    # 91 windows, of which 27 that have a target are held out: the last 27 values.
    newest = judge.truths.min(axis=(1, 2))
    assert newest.min() == 73
    assert newest[newest >= 1000].min() == 1073
    assert judge.truths.max() == 1099


def test_origins_are_limited():
    judge = make_judge(runs_of(np.arange(5000.0)[:, None]), 10, 0.5, "linear_skip=True")
    assert len(judge.contexts) == MAX_ORIGINS


def test_the_truth_scores_zero_and_no_change_its_mean_square():
    t = np.arange(200)
    series = np.sin(t / 3)[:, None]
    template, lesson = lesson_of(series, length=10)
    judge = make_judge(runs_of(series), 10, 0.3, "linear_skip=True")
    exact, constant = linear_network(template, lesson, len(lesson.starts), [1e-12, 1e9])
    assert judge(exact) < 1e-6
    naive = (judge.contexts[:, -1:] - judge.truths) / series.std()
    assert judge(constant) == pytest.approx(np.mean(naive**2), rel=0.05)


def test_a_forecast_beyond_all_bounds_scores_infinity():
    series = np.sin(np.arange(200) / 3)[:, None]
    template, lesson = lesson_of(series, length=10)
    judge = make_judge(runs_of(series), 10, 0.3, "linear_skip=True")
    (network,) = linear_network(template, lesson, len(lesson.starts), [1e-3])
    assert judge(replace(network, skip=network.skip * 1e200)) == np.inf


@pytest.mark.parametrize("share", [0.0, 0.001])
def test_nothing_held_out(share):
    with pytest.raises(ValueError, match=r"linear_skip=True rolls .* At least 2 are needed"):
        make_judge(runs_of(np.arange(100.0)[:, None]), 10, share, "linear_skip=True")
