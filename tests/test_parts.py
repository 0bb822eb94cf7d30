import copy
from dataclasses import replace

import numpy as np
import pytest
from oracle import random_network

from skwave import LSTMForecaster, WindowTransformer, _fitting
from skwave._judge import ForecastJudge
from skwave._parts import LINEAR, USUAL, _choose, _judge_in_turn, _stable

TINY = {"units": 6, "epochs": 2, "batch_size": 32, "random_state": 0, "linear_skip": True}


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


def chaos(**changes):
    windows = WindowTransformer(4).fit_transform(logistic_map())
    return LSTMForecaster(**CHAOS | changes).fit(windows), windows


@pytest.mark.parametrize("normalization", ["series", "window"])
@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_a_linear_series_is_forecast_by_the_linear_model(normalization, noise):
    windows = WindowTransformer(20).fit_transform(linear_series(noise))
    forecaster = LSTMForecaster(**TINY, normalization=normalization).fit(windows)
    assert forecaster.part_errors_.keys() == {"linear", "both"}
    if noise == 0:
        assert forecaster.part_errors_["linear"] < 1e-10
    if noise == 0 and normalization == "series":  # beyond doubt
        assert forecaster.parts_ == "linear"
        assert forecaster.network_.layers == ()
    t = np.arange(300, 360)
    truth = 5 + 0.02 * t + np.sin(t / 3)
    assert np.sqrt(np.mean((forecaster.forecast(60) - truth) ** 2)) < max(3 * noise, 1e-3)


def test_a_nonlinear_series_keeps_the_lstm():
    forecaster, windows = chaos()
    assert forecaster.parts_ == "both"
    errors = forecaster.part_errors_
    assert errors["both"] < 0.5 * errors["linear"]
    # The solved readout predicts far better than the one that was trained.
    trained, _ = chaos(linear_skip=False, validation="last")
    assert 1 - forecaster.score(windows) < 0.1 * (1 - trained.score(windows))


def test_without_linear_skip_there_is_nothing_to_choose(windows):
    fitted = LSTMForecaster(**TINY | {"linear_skip": False}).fit(windows)
    assert fitted.parts_ == "lstm"
    assert fitted.part_errors_ == {}


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
    model = LSTMForecaster(**TINY | {"linear_skip": "auto", "epochs": 1} | settings)
    assert (model.fit(windows).parts_ != "lstm") == solves
    assert model.fit(windows, np.zeros(len(windows))).parts_ == "lstm"


def test_auto_knows_the_squared_error_in_every_form(windows):
    import keras

    def mse(truth, prediction):
        """Half of it, which is another loss."""
        return keras.ops.mean(keras.ops.square(truth - prediction)) / 2

    squared = keras.losses.MeanSquaredError()
    forms = squared, keras.losses.mean_squared_error
    forms += tuple(keras.losses.serialize(form) for form in forms)
    for loss in (*forms, keras.losses.Huber(), mse):
        settings = TINY | {"linear_skip": "auto", "epochs": 1, "loss": loss}
        solves = LSTMForecaster(**settings).fit(windows).parts_ != "lstm"
        assert solves == any(loss is form for form in forms), loss


def test_held_out_windows_are_used_in_the_end():
    # In the newest fifth, which is held out, another law holds: what follows is the newest value.
    series = np.concatenate([linear_series(0.0)[:200], np.full(100, 12.0)])
    windows = WindowTransformer(10).fit_transform(series)
    settings = TINY | {"units": 3, "epochs": 1, "validation_split": 0.2}
    all_windows = LSTMForecaster(**settings).fit(windows)
    older_only = LSTMForecaster(**settings).fit(windows[:232])
    new = windows[-50:]
    errors = [abs(m.predict(new) - 12).mean() for m in (all_windows, older_only)]
    assert errors[0] < 0.5 * errors[1]


def test_a_solved_network_is_trained_on_further():
    forecaster, windows = chaos()
    before = forecaster.score(windows)
    forecaster.set_params(warm_start=True, epochs=5, learning_rate=1e-3).fit(windows)
    assert forecaster.parts_ == "both"
    assert 1 - forecaster.score(windows) < 2 * (1 - before)
    assert len(forecaster.history_["loss"]) == 5
    # The training goes on from where it was, and not from new weights.
    fresh, _ = chaos()
    assert forecaster.history_["loss"][0] < 0.5 * fresh.history_["loss"][0]


def test_a_linear_model_alone_is_fitted_on_with_new_layers():
    windows = WindowTransformer(20).fit_transform(linear_series(0.0))
    forecaster = LSTMForecaster(**TINY, warm_start=True).fit(windows).fit(windows)
    assert forecaster.parts_ == "linear"
    forecaster.set_params(linear_skip=False).fit(windows)
    assert forecaster.parts_ == "lstm"
    assert forecaster.network_.layers


@pytest.mark.parametrize("linear", [True, False])
def test_new_windows_move_a_solved_readout_as_far_as_their_number_warrants(linear):
    if linear:
        windows = WindowTransformer(20).fit_transform(linear_series(0.0))
        forecaster = LSTMForecaster(**TINY).fit(windows)
    else:
        forecaster, windows = chaos()
    parts, layers = forecaster.parts_, forecaster.network_.layers
    before, score = forecaster.predict(windows), forecaster.score(windows)
    n_epochs = len(forecaster.history_["loss"])
    # What it knows already moves it but little.
    forecaster.partial_fit(windows)
    assert forecaster.score(windows) > score - 0.01 * (1 - score) - 1e-9
    assert len(forecaster.history_["loss"]) == n_epochs + 1
    # A few windows of another level move it a little, and very many do a lot.
    moved = []
    for n in (4, len(windows) - 1):
        one = copy.deepcopy(forecaster)
        one.partial_fit(windows[:n], windows[1 : n + 1, -1, 0] + 1.0)
        moved.append(np.mean(one.predict(windows) - before))
        assert one.parts_ == parts
        for mine, theirs in zip(one.network_.layers, layers, strict=True):
            np.testing.assert_array_equal(mine[1], theirs[1])
    assert 0 < moved[0] < 0.1
    assert 0.2 < moved[1] < 0.6


def test_a_conflicting_law_moves_the_coefficients_by_its_share_of_the_windows():
    rng = np.random.default_rng(0)

    def process(n, *coefficients):
        values = list(rng.normal(size=2))
        for noise in rng.normal(size=n):
            values.append(coefficients[0] * values[-1] + coefficients[1] * values[-2] + noise)
        return WindowTransformer(20).fit_transform(np.array(values))

    old, new = process(2000, 1.2, -0.5), process(220, -0.6, 0.2)
    forecaster = LSTMForecaster(**TINY | {"units": 2, "epochs": 1}).fit(old)
    test = process(1000, 1.2, -0.5)
    before = forecaster.score(test)
    forecaster.partial_fit(new)
    # A tenth of the windows takes away little of what the others taught.
    assert before - 0.05 < forecaster.score(test) < before


def test_a_fit_with_targets_of_its_own_forgets_the_linear_model_before():
    _, windows = chaos()
    y = windows[:, 0, 0] + 5
    cold = LSTMForecaster(**CHAOS).set_params(linear_skip="auto").fit(windows, y)
    warm = LSTMForecaster(**CHAOS).set_params(linear_skip="auto", warm_start=True)
    warm.fit(windows).fit(windows, y)
    assert warm.parts_ == "lstm"
    assert warm.network_.skip is None
    assert 1 - warm.score(windows, y) < 2 * (1 - cold.score(windows, y)) + 0.1


def test_new_windows_do_not_replace_an_lstm_as_it_was_trained():
    _, windows = chaos()
    forecaster = LSTMForecaster(**CHAOS).set_params(linear_skip=False).fit(windows)
    weights = forecaster.network_.layers[0][1]
    forecaster.set_params(linear_skip=True).partial_fit(windows[:30])
    assert forecaster.parts_ == "lstm"
    change = np.abs(forecaster.network_.layers[0][1] - weights)
    assert 0 < change.max() < 0.2


class Judged:
    """A judge of networks that are told apart by their bias, the number of the readout."""

    def __init__(self, *errors, n_independent=100):
        self.table = np.array(errors, float)
        self.asked = []
        self.n_independent = n_independent

    def errors(self, network):
        number = int(network.head[1][0])
        self.asked.append(number)
        return self.table[number]

    def bound(self, *simple):
        return 10 * self.errors(simple[0]).max()

    beyond_doubt = ForecastJudge.beyond_doubt


def readout(number):
    network = random_network(np.random.default_rng(0), units=() if number == LINEAR else (3,))
    kernel, _ = network.head
    return replace(network, head=(kernel, np.array([number], np.float32)), skip=np.zeros((7, 1)))


def test_weaker_penalties_are_not_judged_once_forecasts_explode():
    judge = Judged([1, 2], [1, 1.5], [0.5, 0.5], [0.1, 1e6], [0, 0])
    errors = _judge_in_turn(judge, readout)
    assert [e.mean() for e in errors] == [1.5, 1.25, 0.5]
    assert 4 not in judge.asked


def test_the_usual_readout_is_kept_unless_another_is_better_beyond_doubt():
    linear, usual = np.array([1.9, 2.2, 2.1]), np.array([1.1, 1.4, 1.0])
    judge = Judged()
    assert _choose(judge, [linear, usual, usual - 0.01]) == 2
    assert _choose(judge, [linear, usual, usual + 0.01]) == USUAL
    assert _choose(judge, [linear - 1.5, usual, usual]) == LINEAR
    # Where all but the linear model explode, it is what is left.
    assert _choose(judge, [linear]) == LINEAR


def test_a_readout_that_explodes_anywhere_gives_way_to_one_that_makes_less_of_the_lstm():
    overall = Judged([1, 1], [1, 20], [1, 2], [1, 30], [1, 40])
    assert _stable(overall, readout, 4).head[1] == 2
    assert _stable(overall, readout, 1).layers == ()


def test_epochs_are_chosen_by_forecasts_over_held_out_values():
    windows = WindowTransformer(20).fit_transform(linear_series())
    forecaster = LSTMForecaster(
        6, epochs=4, batch_size=32, validation="forecast", random_state=0
    ).fit(windows)
    errors = forecaster.history_["val_forecast"]
    assert forecaster.best_epoch_ == int(np.argmin(errors))
    assert len(errors) == len(forecaster.history_["val_loss"])


@pytest.mark.parametrize("change", [{"linear_skip": True}, {"validation": "forecast"}])
def test_what_rolls_out_needs_the_values_that_follow(windows, change):
    (name,) = change
    forecaster = LSTMForecaster(4, epochs=1, **change)
    with pytest.raises(ValueError, match=f"{name}=.*fit without y"):
        forecaster.fit(windows, np.zeros(len(windows)))
    # With nothing held out, the windows that were trained on are forecast.
    forecaster.set_params(validation_split=0.0).fit(windows)
    assert forecaster.forecast(3).shape == (3,)


def test_an_lstm_alone_learns_the_slope_of_a_trend():
    # The difference from the newest value hardly varies here; its mean is what matters.
    series = 5.0 * np.arange(300) + np.sin(np.arange(300))
    windows = WindowTransformer(10).fit_transform(series)
    forecaster = LSTMForecaster(**TINY).set_params(linear_skip=False, epochs=1).fit(windows)
    forecast = forecaster.forecast(20)
    assert np.abs(forecast - (series[-1] + 5 * np.arange(1, 21))).max() < 15
    # Training goes on from there, and not on another scale.
    (first,) = forecaster.history_["loss"]
    forecaster.set_params(warm_start=True).fit(windows)
    assert 0.5 * first < forecaster.history_["loss"][0] < first


def test_auto_solves_for_no_more_coefficients_than_fit_into_memory(monkeypatch):
    # The number itself takes minutes.
    assert "at most 2,000" in " ".join(LSTMForecaster.__doc__.split())
    assert _fitting.MAX_COEFFICIENTS == 2000
    monkeypatch.setattr(_fitting, "MAX_COEFFICIENTS", 81)
    windows = WindowTransformer(40).fit_transform(np.random.default_rng(0).normal(size=(80, 2)))
    settings = {"epochs": 1, "random_state": 0, "batch_size": 64}
    assert LSTMForecaster(2, **settings).fit(windows).parts_ == "lstm"
    assert LSTMForecaster(2, **settings).fit(windows[:, 1:]).parts_ != "lstm"


@pytest.fixture
def no_training(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("trained")

    monkeypatch.setattr("skwave._fitting.train", refuse)


@pytest.mark.parametrize("length", [4, 6, 20])
def test_no_training_for_a_sine_however_short_the_windows(no_training, length):
    wave = np.sin(np.arange(400) / 3)
    windows = WindowTransformer(length).fit_transform(wave[:300])
    forecaster = LSTMForecaster(random_state=0).fit(windows)
    assert forecaster.parts_ == "linear"
    np.testing.assert_allclose(forecaster.forecast(100), wave[300:], atol=1e-3)


def test_what_a_linear_model_forecasts_without_error_is_not_trained_on(no_training, tmp_path):
    t = np.arange(400)
    wave = 5 + 0.02 * t + np.sin(t / 3)
    windows = WindowTransformer(20).fit_transform(wave[:300])
    forecaster = LSTMForecaster(random_state=0).fit(windows)
    assert forecaster.parts_ == "linear"
    assert forecaster.network_.layers == ()
    assert forecaster.part_errors_["linear"] < 1e-10
    np.testing.assert_allclose(forecaster.forecast(100), wave[300:], atol=1e-3)
    (loss,) = forecaster.history_["loss"]
    assert loss < 1e-10
    # Noise of a thousandth, or a training that is asked for, brings the LSTM back.
    noisy = wave[:300] + 1e-3 * np.random.default_rng(0).normal(size=300)
    for series, changes in (
        (noisy, {}),
        (wave[:300], {"epochs": 2}),
        (wave[:300], {"callbacks": []}),
        (wave[:300], {"checkpoint_dir": tmp_path}),
        (wave[:300], {"backup_dir": tmp_path}),
    ):
        model = LSTMForecaster(random_state=0, **changes)
        with pytest.raises(AssertionError, match="trained"):
            model.fit(WindowTransformer(20).fit_transform(series))
    with pytest.raises(AssertionError, match="trained"):
        forecaster.set_params(warm_start=True).fit(windows)
