"""The order of the modules, and which of them may import Keras, scikeras, pandas and matplotlib."""

import ast
import functools
from pathlib import Path

import pytest

import skwave

FOLDER = Path(skwave.__file__).parent

# Each module may import those above it only.
ORDER = [
    "exceptions",
    "_persistence",
    "_sklearn_callbacks",
    "_pandas_index",
    "_index_spec",
    "_training_times",
    "_missing_rows",
    "_sliding",
    "_gaps",
    "_baseline",
    "_validation",
    "_several",
    "_known",
    "_fourier",
    "_calendar",
    "_window",
    "_cells",
    "_scaling",
    "_network",
    "_recursion",
    "_dataset",
    "_rollout",
    "_ridge",
    "_readout",
    "_readout_choice",
    "_known_choice",
    "_intervals",
    "_widths",
    "_calibration",
    "_keras_model",
    "_keras_callbacks",
    "_training",
    "_fit",
    "_summary",
    "_fitted",
    "_series_readouts",
    "_forecasts",
    "_forecaster_series",
    "_forecaster",
    "_inverse",
    "_pipeline_series",
    "_pipeline_transforms",
    "_pipeline_forecasts",
    "_pipeline",
    "metrics._point",
    "metrics._interval",
    "metrics.__init__",
    "datasets",
    "_plot",
    "_display_data",
    "_display",
    "model_selection._split",
    "model_selection._metrics",
    "model_selection._scorer",
    "model_selection._results",
    "model_selection._backtest",
    "model_selection._display",
    "model_selection.__init__",
    "__init__",
]
# The one module that may import a package, inside functions.
ONLY_IMPORTER = {"keras": "_keras_model", "tensorflow": "_keras_model", "scikeras": "_training"}
# Packages that any module may import, inside functions.
ONLY_IN_FUNCTIONS = ("pandas", "matplotlib")
LONGEST_CHAIN = 8


def read_sources():
    """Return the source text of each module of the package by its name."""
    paths = {".".join(path.relative_to(FOLDER).with_suffix("").parts): path
             for path in FOLDER.rglob("*.py")}  # fmt: skip
    return {name: path.read_text() for name, path in paths.items()}


def find_imports(source, module):
    """Return the full names that a module imports, and whether each is within a function."""
    found = []

    def visit(node, is_inside):
        if isinstance(node, ast.Import):
            found.extend((alias.name, is_inside) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            begin = ["skwave", *module.split(".")][: -node.level] if node.level else []
            base = ".".join([*begin, *filter(None, [node.module])])
            found.extend((f"{base}.{alias.name}", is_inside) for alias in node.names)
        is_inside = is_inside or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for child in ast.iter_child_nodes(node):
            visit(child, is_inside)

    visit(ast.parse(source), False)
    return found


def find_module(name, modules):
    """Return the module of the package that an imported name stands for or is taken from."""
    parts = name.split(".")[1:]
    for end in range(len(parts), -1, -1):
        for candidate in (parts[:end], [*parts[:end], "__init__"]):
            if ".".join(candidate) in modules:
                return ".".join(candidate)
    return ".".join(parts)


def imported_modules(sources):
    """Return for each module the modules of the package that it imports."""
    return {
        module: {
            find_module(name, sources)
            for name, _ in find_imports(source, module)
            if name.split(".")[0] == "skwave"
        }
        for module, source in sources.items()
    }


def find_faults(sources, order):
    """Return a sentence for each import that the order or the rules for packages forbid."""
    faults = [f"{module} is not in the list" for module in sources if module not in order]
    faults += [f"{module} is in the list only" for module in order if module not in sources]
    for module, targets in imported_modules(sources).items():
        allowed = order[: order.index(module)] if module in order else []
        faults += [f"{module} imports {t} upward" for t in sorted(targets) if t not in allowed]
    for module, source in sources.items():
        for name, is_inside in find_imports(source, module):
            package = name.split(".")[0]
            if ONLY_IMPORTER.get(package, module) != module:
                faults.append(f"{module} imports {package}; only {ONLY_IMPORTER[package]} may")
            if package in (*ONLY_IMPORTER, *ONLY_IN_FUNCTIONS) and not is_inside:
                faults.append(f"{module} imports {package} outside a function")
    return faults


def longest_chain(sources):
    """Return the longest list of modules each of which imports the next."""
    targets = imported_modules(sources)

    @functools.cache
    def chain_from(module):
        return [module, *max(map(chain_from, targets.get(module, ())), key=len, default=[])]

    return max((chain_from(module) for module in sources), key=len)


def test_modules_import_in_one_order_and_heavy_packages_in_functions():
    assert find_faults(read_sources(), ORDER) == []


def test_few_classes_are_records():
    """Parameters, what a fit learned, windows, scales, a network, a readout, and a backtest."""
    records = [
        name
        for source in read_sources().values()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ClassDef)
        for name in [node.name]
        if any("dataclass" in ast.unparse(x) for x in node.decorator_list)
        or any("NamedTuple" in ast.unparse(x) for x in node.bases)
    ]
    assert len(records) <= 7, records


def test_the_longest_chain_of_imports_is_short():
    sources = read_sources()
    # It stands for the whole package and imports what users need of it.
    del sources["__init__"]
    chain = longest_chain(sources)
    assert len(chain) <= LONGEST_CHAIN, chain


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"_a": "def f():\n    from ._b import g"}, "_a imports _b upward"),
        ({"_new": ""}, "_new is not in the list"),
        ({"_a": "def f():\n    import tensorflow.nn"},
         "_a imports tensorflow; only _keras_model may"),
        ({"_a": "from matplotlib import pyplot"}, "_a imports matplotlib outside a function"),
    ],
)  # fmt: skip
def test_a_fault_is_found(changes, fault):
    sources = {
        "_a": "import numpy",
        "_b": "from skwave._a import f\ndef g():\n    import pandas",
        "_keras_model": "def f():\n    import keras\n    import tensorflow",
        "_training": "def f():\n    from scikeras.wrappers import KerasRegressor",
        "part._c": "from skwave._b import g",
        "part.__init__": "from skwave.part._c import g",
        "__init__": "from skwave._b import g",
    }
    order = list(sources)
    assert find_faults(sources, order) == []
    assert fault in find_faults(sources | changes, order)


def test_the_longest_chain_is_found_wherever_it_begins():
    sources = {
        "a": "", "b": "from skwave.a import f", "c": "from skwave.b import f\nimport skwave.a",
        "d": "from skwave.a import f", "e": "def f():\n    from skwave.c import g",
    }  # fmt: skip
    assert longest_chain(sources) == ["e", "c", "b", "a"]
