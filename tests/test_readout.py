"""The readout: solved for, chosen by forecasts over held-out values, and moved by new windows."""

import copy
from dataclasses import replace

import numpy as np
import pytest
from helpers import (
    dataset_of,
    linear_network,
    network_with_layers,
    network_without_layers,
    targets_of,
)
from oracle import lstm
from sklearn.linear_model import LinearRegression, Ridge

from skwave import LSTMForecaster, WindowTransformer, _fit
from skwave._calibration import EXACT_PATHS
from skwave._network import Network
from skwave._readout import (
    Readout,
    accumulate,
    drop_unread_positions,
    gram_folds,
    lstm_variance_fraction,
    naive_skip,
    smooth_readout,
    solve_readout,
    update_readout,
    with_positions,
    with_readout,
)
from skwave._readout_choice import (
    EXACT,
    EXACT_PENALTIES,
    STATE_PENALTIES,
    choose_readout,
    linear_errors,
    make_readouts,
    solve_exact,
)
from skwave._recursion import roll_forward
from skwave._rollout import RollOuts, make_rollouts
from skwave._scaling import Scaling
from skwave._sliding import sliding_windows
from skwave.datasets import make_mackey_glass
from skwave.exceptions import ForecastWarning
from skwave.metrics import normalized_root_mean_squared_error

TINY = {"units": 6, "epochs": 2, "batch_size": 32, "random_state": 0, "readout": "ridge"}


def noisy_wave(n_channels=1, n=400):
    rng = np.random.default_rng(0)
    phase = np.arange(n)[:, None] / 5 + np.arange(n_channels)
    return 50 + 3 * np.sin(phase) + 0.1 * rng.normal(size=(n, n_channels))


def all_of(network, dataset):
    return accumulate(network, dataset, np.arange(len(dataset.indices)))


def solve(network, dataset, state_penalty, linear_penalty, average_penalty=None):
    n_values = dataset.window_length * dataset.n_channels
    penalties = [
        None if p is None else np.broadcast_to(p, n_values)
        for p in (linear_penalty, average_penalty)
    ]
    readout = Readout("", state_penalty, *penalties)
    return solve_readout(network, all_of(network, dataset), readout)


# --- Solving ------------------------------------------------------------------------------------


@pytest.mark.parametrize("normalization", ["series", "window", None])
def test_a_linear_model_is_scikit_learns_ridge_on_windows_less_their_last_value(normalization):
    series = noisy_wave()
    network = linear_network(dataset_of(series, length=12, normalization=normalization), 1e-3)
    windows = sliding_windows(series, 12)[:, :, 0]
    inputs, targets = windows[:-1] - windows[:-1, -1:], series[12:, 0] - windows[:-1, -1]
    alpha = 1e-3 * len(inputs) * np.mean(inputs.var(axis=0))
    ridge = Ridge(alpha=alpha, solver="cholesky").fit(inputs, targets)
    expected = ridge.predict(windows - windows[:, -1:]) + windows[:, -1]
    np.testing.assert_allclose(network.predict(windows[:, :, None])[:, 0], expected, rtol=1e-5)


def test_states_and_window_are_scikit_learns_ridge_with_a_penalty_for_each():
    series = noisy_wave(n=150)
    dataset = dataset_of(series, length=12)
    start = network_with_layers(dataset)
    network, one_step_error = solve(start, dataset, 1e-2, 1e-3)
    windows = sliding_windows(series, 12)[:-1]
    scaled = dataset.scaling.scale(windows)
    inputs = (scaled - scaled[:, -1:])[:, :, 0]
    targets = (series[12:, 0] - series[11:-1, 0]) / dataset.scaling.input_scale
    states = np.array([lstm(start.layers[0], window, 5)[-1] for window in scaled])
    # Ridge has one penalty: the inputs are scaled so that it is as large as is asked for.
    sizes = [np.sqrt(np.mean(x.var(axis=0))) for x in (states, inputs)]
    design = np.hstack([states / sizes[0] / np.sqrt(1e-2), inputs / sizes[1] / np.sqrt(1e-3)])
    ridge = Ridge(alpha=len(design), solver="cholesky").fit(design, targets)
    expected = ridge.predict(design) * dataset.scaling.input_scale + series[11:-1, 0]
    np.testing.assert_allclose(network.predict(windows)[:, 0], expected, rtol=1e-5)
    errors = (expected - series[12:, 0]) / dataset.scaling.input_scale
    assert one_step_error == pytest.approx(np.mean(errors**2), rel=1e-3)


def test_weights_count_as_repetitions_of_windows():
    dataset = dataset_of(noisy_wave(n=150), length=12)
    start = network_with_layers(dataset)
    weights = np.random.default_rng(0).integers(0, 4, size=len(dataset.indices))
    repeated = dataset.take(np.repeat(np.arange(len(weights)), weights), int(weights.sum()))
    weighted = replace(dataset, weights=weights.astype(np.float32))
    mine, theirs = (all_of(start, data) for data in (weighted, repeated))
    assert mine.weight == theirs.weight
    np.testing.assert_allclose(mine.products, theirs.products, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("output_length", [1, 3])
def test_channels_that_obey_a_linear_recursion_are_continued_exactly(output_length):
    t = np.arange(300)
    series = np.column_stack([np.sin(t / 3), np.cos(t / 7) + 10])
    dataset = dataset_of(series[:200], length=20, output_length=output_length)
    forecast = roll_forward(linear_network(dataset, 1e-12), series[None, 180:200], 60)[0]
    np.testing.assert_allclose(forecast, series[200:260], atol=1e-3)


def test_a_level_shift_passes_through_the_skip_connection():
    series = noisy_wave()
    network = linear_network(dataset_of(series, length=12), 1e-3)
    windows = sliding_windows(series, 12)
    np.testing.assert_allclose(
        network.predict(windows + 1000), network.predict(windows) + 1000, rtol=1e-6
    )


def test_a_strong_penalty_predicts_no_change_but_the_drift():
    series = noisy_wave()
    network = linear_network(dataset_of(series, length=12), 1e9)
    windows = sliding_windows(series, 12)
    drift = np.mean(np.diff(series[11:, 0]))
    np.testing.assert_allclose(network.predict(windows)[:, 0], windows[:, -1, 0] + drift, rtol=1e-5)


@pytest.mark.parametrize("normalization", ["series", "window"])
def test_the_naive_skip_predicts_the_newest_value(normalization):
    series = noisy_wave(n_channels=2)
    dataset = dataset_of(series, length=12, output_length=2, normalization=normalization)
    network = replace(network_without_layers(dataset), skip=naive_skip(dataset))
    windows = sliding_windows(series, 12)
    expected = np.tile(windows[:, -1], 2)
    np.testing.assert_allclose(network.predict(windows), expected, rtol=1e-6)


@pytest.mark.parametrize("normalization", ["series", "window"])
def test_the_averaged_readout_predicts_the_mean(normalization):
    series = noisy_wave(n_channels=2, n=150)
    dataset = dataset_of(series, length=12, normalization=normalization)
    start = network_with_layers(dataset)
    linear, both, averaged = (
        solve(start, dataset, *penalties)[0]
        for penalties in ((np.inf, 1e-3), (1e-4, 1e-2), (1e-4, 1e-2, 1e-3))
    )
    windows = sliding_windows(series, 12)
    expected = (linear.predict(windows) + both.predict(windows)) / 2
    np.testing.assert_allclose(averaged.predict(windows), expected, rtol=1e-6)
    assert np.abs(linear.predict(windows) - expected).max() > 1e-3


# --- Choosing -----------------------------------------------------------------------------------


class KnownErrors:
    """Stands for roll-outs: gives errors in the order in which networks are tried."""

    is_better, standard_error = RollOuts.is_better, RollOuts.standard_error

    def __init__(self, *errors, bound=np.inf):
        self.rows, self.bound, self.n_independent = list(np.array(errors, float)), bound, 100
        self.n_tried = 0
        self.scale = np.ones(1)

    def read_known(self, network):
        return None

    def errors(self, network, begun=None):
        self.n_tried += 1
        return self.rows[self.n_tried - 1]

    def exploding_error(self, linear_errors):
        return self.bound


@pytest.fixture(scope="module")
def noisy():
    """A noisy dataset, in which no readout is exact, and a network with random layers."""
    dataset = dataset_of(noisy_wave(n=120), length=6)
    dataset = dataset.split(0.3, newest=True, random_state=np.random.RandomState(0))
    return network_with_layers(dataset, units=3), dataset


def choose(noisy, *errors, bound=np.inf, over_all=None, bound_over_all=np.inf):
    # First that of the linear model.
    over_all = [[0, 0], *([[0, 0]] if over_all is None else over_all)]
    rollouts, everywhere = (
        KnownErrors(*errors, bound=bound), KnownErrors(*over_all, bound=bound_over_all)
    )  # fmt: skip
    solved, readout, errors, _ = choose_readout(*noisy, gram_folds(*noisy), rollouts, everywhere)
    return solved, readout.name, errors, rollouts


def test_weaker_penalties_are_not_tried_once_forecasts_explode(noisy):
    _, name, errors, rollouts = choose(
        noisy, [1, 2], [1, 1.5], [0.5, 0.5], [0.1, 1e6], [0, 0], [0, 0], [0, 0], bound=20
    )
    assert [e.mean() for e in errors.values()] == [1.5, 1.25, 0.5]
    assert next(iter(errors)) == "linear"
    assert rollouts.n_tried == 4
    assert name == list(errors)[2]


def test_the_strongest_penalty_within_a_standard_error_of_the_best_one_is_chosen(noisy):
    first = np.array([1.1, 1.4, 1.0])

    def number_of(second, others):
        """Return the number of the chosen candidate, from the strongest penalty."""
        rows = [first, second, *([others] * (len(STATE_PENALTIES) - 1))]
        _, name, errors, _ = choose(noisy, first - 0.5, *rows)
        return list(errors).index(name) - 1

    assert number_of(first, first) == 0
    assert number_of(first - 0.01, first) == 1
    assert number_of(first - 0.01, first - 0.02) == 2
    # By as much on average, but not by more than a standard error.
    assert number_of(first - 0.01 + [1, -1, 0], first) == 0


def test_the_lstm_is_kept_where_all_candidates_explode(noisy):
    _, name, errors, _ = choose(noisy, [1, 1], [99, 99], [99, 99], bound=20)
    assert list(errors) == ["linear", name]
    # Nor is the linear model kept where forecasts over all values explode.
    over_all = [[99, 99]] * (1 + len(STATE_PENALTIES))
    rows = [[0.1, 0.1], *([[1, 1]] * (1 + len(STATE_PENALTIES)))]
    _, name, errors, _ = choose(noisy, *rows, over_all=over_all, bound_over_all=10)
    assert name == list(errors)[1]


def test_a_readout_that_explodes_anywhere_gives_way_to_one_with_a_stronger_penalty(noisy):
    errors = [[error, error] for error in np.linspace(1, 0.1, 2 + len(STATE_PENALTIES))]
    network, name, found, _ = choose(
        noisy, *errors, over_all=[[1, 99], [1, 2], [0, 0]], bound_over_all=10
    )
    assert list(found).index(name) == len(found) - 2
    assert np.isfinite(network.head[0]).all()


def test_what_is_kept_is_solved_for_all_windows_the_held_out_ones_too(noisy):
    start, dataset = noisy
    rows = [[1, 1], [0.1, 0.1], *([[1, 1]] * len(STATE_PENALTIES))]
    network, name, _, _ = choose(noisy, *rows)
    older = dataset.take(np.arange(dataset.n_train), dataset.n_train)
    seen_alone, its_name, _, _ = choose((start, older), *rows)
    assert name == its_name
    assert np.abs(network.skip - seen_alone.skip).max() > 1e-6


# --- States at several positions of the window --------------------------------------------------


def test_reading_more_positions_changes_no_prediction_until_it_is_solved_for(noisy):
    layers, dataset = noisy
    trained = replace(layers, head=(np.ones((3, 1), np.float32), layers.head[1]))
    windows = sliding_windows(noisy_wave(n=40), 6)
    several = with_positions(trained, 3)
    assert several.positions == (5, 6)  # 6 - 6 // 8 is the last one again
    assert several.n_states == 6
    np.testing.assert_allclose(several.predict(windows), trained.predict(windows), rtol=1e-6)
    assert with_positions(trained, 1) is trained
    solved, _ = solve(several, dataset, 1e-2, 1e-2)
    assert np.abs(solved.head[0][:3]).min() > 0
    # Further training starts from the state after the last value.
    assert smooth_readout(solved, dataset).n_states == 3


def test_chaos_is_forecast_better_by_states_at_several_positions():
    series = make_mackey_glass(1_500, random_state=0)
    windows = WindowTransformer(40).fit_transform(series[:1_000])
    contexts = sliding_windows(series[:, None], 40)[1_000:1_400:20]
    truth = np.stack([series[t : t + 40] for t in range(1_040, 1_440, 20)])
    errors = []
    for n in (1, 3):
        forecaster = LSTMForecaster(30, readout_positions=n, epochs=2, random_state=0)
        forecasts = forecaster.fit(windows).forecast(40, context=contexts)
        errors.append(np.sqrt(np.mean((forecasts - truth) ** 2)))
    assert errors[1] < 0.7 * errors[0]


def test_the_average_reads_the_last_state_alone_and_earlier_positions_are_dropped(noisy):
    layers, dataset = noisy
    several = with_positions(layers, 3)
    _, (averaged, *others) = make_readouts(gram_folds(several, dataset), several)
    assert averaged.name == "averaged"
    for readout, n_left in ((averaged, 3), (others[0], 6)):
        gram = accumulate(several, dataset, np.arange(dataset.n_train))
        solved, _ = solve_readout(several, gram, readout)
        left, of_left = drop_unread_positions(solved, readout)
        assert left.n_states == n_left
        windows = sliding_windows(noisy_wave(n=40), 6)
        np.testing.assert_allclose(left.predict(windows), solved.predict(windows), rtol=1e-6)
        again, _ = solve_readout(left, accumulate(left, dataset, np.arange(30)), of_left)
        assert again.n_states == n_left


# --- Exact forecasts ----------------------------------------------------------------------------


def exact_case(noise=0.0):
    t = np.arange(240)
    series = (np.sin(t / 3) + noise * np.random.default_rng(0).normal(size=240))[:, None]
    dataset = dataset_of(series, length=10)
    dataset = dataset.split(0.3, newest=True, random_state=np.random.RandomState(0))
    rollouts = make_rollouts(targets_of(series, length=10), 0.3)
    return smaller(network_with_layers(dataset, units=20)), dataset, rollouts


def smaller(network):
    """Return a network whose weights are of the size that training begins with."""
    layers = tuple(tuple(0.3 * w for w in layer) for layer in network.layers)
    return replace(network, layers=layers)


def test_a_noiseless_wave_is_forecast_exactly_from_the_states_alone():
    network, dataset, rollouts = exact_case()
    solved, readout, errors = solve_exact(network, dataset, rollouts)
    assert readout.name == f"states {readout.state_penalty:.0e}"
    assert errors.mean() <= EXACT
    np.testing.assert_array_equal(errors, rollouts.errors(solved))
    # The window itself adds nothing but the newest value.
    np.testing.assert_allclose(solved.skip, naive_skip(solved), atol=1e-12)
    assert solved.layers is network.layers


def test_of_the_exact_readouts_the_one_with_the_strongest_penalty_is_kept():
    network, dataset, rollouts = exact_case()
    _, kept, _ = solve_exact(network, dataset, rollouts)
    window = np.full(10, np.inf)
    gram = accumulate(network, dataset, np.arange(dataset.n_train))
    for penalty in EXACT_PENALTIES[: EXACT_PENALTIES.index(kept.state_penalty)]:
        solved, _ = solve_readout(network, gram, Readout("", penalty, window))
        assert rollouts.errors(solved).mean() > EXACT
    assert list(EXACT_PENALTIES) == sorted(EXACT_PENALTIES, reverse=True)


def test_a_noisy_wave_is_not_forecast_exactly():
    assert solve_exact(*exact_case(noise=1e-3)) is None


def test_an_exact_readout_is_compared_with_the_linear_model_alone():
    wave = np.sin(2 * np.pi * np.arange(400) / 20)
    forecaster = LSTMForecaster(50, random_state=0).fit(WindowTransformer(10).fit_transform(wave))
    assert forecaster.readout_.startswith("states ")
    assert list(forecaster.validation_errors_)[:2] == [forecaster.readout_, "linear"]
    assert not [name for name in forecaster.validation_errors_ if name.startswith("ridge")]
    assert "exact" in str(forecaster.summary())
    assert forecaster.validation_errors_[forecaster.readout_] <= EXACT


def test_an_exact_readout_with_short_windows_has_as_many_paths_as_one_with_long_ones():
    wave = np.sin(2 * np.pi * np.arange(400) / 6)
    forecaster = LSTMForecaster(16, random_state=0).fit(WindowTransformer(6).fit_transform(wave))
    assert forecaster.readout_.startswith("states ")
    assert len(forecaster.residual_paths_) == EXACT_PATHS
    assert forecaster.forecast_interval(6, coverage=0.95).shape == (6, 2)


# --- What a network is made of, and of whom it is better ----------------------------------------


def test_the_fraction_of_the_lstm_is_one_without_the_window_and_zero_without_the_states():
    dataset = dataset_of(noisy_wave(n=150), length=12)
    start = network_with_layers(dataset)
    states, window, both = (
        solve(start, dataset, *penalties)[0]
        for penalties in ((1e-4, np.inf), (np.inf, 1e-4), (1e-4, 1e-4))
    )
    assert lstm_variance_fraction(states, dataset) == pytest.approx(1)
    assert lstm_variance_fraction(window, dataset) == 0
    assert lstm_variance_fraction(replace(states, skip=None), dataset) == 1
    # The share of a sum is the covariance with it, from predictions.
    windows = sliding_windows(noisy_wave(n=150), 12)[:-1]
    # As forecasters do: BLAS may raise the flag by lanes of a register that hold no value.
    with np.errstate(invalid="ignore"):
        change = both.predict(windows) - windows[:, -1]
    of_window = replace(both, head=tuple(np.zeros_like(w) for w in both.head))
    of_window = of_window.predict(windows) - windows[:, -1]
    expected = np.cov((change - of_window)[:, 0], change[:, 0])[0, 1] / change.var(ddof=1)
    assert lstm_variance_fraction(both, dataset) == pytest.approx(expected, rel=1e-3)


def test_the_fraction_of_the_lstm_is_zero_where_nothing_changes():
    dataset = dataset_of(np.full((40, 1), 3.0), length=5)
    network, _ = solve(network_with_layers(dataset), dataset, 1e-2, 1e-2)
    assert lstm_variance_fraction(network, dataset) == 0


def test_the_linear_model_is_solved_for_the_training_windows():
    series = noisy_wave(n=200)
    dataset = dataset_of(series, length=12)
    dataset = dataset.split(0.3, newest=True, random_state=np.random.RandomState(0))
    rollouts = make_rollouts(targets_of(series, length=12), 0.3)
    errors = linear_errors(network_with_layers(dataset), dataset, rollouts, None)
    # It forecasts as linear models of these windows with any fair penalty do.
    seen = dataset.take(np.arange(dataset.n_train), dataset.n_train)
    by_penalty = [rollouts.errors(linear_network(seen, p)).mean() for p in (1e-4, 1e-3, 1e-2, 1e-1)]
    assert 0.5 * min(by_penalty) < errors.mean() < 1.5 * max(by_penalty)


def test_windows_of_very_many_values_are_compared_with_no_linear_model(monkeypatch):
    settings = TINY | {"epochs": 1, "readout": "trained"}
    windows = WindowTransformer(10).fit_transform(noisy_wave(n=100))
    for most, names in ((10, {"trained", "linear", "naive"}), (9, {"trained", "naive"})):
        monkeypatch.setattr(_fit, "MAX_LINEAR_VALUES", most)
        errors = LSTMForecaster(**settings).fit(windows).validation_errors_
        assert set(errors) - {"seasonal_naive"} == names


# --- Further training ---------------------------------------------------------------------------


def test_windows_that_are_predicted_as_well_as_can_be_move_nothing():
    dataset = dataset_of(noisy_wave(n=150), length=6)
    best, error = solve(network_with_layers(dataset), dataset, 1e-9, 1e-9)
    again, loss = update_readout(best, dataset, len(dataset.indices))
    assert loss == pytest.approx(error, rel=1e-4)
    windows = sliding_windows(noisy_wave(n=150), 6)
    np.testing.assert_allclose(again.predict(windows), best.predict(windows), rtol=1e-5)


def test_new_windows_move_the_readout_less_the_more_windows_it_was_solved_for():
    dataset = dataset_of(noisy_wave(n=150), length=6)
    network, _ = solve(network_with_layers(dataset), dataset, 1e-4, 1e-4)
    other = dataset_of(noisy_wave(n=150)[::-1] ** 2, length=6)
    windows = sliding_windows(noisy_wave(n=150), 6)
    moved = [
        np.abs(update_readout(network, other, n)[0].predict(windows) - network.predict(windows))
        for n in (1, 100, 10_000, 10**9)
    ]
    means = [m.mean() for m in moved]
    assert means == sorted(means, reverse=True)
    assert means[-1] < 1e-5 * means[0]


def test_training_goes_on_from_a_head_of_small_coefficients():
    dataset = dataset_of(logistic_map()[:, None], length=4)
    weak, _ = solve(network_with_layers(dataset, units=16), dataset, 1e-8, 1e-3)
    smooth = smooth_readout(weak, dataset)
    assert np.abs(smooth.head[0]).max() < 0.25 * np.abs(weak.head[0]).max()
    assert smooth.layers is weak.layers


# --- Fits ---------------------------------------------------------------------------------------


def linear_series(noise=0.1):
    t = np.arange(300)
    return 5 + 0.02 * t + np.sin(t / 3) + noise * np.random.default_rng(0).normal(size=300)


def logistic_map(n=600):
    # Chaotic and one-dimensional: x' = 3.9 x (1 - x), which no linear model of a window can follow.
    x = [0.3]
    while len(x) < n:
        x.append(3.9 * x[-1] * (1 - x[-1]))
    return np.array(x)


CHAOS = TINY | {"units": 16, "epochs": 10, "batch_size": 16, "learning_rate": 0.02}


@pytest.fixture(scope="module")
def chaos():
    return WindowTransformer(4).fit_transform(logistic_map())


@pytest.fixture(scope="module")
def solved_on_chaos(chaos):
    """A forecaster with a solved readout; tests must copy it before they fit it again."""
    return LSTMForecaster(**CHAOS).fit(chaos)


@pytest.fixture(scope="module")
def trained_on_chaos(chaos):
    """The same with the readout that Keras trained."""
    return LSTMForecaster(**CHAOS | {"readout": "trained", "validation": "last"}).fit(chaos)


@pytest.mark.parametrize("normalization", ["series", "window"])
@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_a_trend_with_a_wave_is_forecast_to_its_noise(normalization, noise):
    windows = WindowTransformer(20).fit_transform(linear_series(noise))
    forecaster = LSTMForecaster(**TINY, normalization=normalization).fit(windows)
    t = np.arange(300, 360)
    expected = 5 + 0.02 * t + np.sin(t / 3)
    assert np.sqrt(np.mean((forecaster.forecast(60) - expected) ** 2)) < max(3 * noise, 1e-3)
    assert forecaster.network_.units == (6,)


def test_a_nonlinear_series_is_forecast_better_than_by_the_linear_model(
    chaos, solved_on_chaos, trained_on_chaos
):
    errors = solved_on_chaos.validation_errors_
    kept = solved_on_chaos.readout_
    assert kept in errors
    assert errors[kept] < 0.5 * errors["linear"]
    # By one step too, where a linear model explains next to nothing of this map.
    x, y = chaos[:-1, :, 0], chaos[1:, -1, 0]
    error = 1 - solved_on_chaos.score(chaos)
    assert error < 0.01 * (1 - LinearRegression().fit(x, y).score(x, y))
    # And better than the same LSTM with the output layer that Keras trained. How much better
    # depends on the seed and on Keras's backend: 2 to 16 times.
    layers = solved_on_chaos.network_.layers, trained_on_chaos.network_.layers
    np.testing.assert_array_equal(*(np.concatenate([w.ravel() for w in x[0]]) for x in layers))
    assert error < 1 - trained_on_chaos.score(chaos)


def test_a_trained_readout_is_kept_and_compared(chaos, trained_on_chaos):
    assert trained_on_chaos.readout_ == "trained"
    errors = trained_on_chaos.validation_errors_
    assert {"trained", "linear", "naive"} <= errors.keys() <= {
        "trained", "linear", "naive", "seasonal_naive"
    }  # fmt: skip
    assert all(isinstance(e, float) for e in errors.values())


@pytest.mark.parametrize(
    ("settings", "solves"),
    [
        ({}, True),
        ({"loss": "mse"}, True),
        ({"normalization": "window"}, True),
        ({"loss": "mean_absolute_error"}, False),
        ({"normalization": None}, False),
    ],
)
def test_auto_solves_where_the_squared_error_of_what_follows_is_minimized(
    windows, settings, solves
):
    model = LSTMForecaster(**TINY | {"readout": "auto", "epochs": 1} | settings)
    assert (model.fit(windows).readout_ != "trained") == solves
    assert model.fit(windows, np.zeros(len(windows))).readout_ == "trained"
    assert model.validation_errors_ == {}


def test_auto_recognizes_the_squared_error_in_every_form():
    import keras

    def mse(y_true, y_pred):
        """Half of it, which is another loss."""
        return keras.ops.mean(keras.ops.square(y_true - y_pred)) / 2

    squared = keras.losses.MeanSquaredError()
    forms = squared, keras.losses.mean_squared_error
    forms += tuple(keras.losses.serialize(form) for form in forms)
    for loss in (*forms, keras.losses.Huber(), mse):
        data = targets_of(noisy_wave(n=40), length=5)
        config = LSTMForecaster(3, loss=loss)._make_config()
        solves = _fit.solves_readout("auto", data, config, "series")
        assert solves == any(loss is form for form in forms), loss


def test_auto_solves_for_no_more_coefficients_than_fit_into_memory(monkeypatch):
    # The number itself takes minutes.
    assert "at most 2,000" in " ".join(LSTMForecaster.__doc__.split())
    assert _fit.MAX_COEFFICIENTS == 2000
    monkeypatch.setattr(_fit, "MAX_COEFFICIENTS", 81)
    data = targets_of(np.random.default_rng(0).normal(size=(80, 2)), length=40)
    fits, does_not = (LSTMForecaster(units)._make_config() for units in ((7, 1), (1, 2)))
    assert _fit.solves_readout("auto", data, fits, "series")
    with pytest.warns(ForecastWarning, match="82 coefficients.*at most 81.*readout='ridge'"):
        assert not _fit.solves_readout("auto", data, does_not, "series")
    assert _fit.solves_readout("ridge", data, does_not, "series")
    assert not _fit.solves_readout("trained", data, does_not, "series")
    # For other reasons than the number there is no warning.
    assert not _fit.solves_readout("auto", data, does_not, None)


def test_held_out_windows_are_used_in_the_end():
    # In the newest fifth, which is held out, another law holds: what follows is the newest value.
    series = np.concatenate([linear_series(0.0)[:200], np.full(100, 12.0)])
    windows = WindowTransformer(10).fit_transform(series)
    # With these six units the bound holds for each of five seeds on each backend of Keras.
    settings = TINY | {"epochs": 1, "validation_split": 0.2}
    all_windows = LSTMForecaster(**settings).fit(windows)
    older_only = LSTMForecaster(**settings).fit(windows[:232])
    new = windows[-50:]
    errors = [abs(m.predict(new) - 12).mean() for m in (all_windows, older_only)]
    assert errors[0] < 0.5 * errors[1]


def test_a_network_with_a_solved_readout_is_trained_further(chaos, solved_on_chaos):
    forecaster = copy.deepcopy(solved_on_chaos)
    before = forecaster.score(chaos)
    forecaster.set_params(warm_start=True, epochs=5, learning_rate=1e-3).fit(chaos)
    assert forecaster.readout_ != "trained"
    assert 1 - forecaster.score(chaos) < 2 * (1 - before)
    assert len(forecaster.history_["loss"]) == 5
    # The training goes on from where it was, and not from new weights.
    assert forecaster.history_["loss"][0] < 0.5 * solved_on_chaos.history_["loss"][0]


@pytest.mark.parametrize("readout_positions", [1, 3])
def test_a_solved_readout_is_trained_further_from_small_coefficients(chaos, readout_positions):
    settings = CHAOS | {"readout_positions": readout_positions, "validation": "last"}
    forecaster = LSTMForecaster(**settings | {"readout": "ridge"}).fit(chaos)
    solved = forecaster.network_
    forecaster.set_params(warm_start=True, readout="trained", epochs=2).fit(chaos)
    assert forecaster.readout_ == "trained"
    assert forecaster.network_.positions is None
    change = np.abs(forecaster.network_.layers[0][1] - solved.layers[0][1])
    assert 0 < change.max() < 0.5
    # A new network of the same settings has a larger loss.
    new = LSTMForecaster(**settings | {"readout": "trained", "epochs": 1}).fit(chaos)
    assert forecaster.history_["loss"][0] < 0.5 * new.history_["loss"][0]


def test_known_windows_hardly_move_a_solved_readout_and_never_the_lstm(chaos, solved_on_chaos):
    forecaster = copy.deepcopy(solved_on_chaos)
    readout, layers = forecaster.readout_, forecaster.network_.layers
    before, score = forecaster.predict(chaos), forecaster.score(chaos)
    # What it knows already moves it but little.
    forecaster.partial_fit(chaos)
    assert forecaster.score(chaos) > score - 0.01 * (1 - score) - 1e-9
    assert len(forecaster.history_["loss"]) == 11
    assert forecaster.readout_ == readout
    for mine, theirs in zip(forecaster.network_.layers, layers, strict=True):
        np.testing.assert_array_equal(mine[1], theirs[1])
    assert np.abs(forecaster.predict(chaos) - before).max() > 0


def test_new_windows_of_another_law_move_the_coefficients_by_their_part_of_all_windows():
    rng = np.random.default_rng(0)

    def process(n, *coefficients):
        values = list(rng.normal(size=2))
        for noise in rng.normal(size=n):
            values.append(coefficients[0] * values[-1] + coefficients[1] * values[-2] + noise)
        return WindowTransformer(10).fit_transform(np.array(values))

    old, new = process(2000, 1.2, -0.5), process(220, -0.6, 0.2)
    forecaster = LSTMForecaster(**TINY | {"epochs": 1}).fit(old)
    test = process(1000, 1.2, -0.5)
    before = forecaster.score(test)
    forecaster.partial_fit(new)
    # A tenth of the windows takes away little of what the others taught.
    assert before - 0.05 < forecaster.score(test) < before


def test_training_does_not_go_on_with_targets_of_another_kind(chaos, solved_on_chaos):
    y = 1000 * chaos[:, 0, 0] + 5000
    forecaster = copy.deepcopy(solved_on_chaos).set_params(readout="auto", warm_start=True)
    given = LSTMForecaster(**CHAOS | {"readout": "auto", "epochs": 1}, warm_start=True)
    # Its residual paths are not those of a fit without y.
    given.fit(chaos, y).calibrate(chaos, n_steps=3)
    for method in ("fit", "partial_fit"):
        with pytest.raises(ValueError, match="has targets='the next values'.* but targets='y'"):
            getattr(forecaster, method)(chaos, y)
        with pytest.raises(ValueError, match="has targets='y'.* but targets='the next values'"):
            getattr(given, method)(chaos)
    given.partial_fit(chaos, y)


@pytest.mark.parametrize("normalization", ["window", None])
def test_training_does_not_go_on_with_another_normalization(
    chaos, solved_on_chaos, normalization
):  # fmt: skip
    forecaster = copy.deepcopy(solved_on_chaos)
    forecaster.set_params(normalization=normalization, warm_start=True)
    with pytest.raises(ValueError, match="has normalization='series', but normalization="):
        forecaster.fit(chaos)


def test_new_windows_train_a_network_whose_readout_was_trained(chaos, trained_on_chaos):
    forecaster = copy.deepcopy(trained_on_chaos)
    weights = forecaster.network_.layers[0][1]
    forecaster.set_params(readout="ridge").partial_fit(chaos[:30])
    assert forecaster.readout_ == "trained"
    change = np.abs(forecaster.network_.layers[0][1] - weights)
    assert 0 < change.max() < 0.2


def test_epochs_are_chosen_by_forecasts_over_held_out_values():
    windows = WindowTransformer(20).fit_transform(linear_series())
    settings = {"epochs": 4, "batch_size": 32, "validation": "forecast", "random_state": 0}
    forecaster = LSTMForecaster(6, **settings).fit(windows)
    errors = forecaster.history_["val_forecast"]
    assert forecaster.best_epoch_ == int(np.argmin(errors))
    assert len(errors) == len(forecaster.history_["val_loss"])


@pytest.mark.parametrize("change", [{"readout": "ridge"}, {"validation": "forecast"}])
def test_what_rolls_out_needs_the_values_that_follow(windows, change):
    (name,) = change
    forecaster = LSTMForecaster(6, epochs=1, **change)
    with pytest.raises(ValueError, match=f"{name}=.*y is given. Fit without y, or set"):
        forecaster.fit(windows, np.zeros(len(windows)))
    # With nothing held out, the windows that were trained on are forecast.
    forecaster.set_params(validation_split=0.0).fit(windows)
    assert forecaster.forecast(3).shape == (3,)


def test_a_trained_readout_learns_the_slope_of_a_trend():
    # The difference from the newest value hardly varies here; its mean is what matters.
    series = 5.0 * np.arange(300) + np.sin(np.arange(300))
    windows = WindowTransformer(10).fit_transform(series)
    forecaster = LSTMForecaster(**TINY | {"readout": "trained", "epochs": 1}).fit(windows)
    forecast = forecaster.forecast(20)
    assert np.abs(forecast - (series[-1] + 5 * np.arange(1, 21))).max() < 15
    # Training goes on from there, and not on another scale.
    (first,) = forecaster.history_["loss"]
    forecaster.set_params(warm_start=True).fit(windows)
    assert 0.5 * first < forecaster.history_["loss"][0] < first


# --- Stopping at exact forecasts ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "n_values", "n_epochs"),
    [(20, 1300, 1), (6, 300, 3)],  # 20 updates: an epoch, or three passes over few windows
)
def test_a_noiseless_wave_stops_the_training_after_twenty_updates(length, n_values, n_epochs):
    wave = np.sin(np.arange(n_values + 200) / 3)
    windows = WindowTransformer(length).fit_transform(wave[:n_values])
    forecaster = LSTMForecaster(50, random_state=0).fit(windows)
    assert {len(losses) for losses in forecaster.history_.values()} == {n_epochs}
    assert forecaster.readout_.startswith("states ")
    assert forecaster.network_.units == (50,)
    assert forecaster.validation_errors_[forecaster.readout_] <= EXACT
    assert "linear" in forecaster.validation_errors_
    # The target of the tutorial's waves; single errors depend on the backend's initial weights.
    error = normalized_root_mean_squared_error(wave[n_values:], forecaster.forecast(200))
    assert error <= 1e-5


def test_the_readout_that_stopped_the_training_is_not_solved_for_again(monkeypatch, wave):
    calls = []

    def note(*args):
        calls.append(solve_exact(*args))
        return calls[-1]

    for module in ("_fit", "_keras_callbacks"):
        monkeypatch.setattr(f"skwave.{module}.solve_exact", note)
    forecaster = LSTMForecaster(50, random_state=0)
    forecaster.fit(WindowTransformer(10).fit_transform(wave))
    assert len(calls) == 1
    assert forecaster.network_ is calls[0][0]


def test_a_noisy_wave_does_not_stop_the_training(wave):
    noisy = wave + 1e-3 * np.random.default_rng(0).normal(size=len(wave))
    forecaster = LSTMForecaster(6, batch_size=3, random_state=0)
    forecaster.fit(WindowTransformer(10).fit_transform(noisy))
    assert len(forecaster.history_["loss"]) == 5
    assert not forecaster.readout_.startswith("states ")


def test_a_number_of_epochs_is_trained_whatever_the_forecasts(wave):
    windows = WindowTransformer(10).fit_transform(wave)
    forecaster = LSTMForecaster(50, epochs=2, random_state=0).fit(windows)
    assert len(forecaster.history_["loss"]) == 2


def test_coefficients_beyond_float32_are_not_finite_and_give_no_warning():
    zeros, ones = np.zeros(1), np.ones(1)
    layer = np.zeros((1, 8), np.float32), np.zeros((2, 8), np.float32), np.zeros(8, np.float32)
    head, skip = (np.zeros((2, 1), np.float32), np.zeros(1, np.float32)), np.zeros((3, 1))
    network = Network(3, 1, Scaling(zeros, ones, zeros, ones), (layer,), head, skip)
    coef = np.zeros((5, 1))
    coef[0] = 1e39
    assert np.isinf(with_readout(network, coef, zeros).head[0]).any()
