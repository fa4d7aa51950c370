# `make run` and `make test` need Python 3.11 or newer, git and make; everything else they install into .venv.

VENV := .venv
# The first that is new enough; `make PYTHON=/path/to/python run` chooses another.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt

.PHONY: run test lint docs clean help

help:
	@echo "make run    install, build the index and open the chat in the browser"
	@echo "make test   install and run the tests, without the 1.1 GB model"
	@echo "make lint   check style and types"
	@echo "make docs   build the documentation as a site, in the folder site"
	@echo "make clean  remove the environment and all build outputs"

run: $(VENV)/.installed-local
	$(BIN)/assistant index
	$(BIN)/python app.py

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest -m "not model"

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/.installed-docs
	$(BIN)/mkdocs build --strict --quiet
	@echo "Open site/index.html"

clean:
	rm -rf $(VENV) build dist site .mypy_cache .ruff_cache .pytest_cache

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer was not found. Install it, or name it: make PYTHON=... run" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# The stamps are younger than the environment when that extra is installed as pyproject.toml has it now.
$(VENV)/.installed-%: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing the packages for '$*' into $(VENV); the first time takes some minutes ..."
	$(PIP) --editable '.[$*]'
	@touch $@
