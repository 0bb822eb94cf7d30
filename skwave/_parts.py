"""What a network consists of: an LSTM as it was trained, or one read out with a linear model."""

import functools
import itertools
import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from skwave._lesson import some_windows
from skwave._network import Network
from skwave._readout import mean_square_rest, no_change, skip_outputs, solve, take_moments
from skwave._training import Trained

# Penalties that are tried for the coefficients of the window.
LINEAR_PENALTIES = 10.0 ** np.arange(-7, 2)
# And for those of the states, from the strongest on: no LSTM at all; the LSTM shrunk to about half,
# which served nearly every series best where nothing is known (benchmarks/choosing.py); and
# weaker ones, for the series that are nothing but what the LSTM learns.
STATE_PENALTIES = (math.inf, *10.0 ** np.arange(0, -10, -2))
USUAL = 1
# From a head of small coefficients training goes on smoothly.
SMOOTH = 1e-2
# A random sample of that many windows tells as much of 400 coefficients as millions do.
MAX_WINDOWS = 16_384


class Chosen(NamedTuple):
    """What is kept, the training it comes from, and the errors that decided."""

    network: Network
    trained: Trained
    parts: str
    errors: dict
    n_windows: int


def lstm_and_linear(template, lesson, practice, judge, overall, train):
    """Train the LSTM, solve for its head together with a linear model, and keep what is of use.

    Parameters
    ----------
    template : Network
        Shapes and scales; where it has layers, training goes on from them.
    lesson : Lesson
        Windows and targets; those after `n_train` are the ones the judge forecasts.
    practice : Lesson
        The part of it that the LSTM is trained on.
    judge : ForecastJudge
        Chooses the penalties by forecasts. One-step errors do not: on chaotic series the linear
        model has the lower one and far worse forecasts.
    overall : ForecastJudge
        Forecasts all values, those trained on too: what explodes there is not kept.
    train : callable
        From a template, a lesson and a function that makes a network whole, to a `Trained`.

    Returns
    -------
    Chosen
        With the chosen penalties solved for all windows, or `MAX_WINDOWS` drawn at random, the
        held-out ones too.
    """
    start = _smoothed(template, lesson) if template.layers else template
    trained = lstm_alone(start, practice, train, relative=True).trained
    start = no_change(trained.network)
    some = some_windows(lesson, MAX_WINDOWS)
    seen = take_moments(start, some, slice(some.n_train))

    linears = [_linear(start, seen, penalty) for penalty in LINEAR_PENALTIES]
    linear = LINEAR_PENALTIES[np.argmin([judge(network) for network in linears])]
    everything = seen + take_moments(start, some, slice(some.n_train, None))

    def readout(moments, state):
        return solve(start, moments, state_penalty=state, linear_penalty=linear)

    errors = _judge_in_turn(judge, functools.partial(readout, seen))
    chosen = _choose(judge, errors)
    network = _stable(overall, functools.partial(readout, everything), chosen)
    means = [float(e.mean()) for e in errors]
    judged = {"linear": means[0], "both": min(means[1:], default=math.inf)}
    parts = "both" if network.layers else "linear"
    return Chosen(network, trained, parts, judged, len(lesson.starts))


def _judge_in_turn(judge, readout):
    """Return the errors of each penalty, from the strongest on, until forecasts explode."""
    linear, *others = map(readout, STATE_PENALTIES)
    bound = judge.bound(linear, no_change(linear))
    errors = itertools.takewhile(lambda e: e.max() <= bound, map(judge.errors, others))
    return [judge.errors(linear), *errors]


def _choose(judge, errors):
    """Return the usual penalty's place, or the best one's if that is better beyond doubt."""
    usual = min(USUAL, len(errors) - 1)
    best = int(np.argmin([e.mean() for e in errors]))
    return best if judge.beyond_doubt(errors[best], errors[usual]) else usual


def _stable(overall, readout, chosen):
    """Return the readout chosen, or the next stronger one whose forecasts explode nowhere."""
    linear = readout(STATE_PENALTIES[0])
    bound = overall.bound(linear, no_change(linear))
    for penalty in STATE_PENALTIES[chosen:0:-1]:
        network = readout(penalty)
        if overall.errors(network).max() <= bound:
            return network
    return linear


def lstm_alone(template, lesson, train, *, relative):
    """Train the LSTM as it is.

    If `relative`, it learns by how much the next values differ from the newest one, scaled to one.
    Neighbours in a series are much alike, so that the same relative error of what is learnt is a
    far smaller error of the forecast (benchmarks/README.md).
    """
    if not relative:
        # One that a fit goes on from may have a skip, which is no part of what is trained.
        trained = train(replace(template, skip=None), lesson)
        return Chosen(trained.network, trained, "lstm", {}, len(lesson.starts))
    skip = no_change(template).skip
    rest = lesson.targets - skip_outputs(replace(template, skip=skip), lesson.values, lesson.starts)
    scale = rest[: lesson.n_train].std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    if template.layers:
        template = replace(template, head=_times(template.head, 1 / scale))

    def whole(network):
        return replace(network, head=_times(network.head, scale), skip=skip)

    lesson = lesson._replace(targets=(rest / scale).astype(np.float32))
    trained = train(template, lesson, whole=whole)
    return Chosen(trained.network, trained, "lstm", {}, len(lesson.starts))


def go_on(start, lesson, train):
    """Train on from the weights of an LSTM alone, whose skip stays as it is."""
    if start.skip is not None:
        rest = lesson.targets - skip_outputs(start, lesson.values, lesson.starts)
        lesson = lesson._replace(targets=rest.astype(np.float32))
    trained = train(start, lesson)
    return Chosen(trained.network, trained, "lstm", {}, len(lesson.starts))


def solve_on(before, lesson):
    """Move a solved readout towards new windows, as far as their number warrants.

    Parameters
    ----------
    before : Chosen
        The network, whose layers stay as they are. The windows that it was solved for are stood
        for by a penalty on changes.
    lesson : Lesson
        The new windows.

    Returns
    -------
    Chosen
        Its history has one entry, the mean squared error of the new readout.
    """
    moments = take_moments(before.network, lesson, slice(None))
    penalty = before.n_windows / len(lesson.starts)
    network = solve(
        before.network, moments,
        state_penalty=penalty, linear_penalty=penalty, weight_before=penalty,
    )  # fmt: skip
    history = {"loss": [mean_square_rest(network, moments)]}
    trained = before.trained._replace(network=network, history=history, best_epoch=0)
    n_windows = before.n_windows + len(lesson.starts)
    return before._replace(network=network, trained=trained, n_windows=n_windows)


def continue_from(start, template, units):
    """Return the network to go on from, if it can learn what the template asks for."""
    shapes = [
        (n.window_length, n.n_channels, n.n_outputs, n.horizon, n.anchored)
        for n in (start, template)
    ]
    before = tuple(len(recurrent) for _, recurrent, _ in start.layers)
    if shapes[0] != shapes[1] or (before and before != units):
        raise ValueError(
            f"Training cannot go on: the fitted network has units={before} and (window_length, "
            f"n_channels, n_outputs, horizon, relative to the window) = {shapes[0]}, but "
            f"units={units} and {shapes[1]} are asked for. Set warm_start=False and fit anew."
        )
    return start


def _smoothed(network, lesson):
    """Give layers that a fit goes on from a head of small coefficients."""
    start, some = no_change(network), some_windows(lesson, MAX_WINDOWS)
    moments = take_moments(start, some, slice(some.n_train))
    return solve(start, moments, state_penalty=SMOOTH, linear_penalty=1 / SMOOTH)


def _linear(start, moments, penalty):
    return solve(start, moments, state_penalty=math.inf, linear_penalty=penalty)


def _times(head, scale):
    return tuple((weights * scale).astype(np.float32) for weights in head)
