"""The forecaster: its parameters, fit, predictions and forecasts, and its stored state."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from numbers import Integral, Real
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from skwave._dataset import (
    check_newest_known,
    make_dataset,
    warn_about_window_length,
)
from skwave._fit import check_can_roll_out, solves_readout, train_and_solve, train_readout
from skwave._fitted import describe_fit, describe_windows, newest_values
from skwave._forecaster_series import ForecasterSeriesMixin
from skwave._forecasts import ForecastMixin
from skwave._gaps import missing_in_windows
from skwave._keras_model import to_keras
from skwave._known import check_roles, known_of
from skwave._known_choice import choose_known_penalty, leave_out_known
from skwave._network import Network
from skwave._persistence import add_checksum, unchanged_on_failure, verify_checksum
from skwave._readout import naive_skip, smooth_readout, update_readout
from skwave._recursion import count_missing_at_end, warn_about_ends
from skwave._rollout import make_rollouts
from skwave._scaling import Scaling, fit_scaling
from skwave._sklearn_callbacks import (
    CallbackSupportMixin,
    fit_progress,
    with_callbacks,
)
from skwave._sliding import series_of_view, split_windows
from skwave._summary import FitSummary
from skwave._training import TrainingConfig, set_epochs
from skwave._validation import (
    are_of_several,
    check_finite,
    check_targets,
    check_training_weights,
    check_units,
    check_windows,
    make_random_state,
)
from skwave.exceptions import warn


class LSTMForecaster(
    ForecastMixin, ForecasterSeriesMixin, CallbackSupportMixin, RegressorMixin, BaseEstimator
):
    """Forecast a series with an LSTM that reads windows of it.

    Parameters
    ----------
    units : int or sequence of int, default=300
        Units of the LSTM layer, or of each of several layers.
    output_length : int, default=1
        Values that follow a window and are predicted at once; for longer forecasts they are fed
        back as inputs.
    normalization : {"series", "window"} or None, default="series"
        How values are scaled for the network: values minus the mean of the training series,
        divided by its standard deviation (``"series"``); values minus the first one of their
        window, divided by the standard deviation of such differences (``"window"``), so that the
        network also works at other levels; or the values as they are (None). With the first two
        it learns by how much the next values differ from the newest one. Forecasts are in the
        units of the input in any case.
    readout : {"auto", "ridge", "trained"}, default="auto"
        How the output layer is obtained. With ``"ridge"`` it is solved for in closed form after
        the training, together with a skip connection, a linear model of the window: ridge
        regression on states of the LSTM, on the window, and on Fourier terms of calendar features.
        Forecasts over the newest, held-out windows choose the penalty of the states, and
        cross-validation the other penalties; then all windows, or 8,192 drawn at random, are used.
        ``"trained"`` keeps the output layer that Keras trained. ``"auto"`` takes ``"ridge"`` if
        the fit has no `y`; `loss` is the mean squared error, which ridge regression minimizes;
        `normalization` is not None; and the units of the last layer, the values in a window and
        the Fourier terms are together at most 2,000. Otherwise it takes ``"trained"``.
    readout_positions : int, default=3
        At how many positions of a window the readout that is solved for reads the state: after the
        last value, and after earlier ones, an eighth of the window apart. Several positions reduce
        the error on chaotic and other nonlinear series. ``"averaged"``, which is kept for most
        noisy series, reads the last one alone, and so does a readout whose forecasts are exact.
        The number of positions is reduced so that states and values in a window are together at
        most 2,000.
    dropout : float, default=0.0
        Fraction of each LSTM layer's outputs set to zero in training.
    loss : str, callable or keras.losses.Loss, default="mean_squared_error"
        Any loss of Keras, taken on the scale of the network.
    optimizer : str, dict or keras.optimizers.Optimizer, default="adam"
        Any optimizer of Keras. One that is an object, or its config as
        `keras.optimizers.serialize` returns it, has its own learning rate and clipping:
        `learning_rate`, `schedule` and `clipnorm` do not apply.
    learning_rate : float, default=3e-3
        Peak learning rate.
    schedule : {"cosine"} or None, default="cosine"
        A linear warm-up over the first tenth of the updates and a cosine decay to a hundredth,
        or a constant learning rate.
    clipnorm : float or None, default=1.0
        Largest norm of the gradient of each array of weights; None does not clip.
    batch_size : int, default=32
        Windows in an update, or all training windows where they are fewer. The last update of a
        pass over the windows is filled up with the first windows.
    epochs : int or "auto", default="auto"
        Passes over the training windows at most. With ``"auto"`` and an output layer that is
        solved for, training takes about 100 updates, and stops as soon as forecasts over held-out
        values are as exact as float32 allows. An epoch then has as many updates as a pass over
        the training windows, but at least 5 and at most 20; the next epoch continues with the
        windows that follow.
        With ``"auto"`` and a trained output layer it takes about 600 updates, in at least 3 passes.
    validation_split : float, default=0.3
        Fraction of the windows held out to choose the best epoch and the readout, in [0, 1). With
        0, the epoch with the lowest training loss is chosen.
    validation : {"random", "last", "forecast"}, default="random"
        Whether windows are held out at random, or the newest ones of each series (``"last"``);
        windows whose targets reach into these are left out. ``"forecast"`` holds out the newest,
        too, and chooses the best epoch by recursive forecasts of them in place of the one-step
        loss; `history_` has their errors as ``val_forecast``. With a readout that is solved for,
        the newest are held out in any case.
    patience : int or None, default=20
        Epochs without a better validation loss after which training stops; None never stops. The
        weights of the best epoch are restored in any case.
    callbacks : list of keras.callbacks.Callback or None, default=None
        Callbacks for Keras, used as they are given: one that collects values holds them after
        `fit`. `sklearn.base.clone`, and so a search, copies them, since a clone may not share
        state; one that holds a lock or a queue cannot be copied. They are not stored with a
        fitted forecaster.
    checkpoint_dir : str, path-like or None, default=None
        Folder for a Keras model at each improvement, named
        ``model{epoch:03d}-loss{loss:.3f}-vloss{val_loss:.3f}.keras`` with epochs counted from 1,
        without the last part where no windows are held out.
        It is the LSTM in training, before an output layer is solved for.
    backup_dir : str, path-like or None, default=None
        Folder in which a running fit is backed up after each epoch, in a file of its own that is
        removed at its end. After a crash the same call, with the same data and `random_state`,
        continues from the last finished epoch and ends with the same weights. Needs a
        `random_state`.
    warm_start : bool, default=False
        Whether `fit` continues from the weights and scales of the fit before.
    jit_compile : bool or "auto", default="auto"
        Whether XLA compiles the training, as in `keras.Model.compile`. "auto" means that it
        does on JAX, and on TensorFlow where there is a GPU. True is an error on PyTorch.
    random_state : int, RandomState instance or None, default=None
        Source of the order of windows, of initial weights and of dropout. None gives another
        result each time; the global generators of NumPy, Python and Keras are not used.
    verbose : {0, 1, 2} or "auto", default=0
        Keras's report: none, a progress bar, a line for each epoch. Other values than 0 also print
        a line of the summary.

    Attributes
    ----------
    network_ : Network
        The fitted weights as NumPy arrays.
    history_ : dict of lists
        Losses for each epoch, on the scale of what is trained: with `normalization` and without
        `y`, that of the next values less the newest one, scaled to variance 1. They are those of
        the LSTM with the output layer that Keras trains, not of one that is solved for afterwards;
        `validation_errors_` has the errors of the forecasts. With ``validation_split=0`` there is
        no ``val_loss``; for an update by `partial_fit` it is NaN. If the update is that of a solved
        readout, its ``loss`` is on the scale of `normalization`, and cannot be compared with the
        others.
    best_epoch_ : int
        The epoch whose weights were kept: an index into the lists of `history_`.
    readout_ : str
        The readout that was kept: ``"trained"``, as Keras trained it; ``"states …"``, on the states
        of the LSTM alone; ``"ridge …"``, on the states and the window; or ``"averaged"``, the mean
        of the linear model and of a ridge regression on the last state and the window with the
        strongest penalty. The number is the penalty of the coefficients of the states. After a fit
        of several series, the elements of `forecasters_` have ``"common"``, that of all series,
        ``"shrunk"`` towards it, ``"own"``, of the series alone, or ``"half shrunk"``, the mean of
        the latter two.
    validation_errors_ : dict of float
        Mean squared errors of forecasts of the newest values, divided by the variance of these
        values, for each readout that was tried. For comparison it also has the errors of
        ``"linear"``, a linear model of the window without the LSTM; ``"naive"``, which repeats the
        last value; and ``"seasonal_naive"``, which repeats the last season, if the series has one.
        These values are held out, except if `validation_split` is 0, or the readout is trained with
        ``validation="random"``. Empty after ``fit(X, y)``.
    residual_paths_ : ndarray of shape (n_origins, n_steps, n_channels), or None
        True values minus forecasts, scaled as described in Notes. Intervals and sample paths are
        computed from them. There are at most 128 origins, 40 if forecasts are exact, and fewer,
        but at least 44, for each of more than 340 series. A series with fewer than 39 has those of
        all series. A path has as many steps as a window, or as there are held-out values.
        `calibrate` may keep more and longer ones. None after ``fit(X, y)`` until then.
    forecasters_ : list of LSTMForecaster
        After the fit of a list of series, one fitted forecaster for each of them: they share the
        LSTM, and each has a scale of its own, and a readout of its own or that of all series.
        Empty otherwise.
    window_shape_ : tuple of (window_length, n_channels)
        Shape of a window.
    known_ : list
        Names of the known inputs, or their positions in the series: the last channels of
        the windows, each of which stands one step ahead. Empty where there are none.
    context_ : ndarray of shape (window_length, n_channels), or None
        The last window, which `forecast` continues; None after ``fit(X, y)``. In its last row the
        known inputs are NaN, as their next values are not in the series.
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
    newest value of window i + 1. A series ends at a window that the next one does not continue.

    The forecasts of `residual_paths_` are cross-fitted: each is by a readout that is solved for
    without the block of the series that it forecasts. With ``readout="trained"`` they are over the
    newest values. The residuals are in standard deviations of the series (with
    ``normalization="window"``, of differences within a window; with None, in its units), relative
    to a width. Half of this follows the mean absolute change from value to value in the window
    before them, and all of it for several series together, whose scales may differ. It also
    follows the level of the forecast less the mean of its window. The residuals are float32, of at
    most 1 MB.

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

    _parameter_constraints = {
        "units": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "output_length": [Interval(Integral, 1, None, closed="left")],
        "normalization": [StrOptions({"series", "window"}), None],
        "readout": [StrOptions({"auto", "ridge", "trained"})],
        "readout_positions": [Interval(Integral, 1, 8, closed="both")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "loss": [str, dict, callable],
        "optimizer": "no_validation",  # Keras raises an error for an unknown one
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
        output_length: int = 1,
        normalization: Literal["series", "window"] | None = "series",
        readout: Literal["auto", "ridge", "trained"] = "auto",
        readout_positions: int = 3,
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
        self.output_length = output_length
        self.normalization = normalization
        self.readout = readout
        self.readout_positions = readout_positions
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
        """Fit the network to the values that follow the windows.

        Parameters
        ----------
        X : array-like of shape (n_windows, window_length, n_channels) or (n_windows, window_length)
            Windows in the order of time, as `WindowTransformer` returns them. A list of arrays is
            that of several series: one LSTM is trained on all, each on a scale of its own, and
            `forecasters_` has a forecaster for each of them.
        y : array-like of shape (n_windows,) or (n_windows, n_outputs), default=None
            Targets. None means forecasting: the targets are the values that follow the windows.
            A `y` that is ``window_length - 1`` longer than the windows is one for each value of
            the series; the targets at the ends of the windows are used.
        sample_weight : array-like of shape (n_windows,), default=None
            Weights of the windows in the loss and in the regression that solves for the output
            layer. The forecasts of held-out values that are used for choices are not weighted.

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
            If `units` holds something that is not an int, or `callbacks` something that is not a
            Keras callback.
        RuntimeError
            If Keras has a backend that cannot train, TensorFlow's eager execution is off, or the
            process was forked from one that has trained.
        OSError
            If `checkpoint_dir` or `backup_dir` cannot be written to.

        Warns
        -----
        ConvergenceWarning
            If the loss became NaN or infinite; the best weights before that are kept.
        ForecastWarning
            If the seasonal naive forecast is better on the held-out values, a window holds one
            value or is longer than a third of the series, more than a window of values at the end
            are missing, ``readout="auto"`` would have to solve for more than 2,000 coefficients,
            columns named in `known` are not used, a callback sets the learning rate beside a
            `schedule`, or, of several series, a naive forecast is better for some.
        """
        with unchanged_on_failure(self):
            config = self._make_config()
            previous = getattr(self, "network_", None) if self.warm_start else None
            if previous is not None and (are_of_several(X) or self.forecasters_):
                raise ValueError(
                    "warm_start=True, but X, or that of the fit before, is of several series, with "
                    "which training cannot continue. Set warm_start=False, or use the forecaster "
                    "of one series, such as forecasters_[0]."
                )
            if are_of_several(X):
                return self._fit_several(X, y, sample_weight, config)
            self._fit(X, y, sample_weight, config, previous)
            self._print_and_warn()
            return self

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: ArrayLike, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Update the fitted network with new windows; the first call fits it.

        An output layer that was solved for is updated in proportion to the number of new windows
        relative to those seen before, and the LSTM stays as it is. With ``readout="trained"`` the
        network is trained for one pass over the new windows.

        Parameters
        ----------
        X : array-like of shape (n_windows, window_length, n_channels) or (n_windows, window_length)
            Windows in the order of time. Begin with the last window of the call before: its target
            is the first new value, and residual paths continue from it.
        y : array-like, default=None
            Targets, as in `fit`.
        sample_weight : array-like of shape (n_windows,), default=None
            Weights of the windows in the loss, or in the update of the solved readout.

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
            config = self._make_config(epochs=1, backup_dir=None, validation_split=0.0)
            is_fitted, history = hasattr(self, "network_"), getattr(self, "history_", {})
            if are_of_several(X) or (is_fitted and self.forecasters_):
                raise ValueError(
                    "partial_fit learns from one array of windows, but X or the X of fit is that "
                    "of several series. Use partial_fit of the forecaster of one series, such as "
                    "forecasters_[0]."
                )
            if is_fitted:
                self._update(X, y, sample_weight, config)
            else:
                self._fit(X, y, sample_weight, config)
                self._print_and_warn()
            # Nothing was held out of these windows: their validation loss is NaN.
            past, new = [np.nan] * len(history.get("loss", [])), self.history_
            self.history_ = {
                name: history.get(name, past) + new.get(name, [np.nan]) for name in history | new
            }
            self.best_epoch_ = len(self.history_["loss"]) - 1
            return self

    @with_callbacks
    def _fit(self, X, y, weights, config, previous=None):
        """Fit, from the network `previous` if there is one, and set the fitted attributes."""
        began = time.perf_counter()
        # `data` is in the units of the series, `dataset` on the scale of the layers, and split.
        known = known_of(X)[0] if previous is None else self.known_
        series, data = self._make_dataset(X, y, weights, reset=previous is None)
        _check_ends(series if are_of_several(X) else series[-1:], data)
        solves = solves_readout(self.readout, data, config, self.normalization)
        check_can_roll_out(data, config, solves=solves)
        if previous is not None:
            self._check_can_go_on(previous, data, config)
        rollouts = make_rollouts(data, config.validation_split) if data.autoregressive else None
        dataset, seed = self._split(data, config, previous, solves)
        known_penalty = None
        if solves:
            known_penalty = choose_known_penalty(data, dataset, config.validation_split)
            dataset = leave_out_known(dataset, known_penalty)
        elif previous is not None and self.readout_ != "trained":
            # A readout that was solved for belongs to another linear model, and may have large
            # coefficients: training starts from small ones, beside the forecast of no change.
            start = smooth_readout(previous, dataset)
            previous = replace(start, skip=naive_skip(dataset), fourier_coef=None)
        fitted = describe_windows(data)
        fitted |= {"known_": known, "forecasters_": [], "_scaled_by": self.normalization}
        training_set, config = set_epochs(dataset, config, solves_readout=solves)
        shown = _shown_to_callbacks(data)
        with fit_progress(self, **shown, n_epochs=config.epochs, fitted=fitted) as progress:
            if solves:
                result = train_and_solve(
                    data, dataset, training_set, config, seed, previous=previous,
                    rollouts=rollouts, known_penalty=known_penalty, progress=progress,
                )  # fmt: skip
            else:
                result = train_readout(
                    data, dataset, config, seed, previous=previous, rollouts=rollouts,
                    normalization=self.normalization, progress=progress,
                )  # fmt: skip
            if data.autoregressive:
                fitted |= newest_values(result.network, series[-1])
            seconds = time.perf_counter() - began
            fitted |= describe_fit(result, data, dataset, rollouts, seconds)
            vars(self).update(fitted)
        return result

    @with_callbacks
    def _update(self, X, y, weights, config):
        """Update the fitted network with new windows, of which none is held out."""
        network = self.network_
        series, data = self._make_dataset(X, y, weights, reset=False)
        _check_ends(series[-1:], data)
        self._check_can_go_on(network, data, config)
        dataset, seed = self._split(data, config, network, solves=False)
        fitted = describe_windows(data)
        paths = self._newest_paths(series[-1])
        shown = _shown_to_callbacks(data)
        with fit_progress(self, **shown, n_epochs=config.epochs, fitted=fitted) as progress:
            if self.readout_ == "trained":
                result = train_readout(
                    data, dataset, config, seed, previous=network,
                    normalization=self.normalization, progress=progress,
                )  # fmt: skip
                network, history = result.network, result.history
                fitted["_regressor"] = result.regressor
            else:
                progress.begin()
                network, loss = update_readout(network, dataset, self._n_windows)
                progress.end(network)
                history = {"loss": [loss]}
            n_new = len(dataset.indices)
            if data.autoregressive:
                fitted |= newest_values(network, series[-1])
            fitted |= paths
            fitted |= {
                "network_": network,
                "history_": history,
                "_n_windows": self._n_windows + n_new,
                "_model": None,
            }
            if self._report is not None:
                n_before = self._report["n_new_windows"]
                fitted["_report"] = self._report | {"n_new_windows": n_before + n_new}
            vars(self).update(fitted)

    def _check_can_go_on(self, network, data, config):
        """Raise an error if training cannot continue from a network."""
        targets = "y", "the next values"
        was = {"targets": targets[self._report is not None], "units": network.units}
        asked = {"targets": targets[data.autoregressive], "units": config.units}
        was["normalization"], asked["normalization"] = self._scaled_by, self.normalization
        for name in ("window_length", "n_channels", "n_known", "n_outputs", "output_length"):
            was[name], asked[name] = getattr(network, name), getattr(data, name)
        others = [name for name in was if was[name] != asked[name]]
        if others:
            was, asked = (
                ", ".join(f"{name}={values[name]!r}" for name in others) for values in (was, asked)
            )
            raise ValueError(
                f"Training cannot be continued: the fitted network has {was}, but {asked} would be "
                "needed. Set warm_start=False and fit again."
            )

    def _print_and_warn(self):
        """Print a line of the summary, and warn where the seasonal naive forecast is better."""
        report = self._report
        if report is None:
            return
        if self.verbose:
            print(self.summary().line)
        if report["seasonal_naive_is_better"]:
            naive, kept = (
                np.sqrt(report["errors"][name][0]) for name in ("seasonal_naive", report["readout"])
            )
            warn(
                f"The seasonal naive forecast is better: over the newest values its RMSE is "
                f"{naive:.3g} standard deviations of them, that of this forecast {kept:.3g}. Its "
                f"season is of {report['season_length']} values: give a window_length of at least "
                "as many, or more epochs, or use the seasonal naive forecast."
            )

    def _make_config(self, **changes):
        """Return the parameters that concern training, checked."""
        # By attributes, as the `__init__` of a subclass may have fewer parameters.
        names = [f.name for f in fields(TrainingConfig) if hasattr(self, f.name)]
        parameters = {name: getattr(self, name) for name in names}
        # Of the numbers of NumPy, small ints overflow, and unsigned ones become floats.
        parameters = {
            name: value.item() if isinstance(value, np.number) else value
            for name, value in parameters.items()
        }
        config = TrainingConfig(**parameters | {"units": check_units(self.units)} | changes)
        if config.backup_dir is not None and self.random_state is None:
            raise ValueError(
                f"backup_dir={os.fspath(config.backup_dir)!r} needs a random_state, but "
                "random_state=None: a fit that continues after a crash has to use the windows in "
                "the same order. Give an int."
            )
        return config

    def _make_dataset(self, X, y, sample_weight, *, reset):
        """Check windows, targets and weights, and return their series and their dataset."""
        known, calendar = known_of(X) if reset else (self.known_, self.network_.calendar)
        check_roles(X, known, self.output_length)
        # Those of several series have been checked before they were scaled.
        windows = X if reset and are_of_several(X) else check_windows(self, X, reset=reset)
        targets = None
        if y is not None:
            targets = check_targets(y, windows, self.output_length, len(known))
        is_list = isinstance(windows, list)
        series = [series_of_view(one) for one in windows] if is_list else split_windows(windows)
        data = make_dataset(
            series, windows[0].shape[-2], self.output_length, targets,
            n_known=len(known), calendar=calendar,
        )  # fmt: skip
        if sample_weight is not None:
            if not is_list:
                sample_weight = _check_sample_weight(
                    sample_weight, windows, dtype=float, ensure_non_negative=True
                )
                # They are relative to each other, and stored as float32.
                sample_weight = sample_weight / max(sample_weight.max(), np.finfo(float).tiny)
            data = replace(data, weights=sample_weight[data.indices])
        return series, data

    def _split(self, data, config, previous, solves):
        """Return the dataset, scaled and split, and the seed of the training."""
        if previous is None:
            scaling = fit_scaling(data, self.normalization)
            if data.autoregressive:
                warn_about_window_length(data)
        else:
            scaling = previous.scaling
        random_state = make_random_state(self.random_state)
        newest = solves or config.validation != "random"
        dataset = data.scaled(scaling).split(
            config.validation_split, newest=newest, random_state=random_state
        )
        check_training_weights(dataset, needs_validation=config.validation != "forecast")
        return dataset, random_state.randint(2**31)

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """Predict what follows each window, one step ahead.

        Parameters
        ----------
        X : array-like of shape (n_windows, window_length, n_channels) or (n_windows, window_length)
            Windows in the units of the series.

        Returns
        -------
        ndarray of shape (n_windows,), (n_windows, n_channels), (n_windows, output_length) or \
                (n_windows, output_length, n_channels)
            Predictions; axes of length one are left out. After ``fit(X, y)``, of the shape of `y`.
            NaN for a window that holds NaN.

        Raises
        ------
        ValueError
            If the windows have another shape than in `fit`, or hold infinity, or if a prediction
            is not finite.
        """
        check_is_fitted(self)
        self._check_single()
        check_roles(X, self.known_)
        windows = check_windows(self, X, reset=False)
        is_missing = missing_in_windows(windows)
        with np.errstate(over="ignore", invalid="ignore"):
            predictions = self.network_.predict(windows)
        check_finite(predictions[~is_missing], "The prediction")
        predictions[is_missing] = np.nan
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
            At most 1. A small one-step error does not imply a small error of forecasts of many
            steps. Windows whose gaps are filled in training count here as well.

        Raises
        ------
        ValueError
            If the windows have another shape than in `fit`, or if `y` is missing after a fit with
            `y`, or has another number of columns.
        """
        # Here, as sklearn.metrics takes longer to import than a forecast.
        from sklearn.metrics import r2_score

        check_is_fitted(self)
        self._check_single()
        if y is None and self._report is None:
            raise ValueError(
                "y=None, but the fit was with y, so that the targets are not the values that "
                "follow. Give the y of these windows."
            )
        _, data = self._make_dataset(X, y, sample_weight, reset=False)
        if data.n_outputs != self.network_.n_outputs:
            raise ValueError(
                f"The targets have {data.n_outputs} outputs, but the network was fitted for "
                f"{self.network_.n_outputs}. Give a y of as many columns as in fit."
            )
        y_true = data.targets.reshape(len(data.indices), -1)
        y_pred = np.empty(y_true.shape)
        for rows in data.blocks():
            y_pred[rows] = self.network_.predict(data.windows(rows))
        check_finite(y_pred, "The prediction")
        return r2_score(y_true, y_pred, sample_weight=data.weights)

    def summary(self) -> FitSummary:
        """Return a summary of the fit: a text, and in a notebook a table.

        Returns
        -------
        FitSummary
            Windows, updates and seconds; the error of forecasts over held-out values with its
            standard error for each readout that was tried, beside that of a linear model and of
            the naive forecasts; the readout that was kept, and the reason; the share of the LSTM
            in the variance of the predictions.

        Examples
        --------
        >>> from skwave import LSTMForecaster, WindowTransformer
        >>> from skwave.datasets import make_wave
        >>> windows = WindowTransformer(20).fit_transform(make_wave("sine", n_cycles=5))
        >>> forecaster = LSTMForecaster(units=8, random_state=0).fit(windows)
        >>> print(forecaster.summary())  # doctest: +SKIP
        """
        check_is_fitted(self)
        if self._report is None:
            raise ValueError(
                "summary describes forecasts, but this was a fit with y. Fit without y, or use "
                "score(X, y)."
            )
        return FitSummary(self._report)

    def to_keras(self) -> Any:
        """Build the network as a Keras model that is independent of skwave.

        Returns
        -------
        keras.Model
            From windows (n_windows, window_length, n_channels) to predictions (n_windows,
            n_outputs), both in the units of the series. It is made of Keras's own layers and
            operations alone, computes in float32, and is a new one at each call.

        Raises
        ------
        ValueError
            If the units of the series are beyond the range of float32, or if several series were
            fitted, each of which has a forecaster and so a model of its own.

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
        self._check_single()
        return to_keras(self.network_)

    @property
    def model_(self):
        """The network as a Keras model, in the units of the series; built on demand."""
        if not hasattr(self, "network_"):
            raise AttributeError("model_ does not exist before fit. Call fit first.")
        if self.forecasters_:
            raise AttributeError(
                "fit saw several series: each of forecasters_ has a model_ of its own, such as "
                "forecasters_[0].model_."
            )
        if getattr(self, "_model", None) is None:
            self._model = self.to_keras()
        return self._model

    @property
    def regressor_(self):
        """The scikeras regressor that trained the network in this process, without its model.

        Its Keras model, which takes positions in the series, is shared with other fits; `model_`
        is the Keras model of this network.
        """
        if getattr(self, "_regressor", None) is None:
            raise AttributeError("regressor_ exists only in the process that fitted the network.")
        return self._regressor

    def __dir__(self):
        # Not by super(), which gets each attribute: completion of a name, and the diagram that
        # scikit-learn shows in a notebook, must neither build a model nor need Keras.
        is_built = vars(self).get("_model") is not None
        names = [name for name in object.__dir__(self) if is_built or name != "model_"]
        return [name for name in names if hasattr(self, name)]

    def __getstate__(self):
        # Keras's objects belong to the process that fitted: the fitted state is plain data.
        state = super().__getstate__().copy()
        for name in ("checkpoint_dir", "backup_dir"):
            if isinstance(state[name], os.PathLike):
                state[name] = os.fspath(state[name])
        if "network_" in state:
            network = vars(self.network_) | {"scaling": vars(self.network_.scaling)}
            state |= {"network_": network, "_regressor": None, "_model": None, "callbacks": None}
        return add_checksum(state)

    def __setstate__(self, state):
        state = verify_checksum(state, type(self).__name__)
        if "network_" in state:
            scaling = Scaling(**state["network_"]["scaling"])
            state["network_"] = Network(**state["network_"] | {"scaling": scaling})
        vars(self).update(state)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        tags.target_tags.required = False
        tags.target_tags.multi_output = True
        return tags


def _check_ends(series, data):
    """Check, before the training, how the series end that forecasts will continue."""
    check_newest_known(series, data)
    if data.autoregressive:
        numbers = [count_missing_at_end(values, data) for values in series]
        warn_about_ends(numbers, data.window_length, "X")


def _shown_to_callbacks(data):
    """Return what scikit-learn's callbacks read on demand: functions of windows and targets."""
    return {"X": lambda: data.windows(slice(None)), "y": lambda: data.targets}
