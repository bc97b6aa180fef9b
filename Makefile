PYTHON ?= python3
BIN := .venv/bin
STUDY := --dataset synthetic --weights random --batch-size 8

.PHONY: demo test long slurm check lint torture audit reference docs site clean

.venv/installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("isicbench needs Python 3.11 or newer: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@

# Both experiments of the study on synthetic data, into demo/; nothing is downloaded but packages.
demo: .venv/installed
	mkdir -p demo
	cd demo && ../$(BIN)/isicbench run $(STUDY)
	cd demo && ../$(BIN)/isicbench report --format markdown

test: .venv/installed
	$(BIN)/pytest -n 2 --dist loadfile -m 'not cluster and not long'

# Whole runs whose parts `make test` tests one by one.
long: .venv/installed
	$(BIN)/pytest -n 2 -m long

# All that executors promise: local, Ray where it is installed, and a Slurm that the tests start and end (Debian: slurmctld
# slurmd slurm-client munge).
slurm: .venv/installed
	ISICBENCH_REQUIRE=slurm $(BIN)/pytest -m cluster tests/scheduling

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test

# The results.db and reports/ of this repository, the notebook on them, and, where there is a chromium, the README's picture.
reference: .venv/installed
	rm -rf results.db reports
	$(BIN)/isicbench run $(STUDY) --devices cpu
	$(BIN)/isicbench report --format markdown
	$(BIN)/isicbench report --format html
	$(BIN)/python -m docs.execute_notebook
	-$(BIN)/python -m docs.screenshot

# Input of every kind, thrown at the command; then 200 kills, 16 writers, and runs in two workers: about a quarter of an hour
# each but for the writers, on two cores. SEED repeats one, COUNT, KILLS and MINUTES make them longer or shorter.
COUNT ?= 2000
KILLS ?= 200
MINUTES ?= 15
torture: .venv/installed
	$(BIN)/python -m tests.torture.fuzz --count $(COUNT) $(if $(SEED),--seed $(SEED))
	$(BIN)/python -m benchmarks.torture kills --kills $(KILLS) --seed $(or $(SEED),0)
	$(BIN)/python -m benchmarks.torture writers
	$(BIN)/python -m benchmarks.torture soak --runs 6000 --minutes $(MINUTES)

# Known vulnerabilities of the installed packages; says plainly where they cannot be looked up.
audit: .venv/installed
	-$(BIN)/pip install --quiet 'pip-audit>=2.7'
	$(BIN)/python -m docs.audit_dependencies

# docs/reference/commands.md, from what --help prints, docs/reference/python.md, from docstrings, docs/dependencies.md,
# from what is installed, and the notebook's outputs, from results.db.
docs: .venv/installed
	$(BIN)/python -m docs.generate_reference
	$(BIN)/python -m docs.generate_python_reference
	$(BIN)/python -m docs.generate_dependencies
	$(BIN)/python -m docs.execute_notebook

# The documentation as a site, site/index.html; a link that leads nowhere is an error.
site: .venv/installed
	$(BIN)/python -m docs.build_site site

clean:
	rm -rf .venv demo dist build site
