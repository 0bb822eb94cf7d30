"""A second implementation, slow and obvious: one LSTM step after the other, gate by gate."""

import numpy as np


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


def predict_one(network, window):
    """Predict what follows one window (L, C): n_outputs numbers in the units of the target."""
    scaled = (window - network.input_center) / network.input_scale
    anchor = scaled[0].copy() if network.anchored else np.zeros(network.n_channels)
    scaled = scaled - anchor
    sequence = list(scaled)
    for layer in network.layers:
        sequence = lstm(layer, sequence, len(layer[1]))
    kernel, bias = network.head
    outputs = sequence[-1] @ kernel + bias if network.layers else bias
    if network.skip is not None:
        outputs = outputs + scaled.ravel() @ network.skip
    outputs = outputs + np.tile(anchor, network.horizon)
    return outputs * network.output_scale + network.output_center


def roll(network, context, n_steps):
    """Forecast by reading the newest window anew for every block of values."""
    values = [np.array(v) for v in context]
    while len(values) < len(context) + n_steps:
        block = predict_one(network, np.array(values[-network.window_length :]))
        values.extend(block.reshape(network.horizon, network.n_channels))
    return np.array(values[len(context) : len(context) + n_steps])


def random_network(rng, *, units=(5,), length=7, n_channels=1, horizon=1, **changes):
    """Make a network of random weights, large enough that the gates are not linear."""
    from skwave._network import Network

    layers, n_inputs = [], n_channels
    for n in units:
        shapes = [(n_inputs, 4 * n), (n, 4 * n), (4 * n,)]
        layers.append(tuple(rng.normal(size=s).astype(np.float32) for s in shapes))
        n_inputs = n
    n_outputs = n_channels * horizon
    center, scale = rng.normal(size=n_channels), rng.uniform(0.5, 2, size=n_channels)
    if changes.pop("with_skip", False):
        changes["skip"] = 0.1 * rng.normal(size=(length * n_channels, n_outputs))
    return Network(
        window_length=length,
        horizon=horizon,
        layers=tuple(layers),
        head=(
            rng.normal(size=(n_inputs if units else 0, n_outputs)).astype(np.float32),
            rng.normal(size=n_outputs).astype(np.float32),
        ),
        input_center=center,
        input_scale=scale,
        output_center=np.tile(center, horizon),
        output_scale=np.tile(scale, horizon),
        **changes,
    )
