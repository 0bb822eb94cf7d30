"""scikit-learn's callbacks, such as `sklearn.callback.ProgressBar`, or nothing.

They exist from scikit-learn 1.9 on. With an older version, nothing is called.
"""

import contextlib

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:

    class CallbackSupportMixin:
        """A substitute for the class of scikit-learn, which an older version does not have."""

    def with_callbacks(method):
        """Return the method as it is."""
        return method


class EpochProgress:
    """Notifies an estimator's callbacks of each epoch.

    Parameters
    ----------
    callback_ctx : sklearn.callback.CallbackContext or None
        The context of the fit, whose parts are its subcontexts; None notifies nobody.
    fitted : dict
        The fitted attributes, except for the network.
    shown : dict
        The estimator, and functions X and y that return windows and targets, for callbacks that
        score.
    """

    def __init__(self, callback_ctx, fitted, shown):
        self.callback_ctx = callback_ctx
        self.fitted = fitted
        self.shown = shown

    def begin(self):
        """Notify of the beginning of an epoch."""
        if self.callback_ctx is not None:
            self.epoch = self.callback_ctx.subcontext(task_name="epoch")
            self.epoch.call_on_fit_task_begin(**self.shown)

    def end(self, network):
        """Notify of the end of an epoch, and return whether a callback asks to stop."""
        if self.callback_ctx is None:
            return False
        attributes = self.fitted | {"network_": network}
        return self.epoch.call_on_fit_task_end(reconstruction_attributes=attributes, **self.shown)


@contextlib.contextmanager
def fit_progress(estimator, X, y=None, *, n_epochs=0, fitted=None):
    """Notify an estimator's callbacks of the beginning and the end of its fit.

    scikit-learn's decorators of the method (`_fit_context`, `with_callbacks`) remove the
    callbacks again, also if the fit fails. Before scikit-learn 1.9 there are none.

    Parameters
    ----------
    estimator : object
        The estimator, in its `fit`.
    X, y : object, or a function that returns it
        What it is fitted on.
    n_epochs : int, default=0
        Parts of the fit at most.
    fitted : None or dict, default=None
        The fitted attributes, except for the network.

    Yields
    ------
    EpochProgress
        To be notified of each epoch.
    """
    callback_ctx, shown = None, {"estimator": estimator, "X": X, "y": y}
    if hasattr(estimator, "_init_callback_context"):
        callback_ctx = estimator._init_callback_context(max_subtasks=n_epochs)
        callback_ctx.call_on_fit_task_begin(**shown)
    yield EpochProgress(callback_ctx, fitted, shown)
    if callback_ctx is not None:
        callback_ctx.call_on_fit_task_end(**shown)
