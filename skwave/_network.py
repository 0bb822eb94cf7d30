"""The fitted network as NumPy arrays: what forecasts are made of, and all that is stored."""

from dataclasses import dataclass, field, fields

import numpy as np

# Rows that a product works on at a time: enough for BLAS, and the gates of 300 units stay in cache.
BLOCK_ROWS = 512
# BLAS rounds the last rows of a product differently where they do not fill its kernel. Products of
# whole multiples make a prediction the same bit for bit, whatever stands beside it, on processors
# with AVX-512; the kernels for AVX2 tell rows of one kernel apart by their place too.
ROW_MULTIPLE = 16


@dataclass(frozen=True, eq=False)
class Network:
    """A stack of LSTM layers and a linear head, with the scaling of inputs and outputs.

    Parameters
    ----------
    window_length : int
        Values in a window, L.
    horizon : int
        Values that follow a window and are predicted at once, H.
    layers : tuple of (kernel, recurrent_kernel, bias)
        Weights in the layout of Keras: shapes (n_inputs, 4 * units), (units, 4 * units) and
        (4 * units,), the gates in the order input, forget, candidate, output.
    head : tuple of (kernel, bias)
        Shapes (units, n_outputs) and (n_outputs,).
    input_center, input_scale : ndarray of shape (n_channels,)
        The layers see (x - input_center) / input_scale.
    output_center, output_scale : ndarray of shape (n_outputs,)
        The prediction is output_scale * head + output_center.
    anchored : bool, default=False
        Whether inputs and outputs are relative to the first value of the window.
    skip : None or ndarray of shape (window_length * n_channels, n_outputs), default=None
        Coefficients of a linear model of the scaled window that is added to the head.
    """

    window_length: int
    horizon: int
    layers: tuple
    head: tuple
    input_center: np.ndarray
    input_scale: np.ndarray
    output_center: np.ndarray
    output_scale: np.ndarray
    anchored: bool = False
    skip: np.ndarray | None = field(default=None)

    def __post_init__(self):
        for array in self._arrays():
            array.flags.writeable = False

    def _arrays(self):
        loose = (getattr(self, f.name) for f in fields(self))
        arrays = [x for x in loose if isinstance(x, np.ndarray)]
        return arrays + [w for layer in (*self.layers, self.head) for w in layer]

    def __getstate__(self):
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def __setstate__(self, state):
        for name, value in state.items():
            object.__setattr__(self, name, value)
        # A copy of a read-only array can be written to.
        self.__post_init__()

    @property
    def n_channels(self):
        """Channels of a window."""
        return len(self.input_center)

    @property
    def n_outputs(self):
        """Numbers that are predicted for a window."""
        return len(self.output_center)

    def scale(self, values):
        """Bring values of the series, (..., n_channels), to the scale of the layers."""
        return (values - self.input_center) / self.input_scale

    def unscale(self, outputs):
        """Bring outputs of the head, (..., n_outputs), to the units of the target."""
        return outputs * self.output_scale + self.output_center

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
        cells, head = make_cells(self), make_head(self)
        outputs = np.empty((len(windows), self.n_outputs))
        for begin in range(0, len(windows), BLOCK_ROWS):
            block = self.scale(windows[begin : begin + BLOCK_ROWS])
            anchor = block[:, 0]
            if self.anchored:
                block = block - anchor[:, None]
            hidden = read_windows(cells, block.astype(np.float32))
            result = head(hidden, block)
            if self.anchored:
                result += np.tile(anchor, self.horizon)
            outputs[begin : begin + BLOCK_ROWS] = self.unscale(result)
        return outputs


class Cell:
    """One LSTM layer, its weights arranged so that a step costs few passes over the gates.

    The logistic function is taken through tanh, σ(x) = (1 + tanh(x / 2)) / 2, so that one tanh
    serves all four gates: the halves inside stand in the weights. The state that is kept is 2 h;
    its half stands in the weights that read it. Inputs and a one stand beside the state, so that
    one product makes the gates, bias and all.

    Parameters
    ----------
    kernel, recurrent_kernel, bias : ndarray
        Weights in the layout of Keras.
    reads_cell : bool
        Whether the inputs are the states of another cell, thus doubled.
    """

    def __init__(self, kernel, recurrent_kernel, bias, *, reads_cell):
        self.units = len(recurrent_kernel)
        kernel = kernel * np.float32(0.5 if reads_cell else 1.0)
        weights = np.vstack([recurrent_kernel * np.float32(0.5), kernel, bias])
        # Sigmoid gates first (input, forget, output), the candidate last.
        i, f, g, o = np.arange(4 * self.units).reshape(4, -1)
        half = np.repeat(np.float32([0.5, 0.5, 0.5, 1.0]), self.units)
        self.weights = weights[:, np.concatenate([i, f, o, g])] * half

    def new_state(self, n_rows):
        """Return a zero state of so many rows: [2 h, inputs, 1], memory c, and room for gates."""
        hidden = np.zeros((n_rows, len(self.weights)), np.float32)
        hidden[:, -1] = 1
        memory = np.zeros((n_rows, self.units), np.float32)
        return hidden, memory, np.empty((n_rows, 4 * self.units), np.float32)

    def advance(self, hidden, memory, gates):
        """Advance the states by one step, in place; the inputs stand in `hidden` already.

        Parameters
        ----------
        hidden, memory, gates : ndarray of shape (n_rows, ...)
            Rows of what `new_state` returned.

        Returns
        -------
        ndarray of shape (n_rows, units)
            The new 2 h, a view of `hidden`.
        """
        np.matmul(hidden, self.weights, out=gates)
        np.tanh(gates, out=gates)
        n = self.units
        gates[:, : 3 * n] += 1
        i, f, o, g = (gates[:, k * n : (k + 1) * n] for k in range(4))
        np.multiply(i, g, out=g)
        np.multiply(memory, f, out=memory)
        memory += g
        memory *= np.float32(0.5)
        np.tanh(memory, out=g)
        return np.multiply(o, g, out=hidden[:, :n])


def make_cells(network):
    """Return the cells of a network, first layer first."""
    return [Cell(*layer, reads_cell=k > 0) for k, layer in enumerate(network.layers)]


def make_head(network):
    """Return the function from states 2 h and scaled windows to scaled outputs."""
    kernel, bias = network.head[0] * np.float32(0.5), network.head[1]

    def head(hidden, windows):
        outputs = (hidden @ kernel + bias).astype(np.float64)
        if network.skip is not None:
            outputs += windows.reshape(len(windows), -1) @ network.skip
        return outputs

    return head


def last_state(cells, states, n_rows):
    """Return the first rows of the last layer's 2 h; a network without layers has none."""
    if not cells:
        return np.zeros((n_rows, 0), np.float32)
    return states[-1][0][:n_rows, : cells[-1].units]


def read_windows(cells, windows):
    """Run cells over whole windows, (n_windows, L, n_inputs), and return the last state 2 h."""
    n_windows = len(windows)
    windows = np.pad(windows, [(0, -n_windows % ROW_MULTIPLE), (0, 0), (0, 0)])
    states = [cell.new_state(len(windows)) for cell in cells]
    for inputs in windows.transpose(1, 0, 2):
        for cell, (hidden, memory, gates) in zip(cells, states, strict=True):
            hidden[:, cell.units : -1] = inputs
            inputs = cell.advance(hidden, memory, gates)
    return last_state(cells, states, n_windows)
