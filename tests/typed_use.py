"""How a typed program uses skwave; `make types` checks it, nothing runs it.

An "ignore" that mypy does not need is an error, so each of them shows that a mistake is seen.
"""

from typing import assert_type

import numpy as np
from numpy.typing import NDArray

from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline

series = np.arange(200.0)
windows = WindowTransformer(20).transform(series)

forecaster = LSTMForecaster(units=[8, 8], validation="last", readout="ridge", output_length=2)
forecaster = LSTMForecaster(300, normalization=None, readout="auto", epochs="auto")
assert_type(forecaster.predict(windows), NDArray[np.float64])
assert_type(forecaster.forecast(12, context=series[-20:]), NDArray[np.float64])
assert_type(forecaster.score(windows), float)
forecaster.history_["loss"]

make_forecast_pipeline(WindowTransformer(), forecaster).forecast(n_steps=3)

LSTMForecaster(units="many")  # type: ignore[arg-type]
LSTMForecaster(readout="linear")  # type: ignore[arg-type]
LSTMForecaster(validation="newest")  # type: ignore[arg-type]
LSTMForecaster(unit=3)  # type: ignore[call-arg]
LSTMForecaster(300, 1)  # type: ignore[call-arg]
forecaster.forecast("3")  # type: ignore[arg-type]
forecaster.forecast(3, windows)  # type: ignore[call-arg]
