"""From windows to what is learnt: targets, scales, and the windows held out."""

import math
from typing import NamedTuple

import numpy as np

from skwave._network import Network
from skwave._window import followed_windows, following_values


class Lesson(NamedTuple):
    """A series, where its windows start, and their targets; all on the scale of the layers.

    The first `n_train` windows are for training, the others for validation.
    """

    values: np.ndarray  # (n_values, n_channels), float32
    starts: np.ndarray  # (n_windows,)
    targets: np.ndarray  # (n_windows, n_outputs), float32
    weights: np.ndarray | None  # (n_windows,)
    n_train: int


def next_values(runs, window_length, horizon):
    """Return the windows that others follow, and their targets.

    Parameters
    ----------
    runs : Runs
        The windows.
    window_length, horizon : int
        Values in a window, and after it.

    Returns
    -------
    which : ndarray of shape (n_targets,)
        The windows that have a target.
    targets : ndarray of shape (n_targets[, horizon][, n_channels])
        The values that follow; axes of length one are left out.

    Raises
    ------
    ValueError
        If no window is followed by `horizon` values.
    """
    which = followed_windows(runs, horizon)
    if len(which) == 0:
        raise ValueError(
            f"y=None takes the targets from the windows that follow, but none of the "
            f"{len(runs.starts)} windows in X is continued by horizon={horizon} more. Give the "
            "windows of a series in the order of time and unshuffled, a longer series, or y."
        )
    targets = following_values(runs, which, window_length, horizon)
    shape = [n for n in targets.shape[1:] if n > 1]
    return which, targets.reshape(len(which), *shape)


def make_template(windows, runs, targets, *, normalization, horizon, follow):
    """Return a network without layers that holds the scales of inputs and outputs.

    Parameters
    ----------
    windows : ndarray of shape (n_windows, window_length, n_channels)
        The windows.
    runs : Runs
        The same, each value once.
    targets : ndarray of shape (n_targets, ...)
        What is to be predicted.
    normalization : {"series", "window"} or None
        What the scales are taken from.
    horizon : int
        Values predicted at once.
    follow : bool
        Whether the targets are the values that follow, and so on the scale of the inputs.

    Returns
    -------
    Network
        With ``layers=()``.
    """
    length, n_channels = windows.shape[1:]
    n_outputs = targets[0].size
    anchored = normalization == "window"
    center, scale = np.zeros(n_channels), np.ones(n_channels)
    if normalization is not None:
        center, scale = center_and_scale(runs.values)
    if anchored:
        if n_outputs != horizon * n_channels:
            raise ValueError(
                "normalization='window' predicts relative to a value of the window, so y needs "
                f"{horizon * n_channels} outputs, those of the channels, but has {n_outputs}."
            )
        with np.errstate(over="ignore", invalid="ignore"):
            scale = _scale_of_differences(runs, length, fallback=scale)
    repeats = n_outputs // n_channels
    if follow or anchored:
        output_center, output_scale = np.tile(center, repeats), np.tile(scale, repeats)
        output_scale = output_scale * np.tile(_varies(runs.values), repeats)
    elif normalization is None:
        output_center, output_scale = np.zeros(n_outputs), np.ones(n_outputs)
    else:
        flat = targets.reshape(len(targets), -1)
        output_center, output_scale = center_and_scale(flat)
        output_scale = output_scale * _varies(flat)
    return Network(
        window_length=length,
        horizon=horizon,
        layers=(),
        head=(),
        input_center=center,
        input_scale=scale,
        output_center=output_center,
        output_scale=output_scale,
        anchored=anchored,
    )


def center_and_scale(values):
    """Return mean and standard deviation of each column; 1 for one that never varies."""
    values = np.asarray(values, dtype=float)
    # Squares of tiny or huge numbers leave the range of floats; by a power of two nothing is lost.
    exponent = np.frexp(np.abs(values).max(axis=0))[1]
    small = np.ldexp(values, -exponent)
    center, scale = (np.ldexp(x, exponent) for x in (small.mean(axis=0), small.std(axis=0)))
    constant = ~_varies(values)
    # The mean of equal numbers may differ from them in the last digit.
    return np.where(constant, values[0], center), np.where(constant, 1.0, scale)


def _varies(values):
    """Tell for each column whether it is not constant; a range of integers could overflow."""
    return values.max(axis=0) > values.min(axis=0)


def _scale_of_differences(runs, length, *, fallback):
    """Return the root mean square of values less the first one of their window."""
    # A few thousand windows tell it well enough, whatever the length of the series.
    some = runs.starts[:: max(1, len(runs.starts) // 4096)]
    windows = runs.values[some[:, None] + np.arange(length)].astype(float)
    differences = windows - windows[:, :1]
    exponent = np.frexp(np.abs(differences).max(axis=(0, 1)))[1]
    small = np.ldexp(differences, -exponent)
    scale = np.ldexp(np.sqrt(np.mean(small**2, axis=(0, 1))), exponent)
    return np.where(scale > 0, scale, fallback)


def split_windows(which, runs, horizon, *, share, newest, random_state):
    """Put windows in order: first those for training, then those held out.

    Parameters
    ----------
    which : ndarray of shape (n_targets,)
        The windows that have a target.
    runs : Runs
        All windows.
    horizon : int
        Values that a target spans.
    share : float
        Share held out, in [0, 1).
    newest : bool
        Whether the newest windows of each run are held out, rather than random ones. Windows
        whose targets reach into the held-out ones are then in neither part.
    random_state : numpy.random.RandomState
        Source of the order.

    Returns
    -------
    order : ndarray of shape (n_used,)
        Indices into `which`.
    n_train : int
        How many of them are for training, at least one.
    """
    order = random_state.permutation(len(which))
    n_train = max(1, round(len(which) * (1 - share)))
    if not newest or n_train == len(which):
        return order, n_train
    run = np.searchsorted(runs.first, which, side="right") - 1
    sizes = np.bincount(run, minlength=len(runs.first))
    rank = np.arange(len(which)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    border = np.maximum(1, np.round(sizes * (1 - share)).astype(int))[run]
    train = rank + horizon - 1 < np.maximum(border, horizon)
    train, held_out = order[train[order]], order[(rank >= border)[order]]
    return np.concatenate([train, held_out]), len(train)


def make_lesson(template, runs, which, targets, weights, order, n_train):
    """Scale values and targets to what the layers see, in the order of training."""
    starts = runs.starts[which[order]]
    with np.errstate(over="ignore", invalid="ignore"):
        values = template.scale(np.asarray(runs.values, float))
        outputs = targets.reshape(len(targets), -1)[order].astype(float)
        spread = np.where(template.output_scale > 0, template.output_scale, 1.0)
        outputs = (outputs - template.output_center) / spread
        if template.anchored:
            outputs = outputs - np.tile(values[starts], template.horizon)
        values, outputs = values.astype(np.float32), outputs.astype(np.float32)
    scales = template.input_center, template.input_scale, template.output_scale
    if not all(np.isfinite(x).all() for x in (values, outputs, *scales)):
        raise ValueError(
            "X or y has numbers too large to train on: what the network sees must be in the range "
            f"of float32, up to {np.finfo(np.float32).max:.1e}. Give normalization='series', or "
            "the series in other units."
        )
    return Lesson(
        values=values,
        starts=starts,
        targets=outputs,
        weights=None if weights is None else weights[order].astype(np.float32),
        n_train=n_train,
    )


def some_windows(lesson, n_windows):
    """Keep a part of a lesson, as many of the windows held out for as many for training.

    Parameters
    ----------
    lesson : Lesson
        Its windows are in random order, so that the first ones are a random choice.
    n_windows : int
        Windows to keep.

    Returns
    -------
    Lesson
        All of it, where it has no more windows.
    """
    n, n_train = len(lesson.starts), lesson.n_train
    if n_windows >= n:
        return lesson
    kept = math.ceil(n_train * n_windows / n)
    held_out = math.ceil((n - n_train) * n_windows / n)
    rows = np.r_[0:kept, n_train : n_train + held_out]
    return lesson._replace(
        starts=lesson.starts[rows],
        targets=lesson.targets[rows],
        weights=None if lesson.weights is None else lesson.weights[rows],
        n_train=kept,
    )
