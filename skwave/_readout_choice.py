"""The candidates for the readout, and the choice among them by forecasts of held-out values."""

import numpy as np

from skwave._readout import (
    N_FOLDS,
    Readout,
    accumulate,
    count_linear,
    gram_folds,
    n_lagged,
    solve_readout,
    without_layers,
)
from skwave._ridge import choose_penalty, penalties_of_lags, total

# Penalties that are tried for the coefficients of the window, the same for all lags: weaker ones
# overfit a short series, and with these a noiseless wave is forecast to a millionth.
EQUAL_PENALTIES = 10.0 ** np.arange(-5, 2)
# And those that are multiplied by the square of the lag: from nearly none for the newest values,
# as strong as the weakest of the others at a lag of 32, to one that leaves only these values.
LAG_PENALTIES = 10.0 ** np.arange(-8, 2)
# Penalties of the states' coefficients, from strong to weak.
STATE_PENALTIES = tuple(10.0 ** np.arange(0, -12, -2))
# Forecasts with a mean squared error of no more than this, in variances of the series, are as exact
# as float32 allows. These penalties of the states alone, from strong to weak, are tried for it on
# so many windows: more give the same penalty and the same errors with 300 units.
EXACT, EXACT_PENALTIES, EXACT_WINDOWS = 1e-10, (1e-4, 1e-6, 1e-8, 1e-10), 768


def penalties_of_window(network, known_penalty):
    """Return the penalties of the window's coefficients that are tried.

    Parameters
    ----------
    network : Network
        Its shapes.
    known_penalty : None or ndarray of shape (n_linear,)
        Has the penalties of the coefficients of known inputs and of Fourier terms; None where there
        are none.

    Returns
    -------
    ndarray of shape (n_penalties, n_linear)
        Those of the channels that are forecast: the first ones are the same for all lags, from weak
        to strong, the others grow with the square of the lag. Those of known inputs and of Fourier
        terms do not vary.

    Notes
    -----
    Older values mostly matter less than newer ones. The equal penalties are for series whose
    oldest values matter much, as with a season as long as the window. The newest value has the lag
    1; with an output_length above 1, lags count from its first step.

    References
    ----------
    Litterman, R. B. (1986). Forecasting with Bayesian vector autoregressions: five years of
    experience. Journal of Business and Economic Statistics 4(1), 25-38. (A standard deviation of
    each coefficient that falls with the lag: its harmonic decay.)
    """
    of_lags = penalties_of_lags(EQUAL_PENALTIES, LAG_PENALTIES, network.window_length)
    of_window = np.repeat(of_lags[..., None], n_lagged(network), axis=2)
    n_terms = count_linear(network) - of_window[0].size
    penalties = np.pad(of_window.reshape(len(of_window), -1), ((0, 0), (0, n_terms)))
    of_known = 0.0 if known_penalty is None else known_penalty
    return np.where(is_predicted(network), penalties, of_known)


def is_predicted(network):
    """Return which inputs of the linear part are values of a channel that is forecast."""
    of_window = np.arange(n_lagged(network)) < network.n_predicted
    of_all_lags = np.tile(of_window, network.window_length)
    return np.pad(of_all_lags, (0, count_linear(network) - len(of_all_lags)))


def make_readouts(folds, network, known_penalty=None):
    """Return the linear model and the candidates, from the strongest penalty to the weakest.

    The first candidate reads the state after the last value alone: on noisy series, which it is
    the best one for, states at earlier positions make forecasts worse.
    """
    penalties = penalties_of_window(network, known_penalty)
    last = np.full(folds[0].n_states, np.inf)
    last[-network.units[-1] :] = STATE_PENALTIES[0]
    alone = _choose_beside(folds, penalties, np.inf)
    beside_last = beside = _choose_beside(folds, penalties, last)
    if np.isinf(last).any():
        beside = _choose_beside(folds, penalties, STATE_PENALTIES[0])
    linear = Readout("linear", np.inf, alone)
    averaged = Readout("averaged", last, beside_last, average_penalty=alone)
    return linear, [averaged, *(Readout(f"ridge {p:.0e}", p, beside) for p in STATE_PENALTIES)]


def _choose_beside(folds, penalties, of_states):
    """Return the best penalties of the window's coefficients beside those of the states."""
    n_states = folds[0].n_states
    return choose_penalty(folds, np.insert(penalties, [0] * n_states, of_states, axis=1))[n_states:]


def solve_exact(network, dataset, rollouts):
    """Solve for a readout of the states alone, if its forecasts are exact.

    The training windows of the dataset, on the scale of the layers, are solved on, and `rollouts`
    are forecasts over held-out values.

    Returns
    -------
    None or tuple of (network, readout, errors)
        The network, its `Readout` with the strongest penalty whose forecasts are exact to what
        float32 allows, and their errors; None if there is none.
    """
    rows = np.arange(dataset.n_train)[:EXACT_WINDOWS]
    gram = accumulate(network, dataset, rows)
    # From the scale of the layers to that of the roll-outs.
    unit = np.min(network.scaling.input_scale[: network.n_predicted] / rollouts.scale) ** 2
    window = np.full(gram.n_inputs - gram.n_states, np.inf)
    for penalty in EXACT_PENALTIES:
        readout = Readout(f"states {penalty:.0e}", penalty, window)
        solved, one_step_error = solve_readout(network, gram, readout)
        # A forecast of many steps is no more accurate than its one-step predictions.
        if unit * one_step_error <= EXACT:
            errors = rollouts.errors(solved)
            if errors.mean() <= EXACT:
                return solved, readout, errors
    return None


def choose_readout(network, dataset, folds, rollouts, all_rollouts, known_penalty=None):
    """Solve for the candidates, and choose one by forecasts over held-out values.

    Parameters
    ----------
    network : Network
        Its layers, as they were trained.
    dataset : WindowDataset
        On the scale of the layers; the windows after `n_train` are those that `rollouts` forecast.
    folds : list of GramSums
        What `gram_folds` returned for them.
    rollouts : RollOuts
        Their errors choose among the candidates. One-step errors do not: on chaotic series the
        linear model has a lower one-step error and far worse forecasts.
    all_rollouts : RollOuts
        Forecasts over all values: a candidate that explodes there is not kept.
    known_penalty : None or ndarray of shape (n_linear,), default=None
        What `choose_known_penalty` returned.

    Returns
    -------
    network : Network
        The readout that was chosen, solved for all windows, or `MAX_WINDOWS` drawn at random, the
        held-out ones too.
    readout : Readout
        The one that was chosen.
    errors : dict of ndarray of shape (n_origins,)
        Mean squared errors of the forecasts of the linear model and of the candidates.
    reason : str
        Why it was chosen.

    Notes
    -----
    Of the candidates within one standard error of the best one, that with the strongest penalty is
    chosen: a choice among many candidates by few forecasts is unreliable, and long forecasts
    explode if penalties are too weak. The first candidate is the average of the linear model and of
    the readout with the strongest penalty.
    """
    seen, everything = total(folds[:N_FOLDS]), total(folds)
    linear, candidates = make_readouts(folds, network, known_penalty)

    # Without the layers, whose states it does not read, it is rolled out in a fraction of the time.
    linear_model = without_layers(solve_readout(network, seen, linear)[0])
    errors = {linear.name: rollouts.errors(linear_model)}
    bound = rollouts.exploding_error(errors[linear.name])
    tried, begun = [], rollouts.read_known(network)
    for readout in candidates:
        of_readout = rollouts.errors(solve_readout(network, seen, readout)[0], begun)
        if tried and of_readout.max() > bound:
            break
        errors[readout.name] = of_readout
        tried.append(readout)
    chosen, reason = 0, "the strongest penalty, as no windows are held out to choose by"
    if dataset.holds_out:
        of_tried = [errors[readout.name] for readout in tried]
        least = min(of_tried, key=np.mean)
        # The first one that is not worse by more than a standard error.
        chosen = [rollouts.is_better(least, others) for others in of_tried].index(False)
        reason = "the strongest penalty within a standard error of the least error"
        if rollouts.n_independent < 2:
            reason = "the strongest penalty, as the values held out are too few to choose by"

    linear_model = without_layers(solve_readout(network, everything, linear)[0])
    bound = all_rollouts.exploding_error(all_rollouts.errors(linear_model))
    solved, readout, explodes = _solve_stable(
        network, everything, tried[: chosen + 1], all_rollouts, bound
    )
    if explodes:
        reason = "the strongest penalty, as forecasts over the series explode with each"
    elif readout is not tried[chosen]:
        reason = "the weakest penalty with which no forecast over the series explodes"
    return solved, readout, errors, reason


def _solve_stable(network, gram, readouts, rollouts, bound):
    """Solve for the last of the readouts whose forecasts do not explode, or else for the first.

    Returns
    -------
    network : Network
        With the readout.
    readout : Readout
        One of `readouts`.
    explodes : bool
        Whether a forecast has a larger error than `bound`.
    """
    for readout in readouts[::-1]:
        solved, _ = solve_readout(network, gram, readout)
        explodes = bool(rollouts.errors(solved).max() > bound)
        if not explodes:
            break
    return solved, readout, explodes


def linear_errors(network, dataset, rollouts, known_penalty):
    """Return the errors of the linear model of the window, without the LSTM, for comparison.

    It is solved for the training windows of `dataset`, with the shapes and the scaling of
    `network`, and what `choose_known_penalty` returned.
    """
    network = without_layers(network)
    folds = gram_folds(network, dataset)
    penalty = choose_penalty(folds, penalties_of_window(network, known_penalty))
    linear = Readout("linear", np.inf, penalty)
    solved, _ = solve_readout(network, total(folds[:N_FOLDS]), linear)
    return rollouts.errors(solved)
