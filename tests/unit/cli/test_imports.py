"""What a call imports: nobody waits for AWS's SDK, the recorder or pydantic where a command does without."""

import json
import subprocess
import sys

import pytest
from training_events import cli

from tests.support.environment import without_aws

SCRIPT = """
import atexit, json, sys
atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr))
from training_events import cli
cli.run(sys.argv[1:])
"""
"""A shell that asks what may follow ends the program: so what was imported is told at its end."""
OF_TYPER = {"typer", "annotated_doc", "shellingham", "typing_extensions"}
ALWAYS = OF_TYPER | {"msgspec", "training_events"}
A_TABLE = ALWAYS | {"rich"}
VERSION = {"cli", "errors", "version"}
VOCABULARY = {"cached_property", "canonical", "event", "recordable", "settings", "strict_json", "times"}
READING = VERSION | VOCABULARY | {"catalogue", "folds", "projection", "proof", "reading", "stores"}


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('log')}/log.db"
    assert cli.run(["record", "run/a", "TrainingStarted", "--log", url]) == 0
    return url


def imported(arguments, log, **environment):
    """The packages that are not of the standard library, the rooms of this one, and all modules by their full names."""
    command = [sys.executable, "-c", SCRIPT, *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=without_aws(TRAINING_EVENTS_LOG=log, **environment)
    )
    modules = json.loads(done.stderr)
    packages = {module.partition(".")[0] for module in modules} - set(sys.stdlib_module_names)
    rooms = {module.split(".")[1] for module in modules if module.startswith("training_events.")}
    return {package for package in packages if not package.startswith("_")}, rooms, set(modules)


@pytest.mark.parametrize("arguments", [["--version"], ["--help"]], ids=" ".join)
def test_the_programs_own_options_import_no_command(log, arguments):
    packages, rooms, modules = imported(arguments, log)
    assert packages <= ALWAYS
    assert rooms <= VERSION
    assert not [module for module in modules if module.startswith("training_events.cli.commands.")]


@pytest.mark.parametrize(
    "arguments", [["runs"], ["models"], ["show", "run/a"], ["history", "run/a"], ["compare", "run/a", "run/a@1"]], ids=" ".join
)
def test_reading_a_laptops_log_imports_neither_awss_sdk_nor_what_it_does_not_print_with(log, arguments):
    packages, rooms, modules = imported(arguments, log)
    assert packages <= A_TABLE
    assert rooms <= READING
    assert not {"rich.console", "rich.progress", "rich.table"} & modules
    commands = [module for module in modules if module.startswith("training_events.cli.commands.")]
    assert commands == [f"training_events.cli.commands.{arguments[0]}"]


def test_only_a_condition_imports_its_parser(log):
    assert imported(["runs", "--sort", "-created", "--model", "digits"], log)[0] <= A_TABLE
    packages, rooms, _ = imported(["runs", "--where", "status = 'running'"], log)
    assert packages <= A_TABLE | {"lark", "regex"}  # which it takes where it is installed, as for dateparser
    assert rooms <= READING


def test_completing_the_name_of_a_run_imports_no_more_than_reading_it(log):
    words = {"COMP_WORDS": "training-events\nwatch\n--log\nx\n", "COMP_CWORD": "4"}
    packages, rooms, modules = imported([], log, _TRAINING_EVENTS_COMPLETE="complete_bash", **words)
    assert packages <= A_TABLE
    assert rooms <= READING
    assert not {"rich.console", "rich.live"} & modules


@pytest.mark.parametrize("command", ["report", "ui"])
def test_the_help_of_a_command_about_pages_imports_nothing_that_makes_them(log, command):
    packages, _, modules = imported([command, "--help"], log)
    assert packages <= A_TABLE
    assert not {"rich.console", "training_events.pages.rendering"} & modules


def test_a_report_starts_no_server_and_imports_none(log, tmp_path):
    packages, _, _ = imported(["report", "run/a", "-o", str(tmp_path / "a.html")], log)
    assert packages <= A_TABLE | {"jinja2", "markupsafe", "cryptography"}  # it says whether the run verifies


def test_only_what_publishes_a_checkpoint_imports_what_signs_it(tmp_path):
    url = f"sqlite:///{tmp_path}/log.db"
    command = ["record", "run/a", "TrainingStarted"]
    assert "cryptography" in imported(command, url)[0]
    assert "cryptography" not in imported(command, url)[0], "the newest is of the last five minutes"


@pytest.mark.parametrize(("command", "missing"), [("report", "jinja2"), ("ui", "starlette")])
def test_a_package_of_the_extra_that_is_missing_is_one_line(log, command, missing):
    """As in an environment without it: nothing finds the package."""
    script = f"""
import importlib.machinery, sys
find = importlib.machinery.PathFinder.find_spec
importlib.machinery.PathFinder.find_spec = lambda name, *more: None if name == {missing!r} else find(name, *more)
from training_events import cli
sys.exit(cli.run({[command, *(["run/a"] if command == "report" else [])]!r}))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, env=without_aws(TRAINING_EVENTS_LOG=log)
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [f"training-events: pages need {missing}: pip install 'training-events[ui]'"]
