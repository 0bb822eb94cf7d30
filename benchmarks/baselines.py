"""The baselines: forecasts without a network."""

import numpy as np


def naive(series, n_steps):
    """Repeat the last value."""
    return np.full(n_steps, series[-1])


def seasonal_naive(series, n_steps, season):
    """Repeat the last season."""
    return np.resize(series[-season:], n_steps)


def naive2(series, n_steps, season):
    """Repeat the last value of the series less its season, as in the M4 competition.

    Makridakis, Spiliotis and Assimakopoulos (2020), International Journal of Forecasting 36(1): a
    multiplicative season from a centred moving average, where the autocorrelation at the season is
    significant at 90 %.
    """
    factors = np.ones(season)
    if _is_seasonal(series, season):
        trend = np.convolve(series, _moving_average(season), mode="valid")
        lead = season // 2
        ratios = series[lead : lead + len(trend)] / trend
        places = (lead + np.arange(len(ratios))) % season
        factors = np.array([ratios[places == k].mean() for k in range(season)])
        factors /= factors.mean()
    level = series[-1] / factors[(len(series) - 1) % season]
    return level * factors[(len(series) + np.arange(n_steps)) % season]


def _is_seasonal(series, season):
    x = series - series.mean()
    r = np.array([x[k:] @ x[: len(x) - k] for k in range(1, season + 1)]) / (x @ x)
    limit = 1.645 * np.sqrt((1 + 2 * np.sum(r[:-1] ** 2)) / len(x))
    return abs(r[-1]) > limit


def _moving_average(season):
    """Weights of a centred moving average; an even season has half weights at the ends."""
    if season % 2:
        return np.full(season, 1 / season)
    return np.r_[0.5, np.ones(season - 1), 0.5] / season


class Ridge80:
    """AR80: ridge regression on the last values, iterated."""

    def __init__(self, window_length=80, strength=1e-4):
        self.window_length, self.strength = window_length, strength

    def fit(self, series):
        self.mean, self.scale = series.mean(), series.std()
        windows = np.lib.stride_tricks.sliding_window_view(
            (series - self.mean) / self.scale, self.window_length + 1
        )
        x, y = windows[:, :-1], windows[:, -1]
        self.center, self.target = x.mean(axis=0), y.mean()
        x, y = x - self.center, y - self.target
        penalty = self.strength * len(x) * np.mean(x**2) * np.eye(self.window_length)
        self.weights = np.linalg.solve(x.T @ x + penalty, x.T @ y)
        return self

    def forecast(self, contexts, n_steps):
        """Forecast after each of several contexts, (n, window_length)."""
        values = (np.atleast_2d(contexts) - self.mean) / self.scale
        for _ in range(n_steps):
            x = values[:, -self.window_length :]
            new = (x - self.center) @ self.weights + self.target
            values = np.column_stack([values, new])
        return values[:, -n_steps:] * self.scale + self.mean


class NLinear:
    """NLin80: the last values less the last one, straight to all steps, in closed form.

    Zeng, Chen, Zhang and Xu (2023), Are transformers effective for time series forecasting?, AAAI.
    """

    def __init__(self, n_steps, window_length=80, strength=1e-4):
        self.n_steps, self.window_length, self.strength = n_steps, window_length, strength

    def fit(self, series):
        windows = np.lib.stride_tricks.sliding_window_view(
            series, self.window_length + self.n_steps
        )
        x, y = windows[:, : self.window_length], windows[:, self.window_length :]
        level = x[:, -1:]
        x = np.column_stack([x - level, np.ones(len(x))])
        penalty = self.strength * len(x) * np.mean(x[:, :-1] ** 2) * np.eye(x.shape[1])
        penalty[-1, -1] = 0
        self.weights = np.linalg.solve(x.T @ x + penalty, x.T @ (y - level))
        return self

    def forecast(self, contexts):
        """Forecast after each of several contexts, (n, window_length)."""
        x = np.atleast_2d(contexts)[:, -self.window_length :]
        level = x[:, -1:]
        return np.column_stack([x - level, np.ones(len(x))]) @ self.weights + level
