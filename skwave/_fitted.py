"""What a fit stores: the attributes of a fitted forecaster, from what was learned."""

import numpy as np

from skwave._gaps import fill_forward, missing_rows
from skwave._readout import lstm_variance_fraction
from skwave._recursion import fill_end
from skwave._rollout import baseline_errors
from skwave._summary import make_report


def describe_windows(data):
    """Return the attributes that follow from windows in the units of the series, as a dict."""
    context = data.values[-data.window_length :].astype(float)
    return {
        "window_shape_": (data.window_length, data.n_channels),
        "context_": context if data.autoregressive else None,
        "_recent_values": None,
        "_n_since_path": 0,
        "_target_shape": data.targets.shape[1:],
    }


def describe_fit(result, data, dataset, rollouts, seconds):
    """Return the attributes that follow from what was learned, as a dict.

    `data`, `dataset` and `rollouts` are what `train_and_solve` or `train_readout` was given, and
    `seconds` is the time of the fit.
    """
    is_held_out = dataset.holds_out and result.holds_out_newest
    attributes = {
        "network_": result.network,
        "readout_": result.readout,
        "history_": result.history,
        "best_epoch_": result.best_epoch,
        "residual_paths_": result.residual_paths,
        "validation_errors_": {},
        "_report": None,
        "_n_windows": len(dataset.indices),
        "_regressor": result.regressor,
        "_model": None,
        "_residuals_are_in_sample": result.readout == "trained" and not is_held_out,
        "_widths": result.widths,
    }
    if rollouts is not None:
        errors, season_length = baseline_errors(rollouts, data)
        errors = result.errors | errors
        attributes["validation_errors_"] = {name: float(e.mean()) for name, e in errors.items()}
        attributes["_report"] = make_report(
            result, data, rollouts, errors, season_length, seconds,
            lstm_variance_fraction(result.network, dataset),
            is_held_out=is_held_out,
        )  # fmt: skip
    return attributes


def newest_values(network, series):
    """Return the attributes that follow from the newest values of a series, as a dict.

    `series` is of shape (n_values, n_channels), as windows hold it; NaN is a missing value.
    """
    length, known = network.window_length, slice(network.n_predicted, None)
    # The values that the next residual paths may start from, and those of their windows.
    recent = np.array(series[1 - 2 * length :], dtype=float)
    window = recent[-length:].copy()
    if missing_rows(window).any():
        # Up to the newest row, which is mostly missing, as the forecast is given it.
        is_open = np.logical_and.accumulate(np.isnan(window[::-1, known]))[::-1]
        complete = np.array(series, dtype=float)
        complete[-1, known] = fill_forward(complete[:, known])[-1]
        window = np.array(fill_end(network, complete, "X"))
        window[:, known][is_open] = np.nan
    return {"context_": window, "_recent_values": recent}
