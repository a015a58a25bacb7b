# Everything a fresh machine needs: `make demo` and `make test`.
# Debian with git, make and python3-venv; Python 3.11 to 3.13.

PYTHON ?= python3
VENV ?= .venv
BIN = $(abspath $(VENV))/bin
REPO ?= demo-repo
PYTEST = $(BIN)/python -m pytest

# pipetask, butler and workbench are started by name: this environment's come first.
export PATH := $(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help demo serve lab test bps lint javascript notebooks docs bench soak system clean

help: ## list what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1	/' | expand -t 20

# A virtual environment is made once; pip runs again only when pyproject.toml changed.
$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(BIN)/.core: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(BIN)/.test: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@ $(BIN)/.core

$(BIN)/.docs: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	@touch $@ $(BIN)/.core

# What runs under BPS is tested with packages of its own, in a small environment that sees all of this one.
$(BIN)/.bps: $(BIN)/.test
	$(BIN)/python -m venv --without-pip $(VENV)/bps
	cd $(VENV)/bps && $(BIN)/python -c "import sysconfig; print(sysconfig.get_path('purelib'))" \
		> "$$(bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")/outer.pth"
	$(VENV)/bps/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[bps]'
	@touch $@

demo: $(BIN)/.core ## remake ./demo-repo and walk the main job through it
	rm -rf $(REPO)
	$(BIN)/workbench demo run $(REPO)

$(REPO): | $(BIN)/.core
	$(BIN)/workbench demo create $(REPO)

serve: $(BIN)/.core | $(REPO) ## the application in a browser, on the demonstration repository
	$(BIN)/workbench serve $(REPO)

lab: $(BIN)/.core ## JupyterLab, on the notebooks
	cd notebooks && $(BIN)/jupyter lab

system: # what pip cannot install: a browser and a database, for the tests
	.ci/system

test: system $(BIN)/.test ## lint, every test and every notebook
	$(MAKE) lint
	$(MAKE) javascript
	$(PYTEST) -n 2 --dist loadfile
	$(MAKE) bps

bps: $(BIN)/.bps ## a real `bps submit` on this machine, with what follows it
	$(VENV)/bps/bin/python -m pytest tests/exports/test_bps_submit.py

lint: $(BIN)/.test ## style, types, layers, docstrings, changelog, notebooks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/check_docstrings.py workbench
	$(BIN)/python tools/check_notebooks.py notebooks
	$(BIN)/python tools/check_changes.py
	$(BIN)/pre-commit validate-config

javascript: ## types and tests of the modules of the browser, where Node is there
	@if command -v node >/dev/null && command -v npm >/dev/null; then \
	  npm install --silent --no-audit --no-fund --no-package-lock && \
	  npx tsc && node --test tests/javascript/*.test.js; \
	else echo "No Node: the types and tests of the JavaScript are left out."; fi

notebooks: $(BIN)/.test ## execute every notebook, each in a temporary repository
	$(PYTEST) tests/test_notebooks.py

docs: $(BIN)/.docs ## the documentation, into docs/_build
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build

bench: $(BIN)/.test ## measure speed, side by side with the stock middleware
	$(PYTEST) -m bench --durations=0 --timeout=7200

soak: $(BIN)/.test ## property tests with many more examples, and long repeats
	$(PYTEST) -m "soak or hypothesis" --hypothesis-profile=soak --timeout=7200

clean: ## remove what was built; the virtual environment stays
	rm -rf build dist docs/_build docs/api $(REPO)
