"""Windows to train on: their targets, and which of them are held out."""

import math
from dataclasses import dataclass, replace

import numpy as np

from skwave._gaps import (
    describe_gaps,
    fill_forward,
    interpolate,
    longest_gap,
    lost_rows,
    missing_rows,
)
from skwave._network import BLOCK_ROWS
from skwave._scaling import Scaling, reference_of
from skwave._sliding import join_series, windows_followed_by
from skwave.exceptions import warn

# Where more series than this fraction of the windows begin, windows are not in the order of time.
MOST_SERIES = 0.9


@dataclass(frozen=True, eq=False)
class WindowDataset:
    """Windows of one or several series, and a target for each; every value is stored once.

    Parameters
    ----------
    values : ndarray of shape (n_values, n_channels)
        The series, one after the other, gaps filled; on the scale of the layers once `scaled`.
    starts : ndarray of shape (n_windows,)
        The position in `values` at which each window begins.
    first_windows : ndarray of shape (n_series,)
        The index of the first window of each series.
    window_length : int
        Values in a window.
    output_length : int
        Values in a target.
    indices : ndarray of shape (n_targets,)
        The windows that have a target: first those for training, then those held out.
    targets : ndarray of shape (n_targets, ...)
        The targets of these windows.
    weights : None or ndarray of shape (n_targets,)
        The weights of these windows.
    n_train : int
        How many of them are for training.
    autoregressive : bool
        Whether the targets are the values that follow the windows.
    is_missing, is_lost : ndarray of bool of shape (n_values,)
        Rows that held NaN, and those in gaps too long to be filled. No window reaches into these
        or ends with a missing value, and no target holds one.
    scaling : None or Scaling, default=None
        From the units of the series to the scale of the layers.
    n_known : int, default=0
        Channels that are known in advance, the last ones; each stands one step ahead.
    calendar : tuple of str, default=()
        Names of calendar features, two channels each, the last ones of the known inputs.
    n_missing : int, default=0
        Rows of the series that held NaN.
    skip : None or ndarray of shape (window_length * n_channels, n_outputs), default=None
        A linear model of the scaled window that is no part of the training.
    residuals : None or ndarray of shape (n_targets, n_outputs), default=None
        The targets minus the linear model, scaled: the LSTM is trained on them.
    residual_center, residual_scale : None or ndarray of shape (n_outputs,), default=None
        Their mean and standard deviation before they were scaled.
    """

    values: np.ndarray
    starts: np.ndarray
    first_windows: np.ndarray
    window_length: int
    output_length: int
    indices: np.ndarray
    targets: np.ndarray
    weights: np.ndarray | None
    n_train: int
    autoregressive: bool
    is_missing: np.ndarray
    is_lost: np.ndarray
    scaling: Scaling | None = None
    n_known: int = 0
    calendar: tuple = ()
    n_missing: int = 0
    skip: np.ndarray | None = None
    residuals: np.ndarray | None = None
    residual_center: np.ndarray | None = None
    residual_scale: np.ndarray | None = None

    @property
    def n_channels(self):
        """Channels of a window."""
        return self.values.shape[1]

    @property
    def n_predicted(self):
        """Channels that are forecast: all but those known in advance."""
        return self.n_channels - self.n_known

    @property
    def n_outputs(self):
        """Numbers in a target."""
        return self.targets[0].size

    @property
    def holds_out(self):
        """Whether some windows are held out of the training."""
        return self.n_train < len(self.indices)

    @property
    def n_windows_of_series(self):
        """Windows of each series, of shape (n_series,)."""
        return np.diff(self.first_windows, append=len(self.starts))

    @property
    def n_targets_of_series(self):
        """Windows of each series that have a target, of shape (n_series,)."""
        series = np.searchsorted(self.first_windows, self.indices, side="right") - 1
        return np.bincount(series, minlength=len(self.first_windows))

    def borders(self, fraction):
        """Return which window of each series is the first to be held out, of shape (n_series,).

        A `fraction` of its windows is held out, from 0 to 1: the newest ones. Where that is none,
        it is the number of its windows with a target.
        """
        sizes = self.n_targets_of_series
        borders = np.round(sizes * (1 - fraction)).astype(int)
        # Unless all are held out, the target of one for training ends before.
        return np.minimum(sizes, np.maximum(borders, self.output_length if fraction < 1 else 0))

    @property
    def is_usable(self):
        """Whether each window can be read, of shape (n_windows,)."""
        ends = self.starts + self.window_length
        return ~self.is_missing[ends - 1] & self.is_kept(self.starts, self.window_length)

    def is_kept(self, begins, length):
        """Return whether none of the `length` values from each position on is lost."""
        n_lost = np.concatenate([[0], np.cumsum(self.is_lost)])
        return n_lost[begins + length] == n_lost[begins]

    def windows(self, rows):
        """Return windows as the layers see them, (n_rows, window_length, n_channels), in float64.

        `rows` is a slice or an array of positions in `indices`.
        """
        starts = self.starts[self.indices[rows]]
        windows = self.values[starts[:, None] + np.arange(self.window_length)].astype(float)
        if self.scaling is not None and self.scaling.relative:
            windows -= reference_of(windows[:, :1], self.n_known)
        return windows

    def take(self, rows, n_train):
        """Return the windows in `rows`, the first `n_train` of them for training."""
        return replace(
            self,
            indices=self.indices[rows],
            targets=self.targets[rows],
            weights=None if self.weights is None else self.weights[rows],
            residuals=None if self.residuals is None else self.residuals[rows],
            n_train=n_train,
        )

    def split(self, fraction, *, newest, random_state):
        """Return the windows in random order, a fraction of them held out.

        Parameters
        ----------
        fraction : float
            Fraction held out, in [0, 1). At least one window is left for training.
        newest : bool
            Whether the newest windows of each series are held out, rather than random ones.
            Windows whose targets reach into the held-out ones are then in neither part.
        random_state : numpy.random.RandomState
            Source of the order.
        """
        n = len(self.indices)
        order = random_state.permutation(n)
        n_train = max(1, round(n * (1 - fraction)))
        if not newest or n_train == n:
            return self.take(order, n_train)
        sizes = self.n_targets_of_series
        borders = self.borders(fraction)
        rank = np.arange(n) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        border, size = np.repeat(borders, sizes), np.repeat(sizes, sizes)
        train = (rank + self.output_length - 1 < border) | (border == size)
        train, held_out = order[train[order]], order[(rank >= border)[order]]
        return self.take(np.concatenate([train, held_out]), len(train))

    def subsample(self, n_windows):
        """Return a part of a split dataset, with as large a fraction of it held out.

        The windows of a split dataset are in random order, so that the first ones are a random
        choice. All are returned where there are no more than `n_windows`.
        """
        n = len(self.indices)
        if n_windows >= n:
            return self
        n_train = math.ceil(self.n_train * n_windows / n)
        n_held_out = math.ceil((n - self.n_train) * n_windows / n)
        rows = np.r_[0:n_train, self.n_train : self.n_train + n_held_out]
        return self.take(rows, n_train)

    def scaled(self, scaling):
        """Return the dataset on the scale of the layers, in float32.

        Raises
        ------
        ValueError
            If a number leaves the range of float32.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            values = scaling.scale(np.asarray(self.values, float))
            targets = self.targets.reshape(len(self.targets), -1).astype(float)
            spread = np.where(scaling.output_scale > 0, scaling.output_scale, 1.0)
            targets = (targets - scaling.output_center) / spread
            if scaling.relative:
                reference = values[self.starts[self.indices], : self.n_predicted]
                targets = targets - np.tile(reference, self.output_length)
            values, targets = values.astype(np.float32), targets.astype(np.float32)
        # The scale of a known input that is not used is infinite.
        predicted = scaling.input_scale[: self.n_predicted]
        scales = scaling.input_center, predicted, scaling.output_scale
        if not all(np.isfinite(x).all() for x in (values, targets, *scales)):
            raise ValueError(
                "X or y has numbers too large to train on: the scaled values must be in the "
                f"range of float32, up to {np.finfo(np.float32).max:.1e}. Give "
                "normalization='series', or the series in other units."
            )
        weights = None if self.weights is None else self.weights.astype(np.float32)
        return replace(self, values=values, targets=targets, weights=weights, scaling=scaling)

    def with_skip(self, skip):
        """Return the dataset with the residuals of a linear model, which are trained on.

        They are scaled to mean 0 and variance 1 over the training windows. `skip` has the
        coefficients of the scaled window, (window_length * n_channels, n_outputs).
        """
        residuals = np.empty(self.targets.shape)
        for rows in self.blocks():
            windows = self.windows(rows)
            residuals[rows] = self.targets[rows] - windows.reshape(len(windows), -1) @ skip
        seen = residuals[: self.n_train]
        center, scale = seen.mean(axis=0), seen.std(axis=0)
        scale = np.where(scale > 0, scale, 1.0)
        residuals = ((residuals - center) / scale).astype(np.float32)
        return replace(
            self, skip=skip, residuals=residuals, residual_center=center, residual_scale=scale
        )

    def blocks(self):
        """Yield slices of all windows, so that they are cut out in bounded memory."""
        for begin in range(0, len(self.indices), BLOCK_ROWS):
            yield slice(begin, min(begin + BLOCK_ROWS, len(self.indices)))


def make_dataset(series, window_length, output_length, targets=None, *, n_known=0, calendar=()):
    """Return the dataset of all windows of series, in which nothing is scaled or held out yet.

    Parameters
    ----------
    series : list of ndarray of shape (n_values, n_channels)
        As `split_windows` returns them; NaN is a missing value. In the last row of each the known
        inputs may be missing.
    window_length, output_length, n_known, calendar
        As in `WindowDataset`.
    targets : None or ndarray of shape (n_windows, ...), default=None
        A target for each window. None takes the values that follow, of shape
        (n_targets[, output_length][, n_predicted]); axes of length one are left out.

    Returns
    -------
    WindowDataset
        The dataset.

    Raises
    ------
    ValueError
        If targets are to be found, and no window is followed by `output_length` values, or if gaps
        leave no window.
    """
    length = window_length
    raw, starts, first_windows = join_series(series, length)
    autoregressive = targets is None
    begins = starts[first_windows]
    n_predicted = raw.shape[1] - n_known
    is_missing, is_missing_target = missing_rows(raw), missing_rows(raw[:, :n_predicted])
    # Known inputs stand one step ahead, where those of the newest row are not in the series.
    ends = np.append(begins[1:], len(raw)) - 1
    is_missing_known = missing_rows(raw[:, n_predicted:])
    is_missing_known[ends] = False
    n_missing = int((is_missing_target | np.roll(is_missing_known, 1)).sum())
    if n_known:
        raw = _with_newest_known(raw, begins, ends, n_known)
    dataset = WindowDataset(
        interpolate(raw, begins), starts, first_windows, length, int(output_length),
        np.arange(len(starts)), targets, None, len(starts), autoregressive, is_missing,
        lost_rows(raw, begins, longest_gap(length)), n_known=n_known, calendar=calendar,
        n_missing=n_missing,
    )  # fmt: skip
    is_usable, indices = dataset.is_usable, dataset.indices
    if autoregressive:
        indices, following = _targets_in_the_series(dataset)
        is_usable = is_usable[indices] & ~is_missing_target[following].any(axis=1)
        following = following[is_usable]
    indices = indices[is_usable]
    if len(indices) == 0:
        raise ValueError(
            f"None of the {len(starts)} windows of {length} values in X can be used in training: "
            f"{describe_gaps(raw, begins)}. A window is used if its gaps have at most "
            f"{longest_gap(length)} values, and neither its last value nor the one after it is "
            "missing. Use a smaller window_length, or fill the gaps."
        )
    if autoregressive:
        targets = dataset.values[following, :n_predicted]
        targets = targets.reshape(len(indices), *(n for n in targets.shape[1:] if n > 1))
    else:
        targets = targets[indices]
    return replace(dataset, indices=indices, targets=targets, n_train=len(indices))


def _targets_in_the_series(dataset):
    """Return the windows that are followed by a target, and the rows of their targets."""
    length, output_length, starts = dataset.window_length, dataset.output_length, dataset.starts
    followed = windows_followed_by(output_length, dataset.first_windows, len(starts))
    n_windows, n_series = len(starts), len(dataset.first_windows)
    # Of windows in a random order a few are followed by the next one by chance.
    if len(followed) == 0 or n_series > MOST_SERIES * n_windows:
        raise ValueError(
            f"Without y the targets are the values that follow, but only {len(followed)} of the "
            f"{n_windows} windows in X are followed by output_length={output_length} targets. Give "
            "the windows of a series in the order of time and unshuffled, or a longer series. If X "
            "is a series of several channels, cut it by WindowTransformer(window_length)."
        )
    return followed, starts[followed][:, None] + length + np.arange(output_length)


def check_newest_known(series, dataset):
    """Raise an error if a long gap of known inputs ends the last series: nothing could be forecast.

    `dataset` is what `make_dataset` returned for these series.
    """
    if not dataset.autoregressive:
        return
    length = dataset.window_length
    # The newest row is given by the forecast.
    is_missing = missing_rows(series[-1][-length:-1, dataset.n_predicted :])
    is_missing &= dataset.is_lost[-length:-1]
    if is_missing.any():
        # In the windows known inputs stand one step ahead.
        row = len(dataset.values) - length + int(np.argmax(is_missing)) + 1
        raise ValueError(
            f"X lacks values of known inputs in its last window, from row {row} on. A "
            f"gap of at most {longest_gap(length)} rows is filled, and longer ones of known inputs "
            "cannot be forecast. Fill them, as by ffill()."
        )


def _with_newest_known(values, begins, ends, n_known):
    """Return series whose last rows repeat the known inputs before them, where these are missing.

    No window that ends there is used in training, but the other channels of these rows are targets.
    """
    values = values.astype(float)
    for begin, end in zip(begins, ends, strict=True):
        known = values[begin : end + 1, -n_known:]
        known[-1] = fill_forward(known)[-1]
    return values


def warn_about_window_length(dataset):
    """Warn if a window is one value, or longer than a third of the longest series."""
    length = dataset.window_length
    if length == 1:
        warn(
            "The windows hold one value each, so that forecasts follow from the newest value "
            "alone. If X is a series, cut it by WindowTransformer(window_length); else give a "
            "window_length above 1."
        )
    n_values = dataset.n_windows_of_series.max() + length - 1
    if 3 * length > n_values:
        warn(
            f"window_length={length} is more than a third of the series of {n_values} values: its "
            f"{n_values - length - dataset.output_length + 1} training windows are nearly the "
            f"same. Use a window_length of at most {max(1, n_values // 3)}, or a longer series."
        )
