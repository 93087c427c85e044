"""Evidence in others' formats: their own libraries take it, whatever was recorded, and it says what the log says."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import given, settings
from hypothesis import strategies as st
from rocrate.rocrate import ROCrate
from training_events.event import Event
from training_events.evidence.formats.cyclonedx import bom
from training_events.evidence.formats.ro_crate import crate

from tests.support.evidence import evident_log
from tests.support.evidence import files_of as files_in_zip
from tests.support.fakes import InMemoryLog
from tests.support.histories import histories
from tests.support.hostile_texts import DATASET, HOSTILE, MODEL, STREAMS, hostile_facts
from tests.support.shown_evidence import facts_of, files_of

A, B, C = (letter * 64 for letter in "abc")
COMMIT = "9a76a5d0" * 5
SPEC = {
    "code": {"repository": "https://git.example.com/team/digits.git", "commit": COMMIT, "dirty": True},
    "image": {"uri": "registry.example.com/digits:3", "digest": f"sha256:{B}"},
    "entry_point": "train.py",
    "hyperparameters": {"alpha": 0.1, "optimizer": {"name": "sgd"}},
    "seeds": {"numpy": 2**63 + 1},
    "datasets": [
        {"uri": "s3://team/digits.npz", "sha256": A, "role": "train"},
        {"uri": "s3://team/digits.npz", "sha256": A, "role": "validation"},
        {"uri": "data/labels.csv", "digest": f"md5:{'5e' * 16}", "role": "labels"},
    ],
    "packages": {"Flask_Login": "0.6.3", "digits": "1.0+local"},
    "direct_packages": {"digits": "editable file:///code"},
    "python": "3.12.3",
}
FACTS: list[tuple[str, str, dict[str, Any]]] = [
    ("dataset/digits", "DatasetRegistered", {"uri": "s3://team/digits.npz", "sha256": A, "rows": 1797}),
    ("run/digits-7", "TrainingStarted", SPEC),
    (
        "run/digits-7",
        "MetricsRecorded",
        {"points": [{"name": "accuracy", "value": 0.9, "step": 1}, {"name": "loss", "value": "NaN"}]},
    ),
    ("run/digits-7", "ArtifactSaved", {"uri": "s3://team/model.joblib", "sha256": C, "bytes": 12, "name": "model"}),
    ("run/digits-7", "TrainingCompleted", {}),
    (
        "model/digits",
        "ModelRegistered",
        {"version": 3, "run": "digits-7", "artifact": {"uri": "s3://team/model.joblib", "sha256": C}},
    ),
]


def log_of(facts: list[tuple[str, str, dict[str, Any]]]) -> InMemoryLog:
    log = InMemoryLog()
    for number, (stream, type_, data) in enumerate(facts):
        at = f"2026-11-22T15:{number // 60:02d}:{number % 60:02d}.000000Z"
        log.append(Event(f"e-{number}", stream, type_, at, "tests", data))
    return log


@pytest.fixture(scope="module")
def validator() -> JsonStrictValidator:
    return JsonStrictValidator(SchemaVersion.V1_6)


@pytest.fixture(scope="module")
def hostile_log() -> InMemoryLog:
    return log_of(hostile_facts())


def entities_of(metadata: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {entity["@id"]: entity for entity in metadata["@graph"]}


def as_rocrate_reads_it(metadata: dict[str, Any]) -> ROCrate:
    """Raises an error for what is no crate: a reference that leads nowhere, or a file that is no part of it."""
    entities = entities_of(metadata)
    assert len(entities) == len(metadata["@graph"])
    for entity in entities.values():
        for values in entity.values():
            for value in values if isinstance(values, list) else [values]:
                if isinstance(value, dict) and not value["@id"].startswith("http"):
                    assert value["@id"] in entities
    return ROCrate(json.loads(json.dumps(metadata)))


# the bill of materials


def test_bill_is_of_the_model_by_its_digest(validator: JsonStrictValidator):
    made = bom(facts_of(log_of(FACTS), "model/digits@3"), attested=True)
    assert validator.validate_str(json.dumps(made)) is None
    model = made["metadata"]["component"]
    assert (model["type"], model["name"], model["version"]) == ("machine-learning-model", "digits", "3")
    assert model["hashes"] == [{"alg": "SHA-256", "content": C}]
    references = {reference["type"]: reference for reference in model["externalReferences"]}
    assert references["distribution"]["url"] == "s3://team/model.joblib"
    assert references["vcs"]["url"] == "https://git.example.com/team/digits.git"
    assert references["vcs"]["comment"] == f"commit {COMMIT}, and changes that were not committed"
    assert references["attestation"]["url"] == "provenance.dsse.json"


def test_model_card_has_metrics_hyperparameters_and_datasets():
    made = bom(facts_of(log_of(FACTS), "model/digits@3"), attested=False)
    model = made["metadata"]["component"]
    assert "attestation" not in [reference["type"] for reference in model["externalReferences"]]
    card = model["modelCard"]
    assert card["quantitativeAnalysis"]["performanceMetrics"] == [
        {"type": "accuracy", "value": "0.9"},
        {"type": "loss", "value": "NaN"},
    ]
    assert {item["name"]: item["value"] for item in card["properties"]} == {
        "training-events:hyperparameter:alpha": "0.1",
        "training-events:hyperparameter:optimizer.name": "sgd",
        "training-events:seed:numpy": "9223372036854775809",
        "training-events:best:accuracy": "0.9",
    }
    assert card["modelParameters"]["datasets"] == [{"ref": "dataset-1"}, {"ref": "dataset-2"}]


def test_datasets_and_software_are_components():
    made = bom(facts_of(log_of(FACTS), "model/digits@3"), attested=True)
    components = {component["bom-ref"]: component for component in made["components"]}
    assert list(components) == made["dependencies"][0]["dependsOn"]
    digits, labels = components["dataset-1"], components["dataset-2"]
    assert (digits["type"], digits["name"], digits["hashes"]) == ("data", "digits", [{"alg": "SHA-256", "content": A}])
    assert [item["value"] for item in digits["properties"]] == ["train", "validation", "dataset/digits"]
    assert (labels["name"], labels["hashes"]) == ("data/labels.csv", [{"alg": "MD5", "content": "5e" * 16}])
    assert components["package-1"]["purl"] == "pkg:pypi/flask-login@0.6.3"
    assert "purl" not in components["package-2"]  # it came from no index
    assert components["image"]["hashes"] == [{"alg": "SHA-256", "content": B}]
    assert components["python"]["version"] == "3.12.3"


def test_folder_has_the_digest_of_its_files_as_a_property():
    folder = {"version": 1, "run": "digits-7", "artifact": {"uri": "s3://team/model/", "sha256": B}}
    made = bom(facts_of(log_of([*FACTS, ("model/digits", "ModelRegistered", folder)]), "model/digits@1"), attested=False)
    model = made["metadata"]["component"]
    assert "hashes" not in model
    assert model["properties"] == [{"name": "training-events:sha256_of_files", "value": B}]


def test_same_facts_make_the_same_bill():
    log = log_of(FACTS)
    assert bom(facts_of(log, "run/digits-7"), attested=True) == bom(facts_of(log, "run/digits-7"), attested=True)


# the crate


def test_crate_has_its_files_and_the_run_as_the_action_that_made_the_model():
    facts = facts_of(log_of(FACTS), "model/digits@3")
    files = files_of(facts)
    metadata = crate(facts, files)
    read = as_rocrate_reads_it(metadata)
    assert {entity.id for entity in read.data_entities} == set(files)
    assert read.root_dataset["name"] == "Evidence of model/digits@3"
    [action] = read.root_dataset["mentions"]
    assert action.type == "CreateAction"
    assert (action["startTime"], action["endTime"]) == ("2026-11-22T15:00:01.000000Z", "2026-11-22T15:00:04.000000Z")
    assert {entity["name"] for entity in action["object"]} == {"digits", "labels", "alpha", "optimizer.name"}
    assert {entity["name"] for entity in action["result"]} == {"model", "accuracy", "loss"}
    assert action["instrument"]["version"] == COMMIT


def test_file_that_is_in_the_crate_is_no_second_entity():
    facts = facts_of(log_of(FACTS), "model/digits@3")
    metadata = crate(facts, files_of(facts))
    with_digest = [entity for entity in metadata["@graph"] if entity.get("sha256") == C]
    assert [entity["@type"] for entity in with_digest] == ["File"]


# whatever was recorded


@pytest.mark.parametrize("subject", [*STREAMS, DATASET, *(f"{MODEL}@{version}" for version in HOSTILE)], ids=ascii)
def test_hostile_texts_are_taken_by_the_libraries(hostile_log: InMemoryLog, validator: JsonStrictValidator, subject: str):
    facts = facts_of(hostile_log, subject)
    assert validator.validate_str(json.dumps(bom(facts, attested=True))) is None
    as_rocrate_reads_it(crate(facts, files_of(facts)))


@given(histories(), st.sampled_from(["1", "2"]))
@settings(max_examples=25)
def test_every_history_is_taken_by_the_libraries(events: list[Event], version: str):
    log = InMemoryLog()
    for event in events:
        log.append(event)
    for stream in log.streams():
        if not stream.startswith("group/"):
            facts = facts_of(log, f"{stream}@{version}" if stream.startswith("model/") else stream)
            assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bom(facts, attested=True))) is None
            as_rocrate_reads_it(crate(facts, files_of(facts)))


# a whole file


def test_file_of_evidence_is_a_crate_with_a_bill_that_the_libraries_read(tmp_path: Path, validator: JsonStrictValidator):
    with evident_log("sqlite", tmp_path) as evident:
        content, written = evident.evidence(files=True)
    file = tmp_path / "evidence.zip"
    file.write_bytes(content)
    inside = files_in_zip(content)
    read = ROCrate(file)
    files = {unquote(entity.id) for entity in read.data_entities if entity.type == "File"}
    assert files == inside.keys() - {"ro-crate-metadata.json"}
    assert validator.validate_str(inside["bom.cdx.json"].decode()) is None
    weights = next(it for it in written.facts.artifacts if "model" in it.kinds or it.name == "weights")
    bill = json.loads(inside["bom.cdx.json"])
    assert bill["metadata"]["component"]["hashes"] == [{"alg": "SHA-256", "content": weights.stored.sha256}]
