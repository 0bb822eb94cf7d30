"""What a metric that a user gives is called, and what it asks for."""

import functools
import inspect


def metric_name(metric):
    """Return the name of a metric, that of the function where some arguments are bound."""
    metric = metric.func if isinstance(metric, functools.partial) else metric
    return getattr(metric, "__name__", repr(metric))


def arguments_for(metric, known):
    """Choose what a metric asks for and was not bound to.

    Parameters
    ----------
    metric : callable
        A function of ``y_true`` and ``y_pred``, maybe a `functools.partial`.
    known : dict
        What there is, by the names of arguments.

    Returns
    -------
    dict
        A part of `known`.
    """
    asked = set(inspect.signature(metric).parameters) - set(getattr(metric, "keywords", ()))
    return {name: value for name, value in known.items() if name in asked}
