"""Order of the gallery."""


class PicturesFirst:
    """Sort by name, and scripts that are shown without being run behind the others."""

    def __init__(self, src_dir):
        """Take the folder, as Sphinx-Gallery asks; nothing of it is needed."""

    def __call__(self, filename):
        """Return what to sort by."""
        return not filename.startswith("plot_"), filename
