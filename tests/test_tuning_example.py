"""What examples/plot_03_tuning.py must show."""

import runpy
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

EXAMPLE = Path(__file__).parents[1] / "examples" / "plot_03_tuning.py"


@pytest.mark.slow
def test_candidates_differ_in_the_error_of_many_steps_but_not_of_one(capsys):
    names = runpy.run_path(str(EXAMPLE), run_name="__main__")
    one, many = names["one"], names["many"]
    assert one.max() < 1.25 * one.min()
    assert many.max() > 1.5 * many.min()
    best, worst = (
        result.scores["mean_absolute_error"]["model"] for result in names["backtests"].values()
    )
    assert best < worst / 1.5
    naive = names["backtests"][names["best"]].scores["mean_absolute_error"]["naive"]
    assert best < naive / 2
    assert "error of 1 step  of 24 steps" in capsys.readouterr().out
    labels = [line.get_label() for line in names["display"].ax_[0].lines]
    assert labels == ["Model", "Naive", "Seasonal naive", f"Windows of {names['worst']}"]
    plt.close("all")
