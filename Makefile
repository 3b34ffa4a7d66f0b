# Everything runs in .venv, and every target can be repeated.
PORT ?= 8000
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
SITE := http://127.0.0.1:$(PORT)

.PHONY: run test bench lint

.venv/runtime: requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.txt
	touch $@

.venv/dev: .venv/runtime requirements-dev.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements-dev.txt
	touch $@

# The site with the guide as its sample book and demo accounts, on this machine alone.
run: .venv/runtime
	PORT=$(PORT) BOOKBINDER_SITE_URL=$(SITE) $(BIN)/python -m bookbinder.demo

test: .venv/dev
	$(BIN)/python -m bookbinder.tests.all

bench: .venv/dev
	$(BIN)/python -m bookbinder.tests.postgres $(BIN)/python -m benchmarks
