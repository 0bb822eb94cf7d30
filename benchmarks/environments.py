"""Virtual environments for packages that a benchmark compares with, made once and kept."""

import json
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = HERE.parent / ".peers"


def make_environment(name, folder=FOLDER):
    """Return the Python of an environment, made from its file in `requirements/` if need be."""
    python = folder / name / "bin" / "python"
    if not (folder / name / "complete").exists():
        venv.create(folder / name, with_pip=True, clear=True)
        requirements = HERE / "requirements" / f"{name}.txt"
        install = [python, "-m", "pip", "install", "--quiet", "-r", requirements]
        subprocess.run(install, check=True, cwd=HERE.parent)
        (folder / name / "complete").touch()
    return python


def last_line(command, **options):
    """Run a command; return its last line, which is JSON, or None where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
        return None
    return json.loads(done.stdout.splitlines()[-1])
