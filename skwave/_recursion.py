"""Recursive multi-step forecasts: predictions are fed back as inputs."""

import numpy as np

from skwave._cells import make_cells
from skwave._gaps import interpolate, longest_gap, lost_rows, missing_rows
from skwave._network import BLOCK_ROWS
from skwave._scaling import reference_of
from skwave.exceptions import warn

# Forecasts share their windows if these are at most such a fraction of them: fewer rows at a time
# take longer each.
MAX_DIFFERENT = 0.75
# Numbers of a layer's states that are kept where forecasts share windows: 16 MB.
MAX_SHARED = 2**22


def roll_forward(network, contexts, n_steps, future=None, begun=None):
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
    begun : None or list of ndarray, default=None
        What `read_known` returned for these forecasts, where it has read the known values.

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
    size = max(1, BLOCK_ROWS // _count_open(network, network.window_length))
    blocks = []
    # The callers find forecasts that are not finite.
    with np.errstate(over="ignore", invalid="ignore"):
        for begin in range(0, len(contexts), size):
            part = slice(begin, begin + size)
            wavefront = _Wavefront(network, contexts[part], future[part], n_steps)
            blocks.append(wavefront.run(None if begun is None else [x[part] for x in begun]))
    return np.concatenate(blocks)[:, :n_steps]


def roll_forward_from(network, values, origins, n_steps, begun=None):
    """Forecast from origins in a series, as `roll_forward` does from the windows before them.

    Parameters
    ----------
    network : Network
        The fitted network.
    values : ndarray of shape (n_values, n_channels)
        The series, or several of them one after the other, in their units. Known inputs stand one
        step ahead.
    origins : ndarray of shape (n_origins,)
        The positions in `values` of the first value of each forecast, increasing.
    n_steps : int
        Values to forecast; there are as many after each origin.
    begun : None or list of ndarray, default=None
        What `read_known` returned for these forecasts.

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
    future = values[origins[:, None] + np.arange(n_steps) - 1, network.n_predicted :].astype(float)
    n_open = _count_open(network, n_steps)
    n_different = len(np.unique(_starts(network, origins, n_open)))
    is_shared = network.layers and n_different <= MAX_DIFFERENT * n_open * len(origins)
    if begun is not None or not is_shared:
        return roll_forward(network, contexts, n_steps, future, begun)
    size = _most_origins(network, n_open)
    forecasts = []
    for begin in range(0, len(origins), size):
        part = slice(begin, begin + size)
        begun = _read_known(network, values, origins[part], n_open)
        forecasts.append(roll_forward(network, contexts[part], n_steps, future[part], begun))
    return np.concatenate(forecasts)


def read_known(network, values, origins, n_steps):
    """Read the known values of the windows of forecasts, for networks that differ by their readout.

    Parameters are those of `roll_forward_from`, which takes what is returned: forecasts as long as
    a window then take half of the time. None is returned where there are no layers, or this would
    take too much memory.
    """
    n_open = _count_open(network, n_steps)
    if not network.layers or len(origins) > _most_origins(network, n_open):
        return None
    return _read_known(network, values, origins, n_open)


def _most_origins(network, n_open):
    """Return for how many origins at a time the states of open windows are kept."""
    return max(1, MAX_SHARED // (n_open * max(network.units)))


def _count_open(network, n_steps):
    """Return how many windows of a forecast begin with known values."""
    return -(-min(network.window_length, n_steps) // network.output_length)


def _starts(network, origins, n_open):
    """Return where windows of each forecast begin that hold known values, (n_origins, n_open)."""
    first = origins[:, None] - network.window_length
    return first + network.output_length * np.arange(n_open)


@np.errstate(over="ignore", invalid="ignore")
def _read_known(network, values, origins, n_open):
    """Read the known values of the windows of forecasts, each window once.

    Parameters are those of `roll_forward_from`; `n_open` is what `_count_open` returned.

    Returns
    -------
    list of ndarray of shape (n_origins, n_open, n_units)
        What `_new_states` calls `kept`, after the known values.
    """
    length, positions = network.window_length, network.read_positions[:-1]
    starts, of_origins = np.unique(_starts(network, origins, n_open), return_inverse=True)
    of_origins = of_origins.reshape(len(origins), n_open)
    times = np.unique(origins[:, None] + np.arange(-length, 0))
    # The windows that contain the value at each time.
    first_rows = np.searchsorted(starts, times - length, side="right")
    last_rows = np.searchsorted(starts, times, side="right")
    inputs_at = network.scaling.scale(values[times].astype(float))
    references = reference_of(network.scaling.scale(values[starts].astype(float)), network.n_known)
    cells, states, kept = _new_states(network, len(starts))
    *_, newest, _, passed = kept
    taken = [np.empty((len(origins), n_open, x.shape[1]), np.float32) for x in kept]
    row_of = {start: row for row, start in enumerate(starts.tolist())}
    number_of = {origin: number for number, origin in enumerate(origins.tolist())}
    for k, time in enumerate(times.tolist()):
        rows, inputs = slice(first_rows[k], last_rows[k]), inputs_at[k]
        if network.scaling.relative:
            inputs = inputs - references[rows]
        for cell, (h, c, z) in zip(cells, states, strict=True):
            h[rows, cell.units : -1] = inputs
            inputs = cell.advance(h[rows], c[rows], z)
        for j, position in enumerate(positions):
            row = row_of.get(time + 1 - position)
            if row is not None:
                passed[row, j * cell.units : (j + 1) * cell.units] = newest[row]
        number = number_of.get(time + 1)
        if number is not None:
            for of_origin, of_window in zip(taken, kept, strict=True):
                of_origin[number] = of_window[of_origins[number]]
    return taken


def _new_states(network, n_rows):
    """Return what so many windows are read with.

    Returns
    -------
    cells : list of Cell
        The layers.
    states : list of (h, c, z)
        The states of each, zero.
    kept : list of ndarray of shape (n_rows, n_units)
        All that a window keeps: views of h and c of each layer, and the states of the last one at
        the positions that are read, but the last position, once the window has passed them.
    """
    cells = make_cells(network.layers)
    states = [cell.new_state(n_rows) for cell in cells]
    kept = [x for h, c, _ in states for x in (h[:, : c.shape[1]], c)]
    n_passed = network.n_states - (cells[-1].units if cells else 0)
    return cells, states, [*kept, np.empty((n_rows, n_passed), np.float32)]


def fill_end(network, values, name="context"):
    """Return the last window of a series without NaN, (window_length, n_channels).

    Short gaps are filled by straight lines, as in training. In a long one, and at the end, missing
    values are predicted one step ahead, the oldest first. The series, of at least a window, is in
    its units, as windows hold it; messages call it `name`.

    Raises
    ------
    ValueError
        If a gap has less than a window of values before it to be filled from, or is one of a
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


def count_missing_at_end(values, shapes):
    """Return how many of the last rows lack a value to forecast; 0 if these are less than a window.

    `shapes` is the network that forecasts, or a dataset of such windows.
    """
    predicted = values[:, : shapes.n_predicted]
    # Mostly a look at the last window is enough.
    if not missing_rows(predicted[-shapes.window_length :]).all():
        return 0
    return int(np.argmax(~missing_rows(predicted)[::-1]))


def warn_about_ends(numbers, window_length, name):
    """Warn, once for all series, if one ends with missing values of more than a window.

    `numbers` are what `count_missing_at_end` returned for each series; the message calls it `name`.
    """
    n_series = sum(number > window_length for number in numbers)
    if n_series:
        others = ""
        if len(numbers) > 1:
            others = f"This concerns {n_series} of {len(numbers)} series that are continued. "
        warn(
            f"The last {max(numbers)} rows of {name} have missing values, which are predicted one "
            f"step at a time before the forecast. That is more than a window of {window_length}, "
            f"so that errors add up. {others}Leave out a column that ends early, or fill it; if "
            "all columns end early, leave out these rows and forecast more steps."
        )


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
        n_rows = self.n_slots * self.n_contexts
        self.cells, self.states, self.kept = _new_states(network, n_rows)
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
        self.references = np.zeros((self.n_slots, self.n_contexts, network.n_channels))

    def run(self, begun=None):
        """Read value after value until the last window has predicted.

        `begun` is what `read_known` returned for these forecasts, where it has read known values.
        """
        forecasts = np.empty((self.n_contexts, self.n_windows, self.network.n_outputs))
        begin = 0
        if begun is not None:
            for states, of_contexts in zip(self.kept, begun, strict=True):
                states[:] = of_contexts.swapaxes(0, 1).reshape(states.shape)
            if self.scaling.relative:
                first = self.values[: self.length : self.output_length][: self.n_slots]
                self.references[:] = reference_of(first, self.network.n_known)
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

    def _rows(self, number):
        """Return the rows of the states of window `number`."""
        begin = number % self.n_slots * self.n_contexts
        return slice(begin, begin + self.n_contexts)

    def _open(self, number):
        """Give window `number` a slot and a zero state."""
        rows = self._rows(number)
        for states in self.kept[:-1]:
            states[rows] = 0
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
                *_, newest, _, passed = self.kept
                rows, begin = self._rows(number), k * newest.shape[1]
                passed[rows, begin : begin + newest.shape[1]] = newest[rows]

    def _close(self, number):
        """Predict with window `number`, make its values known, and return the scaled outputs."""
        begin = number * self.output_length
        reference, rows = self.references[number % self.n_slots], self._rows(number)
        window = self.values[begin : begin + self.length].transpose(1, 0, 2)
        if self.scaling.relative:
            window = window - reference[:, None]
        states = None
        if self.cells:
            *_, newest, _, passed = self.kept
            states = newest[rows]
            if self.network.positions:
                states = np.hstack([passed[rows], states])
        outputs = self.network.read_out(states, window) + self.of_calendar[number]
        if self.scaling.relative:
            outputs += np.tile(reference[:, self.predicted], self.output_length)
        values = self.scaling.unscale(outputs).reshape(self.n_contexts, self.output_length, -1)
        following = slice(begin + self.length, begin + self.length + self.output_length)
        scaled = self.scaling.scale(values, self.predicted)
        self.values[following, :, self.predicted] = scaled.transpose(1, 0, 2)
        return outputs
