# Two commands need nothing but Python 3.11, 3.12 or 3.13, make and a C compiler:
#   make demo    the whole chain on embedded data, with a report at the end
#   make test    all tests
# Both make .venv on their first call. Another interpreter: make demo PYTHON=/path/to/python3.12

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint docs format config notebooks lock clean
.PHONY: coverage wheel-check lock-check

# Those that every package of the lock supports; pyproject.toml says the same.
PYTHONS := 3.11 3.12 3.13
SUPPORTED := 3.11, 3.12 or 3.13
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What an installation depends on; the sources are installed editable and do not count.
PINS := requirements.lock pyproject.toml
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
CORES ?= all

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1	/' | expand -t 20

demo: $(VENV)/.demo ## run the workflow on embedded data, offline
	@$(BIN)/snakemake --cores $(CORES)
	@echo "report: results/report/index.html"

# Two test processes side by side: one thread each, or they fight for the cores.
PYTEST := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 $(BIN)/python -m pytest -n 2
# What the continuous integration adds, such as --durations=15.
TEST_OPTIONS ?=

test: $(VENV)/.dev ## run all tests
	@$(PYTEST) --dist loadfile --no-loadscope-reorder $(TEST_OPTIONS)

# Apart from `make test`, which it would slow by a tenth; the floor stands in pyproject.toml.
coverage: $(VENV)/.dev ## say which lines the quick unit tests never run
	@mkdir -p .cache; COVERAGE_FILE=.cache/coverage $(PYTEST) -q -m "not slow" tests/unit --cov --cov-report=term:skip-covered

wheel-check: $(VENV)/.dev ## build the wheel, install it elsewhere, run it in an empty folder
	@$(BIN)/python tests/from_wheel/check.py

lock-check: $(VENV)/.dev ## resolve the lock for every supported Python, without installing
	@$(BIN)/python tests/lock/check.py $(PYTHONS)

lint: $(VENV)/.dev ## check style, types, the workflow and the generated files
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/codespell
	@$(BIN)/snakefmt --check Snakefile rules
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/snakemake --lint
	@$(BIN)/mypy
	@$(BIN)/micrographia config render --check

docs: $(VENV)/.dev ## build the documentation into site/, strictly
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "documentation: site/index.html"

format: $(VENV)/.dev ## rewrite the sources in the house style
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .
	@$(BIN)/snakefmt Snakefile rules

config: $(VENV)/.dev ## write workflow_config.yaml and its schema from config.py
	@$(BIN)/micrographia config render

notebooks: $(VENV)/.dev ## execute docs/notebooks and keep what they show
	@$(BIN)/python tests/workflow/notebooks.py

clean: ## remove results and caches; .venv stays
	rm -rf results .snakemake .pytest_cache .ruff_cache .mypy_cache .hypothesis .cache site

# A Python that is named is taken or refused; else the first of these that is supported.
NAMED := $(filter-out file,$(origin PYTHON))
CANDIDATES := "$(PYTHON)" $(if $(NAMED),,$(addprefix python,$(PYTHONS)))
VERSION := import sys; print("%d.%d" % sys.version_info[:2])

$(BIN)/python:
	@found=; \
	for candidate in $(CANDIDATES); do \
	  if ! version=$$("$$candidate" -c '$(VERSION)' 2>/dev/null); then \
	    found="$$found$(if $(NAMED),; $$candidate does not run)"; continue; \
	  fi; \
	  case " $(PYTHONS) " in *" $$version "*) ;; *) \
	    found="$$found; $$candidate is $$version"; continue;; esac; \
	  if "$$candidate" -m venv $(VENV); then exit 0; fi; \
	  rm -rf $(VENV); \
	  found="$$found; $$candidate cannot make virtual environments (Debian: apt-get install python3-venv)"; \
	done; \
	echo "Micrographia needs Python $(SUPPORTED)$${found:-; none was found}." \
	  "Name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; \
	exit 1

# An environment of an older checkout may have another Python.
.PHONY: check-python
check-python: | $(BIN)/python
	@version=$$($(BIN)/python -c '$(VERSION)'); \
	case " $(PYTHONS) " in *" $$version "*) ;; *) \
	  echo "Micrographia needs Python $(SUPPORTED), $(VENV) has $$version: rm -rf $(VENV)" >&2; \
	  exit 1;; esac

$(VENV)/.demo: $(PINS) | check-python
	@start=$$SECONDS; $(PIP) install -c requirements.lock -e ".[demo]"; \
	echo "install: $$((SECONDS - start)) s"; touch $@

$(VENV)/.dev: $(PINS) | check-python
	@start=$$SECONDS; $(PIP) install -c requirements.lock -e ".[demo,classification,energy,language,dev,docs]"; \
	echo "install: $$((SECONDS - start)) s"; touch $(VENV)/.demo $@

# A fresh environment with the versions of requirements.in and the newest of all else.
lock: ## renew requirements.lock (several GB of downloads)
	@rm -rf .cache/lock && "$(PYTHON)" -m venv .cache/lock
	@.cache/lock/bin/python -m pip --quiet install -c requirements.in ".[all,dev,docs]"
	@.cache/lock/bin/python -m pip check
	@{ echo "# Made by \`make lock\` from requirements.in; used as constraints (pip install -c)."; \
	  echo "# Every package of the extras 'all', 'dev' and 'docs', with all that they depend on."; \
	  .cache/lock/bin/python -m pip freeze --all --exclude micrographia --exclude pip --exclude wheel | LC_ALL=C sort -f; \
	} > requirements.lock.new
	@mv requirements.lock.new requirements.lock
	@rm -rf .cache/lock
