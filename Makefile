# Everything a person or a program runs. `make help` lists the targets.
# Set-up needs Python 3.11 or newer with pip, and make; nothing is installed outside this folder,
# but for the Debian packages that `make test` names (apt, as root or with sudo).
SHELL := /bin/bash
.DEFAULT_GOAL := help
UV := .uv/bin/uv
BIN := .venv/bin
UV_VERSION := 0.13.9
export UV_NO_PROGRESS := 1
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo test test-long check format bench screenshots browser-packages messages vendor clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(UV):
	@echo "Setting up: uv $(UV_VERSION)"
	@python3 -m pip install --quiet --disable-pip-version-check --no-warn-conflicts --root-user-action=ignore --target .uv uv==$(UV_VERSION) 2>/dev/null \
	  || python3 -m pip install --target .uv uv==$(UV_VERSION)

# The product alone: what `make demo` needs.
.venv/run.stamp: pyproject.toml uv.lock | $(UV)
	@test -f .venv/dev.stamp || $(UV) sync --frozen --no-dev --inexact --quiet
	@touch $@

# The product and its tools: what tests and checks need.
.venv/dev.stamp: pyproject.toml uv.lock | $(UV)
	@$(UV) sync --frozen --quiet
	@touch $@ .venv/run.stamp

PO := $(wildcard src/madoguchi/locale/*/LC_MESSAGES/django.po)
MO := $(PO:.po=.mo)
%.mo: %.po .venv/run.stamp
	@$(BIN)/python -m madoguchi.config.catalogue $< $@

demo: .venv/run.stamp $(MO)  ## the whole product on this machine with an example centre
	@exec $(BIN)/madoguchi demo

check: .venv/dev.stamp $(MO)  ## format, lint, types, layers, docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy

format: .venv/dev.stamp  ## mend what the formatter and linter can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: .venv/dev.stamp $(MO) browser-packages check  ## set-up, checks, and every test on SQLite and on PostgreSQL
	$(BIN)/python -m pytest -n 2 -m "not long"
	TEST_STORE=postgres $(BIN)/python -m pytest -n 2 -m "store and not long"

test-long: .venv/dev.stamp $(MO) browser-packages  ## what takes longer: kills, traces, whole corpora
	$(BIN)/python -m pytest -n 0 -m long
	TEST_STORE=postgres $(BIN)/python -m pytest -n 0 -m "long and store"

bench: .venv/dev.stamp $(MO)  ## the README's performance table for this machine; ROWS="intake-*" runs some
	$(BIN)/python -m bench $(ROWS)

screenshots: .venv/dev.stamp $(MO) browser-packages  ## public pages and gallery in var/screenshots: widths, languages, light, dark, print
	$(BIN)/python tools/screenshots var/screenshots

messages: .venv/dev.stamp  ## renews the message catalogues from the code (needs Debian's gettext)
	cd src/madoguchi && ../../$(BIN)/python -m django makemessages -l ja -l en --no-location --no-wrap --no-obsolete

vendor:  ## renews the vendored design tokens (needs npm)
	@tools/vendor-assets

browser-packages:
	@tools/debian-packages

clean:  ## removes what set-up made; data in var/ stays
	rm -rf .venv .uv
