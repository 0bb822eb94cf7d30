"""What a fit says of itself: a text, a table, a line, and a warning."""

import re

import numpy as np
import pytest
from helpers import warnings_of

from skwave import LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave._rollout import RollOuts
from skwave._summary import FitSummary, seasonal_naive_is_better

REPORT = {
    "n_series": 2,
    "n_values": 4000,
    "n_channels": 3,
    "n_known": 0,
    "n_missing": 0,
    "n_windows": 3842,
    "window_length": 80,
    "units": "64, 32",
    "n_epochs": 5,
    "n_updates": 1100,
    "seconds": 3.14159,
    "n_origins": 16,
    "n_steps": 80,
    "errors": {
        "linear": [0.16, 0.08],
        "ridge 1e-04": [0.04, 0.004],
        "naive": [1.0, 0.02],
        "seasonal_naive": [0.0, 0.0],
    },
    "season_length": 24,
    "seasonal_naive_is_better": True,
    "readout": "ridge 1e-04",
    "reason": "better than <the default>",
    "lstm_fraction": 0.4567,
    "values": "held-out values",
    "n_new_windows": 12,
}


# --- A known report -----------------------------------------------------------------------------


def test_the_text_of_a_known_report():
    head, foot = repr(FitSummary(REPORT)).split("forecast  ")[0], repr(FitSummary(REPORT))
    assert head.startswith("2 series, 4,000 values of 3 channels: 3,842 windows of 80\n")
    assert "Then 12 windows by partial_fit" in head
    assert "LSTM of 64, 32 units: 5 epochs, 1,100 updates, 3.1 s in all" in head
    assert "80 steps from 16 origins" in head
    assert "ridge 1e-04 (better than <the default>)" in foot
    assert "45.7%" in foot


def table_of(text):
    """Return the rows of a text: whether it is marked, name, error and standard error."""
    lines = text.splitlines()
    rows = [re.split(" {2,}", line[2:]) for line in lines if line[:2] in ("  ", "* ")]
    marks = [line[0] == "*" for line in lines if line[:2] in ("  ", "* ")]
    assert rows[0] == ["forecast", "RMSE", "std. error"]
    return [(mark, *row) for mark, row in zip(marks[1:], rows[1:], strict=True)]


def test_the_table_of_a_known_report_is_sorted_by_error_and_marks_what_is_kept():
    # The root of an error, and the standard error over twice this root.
    assert table_of(repr(FitSummary(REPORT))) == [
        (False, "seasonal naive (24)", "0", "0"),
        (True, "ridge 1e-04", "0.2", "0.01"),
        (False, "linear", "0.4", "0.1"),
        (False, "naive", "1", "0.01"),
    ]


def test_the_columns_of_the_text_are_aligned():
    lines = [x for x in repr(FitSummary(REPORT)).splitlines() if re.search(r"\S {4,}\S", x)]
    assert len(lines) == 5
    assert len({len(line) for line in lines}) == 1


def test_the_html_of_a_known_report_has_the_same_rows():
    html = FitSummary(REPORT)._repr_html_()
    rows = re.findall(r"<tr>(.*?)</tr>", html)
    assert len(rows) == 5
    cells = [re.findall(r"<t[hd]>(.*?)</t[hd]>", row) for row in rows[1:]]
    expected = [[*cells] for _, *cells in table_of(repr(FitSummary(REPORT)))]
    assert cells == expected
    # What is kept stands out, and what looks like a tag is none.
    (kept,) = (row for row in rows[1:] if "<th>" in row)
    assert "ridge 1e-04" in kept
    assert "better than &lt;the default&gt;" in html
    assert "<the" not in html


def test_the_line_of_a_known_report():
    line = FitSummary(REPORT).line
    assert "\n" not in line
    for part in ("64, 32 units", "1100 updates", "3.1 s", "'ridge 1e-04'", "RMSE 0.2 "):
        assert part in line


# --- A fit --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def noisy():
    rng = np.random.default_rng(0)
    return np.sin(2 * np.pi * np.arange(240) / 12) + 0.1 * rng.normal(size=240)


@pytest.fixture(scope="module")
def fitted_on_noise(noisy):
    return LSTMForecaster(6, epochs=2, random_state=0).fit(
        WindowTransformer(24).fit_transform(noisy)
    )


@pytest.fixture(scope="module")
def trained_on_noise(noisy):
    """A readout that was hardly trained: the seasonal naive forecast is better."""
    found = []
    forecaster = LSTMForecaster(6, epochs=1, readout="trained", random_state=0)
    windows = WindowTransformer(24).fit_transform(noisy)
    found += warnings_of(forecaster.fit, windows)
    return forecaster, found


def test_the_summary_of_a_fit_says_what_was_kept_and_agrees_with_the_validation_errors(
    fitted_on_noise,
):
    errors = fitted_on_noise.validation_errors_
    rows = table_of(repr(fitted_on_noise.summary()))
    (kept,) = (row for row in rows if row[0])
    assert kept[1] == fitted_on_noise.readout_
    labels = {name.replace("_", " "): error for name, error in errors.items()}
    labels["seasonal naive (12)"] = labels.pop("seasonal naive")
    assert {row[1] for row in rows} == labels.keys()
    for _, label, error, _ in rows:
        assert float(error) == pytest.approx(np.sqrt(labels[label]), rel=0.005)
    assert {"linear", "naive"} <= errors.keys()


def test_the_summary_of_a_fit_counts_windows_epochs_and_updates(fitted_on_noise):
    text = repr(fitted_on_noise.summary())
    assert "1 series, 240 values of 1 channel: 217 windows of 24" in text
    # 216 windows with a target, 151 of them trained on in batches of 32.
    assert "LSTM of 6 units: 2 epochs, 10 updates" in text
    assert fitted_on_noise.summary().line.count(fitted_on_noise.readout_) == 1


def test_the_summary_of_a_short_series_says_that_there_is_nothing_to_choose_by(noisy):
    windows = WindowTransformer(24).fit_transform(noisy[:80])
    text = repr(LSTMForecaster(6, epochs=2, random_state=0).fit(windows).summary())
    assert re.search(r"std. error\n.* -\n", text)
    assert "(the strongest penalty, as the values held out are too few to choose by)" in text


def test_the_summary_counts_missing_values_and_windows_without_them(noisy):
    series = noisy.copy()
    # A gap of three is too long to be filled in windows of 24; a single value is filled.
    series[[50, 51, 52, 100]] = np.nan
    windows = WindowTransformer(24).fit_transform(series)
    text = repr(LSTMForecaster(6, epochs=2, random_state=0).fit(windows).summary())
    # Those that reach into the long gap, and the one that ends with the single value, are left out.
    assert f"240 values (4 missing) of 1 channel: {217 - 26 - 1} windows of 24" in text


def test_the_summary_of_a_trained_readout_names_it(trained_on_noise):
    forecaster, _ = trained_on_noise
    (kept,) = (row for row in table_of(repr(forecaster.summary())) if row[0])
    assert kept[1] == forecaster.readout_ == "trained"


def test_a_fit_with_given_targets_has_no_summary(noisy):
    windows = WindowTransformer(24).fit_transform(noisy)
    forecaster = LSTMForecaster(6, epochs=1, random_state=0).fit(windows, np.arange(217.0))
    with pytest.raises(ValueError, match="this was a fit with y"):
        forecaster.summary()
    assert forecaster.validation_errors_ == {}


def test_the_summary_of_a_pipeline_is_that_of_its_forecaster(noisy):
    model = make_forecast_pipeline(
        WindowTransformer(24), LSTMForecaster(6, epochs=1, random_state=0)
    ).fit(noisy)
    assert repr(model.summary()) == repr(model[-1].summary())


def test_a_fit_prints_one_line_if_it_is_verbose(noisy, capsys):
    windows = WindowTransformer(24).fit_transform(noisy)
    forecaster = LSTMForecaster(6, epochs=1, random_state=0, verbose=2).fit(windows)
    assert capsys.readouterr().out.splitlines()[-1] == forecaster.summary().line


# --- The warning --------------------------------------------------------------------------------


def warning_of(naive, kept, n_independent=100):
    rollouts = RollOuts(np.zeros((2, 1)), np.array([1]), 1, 1, n_independent)
    errors = {"seasonal_naive": np.array(naive), "ridge": np.array(kept)}
    forecaster = LSTMForecaster()
    forecaster._report = REPORT | {
        "seasonal_naive_is_better": seasonal_naive_is_better(errors, "ridge", rollouts),
        "errors": {name: [e.mean(), 0.0] for name, e in errors.items()},
        "readout": "ridge", "season_length": 12,
    }  # fmt: skip
    return warnings_of(forecaster._print_and_warn)


def test_a_better_seasonal_naive_forecast_is_warned_of():
    (message,) = warning_of([0.04, 0.04, 0.04], [0.16, 0.16, 0.16])
    assert message.startswith("The seasonal naive forecast is better: ")
    assert "0.2 standard deviations" in message
    assert "0.4" in message
    assert "season is of 12 values" in message


def test_a_seasonal_naive_forecast_that_may_be_better_by_chance_is_not_warned_of():
    assert warning_of([0.1, 0.3, 0.2], [0.2, 0.2, 0.21], n_independent=3) == []
    assert warning_of([0.1, 0.1, 0.1], [0.2, 0.2, 0.2], n_independent=1) == []
    assert warning_of([0.2, 0.2, 0.2], [0.1, 0.1, 0.1]) == []


def test_exact_forecasts_are_not_warned_of():
    # Repeating the season of a noiseless wave is exact; an RMSE of a hundredth is good enough.
    assert warning_of([0.0, 0.0, 0.0], [9e-5, 9e-5, 9e-5]) == []
    assert len(warning_of([0.0, 0.0, 0.0], [2e-4, 2e-4, 2e-4])) == 1


def test_a_series_without_a_season_is_not_warned_of():
    rollouts = RollOuts(np.zeros((2, 1)), np.array([1]), 1, 1, 100)
    errors = {"naive": np.zeros(3), "ridge": np.ones(3)}
    assert not seasonal_naive_is_better(errors, "ridge", rollouts)


def test_a_fit_worse_than_the_seasonal_naive_forecast_warns(trained_on_noise):
    forecaster, found = trained_on_noise
    errors = forecaster.validation_errors_
    assert errors["seasonal_naive"] < 0.5 * errors["trained"]
    (message,) = found
    assert message.startswith("The seasonal naive forecast is better: ")
    assert "season is of 12 values" in message


def test_fits_that_are_exact_or_better_do_not_warn(noisy, fitted_on_noise):
    wave = np.sin(2 * np.pi * np.arange(240) / 12)
    exact = LSTMForecaster(30, random_state=0)
    windows = WindowTransformer(24).fit_transform(wave)
    assert warnings_of(exact.fit, windows) == []
    # Although repeating the season is even closer, as it knows the wave in float64.
    errors = exact.validation_errors_
    assert errors["seasonal_naive"] < errors[exact.readout_] < 1e-10
