"""Fitting: from a forecaster's parameters and windows to what is learnt, and by which way."""

import functools
import math
from collections.abc import Callable
from dataclasses import fields, replace
from typing import NamedTuple

import numpy as np
from sklearn.utils.validation import _check_sample_weight

from skwave._checks import check_backup, check_targets, check_units, check_windows, own_random_state
from skwave._judge import ForecastJudge, make_judge
from skwave._lesson import (
    Lesson,
    make_lesson,
    make_template,
    next_values,
    some_windows,
    split_windows,
)
from skwave._network import Network
from skwave._parts import Chosen, continue_from, exact_linear, lstm_alone, lstm_and_linear, solve_on
from skwave._readout import no_change
from skwave._training import Recipe, train
from skwave._warn import warn_about_window
from skwave._window import Runs, find_runs

# Updates that epochs="auto" makes where the readout is solved for: twice as many forecast no better
# (benchmarks/README.md). And where it is not.
SOLVED_UPDATES = 100
TRAINED_UPDATES = 600
# Least squares takes memory for some ten matrices of as many rows and columns: 300 MB in all.
MAX_COEFFICIENTS = 2000


class Data(NamedTuple):
    """What a fit was given, checked."""

    windows: np.ndarray  # (n_windows, window_length, n_channels)
    runs: Runs  # the same, each value once
    which: np.ndarray  # the windows that have a target
    targets: np.ndarray
    weights: np.ndarray | None  # of the windows that have a target
    follow: bool  # whether the targets are the values that follow


class Way(NamedTuple):
    """A way to learn."""

    learn: Callable  # from a `Task` and an `EpochProgress` to a `Chosen`
    judged: bool  # whether forecasts over held-out values have a say


class Task(NamedTuple):
    """What is to be learnt, and how."""

    data: Data
    before: Chosen | None  # the outcome to go on from
    template: Network
    lesson: Lesson
    practice: Lesson  # what of it the LSTM is trained on
    recipe: Recipe
    seed: int
    judge: ForecastJudge | None
    overall: ForecastJudge | None  # forecasts all values
    epoch_judge: ForecastJudge | None  # chooses the epoch
    way: Way


def make_task(forecaster, X, y, sample_weight, *, before, choose, validation_split, **changes):
    """Check what a fit is given, and put it in the form that is learnt from.

    Parameters
    ----------
    forecaster : LSTMForecaster
        Its parameters.
    X, y, sample_weight : array-like
        What `fit` was given.
    before : Chosen or None
        The outcome to go on from.
    choose : {choose_way, choose_way_to_go_on}
        Chooses the way to learn.
    validation_split : float
        Share of the windows held out.
    **changes
        Parameters of this fit that differ from those of the forecaster.

    Returns
    -------
    Task
        Nothing of the forecaster is changed, `n_features_in_` apart.
    """
    units = check_units(forecaster.units)
    check_backup(forecaster.backup_dir, forecaster.random_state)
    data = check_data(forecaster, X, y, sample_weight, reset=before is None)
    template = make_template(
        data.windows, data.runs, data.targets,
        normalization=forecaster.normalization, horizon=forecaster.horizon, follow=data.follow,
    )  # fmt: skip
    if before is not None:
        template = continue_from(before.network, template, units)
    solves = solves_readout(forecaster, y, n_coefficients=units[-1] + data.windows[0].size)
    way = choose(forecaster, data, template, before, solves)
    judges = _make_judges(data, solves, validation_split) if way.judged else (None, None)
    random_state = own_random_state(forecaster.random_state)
    newest = solves or forecaster.validation != "random"
    lesson = _split_lesson(template, data, validation_split, newest, random_state)
    # Who goes on has chosen the length.
    if data.follow and before is None:
        length = data.windows.shape[1]
        warn_about_window(length, data.runs.lengths.max() + length - 1, forecaster.horizon)
    recipe = _make_recipe(forecaster, changes | {"units": units})
    practice, recipe = _auto_length(lesson, recipe, solves)
    return Task(
        data=data,
        before=before,
        template=template,
        lesson=lesson,
        practice=practice,
        recipe=recipe,
        seed=random_state.randint(2**31),
        judge=judges[0],
        overall=judges[1],
        epoch_judge=judges[0] if forecaster.validation == "forecast" else None,
        way=way,
    )


def check_data(forecaster, X, y, sample_weight, *, reset):
    """Check windows, targets and weights, and find the targets that are not given.

    Parameters
    ----------
    forecaster : LSTMForecaster
        Its `horizon`.
    X, y, sample_weight : array-like
        What `fit` or `score` was given.
    reset : bool
        Whether the shape of the windows is new, or must be that of the fit before.

    Returns
    -------
    Data
        Weights are those of the windows that have a target.
    """
    windows = check_windows(forecaster, X, reset=reset)
    runs = find_runs(windows)
    which, targets = find_targets(windows, runs, y, forecaster.horizon)
    if sample_weight is not None:
        sample_weight = _check_sample_weight(sample_weight, windows)[which]
    return Data(windows, runs, which, targets, sample_weight, follow=y is None)


def find_targets(windows, runs, y, horizon):
    """Return the windows that have a target, and the targets."""
    if y is None:
        return next_values(runs, windows.shape[1], horizon)
    return np.arange(len(windows)), check_targets(y, windows, horizon)


def solves_readout(forecaster, y, n_coefficients):
    """Tell whether a fit solves for the readout: as `linear_skip` says, or where that is sound."""
    if forecaster.linear_skip != "auto":
        return forecaster.linear_skip
    if n_coefficients > MAX_COEFFICIENTS:
        return False
    squared = _is_mean_squared(forecaster.loss)
    return y is None and squared and forecaster.normalization is not None


def _is_mean_squared(loss):
    """Tell whether a loss of Keras, or its name or config, is the mean squared error."""
    if isinstance(loss, dict):
        by_class = loss.get("class_name") if loss.get("module") == "keras.losses" else None
        loss = loss.get("config") if loss.get("class_name") == "function" else by_class
    elif str(getattr(loss, "__module__", "")).startswith("keras."):
        loss = getattr(loss, "__name__", type(loss).__name__)
    return loss in ("mean_squared_error", "MeanSquaredError", "mse", "MSE")


def _make_judges(data, solves, validation_split):
    """Make the judge of held-out values, and the one of all; there must be some that follow."""
    if not data.follow:
        asks = "linear_skip=True" if solves else "validation='forecast'"
        raise ValueError(
            f"{asks} rolls forecasts out over held-out values, so the targets must be the "
            "values that follow the windows: fit without y."
        )
    shares = validation_split, 1.0
    return [make_judge(data.runs, data.windows.shape[1], share) for share in shares]


def _split_lesson(template, data, share, newest, random_state):
    """Put the windows on the scale of the layers, and hold a share of them out."""
    order, n_train = split_windows(
        data.which, data.runs, template.horizon,
        share=share, newest=newest, random_state=random_state,
    )  # fmt: skip
    if data.weights is not None and not data.weights[order[:n_train]].any():
        others = f", or set validation_split={share} to 0, as it holds out those that have one"
        raise ValueError(
            f"sample_weight is zero for all {n_train} windows to train on. Give some of them a "
            f"weight{others if n_train < len(order) else ''}."
        )
    return make_lesson(template, data.runs, data.which, data.targets, data.weights, order, n_train)


def choose_way(forecaster, data, template, before, solves):
    """Return the way to train on from an outcome, or afresh.

    Parameters
    ----------
    forecaster : LSTMForecaster
        Its parameters.
    data : Data
        What is learnt from.
    template : Network
        Shapes and scales.
    before : Chosen or None
        The outcome to go on from.
    solves : bool
        Whether the readout is solved for.

    Returns
    -------
    Way
        Judged by forecasts where these choose the readout or the epoch.
    """
    judged = solves or forecaster.validation == "forecast"
    if not solves:
        return Way(_alone(forecaster, data, template, before), judged)
    # Only where nothing is asked for that training alone can give: who goes on from layers wants
    # these trained.
    wanted = before, forecaster.callbacks, forecaster.checkpoint_dir, forecaster.backup_dir
    if forecaster.epochs == "auto" and all(x is None for x in wanted):
        return Way(_solve_or_train, judged)
    return Way(_train_and_solve, judged)


def choose_way_to_go_on(forecaster, data, template, before, solves):
    """Return the way to take in new windows: solve on for what was solved for, or train on.

    Parameters
    ----------
    forecaster, data, template, before, solves
        As in `choose_way`; there is an outcome to go on from.

    Returns
    -------
    Way
        Never judged: one pass over new windows has nothing to choose.
    """
    if before.parts == "lstm":
        return Way(_alone(forecaster, data, template, before), judged=False)
    return Way(_solve_on, judged=False)


def _alone(forecaster, data, template, before):
    """Return the way to train the LSTM as it is."""
    return functools.partial(_train_alone, skip=_fixed_skip(forecaster, data, template, before))


def _fixed_skip(forecaster, data, template, before):
    """Return the linear model that an LSTM is trained beside, or None."""
    if before is not None and before.parts == "lstm":
        return before.network.skip
    relative = data.follow and forecaster.normalization is not None
    return no_change(template).skip if relative else None


def _train_alone(task, progress, *, skip):
    return lstm_alone(task.template, task.lesson, _trainer(task, progress), skip=skip)


def _train_and_solve(task, progress):
    return lstm_and_linear(
        task.template, task.lesson, task.practice, task.judge, task.overall,
        _trainer(task, progress),
    )  # fmt: skip


def _solve_or_train(task, progress):
    """Spare the training where a linear model leaves nothing to learn."""
    chosen = exact_linear(task.template, task.lesson, task.judge)
    return _train_and_solve(task, progress) if chosen is None else _tell(progress, chosen)


def _solve_on(task, progress):
    return _tell(progress, solve_on(task.before, task.lesson))


def _tell(progress, chosen):
    """Tell of one epoch, as something was learnt without any."""
    progress.begin()
    progress.end(lambda: chosen.network)
    return chosen


def _trainer(task, progress):
    return functools.partial(
        train, recipe=task.recipe, seed=task.seed, judge=task.epoch_judge, progress=progress
    )


def _make_recipe(forecaster, changes):
    """Return the parameters that are Keras's concern."""
    names = {f.name for f in fields(Recipe)}
    parameters = {k: v for k, v in forecaster.get_params(deep=False).items() if k in names}
    return Recipe(**parameters | changes)


def _auto_length(lesson, recipe, solves):
    """Turn ``epochs="auto"`` into a number of epochs, and say which windows make an epoch."""
    if recipe.epochs != "auto":
        return lesson, recipe
    updates = SOLVED_UPDATES if solves else TRAINED_UPDATES
    practice = lesson
    if solves:
        # A longer series than can be read in these updates is read in part: its readout is solved
        # for all of it, and no fit takes longer than another.
        share = min(1, updates * recipe.batch_size / lesson.n_train)
        practice = some_windows(lesson, math.ceil(share * len(lesson.starts)))
    per_epoch = math.ceil(practice.n_train / recipe.batch_size)
    least = 1 if solves else 3
    return practice, replace(recipe, epochs=max(least, round(updates / per_epoch)))
