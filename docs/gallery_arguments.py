"""Order of the gallery, and the arguments that its scripts are given while the site is built."""

from pathlib import Path


def arguments(gallery_conf, script_vars):
    """Cut the tutorial's own recipe short: as written it trains for five minutes."""
    script = Path(script_vars["src_file"]).name
    return ["--epochs", "3"] if script == "plot_02_tutorial_recipe.py" else []


class PicturesFirst:
    """Sort by name, and scripts that are shown without being run behind the others."""

    def __init__(self, src_dir):
        """Take the folder, as Sphinx-Gallery asks; nothing of it is needed."""

    def __call__(self, filename):
        """Return what to sort by."""
        return not filename.startswith("plot_"), filename
