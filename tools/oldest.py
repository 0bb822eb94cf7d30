"""Print the lowest version of every dependency that pyproject.toml declares, one a line."""

import tomllib
from pathlib import Path

declared = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
for requirement in declared["project"]["dependencies"] + declared["dependency-groups"]["test"]:
    print(requirement.replace(">=", "=="))
