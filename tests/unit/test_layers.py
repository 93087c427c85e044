"""The package's imports run one way; what a Lambda starts with stays small."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import training_events

PACKAGE = Path(training_events.__file__).parent

# Bottom first. A module imports from its own room, from rows below, and from what stands to the left in its own row.
ROOMS = [
    ["errors", "version", "cached_property"],
    ["canonical", "strict_json", "times", "teams", "settings", "aws", "redaction", "mlflow_ids"],
    ["event", "recordable", "catalogue"],
    ["bus", "stores", "folds"],
    ["notebook", "proof", "recovery", "recorder", "training"],
    ["projection", "openlineage"],
    ["reading"],
    ["pages", "reproduction", "worker", "interchange", "callbacks"],
    ["evidence", "analytics"],
    ["handlers", "cli", "__init__"],
]
ORDER = [room for row in ROOMS for room in row]
CLIENT = {
    "analytics",
    "callbacks",
    "cli",
    "evidence",
    "interchange",
    "notebook",
    "pages",
    "reading",
    "recorder",
    "reproduction",
    "worker",
}
"""Rooms that are not in the package that Lambda runs."""
FILES = sorted(PACKAGE.rglob("*.py"))


def name_of(file):
    return file.relative_to(PACKAGE).as_posix()


def room_of(file):
    """A folder of the package, or a module beside them."""
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(text):
    """The rooms that a module imports from. What only types need is left out."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "training_events":
            inside = (node.module or "").split(".")[1:]
            yield from inside[:1] or [name.name for name in node.names]


def test_every_room_has_its_place():
    assert {room_of(file) for file in FILES} == set(ORDER)


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_imports_run_one_way(file):
    own = room_of(file)
    for room in imported_rooms(file.read_text(encoding="utf-8")):
        assert room == own or ORDER.index(room) < ORDER.index(own), f"{name_of(file)} imports {room}, which stands above it"


@pytest.mark.parametrize("file", [file for file in FILES if room_of(file) not in CLIENT], ids=name_of)
def test_what_runs_in_aws_imports_nothing_that_only_a_client_has(file):
    assert not CLIENT & set(imported_rooms(file.read_text(encoding="utf-8")))


def test_nothing_of_the_app_is_imported():
    for file in FILES:
        text = file.read_text(encoding="utf-8")
        assert "stacks" not in [node.module for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
        assert "cdktf" not in text.replace("cdktf deploy", "")


def test_the_processor_starts_without_what_it_does_not_need():
    script = (
        "import os, sys\n"
        "os.environ |= {'AWS_DEFAULT_REGION': 'eu-central-1', 'TRAINING_EVENTS_LOG': 'dynamodb://log?read_models=models',"
        " 'TRAINING_EVENTS_UNDELIVERED': 'https://queue', 'TRAINING_EVENTS_BUCKET': 'bucket'}\n"
        "import training_events.handlers.event_processor\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'boto3', 'typer', 'rich', 'pydantic', 'aws_xray_sdk'}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_projector_without_a_bus_for_run_events_imports_nothing_of_them():
    script = (
        "import os, sys\n"
        "os.environ |= {'AWS_DEFAULT_REGION': 'eu-central-1', 'TRAINING_EVENTS_LOG': 'dynamodb://log?read_models=models',"
        " 'TRAINING_EVENTS_UNDELIVERED': 'https://queue', 'TRAINING_EVENTS_BUCKET': 'bucket',"
        " 'TRAINING_EVENTS_SEAL_MODE': 'GOVERNANCE', 'TRAINING_EVENTS_SEAL_DAYS': '1'}\n"
        "import training_events.handlers.projector\n"
        "print([name for name in sys.modules if name.startswith(('training_events.openlineage', 'training_events.mlflow'))])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(("package", "other"), [("stacks", "training_events"), ("lambda/training_events", "stacks")])
def test_what_is_declared_and_what_runs_never_import_each_other(package, other):
    for file in (PACKAGE.parents[1] / package).rglob("*.py"):
        assert not re.search(rf"^\s*(?:from|import) {other}\b", file.read_text(encoding="utf-8"), re.MULTILINE), file
