"""A second implementation, slow and obvious: one LSTM step after the other, gate by gate."""

import numpy as np

from skwave._fourier import HARMONICS


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm(layer, sequence, units):
    """Run one layer over a sequence of inputs and return all its states."""
    kernel, recurrent, bias = (w.astype(np.float64) for w in layer)
    h, c, states = np.zeros(units), np.zeros(units), []
    for x in sequence:
        new_h, new_c = np.empty(units), np.empty(units)
        for j in range(units):
            i, f, g, o = (
                x @ kernel[:, gate * units + j]
                + h @ recurrent[:, gate * units + j]
                + bias[gate * units + j]
                for gate in range(4)
            )
            new_c[j] = _sigmoid(f) * c[j] + _sigmoid(i) * np.tanh(g)
            new_h[j] = _sigmoid(o) * np.tanh(new_c[j])
        h, c = new_h, new_c
        states.append(h)
    return states


def fourier_terms(row, names):
    """Return the Fourier terms of one row of sines and cosines, one after the other."""
    angles = [np.arctan2(row[2 * k], row[2 * k + 1]) for k in range(len(names))]
    of_features = []
    for name, angle in zip(names, angles, strict=True):
        orders = range(1, HARMONICS[name] + 1)
        of_features.append([f(k * angle) for f in (np.sin, np.cos) for k in orders])
    terms = [term for terms in of_features for term in terms]
    for number, one in enumerate(of_features):
        for other in of_features[number + 1 :]:
            terms += [a * b for a in one for b in other]
    return np.array(terms)


def predict_one(network, window):
    """Predict what follows one window (L, C): n_outputs numbers in the units of the target."""
    scaling = network.scaling
    scaled = (window - scaling.input_center) / scaling.input_scale
    reference = scaled[0].copy() if scaling.relative else np.zeros(network.n_channels)
    n_predicted = network.n_channels - network.n_known
    reference[n_predicted:] = 0
    scaled = scaled - reference
    sequence = list(scaled)
    for layer in network.layers:
        sequence = lstm(layer, sequence, len(layer[1]))
    kernel, bias = network.head
    positions = network.positions or (network.window_length,)
    states = np.concatenate([sequence[p - 1] for p in positions])
    outputs = states @ kernel + bias if network.layers else bias
    if network.skip is not None:
        outputs = outputs + scaled.ravel() @ network.skip
    if network.calendar:
        waves = window[-1, network.n_channels - 2 * len(network.calendar) :]
        outputs = outputs + fourier_terms(waves, network.calendar) @ network.fourier_coef
    outputs = outputs + np.tile(reference[:n_predicted], network.output_length)
    return outputs * scaling.output_scale + scaling.output_center


def roll(network, context, n_steps, future=None):
    """Forecast by reading the newest window anew for every block of values."""
    n_predicted = network.n_channels - network.n_known
    values, forecasts = [np.array(v) for v in context], []
    while len(forecasts) < n_steps:
        if future is not None:
            values[-1][n_predicted:] = future[len(forecasts)]
        block = predict_one(network, np.array(values[-network.window_length :]))
        for step in block.reshape(network.output_length, n_predicted):
            forecasts.append(step)
            values.append(np.append(step, np.full(network.n_known, np.nan)))
    return np.array(forecasts[:n_steps])


def random_network(
    rng, *, units=(5,), length=7, n_channels=1, output_length=1, relative=False, with_skip=False,
    n_known=0, positions=None, calendar=(),
):  # fmt: skip
    """Make a network of random weights, large enough that the gates are not linear."""
    from skwave._network import Network
    from skwave._scaling import Scaling

    layers, n_inputs = [], n_channels
    for n in units:
        shapes = [(n_inputs, 4 * n), (n, 4 * n), (4 * n,)]
        layers.append(tuple(rng.normal(size=s).astype(np.float32) for s in shapes))
        n_inputs = n
    n_predicted = n_channels - n_known
    n_outputs = n_predicted * output_length
    center, scale = rng.normal(size=n_channels), rng.uniform(0.5, 2, size=n_channels)
    skip = 0.1 * rng.normal(size=(length * n_channels, n_outputs)) if with_skip else None
    n_states = n_inputs * len(positions or (length,)) if units else 0
    kernel = rng.normal(size=(n_states, n_outputs)).astype(np.float32)
    bias = rng.normal(size=n_outputs).astype(np.float32)
    scaling = Scaling(
        center, scale, np.tile(center[:n_predicted], output_length),
        np.tile(scale[:n_predicted], output_length), relative,
    )  # fmt: skip
    coef = None
    if calendar:
        n_terms = len(fourier_terms(np.ones(2 * len(calendar)), calendar))
        coef = 0.1 * rng.normal(size=(n_terms, n_outputs))
    return Network(
        length, output_length, scaling, tuple(layers), (kernel, bias), skip, n_known, positions,
        calendar, coef,
    )  # fmt: skip


VARIANTS = [
    {},
    {"units": (4, 3)},
    {"n_channels": 3},
    {"output_length": 3, "n_channels": 2},
    {"relative": True, "n_channels": 2, "output_length": 2},
    {"with_skip": True},
    {"with_skip": True, "units": (), "n_channels": 2, "output_length": 2, "relative": True},
    {"with_skip": True, "relative": True, "units": (3, 4)},
    {"positions": (3, 6, 7)},
    {"positions": (1, 7), "with_skip": True, "units": (3, 4), "output_length": 2},
    {"positions": (2, 5, 7), "relative": True, "n_channels": 2, "output_length": 3},
]
# Their forecasts need the known inputs of the steps.
KNOWN_VARIANTS = [
    {"n_channels": 3, "n_known": 2, "with_skip": True, "calendar": ("month",)},
    {"n_channels": 7, "n_known": 5, "relative": True, "calendar": ("hour", "day_of_week")},
]
