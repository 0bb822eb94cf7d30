"""Forecasts over held-out values: their residuals and errors, and which explode or are flat."""

import statistics

import numpy as np

from skwave._baseline import find_longest_season, find_season_length, seasonal_naive
from skwave._recursion import read_known, roll_forward_from
from skwave._scaling import center_and_scale
from skwave._sliding import windows_followed_by
from skwave.exceptions import warn

# Enough origins to distinguish networks; all of them would take longer than the training.
MAX_ORIGINS = 16
# And enough to decide whether an input is of use, by a linear model, which takes less time.
MAX_SEASON_ORIGINS = 64
# Series by which a season of all is found.
SEASON_SERIES = 16
# A forecast explodes that is so many times as far off as a simple one, or as a line through the
# range of its context.
EXPLODING = 10
# A flat forecast varies by less than this fraction of its context. Fewer steps may vary as little
# on any smooth series.
FLAT, MIN_STEPS_FLAT = 0.01, 20


class RollOuts:
    """Forecasts from origins in the newest part of each series, and the values that followed.

    Parameters
    ----------
    values : ndarray of shape (n_values, n_channels)
        The series, one after the other, in their units.
    origins : ndarray of shape (n_origins,)
        The position in `values` of the first value of each forecast.
    window_length, n_steps : int
        Values known to a forecast, and values to forecast.
    n_independent : float
        How many of the forecasts do not overlap: held-out values over `n_steps`.
    n_known : int, default=0
        Channels that are known in advance, the last ones.
    """

    def __init__(self, values, origins, window_length, n_steps, n_independent, n_known=0):
        self.values, self.origins = values, origins
        self.n_steps, self.n_independent = n_steps, n_independent
        n_predicted = values.shape[1] - n_known
        before = origins[:, None] + np.arange(-window_length, 0)
        # The windows before the origins, of the channels that are forecast.
        self.contexts = values[before, :n_predicted].astype(float)
        steps = origins[:, None] + np.arange(n_steps)
        self.y_true = values[steps, :n_predicted].astype(float)
        # Errors are in units of the spread of these values; outliers may determine the series' own.
        _, self.scale = center_and_scale(self.y_true.reshape(-1, n_predicted))

    def read_known(self, network):
        """Return what `errors` takes for networks that differ by their readout alone, or None."""
        return read_known(network, self.values, self.origins, self.n_steps)

    def errors(self, network, begun=None):
        """Return the mean squared errors of a network's forecasts, (n_origins,).

        They are in variances of the true values; all are infinite if one is not finite. `begun` is
        what `read_known` returned for its layers.
        """
        return self.errors_of(
            roll_forward_from(network, self.values, self.origins, self.n_steps, begun)
        )

    @property
    def naive_errors(self):
        """The errors of repeating the last known value."""
        return self.errors_of(np.repeat(self.contexts[:, -1:], self.n_steps, axis=1))

    def residuals(self, network, rows=slice(None)):
        """Return the true values minus a network's forecasts from some of the origins.

        They are in the units of the series, (n_rows, n_steps, n_channels), and may not be finite.
        """
        forecasts = roll_forward_from(network, self.values, self.origins[rows], self.n_steps)
        return self.y_true[rows] - forecasts

    def errors_of(self, forecasts):
        """Return the mean squared error of given forecasts, as `errors` does."""
        with np.errstate(over="ignore", invalid="ignore"):
            residuals = (forecasts - self.y_true) / self.scale
            errors = np.mean(residuals**2, axis=(1, 2))
        return errors if np.isfinite(errors).all() else np.full(len(errors), np.inf)

    def standard_error(self, differences):
        """Return the standard error of a mean over origins; infinite for fewer than two."""
        if self.n_independent < 2 or not np.isfinite(differences).all():
            return np.inf
        # Held-out values that are constant give no scale, so that errors may be huge.
        with np.errstate(over="ignore"):
            return differences.std(ddof=1) / np.sqrt(self.n_independent)

    def is_better(self, errors, others):
        """Return whether forecasts are better than others by more than one standard error.

        Parameters
        ----------
        errors, others : ndarray of shape (n_origins,)
            What `errors` returned for two networks.

        Returns
        -------
        bool
            False for fewer than two independent forecasts, unless the others are infinite.

        Notes
        -----
        The standard error is that of the mean difference, with `n_independent` for the number of
        forecasts. It is the rule of Breiman, L., Friedman, J., Olshen, R. and Stone, C. (1984),
        Classification and Regression Trees, section 3.4.3, for pairs.
        """
        if not np.isfinite(others).all():
            return bool(np.isfinite(errors).all())
        gains = others - errors
        return bool(gains.mean() > self.standard_error(gains))

    def exploding_error(self, linear_errors):
        """Return the squared error above which a forecast counts as exploding.

        That is ten times the largest error of the naive forecast, or that of the linear model
        (`linear_errors`) if it is larger and finite.
        """
        largest = linear_errors.max()
        naive = self.naive_errors.max()
        return EXPLODING * (max(largest, naive) if np.isfinite(largest) else naive)


def make_rollouts(dataset, fraction, n_most=MAX_ORIGINS):
    """Take at most `n_most` origins, evenly from the newest part of each series.

    Forecasts are rolled out as far as a window is long, or as the held-out values of the median
    series reach if these are fewer. The dataset is in the units of the series, and `fraction` is
    that of the windows held out. Where that is less than one value, all are taken: forecasts over
    values that were trained on are better than nothing.
    """
    held_out = _n_held_out(dataset, fraction)
    # As many as most series have: a longer one must not be the only one that is forecast.
    n_steps = min(dataset.window_length, int(np.median(held_out[held_out > 0])))
    windows = _windows_before(dataset, held_out, n_steps)
    while len(windows) == 0 and n_steps > 1:
        # Gaps leave no stretch that is as long.
        n_steps //= 2
        windows = _windows_before(dataset, held_out, n_steps)
    windows = windows[spread_evenly(len(windows), n_most)]
    return _roll_outs_from(dataset, windows, held_out, n_steps)


def make_calibration(dataset, fraction, n_steps, n_most):
    """Take many origins from the newest part of each series, as many from each phase of a season.

    They are spread evenly over the phases, and within each of them over time; `n_most` at most.
    Other parameters are as in `make_rollouts`. None is returned where no window is followed by
    `n_steps` values, or gaps leave none.
    """
    held_out = _n_held_out(dataset, fraction)
    windows = _windows_before(dataset, held_out, n_steps)
    if len(windows) == 0:
        return None
    if len(windows) > n_most:
        season_length = _season_of(dataset)
        # Phase by phase, and in the order of time within each.
        in_phases = windows[np.lexsort((windows, windows % season_length))]
        windows = np.sort(in_phases[spread_evenly(len(windows), n_most)])
    return _roll_outs_from(dataset, windows, held_out, n_steps)


def make_rollouts_until(dataset, ends, n_steps):
    """Take the origins of forecasts that end after so many values of the series, in `ends`.

    The dataset is of one series, in its units. None is returned where gaps leave no origin.
    """
    held_out = dataset.n_windows_of_series - 1
    windows = _windows_before(dataset, held_out, n_steps)
    until = dataset.starts[windows] + dataset.window_length + n_steps
    windows = windows[np.isin(until, ends)]
    return _roll_outs_from(dataset, windows, held_out, n_steps) if len(windows) else None


def make_season_rollouts(dataset, fraction):
    """Take origins of forecasts of one season, or of a window where there is none.

    Shorter forecasts than those of `make_rollouts`, so that more of them do not overlap.
    """
    season_length = _season_of(dataset)
    if season_length > 1:
        rollouts = make_calibration(dataset, fraction, season_length, MAX_SEASON_ORIGINS)
        if rollouts is not None:
            return rollouts
    return make_rollouts(dataset, fraction)


def _season_of(dataset):
    """Return the season that most of a few series of a dataset have; 1 where there is none."""
    seasons = []
    for k in spread_evenly(len(dataset.first_windows), SEASON_SERIES):
        begin = dataset.starts[dataset.first_windows[k]]
        n_values = dataset.n_windows_of_series[k] + dataset.window_length - 1
        values = dataset.values[begin : begin + n_values, : dataset.n_predicted]
        seasons.append(find_season_length(np.asarray(values, float)))
    # The longest of those that as many have.
    return statistics.mode(sorted(seasons, reverse=True))


def spread_evenly(n, n_most):
    """Return at most `n_most` of the positions from 0 to n - 1, evenly spread."""
    return np.linspace(0, n - 1, min(n, n_most)).round().astype(int)


def _n_held_out(dataset, fraction):
    """Return how many values of each series are held out; all but a window where that is none."""
    borders, sizes = dataset.borders(fraction), dataset.n_windows_of_series
    n_targets = dataset.n_targets_of_series
    first = np.cumsum(n_targets) - n_targets + np.minimum(borders, np.maximum(n_targets - 1, 0))
    # The number of the first window that is held out, of all windows of its series.
    first = dataset.indices[np.minimum(first, len(dataset.indices) - 1)] - dataset.first_windows
    held_out = np.where(borders < n_targets, sizes - 1 - first, 0)
    return held_out if held_out.max() > 0 else sizes - 1


def _windows_before(dataset, held_out, n_steps):
    """Return the windows that are followed by `n_steps` values which are held out, and no gap."""
    first_windows, sizes = dataset.first_windows, dataset.n_windows_of_series
    windows = windows_followed_by(n_steps, first_windows, len(dataset.starts))
    series = np.searchsorted(first_windows, windows, side="right") - 1
    windows = windows[windows >= (first_windows + sizes - 1 - held_out)[series]]
    ends = dataset.starts[windows] + dataset.window_length
    return windows[dataset.is_usable[windows] & dataset.is_kept(ends, n_steps)]


def _roll_outs_from(dataset, windows, held_out, n_steps):
    n_independent = min(len(windows), held_out[held_out >= n_steps].sum() / n_steps)
    origins = dataset.starts[windows] + dataset.window_length
    return RollOuts(
        dataset.values, origins, dataset.window_length, n_steps, n_independent, dataset.n_known
    )


def baseline_errors(rollouts, dataset):
    """Return the errors of the naive and the seasonal naive forecast, and the season.

    The dataset is in the units of the series.

    Returns
    -------
    errors : dict of ndarray of shape (n_origins,)
        Mean squared errors by name; no ``"seasonal_naive"`` where no season is found, or an origin
        has less than a season before it.
    season_length : int
        Values in a season, which most of a few series have before their first origins; 1 if they
        have none.
    """
    values = np.asarray(dataset.values[:, : dataset.n_predicted], float)
    n_steps = rollouts.n_steps
    begins = dataset.starts[dataset.first_windows]
    number = np.searchsorted(begins, rollouts.origins, side="right") - 1
    some = np.unique(number)
    some = some[spread_evenly(len(some), SEASON_SERIES)]
    seasons = [
        find_longest_season(values[begins[k] : rollouts.origins[number == k].min()]) for k in some
    ]
    season_length = statistics.mode(sorted(seasons, reverse=True))
    errors = {"naive": rollouts.naive_errors}
    if 1 < season_length <= (rollouts.origins - begins[number]).min():
        seasonal = seasonal_naive(values, rollouts.origins, n_steps, season_length)
        errors["seasonal_naive"] = rollouts.errors_of(seasonal)
    return errors, season_length


def warn_about_recursion(contexts, forecasts):
    """Warn if forecasts are flat or explode.

    A forecast, (n_steps, n_channels), is flat if its second half varies by less than a hundredth of
    its context, (window_length, n_channels), both overall (range against standard deviation) and
    from value to value. It explodes if it leaves the mean of its context by more than ten times
    what a straight line through the context's range would. There may be several of each.
    """
    n_steps, length = forecasts.shape[1], contexts.shape[1]
    spread = np.ptp(contexts, axis=1)
    distance = np.abs(forecasts - contexts.mean(axis=1, keepdims=True)).max(axis=1)
    # A constant window gives no measure of distance.
    if np.any((spread > 0) & (distance > EXPLODING * spread * (1 + n_steps / length))):
        warn(
            f"The forecast explodes: within {n_steps} steps it goes far beyond the values of its "
            f"window of {length}. Forecast fewer steps, try readout='trained' or another "
            "normalization, or train with validation='last', and look at a backtest."
        )
    elif length > 1 and n_steps >= MIN_STEPS_FLAT and _is_flat(contexts, forecasts).mean() > 0.5:
        warn(
            f"The forecast is flat: over {n_steps} steps the recursion has reached a constant "
            "value. If the series does not become constant, train longer (epochs, patience), give "
            "a window_length of at least one season, or an output_length above 1, and compare "
            "with the naive forecast in a backtest."
        )


def _is_flat(contexts, forecasts):
    """Return for each context whether the forecast of any channel is flat."""
    late = forecasts[:, forecasts.shape[1] // 2 :]
    changes = np.abs(np.diff(contexts, axis=1)).mean(axis=1)
    # Those that follow a constant window may be near the largest float.
    with np.errstate(over="ignore"):
        is_still = np.ptp(late, axis=1) < FLAT * contexts.std(axis=1)
        is_still &= np.abs(np.diff(late, axis=1)).mean(axis=1) < FLAT * changes
    return is_still.any(axis=1)
