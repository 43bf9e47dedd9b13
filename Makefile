# Everything a newcomer needs: `make run`, `make test`. Both set themselves up in .venv, once.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
FIRST := chapters/01_order_matters.ipynb
# One thread a process: chapters and tests run side by side, and compare numbers.
export OMP_NUM_THREADS ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help run lab test test-all test-oldest bench build lint format clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/course.stamp ## Set up once, execute every chapter, say what held and what to open
	@$(BIN)/bsgd run

lab: .venv/course.stamp ## Open JupyterLab on the first chapter
	@$(BIN)/jupyter lab $(FIRST)

test: .venv/dev.stamp ## Set up once, run every test and validate every notebook
	@$(BIN)/python -m pytest -n 2 --dist loadfile
	@$(BIN)/python -m pytest -n 2 --dist loadfile -o addopts= --nbval-lax --nbval-current-env \
		--nbval-cell-timeout=120 chapters

test-all: .venv/dev.stamp ## The tests and the studies marked slow
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m "slow or not slow"

test-oldest: .venv-oldest/dev.stamp ## The tests, beside the lowest versions that pyproject.toml allows
	@.venv-oldest/bin/python -m pytest -n 2 --dist loadfile

bench: .venv/dev.stamp ## Time orbits, spectra, curves and start-up against the naive way and its peers
	@for study in orbits depth learning_curves startup; do $(BIN)/python benchmarks/$$study.py || exit 1; done

build: .venv/dev.stamp ## Make the notebooks from their sources
	@$(BIN)/bsgd build

lint: .venv/dev.stamp ## Check the code's style and the chapters' limits
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/bsgd lint

format: .venv/dev.stamp ## Format the code
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

clean: ## Remove what was built (.venv and .venv-oldest stay)
	@rm -rf build .pytest_cache .ruff_cache .hypothesis

# A set-up is good for as long as these two files stay as they are.
.venv/course.stamp: pyproject.toml constraints.txt
	@sh .ci/setup "$(PYTHON)" course

.venv/dev.stamp: pyproject.toml constraints.txt
	@sh .ci/setup "$(PYTHON)" dev

.venv-oldest/dev.stamp: pyproject.toml constraints-oldest.txt
	@sh .ci/setup "$(PYTHON)" dev .venv-oldest constraints-oldest.txt
