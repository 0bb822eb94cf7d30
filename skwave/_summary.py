"""Summary of a fit, as a short text and as a table."""

from html import escape

import numpy as np


def make_report(
    result, data, rollouts, errors, season_length, seconds, lstm_fraction, *, is_held_out
):
    """Return what `FitSummary` shows, as plain data: strings and numbers alone.

    Parameters
    ----------
    result : FitResult
        What training and the choice of a readout returned.
    data : WindowDataset
        In the units of the series.
    rollouts : RollOuts
        The forecasts over held-out values.
    errors : dict of ndarray of shape (n_origins,)
        Mean squared errors of these forecasts, by name.
    season_length : int
        Values in a season; 1 if there is none.
    seconds : float
        Time of the fit.
    lstm_fraction : float
        How much of the variance of the predicted change comes from the LSTM.
    is_held_out : bool
        Whether none of the windows that the forecasts reach into was trained on.
    """
    n_origins, n_steps = rollouts.y_true.shape[:2]
    return {
        "n_series": len(data.first_windows),
        "n_values": len(data.values),
        "n_channels": data.n_channels,
        "n_known": data.n_known,
        "n_missing": data.n_missing,
        "n_windows": int(data.is_usable.sum()),
        "window_length": data.window_length,
        "units": ", ".join(map(str, result.network.units)),
        "n_epochs": len(result.history["loss"]),
        "n_updates": result.n_updates,
        "seconds": float(seconds),
        "n_origins": n_origins,
        "n_steps": n_steps,
        "errors": {
            name: [float(e.mean()), float(rollouts.standard_error(e))] for name, e in errors.items()
        },
        "season_length": season_length,
        "seasonal_naive_is_better": seasonal_naive_is_better(errors, result.readout, rollouts),
        "readout": result.readout,
        "reason": result.reason,
        "lstm_fraction": lstm_fraction,
        "values": "held-out values" if is_held_out else "values that were partly trained on",
        "n_new_windows": 0,
    }


class FitSummary:
    """Summary of a fit, as returned by `LSTMForecaster.summary`.

    Parameters
    ----------
    report : dict
        What `make_report` returned.
    """

    def __init__(self, report):
        self.report = report

    @property
    def line(self):
        """The summary in one line."""
        report = self.report
        root = np.sqrt(report["errors"][report["readout"]][0])
        return (
            f"LSTM of {report['units']} units: {report['n_updates']} updates, "
            f"{report['seconds']:.1f} s; readout {report['readout']!r}, RMSE {root:.3g} over "
            f"{report['values']}"
        )

    def __repr__(self):
        head, rows, foot = self._parts()
        width = 2 + max(len(label) for _, label, _, _ in rows)
        lines = [f"  {'forecast':<{width}}{'RMSE':>12}{'std. error':>12}"]
        for is_kept, label, error, spread in rows:
            lines.append(f"{'*' if is_kept else ' '} {label:<{width}}{error:>12}{spread:>12}")
        return "\n".join([*head, *lines, *foot])

    def _repr_html_(self):
        head, rows, foot = self._parts()
        lines = ["<tr><th>forecast</th><th>RMSE</th><th>standard error</th></tr>"]
        for is_kept, *cells in rows:
            tag = "th" if is_kept else "td"
            lines.append("<tr>" + "".join(f"<{tag}>{escape(c)}</{tag}>" for c in cells) + "</tr>")
        head, foot = ("<br>".join(map(escape, part)) for part in (head, foot))
        return f"<p>{head}</p><table>{''.join(lines)}</table><p>{foot}</p>"

    def _parts(self):
        """Return lines, rows of (is kept, label, error, standard error), and lines."""
        report, errors = self.report, self.report["errors"]
        known = f", {report['n_known']} of them known in advance" if report["n_known"] else ""
        missing = f" ({report['n_missing']:,} missing)" if report["n_missing"] else ""
        head = [
            f"{report['n_series']} series, {report['n_values']:,} values{missing} of "
            f"{report['n_channels']} channel{'s' * (report['n_channels'] > 1)}{known}: "
            f"{report['n_windows']:,} windows of {report['window_length']}",
            f"LSTM of {report['units']} units: {report['n_epochs']} "
            f"epoch{'s' * (report['n_epochs'] > 1)}, {report['n_updates']:,} updates, "
            f"{report['seconds']:.1f} s in all",
            f"Forecasts of {report['n_steps']} steps from {report['n_origins']} "
            f"origin{'s' * (report['n_origins'] > 1)} over "
            f"{report['values']}:",
        ]
        if report["n_new_windows"]:
            head.insert(2, f"Then {report['n_new_windows']:,} windows by partial_fit")
        foot = [
            "RMSE in standard deviations of the true values.",
            f"Kept: {report['readout']} ({report['reason']}).",
            f"The LSTM contributes {report['lstm_fraction']:.1%} of the variance of the predicted "
            "change from the newest value to the next.",
        ]
        rows = []
        for name in sorted(errors, key=lambda name: errors[name][0]):
            label = name.replace("_", " ")
            if name == "seasonal_naive":
                label += f" ({report['season_length']})"
            error, standard_error = errors[name]
            root = np.sqrt(error)
            # The error of a square root, from the standard error of the square.
            spread = standard_error / (2 * root) if root > 0 else 0.0
            # A single forecast has none.
            shown = f"{spread:.1g}" if np.isfinite(spread) else "-"
            rows.append((name == report["readout"], label, f"{root:.3g}", shown))
        return head, rows, foot


def seasonal_naive_is_better(errors, readout, rollouts):
    """Return whether the seasonal naive forecast is better by more than a standard error.

    False where it would have to be exact: on a noiseless wave it repeats exact values, and an RMSE
    of a hundredth is good enough.
    """
    kept = errors[readout]
    if "seasonal_naive" not in errors or kept.mean() <= 1e-4:
        return False
    return rollouts.is_better(errors["seasonal_naive"], kept)
