"""Warnings point to the line of the user."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave.exceptions import ForecastWarning, warn

TINY = {"units": 4, "epochs": 1, "batch_size": 32, "random_state": 0}


def test_a_warning_is_of_the_category_that_is_asked_for():
    with pytest.warns(ForecastWarning, match="of little use") as found:
        warn("of little use")
    assert found[0].filename == __file__
    with pytest.warns(RuntimeWarning, match="another"):
        warn("another", RuntimeWarning)
    assert issubclass(ForecastWarning, UserWarning)


def test_warnings_point_to_the_line_of_the_user(wave):
    def fit_and_forecast():
        windows = WindowTransformer(60).fit_transform(wave)
        LSTMForecaster(**TINY).fit(windows)
        model = make_forecast_pipeline(WindowTransformer(60), LSTMForecaster(**TINY)).fit(wave)
        network = model[-1].network_
        head = tuple(np.zeros_like(w) for w in network.head)
        vars(model[-1])["network_"] = replace(network, head=head, skip=None)
        model.forecast(41)

    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        fit_and_forecast()
    found = [w for w in found if issubclass(w.category, ForecastWarning)]
    # Two windows that are long for their series, and a flat forecast.
    messages = [str(w.message) for w in found if "seasonal naive" not in str(w.message)]
    assert [m.split()[0] for m in messages] == ["window_length=60", "window_length=60", "The"]
    assert "is flat" in messages[-1]
    assert {w.filename for w in found} == {__file__}
