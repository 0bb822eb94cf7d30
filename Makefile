# Each target makes its own environment in .venv; nothing has to be installed first.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python

# The tests that train, run on each backend of Keras.
TRAINING := $(addprefix tests/,$(addsuffix .py,test_estimator_checks test_export test_forecaster \
	test_import test_keras_callbacks test_keras_model test_persistence test_readout \
	test_real_inputs test_reproducibility test_sklearn_callbacks test_threads test_training))

.PHONY: demo test test-benchmarks test-oldest test-jax test-torch test-jax-oldest \
	test-torch-oldest fuzz lint types coverage docs test-docs pictures dist clean

demo: $(VENV)/.demo
	$(RUN) examples/plot_01_tutorial.py

# A process for each core, and each keeps to one: products of BLAS that wait for another process's
# are many times slower.
test: $(VENV)/.test
	OMP_NUM_THREADS=1 $(RUN) -m pytest --numprocesses auto --dist worksteal

# The benchmarks that take ten seconds to half a minute each, even with tiny sizes.
test-benchmarks: $(VENV)/.test
	OMP_NUM_THREADS=1 $(RUN) -m pytest -m benchmark tests/test_benchmarks.py

# The lowest declared version of every dependency, in an environment of its own.
test-oldest: $(VENV)-oldest/.done
	OMP_NUM_THREADS=1 $(VENV)-oldest/bin/python -m pytest --numprocesses auto --dist worksteal

# The tests that train, with another backend of Keras and without TensorFlow.
test-jax test-torch test-jax-oldest test-torch-oldest: test-%: $(VENV)-%/.done
	KERAS_BACKEND=$(firstword $(subst -, ,$*)) OMP_NUM_THREADS=1 $(VENV)-$*/bin/python -m pytest \
		--numprocesses auto --dist worksteal $(TRAINING)

# 1,500 examples of each property, others each time; the suite runs 60.
fuzz: $(VENV)/.test
	SKWAVE_FUZZ=1500 $(RUN) -m pytest tests/test_fuzz.py

lint: $(VENV)/.dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/codespell

# Public signatures, and what they promise to a program that uses them.
types: $(VENV)/.dev
	$(RUN) -m mypy

coverage: $(VENV)/.dev
	$(RUN) -m pytest --cov --cov-report=term:skip-covered

docs: $(VENV)/.dev
	rm -rf docs/_build/html docs/api/generated  # no page of yesterday stays
	$(RUN) -m sphinx -W --keep-going -b html -d docs/_build/doctrees docs docs/_build/html

# The site in a real browser; needs Chromium and its driver (Debian: chromium, chromium-driver).
test-docs: docs
	$(RUN) -m pytest -m browser tests/test_docs_browser.py

# The pictures of the README and the user guide, drawn anew.
pictures: $(VENV)/.dev
	$(RUN) docs/make_pictures.py

# Build wheel and sdist, look inside, and use the wheel in an empty environment.
dist: $(VENV)/.dev
	rm -rf dist
	$(RUN) -m build
	$(RUN) -m twine check --strict dist/*
	$(RUN) -m pytest -m dist tests/test_package.py

$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --upgrade "pip>=25.1"

$(VENV)/.demo: pyproject.toml | $(VENV)/bin/pip
	$(RUN) -m pip install --quiet --editable ".[pandas]"
	touch $@

# One stamp for each dependency group: test, docs, dev.
$(VENV)/.%: $(VENV)/.demo
	$(RUN) -m pip install --quiet --group $*
	touch $@

$(VENV)-oldest/.done: pyproject.toml
	$(PYTHON) -m venv $(VENV)-oldest
	$(VENV)-oldest/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	$(VENV)-oldest/bin/python -m pip install --quiet --editable . $$($(PYTHON) tools/requirements.py --oldest)
	touch $@

# Skwave alone without what it depends on: TensorFlow stays out.
$(VENV)-jax/.done $(VENV)-torch/.done $(VENV)-jax-oldest/.done $(VENV)-torch-oldest/.done: \
$(VENV)-%/.done: pyproject.toml
	$(PYTHON) -m venv $(VENV)-$*
	$(VENV)-$*/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	$(VENV)-$*/bin/python -m pip install --quiet --no-deps --editable .
	$(VENV)-$*/bin/python -m pip install --quiet $$($(PYTHON) tools/requirements.py \
		--backend $(subst -, --,$*))
	touch $@

clean:
	rm -rf $(VENV) $(VENV)-* build dist .pytest_cache .ruff_cache .mypy_cache
	rm -rf docs/_build docs/auto_examples docs/api/generated docs/api/backreferences
