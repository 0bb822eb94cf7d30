import numpy as np
import pytest

from skwave import LSTMForecaster, WindowTransformer

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


def test_a_linear_series_keeps_the_linear_model_alone():
    windows = WindowTransformer(20).fit_transform(linear_series())
    forecaster = LSTMForecaster(**TINY, normalization="window").fit(windows)
    assert forecaster.parts_ == "linear"
    assert forecaster.part_errors_.keys() == {"linear", "both", "lstm"}
    assert forecaster.network_.layers == ()
    t = np.arange(300, 360)
    truth = 5 + 0.02 * t + np.sin(t / 3)
    assert np.sqrt(np.mean((forecaster.forecast(60) - truth) ** 2)) < 0.3


def test_a_nonlinear_series_keeps_the_lstm():
    windows = WindowTransformer(4).fit_transform(logistic_map())
    forecaster = LSTMForecaster(
        **TINY | {"units": 16, "epochs": 40, "batch_size": 16, "learning_rate": 0.02}
    ).fit(windows)
    assert forecaster.parts_ in ("lstm", "both")
    errors = forecaster.part_errors_
    assert errors[forecaster.parts_] < 0.5 * errors["linear"]
    others = [e for parts, e in errors.items() if parts != forecaster.parts_]
    assert errors[forecaster.parts_] < 2 * min(others)


def test_without_linear_skip_there_is_nothing_to_choose(fitted):
    assert fitted.parts_ == "lstm"
    assert fitted.part_errors_ == {}


def test_both_parts_are_trained_on_further():
    series = logistic_map()
    windows = WindowTransformer(4).fit_transform(series)
    settings = TINY | {"units": 16, "epochs": 40, "batch_size": 16, "learning_rate": 0.02}
    forecaster = LSTMForecaster(**settings).fit(windows)
    before = forecaster.score(windows)
    forecaster.set_params(warm_start=True, epochs=5, learning_rate=1e-3).fit(windows)
    assert forecaster.score(windows) > before - 0.05


def test_the_linear_model_alone_cannot_be_trained_on():
    windows = WindowTransformer(20).fit_transform(linear_series())
    forecaster = LSTMForecaster(**TINY).fit(windows)
    with pytest.raises(ValueError, match="no weights to go on from"):
        forecaster.partial_fit(windows)


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
    with pytest.raises(ValueError, match=f"{name}=.*validation_split"):
        forecaster.set_params(validation_split=0.0).fit(windows)
