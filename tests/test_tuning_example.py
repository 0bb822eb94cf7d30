"""What examples/plot_03_tuning.py must show."""

import runpy
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

EXAMPLE = Path(__file__).parents[1] / "examples" / "plot_03_tuning.py"


@pytest.mark.slow
def test_scorers_choose_differently_and_the_choice_by_forecasts_is_better(capsys):
    names = runpy.run_path(str(EXAMPLE), run_name="__main__")
    one, many, chosen = names["one"], names["many"], names["chosen"]
    assert one.argmin() != many.argmin()
    assert many.max() > 1.5 * many.min()
    assert chosen["one step"] != chosen["24 steps"]
    scores = {name: b.scores["mean_absolute_error"] for name, b in names["backtests"].items()}
    assert scores["24 steps"]["model"] < scores["one step"]["model"] / 1.2
    assert scores["24 steps"]["model"] < scores["24 steps"]["naive"] / 2
    assert "error of 1 step  of 24 steps" in capsys.readouterr().out
    labels = [line.get_label() for line in names["display"].ax_[0].lines]
    assert labels == ["Chosen by 24 steps", "Naive", "Seasonal naive", "Chosen by 1 step"]
    plt.close("all")
