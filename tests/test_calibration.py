"""Residual paths: where they begin, and that no readout was solved on what it forecasts."""

import numpy as np
import pytest
from helpers import dataset_of, dataset_of_windows, network_of, network_with_layers, targets_of
from oracle import random_network

from skwave import _calibration
from skwave._calibration import MAX_NUMBERS, add_paths, cross_fitted_paths, n_paths_kept, paths_over
from skwave._readout import count_blocks, gram_folds, join_blocks, make_folds, solve_readout
from skwave._readout_choice import make_readouts
from skwave._recursion import roll_forward
from skwave._ridge import total
from skwave._rollout import make_calibration
from skwave._sliding import sliding_windows
from skwave._widths import residual_scale

NOISE = np.random.default_rng(0).normal(size=(300, 1))


# --- Origins ----------------------------------------------------------------------------------


@pytest.mark.parametrize("season_length", [7, 12, 24])
def test_origins_are_spread_evenly_over_the_phases_of_a_season(season_length):
    t = np.arange(40 * season_length)
    series = np.sin(2 * np.pi * t / season_length)[:, None] + 0.01 * np.resize(NOISE, (len(t), 1))
    calibration = make_calibration(targets_of(series, length=10), 1.0, 6, 6 * season_length)
    counts = np.bincount(calibration.origins % season_length, minlength=season_length)
    assert len(calibration.origins) == 6 * season_length
    assert counts.max() - counts.min() <= 2
    # No tenth of the series has more than a fifth of them, or none.
    tenths = np.histogram(calibration.origins, bins=10, range=(10, len(series) - 5))[0]
    assert 0 < tenths.min() <= tenths.max() <= len(calibration.origins) / 5


def test_the_newest_origin_is_the_last_one_that_is_followed_by_so_many_values():
    calibration = make_calibration(targets_of(NOISE, length=10), 1.0, 25, 1000)
    assert calibration.origins[0] == 10
    assert calibration.origins[-1] == 300 - 25
    np.testing.assert_array_equal(calibration.y_true[-1], NOISE[-25:])
    np.testing.assert_array_equal(calibration.contexts[-1], NOISE[-35:-25])


def test_forecasts_over_the_newest_part_reach_no_older_values():
    calibration = make_calibration(targets_of(NOISE, length=10), 0.2, 15, 1000)
    # 290 windows have a target, and the newest 58 are held out.
    assert calibration.origins[0] == 300 - 58
    assert len(calibration.origins) == 58 - 15 + 1


def test_no_forecast_leaves_its_series():
    first, second = NOISE[:150], 100 + NOISE[150:]
    calibration = make_calibration(targets_of(first, second, length=10), 1.0, 20, 1000)
    low = calibration.y_true < 50
    assert (low.all(axis=1) | ~low.any(axis=1)).all()
    assert low.any()
    assert not low.all()


def test_memory_is_bounded():
    assert n_paths_kept(128, 80, 1) == 128
    assert n_paths_kept(128, 336, 50) * 336 * 50 <= MAX_NUMBERS
    assert n_paths_kept(128, 10**6, 10) == 1
    assert 4 * MAX_NUMBERS <= 2**20


# --- Residuals --------------------------------------------------------------------------------


def test_residuals_are_what_came_less_what_was_forecast():
    network = network_of([0.0, 0.0, 0.5])
    paths, widths = paths_over(network, targets_of(NOISE, length=3), 1.0, 4, 1000)
    contexts = np.stack([NOISE[k : k + 3] for k in range(300 - 7 + 1)])
    forecasts = contexts[:, -1:] * 0.5 ** np.arange(1, 5)[:, None]
    scale = residual_scale(contexts, forecasts, network.scaling.input_scale, widths)
    y_true = np.stack([NOISE[k + 3 : k + 7] for k in range(300 - 7 + 1)])
    np.testing.assert_allclose(paths, (y_true - forecasts) / scale, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("output_length", "n_blocks", "n_most", "numbers_left_out"),
    [
        (1, 1, 9_999, {1, 2}),
        (3, 1, 9_999, {1, 2}),
        (1, 4, 9_999, {1, 2, 3}),
        # None of a sample of the windows may be reached.
        (1, 1, 90, {0, 1, 2}),
    ],
)
def test_each_forecast_is_by_a_readout_solved_without_the_blocks_that_it_reaches(
    output_length, n_blocks, n_most, numbers_left_out
):  # fmt: skip
    n_steps = 9
    data = targets_of(NOISE, length=6, output_length=output_length)
    dataset = dataset_of(NOISE, length=6, output_length=output_length)
    dataset = dataset.split(0.3, newest=True, random_state=np.random.RandomState(0))
    layers = network_with_layers(dataset, units=3)
    rows = make_folds(dataset, n_blocks, n_most)
    folds = gram_folds(layers, dataset, rows)
    readout = make_readouts(join_blocks(folds), layers)[1][0]
    paths, widths = cross_fitted_paths(layers, data, dataset, rows, folds, readout, n_steps)

    calibration = make_calibration(data, 1.0, n_steps, 128)
    assert len(paths) == len(calibration.origins) > 20
    n_left_out = set()
    for k, origin in enumerate(calibration.origins):
        came = set(range(origin, origin + n_steps))
        kept = []
        for fold, windows in zip(folds, rows, strict=True):
            targets = {
                int(dataset.starts[dataset.indices[w]]) + 6 + h
                for w in windows for h in range(output_length)
            }  # fmt: skip
            if not came & targets:
                kept.append(fold)
        n_left_out.add(len(folds) - len(kept))
        solved, _ = solve_readout(layers, total(kept), readout)
        context = calibration.contexts[[k]]
        forecast = roll_forward(solved, context, n_steps)
        scale = residual_scale(context, forecast, solved.scaling.input_scale, widths)
        residual = calibration.y_true[k] - forecast[0]
        np.testing.assert_allclose(paths[k], residual / scale[0], rtol=1e-4, atol=1e-5)
    assert n_left_out == numbers_left_out


def test_residuals_do_not_depend_on_the_unit_of_the_series():
    paths = []
    for factor in (1.0, 2.0**40):
        dataset = dataset_of(factor * NOISE, length=6)
        dataset = dataset.split(0.3, newest=True, random_state=np.random.RandomState(0))
        layers = network_with_layers(dataset, units=3)
        rows = make_folds(dataset)
        folds = gram_folds(layers, dataset, rows)
        readout = make_readouts(folds, layers)[1][0]
        data = targets_of(factor * NOISE, length=6)
        paths.append(cross_fitted_paths(layers, data, dataset, rows, folds, readout, 5)[0])
    np.testing.assert_allclose(paths[0], paths[1], rtol=1e-4, atol=1e-5)


def test_blocks_of_a_fold_make_the_fold():
    dataset = dataset_of(NOISE, length=6)
    dataset = dataset.split(0.3, newest=True, random_state=np.random.RandomState(0))
    layers = network_with_layers(dataset, units=3)
    blocks = gram_folds(layers, dataset, make_folds(dataset, 4))
    folds = gram_folds(layers, dataset)
    assert len(blocks) == 4 * len(folds) == 24
    for joined, fold in zip(join_blocks(blocks), folds, strict=True):
        np.testing.assert_allclose(joined.products, fold.products)
        assert joined.weight == fold.weight
    for rows, fold in zip(np.split(np.arange(24), 6), make_folds(dataset), strict=True):
        in_blocks = [make_folds(dataset, 4)[k] for k in rows]
        np.testing.assert_array_equal(np.concatenate(in_blocks), fold)
        assert max(map(len, in_blocks)) - min(map(len, in_blocks)) <= 1


def test_sums_of_blocks_take_bounded_memory():
    for units, length, n_channels, n_blocks in (
        (300, 80, 1, 4), (64, 168, 1, 4), (300, 168, 5, 2), (300, 168, 10, 1),
    ):  # fmt: skip
        network = random_network(
            np.random.default_rng(0), units=(units,), length=length, n_channels=n_channels
        )
        assert count_blocks(network) == n_blocks
        n_inputs = units + length * n_channels
        assert n_blocks == 1 or 6 * n_blocks * n_inputs**2 <= 2**24


def test_a_path_that_explodes_is_left_out(monkeypatch):
    # Widths are those of the paths that are kept; without them paths are compared with each other.
    monkeypatch.setattr(_calibration, "residual_scale", lambda contexts, *_: np.ones((1, 1, 1)))
    data, dataset = targets_of(NOISE, length=6), dataset_of(NOISE, length=6)
    dataset = dataset.split(0.3, newest=True, random_state=np.random.RandomState(0))
    layers = network_with_layers(dataset, units=3)
    rows = make_folds(dataset)
    blocks = gram_folds(layers, dataset, rows)
    readout = make_readouts(blocks, layers)[1][0]
    everything, _ = cross_fitted_paths(layers, data, dataset, rows, blocks, readout, 30)
    calls = []

    def explosive_at_first(network, gram, readout, others):
        calls.append(gram)
        if len(calls) == 1:
            return network_of([0.0] * 5 + [1.5]), 0.0
        return solve_readout(network, gram, readout, others)

    monkeypatch.setattr(_calibration, "solve_readout", explosive_at_first)
    kept, _ = cross_fitted_paths(layers, data, dataset, rows, blocks, readout, 30)
    # Those by the first of the readouts are gone, and all others are the same.
    assert 0 < len(kept) < len(everything)
    assert {path.tobytes() for path in kept} <= {path.tobytes() for path in everything}
    assert len(kept) >= len(everything) * (1 - 2 / len(calls))


def test_paths_that_are_not_finite_are_left_out():
    data = targets_of(np.concatenate([NOISE[:50], 1e99 * NOISE[:50]]), length=3)
    network = network_of([0.0, 0.0, 1e10])
    paths, _ = paths_over(network, data, 1.0, 30, 1000)
    assert np.isfinite(paths).all()
    assert len(paths) < 68


def test_no_path_leaves_no_widths():
    network = network_of([0.0, 0.0, 1e150])
    paths, widths = paths_over(network, targets_of(NOISE, length=3), 1.0, 30, 1000)
    assert len(paths) == 0
    assert widths is None


def test_widths_of_one_series_follow_its_changes_by_half_and_those_of_several_altogether():
    network, windows = network_of([0.0, 0.0, 0.5]), sliding_windows(NOISE, 3)
    apart = dataset_of_windows(np.concatenate([windows[:100], windows[150:]]))
    parts = [
        paths_over(network, data, 1.0, 4, 1000)[1]["part_of_change"]
        for data in (dataset_of_windows(windows), apart)
    ]
    assert parts == [0.5, 1.0]


# --- New values -------------------------------------------------------------------------------


def paths_before(n_steps):
    """Return a network, and what is known after the first hundred values of the noise."""
    network, old = network_of([0.0, 0.0, 0.5]), targets_of(NOISE[:100], length=3)
    return network, *paths_over(network, old, 1.0, n_steps, 1000)


def residual(network, widths, end, n_steps):
    """Return the scaled errors of the forecast whose last value is that before `end`."""
    origin = end - n_steps
    context = NOISE[origin - 3 : origin][None]
    forecast = roll_forward(network, context, n_steps)
    scale = residual_scale(context, forecast, network.scaling.input_scale, widths)
    return (NOISE[origin:end] - forecast[0]) / scale[0]


@pytest.mark.parametrize("nights", [[30], [15, 15], [1] * 30, [2, 7, 13, 8]], ids=str)
def test_new_values_add_a_path_every_quarter_of_its_length_however_they_come(nights):
    network, paths, widths = paths_before(8)
    added, recent, n_since, end = paths, NOISE[:100][-5:], 0, 100
    for n_new in nights:
        values = NOISE[end - 3 : end + n_new]
        added, _, recent, n_since = add_paths(added, widths, network, recent, values, n_since)
        end += n_new
    # The first fit keeps as many values as two windows have: the first paths lack their context.
    ends = [e for e in range(102, 131, 2) if e - 8 - 3 >= 95]
    expected = [residual(network, widths, e, 8) for e in ends]
    np.testing.assert_array_equal(added[: len(paths)], paths)
    np.testing.assert_allclose(added[len(paths) :], expected, rtol=1e-5)
    assert n_since == 0
    np.testing.assert_array_equal(recent, NOISE[:130][-10:])


def test_the_newest_paths_are_kept_and_as_many_as_before():
    network, _, widths = paths_before(4)
    many = np.zeros((500, 4, 1), np.float32)
    added, *_ = add_paths(many, widths, network, NOISE[:100], NOISE[97:130], 0)
    assert len(added) == 500
    np.testing.assert_allclose(added[-1], residual(network, widths, 130, 4), rtol=1e-5)
    assert not added[: 500 - 30].any()


def test_new_values_that_do_not_follow_begin_anew():
    network, paths, widths = paths_before(4)
    elsewhere = np.concatenate([NOISE[100:103] + 5, NOISE[103:106]])
    added, *_ = add_paths(paths, widths, network, NOISE[:100], elsewhere, 0)
    # Three new values: no path of four begins after the first window.
    np.testing.assert_array_equal(added, paths)


def test_paths_next_to_a_gap_are_left_out():
    network, paths, widths = paths_before(4)
    values = NOISE[97:130].copy()
    values[10] = np.nan
    added, *_ = add_paths(paths, widths, network, NOISE[:100], values, 0)
    assert np.isfinite(added).all()
    assert len(paths) < len(added) < len(paths) + 30


def test_the_first_paths_come_with_their_widths():
    network = network_of([0.0, 0.0, 0.5])
    none = np.empty((0, 4, 1), np.float32)
    paths, widths, *_ = add_paths(none, None, network, NOISE[:6], NOISE[3:40], 0)
    expected = [residual(network, widths, end, 4) for end in range(7, 41)]
    np.testing.assert_allclose(paths, expected, rtol=1e-5)
