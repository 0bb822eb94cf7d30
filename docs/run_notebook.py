"""Run examples/tutorial.ipynb and store its outputs: `python docs/run_notebook.py`."""

import re
import tempfile
from pathlib import Path

import nbclient
import nbformat

NOTEBOOK = Path(__file__).parents[1] / "examples" / "tutorial.ipynb"
# What TensorFlow writes when it is imported, which depends on the machine.
START_UP = re.compile(r"^(WARNING: All log messages before absl|[IWE]\d{4} ).*\n?", re.MULTILINE)


def without_start_up(outputs):
    """Return the outputs of a cell without TensorFlow's messages; parts of one text are joined."""
    kept = []
    for output in outputs:
        if output.get("name") == "stderr":
            output["text"] = START_UP.sub("", output["text"])
        if output.get("text") == "":
            continue
        if kept and output.get("name", 0) == kept[-1].get("name"):
            kept[-1]["text"] += output["text"]
        else:
            kept.append(output)
    return kept


if __name__ == "__main__":
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        where = {"metadata": {"path": folder}}
        client = nbclient.NotebookClient(notebook, resources=where, record_timing=False)
        client.execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = without_start_up(cell.outputs)
    notebook.metadata["language_info"] = {"name": "python"}
    nbformat.write(notebook, NOTEBOOK)
