"""Arguments that the scripts of the gallery are given while the site is built."""

from pathlib import Path


def arguments(gallery_conf, script_vars):
    """Cut the tutorial's own recipe short: as written it trains for five minutes."""
    script = Path(script_vars["src_file"]).name
    return ["--epochs", "3"] if script == "plot_02_tutorial_recipe.py" else []
