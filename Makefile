# Two commands do everything on a fresh machine: `make demo` and `make test`.
# As in the sandbox: one thread for arithmetic.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
COURSE := $(BIN)/course
PACKAGES := -e '.[all,hub,spawners,postgres,mutants,dev,docs]' -c constraints.txt

.PHONY: demo test everything test-infra lint install prove shares bench soak hub docs clean

demo: install
	$(COURSE) demo

# Side by side: mypy works on one core, and the tests wait for no verdict on style.
test: install
	$(MAKE) --no-print-directory -j2 lint everything

# In parts: see tests/everything.py. What the tests start is no part of this make. Thousands of processes import
# the package: where PYTHONDONTWRITEBYTECODE is set, each would compile it anew, a third of a second.
everything: install
	$(BIN)/python -m compileall -q autograder
	MAKEFLAGS= $(BIN)/python -m tests.everything

# What CI cannot run: Docker's own engine and Kubernetes' own control plane, which is built once from Debian's
# sources (COURSE_INFRA_BUILD says where, else build/). As root; some five minutes then; writes infra/proof.json.
test-infra: install
	$(BIN)/python -m tests.infra

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

prove: install
	$(COURSE) prove --mutants --write

# Independent solutions with known mistakes in them: what is named, and shown in a smallest case; and all of
# the known mistakes themselves, of which `make test` tries some.
shares: install
	$(BIN)/python -m tests.independent
	EVERY_MISTAKE=1 $(BIN)/python -m pytest -q tests/feedback/test_known_mistakes.py

bench: install
	$(BIN)/python -m benchmarks.run

# Thousands of submissions and of odd inputs, with everything killed, full, late or gone: some hours.
soak: install
	FUZZ_EXAMPLES=3000 $(BIN)/python -m pytest -q tests/fuzz tests/exchange/test_openapi.py
	$(BIN)/python -m benchmarks.soak

hub: install
	$(COURSE) hub

docs: install
	$(BIN)/sphinx-build -q -W -b html docs docs/_build

install: .venv/installed

# torch first and by its exact version: a plain requirement may bring gigabytes of CUDA libraries.
# uv needs a seventh of pip's time; where only pip is told of a mirror, pip does it.
.venv/installed: pyproject.toml constraints.txt infra/install-system-packages autograder/hub/node/package-lock.json
	@infra/install-system-packages
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet "torch==$$(sed -n 's/^torch==//p' constraints.txt)" uv -c constraints.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode $(PACKAGES) || $(BIN)/python -m pip install --quiet $(PACKAGES)
	$(BIN)/python -m autograder.hub.install_proxy
	touch $@

clean:
	rm -rf .venv build docs/_build
