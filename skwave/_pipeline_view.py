"""`as_forecast_pipeline`: a `ForecastPipeline` of the steps of any fitted forecaster."""

import numpy as np
from sklearn.frozen import FrozenEstimator

from skwave._inverse import check_invertible, inverts_window
from skwave._pipeline import ForecastPipeline, check_steps, is_forecaster
from skwave._window import WindowTransformer


def as_forecast_pipeline(estimator):
    """Return an estimator as a `ForecastPipeline` of the same steps; nothing is copied.

    Parameters
    ----------
    estimator : object
        An `LSTMForecaster`, a `Pipeline` or `ForecastPipeline` that ends with a
        `WindowTransformer` and one, or a fitted search over one of these.

    Returns
    -------
    ForecastPipeline
        Fitted, if the estimator is.

    Raises
    ------
    ValueError
        If the estimator is something else, or is a fitted `Pipeline` whose transformers cannot be
        inverted, or not without the training series, which it does not keep.
    """
    if isinstance(estimator, FrozenEstimator):
        estimator = estimator.estimator
    estimator = getattr(estimator, "best_estimator_", estimator)
    if isinstance(estimator, ForecastPipeline):
        return estimator
    if is_forecaster(estimator):
        steps = [("windows", _window_transformer_of(estimator)), ("forecaster", estimator)]
    else:
        steps = getattr(estimator, "steps", [])
    check_steps(steps, type(estimator).__name__)
    view = ForecastPipeline(steps)
    check_invertible(view._transformers)
    if hasattr(steps[-1][1], "context_"):
        view._index_spec = view._training_series = view._training_transformed = None
        view.pipelines_ = {}
        view._inverts_rows, view._is_inverse_checked = True, False
        context = steps[-1][1].context_
        if context is not None and not inverts_window(
            view._transformers, steps[-2][1]._columns_of_series(context)
        ):
            raise ValueError(
                f"The transformers before the windows ({[name for name, _ in view._transformers]}) "
                "cannot be inverted, or not without the values before a window, which a Pipeline "
                "does not keep. Give each the inverse of its transform (inverse_func of a "
                "FunctionTransformer), and use make_forecast_pipeline in place of make_pipeline."
            )
    return view


def _window_transformer_of(forecaster):
    """Return a transformer that cuts such windows as a forecaster was fitted on, if it was."""
    if not hasattr(forecaster, "window_shape_"):
        return WindowTransformer()
    length, n_channels = forecaster.window_shape_
    known = list(range(n_channels - len(forecaster.known_), n_channels))
    return WindowTransformer(length, known=known or None).fit(np.zeros((length, n_channels)))
