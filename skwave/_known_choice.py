"""Whether known inputs and calendar features are used, and penalties of their coefficients."""

from dataclasses import replace

import numpy as np

from skwave._fourier import count_cycles, squared_frequencies
from skwave._network import Network
from skwave._readout import (
    N_FOLDS,
    Readout,
    count_linear,
    gram_folds,
    n_lagged,
    naive_skip,
    solve_readout,
)
from skwave._readout_choice import is_predicted, penalties_of_window
from skwave._ridge import choose_penalty, penalties_of_lags, total
from skwave._rollout import make_season_rollouts
from skwave.exceptions import warn

# Penalties that are tried for known inputs, from strong to weak: the same for all lags,
# and growing ones. Some that leave the newest row alone were chosen by chance only, and increased
# the error (benchmarks/tried.md).
KNOWN_EQUAL_PENALTIES = 10.0 ** np.arange(1, -4, -1)
KNOWN_LAG_PENALTIES = 10.0 ** np.arange(-1, -6, -1)
# Penalties of the Fourier terms of calendar features, at a frequency of zero.
FOURIER_PENALTIES = 10.0 ** np.arange(0, -7, -1)
# Statsmodels asks for as many cycles to separate a season from a trend.
LEAST_CYCLES = 2


def choose_known_penalty(data, dataset, validation_split):
    """Choose the penalties of known inputs and of Fourier terms, by forecasts of the linear model.

    Parameters
    ----------
    data, dataset : WindowDataset
        The windows in the units of the series, and those on the scale of the layers, split.
    validation_split : float
        Fraction of the newest windows that are held out, over which the linear model forecasts.

    Returns
    -------
    None or ndarray of shape (n_linear,)
        Penalties of the coefficients of what the linear part reads, of which those of the known
        inputs that are no calendar features, and of the Fourier terms of the calendar features, are
        chosen. Each of the two is infinite where forecasts with them are not better by more than a
        standard error than those without. None where there are no known inputs.

    Notes
    -----
    One-step errors do not decide what is used: they say little about the value of an input many
    steps ahead, where the series itself is less and less certain. Logarithms of errors are
    compared, because a few days on which all forecasts fail would decide otherwise.
    """
    if not data.n_known:
        return None
    head = np.zeros((0, data.n_outputs)), np.zeros(data.n_outputs)
    network = Network(
        data.window_length, 1, dataset.scaling, (), head, naive_skip(data), data.n_known,
        calendar=data.calendar,
    )  # fmt: skip
    n_named = n_lagged(network) - network.n_predicted
    penalty = np.full(count_linear(network), np.inf)
    # The fit that training continues may have left the known inputs out.
    chooses_named = n_named > 0 and not np.isinf(dataset.scaling.input_scale).any()
    if not chooses_named and not data.calendar:
        return penalty
    rollouts = make_season_rollouts(data, validation_split)
    folds = gram_folds(network, dataset)
    if chooses_named:
        penalty = _choose_named(network, folds, rollouts, penalty)
    if data.calendar:
        penalty = _choose_of_terms(network, folds, rollouts, penalty, _is_repeated(data))
    return penalty


def _is_repeated(data):
    """Return for each calendar feature whether a series goes through its cycle at least twice.

    Otherwise its seasonal pattern cannot be distinguished from a trend.
    """
    begins = data.starts[data.first_windows[1:]]
    waves = data.values[:, data.n_channels - 2 * len(data.calendar) :]
    of_series = [count_cycles(part) for part in np.split(waves, begins)]
    return np.max(of_series, axis=0) >= LEAST_CYCLES


def _choose_named(network, folds, rollouts, nothing):
    """Return penalties in which those of the known inputs that the user named are chosen.

    They are the same for all inputs; `nothing` has infinite ones. Roll-outs choose.
    """
    of_lags = penalties_of_lags(KNOWN_EQUAL_PENALTIES, KNOWN_LAG_PENALTIES, network.window_length)
    options = np.repeat(nothing[None], 1 + len(of_lags), axis=0)
    # With the first option they are not used.
    of_window = np.repeat(of_lags, n_lagged(network), axis=1)
    options[1:, : of_window.shape[1]] = of_window
    without = choose_penalty(folds, penalties_of_window(network, options[0]))
    # The penalty of the other channels is chosen beside the weakest of those that are the same for
    # all lags, and held.
    weakest = options[len(KNOWN_EQUAL_PENALTIES)]
    beside = choose_penalty(folds, penalties_of_window(network, weakest))
    tried = [without, *np.where(is_predicted(network), beside, options[1:])]
    log_errors = [_log_errors(network, folds, rollouts, penalty) for penalty in tried]
    best = int(np.argmin([errors.mean() for errors in log_errors]))
    return options[best if rollouts.is_better(log_errors[best], log_errors[0]) else 0]


def _choose_of_terms(network, folds, rollouts, without, is_repeated):
    """Return penalties in which those of the Fourier terms are chosen.

    Features that are not repeated in the series are not used. Penalties grow with the squared
    frequency, as smooth patterns are likelier. Blocks of the series that are left out in turn
    choose how strong they are, and roll-outs whether the terms are used.
    """
    growth = 1 + squared_frequencies(network.calendar, is_repeated)
    options = np.repeat(without[None], 1 + len(FOURIER_PENALTIES), axis=0)
    # With the first option they are not used.
    options[1:, -len(growth) :] = np.outer(FOURIER_PENALTIES, growth)
    middle = options[1 + len(FOURIER_PENALTIES) // 2]
    beside = choose_penalty(folds, penalties_of_window(network, middle))
    chosen = choose_penalty(folds, np.where(is_predicted(network), beside, options))
    tried = [penalties_of_window(network, option) for option in (without, chosen)]
    before, after = (
        _log_errors(network, folds, rollouts, choose_penalty(folds, penalties))
        for penalties in tried
    )
    return chosen if rollouts.is_better(after, before) else without


def _log_errors(network, folds, rollouts, penalty):
    """Return logarithms of the errors of a linear model, solved for the training windows."""
    readout = Readout("linear", np.inf, penalty)
    errors = rollouts.errors(solve_readout(network, total(folds[:N_FOLDS]), readout)[0])
    return np.log(np.maximum(errors, np.finfo(float).tiny))


def leave_out_known(dataset, known_penalty):
    """Return the dataset without known inputs that are not used, and warn of these.

    They are those whose penalty is infinite in what `choose_known_penalty` returned, and become
    zero. Calendar features are kept: the LSTM reads them in any case.
    """
    n_named = n_lagged(dataset) - dataset.n_predicted
    # All of them are used or none is.
    if not n_named or np.isfinite(known_penalty[dataset.n_predicted]):
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
    factors[dataset.n_predicted : n_lagged(dataset)] = np.inf
    scaling = replace(dataset.scaling, input_scale=dataset.scaling.input_scale * factors)
    return replace(dataset, values=(dataset.values / factors).astype(np.float32), scaling=scaling)
