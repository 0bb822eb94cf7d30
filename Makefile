# Each target makes its own environment in .venv; nothing has to be installed first.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python

.PHONY: demo test lint clean

demo: $(VENV)/.demo
	$(RUN) examples/plot_01_tutorial.py

test: $(VENV)/.test
	$(RUN) -m pytest

lint: $(VENV)/.dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --upgrade "pip>=25.1"

$(VENV)/.demo: pyproject.toml | $(VENV)/bin/pip
	$(RUN) -m pip install --quiet --editable .
	touch $@

# One stamp for each dependency group: test, docs, dev.
$(VENV)/.%: $(VENV)/.demo
	$(RUN) -m pip install --quiet --group $*
	touch $@

clean:
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache
