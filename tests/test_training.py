"""Training: epochs and their windows, the best epoch, and every setting that reaches Keras."""

import numpy as np
import pytest
from helpers import dataset_of, only_tensorflow
from oracle import random_network
from sklearn import config_context
from sklearn.exceptions import ConvergenceWarning

from skwave import LSTMForecaster, WindowTransformer, _training
from skwave._training import (
    SOLVED_UPDATES,
    SOLVED_VALIDATION,
    TRAINED_UPDATES,
    check_history,
    set_epochs,
    train,
)

TINY = {"units": 6, "epochs": 2, "batch_size": 32, "random_state": 0, "readout": "trained"}


# --- Epochs and the windows they read -----------------------------------------------------------


def epochs_of(n_values, solves=True, **parameters):
    """Return the dataset, the part to train on and the configuration of a fit."""
    dataset = dataset_of(np.sin(np.arange(n_values)[:, None] / 3), length=10)
    dataset = dataset.split(0.3, newest=True, random_state=np.random.RandomState(0))
    config = LSTMForecaster(6, random_state=0, **parameters)._make_config()
    return dataset, *set_epochs(dataset, config, solves_readout=solves)


@pytest.mark.parametrize(("n_values", "per_epoch"), [(20, 5), (300, 7), (9_000, 20), (90_000, 20)])
def test_about_as_many_updates_for_any_length_of_the_series(n_values, per_epoch):
    dataset, part, config = epochs_of(n_values)
    assert config.updates_per_epoch == per_epoch
    assert config.epochs * per_epoch == pytest.approx(SOLVED_UPDATES, abs=per_epoch / 2)
    # No more windows than these updates read, and no more held out than are worth the time.
    assert part.n_train == min(dataset.n_train, SOLVED_UPDATES * 32)
    n_held_out = len(dataset.indices) - dataset.n_train
    assert len(part.indices) - part.n_train == min(n_held_out, SOLVED_VALIDATION)
    n = part.n_train
    np.testing.assert_array_equal(part.indices[:n], dataset.indices[:n])
    assert set(part.indices[n:]) <= set(dataset.indices[dataset.n_train :])


def test_a_trained_readout_sees_all_windows_at_least_three_times():
    dataset, part, config = epochs_of(90_000, solves=False)
    assert part is dataset
    assert (config.epochs, config.updates_per_epoch) == (3, None)
    dataset, _, config = epochs_of(900, solves=False)
    per_epoch = -(-dataset.n_train // 32)
    assert per_epoch * config.epochs == pytest.approx(TRAINED_UPDATES, rel=0.1)


@pytest.mark.parametrize("solves", [True, False])
def test_a_number_of_epochs_is_taken_as_it_is(solves):
    dataset, part, config = epochs_of(9_000, solves=solves, epochs=2)
    assert part is dataset
    assert (config.epochs, config.updates_per_epoch) == (2, None)


class NoProgress:
    """Counts epochs, and asks for nothing."""

    def __init__(self):
        self.n_begun = self.n_ended = 0

    def begin(self):
        self.n_begun += 1

    def end(self, network):
        self.n_ended += 1


def windows_read(monkeypatch, part, config):
    """Return the rows of the windows in the order in which Keras is given them."""
    from scikeras.wrappers import KerasRegressor

    given, fit = [], KerasRegressor.fit

    def note(self, X, y, **kwargs):
        given.append((X[:, 0], y))
        return fit(self, X, y, **kwargs)

    monkeypatch.setattr(KerasRegressor, "fit", note)
    progress = NoProgress()
    result = train(part, config, seed=0, progress=progress)
    ((starts, targets),) = given
    rows = [list(part.starts[part.indices[: part.n_train]]).index(s) for s in starts]
    np.testing.assert_array_equal(targets, part.targets[rows])
    return rows, result, progress


@pytest.mark.parametrize(("n_values", "n_epochs"), [(24, 20), (150, 5), (700, 5)])
def test_epochs_go_on_through_the_windows(monkeypatch, n_values, n_epochs):
    _, part, config = epochs_of(n_values, batch_size=4)
    rows, result, progress = windows_read(monkeypatch, part, config)
    # From the first window again after the last.
    np.testing.assert_array_equal(rows, np.arange(100 * 4) % part.n_train)
    assert len(result.history["loss"]) == progress.n_begun == progress.n_ended == n_epochs
    assert result.n_updates == SOLVED_UPDATES


def test_an_epoch_of_twenty_updates_reads_other_windows_than_the_one_before():
    # The weights after two epochs are those after one epoch of twice as many updates.
    networks = []
    for epochs, updates in ((2, 10), (1, 20)):
        _, part, config = epochs_of(300, batch_size=4, schedule=None)
        config = type(config)(**vars(config) | {"epochs": epochs, "updates_per_epoch": updates})
        # Without validation: the training loss would choose the epoch.
        networks.append(train_to_the_end(part, config))
    for mine, theirs in zip(*(n.layers[0] for n in networks), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)


def train_to_the_end(part, config):
    """Train, and return the network after the last epoch."""
    networks = []

    class Keep(NoProgress):
        def end(self, network):
            networks.append(network)

    train(part, config, seed=0, progress=Keep())
    return networks[-1]


def test_the_history_holds_the_epochs_that_ran(windows):
    stopped = LSTMForecaster(**TINY | {"epochs": 9, "patience": 0, "learning_rate": 50.0})
    stopped.fit(windows)
    n_epochs = len(stopped.history_["loss"])
    assert n_epochs < 9
    assert {len(losses) for losses in stopped.history_.values()} == {n_epochs}


def test_a_history_without_a_finite_loss_or_weight_is_an_error():
    network = random_network(np.random.default_rng(0))
    history = {"loss": [3.0, 2.0, 1.0], "val_loss": [3.0, 2.5, 2.8]}
    check_history(history, network)
    with pytest.warns(ConvergenceWarning, match="NaN or infinite in epoch 3"):
        check_history(history | {"loss": [3.0, 2.0, np.nan]}, network)
    with pytest.raises(ValueError, match="NaN or infinite"):
        check_history({"loss": [np.inf], "val_loss": [1.0]}, network)
    network.head[1][0] = np.nan
    with pytest.raises(ValueError, match="NaN or infinite"):
        check_history(history, network)


# --- Training -----------------------------------------------------------------------------------


def test_it_learns(windows):
    forecaster = LSTMForecaster(units=16, epochs=5, batch_size=4, random_state=0).fit(windows)
    assert forecaster.score(windows) > 0.99
    assert forecaster.history_["loss"][-1] < 0.05 * forecaster.history_["loss"][0]


@only_tensorflow  # with the other backends Keras itself reads weights in a way that NumPy warns of
@pytest.mark.filterwarnings("error::DeprecationWarning")
def test_a_fit_gives_no_deprecation_warning(windows, tmp_path):
    settings = TINY | {"readout": "auto", "dropout": 0.1, "backup_dir": tmp_path}
    forecaster = LSTMForecaster(**settings).fit(windows)
    forecaster.set_params(warm_start=True, epochs=3).fit(windows)
    assert len(forecaster.history_["loss"]) > 0


def test_the_best_epoch_is_kept(windows):
    import keras

    # Steps of 50 undo in the fifth epoch what was learned, whatever the first weights were.
    rate = keras.callbacks.LearningRateScheduler(lambda epoch: 0.03 if epoch < 4 else 50.0)
    forecaster = LSTMForecaster(
        6, normalization=None, epochs=6, schedule=None, batch_size=32, callbacks=[rate],
        random_state=2,
    ).fit(windows)  # fmt: skip
    losses = forecaster.history_["val_loss"]
    assert len(losses) == 6
    assert forecaster.best_epoch_ == int(np.argmin(losses)) < 4
    model = forecaster.model_
    order = np.random.RandomState(2).permutation(len(windows) - 1)
    held_out = order[round(0.7 * len(order)) :]
    y_true = windows[held_out + 1, -1, 0]
    error = np.mean((model.predict(windows[held_out], verbose=0)[:, 0] - y_true) ** 2)
    assert error == pytest.approx(min(losses), rel=1e-3)


def test_patience_stops_and_none_does_not(windows):
    settings = {
        "epochs": 6, "learning_rate": 50.0, "schedule": None, "optimizer": "sgd", "random_state": 0,
    }  # fmt: skip
    stopped = LSTMForecaster(4, patience=0, **settings).fit(windows)
    assert len(stopped.history_["loss"]) < 6
    going_on = LSTMForecaster(4, patience=None, **settings).fit(windows)
    assert len(going_on.history_["loss"]) == 6


def test_optimizer_objects_keep_their_own_settings(windows):
    import keras

    by_object = LSTMForecaster(**TINY, optimizer=keras.optimizers.RMSprop(1e-3)).fit(windows)
    by_name = LSTMForecaster(
        **TINY, optimizer="rmsprop", learning_rate=0.5, schedule=None, clipnorm=None
    ).fit(windows)
    # The same model is lent again, to a fit of another learning rate.
    by_name.set_params(learning_rate=1e-3).fit(windows)
    np.testing.assert_array_equal(by_object.predict(windows), by_name.predict(windows))
    config = keras.optimizers.serialize(keras.optimizers.RMSprop(1e-3))
    by_config = LSTMForecaster(**TINY, optimizer=config).fit(windows)
    np.testing.assert_array_equal(by_object.predict(windows), by_config.predict(windows))


def test_scikit_learns_setting_for_frames_does_not_matter(windows):
    with config_context(transform_output="pandas"):  # warnings are errors
        framed = LSTMForecaster(**TINY).fit(windows)
    np.testing.assert_array_equal(
        framed.predict(windows), LSTMForecaster(**TINY).fit(windows).predict(windows)
    )


@pytest.mark.parametrize(
    "change",
    [
        {"units": (5, 4)},
        {"dropout": 0.1},
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


def test_a_fit_after_others_equals_a_fit_alone(windows):
    for change in ({}, {"dropout": 0.1}):
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


@pytest.mark.parametrize("rows", [1, 160])
def test_how_many_epochs_keras_gets_at_once_does_not_matter(windows, monkeypatch, rows):
    """With a batch size that divides the number of training windows all epochs are the same."""
    training = TINY | {"epochs": 5, "batch_size": 11}
    whole = LSTMForecaster(**training).fit(windows)
    assert len(whole.history_["loss"]) == 5
    monkeypatch.setattr(_training, "ROWS_AT_ONCE", rows)
    again = LSTMForecaster(**training).fit(windows)
    assert again.regressor_.X_shape_[0] < whole.regressor_.X_shape_[0] == 5 * 77
    np.testing.assert_allclose(again.history_["loss"], whole.history_["loss"], rtol=1e-6)
    np.testing.assert_allclose(again.forecast(5), whole.forecast(5), rtol=1e-5)


def test_sample_weight_of_zero_hides_windows(windows):
    broken = np.array(windows)
    y = broken[1:, -1, 0].copy()
    y[60:] = 50
    weight = np.ones(len(y))
    weight[60:] = 0
    settings = TINY | {
        "epochs": 3, "batch_size": 8, "normalization": None, "learning_rate": 0.1
    }  # fmt: skip
    seen = LSTMForecaster(**settings).fit(windows[:-1], y)
    hidden = LSTMForecaster(**settings).fit(windows[:-1], y, sample_weight=weight)
    n_trained = hidden.regressor_.X_shape_[0] // settings["epochs"]
    assert n_trained < seen.regressor_.X_shape_[0] // settings["epochs"]
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


@only_tensorflow
def test_keras_gets_batches_whose_end_is_not_waited_for(windows, monkeypatch):
    """A dataset that tunes itself would be waited for at the end of the fit."""
    import keras

    given = []
    fit = keras.Model.fit

    def spy(model, x, **settings):
        given.extend([x, settings["validation_data"]])
        return fit(model, x, **settings)

    monkeypatch.setattr(keras.Model, "fit", spy)
    LSTMForecaster(6, batch_size=16, epochs=1, random_state=0).fit(windows)
    assert [x.options().autotune.enabled for x in given] == [False, False]
    starts, targets = next(iter(given[0]))
    assert starts.shape == (16, 1)
    assert targets.shape == (16, 1)


@pytest.mark.parametrize("seed", range(3))
def test_windows_of_weight_zero_are_not_among_those_of_the_updates(seed):
    """Of a long series a part is read; there the weights of the first windows may all be zero."""
    series = np.sin(np.arange(2_000) / 5) + 0.1 * np.random.default_rng(0).normal(size=2_000)
    windows = WindowTransformer(10).fit_transform(series)
    weights = np.zeros(len(windows))
    weights[[100, 500, 900]] = 1
    weights[1_700:] = 1
    model = LSTMForecaster(6, batch_size=4, random_state=seed)
    history = model.fit(windows, sample_weight=weights).history_
    assert np.isfinite(history["loss"]).all()
    assert min(history["val_loss"]) > 0
