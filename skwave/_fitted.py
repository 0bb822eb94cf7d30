"""What a fitted forecaster does, from the weights of its network alone."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from skwave._checks import check_context, check_finite, check_n_steps, check_windows
from skwave._fitting import check_data
from skwave._model import to_keras
from skwave._network import Network
from skwave._recursion import roll_forward
from skwave._warn import warn_about_recursion


class FittedMixin:
    """Predictions, forecasts and the Keras model of a forecaster that was fitted or loaded."""

    horizon: int
    network_: Network
    window_shape_: tuple[int, int]
    _target_shape: tuple[int, ...]
    _model: Any
    _regressor: Any

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """Predict what follows each window, one step ahead.

        Parameters
        ----------
        X : array-like of shape (n_windows, window_length, n_channels) or (n_windows, window_length)
            Windows in the units of the series.

        Returns
        -------
        ndarray of shape (n_windows,), (n_windows, n_channels), (n_windows, horizon) or \
                (n_windows, horizon, n_channels)
            Predictions; axes of length one are left out. After ``fit(X, y)``, of the shape of `y`.

        Raises
        ------
        ValueError
            If the windows have another shape than in `fit`, or hold NaN or infinity, or if a
            prediction would.
        """
        check_is_fitted(self)
        windows = check_windows(self, X, reset=False)
        predictions = self._predict(windows)
        return predictions.reshape(len(windows), *self._target_shape)

    def score(
        self, X: ArrayLike, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> float:
        """Return the coefficient of determination, R², of the one-step predictions.

        Parameters
        ----------
        X : array-like of shape (n_windows, window_length, n_channels) or (n_windows, window_length)
            Windows in the order of time.
        y : array-like, default=None
            Targets, as in `fit`.
        sample_weight : array-like of shape (n_windows,), default=None
            Weights of the windows.

        Returns
        -------
        float
            At most 1. A small one-step error is not yet a good forecast of many steps.
        """
        # Here, as sklearn.metrics takes longer to import than a forecast.
        from sklearn.metrics import r2_score

        check_is_fitted(self)
        data = check_data(self, X, y, sample_weight, reset=False)
        predictions = self._predict(data.windows[data.which])
        truth = data.targets.reshape(len(data.which), -1)
        return r2_score(truth, predictions, sample_weight=data.weights)

    def forecast(self, n_steps: int, *, window: ArrayLike | None = None) -> NDArray[np.float64]:
        """Forecast the values after the end of a series, feeding predictions back.

        Parameters
        ----------
        n_steps : int
            Values to forecast.
        window : array-like of shape (window_length,), (window_length, n_channels) or \
                (n_series, window_length, n_channels), default=None
            The last known values of the series, or of each of several. None takes the end of the
            series seen in `fit`.

        Returns
        -------
        ndarray of shape (n_steps,), (n_steps, n_channels) or (n_series, n_steps[, n_channels])
            Forecasts in the units of the series. One channel has no axis of its own.

        Raises
        ------
        ValueError
            If `n_steps` is below 1, the window has another shape than in `fit`, no window is
            known, the network predicts something other than the channels of the window, or the
            forecast leaves the range of finite numbers.
        TypeError
            If `n_steps` is not an integer.
        """
        check_is_fitted(self)
        n_steps = check_n_steps(n_steps)
        network = self.network_
        n_channels = self.window_shape_[1]
        if network.n_outputs != network.horizon * n_channels:
            raise ValueError(
                f"forecast feeds predictions back, but y had {network.n_outputs} outputs for "
                f"windows of {n_channels} channels. Fit without y, or use predict."
            )
        contexts = check_context(self, window)
        batch = contexts if contexts.ndim == 3 else contexts[None]
        with np.errstate(over="ignore", invalid="ignore"):
            forecasts = roll_forward(network, batch, n_steps)
        check_finite(forecasts, "The forecast")
        warn_about_recursion(batch, forecasts)
        if n_channels == 1:
            forecasts = forecasts[..., 0]
        return forecasts if contexts.ndim == 3 else forecasts[0]

    def to_keras(self) -> Any:
        """Build the network as a Keras model that is independent of skwave.

        Returns
        -------
        keras.Model
            From windows (n_windows, window_length, n_channels) to predictions (n_windows,
            n_outputs), both in the units of the series. It is made of Keras's own layers alone,
            computes in float32, and is a new one at each call.

        Raises
        ------
        ValueError
            If the units of the series are beyond the range of float32.

        Examples
        --------
        >>> from skwave import LSTMForecaster, WindowTransformer
        >>> from skwave.datasets import make_wave
        >>> windows = WindowTransformer(20).fit_transform(make_wave("sine", n_cycles=5))
        >>> forecaster = LSTMForecaster(units=8, epochs=2, random_state=0).fit(windows)
        >>> forecaster.to_keras().output_shape
        (None, 1)
        """
        check_is_fitted(self)
        return to_keras(self.network_)

    @property
    def model_(self):
        """The network as a Keras model, in the units of the series; built on demand."""
        if not hasattr(self, "network_"):
            raise AttributeError("model_ exists after fit.")
        if getattr(self, "_model", None) is None:
            self._model = self.to_keras()
        return self._model

    @property
    def regressor_(self):
        """The scikeras regressor that trained the network, fitted in this process."""
        if getattr(self, "_regressor", None) is None:
            raise AttributeError(
                "regressor_ exists only in the process that fitted the network, and where epochs "
                "were trained: give a number of epochs."
            )
        # It was fed positions in the series; as a fitted regressor it takes the windows themselves.
        regressor = self._regressor
        regressor.model_ = self.model_
        regressor.X_shape_ = (regressor.X_shape_[0], *self.window_shape_)
        regressor.X_dtype_ = np.dtype(float)
        regressor.n_features_in_ = self.window_shape_[0]
        return regressor

    def _predict(self, windows):
        """Predict finite numbers of shape (n_windows, n_outputs), or raise an error."""
        with np.errstate(over="ignore", invalid="ignore"):
            predictions = self.network_.predict(windows)
        return check_finite(predictions, "The prediction")
