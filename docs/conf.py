"""Configuration of the documentation site; `make docs` builds it."""

import re
import sys
from pathlib import Path

import skwave

sys.path.insert(0, str(Path(__file__).parent))  # for gallery_order

project = "skwave"
author = "The skwave developers"
copyright = "2026, the skwave developers"  # noqa: A001, the name is Sphinx's
version = release = skwave.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "matplotlib.sphinxext.plot_directive",
    "myst_parser",
    "numpydoc",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "auto_examples/**/*.ipynb", "auto_examples/*.ipynb"]
# In docstrings `name` is a link where the name is documented and plain code where it is not.
default_role = "py:obj"

autosummary_generate = True
autodoc_typehints = "none"  # the docstrings say more
toc_object_entries_show_parents = "hide"  # names of methods fit beside the page
smartquotes = False  # defaults are shown with the quotes that Python has
maximum_signature_line_length = 60  # one parameter on each line, so that its default can be read
numpydoc_show_class_members = False  # the template of a class lists its methods

# The pictures of the pages are drawn by the code that stands above them.
plot_include_source = True
plot_html_show_formats = False
plot_html_show_source_link = False
plot_formats = [("png", 110)]

# What the copy button leaves out: prompts, and the output that follows them.
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# The diagrams in the gallery link to this site itself, wherever it stands.
for estimator in (skwave.LSTMForecaster, skwave.ForecastPipeline, skwave.WindowTransformer):
    page = "../api/generated/{estimator_module}.{estimator_name}.html"
    estimator._doc_link_module, estimator._doc_link_template = "skwave", page

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/plot_",
    "within_subsection_order": "gallery_order.PicturesFirst",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "capture_repr": ("_repr_html_",),  # diagrams of models, but no <Legend object at …>
    "write_computation_times": False,  # its page loads scripts from another host
    "remove_config_comments": True,
    "reference_url": {"skwave": None},
    "doc_module": ("skwave",),
    "backreferences_dir": "api/backreferences",
}

html_theme = "pydata_sphinx_theme"
html_title = "skwave"
html_static_path = ["_static"]
html_favicon = "_static/favicon.svg"
html_css_files = ["skwave.css"]
html_copy_source = False
html_context = {"default_mode": "auto"}  # light or dark, as the reader's system is
html_show_sourcelink = False
html_theme_options = {
    "logo": {"image_light": "_static/favicon.svg", "image_dark": "_static/favicon.svg"}
    | {"text": "skwave", "alt_text": "skwave: start page"},
    "navbar_align": "left",
    "header_links_before_dropdown": 6,  # one row on a screen of 1280 pixels
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": {"**": ["page-toc"], "index": []},
}
# Pages without others below them need no list of these.
alone = ("index", "changelog", "installation", "how_it_works", "tutorial", "ja/*", "users_of")
html_sidebars = {page: [] for page in alone}


def skip_what_others_document(app, what, name, obj, skip, options):
    """Leave out what is inherited from scikit-learn, or made by it for metadata routing."""
    function = getattr(obj, "fget", None) or obj
    ours = str(getattr(function, "__module__", "skwave")).startswith("skwave")
    if name == "set_callbacks":  # inherited, and not to be found elsewhere in these pages
        return None
    return None if ours and not re.fullmatch(r"set_\w+_request", name) else True


def keep_the_last_of_each_bar(app, docname, source):
    """Drop the states of Keras's progress bar that the next one overwrites with backspaces."""
    if docname.startswith("auto_examples/"):
        source[0] = re.sub(r"^.*\x08 *\n(?: *\n)?", "", source[0], flags=re.MULTILINE)


def describe_constant(app, what, name, obj, options, lines):
    """Replace what Python says of any tuple."""
    if name == "skwave.TRUSTED_TYPES":
        lines[:] = [
            "The types of skwave that a skops file may hold, for ``trusted`` of its ``load``."
        ]


def setup(app):
    """Connect the functions above."""
    app.connect("autodoc-process-docstring", describe_constant)
    app.connect("source-read", keep_the_last_of_each_bar)
    app.connect("autodoc-skip-member", skip_what_others_document)
