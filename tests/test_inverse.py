import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    MinMaxScaler,
    PowerTransformer,
    StandardScaler,
)

from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave._inverse import check_inverse, check_invertible, invert, inverts_rows, transform

LOG = FunctionTransformer(np.log, inverse_func=np.exp)
DIFFERENCE = FunctionTransformer(
    lambda X: np.diff(X, axis=0, prepend=0), lambda X: np.cumsum(X, axis=0), check_inverse=False
)


class Season(TransformerMixin, BaseEstimator):
    """Subtracts a mean for each position in the season: an inverse that counts positions."""

    def __init__(self, length=20):
        self.length = length

    def fit(self, X, y=None):
        n = self.length
        self.means_ = np.array([np.asarray(X)[k::n].mean(axis=0) for k in range(n)])
        return self

    def transform(self, X):
        return np.asarray(X) - self.means_[np.arange(len(X)) % self.length]

    def inverse_transform(self, X):
        return X + self.means_[np.arange(len(X)) % self.length]


class SeasonalDifference(TransformerMixin, BaseEstimator):
    """Differences from the value a season ago: an inverse that adds up from the beginning."""

    def fit(self, X, y=None):
        self.first_ = np.asarray(X)[:20]
        return self

    def transform(self, X):
        return np.asarray(X)[20:] - np.asarray(X)[:-20]

    def inverse_transform(self, X):
        values = np.concatenate([self.first_, X])
        for k in range(20):
            values[k::20] = np.cumsum(values[k::20], axis=0)
        return values


def fit(series, *steps):
    """Return fitted transformers, and the series as they transform it."""
    transformers, X = [], series
    for step in steps:
        X = step.fit_transform(X)
        transformers.append((type(step).__name__.lower(), step))
    return transformers, transform(transformers, series)


def test_a_step_without_an_inverse_is_named():
    check_invertible([("log", LOG)])
    with pytest.raises(ValueError, match=r"'cut' \(Binarizer\) has no inverse_transform"):
        check_invertible([("log", LOG), ("cut", Binarizer())])


def test_transformed_values_are_columns_of_floats(wave):
    assert transform([], np.arange(3)).shape == (3, 1)
    assert transform([], np.arange(3)).dtype == float
    transformers, transformed = fit(np.exp(wave)[:, None], LOG, StandardScaler())
    np.testing.assert_allclose(transformed[:, 0], (wave - wave.mean()) / wave.std(), atol=1e-12)
    np.testing.assert_allclose(invert(transformers, transformed)[:, 0], np.exp(wave))
    with pytest.raises(ValueError, match="Complex data not supported"):
        transform([], wave + 1j)


@pytest.mark.parametrize(
    ("steps", "alone"),
    [
        ([], True),
        ([LOG], True),
        ([StandardScaler(), PCA()], True),
        ([PowerTransformer()], True),
        ([DIFFERENCE], False),
        ([Season()], False),
        ([LOG, Season()], False),
        ([SeasonalDifference()], False),
    ],
    ids=["none", "log", "rotation", "power", "difference", "season", "log and season", "seasonal"],
)
# PowerTransformer of scikit-learn 1.6 asks its inverse for names that no forecast has.
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_whether_rows_are_inverted_alone_is_found(two_channels, steps, alone):
    series = 200 + two_channels + 0.1 * np.random.default_rng(0).normal(size=(120, 2))
    transformers, transformed = fit(series, *steps)
    assert inverts_rows(transformers, transformed) is alone


def test_a_season_is_found_to_count_positions_wherever_the_series_ends():
    series = np.random.default_rng(0).normal(size=(60, 1))
    for length in (1, 2, 7, 20):
        for end in range(40, 60):
            transformers, transformed = fit(series[:end], Season(length))
            assert inverts_rows(transformers, transformed) is (length == 1)


class Hours(Season):
    """Adds the same number to some of the positions of a day."""

    def transform(self, X):
        return np.asarray(X) - np.resize([0.0] * 8 + [40.0] * 10 + [0.0] * 6, len(X))[:, None]

    def inverse_transform(self, X):
        return np.asarray(X) + np.resize([0.0] * 8 + [40.0] * 10 + [0.0] * 6, len(X))[:, None]


def test_hours_of_the_day_are_found_to_count_positions_wherever_the_series_ends():
    series = np.random.default_rng(0).normal(size=(100, 1))
    for end in range(48, 100):
        transformers, transformed = fit(series[:end], Hours(24))
        assert not inverts_rows(transformers, transformed)


@pytest.mark.parametrize("unit", [1e-12, 1.0, 1e12])
def test_an_inverse_is_checked_in_any_unit(wave, unit):
    series = unit * (3 + wave[:, None])
    for steps in ([], [StandardScaler()], [DIFFERENCE], [Season()], [LOG]):
        check_inverse(*_arguments(series, *steps))
    for step in (FunctionTransformer(lambda X: 2 * X), FunctionTransformer(np.log)):
        with pytest.raises(ValueError, match=r"\['functiontransformer'\].*inverse_func"):
            check_inverse(*_arguments(series, step))


def _arguments(series, *steps):
    transformers, transformed = fit(series, *steps)
    return transformers, series, transformed


def test_a_step_that_leaves_out_a_column_is_refused(two_channels):
    transformers, transformed = fit(two_channels, PCA(1))
    with pytest.raises(ValueError, match=r"make 1 columns of 2.*keep the number"):
        check_inverse(transformers, two_channels, transformed)


def test_an_inverse_that_refuses_is_quoted(wave):
    with pytest.raises(ValueError, match=r"\['simpleimputer'\].*'add_indicator=True'.*gaps are"):
        check_inverse(*_arguments(wave[:, None], SimpleImputer()))


def test_a_step_that_inverts_rows_alone_may_lose_less_than_half_of_the_values(wave):
    scaler = MinMaxScaler(clip=True).fit(wave[:, None])
    for n_lost, fails in ((40, False), (70, True)):
        series = np.where(np.arange(120) < n_lost, 9.0, wave)[:, None]
        arguments = [("scaler", scaler)], series, scaler.transform(series)
        if fails:
            with pytest.raises(ValueError, match="does not give the series back"):
                check_inverse(*arguments)
        else:
            check_inverse(*arguments)


def test_a_step_that_counts_positions_may_lose_no_value(wave):
    series = wave[:, None] + 0.01 * np.arange(120)[:, None]
    clip = FunctionTransformer(
        np.clip, np.copy, kw_args={"a_min": -3, "a_max": 3}, check_inverse=False
    )
    check_inverse(*_arguments(series, clip, Season()))
    series[95] = 60.0
    check_inverse(*_arguments(series, clip))
    with pytest.raises(ValueError, match=r"\['functiontransformer', 'season'\].*does not give"):
        check_inverse(*_arguments(series, clip, Season()))


def test_values_that_come_back_by_chance_do_not_make_an_inverse_right(wave):
    # Three fifths of the values are zero in each season, the same from any beginning.
    days = np.maximum(wave - 0.3, 0) * np.repeat(np.random.default_rng(0).uniform(1, 2, 6), 20)
    transformers, _ = fit(days[:80, None], SeasonalDifference())
    later = days[40:, None]
    transformed = transform(transformers, later)
    assert np.mean(invert(transformers, transformed) == later) > 0.5
    with pytest.raises(ValueError, match="does not give the series back"):
        check_inverse(transformers, later, transformed)


@pytest.mark.parametrize("steps", [[StandardScaler()], [StandardScaler(), PCA()]], ids=["1", "2"])
def test_zeros_come_back_as_rounding_errors(steps):
    rng = np.random.default_rng(0)
    transformers, _ = fit(1000 + 50 * rng.normal(size=(60, 2)), *steps)
    series = 1000 + 50 * rng.normal(size=(40, 2))
    series[:, 1] = 0
    check_inverse(transformers, series, transform(transformers, series))


def test_forecasts_of_rows_that_invert_alone_are_inverted_in_one_call(wave):
    sizes = []
    log = FunctionTransformer(
        np.log, lambda X: sizes.append(len(X)) or np.exp(X), check_inverse=False
    )
    forecaster = LSTMForecaster(units=4, epochs=1, random_state=0)
    model = make_forecast_pipeline(log, WindowTransformer(20), forecaster).fit(np.exp(wave))
    plain = make_forecast_pipeline(WindowTransformer(20), forecaster).fit(wave)
    sizes.clear()
    paths = model.sample_paths(5, n_paths=3, random_state=0)
    assert sizes == [3 * 5]
    expected = np.exp(plain.sample_paths(5, n_paths=3, random_state=0))
    np.testing.assert_allclose(paths, expected, rtol=1e-4)


def test_forecasts_that_depend_on_earlier_values_are_inverted_after_them(wave):
    forecaster = LSTMForecaster(units=4, epochs=1, random_state=0)
    model = make_forecast_pipeline(DIFFERENCE, WindowTransformer(20), forecaster).fit(wave)
    differences = np.diff(wave, prepend=0)
    plain = make_forecast_pipeline(WindowTransformer(20), forecaster).fit(differences)
    for end in (80, 100):
        steps = plain.forecast(10, context=differences[:end])
        forecast = model.forecast(10, context=wave[:end])
        np.testing.assert_allclose(forecast, wave[end - 1] + np.cumsum(steps), atol=1e-9)
