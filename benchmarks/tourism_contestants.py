"""Forecasts of AutoETS and AutoTheta, in a process of its own; `tourism_earlier.py` starts it.

    python tourism_contestants.py GIVEN.npy TAKEN.npz

GIVEN.npy holds quarterly series, (n_series, n_values). TAKEN.npz gets the 8 quarters that follow,
an array for each method. Nothing but statsforecast is imported.
"""

import sys

import numpy as np
from statsforecast.models import AutoETS, AutoTheta


def forecast_each(model, series):
    """Return the forecasts after each series, (n_series, n_steps)."""
    return np.array([model.forecast(y=one, h=8)["mean"] for one in series])


def main():
    series = np.load(sys.argv[1])
    np.savez(
        sys.argv[2],
        AutoETS=forecast_each(AutoETS(season_length=4), series),
        AutoTheta=forecast_each(AutoTheta(season_length=4), series),
    )


if __name__ == "__main__":
    main()
