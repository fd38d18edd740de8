# Everything this repository does for a newcomer, by name. It needs Python 3.11 or newer and make.
#
# The first run makes a virtual environment in .venv from the lock files, with uv where it is
# installed and with pip otherwise; a later run does so again only after a lock file or
# pyproject.toml has changed. Four locks, each with versions and hashes: what builds
# (requirements-build.lock, installed first, so that nothing is built with anything unlocked),
# what the bot runs on (requirements.lock), the same with the tools to develop it
# (requirements-dev.lock), and what `make bench` puts beside that (requirements-bench.lock).
#
#   make test ARGS="-k floors"      passes ARGS on, for demo, test and bench-insights
#   make test PROCESSES=4           shares the tests out among four processes, instead of two
#   make simulate-year ARGS="--year 2027 --groups 200 --fans 20000 --engine postgresql"
#   make test PYTHON=python3.13     chooses the Python that .venv is made with

.DEFAULT_GOAL := help
.PHONY: help demo test check bench bench-insights faults simulate-year docs lock clean

VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)

# The first Python on the path that is new enough; empty when there is none.
RECENT := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python; do \
	if $$name -c '$(RECENT)' 2>/dev/null; then command -v $$name; break; fi; done)

ifdef UV
MAKE_VENV = $(UV) venv --quiet --clear --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" $(VENV)
INSTALL := $(UV) pip install --quiet --python $(BIN)/python
else
MAKE_VENV = $(PYTHON) -m venv --clear $(VENV)
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
endif
INSTALL_LOCKED := $(INSTALL) --require-hashes --no-build-isolation
INSTALL_PROJECT := $(INSTALL) --no-deps --no-build-isolation --editable .

RUNTIME := $(VENV)/runtime-ready
DEVELOPMENT := $(VENV)/development-ready
BENCHMARKS := $(VENV)/benchmarks-ready

PROCESSES ?= 2

help:
	@echo "make demo    watch a sample shop's fan group live through the days before Double-11"
	@echo "make test    run every test; one whose counterpart is missing says how to get it"
	@echo "make check   ruff, mypy strict, and the floors"
	@echo "make bench   run the benchmarks and print their figures (but the next)"
	@echo "make bench-insights  only how well and how fast messages are understood"
	@echo "make faults  kill the bot and its senders hundreds of times, on a platform that misbehaves"
	@echo "make simulate-year  live a shop's whole year on a simulated clock, in minutes, and judge it"
	@echo "make docs    write the generated pages of docs/reference again"
	@echo "make lock    bring the lock files up to pyproject.toml (needs uv)"
	@echo "make clean   remove everything that make has made, .venv included"

demo: $(RUNTIME)
	@$(BIN)/nuanqun demo $(ARGS)

# The programs that the tests start are compiled once, whatever the environment says of bytecode.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(DEVELOPMENT)
	@$(BIN)/python -m pytest --numprocesses $(PROCESSES) $(ARGS)

check: $(DEVELOPMENT)
	$(BIN)/python -m ruff check
	$(BIN)/python -m ruff format --check
	$(BIN)/python -m mypy
	$(BIN)/python -m pytest tests/test_floors.py

bench: $(BENCHMARKS)
	@for program in $(filter-out bench_insights,$(basename $(notdir $(wildcard tests/benchmarks/[!_]*.py)))); do \
		echo "== $$program"; $(BIN)/python -m tests.benchmarks.$$program || exit 1; done

bench-insights: $(BENCHMARKS)
	@$(BIN)/python -m tests.benchmarks.bench_insights $(ARGS)

faults: $(DEVELOPMENT)
	@NUANQUN_FAULT_ROUNDS=100 NUANQUN_FAULT_DELIVERIES=50000 $(BIN)/python -m pytest tests/faults/test_sender_faults.py
	@NUANQUN_FAULT_ROUNDS=50 $(BIN)/python -m pytest tests/faults -m faults --ignore=tests/faults/test_sender_faults.py

simulate-year: $(DEVELOPMENT)
	@$(BIN)/python -m tests.simulation.year $(ARGS)

docs: $(DEVELOPMENT)
	@$(BIN)/python -m docs.generate

# Versions that still fit are kept. To take newer ones, delete the lock files first.
COMPILE_GROUP = $(UV) pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --annotation-style line \
	--custom-compile-command "make lock"
COMPILE = $(COMPILE_GROUP) pyproject.toml

lock:
	@test -n "$(UV)" || { echo "make lock needs uv; install it with: pip install uv" >&2; exit 1; }
	$(COMPILE_GROUP) --group build --output-file requirements-build.lock
	$(COMPILE) --all-extras --group dev --output-file requirements-dev.lock
	$(COMPILE) --constraint requirements-dev.lock --output-file requirements.lock
	$(COMPILE_GROUP) --group bench --constraint requirements-dev.lock \
		--output-file requirements-bench.lock

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .hypothesis
	rm -rf tests/peers/wechat/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" && $(PYTHON) -c '$(RECENT)' 2>/dev/null || { echo "Nuanqun needs Python 3.11 or newer, and there is none here: install it, or name it with PYTHON=/path/to/python3." >&2; exit 1; }
	@test -n "$(UV)" || $(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "This Python cannot make virtual environments: install Debian's python3-venv, or uv." >&2; exit 1; }
	@$(MAKE_VENV)

$(RUNTIME): requirements-build.lock requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing what the bot runs on into $(VENV); this happens once."
	@$(INSTALL_LOCKED) --requirement requirements-build.lock
	@$(INSTALL_LOCKED) --requirement requirements.lock
	@$(INSTALL_PROJECT)
	@touch $@

$(DEVELOPMENT): requirements-build.lock requirements-dev.lock pyproject.toml | $(BIN)/python
	@echo "Installing the bot and the tools to develop it into $(VENV); this happens once."
	@$(INSTALL_LOCKED) --requirement requirements-build.lock
	@$(INSTALL_LOCKED) --requirement requirements-dev.lock
	@$(INSTALL_PROJECT)
	@touch $@ $(RUNTIME)

$(BENCHMARKS): requirements-bench.lock $(DEVELOPMENT)
	@echo "Installing what the benchmarks measure beside the bot; this happens once."
	@$(INSTALL_LOCKED) --requirement requirements-bench.lock
	@touch $@
