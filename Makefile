# make serve     run the server on port 8000 (SPEAKER_TRACKER_PORT and the other settings apply)
# make test      linters, types and all tests but the slow ones
# make e2e       the slow end-to-end tests
# make lint, make format, make install, make clean
#
# Everything runs in .venv, which is made when it is needed and brought up to date when pyproject.toml or constraints.txt change.
# PYTHON=python3.12 takes another Python; WORKERS=8 runs tests in more processes.
#
# On Linux, pip's usual index has PyTorch with CUDA, which is several gigabytes and no use here. To take the CPU build instead, set
# PIP_EXTRA_INDEX_URL (or PIP_FIND_LINKS) to PyTorch's CPU wheels before the first run; PyTorch's install page has the address.

PYTHON ?= python3
WORKERS ?= 2

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
RUNTIME := .venv/.runtime
DEVELOPMENT := .venv/.development

.PHONY: help serve test e2e lint format install clean

help:
	@sed -n '1,/^$$/s/^# \{0,1\}//p' Makefile

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; set PYTHON" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(PIP) install --quiet --constraint constraints.txt --upgrade pip

$(RUNTIME): pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install --quiet --constraint constraints.txt --editable .
	@touch $@

$(DEVELOPMENT): pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install --quiet --constraint constraints.txt --editable '.[all]' --group dev
	@touch $(RUNTIME) $@

install: $(DEVELOPMENT)

serve: $(RUNTIME)
	$(BIN)/speaker-tracker serve

test: lint
	$(BIN)/pytest -m "not e2e" -n $(WORKERS)

e2e: $(DEVELOPMENT)
	$(BIN)/pytest -m e2e

lint: $(DEVELOPMENT)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy stages/ecapa_mini/*.py
	$(BIN)/mypy stages/segmentation_mini/*.py
	$(BIN)/mypy plugins/template/speaker_tracker_hum_filter

format: $(DEVELOPMENT)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
