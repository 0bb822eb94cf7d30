"""Recursive multi-step forecasts: predictions are fed back as inputs."""

import numpy as np

from skwave._cells import make_cells
from skwave._gaps import interpolate, longest_gap, lost_rows, missing_rows
from skwave._network import BLOCK_ROWS, reference_of

# Forecasts share their windows if these are at most such a fraction of them: fewer rows at a time
# take longer each.
MAX_DIFFERENT = 0.75
# Numbers of a layer's states that are kept where forecasts share windows: 16 MB.
MAX_SHARED = 2**22


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
    if future is None:
        future = np.empty((len(contexts), n_steps, 0))
    blocks = []
    # The callers find forecasts that are not finite.
    with np.errstate(over="ignore", invalid="ignore"):
        for part in _blocks_of_contexts(network, len(contexts)):
            blocks.append(_Wavefront(network, contexts[part], future[part], n_steps).run())
    return np.concatenate(blocks)[:, :n_steps]


def roll_forward_from(network, values, origins, n_steps, future):
    """Forecast from origins in a series, as `roll_forward` does from the windows before them.

    Parameters
    ----------
    network : Network
        The fitted network.
    values : ndarray of shape (n_values, n_channels)
        The series, or several of them one after the other, in their units.
    origins : ndarray of shape (n_origins,)
        The positions in `values` of the first value of each forecast, increasing.
    n_steps : int
        Values to forecast.
    future : ndarray of shape (n_origins, n_steps, n_known)
        The known inputs at these steps, of which the series has the first ones.

    Returns
    -------
    ndarray of shape (n_origins, n_steps, n_predicted)
        Forecasts in the units of the series.

    Notes
    -----
    The windows of a forecast begin with known values. Those of forecasts from near origins begin
    with the same ones, which are read once: half of the time of forecasts as long as a window.
    """
    contexts = values[origins[:, None] + np.arange(-network.window_length, 0)].astype(float)
    n_open = _count_open(network, n_steps)
    n_different = len(np.unique(_starts(network, origins, n_open)))
    if not network.layers or n_different > MAX_DIFFERENT * n_open * len(origins):
        return roll_forward(network, contexts, n_steps, future)
    size = max(1, MAX_SHARED // (n_open * max(network.units)))
    blocks = []
    with np.errstate(over="ignore", invalid="ignore"):
        for first in range(0, len(origins), size):
            shared = slice(first, first + size)
            states, passed = _read_known(network, values, origins[shared], n_open)
            for part in _blocks_of_contexts(network, len(origins[shared])):
                wavefront = _Wavefront(
                    network, contexts[shared][part], future[shared][part], n_steps
                )  # fmt: skip
                of_part = [(h[part], c[part]) for h, c in states]
                blocks.append(wavefront.run((of_part, passed[part])))
    return np.concatenate(blocks)[:, :n_steps]


def _blocks_of_contexts(network, n_contexts):
    """Yield slices of contexts whose windows are read together."""
    size = max(1, BLOCK_ROWS // _count_open(network, network.window_length))
    for begin in range(0, n_contexts, size):
        yield slice(begin, begin + size)


def _count_open(network, n_steps):
    """Return how many windows of a forecast begin with known values."""
    return -(-min(network.window_length, n_steps) // network.output_length)


def _starts(network, origins, n_open):
    """Return where windows of each forecast begin that hold known values, (n_origins, n_open)."""
    first = origins[:, None] - network.window_length
    return first + network.output_length * np.arange(n_open)


def _read_known(network, values, origins, n_open):
    """Read the known values of the windows of forecasts, each window once.

    Parameters are those of `roll_forward_from`; `n_open` is what `_count_open` returned.

    Returns
    -------
    states : list of (h, c)
        Of each layer, after all known values, of shape (n_origins, n_open, units).
    passed : ndarray of shape (n_origins, n_open, n_states - units)
        The states at positions but the last, of windows that have passed these.
    """
    length, positions = network.window_length, network.read_positions[:-1]
    cells = make_cells(network.layers)
    n_units = cells[-1].units
    starts, of_origins = np.unique(_starts(network, origins, n_open), return_inverse=True)
    of_origins = of_origins.reshape(len(origins), n_open)
    times = np.unique(origins[:, None] + np.arange(-length, 0))
    # The windows that contain the value at each time.
    first_rows = np.searchsorted(starts, times - length, side="right")
    last_rows = np.searchsorted(starts, times, side="right")
    inputs_at = network.scaling.scale(values[times].astype(float))
    references = reference_of(network.scaling.scale(values[starts].astype(float)), network.n_known)
    states = [cell.new_state(len(starts)) for cell in cells]
    passed = np.empty((len(starts), network.n_states - n_units), np.float32)
    shape = len(origins), n_open
    taken = [tuple(np.empty((*shape, cell.units), np.float32) for _ in range(2)) for cell in cells]
    taken_passed = np.empty((*shape, passed.shape[1]), np.float32)
    for k, time in enumerate(times):
        rows, inputs = slice(first_rows[k], last_rows[k]), inputs_at[k]
        if network.scaling.relative:
            inputs = inputs - references[rows]
        for cell, (h, c, z) in zip(cells, states, strict=True):
            h[rows, cell.units : -1] = inputs
            inputs = cell.advance(h[rows], c[rows], z)
        for j, position in enumerate(positions):
            row = first_rows[k] + np.flatnonzero(starts[rows] == time + 1 - position)
            passed[row, j * n_units : (j + 1) * n_units] = states[-1][0][row, :n_units]
        for number in np.flatnonzero(origins == time + 1):
            rows = of_origins[number]
            for (h, c, _), (of_h, of_c) in zip(states, taken, strict=True):
                of_h[number], of_c[number] = h[rows, : of_h.shape[2]], c[rows]
            taken_passed[number] = passed[rows]
    return taken, taken_passed


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
        self.n_slots = _count_open(network, n_steps)
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

    def run(self, begun=None):
        """Read value after value until the last window has predicted.

        `begun` is what `_read_known` returned for these forecasts, where it has read known values.
        """
        forecasts = np.empty((self.n_contexts, self.n_windows, self.network.n_outputs))
        begin = 0
        if begun is not None:
            self._continue_from(begun)
            forecasts[:, 0] = self._close(0)
            begin = self.length
        for time in range(begin, (self.n_windows - 1) * self.output_length + self.length):
            if time % self.output_length == 0 and time // self.output_length < self.n_windows:
                self._open(time // self.output_length)
            self._advance(time)
            number, remainder = divmod(time + 1 - self.length, self.output_length)
            if number >= 0 and remainder == 0:
                forecasts[:, number] = self._close(number)
        shape = (self.n_contexts, -1, self.network.n_predicted)
        return self.scaling.unscale(forecasts).reshape(shape)

    def _continue_from(self, begun):
        """Give the windows that begin with known values the states that they have after these."""
        states, passed = begun
        for (h, c, _), (of_h, of_c) in zip(self.states, states, strict=True):
            h[:, : of_h.shape[2]] = of_h.swapaxes(0, 1).reshape(len(h), -1)
            c[:] = of_c.swapaxes(0, 1).reshape(len(c), -1)
        self.passed[:] = passed.swapaxes(0, 1).reshape(self.passed.shape)
        if self.scaling.relative:
            first = self.values[: self.length : self.output_length][: self.n_slots]
            self.references[:] = reference_of(first, self.network.n_known)

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
