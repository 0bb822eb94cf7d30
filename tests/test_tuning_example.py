"""What examples/plot_03_tuning.py must show."""

import runpy
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

EXAMPLE = Path(__file__).parents[1] / "examples" / "plot_03_tuning.py"


@pytest.mark.slow
# Its model is chosen on purpose by the error of one step.
@pytest.mark.filterwarnings("default::skwave.exceptions.ForecastWarning")
def test_the_multi_step_scorer_chooses_no_worse_than_the_one_step_scorer(capsys):
    names = runpy.run_path(str(EXAMPLE), run_name="__main__")
    errors = {
        judge: result.scores["mean_absolute_error"] for judge, result in names["backtests"].items()
    }
    assert errors["forecast"]["model"] <= errors["one_step"]["model"]
    assert errors["forecast"]["model"] < errors["forecast"]["naive"] / 2
    assert "error of 1 step  of 24 steps" in capsys.readouterr().out
    labels = [line.get_label() for line in names["display"].ax_[0].lines]
    assert labels == ["Model", "Naive", "Seasonal naive", "One step's choice"]
    plt.close("all")
