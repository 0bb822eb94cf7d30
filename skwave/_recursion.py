"""Recursive multi-step forecasts: predictions are fed back as inputs."""

import numpy as np

from skwave._cells import make_cells
from skwave._gaps import interpolate, longest_gap, lost_rows, missing_rows
from skwave._network import BLOCK_ROWS, reference_of


def roll_forward(network, contexts, n_steps, future=None):
    """Forecast the values that follow each context, feeding predictions back.

    Parameters
    ----------
    network : Network
        The fitted network; it must predict all channels, `output_length` values at once.
    contexts : ndarray of shape (n_contexts, window_length, n_channels)
        The last known values of each series, in its units.
    n_steps : int
        Values to forecast.
    future : None or ndarray of shape (n_contexts, n_steps, n_known), default=None
        The values of the known inputs at these steps, in their units. Those of the first
        step take the place of the newest ones in the context.

    Returns
    -------
    ndarray of shape (n_contexts, n_steps, n_predicted)
        Forecasts in the units of the series.

    Notes
    -----
    Every window starts from a zero state, so that a loop which reads the newest window again for
    each value takes ``n_steps * window_length`` steps of one row. But the windows overlap: when a
    value becomes known, all unfinished windows that contain it advance by one step together, in
    one product. The windows stand in a ring of slots, each with the state it has reached; the
    result is that of the loop, to rounding, after ``n_steps + window_length - 1`` products.
    """
    slots = -(-network.window_length // network.output_length)
    size = max(1, BLOCK_ROWS // slots)
    if future is None:
        future = np.empty((len(contexts), n_steps, 0))
    blocks = []
    # The callers find forecasts that are not finite.
    with np.errstate(over="ignore", invalid="ignore"):
        for begin in range(0, len(contexts), size):
            part = slice(begin, begin + size)
            blocks.append(_Wavefront(network, contexts[part], future[part], n_steps).run())
    return np.concatenate(blocks)[:, :n_steps]


def fill_end(network, values, name="context"):
    """Return the last window of a series without NaN.

    Short gaps are filled by straight lines, as in training. In a long one, and at the end, missing
    values are predicted one step ahead, the oldest first.

    Parameters
    ----------
    network : Network
        The fitted network.
    values : ndarray of shape (n_values, n_channels)
        The series, in its units, as windows hold it; at least a window.
    name : str, default="context"
        What the message calls it.

    Returns
    -------
    ndarray of shape (window_length, n_channels)
        The window.

    Raises
    ------
    ValueError
        If a gap has less than a window of values before it to be filled from, or is one of an
        known input.
    """
    length, n_predicted = network.window_length, network.n_predicted
    if not missing_rows(values[-length:]).any():
        return values[-length:]
    lost = np.flatnonzero(lost_rows(values, np.zeros(1, dtype=int), longest_gap(length)))
    filled = np.array(interpolate(values), dtype=float)
    # Those that a row of the last window depends on.
    oldest, rows = len(values) - length, []
    for row in lost[::-1]:
        if row >= oldest:
            rows.append(row)
            oldest = min(oldest, row - length)
    if oldest < 0:
        raise ValueError(
            f"{name} has a gap at row {rows[-1]}, with {rows[-1]} values before it, but filling it "
            f"takes window_length={length} of them. Give a longer {name} to a ForecastPipeline, "
            "fill the gap, or leave out missing values at the end and forecast more steps."
        )
    for row in rows[::-1]:
        is_missing = np.isnan(values[row])
        if is_missing[n_predicted:].any():
            raise ValueError(
                f"{name} lacks values of known inputs from row {row + 1} on. A gap of "
                f"at most {longest_gap(length)} rows is filled, and longer ones of known inputs "
                f"cannot be forecast. Fill them, as by {name}[columns].ffill()."
            )
        is_missing = is_missing[:n_predicted]
        predicted = network.predict(filled[None, row - length : row])[0, :n_predicted]
        filled[row, :n_predicted][is_missing] = predicted[is_missing]
    return filled[-length:]


class _Wavefront:
    """The forecasts of one block of contexts.

    Window j starts with value ``j * output_length`` of the context and predicts the block of values
    after its end. Rows of the states are ordered slot by slot, the contexts of a slot together.
    """

    def __init__(self, network, contexts, future, n_steps):
        self.network, self.scaling = network, network.scaling
        self.length, self.output_length = network.window_length, network.output_length
        self.n_contexts = len(contexts)
        self.n_windows = -(-n_steps // self.output_length)
        self.n_slots = min(-(-self.length // self.output_length), self.n_windows)
        self.cells = make_cells(network.layers)
        self.n_units = self.cells[-1].units if self.cells else 0
        n_rows = self.n_slots * self.n_contexts
        self.states = [cell.new_state(n_rows) for cell in self.cells]
        # Known and predicted values on the scale of the layers, time first.
        n_values = self.length + self.n_windows * self.output_length
        self.values = np.empty((n_values, self.n_contexts, network.n_channels))
        self.values[: self.length] = self.scaling.scale(contexts).transpose(1, 0, 2)
        self.predicted = slice(network.n_predicted)
        if network.n_known:
            # Those of the first step stand in the last row of the context.
            known = slice(network.n_predicted, None)
            newest = slice(self.length - 1, self.length - 1 + n_steps)
            scaled = self.scaling.scale(future, known)
            self.values[newest, :, known] = scaled.transpose(1, 0, 2)
        # Known for all steps, and far faster at once than step by step.
        rows = self.values[self.length - 1 : self.length - 1 + self.n_windows]
        of_calendar = network.read_calendar(rows.reshape(-1, network.n_channels))
        self.of_calendar = of_calendar.reshape(self.n_windows, self.n_contexts, -1)
        # The states at all positions but the last, as each window has passed them.
        self.passed = np.empty((n_rows, network.n_states - self.n_units), np.float32)
        self.references = np.zeros((self.n_slots, self.n_contexts, network.n_channels))

    def run(self):
        """Read value after value until the last window has predicted."""
        forecasts = np.empty((self.n_contexts, self.n_windows, self.network.n_outputs))
        for time in range((self.n_windows - 1) * self.output_length + self.length):
            if time % self.output_length == 0 and time // self.output_length < self.n_windows:
                self._open(time // self.output_length)
            self._advance(time)
            number, remainder = divmod(time + 1 - self.length, self.output_length)
            if number >= 0 and remainder == 0:
                forecasts[:, number] = self._close(number)
        shape = (self.n_contexts, -1, self.network.n_predicted)
        return self.scaling.unscale(forecasts).reshape(shape)

    def _rows(self, number):
        """Return the rows of the states of window `number`."""
        begin = number % self.n_slots * self.n_contexts
        return slice(begin, begin + self.n_contexts)

    def _open(self, number):
        """Give window `number` a slot and a zero state."""
        rows = self._rows(number)
        for cell, (h, c, _) in zip(self.cells, self.states, strict=True):
            h[rows, : cell.units] = 0
            c[rows] = 0
        if self.scaling.relative:
            first = self.values[number * self.output_length]
            reference = reference_of(first, self.network.n_known)
            self.references[number % self.n_slots] = reference

    def _active(self, time):
        """Return the slots of the windows that contain the value at `time`."""
        oldest = max(0, (time - self.length) // self.output_length + 1)
        newest = min(time // self.output_length, self.n_windows - 1)
        if oldest // self.n_slots == newest // self.n_slots:
            return slice(oldest % self.n_slots, newest % self.n_slots + 1)
        # Around the end of the ring: a slot between the two is carried along unused.
        return slice(0, self.n_slots)

    def _advance(self, time):
        """Let every open window read the value at `time`."""
        slots = self._active(time)
        rows = slice(slots.start * self.n_contexts, slots.stop * self.n_contexts)
        inputs = self.values[time][None]
        if self.scaling.relative:
            inputs = inputs - self.references[slots]
        for cell, state in zip(self.cells, self.states, strict=True):
            h, c, z = state[0][rows], state[1][rows], state[2]
            by_slot = h.reshape(-1, self.n_contexts, h.shape[1])
            by_slot[:, :, cell.units : -1] = inputs
            inputs = cell.advance(h, c, z).reshape(*by_slot.shape[:2], -1)
        for k, position in enumerate(self.network.read_positions[:-1]):
            number, remainder = divmod(time + 1 - position, self.output_length)
            if remainder == 0 and 0 <= number < self.n_windows:
                rows, columns = self._rows(number), k * self.n_units
                state = self.states[-1][0][rows, : self.n_units]
                self.passed[rows, columns : columns + self.n_units] = state

    def _close(self, number):
        """Predict with window `number`, make its values known, and return the scaled outputs."""
        begin = number * self.output_length
        reference, rows = self.references[number % self.n_slots], self._rows(number)
        window = self.values[begin : begin + self.length].transpose(1, 0, 2)
        window = window - reference[:, None]
        states = None
        if self.cells:
            newest = self.states[-1][0][rows, : self.n_units]
            states = np.hstack([self.passed[rows], newest]) if self.network.positions else newest
        outputs = self.network.read_out(states, window) + self.of_calendar[number]
        outputs += np.tile(reference[:, self.predicted], self.output_length)
        values = self.scaling.unscale(outputs).reshape(self.n_contexts, self.output_length, -1)
        following = slice(begin + self.length, begin + self.length + self.output_length)
        scaled = self.scaling.scale(values, self.predicted)
        self.values[following, :, self.predicted] = scaled.transpose(1, 0, 2)
        return outputs
