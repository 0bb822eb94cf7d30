"""Example series: generated ones, and the yearly sunspots."""

from importlib.resources import files
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from skwave._validation import check_positive_int, make_random_state

__all__ = ["load_sunspots", "make_mackey_glass", "make_wave"]

_DEFAULT_CYCLES = {"sine": 50, "compound": 200}


def make_wave(
    kind: Literal["sine", "compound"],
    *,
    n_cycles: int | None = None,
    steps_per_cycle: int = 80,
    noise: float = 0.0,
    random_state: int | np.random.RandomState | None = None,
) -> NDArray[np.float64]:
    """Make a wave that repeats exactly.

    Parameters
    ----------
    kind : {"sine", "compound"}
        Wave: ``"sine"`` is sin(2πt/T); ``"compound"`` is 3 sin(5·2πt/T) − 5 cos(3·2πt/T).
    n_cycles : int or None, default=None
        Cycles; None makes 50 of the sine and 200 of the compound wave.
    steps_per_cycle : int, default=80
        Values in a cycle, T.
    noise : float, default=0.0
        Standard deviation of Gaussian noise that is added, as a fraction of the wave's own.
    random_state : int, RandomState instance or None, default=None
        Source of the noise.

    Returns
    -------
    ndarray of shape (n_cycles * steps_per_cycle,)
        The wave at t = 0, 1, 2 and so on.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    TypeError
        If a number of values or cycles is not an int.

    Examples
    --------
    >>> from skwave.datasets import make_wave
    >>> make_wave("sine", n_cycles=1, steps_per_cycle=4).round(6) + 0.0
    array([ 0.,  1.,  0., -1.])
    """
    if kind not in _DEFAULT_CYCLES:
        raise ValueError(f"kind={kind!r}, but one of {list(_DEFAULT_CYCLES)} is needed.")
    if not noise >= 0:
        raise ValueError(f"noise={noise!r}, but a number of at least 0 is needed.")
    n_cycles = _DEFAULT_CYCLES[kind] if n_cycles is None else n_cycles
    n_cycles = check_positive_int(n_cycles, "n_cycles")
    steps_per_cycle = check_positive_int(steps_per_cycle, "steps_per_cycle")
    phase = 2 * np.pi * np.arange(n_cycles * steps_per_cycle) / steps_per_cycle
    wave = np.sin(phase) if kind == "sine" else 3 * np.sin(5 * phase) - 5 * np.cos(3 * phase)
    generator = make_random_state(random_state)
    return wave + generator.normal(scale=noise * wave.std(), size=wave.shape) if noise else wave


def make_mackey_glass(
    n: int, *, tau: int = 17, random_state: int | np.random.RandomState | None = None
) -> NDArray[np.float64]:
    """Make a chaotic series: the Mackey-Glass equation, sampled at unit intervals.

    Parameters
    ----------
    n : int
        Values of the series.
    tau : int, default=17
        Delay, in units of the sampling interval. The series is chaotic from about 17 on.
    random_state : int, RandomState instance or None, default=None
        Source of the initial values.

    Returns
    -------
    ndarray of shape (n,)
        The series, between about 0.2 and 1.4.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    TypeError
        If a number of values or cycles is not an int.

    Notes
    -----
    x'(t) = 0.2 x(t − τ) / (1 + x(t − τ)¹⁰) − 0.1 x(t), integrated by Euler's method with a step of
    0.1. Every tenth value is kept, after the first 1,000 of these, over which the initial values
    1.2 + u with u uniform in [−0.1, 0.1) lose their influence.

    References
    ----------
    Mackey, M. C. and Glass, L. (1977). Oscillation and chaos in physiological control systems.
    Science 197(4300), 287–289.

    Examples
    --------
    >>> from skwave.datasets import make_mackey_glass
    >>> make_mackey_glass(500, random_state=0).shape
    (500,)
    """
    per_unit, burn_in = 10, 1000
    delay = check_positive_int(tau, "tau") * per_unit
    n_steps = (check_positive_int(n, "n") + burn_in) * per_unit
    # Plain floats: in a loop they are several times faster than elements of an array.
    x = (1.2 + make_random_state(random_state).uniform(-0.1, 0.1, size=delay)).tolist()
    for t in range(delay, delay + n_steps):
        late, now = x[t - delay], x[t - 1]
        x.append(now + (0.2 * late / (1 + late**10) - 0.1 * now) / per_unit)
    return np.array(x[delay + burn_in * per_unit :: per_unit])


def load_sunspots(*, as_frame: bool = False) -> Any:
    """Load the yearly number of sunspots from 1700 to 2008.

    Parameters
    ----------
    as_frame : bool, default=False
        Whether to return a pandas Series with the years as its index.

    Returns
    -------
    ndarray or Series of shape (309,)
        The mean sunspot number of each year, without a unit. It rises and falls in about 11 years.

    Notes
    -----
    The file is ``skwave/data/sunspots.csv``, with the columns ``year`` and ``sunspots``. The series
    is in the public domain. It is the international sunspot number of version 1, before its
    recalibration of 2015.

    References
    ----------
    National Geophysical Data Center, yearly sunspot data, as packed by statsmodels under
    ``statsmodels.datasets.sunspots``.

    Examples
    --------
    >>> from skwave.datasets import load_sunspots
    >>> load_sunspots()[:5]
    array([ 5., 11., 16., 23., 36.])
    """
    with files("skwave").joinpath("data", "sunspots.csv").open(encoding="utf-8") as file:
        year, sunspots = np.loadtxt(file, delimiter=",", skiprows=1, unpack=True)
    if not as_frame:
        return sunspots
    import pandas as pd

    return pd.Series(sunspots, index=pd.Index(year.astype(int), name="year"), name="sunspots")
