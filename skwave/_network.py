"""The fitted network as NumPy arrays: all that forecasts need, and all that is stored."""

from dataclasses import dataclass

import numpy as np

from skwave._cells import make_cells, read_windows
from skwave._fourier import fourier_terms
from skwave._scaling import Scaling, reference_of

# Rows that a product works on at a time: enough for BLAS, and the gates of 300 units stay in cache.
BLOCK_ROWS = 512


@dataclass(frozen=True, eq=False)
class Network:
    """A stack of LSTM layers, an output layer and a skip connection, with their scaling.

    Parameters
    ----------
    window_length : int
        Values in a window, L.
    output_length : int
        Values that follow a window and are predicted at once, H.
    scaling : Scaling
        From the units of the series to the scale of the layers, and back.
    layers : tuple of (kernel, recurrent_kernel, bias)
        Weights in the layout of Keras: shapes (n_inputs, 4 * units), (units, 4 * units) and
        (4 * units,), the gates in the order input, forget, candidate, output.
    head : tuple of (kernel, bias)
        The output layer: shapes (n_states, n_outputs) and (n_outputs,).
    skip : None or ndarray of shape (window_length * n_channels, n_outputs), default=None
        Coefficients of a linear model of the scaled window that is added to the output layer.
    n_known : int, default=0
        Channels that are known in advance, the last ones; each stands one step ahead.
    positions : None or tuple of int, default=None
        After how many values of a window the output layer reads the state of the last layer,
        increasing; the last one is after all of them. None is that one alone.
    calendar : tuple of str, default=()
        Names of calendar features: the last channels are a sine and a cosine of each.
    fourier_coef : None or ndarray of shape (n_terms, n_outputs), default=None
        Coefficients of the Fourier terms of these features at the next step, which are added, too.
        None where these are not read.
    """

    window_length: int
    output_length: int
    scaling: Scaling
    layers: tuple
    head: tuple
    skip: np.ndarray | None = None
    n_known: int = 0
    positions: tuple | None = None
    calendar: tuple = ()
    fourier_coef: np.ndarray | None = None

    @property
    def read_positions(self):
        """After how many values of a window the output layer reads the state."""
        return self.positions or (self.window_length,)

    @property
    def n_channels(self):
        """Channels of a window."""
        return len(self.scaling.input_center)

    @property
    def n_predicted(self):
        """Channels that are forecast: all but those known in advance."""
        return self.n_channels - self.n_known

    @property
    def n_outputs(self):
        """Numbers that are predicted for a window."""
        return len(self.scaling.output_center)

    @property
    def units(self):
        """Units of each layer."""
        return tuple(len(recurrent_kernel) for _, recurrent_kernel, _ in self.layers)

    @property
    def n_states(self):
        """States that the output layer reads: units of the last layer at each position."""
        return self.units[-1] * len(self.read_positions) if self.layers else 0

    def predict(self, windows):
        """Predict what follows each window.

        Parameters
        ----------
        windows : ndarray of shape (n_windows, window_length, n_channels)
            Windows in the units of the series.

        Returns
        -------
        ndarray of shape (n_windows, n_outputs)
            Predictions in the units of the target.
        """
        cells = make_cells(self.layers)
        outputs = np.empty((len(windows), self.n_outputs))
        for begin in range(0, len(windows), BLOCK_ROWS):
            block = self.scaling.scale(windows[begin : begin + BLOCK_ROWS])
            reference = reference_of(block[:, 0], self.n_known)
            if self.scaling.relative:
                block = block - reference[:, None]
            states = None
            if cells:
                states = read_windows(cells, block.astype(np.float32), self.read_positions)
            result = self.read_out(states, block) + self.read_calendar(block[:, -1])
            if self.scaling.relative:
                result += np.tile(reference[:, : self.n_predicted], self.output_length)
            outputs[begin : begin + BLOCK_ROWS] = self.scaling.unscale(result)
        return outputs

    def states(self, windows):
        """Return what the output layer reads of scaled windows, (n_windows, n_states)."""
        cells = make_cells(self.layers)
        # The states are kept doubled.
        return 0.5 * read_windows(cells, windows.astype(np.float32), self.read_positions).astype(
            float
        )

    def read_out(self, states, windows):
        """Return the scaled outputs of the output layer and the skip connection.

        The states, (n_windows, n_states), are doubled, and None where there are no layers. Windows
        are on the scale of the layers. The outputs, (n_windows, n_outputs), are in float64.
        """
        kernel, bias = self.head
        if states is None:
            outputs = np.tile(bias, (len(windows), 1)).astype(float)
        else:
            outputs = (states @ (kernel * np.float32(0.5)) + bias).astype(float)
        if self.skip is not None:
            outputs += windows.reshape(len(windows), -1) @ self.skip
        return outputs

    def read_calendar(self, rows):
        """Return what the Fourier terms of newest rows of windows add to the scaled outputs.

        The rows, (n_rows, n_channels), are on the scale of the layers. Zeros, (n_rows, n_outputs),
        are returned where the network does not read them.
        """
        outputs = np.zeros((len(rows), self.n_outputs))
        if self.fourier_coef is not None:
            for begin in range(0, len(rows), BLOCK_ROWS):
                block = slice(begin, begin + BLOCK_ROWS)
                terms = calendar_terms(rows[block], self.scaling, self.calendar)
                outputs[block] = terms @ self.fourier_coef
        return outputs


def calendar_terms(rows, scaling, calendar):
    """Return the Fourier terms of the calendar features in rows of windows, (n_rows, n_terms).

    The rows are on the scale of the layers, (n_rows, n_channels). The sines and cosines stand in
    the last channels, one step ahead: those of the newest row of a window are of the value that
    follows it.
    """
    channels = slice(rows.shape[1] - 2 * len(calendar), None)
    waves = rows[:, channels] * scaling.input_scale[channels] + scaling.input_center[channels]
    return fourier_terms(waves, calendar)
