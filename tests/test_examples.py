"""The scripts of the gallery with short training: they run, and their pictures are labelled."""

import json
import re
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import nbclient
import nbformat
import numpy as np
import pytest

from skwave.datasets import make_wave

FOLDER = Path(__file__).parents[1] / "examples"
EXAMPLES = sorted(FOLDER.glob("plot_*.py"))
# Those that train the network of the tutorial, or search; they have tests of their own.
LONG = {"plot_01_tutorial.py", "plot_02_tutorial_recipe.py", "plot_03_tuning.py"}
# What is made shorter beside the training.
SHORTER = {
    "plot_06_several_series": {"WINDOW, N_STEPS": (24, 48)},
    "plot_08_serving": {"STARTS": 1},
    "plot_11_known_inputs": {"WEEKS": 5},
}
# One example draws how long a new process takes to import Keras: it is given another module.
SLOW, QUICKER = 'seconds("import keras")', 'seconds("import json")'


def source(path, **changes):
    """Return a script with other values for the constants at its top."""
    text = path.read_text()
    for name, value in changes.items():
        text, found = re.subn(rf"^{name} = [^#\n]+", f"{name} = {value!r} ", text, flags=re.M)
        assert found == 1, f"{path.name} has no constant {name}"
    return text


@pytest.fixture(autouse=True)
def _close_pictures():
    plt.close("all")  # those of others
    yield
    plt.close("all")


@pytest.mark.parametrize("path", [p for p in EXAMPLES if p.name not in LONG], ids=lambda p: p.stem)
def test_example_runs_and_its_pictures_have_titles_labels_and_legends(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    quick = {"EPOCHS": 1} | SHORTER.get(path.stem, {})
    text = source(path, **quick)
    assert (SLOW in text) == (path.stem == "plot_08_serving")
    text = text.replace(SLOW, QUICKER)
    # Fewer units, whose readout is solved for sooner.
    text = re.sub(r"(LSTMForecaster\((units=)?)\d+", r"\g<1>8", text)
    exec(compile(text, path, "exec"), {"__name__": "__main__"})
    figures = [plt.figure(number) for number in plt.get_fignums()]
    assert figures
    for figure in figures:
        titles = [ax.get_title() for ax in figure.axes]
        assert any(titles), "no title"
        for ax in figure.axes:
            assert any(other.get_xlabel() for other in ax.get_shared_x_axes().get_siblings(ax))
            assert ax.get_ylabel() or [label.get_text() for label in ax.get_yticklabels()]
        several = [ax for ax in figure.axes if len(ax.lines) > 1]
        assert not several or any(ax.get_legend() for ax in several), "no legend"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_example_is_short_and_has_a_heading(path):
    text = path.read_text()
    assert len(text.splitlines()) < (100 if "tutorial" in path.name else 80)
    assert re.match(r'"""\n.+\n=+\n\n', text)


def test_examples_have_different_numbers_and_none_is_missing():
    numbers = [int(path.stem.split("_")[1]) for path in EXAMPLES]
    assert len(set(numbers)) == len(numbers)
    assert set(range(4, 11)) <= set(numbers)


@pytest.mark.parametrize("others", [[], ["-f", "kernel.json"], ["--f=kernel.json"]])
def test_the_recipe_takes_arguments_in_a_terminal_and_in_a_notebook(others, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["script", "--train", "--epochs", "3", *others])
    head, _, _ = (FOLDER / "plot_02_tutorial_recipe.py").read_text().partition("# %%")
    names = {}
    exec(head, names)
    assert names["options"].train
    assert names["options"].epochs == 3
    assert names["options"].folder == Path("result")


def test_the_recipe_shows_the_stored_run(monkeypatch, capsys):
    """Its network is not trained: that takes minutes. The errors are computed from its forecast."""
    monkeypatch.chdir(FOLDER)
    monkeypatch.setattr(sys, "argv", ["script"])
    script = source(FOLDER / "plot_02_tutorial_recipe.py")
    exec(script, {"__name__": "__main__"})
    run = json.loads((FOLDER / "tutorial_recipe.json").read_text())
    assert len(run["loss"]) == len(run["val_loss"]) > 50
    assert np.argmin(run["val_loss"]) == run["best_epoch"]
    test = make_wave("sine", n_cycles=53)[4000:4200]
    error = np.sqrt(np.mean((run["forecast"] - test) ** 2)) / test.std()
    assert error > 0.5
    assert f"NRMSE over 200 steps {error:.2f}" in capsys.readouterr().out
    n_epochs = len(run["loss"])
    assert f"after {n_epochs} epochs, and its forecast has an NRMSE of {error:.2f}" in script


def test_the_recipe_trains_with_the_original_settings(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["script", "--train", "--epochs", "2"])
    text = source(FOLDER / "plot_02_tutorial_recipe.py").replace("units=300", "units=2")
    names = {"__name__": "__main__"}
    exec(text, names)
    run = json.loads((tmp_path / "result" / "tutorial_recipe.json").read_text())
    assert len(run["loss"]) == 2
    assert len(run["forecast"]) == 200
    assert list((tmp_path / "result").glob("model*.keras"))


def outputs(notebook, kind):
    return [
        output.get("data", output).get(kind, "")
        for cell in notebook.cells
        for output in cell.get("outputs", [])
    ]


def test_examples_need_no_screen():
    code = "import matplotlib.pyplot as plt; plt.figure(); print(plt.get_backend())"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={}
    )
    assert done.stdout.strip().lower() == "agg"


TUTORIAL = FOLDER / "tutorial.ipynb"


@pytest.mark.slow
def test_the_tutorial_notebook_runs_and_shows_pictures_progress_and_the_model(tmp_path):
    notebook = nbformat.read(TUTORIAL, as_version=4)
    # A smaller network, shorter waves and windows, progress bars in place of lines, fewer fits of
    # the search.
    for text, quicker in (
        ("UNITS = 300", "UNITS = 16"),
        ("WindowTransformer(80)", "WindowTransformer(22)"),
        ("wave[:4000], wave[4000:4200]", "wave[:800], wave[800:1000]"),
        ("wave[:16000], wave[16000:16200]", "wave[:800], wave[800:1000]"),
        ("verbose=2", "verbose=1"),
        ("ForecastSplit(3", "ForecastSplit(1"),
        ("[22, 33]", "[22]"),
    ):
        assert any(text in cell.source for cell in notebook.cells)
        for cell in notebook.cells:
            cell.source = cell.source.replace(text, quicker)
    notebook.cells.append(nbformat.v4.new_code_cell("model"))
    where = {"metadata": {"path": tmp_path}}
    nbclient.NotebookClient(notebook, timeout=300, resources=where).execute()  # raises errors
    assert list(tmp_path.iterdir()) == []
    text = "".join(outputs(notebook, "text"))
    assert "same forecast: True" in text
    assert re.search(r"Epoch 2/\d+", text)
    assert "val_loss" in text
    assert len([png for png in outputs(notebook, "image/png") if png]) >= 4
    (html,) = (out["data"]["text/html"] for out in notebook.cells[-1].outputs)
    for shown in ("ForecastPipeline", "WindowTransformer", "LSTMForecaster", "units"):
        assert shown in html, shown


def test_the_tutorial_notebook_is_stored_with_its_outputs():
    notebook = nbformat.read(TUTORIAL, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert len([png for png in outputs(notebook, "image/png") if png]) >= 4
    texts = "".join(outputs(notebook, "text") + outputs(notebook, "text/html"))
    assert "LSTM of 300 units" in texts
    assert "same forecast: True" in texts
    kinds = {out.get("name") for cell in code for out in cell.outputs}
    assert "stderr" not in kinds  # no warnings, and no red lines
    without_pictures = re.sub(r'"image/png": "[^"]*"', "", TUTORIAL.read_text())
    assert not re.search(r"object at 0x|/home/|/tmp/|/root/", without_pictures)
