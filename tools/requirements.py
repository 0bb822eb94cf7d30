"""Print what an environment for the tests needs, one a line, as pyproject.toml declares it.

    python tools/requirements.py [--oldest] [--backend jax]

`--oldest` prints the lowest version of everything. `--backend` prints that backend of Keras in
place of TensorFlow.
"""

import argparse
import tomllib
from pathlib import Path

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--oldest", action="store_true")
parser.add_argument("--backend", choices=["jax", "torch"])
options = parser.parse_args()
declared = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
requirements = declared["project"]["dependencies"]
if options.backend:
    requirements = [r for r in requirements if not r.startswith("tensorflow")]
    requirements += declared["project"]["optional-dependencies"][options.backend]
for requirement in requirements + declared["dependency-groups"]["test"]:
    print(requirement.replace(">=", "==") if options.oldest else requirement)
