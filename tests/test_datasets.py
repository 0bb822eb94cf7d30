import numpy as np
import pytest

from skwave.datasets import make_mackey_glass, make_wave


def test_sine_repeats_and_is_as_long_as_in_the_tutorial():
    wave = make_wave("sine")
    assert wave.shape == (4000,)
    np.testing.assert_allclose(wave[80:], wave[:-80], atol=1e-12)
    assert wave[20] == pytest.approx(1)


def test_compound_wave_has_the_right_values_at_known_points():
    wave = make_wave("compound")
    assert wave.shape == (16000,)
    # At t = 0 the sine is 0 and the cosine 1; at t = 40 (half a cycle) the cosine is -1.
    assert wave[0] == pytest.approx(-5)
    assert wave[40] == pytest.approx(5)
    assert wave.std() == pytest.approx(np.sqrt((9 + 25) / 2))


def test_noise_is_a_fraction_of_the_standard_deviation():
    clean, noisy = make_wave("compound"), make_wave("compound", noise=0.05, random_state=0)
    assert (noisy - clean).std() == pytest.approx(0.05 * clean.std(), rel=0.02)


def test_random_state_decides_and_the_global_generator_is_left_alone():
    before = np.random.get_state()[1].copy()
    a, b = (make_wave("sine", noise=0.1, random_state=3) for _ in range(2))
    np.testing.assert_array_equal(a, b)
    assert (make_wave("sine", noise=0.1) != make_wave("sine", noise=0.1)).all()
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_mackey_glass_follows_its_equation():
    # Euler steps of 0.1 against a midpoint rule over one unit: a coarse, independent check.
    x = make_mackey_glass(2000, random_state=0)
    late = (x[:-18] + x[1:-17]) / 2
    slope = 0.2 * late / (1 + late**10) - 0.1 * (x[17:-1] + x[18:]) / 2
    np.testing.assert_allclose(x[18:] - x[17:-1], slope, atol=0.01)
    assert 0.2 < x.min() < 0.5
    assert 1.2 < x.max() < 1.5


def test_a_linear_model_forecasts_mackey_glass_well_and_the_naive_forecast_does_not():
    x = make_mackey_glass(1500, random_state=1)
    lags = np.lib.stride_tricks.sliding_window_view(x, 20)[:-1]
    coefficients = np.linalg.lstsq(lags[:1000], x[20:1020], rcond=None)[0]
    error = np.std(lags[1000:] @ coefficients - x[1020:])
    assert error < 0.01 * x.std()
    # Half a swing ahead, the last value says less than the mean.
    assert np.std(x[25:] - x[:-25]) > x.std()


def test_other_seeds_give_other_mackey_glass_series():
    a, b = (make_mackey_glass(3000, random_state=k) for k in (0, 1))
    assert np.abs(a - b).max() > 0.3


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: make_wave("square"), "kind='square'"),
        (lambda: make_wave("sine", n_cycles=0), "n_cycles=0"),
        (lambda: make_wave("sine", steps_per_cycle=0), "steps_per_cycle=0"),
        (lambda: make_wave("sine", noise=-1), "noise=-1"),
        (lambda: make_wave("sine", noise=np.nan), "noise=nan"),
        (lambda: make_wave("sine", random_state="a"), "cannot be used to seed"),
        (lambda: make_mackey_glass(0), "n=0"),
        (lambda: make_mackey_glass(10, tau=0), "tau=0"),
    ],
)
def test_parameters_out_of_range_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
