import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from test_lesson import lesson_of
from test_readout import linear_network

from skwave._judge import MAX_ORIGINS, ForecastJudge, make_judge
from skwave._window import find_runs, sliding_windows


def runs_of(*series, length=10):
    return find_runs(np.concatenate([sliding_windows(s, length) for s in series]))


def test_contexts_and_truths_are_the_newest_values_of_each_series():
    first, second = np.arange(100.0)[:, None], 1000 + np.arange(100.0)[:, None]
    judge = make_judge(runs_of(first, second), 10, 0.3)
    assert judge.truths.shape[1:] == (10, 1)
    np.testing.assert_array_equal(judge.truths[:, 0], judge.contexts[:, -1] + 1)
    # 91 windows, of which 27 that have a target are held out: the last 27 values.
    newest = judge.truths.min(axis=(1, 2))
    assert newest.min() == 73
    assert 1073 <= newest[newest >= 1000].min() < 1076  # not all origins are taken
    assert judge.truths.max() == 1099
    assert judge.n_independent == pytest.approx(2 * 2.7)


def test_origins_are_limited():
    judge = make_judge(runs_of(np.arange(5000.0)[:, None]), 10, 0.5)
    assert len(judge.contexts) == MAX_ORIGINS


def test_a_judge_of_a_long_series_takes_no_array_of_its_windows():
    runs = runs_of(np.arange(100_000.0)[:, None], length=80)
    tracemalloc.start()
    judge = make_judge(runs, 80, 1.0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert judge.truths.shape == (MAX_ORIGINS, 80, 1)
    # A few numbers for each window; its values would be 80.
    assert peak < 20 * runs.starts.nbytes


def test_a_longer_series_does_not_decide_alone():
    short = [k * 1000 + np.arange(60.0)[:, None] for k in range(10)]
    judge = make_judge(runs_of(*short, 20_000 + np.arange(200.0)[:, None]), 10, 0.1)
    assert judge.truths.shape[1] == 5
    assert len(np.unique(judge.truths[:, 0, 0] // 1000)) > 3


def test_the_truth_scores_zero_and_no_change_its_mean_square():
    t = np.arange(200)
    series = np.sin(t / 3)[:, None]
    template, lesson = lesson_of(series, length=10)
    judge = make_judge(runs_of(series), 10, 0.3)
    assert judge(linear_network(template, lesson, 1e-12)) < 1e-6
    constant = linear_network(template, lesson, 1e9)
    naive = (judge.contexts[:, -1:] - judge.truths) / series.std()
    assert judge(constant) == pytest.approx(np.mean(naive**2), rel=0.05)
    np.testing.assert_allclose(
        judge.errors(constant), np.mean(naive**2, axis=(1, 2)), rtol=0.3, atol=0.05
    )


def test_a_forecast_beyond_all_bounds_scores_infinity():
    series = np.sin(np.arange(200) / 3)[:, None]
    template, lesson = lesson_of(series, length=10)
    judge = make_judge(runs_of(series), 10, 0.3)
    network = linear_network(template, lesson, 1e-3)
    assert judge(replace(network, skip=network.skip * 1e200)) == np.inf


@pytest.mark.parametrize("share", [0.0, 0.001])
def test_where_nothing_is_held_out_all_values_are_forecast(share):
    judge = make_judge(runs_of(np.arange(100.0)[:, None]), 10, share)
    assert judge.truths.min() == 10
    assert judge.truths.max() == 99


def beyond_doubt(errors, others, n_independent=100):
    judge = ForecastJudge(np.zeros((len(errors), 1, 1)), np.zeros((1, 1, 1)), n_independent)
    return judge.beyond_doubt(np.array(errors, float), np.array(others, float))


def test_a_gain_is_held_against_its_standard_error():
    others = np.array([1.0, 3.0, 2.0, 4.0])
    assert beyond_doubt(others - 0.1, others)
    assert not beyond_doubt(others, others)
    # On average better by as much, and by more in one case than in another.
    varied = others - 0.1 + [2, -2, 2, -2]
    error = np.std(others - varied, ddof=1)
    assert beyond_doubt(varied, others, n_independent=1.01 * (error / 0.1) ** 2)
    assert not beyond_doubt(varied, others, n_independent=0.99 * (error / 0.1) ** 2)


def test_one_forecast_decides_nothing_unless_the_other_has_no_end():
    assert not beyond_doubt([0.1, 0.1], [0.2, 0.2], n_independent=1.9)
    assert beyond_doubt([0.1, 0.1], [np.inf, np.inf], n_independent=1.9)
    assert not beyond_doubt([np.inf, np.inf], [np.inf, np.inf])


def test_the_bound_is_ten_times_the_largest_error_that_is_finite():
    series = np.sin(np.arange(200) / 3)[:, None]
    template, lesson = lesson_of(series, length=10)
    judge = make_judge(runs_of(series), 10, 0.3)
    network = linear_network(template, lesson, 1e9)
    wild = replace(network, skip=network.skip * 1e200)
    assert judge.bound(network, wild) == pytest.approx(10 * judge.errors(network).max())
    assert judge.bound(wild) == np.inf
