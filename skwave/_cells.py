"""One LSTM layer in NumPy: its state, and one step of it."""

import numpy as np

# BLAS rounds the last rows of a product differently where they do not fill its kernel. Products of
# whole multiples make a prediction the same bit for bit, whatever is next to it, on processors
# with AVX-512; the kernels for AVX2 differ between the rows of one kernel too.
ROW_MULTIPLE = 16


class Cell:
    """One LSTM layer, its weights arranged so that a step costs few passes over the gates.

    The logistic function is taken through tanh, σ(x) = (1 + tanh(x / 2)) / 2, so that one tanh
    serves all four gates: the halves inside are in the weights. The state that is kept is 2 h;
    its half is in the weights that read it. Inputs and a one are stored next to the state, so that
    one product makes a gate with its bias.

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
        # One matrix for each gate, so that its values are contiguous. Sigmoid gates first (input,
        # forget, output), the candidate last.
        i, f, g, o = np.split(weights, 4, axis=1)
        self.weights = np.stack([0.5 * i, 0.5 * f, 0.5 * o, g])

    def new_state(self, n_rows):
        """Return a zero state of so many rows: [2 h, inputs, 1], c, and space for the gates z."""
        h = np.zeros((n_rows, self.weights.shape[1]), np.float32)
        h[:, -1] = 1
        c = np.zeros((n_rows, self.units), np.float32)
        return h, c, np.empty((4, n_rows, self.units), np.float32)

    def advance(self, h, c, z):
        """Advance the states by one step, in place; the inputs stand in `h` already.

        Parameters
        ----------
        h, c : ndarray of shape (n_rows, ...)
            Rows of what `new_state` returned.
        z : ndarray of shape (4, at least n_rows, units)
            The space for the gates.

        Returns
        -------
        ndarray of shape (n_rows, units)
            The new 2 h, a view of `h`.
        """
        z = z[:, : len(h)]
        np.matmul(h, self.weights, out=z)
        np.tanh(z, out=z)
        z[:3] += 1
        i, f, o, g = z
        np.multiply(i, g, out=g)
        np.multiply(c, f, out=c)
        c += g
        c *= np.float32(0.5)
        np.tanh(c, out=g)
        return np.multiply(o, g, out=h[:, : self.units])


def make_cells(layers):
    """Return the cells of a network's layers, first layer first."""
    return [Cell(*layer, reads_cell=k > 0) for k, layer in enumerate(layers)]


def read_windows(cells, windows, positions):
    """Run cells over whole windows, and return states of the last one, doubled.

    Scaled windows are of shape (n_windows, window_length, n_inputs). The states are those after as
    many values as each of `positions` says, increasing, the last one after all: (n_windows,
    len(positions) * units).
    """
    n_windows, taken = len(windows), []
    windows = np.pad(windows, [(0, -n_windows % ROW_MULTIPLE), (0, 0), (0, 0)])
    states = [cell.new_state(len(windows)) for cell in cells]
    for n_read, inputs in enumerate(windows.transpose(1, 0, 2), start=1):
        for cell, (h, c, z) in zip(cells, states, strict=True):
            h[:, cell.units : -1] = inputs
            inputs = cell.advance(h, c, z)
        if n_read in positions:
            taken.append(inputs[:n_windows].copy())
    return taken[0] if len(taken) == 1 else np.hstack(taken)
