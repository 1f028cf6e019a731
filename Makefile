# Operations Guide: every command a developer needs. `make` alone lists them.
PYTHON ?= python3
PORT ?= 8765
STORY ?= nightly-late
VENV := .venv
BIN := $(VENV)/bin
export PYTHONPATH := python-lib:.
# Byte code is kept: without it every run compiles each test again before the first one starts.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test check bench plugin docs matrix ends verify clean

help: ## list the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 20

# One stamp a requirement set: nothing is installed again until its file changes, so that a warm run starts at once.
$(VENV)/%.stamp: requirements/%.txt requirements/local.txt requirements/suite.txt requirements/test.txt code-env/python/spec/requirements.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing: install it (Debian: apt-get install python3-venv), then run make again." >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

demo: $(VENV)/local.stamp ## serve a local DSS with the sample project on http://127.0.0.1:$PORT/  (PORT, STORY, PROJECT, LATENCY_MS)
	@$(BIN)/python -m localdss --port $(PORT) --story $(STORY) $(if $(PROJECT),--project "$(PROJECT)") $(if $(LATENCY_MS),--latency-ms $(LATENCY_MS))

# The pure core first, alone: it starts at once, and what fails there is not worth a browser. ARGS runs only what it names.
test: $(VENV)/test.stamp ## all tests, the browser's included (ARGS="tests/web -k find": only those)
ifdef ARGS
	@$(BIN)/python -m pytest $(ARGS)
else
	@$(BIN)/python -m pytest tests/unit
	@$(BIN)/python tests/browser/install.py
	@$(BIN)/python -m pytest -n auto --dist loadfile --ignore tests/unit
endif

check: $(VENV)/check.stamp ## ruff, mypy, import-linter, descriptor lint, pip-audit where it is installed
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python tests/packaging/lint_descriptors.py
	@$(BIN)/python tools/audit.py

bench: $(VENV)/test.stamp ## measure the claims: every file of bench/ prints its ratio last
	@for bench in bench/*.py; do echo "== $$bench"; $(BIN)/python "$$bench" || exit 1; done

plugin: $(VENV)/local.stamp ## write dist/operations-guide-<version>.zip, the same bytes every time
	@$(BIN)/python tools/build_plugin.py

docs: $(VENV)/test.stamp ## write the generated pages of docs/ again
	@$(BIN)/python tools/build_docs.py

# Each cell makes its own environment once, below .matrix/; a run of all cells writes docs/compatibility.md.
matrix: ## the suite on each Python, client, pandas, Flask and DSS that is claimed, for an hour and a half  (CELLS="oldest newest")
	@$(PYTHON) tools/matrix.py $(CELLS)

ends: ## the oldest and the newest of these side by side, in about a minute; writes nothing
	@$(PYTHON) tools/matrix.py --ends

# The key is taken from the environment and shown nowhere: `DSS_API_KEY=… make verify DSS_URL=…` keeps it out of `ps` as well.
verify: $(VENV)/local.stamp ## try every read on a real DSS, changing nothing  (DSS_URL, DSS_API_KEY, PROJECT, SLOW=1, DUMP)
	@$(BIN)/python tools/verify.py

clean: ## remove what the other commands made
	rm -rf $(VENV) .matrix dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
