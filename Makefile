# Two commands do everything on a fresh machine: `make demo` and `make test`.
# As in the sandbox: one thread for arithmetic.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
COURSE := $(BIN)/course

.PHONY: demo test e2e lint install system prove bench hub docs clean

demo: install
	$(COURSE) demo

# Each file that drives a browser has a process of its own: Playwright's loop does not share one.
BROWSER := tests/feedback/test_browser.py tests/exchange/test_pages.py tests/docs/test_browser.py

TESTS := -q --ignore=tests/e2e $(addprefix --ignore=,$(BROWSER))

# Limits of time are part of what is tested: what fails beside others is tried once more alone.
test: install lint
	$(BIN)/python -m pytest $(TESTS) -n 2 --dist loadgroup || $(BIN)/python -m pytest $(TESTS) --last-failed
	set -e; for file in $(BROWSER); do $(BIN)/python -m pytest -q $$file; done

# The loop of three users on a real hub; minutes, and it wants a quiet machine.
e2e: install
	$(BIN)/python -m pytest -q tests/e2e

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

prove: install
	$(COURSE) prove --mutants --seeds 20 --write

bench: install
	$(BIN)/python -m benchmarks.run

hub: install
	$(COURSE) hub

docs: install
	$(BIN)/sphinx-build -q -W -b html docs docs/_build

install: .venv/installed

# torch first and by its exact version: a plain requirement may bring gigabytes of CUDA libraries.
.venv/installed: pyproject.toml constraints.txt infra/install-system-packages
	@infra/install-system-packages
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet "torch==$$(sed -n 's/^torch==//p' constraints.txt)" -c constraints.txt
	$(BIN)/python -m pip install --quiet -e '.[hub,dev,docs]' -c constraints.txt
	touch $@

clean:
	rm -rf .venv build docs/_build
