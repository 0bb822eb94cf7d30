"""The scale of the layers: from the units of a series to it, and back."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Scaling:
    """How values of a series, and targets, are transformed to the scale of the layers.

    Parameters
    ----------
    input_center, input_scale : ndarray of shape (n_channels,)
        The layers see (x - input_center) / input_scale. A scale is infinite for an input known in
        advance that is of no use: the layers see zero.
    output_center, output_scale : ndarray of shape (n_outputs,)
        The prediction is output_scale * output + output_center.
    relative : bool, default=False
        Whether inputs and outputs are relative to the first value of the window.
    """

    input_center: np.ndarray
    input_scale: np.ndarray
    output_center: np.ndarray
    output_scale: np.ndarray
    relative: bool = False

    def scale(self, values, channels=slice(None)):
        """Transform values of some channels, (..., n_channels), to the scale of the layers."""
        return (values - self.input_center[channels]) / self.input_scale[channels]

    def unscale(self, outputs):
        """Transform outputs of the network, (..., n_outputs), to the units of the target."""
        return outputs * self.output_scale + self.output_center


def reference_of(first, n_known):
    """Return what windows are relative to: a copy of their first values, (..., n_channels).

    It is zero for the known inputs, the last ones: holidays and hours of a day are not relative to
    anything.
    """
    reference = np.array(first)
    reference[..., reference.shape[-1] - n_known :] = 0
    return reference


def fit_scaling(dataset, normalization):
    """Return the scaling of a dataset.

    Parameters
    ----------
    dataset : WindowDataset
        In the units of the series.
    normalization : {"series", "window"} or None
        What the scales are taken from.

    Returns
    -------
    Scaling
        That of the targets is that of the inputs where they are values of the series.

    Raises
    ------
    ValueError
        If targets relative to the window are asked for that are not one value for each channel.
    """
    n_predicted, n_outputs = dataset.n_predicted, dataset.n_outputs
    relative = normalization == "window"
    center, scale = np.zeros(dataset.n_channels), np.ones(dataset.n_channels)
    if normalization is not None:
        center, scale = center_and_scale(dataset.values[~dataset.is_missing])
    if relative:
        if n_outputs != dataset.output_length * n_predicted:
            raise ValueError(
                "normalization='window' predicts relative to a value of the window, so y needs "
                f"{dataset.output_length * n_predicted} outputs, those of the channels, but has "
                f"{n_outputs}."
            )
        # A few thousand windows are enough for it, whatever the length of the series.
        every = max(1, len(dataset.indices) // 4096)
        windows = dataset.windows(slice(None, None, every))
        spread = np.sqrt(np.mean((windows - windows[:, :1]) ** 2, axis=(0, 1)))
        # Known inputs are not relative to the window.
        spread[n_predicted:] = 0
        scale = np.where(spread > 0, spread, scale)
    if dataset.autoregressive or relative:
        values, repeats = dataset.values[:, :n_predicted], n_outputs // n_predicted
        varies = is_varying(values)
        # A channel that is constant is predicted to stay so.
        output_center = np.tile(np.where(varies, center[:n_predicted], values[0]), repeats)
        output_scale = np.tile(scale[:n_predicted] * varies, repeats)
    elif normalization is None:
        output_center, output_scale = np.zeros(n_outputs), np.ones(n_outputs)
    else:
        targets = dataset.targets.reshape(len(dataset.targets), -1)
        output_center, output_scale = center_and_scale(targets)
        output_scale = output_scale * is_varying(targets)
    return Scaling(center, scale, output_center, output_scale, relative)


def center_and_scale(values):
    """Return mean and standard deviation of each column; 1 for one that never varies."""
    values = np.asarray(values, dtype=float)
    center, scale = values.mean(axis=0), values.std(axis=0)
    # Squares of numbers below 1e-160 are zero.
    constant = ~is_varying(values) | (scale == 0)
    # The mean of equal numbers may differ from them in the last digit.
    return np.where(constant, values[0], center), np.where(constant, 1.0, scale)


def is_varying(values):
    """Return for each column whether it is not constant; a range of integers could overflow."""
    return values.max(axis=0) > values.min(axis=0)
