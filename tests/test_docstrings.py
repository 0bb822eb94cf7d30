"""Every public docstring and signature: form, defaults and annotations."""

import functools
import importlib
import inspect
import operator
import pkgutil
import re

import numpydoc.docscrape
import pytest
from numpydoc.validate import validate

import skwave

MODULES = ["skwave"] + [
    f"skwave.{module.name}"
    for module in pkgutil.iter_modules(skwave.__path__)
    if not module.name.startswith("_")
]
# What numpydoc would have otherwise, and why we do not.
NOT_WANTED = {
    "ES01",  # one line is enough where it says all
    "GL01",  # the summary stands on the line of the opening quotes
    "GL02",  # and numpydoc would have the closing quotes on a line of their own all the same
    "SA01",  # "See Also" where there is something to see
    "EX01",  # the class has an example; not each of its methods
    "RT02",  # "self : object" as in scikit-learn
}
SHOWN_BY_OTHERS = ("get_", "set_")  # methods inherited from scikit-learn, or made by it


def public_objects():
    for module in MODULES:
        for name in importlib.import_module(module).__all__:
            yield f"{module}.{name}"


def public_callables():
    return [name for name in public_objects() if callable(get(name))]


def public_names():
    """Yield each public class and function, and each public method that is ours."""
    for name in public_callables():
        yield name
        public = functools.reduce(getattr, name.split(".")[1:], skwave)
        if inspect.isclass(public):
            for method, value in own_members(public).items():
                ours = not method.startswith(("_", *SHOWN_BY_OTHERS))
                if ours and (callable(value) or isinstance(value, classmethod | property)):
                    yield f"{name}.{method}"


def own_members(public):
    """Return the members of a class and of those of our classes that it inherits from."""
    ours = [c for c in reversed(public.__mro__) if c.__module__.startswith("skwave")]
    return functools.reduce(operator.or_, [dict(vars(c)) for c in ours])


def get(name):
    return functools.reduce(getattr, name.split(".")[1:], skwave)


def signature(name):
    public = get(name)
    return inspect.signature(public)


def documented(name):
    public = get(name)
    doc = (
        numpydoc.docscrape.ClassDoc(public)
        if inspect.isclass(public)
        else numpydoc.docscrape.FunctionDoc(public)
    )
    return {part: p for p in doc["Parameters"] for part in p.name.split(", ")}


NAMES = sorted(public_names())
# Exceptions take their message, as all do.
CALLABLES = [
    name
    for name in NAMES
    if not isinstance(get(name), property)
    and not (inspect.isclass(get(name)) and issubclass(get(name), Exception))
]


def test_public_names_are_found_and_inherited_ones_left_out():
    assert "skwave.LSTMForecaster.forecast" in NAMES
    assert "skwave.ForecastDisplay.from_estimator" in NAMES
    assert "skwave.datasets.make_wave" in NAMES
    assert "skwave.LSTMForecaster.set_fit_request" not in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_docstrings_have_the_form_of_numpydoc(name):
    faults = [f for f in validate(name)["errors"] if f[0] not in NOT_WANTED]
    assert faults == []


@pytest.mark.parametrize("name", CALLABLES)
def test_defaults_in_the_docstring_are_those_of_the_signature(name):
    parameters = documented(name)
    for parameter in signature(name).parameters.values():
        if parameter.name == "self" or parameter.kind.name.startswith("VAR"):
            continue
        said = re.search(r"default=(.+)$", parameters[parameter.name].type)
        if parameter.default is inspect.Parameter.empty:
            assert said is None, f"{parameter.name} has no default"
        elif said is None and "," in parameters[parameter.name].name:
            # Several at once, described elsewhere.
            assert "as in " in parameters[parameter.name].desc[0].lower()
        elif said is None and parameter.default is None:
            assert "None" in parameters[parameter.name].type, parameter.name  # "y : None", ignored
        elif isinstance(parameter.default, str | int | float | None):
            assert said is not None, f"{parameter.name}: no default in the docstring"
            assert eval(said[1]) == parameter.default, parameter.name
        else:
            assert said is not None, f"{parameter.name}: no default in the docstring"


@pytest.mark.parametrize("name", CALLABLES)
def test_public_signatures_are_annotated(name):
    public = get(name)
    if inspect.isclass(public) and "__init__" not in vars(public):
        return  # its parameters are scikit-learn's
    parameters = [p for p in signature(name).parameters.values() if p.name != "self"]
    bare = [p.name for p in parameters if p.annotation is inspect.Parameter.empty]
    assert bare == []
    if not inspect.isclass(public):
        assert signature(name).return_annotation is not inspect.Signature.empty


@pytest.mark.parametrize("name", [n for n in CALLABLES if inspect.isclass(get(n))])
def test_classes_have_an_example(name):
    assert ">>>" in get(name).__doc__
