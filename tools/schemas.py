"""`python -m tools.schemas FOLDER`: writes the JSON Schemas of event types, of commands' --json, and of our facet.

`make schemas` updates those in docs/reference/; a test compares them with the code.
"""

from __future__ import annotations

import argparse
import inspect
import json
import sys
from pathlib import Path
from typing import Any, get_args

from msgspec import Struct
from msgspec.json import schema_components
from training_events.catalogue import CATALOGUE
from training_events.cli.commands.checkpoint import CheckpointDocument
from training_events.cli.commands.compare import CompareDocument
from training_events.cli.commands.datasets import DatasetsDocument
from training_events.cli.commands.evidence import EvidenceDocument
from training_events.cli.commands.export import ExportDocument
from training_events.cli.commands.flush import FlushDocument
from training_events.cli.commands.history import HistoryDocument
from training_events.cli.commands.import_ import ImportDocument
from training_events.cli.commands.models import ModelsDocument
from training_events.cli.commands.rebuild import RebuildDocument
from training_events.cli.commands.recipes import RecipesDocument
from training_events.cli.commands.reconcile import ReconcileDocument
from training_events.cli.commands.record import RecordDocument
from training_events.cli.commands.redrive import RedriveDocument
from training_events.cli.commands.replay import ReplayDocument
from training_events.cli.commands.report import ReportDocument
from training_events.cli.commands.reproduce import ReproduceDocument
from training_events.cli.commands.request import RequestDocument
from training_events.cli.commands.runs import RunsDocument
from training_events.cli.commands.serving import ServingDocument
from training_events.cli.commands.show import ShowDocument
from training_events.cli.commands.ui import UiDocument
from training_events.cli.commands.undelivered import UndeliveredDocument
from training_events.cli.commands.verify import VerifyDocument
from training_events.cli.commands.watch import WatchDocument
from training_events.cli.commands.worker import WorkerDocument
from training_events.cli.organising import SentDocument
from training_events.openlineage import training_facet
from training_events.openlineage.training_facet import TrainingRunFacet
from training_events.reading.lineage.graph import Lineage

DOCUMENTS: dict[str, Any] = {
    "checkpoint": CheckpointDocument,
    "compare": CompareDocument,
    "datasets": DatasetsDocument,
    "describe": SentDocument,
    "export": ExportDocument,
    "flush": FlushDocument,
    "hide": SentDocument,
    "history": HistoryDocument,
    "import": ImportDocument,
    "models": ModelsDocument,
    "lineage": Lineage,
    "rebuild": RebuildDocument,
    "reconcile": ReconcileDocument,
    "recipes": RecipesDocument,
    "record": RecordDocument,
    "redrive": RedriveDocument,
    "replay": ReplayDocument,
    "report": ReportDocument,
    "reproduce": ReproduceDocument,
    "request": RequestDocument,
    "restore": SentDocument,
    "runs": RunsDocument,
    "serving": ServingDocument,
    "show": ShowDocument,
    "tag": SentDocument,
    "ui": UiDocument,
    "undelivered": UndeliveredDocument,
    "verify": VerifyDocument,
    "evidence": EvidenceDocument,
    "watch": WatchDocument,
    "worker": WorkerDocument,
}
"""What each command prints with --json: a struct, or one of several."""

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, dict[str, Any]]:
    """Schemas by path: `events/<Type>.json` for the data of an event type, `cli/<command>.json` for a command's document.

    The facet that OpenLineage's run events have of our own is in `openlineage/`.
    """
    events = {
        f"events/{name}.json": _schema(
            [event_type.fact],
            f"the data of {name}, schema version {event_type.version}, in streams {_streams_of(name)}",
        )
        for types in CATALOGUE.values()
        for name, event_type in types.items()
    }
    commands = {
        f"cli/{command}.json": _exact(
            _schema(list(get_args(document) or [document]), f"what `training-events {command} --json` prints")
        )
        for command, document in DOCUMENTS.items()
    }
    facet = {
        training_facet.SCHEMA_FILE: _exact(_schema([TrainingRunFacet], "the facet of a training in OpenLineage's run events"))
    }
    return events | commands | facet


def _streams_of(name: str) -> str:
    kinds = [kind for kind, types in CATALOGUE.items() if name in types]
    return "of any kind" if len(kinds) == len(CATALOGUE) else ", ".join(f"{kind}/<name>" for kind in kinds)


def _schema(structs: list[type[Struct]], title: str) -> dict[str, Any]:
    references, components = schema_components(structs, ref_template="#/$defs/{name}")
    for component in components.values():
        if "description" in component:
            component["description"] = inspect.cleandoc(component["description"])
    root = {"oneOf": list(references)} if len(structs) > 1 else references[0]
    return _with_plain_names({"$schema": _DIALECT, "title": title, **root, "$defs": components})


def _with_plain_names(schema: dict[str, Any]) -> dict[str, Any]:
    """`training_events.folds.model.Version`, as msgspec calls one of two structs of the same name, becomes `ModelVersion`."""
    text = json.dumps(schema)
    for name in schema["$defs"]:
        if "." in name:
            *_, module, struct = name.split(".")
            plain = f"{module.title()}{struct}"
            text = text.replace(f'"{name}"', f'"{plain}"').replace(f'"#/$defs/{name}"', f'"#/$defs/{plain}"')
    named: dict[str, Any] = json.loads(text)
    return named


def _exact(schema: Any) -> Any:
    """The schema of a printed document: it has every key, with null if there is no value, and no others."""
    if isinstance(schema, list):
        return [_exact(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    exact = {key: _exact(value) for key, value in schema.items()}
    if "properties" in schema:
        for value in exact["properties"].values():
            value.pop("default", None)
        exact |= {"required": list(schema["properties"]), "additionalProperties": False}
    return exact


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.schemas", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("folder", type=Path, help="the folder to write events/, cli/ and openlineage/ into")
    folder: Path = parser.parse_args().folder
    for path, schema in schemas().items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(schema, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
