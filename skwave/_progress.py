"""scikit-learn's callbacks: what `sklearn.callback.ProgressBar` and its kin are told of a fit.

They exist from scikit-learn 1.9 on. With an older one nothing is told, and nobody asks.
"""

import contextlib

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:

    class CallbackSupportMixin:
        """Takes the place of scikit-learn's, which an older version does not have."""

    def with_callbacks(method):
        """Return the method as it is."""
        return method


@contextlib.contextmanager
def whole_fit(estimator, X, y=None, *, n_tasks=0):
    """Tell an estimator's callbacks of the beginning and the end of its fit.

    scikit-learn's decorators of the method (`_fit_context`, `with_callbacks`) take the callbacks
    down again, also if the fit fails.

    Parameters
    ----------
    estimator : object
        The estimator, at work in its `fit`.
    X, y : object, or a function that returns it
        What it is fitted on.
    n_tasks : int, default=0
        Parts of the fit at most.

    Yields
    ------
    sklearn.callback.CallbackContext or None
        The task of the fit, whose parts are told of as its subcontexts; None before
        scikit-learn 1.9.
    """
    if not hasattr(estimator, "_init_callback_context"):
        yield None
        return
    task = estimator._init_callback_context(max_subtasks=n_tasks)
    task.call_on_fit_task_begin(estimator=estimator, X=X, y=y)
    yield task
    task.call_on_fit_task_end(estimator=estimator, X=X, y=y)


class EpochProgress:
    """Tells an estimator's callbacks of each epoch.

    Parameters
    ----------
    estimator : LSTMForecaster
        The estimator, at work in its `fit`.
    task : sklearn.callback.CallbackContext or None
        The task of the fit; None tells nobody.
    fitted : dict
        The fitted attributes, except for the network.
    X, y : functions
        They return windows and targets, for callbacks that score.
    """

    def __init__(self, estimator, task, fitted, X, y):
        self.estimator = estimator
        self.task = task
        self.fitted = fitted
        self.data = {"X": X, "y": y}

    def begin(self):
        """Tell of the beginning of an epoch."""
        if self.task is not None:
            self.epoch = self.task.subcontext(task_name="epoch")
            self.epoch.call_on_fit_task_begin(estimator=self.estimator, **self.data)

    def end(self, read_network):
        """Tell of the end of an epoch.

        Parameters
        ----------
        read_network : function
            Returns the network as it is now. It is called only if a callback wants it.

        Returns
        -------
        bool
            Whether a callback asks to stop.
        """
        if self.task is None:
            return False
        return self.epoch.call_on_fit_task_end(
            estimator=self.estimator,
            reconstruction_attributes=lambda: self.fitted | {"network_": read_network()},
            **self.data,
        )


def take_rows(windows, which):
    """Return ``windows[which]``, as a view where `which` is one piece."""
    if which[-1] - which[0] + 1 == len(which):
        return windows[which[0] : which[-1] + 1]
    return windows[which]
