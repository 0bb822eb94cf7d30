"""The pages, without a build: names, links and code, and that nothing public is missing."""

import ast
import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from test_docstrings import public_objects

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
README = (ROOT / "README.md").read_text()
GUIDE = [page for page in (DOCS / "user_guide").glob("*.rst") if page.stem != "index"]
LINES = re.search(r"```python\n(.*?)```", README, re.DOTALL)[1]


def test_every_public_name_is_in_the_api_reference():
    module, listed = None, set()
    for line in (DOCS / "api" / "index.rst").read_text().splitlines():
        if line.startswith(".. currentmodule::"):
            module = line.split()[-1]
        elif re.fullmatch(r"   \w+", line):
            listed.add(f"{module}.{line.strip()}")
    # A constant, which has no docstring that the tests of docstrings could look at.
    assert listed == set(public_objects()) | {"skwave.TRUSTED_TYPES"}


def test_the_code_of_the_readme_gives_the_errors_that_the_readme_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(LINES, names)
    labels = [text.get_text() for text in names["display"].ax_.get_legend().get_texts()]
    plt.close("all")
    train, test = names["train"], names["test"]
    naive = np.resize(train[-11:], len(test))
    errors = [np.abs(test - y_pred).mean() for y_pred in (names["forecast"], naive)]
    said = re.search(r"this forecast is (\d+) sunspots; .+ forecast has (\d+)\.", README)
    np.testing.assert_allclose(errors, [float(number) for number in said.groups()], atol=1)
    assert names["forecast"].index.equals(test.index)
    assert list(names["interval"].columns) == ["lower", "upper"]
    drawn = ["Known values", "Truth", "Seasonal naive", "Forecast", "90 % interval"]
    assert sorted(labels) == sorted(drawn)
    assert (tmp_path / "forecast.png").stat().st_size > 1000


def test_the_readme_is_one_screen_and_has_ten_statements():
    assert len(README.splitlines()) <= 70
    assert len(ast.parse(LINES).body) <= 10


def test_the_start_page_shows_the_code_of_the_readme():
    page = (DOCS / "index.rst").read_text()
    assert "\n".join(f"   {line}" if line else "" for line in LINES.splitlines()) in page


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_links_to_files_of_the_repository_are_right(name):
    targets = re.findall(r"\]\(([^)#]+)\)", (ROOT / name).read_text())
    files = [target for target in targets if "://" not in target]
    assert [file for file in files if not (ROOT / file).exists()] == []


def test_make_targets_that_are_named_exist():
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.rst")]:
        named = set(re.findall(r"`make ([\w-]+)`|^make ([\w-]+)", page.read_text(), re.MULTILINE))
        assert {a or b for a, b in named} <= targets, page


def test_every_extra_is_on_the_page_about_installation():
    pyproject = (ROOT / "pyproject.toml").read_text()
    table = re.search(r"\[project.optional-dependencies\]\n(.*?)\n\[", pyproject, re.DOTALL)[1]
    page = (DOCS / "installation.rst").read_text()
    for extra in re.findall(r"^([\w-]+) = ", table, re.MULTILINE):
        assert f'".[{extra}]"' in page


@pytest.mark.parametrize("page", GUIDE, ids=lambda page: page.stem)
def test_every_page_of_the_guide_has_a_picture_with_a_description(page):
    text = page.read_text()
    pictures = re.findall(r"^\.\. (?:plot|image|figure)::.*\n((?:   .*\n)+)", text, flags=re.M)
    assert any(":alt:" in options for options in pictures)


def test_the_japanese_tutorial_has_the_code_of_the_english_one():
    def code(page):
        return re.findall(r"^(?:>>>|\.\.\.|   \w).*$", page.read_text(), re.MULTILINE)

    japanese, english = code(DOCS / "ja" / "tutorial.rst"), code(DOCS / "tutorial.rst")
    assert len(english) > 15
    assert japanese == english


def test_the_changelog_has_the_form_of_keep_a_changelog():
    text = (ROOT / "CHANGELOG.md").read_text()
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", h) for h in headings[1:])
    kinds = set(re.findall(r"^### (.+)$", text, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
