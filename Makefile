# OmniRoute from nothing but Python 3.11 or newer and make. `make` alone lists what there is.

.DEFAULT_GOAL := help
.PHONY: help demo test check lint types contracts fuzz rolling bench docs lock clean

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
UV ?= uv

# The interpreter for $(VENV): PYTHON=/path/to/python, or the first of these that is new enough.
PYTHON ?=
PYTHONS := $(or $(PYTHON),python3.11 python3 python3.12 python3.13 python3.14)

PLUGINS := $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml))
PROJECTS := pyproject.toml $(PLUGINS:%=%/pyproject.toml)

# Marks inside the environment: what is installed is as new as the locks and the project files.
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(INSTALLED) ## start a working desk with sample agents and customers
	@$(BIN)/omniroute demo $(DEMO_ARGS)

# One more than there are cores: many tests wait for servers and browsers that they have started.
WORKERS ?= $(shell expr $$(nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2) + 1)

test: $(INSTALLED_DEV) ## run every test; choose with PYTEST_ARGS="tests/core -x"
	$(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 8 --dist loadgroup $(PYTEST_ARGS)

check: lint types contracts ## style, types and import contracts; `make -k check` shows all findings

lint: $(INSTALLED_DEV)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(INSTALLED_DEV)
	$(BIN)/mypy

contracts: $(INSTALLED_DEV)
	$(BIN)/lint-imports --no-logo

fuzz: $(INSTALLED_DEV) ## try every parser with made-up input; FUZZ_ARGS="--seconds 300 mail"
	@$(BIN)/python -m tests.fuzz $(FUZZ_ARGS)

rolling: $(INSTALLED_DEV) ## replace a build by another, node by node, under traffic; FROM=REVISION
	@$(BIN)/python -m tests.rolling $(FROM) $(TO) $(ROLLING_ARGS)

bench: $(INSTALLED) ## measure, beside the floor that each figure stands on
	@$(BIN)/omniroute bench $(BENCH_ARGS)

docs: $(INSTALLED_DEV) ## build the documentation as a site, every link followed
	@$(BIN)/python -m tests.docs.site

# uv.lock names where each package was found and stays out of the repository; an existing one keeps
# its versions, so delete it to move to the newest releases.
UV_EXPORT := $(UV) export --quiet --frozen --all-packages --no-header --no-annotate --no-emit-workspace

lock: ## resolve the locks anew (needs uv)
	@command -v $(UV) >/dev/null || { echo "make lock needs uv on the PATH, or UV=/path/to/uv" >&2; exit 1; }
	$(UV) lock
	$(UV_EXPORT) --no-dev --group build --extra demo --extra postgres --extra redis --output-file requirements.lock
	$(UV_EXPORT) --all-groups --extra demo --output-file requirements-dev.lock

clean: ## remove the environment and every cache; data stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find src plugins tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The target is pip, not python: an environment whose making broke off half-way is made again.
$(BIN)/pip:
	@for python in $(PYTHONS); do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Making $(VENV) with $$($$python --version)"; exec $$python -m venv $(VENV); \
	  fi; \
	done; \
	echo "OmniRoute needs Python 3.11 or newer; none of these is: $(PYTHONS)." >&2; \
	echo "Install one, or name it: make PYTHON=/path/to/python3" >&2; exit 1

$(INSTALLED): requirements.lock $(PROJECTS) | $(BIN)/pip
	@echo "Installing OmniRoute and its plugins"
	@$(PIP) install --quiet --require-hashes --requirement requirements.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation $(patsubst %,--editable %,. $(PLUGINS))
	@touch $@

$(INSTALLED_DEV): requirements-dev.lock $(INSTALLED)
	@echo "Installing what tests and checks need"
	@$(PIP) install --quiet --require-hashes --requirement requirements-dev.lock
	@touch $@
