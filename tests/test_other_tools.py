"""Tuning and forecasting tools of others, each tested where it is installed."""

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from skwave import LSTMForecaster, WindowTransformer
from skwave.model_selection import ForecastSplit, forecast_scorer

WINDOW = 10


def regressor():
    # As a regressor on lags it is given y, and is trained for a second.
    return LSTMForecaster(
        units=16, epochs=60, batch_size=16, learning_rate=0.02, validation_split=0.0, random_state=0
    )


def assert_follows(forecast, y_true):
    """Check for half the error of the mean, which a flat or exploding forecast does not reach."""
    assert np.abs(np.ravel(forecast) - y_true).mean() < 0.5 * np.abs(y_true).mean()


def test_optuna_tunes_a_pipeline(wave):
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    cv = ForecastSplit(2, horizon=5, context=20)

    def objective(trial):
        model = make_pipeline(
            WindowTransformer(trial.suggest_int("window_length", 5, 10, step=5)),
            LSTMForecaster(
                units=6,
                epochs=1,
                random_state=0,
                learning_rate=trial.suggest_float("learning_rate", 1e-3, 1e-1, log=True),
            ),
        )
        scorer = forecast_scorer(mean_absolute_error, horizon=5)
        return -cross_val_score(model, wave, cv=cv, scoring=scorer, error_score="raise").mean()

    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(objective, n_trials=3)
    values = [trial.value for trial in study.trials]
    assert np.isfinite(values).all()
    assert len(set(values)) == 3
    assert study.best_value == min(values)


# sktime announces changes of its own defaults.
@pytest.mark.filterwarnings("default::FutureWarning")
def test_sktime_forecasts_by_reduction(wave):
    compose = pytest.importorskip("sktime.forecasting.compose")
    forecaster = compose.make_reduction(regressor(), strategy="recursive", window_length=WINDOW)
    forecaster.fit(wave[:100])
    forecast = forecaster.predict(fh=np.arange(1, 13))
    assert_follows(forecast, wave[100:112])


def test_skforecast_forecasts_recursively(wave):
    recursive = pytest.importorskip("skforecast.recursive")
    pd = pytest.importorskip("pandas")
    forecaster = recursive.ForecasterRecursive(regressor(), lags=WINDOW)
    forecaster.fit(pd.Series(wave[:100]))
    assert_follows(forecaster.predict(steps=12), wave[100:112])
