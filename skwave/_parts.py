"""What a network consists of: an LSTM as it was trained, or one read out with a linear model."""

import functools
import itertools
import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from skwave._lesson import some_windows
from skwave._network import Network
from skwave._readout import (
    cross_validated,
    mean_square_rest,
    midway,
    no_change,
    skip_outputs,
    solve,
    take_moments,
    total,
    window_penalties,
)
from skwave._training import Trained

# The windows trained on and those held out fall into as many pieces each, which choose among them.
N_PIECES = 3
# And for those of the states: the LSTM shrunk to about half, and weaker ones, for the series that
# are nothing but what the LSTM learns.
STATE_PENALTIES = tuple(10.0 ** np.arange(0, -10, -2))
# Readouts are the linear model, the mean of it and of the first of these, and each of these. The
# mean served nearly every series best where nothing is known (benchmarks/choosing.py).
LINEAR, USUAL = 0, 1
# A mean squared error of forecasts, as a share of the series' variance, that no LSTM has come near.
EXACT = 1e-10
# From a head of small coefficients training goes on smoothly.
SMOOTH = 1e-2
# A random sample of that many windows tells as much of 400 coefficients as millions do.
MAX_WINDOWS = 8_192


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
        Chooses by forecasts how much the LSTM has to say. One-step errors do not: on chaotic series
        the linear model has the lower one and far worse forecasts.
    overall : ForecastJudge
        Forecasts all values, those trained on too: what explodes there is not kept.
    train : callable
        From a template, a lesson and a function that makes a network whole, to a `Trained`.

    Returns
    -------
    Chosen
        The chosen readout, solved for all windows, or `MAX_WINDOWS` drawn at random, the
        held-out ones too.
    """
    start = _smoothed(template, lesson) if template.layers else template
    trained = lstm_alone(start, practice, train, skip=no_change(start).skip).trained
    start = no_change(trained.network)
    seen, held_out = _moments_of_pieces(start, lesson)
    readout = functools.partial(_readout, start, _linear_penalties(start, seen + held_out))
    everything, seen = total(seen + held_out), total(seen)

    errors = _judge_in_turn(judge, functools.partial(readout, seen))
    chosen = _choose(judge, errors)
    network = _stable(overall, functools.partial(readout, everything), chosen)
    means = [float(e.mean()) for e in errors]
    judged = {"linear": means[LINEAR], "both": min(means[USUAL:], default=math.inf)}
    parts = "both" if network.layers else "linear"
    return Chosen(network, trained, parts, judged, len(lesson.starts))


def exact_linear(template, lesson, judge):
    """Return the linear model alone where it leaves nothing for an LSTM to learn.

    Parameters
    ----------
    template : Network
        Shapes and scales, without layers.
    lesson, judge
        As in `lstm_and_linear`.

    Returns
    -------
    Chosen or None
        None where forecasts over held-out values are further from the truth than an LSTM's, which
        is trained in float32, could be. Nothing is trained, and Keras is not imported.
    """
    start = no_change(template)
    seen, held_out = _moments_of_pieces(start, lesson)
    everything = total(seen + held_out)
    weakest = window_penalties(start.window_length, start.n_channels).min(axis=0)
    closest = solve(start, everything, state_penalty=math.inf, linear_penalty=weakest)
    # Forecasts are no better than the predictions of one step that they are made of.
    if mean_square_rest(closest, everything) > EXACT:
        return None
    penalty = _linear_penalty(start, seen + held_out, math.inf)
    solved = functools.partial(solve, start, state_penalty=math.inf, linear_penalty=penalty)
    error = judge(solved(total(seen)))
    if error > EXACT:
        return None
    network = solved(everything)
    history = {"loss": [mean_square_rest(network, everything)]}
    trained = Trained(network, history, 0, None)
    errors = {"linear": error, "both": math.inf}
    return Chosen(network, trained, "linear", errors, len(lesson.starts))


def _moments_of_pieces(start, lesson):
    """Sum up windows piece by piece, in the order of time: those trained on, those held out."""
    some = some_windows(lesson, MAX_WINDOWS)

    def of_pieces(rows):
        rows = rows[np.argsort(some.starts[rows])]
        return [take_moments(start, some, piece) for piece in np.array_split(rows, N_PIECES)]

    return map(of_pieces, np.split(np.arange(len(some.starts)), [some.n_train]))


def _linear_penalties(start, pieces):
    """Choose the penalty of the window's coefficients without the states, and with them."""
    return tuple(_linear_penalty(start, pieces, mu) for mu in (math.inf, STATE_PENALTIES[0]))


def _linear_penalty(start, pieces, state_penalty):
    def solved(moments, penalty):
        return solve(start, moments, state_penalty=state_penalty, linear_penalty=penalty)

    penalties = window_penalties(start.window_length, start.n_channels)
    return cross_validated(solved, pieces, penalties)


def _readout(start, linear_penalties, moments, number):
    """Solve for one of the readouts; the larger its number, the more it makes of the LSTM."""
    alone, beside = linear_penalties
    if number > USUAL:
        penalty = STATE_PENALTIES[number - USUAL - 1]
        return solve(start, moments, state_penalty=penalty, linear_penalty=beside)
    linear = solve(start, moments, state_penalty=math.inf, linear_penalty=alone)
    if number == LINEAR:
        return linear
    return midway(linear, _readout(start, linear_penalties, moments, USUAL + 1))


def _judge_in_turn(judge, readout):
    """Return the errors of each readout, from the linear model on, until forecasts explode."""
    linear = readout(LINEAR)
    bound = judge.bound(linear, no_change(linear))
    others = map(readout, range(USUAL, USUAL + 1 + len(STATE_PENALTIES)))
    errors = itertools.takewhile(lambda e: e.max() <= bound, map(judge.errors, others))
    return [judge.errors(linear), *errors]


def _choose(judge, errors, usual=USUAL):
    """Return the number of the usual readout, or of the best if that is better beyond doubt."""
    usual = min(usual, len(errors) - 1)
    best = int(np.argmin([e.mean() for e in errors]))
    return best if judge.beyond_doubt(errors[best], errors[usual]) else usual


def _stable(overall, readout, chosen):
    """Return the readout chosen, or the next one before it whose forecasts explode nowhere."""
    linear = readout(LINEAR)
    bound = overall.bound(linear, no_change(linear))
    for number in range(chosen, LINEAR, -1):
        network = readout(number)
        if overall.errors(network).max() <= bound:
            return network
    return linear


def lstm_alone(template, lesson, train, *, skip):
    """Train the LSTM as it is, beside a linear model that stays as it is.

    Parameters
    ----------
    template : Network
        Shapes and scales; where it has layers, training goes on from them.
    lesson : Lesson
        Windows and targets.
    train : callable
        As in `lstm_and_linear`.
    skip : None or ndarray of shape (window_length * n_channels, n_outputs)
        Coefficients of the linear model. With those of `no_change` the LSTM learns by how much
        the next values differ from the newest one, scaled to one. Neighbours in a series are much
        alike, so that the same relative error of what is learnt is a far smaller error of the
        forecast (benchmarks/README.md). With None it learns the targets as they are.

    Returns
    -------
    Chosen
        The losses in its history are those of what is learnt.
    """
    template = replace(template, skip=skip)
    if skip is None:
        trained = train(template, lesson)
        return Chosen(trained.network, trained, "lstm", {}, len(lesson.starts))
    rest = lesson.targets - skip_outputs(template, lesson.values, lesson.starts)
    seen = rest[: lesson.n_train]
    center, scale = seen.mean(axis=0), seen.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    if template.layers:
        kernel, bias = template.head
        template = replace(template, head=_float32(kernel / scale, (bias - center) / scale))

    def whole(network):
        kernel, bias = network.head
        return replace(network, head=_float32(kernel * scale, bias * scale + center), skip=skip)

    lesson = lesson._replace(targets=((rest - center) / scale).astype(np.float32))
    trained = train(template, lesson, whole=whole)
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


def _float32(*weights):
    return tuple(w.astype(np.float32) for w in weights)
