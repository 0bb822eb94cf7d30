"""Quantiles of paths: ranks, coverage, and what is refused."""

import numpy as np
import pytest

from skwave._intervals import (
    check_coverage,
    check_fractions,
    check_n_paths,
    path_quantiles,
)

NINETEEN = np.random.default_rng(0).permutation(np.arange(1.0, 20.0))


def paths_of(values):
    """Return one context's paths of one step and one channel."""
    return np.reshape(values, (1, -1, 1, 1))


# --- Quantiles --------------------------------------------------------------------------------


def test_of_nineteen_paths_the_least_and_the_largest_bound_an_interval_of_ninety_percent():
    bounds = path_quantiles(paths_of(NINETEEN), check_coverage(0.9))
    np.testing.assert_array_equal(bounds, [[[[1, 19]]]])
    # (19 + 1) * 0.75 = 15, and (19 + 1) * 0.25 = 5.
    bounds = path_quantiles(paths_of(NINETEEN), check_coverage(0.5))
    np.testing.assert_array_equal(bounds, [[[[5, 15]]]])


@pytest.mark.parametrize(("probability", "expected"), [(0.07, 1), (0.1, 2), (0.5, 10), (0.93, 19)])
def test_a_quantile_that_falls_between_two_paths_is_the_outer_one(probability, expected):
    value = path_quantiles(paths_of(NINETEEN), check_fractions(probability, "quantiles"))
    assert value.shape == (1, 1, 1)
    assert value.item() == expected


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9])
@pytest.mark.parametrize("n_paths", [19, 60])
def test_a_new_value_is_within_as_often_as_promised(coverage, n_paths):
    rng = np.random.default_rng(1)
    # Skewed residuals: lower and upper bounds are taken apart.
    values = rng.exponential(size=(20_000, n_paths + 1))
    lower, upper = path_quantiles(values[:, :-1, None, None], check_coverage(coverage))[:, 0, 0].T
    below, above = (values[:, -1] < lower).mean(), (values[:, -1] > upper).mean()
    for outside in (below, above):
        # Never more than promised, and less by the step from one rank to the next at most.
        assert outside <= (1 - coverage) / 2 + 0.006
        assert outside >= (1 - coverage) / 2 - 1 / (n_paths + 1) - 0.006


def test_steps_and_channels_have_quantiles_of_their_own_and_coverages_are_nested():
    paths = np.random.default_rng(0).normal(size=(3, 50, 4, 2))
    bounds = path_quantiles(paths, check_coverage([0.5, 0.9]))
    assert bounds.shape == (3, 4, 2, 2, 2)
    for c, coverage in enumerate([0.5, 0.9]):
        alone = path_quantiles(paths[[1]][:, :, [2]][..., [1]], check_coverage(coverage))
        np.testing.assert_array_equal(bounds[1, 2, 1, c], alone[0, 0, 0])
    narrow, wide = bounds[..., 0, :], bounds[..., 1, :]
    assert (wide[..., 0] <= narrow[..., 0]).all()
    assert (narrow[..., 1] <= wide[..., 1]).all()


def test_quantiles_never_cross():
    paths = np.random.default_rng(0).normal(size=(2, 30, 5, 1))
    quantiles = path_quantiles(paths, np.linspace(0.04, 0.96, 40))
    assert (np.diff(quantiles, axis=-1) >= 0).all()


# --- What is refused --------------------------------------------------------------------------


@pytest.mark.parametrize("coverage", [90, 1, 0, -0.1, [0.5, 95], float("nan")])
def test_a_coverage_that_is_no_fraction_is_refused(coverage):
    with pytest.raises(ValueError, match="coverage=.*but a fraction between 0 and 1"):
        check_coverage(coverage)


def test_a_coverage_in_percent_is_translated():
    with pytest.raises(ValueError, match=r"For 90 % give 0\.9\."):
        check_coverage(90)
    with pytest.raises(ValueError, match=r"coverage=1\.0, but .* is needed\.$"):
        check_coverage(1.0)


@pytest.mark.parametrize("coverage", ["90 %", None, True, [], [[0.5, 0.9]], [0.5, "0.9"]])
def test_a_coverage_that_is_no_number_is_refused(coverage):
    with pytest.raises(TypeError, match="coverage=.*or a list of them"):
        check_coverage(coverage)


@pytest.mark.parametrize(("coverage", "needed"), [(0.8, 9), (0.9, 19), (0.95, 39), (0.99, 199)])
def test_too_few_paths_are_an_error_that_names_both_numbers(coverage, needed):
    probabilities = check_coverage(coverage)
    check_n_paths(probabilities, needed)
    words = (
        f"coverage of {coverage}, .* at least {needed} residual paths, but there are {needed - 1}"
    )
    with pytest.raises(ValueError, match=words) as caught:
        check_n_paths(probabilities, needed - 1)
    advised = float(str(caught.value).split("at most ")[1].split(",")[0])
    check_n_paths(check_coverage(advised), needed - 1)


def test_without_enough_paths_for_any_interval_only_calibrate_is_advised():
    with pytest.raises(ValueError, match="there are 0. Call calibrate"):
        check_n_paths(check_coverage(0.5), 0)
