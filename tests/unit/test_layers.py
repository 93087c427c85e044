"""The package's imports run one way; what a Lambda starts with stays small."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import training_events

PACKAGE = Path(training_events.__file__).parent

# bottom first: a module imports only from rows above its own, or from its own row to the left
LAYERS = [
    ["version", "__init__"],
    ["errors"],
    ["canonical", "strict_json", "times"],
    ["event"],
    ["bus.envelope", "stores.event_log"],
    ["catalogue.stored", "catalogue.run", "catalogue.model", "catalogue.dataset", "catalogue.__init__"],
    ["settings", "aws"],
    ["folds.version", "folds.stream_state", "folds.metric", "folds.run", "folds.model", "folds.dataset", "folds.summary"],
    ["folds.__init__"],
    ["stores.read_models", "stores.damage"],
    ["stores.dynamodb.item", "stores.dynamodb.event_log", "stores.dynamodb.read_models"],
    [
        "stores.sqlite.schema",
        "stores.sqlite.database",
        "stores.sqlite.row",
        "stores.sqlite.event_log",
        "stores.sqlite.read_models",
    ],
    ["stores.address", "stores.opening"],
    [
        "proof.findings",
        "proof.chains",
        "proof.merkle",
        "proof.seal_store",
        "proof.seal_format",
        "proof.seal_reader",
        "proof.comparison",
        "proof.sealing",
        "proof.verification",
    ],
    ["proof.s3_seal_store", "proof.sqlite_seal_store"],
    ["projection.projector", "projection.time_travel", "stream_folds", "projection.rebuild", "projection.catch_up"],
    ["recovery.undelivered", "bus.publisher", "recovery.replay"],
    ["bus.aws_events.aws_event", "bus.aws_events.s3", "bus.aws_events.sagemaker", "bus.received"],
    [
        "stores.dynamodb.change_record",
        "recovery.message",
        "recovery.failed_batch",
        "recovery.queue_reader",
        "recovery.redrive",
        "recovery.reconcile",
    ],
    [
        "recorder.forks",
        "recorder.reporting",
        "recorder.plain",
        "recorder.pinning.sagemaker",
        "recorder.identity",
        "recorder.pinning.code_version",
        "recorder.pinning.environment",
        "recorder.variables",
        "recorder.packages",
        "recorder.pinning.spec",
    ],
    [
        "recorder.storage.files",
        "recorder.storage.progress",
        "recorder.hashing",
        "recorder.storage.upload",
        "recorder.storage.objects",
        "recorder.storage.oversize",
    ],
    [
        "recorder.delivery.journal",
        "recorder.delivery.points",
        "recorder.delivery.destination",
        "recorder.delivery.spool_file",
        "recorder.delivery.spool",
        "recorder.left_over",
        "recorder.delivery.sender",
        "recorder.delivery.flush",
        "recorder.delivery.writer",
        "recorder.delivery.channel",
        "recorder.once",
        "recorder.termination",
        "recorder.guard",
        "recorder.participant",
        "recorder.run",
        "recorder.record_run",
        "recorder.registering",
    ],
    ["handlers.event_processor", "handlers.projector"],
    ["cli.output", "cli.table", "cli.sparkline", "cli.run_spec", "cli.time_argument", "cli.workspace"],
    [
        "cli.commands.history",
        "cli.commands.flush",
        "cli.commands.record",
        "cli.commands.runs",
        "cli.commands.show",
        "cli.commands.verify",
        "cli.commands.rebuild",
        "cli.commands.undelivered",
        "cli.commands.redrive",
        "cli.commands.replay",
        "cli.commands.reconcile",
    ],
    ["cli.__init__"],
]
ORDER = [module for layer in LAYERS for module in layer]


def module_of(file):
    return ".".join(file.relative_to(PACKAGE).with_suffix("").parts)


def imports_at_run_time(file):
    """The modules of this package that a file imports, what only types need left out."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "training_events":
            below = (node.module or "").removeprefix("training_events").removeprefix(".")
            for name in node.names:
                found = ".".join(filter(None, [below, name.name]))
                known = found in ORDER or f"{found}.__init__" in ORDER
                yield found if known else below or "__init__"


def has_code(file):
    """Whether there is more in it than a docstring, as in the `__init__` of most rooms."""
    return len(ast.parse(file.read_text(encoding="utf-8")).body) > 1


FILES = sorted(filter(has_code, PACKAGE.rglob("*.py")))


def test_every_module_has_its_place():
    assert sorted(map(module_of, FILES)) == sorted(ORDER)


@pytest.mark.parametrize("file", FILES, ids=module_of)
def test_imports_run_one_way(file):
    own = ORDER.index(module_of(file))
    for imported in imports_at_run_time(file):
        place = ORDER.index(imported if imported in ORDER else f"{imported}.__init__")
        assert place < own, f"{module_of(file)} imports {imported}, which stands above it"


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


@pytest.mark.parametrize(("package", "other"), [("stacks", "training_events"), ("lambda/training_events", "stacks")])
def test_what_is_declared_and_what_runs_never_import_each_other(package, other):
    for file in (PACKAGE.parents[1] / package).rglob("*.py"):
        assert not re.search(rf"^\s*(?:from|import) {other}\b", file.read_text(encoding="utf-8"), re.MULTILINE), file
