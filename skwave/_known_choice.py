"""Whether known inputs are used, and the penalties of their coefficients."""

from dataclasses import replace

import numpy as np

from skwave._network import Network
from skwave._readout import N_FOLDS, Readout, gram_folds, naive_skip, solve_readout
from skwave._readout_choice import penalties_of_window
from skwave._ridge import choose_penalty, penalties_of_lags, total
from skwave._rollout import make_season_rollouts
from skwave.exceptions import warn

# Penalties that are tried for known inputs, from strong to weak: the same for all lags,
# and growing ones. Some that leave the newest row alone were chosen by chance only, and increased
# the error (benchmarks/tried.md).
KNOWN_EQUAL_PENALTIES = 10.0 ** np.arange(1, -4, -1)
KNOWN_LAG_PENALTIES = 10.0 ** np.arange(-1, -6, -1)


def choose_known_penalty(data, dataset, validation_split, n_calendar):
    """Choose the penalties of known inputs, by forecasts of the linear model.

    Parameters
    ----------
    data, dataset : WindowDataset
        The windows in the units of the series, and those on the scale of the layers, split.
    validation_split : float
        Fraction of the newest windows that are held out, over which the linear model forecasts.
    n_calendar : int
        How many of these inputs, the last ones, are calendar features.

    Returns
    -------
    None or ndarray of shape (window_length, n_known)
        The same for all inputs; infinite where forecasts with them are not better by more than a
        standard error than those without. Always infinite for calendar features, which the LSTM
        alone reads: hour and day of the week have an effect together that a sum cannot describe.
        None where there are no known inputs.

    Notes
    -----
    One-step errors do not choose: they say little about the value of an input many steps ahead,
    where the series itself is less and less certain. Logarithms of errors are compared, because a
    few days on which all forecasts fail would decide otherwise.
    """
    if not data.n_known:
        return None
    of_lags = penalties_of_lags(KNOWN_EQUAL_PENALTIES, KNOWN_LAG_PENALTIES, data.window_length)
    # With the first option they are not used.
    options = np.full((1 + len(of_lags), data.window_length, data.n_known), np.inf)
    options[1:, :, : data.n_known - n_calendar] = of_lags[..., None]
    # There may be none but calendar features, or the fit that training continues left them out.
    if n_calendar == data.n_known or np.isinf(dataset.scaling.input_scale).any():
        return options[0]
    head = np.zeros((0, data.n_outputs)), np.zeros(data.n_outputs)
    network = Network(
        data.window_length, 1, dataset.scaling, (), head, naive_skip(data), data.n_known
    )
    rollouts = make_season_rollouts(data, validation_split)
    folds = gram_folds(network, dataset)
    without = choose_penalty(folds, penalties_of_window(network, options[0]))
    # The penalty of the other channels is chosen beside the weakest of those that are the same for
    # all lags, and held.
    weakest = options[len(KNOWN_EQUAL_PENALTIES)]
    beside = choose_penalty(folds, penalties_of_window(network, weakest))
    log_errors = []
    for number, option in enumerate(options):
        penalty = (beside if number else without).copy()
        penalty.reshape(data.window_length, -1)[:, data.n_predicted :] = option
        readout = Readout("linear", np.inf, penalty)
        errors = rollouts.errors(solve_readout(network, total(folds[:N_FOLDS]), readout)[0])
        log_errors.append(np.log(np.maximum(errors, np.finfo(float).tiny)))
    best = int(np.argmin([errors.mean() for errors in log_errors]))
    return options[best if rollouts.is_better(log_errors[best], log_errors[0]) else 0]


def leave_out_known(dataset, known_penalty, n_calendar):
    """Return the dataset without known inputs that are not used, and warn of these.

    They are those whose penalty is infinite in what `choose_known_penalty` returned, and become
    zero. The last `n_calendar` of these inputs are calendar features, which are always used.
    """
    n_chosen = dataset.n_known - n_calendar
    if not n_chosen or np.isfinite(known_penalty[:, :n_chosen]).all():
        return dataset
    if np.isinf(dataset.scaling.input_scale).any():
        reason = "the fit that training continues left them out. Set warm_start=False to try them"
    else:
        reason = (
            "on held-out values, forecasts of a linear model with them are not better by more than "
            "one standard error. Leave them out of known=, or give a longer series"
        )
    warn(f"The columns named in known= are not used: {reason}.")
    factors = np.ones(dataset.n_channels)
    factors[dataset.n_predicted : dataset.n_predicted + n_chosen] = np.inf
    scaling = replace(dataset.scaling, input_scale=dataset.scaling.input_scale * factors)
    return replace(dataset, values=(dataset.values / factors).astype(np.float32), scaling=scaling)
