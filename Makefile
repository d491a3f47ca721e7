# make run     sets up .venv and starts publisher with config/publisher.toml
# make install only sets up .venv
# make test    everything CI checks; make lint, make wheel-check: parts of it
# make torture the long campaigns; make bench: the yardsticks
# make lock    writes the hashed locks anew (LOCK=--upgrade: with newer versions)

PYTHON ?= python3
export PYTHON
# Debian keeps smtp-sink where only root looks.
export PATH := $(PATH):/usr/sbin
bin := .venv/bin

pytest := $(bin)/pytest --cov --cov-report=
once_more := echo "=== Once more, alone, what failed:" && \
	$(pytest) --cov-append --last-failed --last-failed-no-failures none --exitfirst --verbose

# Where CI runs, nothing may be skipped for want of a server or a browser.
ifeq ($(CI),true)
export PUBLISHER_REQUIRE_ALL := 1
endif

.PHONY: run install test setup-dev lint unit coverage wheel-check torture bench lock

run: install
	@$(bin)/publisher --config config/publisher.toml run

install:
	@.ci/setup.sh runtime

setup-dev:
	@.ci/setup.sh dev
	@.ci/system-packages.sh

# One after the other, also under make -j.
test: setup-dev
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory unit
	@$(MAKE) --no-print-directory wheel-check

lint: setup-dev
	$(bin)/ruff check
	$(bin)/ruff format --check
	$(bin)/mypy
	$(bin)/lint-imports --no-logo

# Three workers for two cores: many tests wait for a process. What fails is tried once more, alone, and
# named by that: a machine may stall, but whoever reads such a name mends the test. The stricter floor
# for the heart of the program comes last.
unit: setup-dev
	$(bin)/coverage erase
	$(pytest) -n 3 --dist worksteal || { [ $$? -eq 1 ] && $(once_more); }
	$(bin)/coverage report --fail-under=90
	$(bin)/coverage report --include='publisher/domain/*,publisher/pipeline/*' --fail-under=95

wheel-check: setup-dev
	@tests/wheel_check.sh

torture: setup-dev
	$(bin)/pytest -n 2 -m torture

bench: setup-dev
	@$(bin)/python -m tests.bench

lock:
	@.ci/lock.sh $(LOCK)
