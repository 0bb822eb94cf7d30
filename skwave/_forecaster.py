"""The estimator: parameters, fitting, stored state. All else is delegated."""

import os
from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, RegressorMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions

from skwave._fitted import FittedMixin
from skwave._fitting import choose_way, choose_way_to_go_on, make_task
from skwave._model import object_config
from skwave._network import Network
from skwave._parts import Chosen
from skwave._progress import (
    CallbackSupportMixin,
    EpochProgress,
    take_rows,
    whole_fit,
    with_callbacks,
)
from skwave._state import seal, unchanged_on_failure, unseal
from skwave._training import Trained
from skwave._window import DOC_LINK


class LSTMForecaster(FittedMixin, CallbackSupportMixin, RegressorMixin, BaseEstimator):
    """Forecast a series with an LSTM that reads windows of it.

    Parameters
    ----------
    units : int or sequence of int, default=300
        Units of the LSTM layer, or of each of several layers.
    horizon : int, default=1
        Values that follow a window and are predicted at once; longer forecasts feed on them.
    normalization : {"series", "window"} or None, default="series"
        What the network sees: values less the mean of the training series and divided by its
        standard deviation (``"series"``); values less the first one of their window, divided by
        the standard deviation of such differences (``"window"``), so that the level carries over;
        or the values as they are (None). With the first two it learns by how much the next values
        differ from the newest one. Forecasts are in the units of the input in any case.
    linear_skip : bool or "auto", default="auto"
        Whether a linear model of the window is part of the network. After the training it and the
        output layer are solved for together, by ridge regression in closed form. Forecasts over
        the newest, held-out windows choose how much the LSTM has to say beside the linear model,
        if anything; then all windows, or 8,192 drawn at random, are used. ``"auto"`` does so in
        a fit without `y` where the loss is the mean squared error, which a ridge regression
        minimizes, `normalization` is not None, and units and values in a window are together at
        most 2,000. False is the LSTM as it was trained.
    dropout : float, default=0.0
        Share of each LSTM layer's outputs set to zero in training.
    loss : str, callable or keras.losses.Loss, default="mean_squared_error"
        Any loss that Keras knows, taken on the scale of the network.
    optimizer : str, dict or keras.optimizers.Optimizer, default="adam"
        Any optimizer that Keras knows. One that is an object, or its config as
        `keras.optimizers.serialize` returns it, brings its own learning rate and clipping:
        `learning_rate`, `schedule` and `clipnorm` do not apply.
    learning_rate : float, default=3e-3
        Peak learning rate.
    schedule : {"cosine"} or None, default="cosine"
        A linear warm-up over the first tenth of the updates and a cosine decay to a hundredth,
        or a constant learning rate.
    clipnorm : float or None, default=1.0
        Norm that the gradient of a weight is clipped to.
    batch_size : int, default=32
        Windows in an update.
    epochs : int or "auto", default="auto"
        Passes over the training windows at most. ``"auto"`` makes about 100 updates where the
        output layer is solved for afterwards, with as many windows of a longer series as that
        takes, drawn at random; without, about 600, in at least 3 passes over all. It makes none
        where the linear model alone forecasts held-out values as exactly as float32 allows, and
        no callbacks, checkpoints or backups are asked for.
    validation_split : float, default=0.3
        Share of the windows held out to choose the best epoch, in [0, 1). With 0 the training
        loss chooses.
    validation : {"random", "last", "forecast"}, default="random"
        Whether windows are held out at random, or the newest ones of each series (``"last"``);
        windows whose targets reach into these are left out. ``"forecast"`` holds out the newest,
        too, and chooses the best epoch by forecasts rolled out over them in place of the
        one-step loss. With `linear_skip`, the newest are held out in any case.
    patience : int or None, default=20
        Epochs without a better validation loss after which training stops; None never stops. The
        weights of the best epoch are restored in any case.
    callbacks : list of keras.callbacks.Callback or None, default=None
        Callbacks for Keras; each fit works on a copy. They are not stored with a fitted forecaster.
    checkpoint_dir : str, path-like or None, default=None
        Folder for a Keras model at each improvement, named
        ``model{epoch:03d}-loss{loss:.3f}-vloss{val_loss:.3f}.keras`` with epochs counted from 1,
        without the last part where no windows are held out.
        It is the LSTM in training, before an output layer is solved for.
    backup_dir : str, path-like or None, default=None
        Folder in which a running fit is backed up after each epoch, in a folder of its own that is
        removed at its end. After a crash the same call, with the same data and `random_state`,
        goes on from the last finished epoch and ends with the same weights. Needs a
        `random_state`.
    warm_start : bool, default=False
        Whether `fit` goes on from the weights and scales of the fit before.
    jit_compile : bool or "auto", default="auto"
        Whether XLA compiles the training, as in `keras.Model.compile`.
    random_state : int, RandomState instance or None, default=None
        Source of the order of windows, of initial weights and of dropout. None draws fresh
        entropy each time; no global generator is used.
    verbose : {0, 1, 2} or "auto", default=0
        Keras's report: none, a progress bar, a line for each epoch.

    Attributes
    ----------
    network_ : Network
        The fitted weights as NumPy arrays.
    history_ : dict of lists
        Losses for each epoch, on the scale of what is learnt: with `normalization` and without
        `y`, that of the next values less the newest one, scaled to one. NaN where nothing was held
        out, as in `partial_fit`.
    best_epoch_ : int
        The epoch whose weights were kept: an index into the lists of `history_`.
    parts_ : {"both", "linear", "lstm"}
        What the network consists of. ``"lstm"`` is one without `linear_skip`.
    part_errors_ : dict of float
        With `linear_skip`, the mean squared error of forecasts over held-out values (over those
        trained on, where none are held out), on the scale of the network, of ``"linear"`` and of
        the best of ``"both"``, infinite where none was tried. Empty without.
    window_shape_ : tuple of (window_length, n_channels)
        Shape of a window.
    context_ : ndarray of shape (window_length, n_channels), or None
        The last window, which `forecast` continues; None after ``fit(X, y)``.
    n_features_in_ : int
        Length of a window.
    model_ : keras.Model
        The network as a Keras model, in the units of the series; built on demand.
    regressor_ : scikeras.wrappers.KerasRegressor
        The regressor that trained the network. It exists only where the network was fitted, not
        after loading.

    See Also
    --------
    WindowTransformer : Cuts a series into windows.
    make_forecast_pipeline : Forecasts in the units of a transformed series.

    Notes
    -----
    Without `y` the targets are found in the windows themselves: the target of window i is the
    newest value of window i + 1. A window whose successor does not continue it ends a series, so
    the windows of several series, one after the other, train one model for all.

    References
    ----------
    Hochreiter, S. and Schmidhuber, J. (1997). Long short-term memory. Neural Computation 9(8).

    Examples
    --------
    >>> from skwave import LSTMForecaster, WindowTransformer
    >>> from skwave.datasets import make_wave
    >>> windows = WindowTransformer(20).fit_transform(make_wave("sine", n_cycles=5))
    >>> forecaster = LSTMForecaster(units=8, epochs=2, random_state=0).fit(windows)
    >>> forecaster.predict(windows).shape
    (381,)
    >>> forecaster.forecast(100).shape
    (100,)
    """

    _doc_link_module = "skwave"
    _doc_link_template = DOC_LINK
    _parameter_constraints = {
        "units": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "horizon": [Interval(Integral, 1, None, closed="left")],
        "normalization": [StrOptions({"series", "window"}), None],
        "linear_skip": ["boolean", StrOptions({"auto"})],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "loss": [str, dict, callable],
        "optimizer": "no_validation",  # Keras says what it knows
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "schedule": [StrOptions({"cosine"}), None],
        "clipnorm": [Interval(Real, 0, None, closed="neither"), None],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "epochs": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "validation_split": [Interval(Real, 0, 1, closed="left")],
        "validation": [StrOptions({"random", "last", "forecast"})],
        "patience": [Interval(Integral, 0, None, closed="left"), None],
        "callbacks": [list, tuple, None],
        "checkpoint_dir": [str, os.PathLike, None],
        "backup_dir": [str, os.PathLike, None],
        "warm_start": ["boolean"],
        "jit_compile": ["boolean", StrOptions({"auto"})],
        "random_state": ["random_state"],
        "verbose": ["boolean", Interval(Integral, 0, 2, closed="both"), StrOptions({"auto"})],
    }

    def __init__(
        self,
        units: int | Sequence[int] = 300,
        *,
        horizon: int = 1,
        normalization: Literal["series", "window"] | None = "series",
        linear_skip: bool | Literal["auto"] = "auto",
        dropout: float = 0.0,
        loss: str | Callable[..., Any] = "mean_squared_error",
        optimizer: Any = "adam",
        learning_rate: float = 3e-3,
        schedule: Literal["cosine"] | None = "cosine",
        clipnorm: float | None = 1.0,
        batch_size: int = 32,
        epochs: int | Literal["auto"] = "auto",
        validation_split: float = 0.3,
        validation: Literal["random", "last", "forecast"] = "random",
        patience: int | None = 20,
        callbacks: Sequence[Any] | None = None,
        checkpoint_dir: str | os.PathLike[str] | None = None,
        backup_dir: str | os.PathLike[str] | None = None,
        warm_start: bool = False,
        jit_compile: bool | Literal["auto"] = "auto",
        random_state: int | np.random.RandomState | None = None,
        verbose: int | Literal["auto"] = 0,
    ):
        self.units = units
        self.horizon = horizon
        self.normalization = normalization
        self.linear_skip = linear_skip
        self.dropout = dropout
        self.loss = loss
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.clipnorm = clipnorm
        self.batch_size = batch_size
        self.epochs = epochs
        self.validation_split = validation_split
        self.validation = validation
        self.patience = patience
        self.callbacks = callbacks
        self.checkpoint_dir = checkpoint_dir
        self.backup_dir = backup_dir
        self.warm_start = warm_start
        self.jit_compile = jit_compile
        self.random_state = random_state
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: ArrayLike, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Learn the values that follow windows.

        Parameters
        ----------
        X : array-like of shape (n_windows, window_length, n_channels) or (n_windows, window_length)
            Windows in the order of time, as `WindowTransformer` returns them.
        y : array-like of shape (n_windows,) or (n_windows, n_outputs), default=None
            Targets. None means forecasting: the targets are the values that follow the windows.
            A `y` that is ``window_length - 1`` longer than the windows is one for each value of
            the series; those at the ends of the windows are taken.
        sample_weight : array-like of shape (n_windows,), default=None
            Weights of the windows in the loss, and where the output layer is solved for. The
            forecasts that choose are of equal weight.

        Returns
        -------
        self : object
            The fitted forecaster.

        Raises
        ------
        ValueError
            If a parameter, `X`, `y` or `sample_weight` is out of its range, if `y` is None and
            no window continues another, or if no epoch had a finite loss. After any error the
            forecaster is as it was before.
        TypeError
            If `callbacks` holds something that is none of Keras's callbacks.
        OSError
            If `checkpoint_dir` or `backup_dir` cannot be written to.

        Warns
        -----
        ConvergenceWarning
            If the loss became NaN or infinite; the best weights before that are kept.
        """
        with unchanged_on_failure(self):
            return self._fit(
                X, y, sample_weight, before=self._outcome() if self.warm_start else None,
                choose=choose_way, validation_split=self.validation_split,
            )  # fmt: skip

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: ArrayLike, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Go on from the present weights for one pass over all of the windows.

        An output layer that was solved for is moved as far as their number warrants beside the
        windows seen before, and the LSTM stays as it is.

        Parameters
        ----------
        X : array-like of shape (n_windows, window_length, n_channels) or (n_windows, window_length)
            Windows in the order of time.
        y : array-like, default=None
            Targets, as in `fit`.
        sample_weight : array-like of shape (n_windows,), default=None
            Weights of the windows in the loss.

        Returns
        -------
        self : object
            The forecaster. Scales stay those of the first fit; `history_` grows by one epoch.

        Raises
        ------
        ValueError
            As in `fit`, or if the windows have another shape than before.
        """
        # scikit-learn does so only before the first one.
        self._validate_params()
        with unchanged_on_failure(self):
            history, before = getattr(self, "history_", {}), self._outcome()
            self._fit(
                X, y, sample_weight, before=before,
                choose=choose_way if before is None else choose_way_to_go_on,
                validation_split=0.0, epochs=1, backup_dir=None,
            )  # fmt: skip
            # Nothing was held out of these windows, so that some losses of earlier epochs go on as
            # NaN.
            past, new = [np.nan] * len(history.get("loss", [])), self.history_
            self.history_ = {
                name: history.get(name, past) + new.get(name, [np.nan]) for name in history | new
            }
            self.best_epoch_ = len(self.history_["loss"]) - 1
            return self

    @with_callbacks
    def _fit(self, X, y, sample_weight, **changes):
        """Learn in one way, and set the fitted attributes when all has gone well."""
        task = make_task(self, X, y, sample_weight, **changes)
        data = task.data
        fitted = {
            "window_shape_": data.windows.shape[1:],
            "context_": np.array(data.windows[-1], float) if data.follow else None,
            "_target_shape": data.targets.shape[1:],
        }
        shown = {"X": lambda: take_rows(data.windows, data.which), "y": lambda: data.targets}
        with whole_fit(self, **shown, n_tasks=task.recipe.epochs) as told:
            chosen = task.way.learn(task, EpochProgress(self, told, fitted, **shown))
            self.network_ = chosen.network
            self.parts_, self.part_errors_ = chosen.parts, chosen.errors
            self.history_ = chosen.trained.history
            self.best_epoch_ = chosen.trained.best_epoch
            self._n_windows = chosen.n_windows
            vars(self).update(fitted)
            self._regressor, self._model = chosen.trained.regressor, None
        return self

    def _outcome(self):
        """Return what came of the fit before, or None if there was none."""
        if not hasattr(self, "network_"):
            return None
        trained = Trained(
            self.network_, self.history_, self.best_epoch_, getattr(self, "_regressor", None)
        )
        return Chosen(self.network_, trained, self.parts_, self.part_errors_, self._n_windows)

    def __getstate__(self):
        # Keras's objects belong to the process that fitted: the state is plain data.
        state = super().__getstate__().copy()
        for name in ("checkpoint_dir", "backup_dir"):
            if isinstance(state[name], os.PathLike):
                state[name] = os.fspath(state[name])
        for name in ("loss", "optimizer"):
            if hasattr(state[name], "get_config"):
                state[name] = object_config(state[name])
        if "network_" in state:
            network = state["network_"].__getstate__()
            state |= {"network_": network, "_regressor": None, "_model": None, "callbacks": None}
        return seal(state)

    def __setstate__(self, state):
        state = unseal(state, type(self).__name__)
        if "network_" in state:
            state["network_"] = Network(**state["network_"])
            # The first files have an LSTM as it was trained.
            state = {"parts_": "lstm", "part_errors_": {}, "_n_windows": 1} | state
        # Parameters that are younger than the file have their defaults.
        LSTMForecaster.__init__(self)
        vars(self).update(state)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.target_tags.required = False
        tags.target_tags.multi_output = True
        return tags
