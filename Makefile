# Each target makes its own environment in .venv; nothing has to be installed first.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python

.PHONY: demo test test-oldest fuzz lint clean

demo: $(VENV)/.demo
	$(RUN) examples/plot_01_tutorial.py

test: $(VENV)/.test
	$(RUN) -m pytest

# The lowest declared version of every dependency, in an environment of its own.
test-oldest: $(VENV)-oldest/.done
	$(VENV)-oldest/bin/python -m pytest

# 1,500 examples for each of eight properties, others each time; the suite runs 60.
fuzz: $(VENV)/.test
	SKWAVE_FUZZ=1500 $(RUN) -m pytest tests/test_fuzz.py

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

$(VENV)-oldest/.done: pyproject.toml
	$(PYTHON) -m venv $(VENV)-oldest
	$(VENV)-oldest/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	$(VENV)-oldest/bin/python -m pip install --quiet --editable . $$($(PYTHON) tools/oldest.py)
	touch $@

clean:
	rm -rf $(VENV) $(VENV)-oldest build dist .pytest_cache .ruff_cache
