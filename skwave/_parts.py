"""Which parts a network keeps: the linear model, the LSTM, or both together."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from skwave._linear import STRENGTHS, linear_network, linear_outputs
from skwave._network import Network

# A part is added, or the linear model given up, only if that halves the squared error rolled out. A
# held-out part is but a few forecasts long, so that the ratio of two equally good models' errors
# easily comes out as low; on chaotic series, where the LSTM earns its place, it is a hundredth.
WORTH = 0.5


class Chosen(NamedTuple):
    """What is kept, the training it comes from, and the errors that decided."""

    network: Network
    trained: object
    parts: str
    errors: dict


def choose_parts(template, lesson, judge, train):
    """Fit the linear model, the LSTM, and the LSTM on what the linear model leaves; keep the best.

    Parameters
    ----------
    template : Network
        Shapes and scales.
    lesson : Lesson
        Windows and targets; the windows after `n_train` are those that the judge rolls out over.
    judge : ForecastJudge
        Gives the error of a network's forecasts over held-out values. One-step errors do not
        decide: on chaotic series the linear model has the lower one and far worse forecasts.
    train : callable
        From a lesson, and maybe a function that makes a network whole, to a `Trained`.

    Returns
    -------
    Chosen
        Where the linear model is kept alone, it is fitted again on all windows.
    """
    linears = linear_network(template, lesson, lesson.n_train)
    scores = [judge(network) for network in linears]
    best = int(np.argmin(scores))
    linear, errors = linears[best], {"linear": scores[best]}
    trained = {"both": _train_on_rest(linear, lesson, train), "lstm": train(lesson)}
    errors |= {parts: judge(result.network) for parts, result in trained.items()}
    parts = "linear"
    for candidate in trained:
        if errors[candidate] < WORTH * errors[parts]:
            parts = candidate
    if parts != "linear":
        return Chosen(trained[parts].network, trained[parts], parts, errors)
    again = linear_network(template, lesson, len(lesson.starts), STRENGTHS[best : best + 1])[0]
    return Chosen(again, trained["both"], "linear", errors)


def lstm_alone(lesson, train):
    """Train the LSTM, and nothing to choose from."""
    trained = train(lesson)
    return Chosen(trained.network, trained, "lstm", {})


def go_on(start, lesson, train):
    """Train on from the weights of a network, whose linear part stays as it is."""
    if start.skip is None:
        return lstm_alone(lesson, train)
    rest = lesson.targets - linear_outputs(start, lesson.values, lesson.starts)
    trained = train(lesson._replace(targets=rest.astype(np.float32)))
    return Chosen(trained.network, trained, "both", {})


def continue_from(start, template, units):
    """Return the network to go on from, if it can learn what the template asks for."""
    if not start.layers:
        raise ValueError(
            "Training cannot go on: linear_skip kept the linear model alone, which has no weights "
            "to go on from. Set warm_start=False and fit anew."
        )
    shapes = [
        (n.window_length, n.n_channels, n.n_outputs, n.horizon, n.anchored)
        for n in (start, template)
    ]
    before = tuple(len(recurrent) for _, recurrent, _ in start.layers)
    if shapes[0] != shapes[1] or before != units:
        raise ValueError(
            f"Training cannot go on: the fitted network has units={before} and (window_length, "
            f"n_channels, n_outputs, horizon, relative to the window) = {shapes[0]}, but "
            f"units={units} and {shapes[1]} are asked for. Set warm_start=False and fit anew."
        )
    return start


def _train_on_rest(linear, lesson, train):
    """Train an LSTM on what a linear network leaves, scaled to one."""
    rest = lesson.targets - linear_outputs(linear, lesson.values, lesson.starts) - linear.head[1]
    scale = rest[: lesson.n_train].std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)

    def whole(network):
        kernel, bias = network.head
        head = ((kernel * scale).astype(np.float32), (bias * scale).astype(np.float32))
        return replace(network, head=(head[0], head[1] + linear.head[1]), skip=linear.skip)

    return train(lesson._replace(targets=(rest / scale).astype(np.float32)), whole=whole)
