import re

import numpy as np
import pytest
from sklearn import config_context

from skwave import LSTMForecaster
from skwave._training import learning_rate_factor

# As it was trained: on waves as simple as these the linear model alone would be kept.
TINY = {"units": 6, "epochs": 2, "batch_size": 32, "random_state": 0, "linear_skip": False}


def test_it_learns(windows):
    forecaster = LSTMForecaster(units=16, epochs=30, batch_size=16, random_state=0).fit(windows)
    assert forecaster.score(windows) > 0.99
    assert forecaster.history_["loss"][-1] < 0.05 * forecaster.history_["loss"][0]


def test_learning_rate_rises_over_a_tenth_and_falls_to_a_hundredth():
    factors = [learning_rate_factor(k, 100) for k in range(100)]
    assert factors[0] == pytest.approx(0.1)
    assert factors[9] == factors[10] == 1
    assert np.all(np.diff(factors[:10]) > 0)
    assert np.all(np.diff(factors[10:]) < 0)
    assert factors[55] == pytest.approx(0.01 + 0.99 / 2)
    assert factors[-1] == pytest.approx(0.01, abs=2e-3)


@pytest.mark.parametrize("n_steps", [1, 2, 9])
def test_learning_rate_of_a_handful_of_updates(n_steps):
    factors = [learning_rate_factor(k, n_steps) for k in range(n_steps)]
    assert all(0 < f <= 1 for f in factors)
    assert max(factors) == 1


def test_the_best_epoch_is_kept(windows):
    # A learning rate this high wanders, so that the best epoch is hardly ever the last.
    forecaster = LSTMForecaster(
        6, normalization=None, epochs=8, learning_rate=0.3, schedule=None, batch_size=32,
        random_state=2,
    ).fit(windows)  # fmt: skip
    losses = forecaster.history_["val_loss"]
    assert forecaster.best_epoch_ == int(np.argmin(losses))
    assert forecaster.best_epoch_ < len(losses) - 1
    model = forecaster.model_
    order = np.random.RandomState(2).permutation(len(windows) - 1)
    held_out = order[round(0.7 * len(order)) :]
    truth = windows[held_out + 1, -1, 0]
    error = np.mean((model.predict(windows[held_out], verbose=0)[:, 0] - truth) ** 2)
    assert error == pytest.approx(min(losses), rel=1e-3)


def test_patience_stops_and_none_does_not(windows):
    settings = {"epochs": 12, "learning_rate": 1e-9, "schedule": None, "optimizer": "sgd"}
    stopped = LSTMForecaster(4, patience=0, **settings | {"learning_rate": 50.0}).fit(windows)
    assert len(stopped.history_["loss"]) < 12
    going_on = LSTMForecaster(4, patience=None, **settings | {"learning_rate": 50.0}).fit(windows)
    assert len(going_on.history_["loss"]) == 12


def test_checkpoints_are_named_as_in_the_tutorial_and_the_last_is_the_best(windows, tmp_path):
    import keras

    forecaster = LSTMForecaster(
        **TINY | {"epochs": 4}, checkpoint_dir=tmp_path / "result", normalization="window"
    ).fit(windows)
    names = sorted(path.name for path in (tmp_path / "result").iterdir())
    pattern = r"model\d{3}-loss\d+\.\d{3}-vloss\d+\.\d{3}\.keras"
    assert names
    assert all(re.fullmatch(pattern, name) for name in names)
    assert names[-1].startswith(f"model{forecaster.best_epoch_ + 1:03d}-")
    best = keras.saving.load_model(tmp_path / "result" / names[-1])
    np.testing.assert_allclose(
        best.predict(windows, verbose=0)[:, 0], forecaster.predict(windows), rtol=1e-4, atol=1e-5
    )


def test_callbacks_are_copied_for_each_fit(windows):
    import keras

    class Count(keras.callbacks.Callback):
        epochs = 0

        def on_epoch_end(self, epoch, logs=None):
            self.epochs += 1
            if self.epochs == 1:
                self.model.stop_training = True

    callback = Count()
    forecaster = LSTMForecaster(**TINY | {"epochs": 5}, callbacks=[callback])
    for _ in range(2):
        forecaster.fit(windows)
        assert len(forecaster.history_["loss"]) == 1
    assert callback.epochs == 0
    assert callback.model is None


def test_optimizer_objects_keep_their_own_settings(windows):
    import keras

    by_object = LSTMForecaster(**TINY, optimizer=keras.optimizers.RMSprop(1e-3)).fit(windows)
    by_name = LSTMForecaster(
        **TINY, optimizer="rmsprop", learning_rate=1e-3, schedule=None, clipnorm=None
    ).fit(windows)
    np.testing.assert_array_equal(by_object.predict(windows), by_name.predict(windows))
    config = keras.optimizers.serialize(keras.optimizers.RMSprop(1e-3))
    by_config = LSTMForecaster(**TINY, optimizer=config).fit(windows)
    np.testing.assert_array_equal(by_object.predict(windows), by_config.predict(windows))


def test_frames_for_the_user_are_not_made_within(windows):
    with config_context(transform_output="pandas"):  # warnings are errors
        framed = LSTMForecaster(**TINY).fit(windows)
    np.testing.assert_array_equal(
        framed.predict(windows), LSTMForecaster(**TINY).fit(windows).predict(windows)
    )


@pytest.mark.parametrize(
    "change",
    [
        {"units": (5, 4)},
        {"dropout": 0.5},
        {"loss": "mean_absolute_error"},
        {"optimizer": "rmsprop"},
        {"learning_rate": 1e-2},
        {"schedule": None},
        {"clipnorm": 1e-3},
        {"batch_size": 8},
        {"validation_split": 0.1},
        {"validation": "last"},
        {"normalization": None},
        {"normalization": "window"},
        {"random_state": 1},
    ],
    ids=str,
)
def test_every_setting_reaches_the_training(windows, fitted, change):
    other = LSTMForecaster(**TINY | change).fit(windows)
    assert not np.array_equal(other.predict(windows), fitted.predict(windows))


def test_a_fit_after_others_equals_a_fit_alone(windows, fitted):
    for change in ({}, {"dropout": 0.5}):
        first = LSTMForecaster(**TINY | change).fit(windows).predict(windows)
        LSTMForecaster(**TINY | change | {"random_state": 7}).fit(3 * windows[:50] + 1)
        again = LSTMForecaster(**TINY | change).fit(windows).predict(windows)
        np.testing.assert_array_equal(again, first)


def test_the_biases_start_at_one_constant_below_a_tenth(windows):
    forecaster = LSTMForecaster(**TINY | {"epochs": 1}, learning_rate=1e-12).fit(windows)
    bias = forecaster.network_.layers[0][2]
    assert bias[6:12] == pytest.approx(1)
    rest = np.delete(bias, range(6, 12))
    assert np.ptp(rest) < 1e-6
    assert 0 <= rest[0] < 0.1


def test_sample_weight_of_zero_hides_windows(windows):
    broken = np.array(windows)
    y = broken[1:, -1, 0].copy()
    y[60:] = 50
    weight = np.ones(len(y))
    weight[60:] = 0
    settings = TINY | {"epochs": 20, "normalization": None, "learning_rate": 0.1}
    seen = LSTMForecaster(**settings).fit(windows[:-1], y)
    hidden = LSTMForecaster(**settings).fit(windows[:-1], y, sample_weight=weight)
    assert hidden.predict(windows).max() < 2
    assert seen.predict(windows).max() > 2


def test_unknown_loss_and_optimizer_are_named(windows):
    with pytest.raises(ValueError, match="optimizer='adamm'"):
        LSTMForecaster(**TINY, optimizer="adamm").fit(windows)
    for unknown in (None, {"learning_rate": 0.1}):
        with pytest.raises(ValueError, match="optimizer=.*keras.optimizers.serialize"):
            LSTMForecaster(**TINY, optimizer=unknown).fit(windows)
    with pytest.raises(ValueError, match="loss='mse2'"):
        LSTMForecaster(**TINY, loss="mse2").fit(windows)
    with pytest.raises(TypeError, match="callbacks.*Callback"):
        LSTMForecaster(**TINY, callbacks=["stop"]).fit(windows)


def test_verbose_shows_a_bar_with_the_loss(windows, capsys):
    LSTMForecaster(**TINY, verbose=1).fit(windows)
    assert "loss" in capsys.readouterr().out
    LSTMForecaster(**TINY).fit(windows)
    assert capsys.readouterr().out == ""
