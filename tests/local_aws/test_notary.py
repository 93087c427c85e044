"""The notary as it is deployed: the log's change stream gives events their leaves, its schedule's call signs, readers check.

MiniStack signs with the real curve, and holds roles to their policies and to that of the bucket, but not to those of a table or
a key. tests/synth/test_notary.py has these.
"""

import json
import os
import subprocess
import sys
import uuid
import zipfile
from base64 import b64decode
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from msgspec.structs import replace
from training_events.bus.publisher import EventBusPublisher
from training_events.event import Event
from training_events.proof.notary.ledger import Ledger
from training_events.proof.tree.reader import TreeReader
from training_events.proof.tree.s3_tiles import S3Tiles

from local.endpoints import ACCOUNT
from tests.local_aws.conftest import Deployed, new_event
from tests.support.patience import until


def _ledger(deployed: Deployed) -> Ledger:
    return Ledger(deployed.outputs["notary_table_name"], deployed.client("dynamodb"))


def _published(deployed: Deployed, count: int) -> list[Event]:
    """Events of one run on the bus, each with its leaf."""
    stream = f"run/{uuid.uuid4().hex}"
    events = [new_event(stream, number) for number in range(count)]
    _publish_and_await_leaves(deployed, events)
    return events


def _publish_and_await_leaves(deployed: Deployed, events: list[Event]) -> None:
    EventBusPublisher(deployed.outputs["event_bus_name"], deployed.client("events")).publish(events)
    counts, ledger = Counter(event.stream for event in events), _ledger(deployed)
    until(lambda: all(len(list(ledger.places(stream))) == count for stream, count in counts.items()))


def _as_the_schedule_calls(deployed: Deployed) -> None:
    answer = deployed.client("lambda").invoke(
        FunctionName=deployed.outputs["notary_function_name"], Payload=json.dumps({"source": "aws.events"}).encode()
    )
    assert "FunctionError" not in answer, answer["Payload"].read()


def _tree(deployed: Deployed) -> TreeReader:
    key = deployed.client("kms").get_public_key(KeyId=deployed.outputs["checkpoint_key_arn"])["PublicKey"]
    tiles = S3Tiles(deployed.outputs["data_bucket_name"], deployed.client("s3"))
    return TreeReader(tiles, _ledger(deployed), key, origin=_origin(deployed))


def _origin(deployed: Deployed) -> str:
    region = deployed.environment.endpoints.region
    return f"training-events/{ACCOUNT}/{region}/{deployed.outputs['event_log_table_name']}"


def test_events_of_the_bus_get_leaves_and_the_next_checkpoint_covers_them(deployed: Deployed) -> None:
    events = _published(deployed, 3)
    _as_the_schedule_calls(deployed)
    tree = _tree(deployed)
    newest = tree.newest()
    assert newest is not None
    places = dict(tree.places(events[0].stream))
    assert [(leaf.position, leaf.digest, leaf.account) for leaf in places.values()] == [
        (event.position, event.digest, ACCOUNT) for event in events
    ]
    taken = {number: leaf for number, leaf in enumerate(tree.leaves(0, newest.size)) if leaf.stream == events[0].stream}
    assert taken == places
    bucket, s3 = deployed.outputs["data_bucket_name"], deployed.client("s3")
    lock = s3.get_object_retention(Bucket=bucket, Key=f"notary/checkpoints/{newest.size:020d}")["Retention"]
    assert lock["Mode"] == "GOVERNANCE"


def test_every_checkpoint_continues_those_before(deployed: Deployed) -> None:
    for _ in range(2):
        _published(deployed, 2)
        _as_the_schedule_calls(deployed)
    sizes = [checkpoint.size for checkpoint in _tree(deployed).checkpoints()]
    assert len(sizes) >= 2
    assert sizes == sorted(set(sizes))


def test_an_altered_item_is_an_alarm_of_the_notary_and_gets_no_leaf(deployed: Deployed) -> None:
    events = _published(deployed, 2)
    deployed.client("dynamodb").update_item(  # as root, because nobody else may
        TableName=deployed.outputs["event_log_table_name"],
        Key={"stream": {"S": events[0].stream}, "position": {"S": events[0].position}},
        UpdateExpression="SET #data = :data",
        ExpressionAttributeNames={"#data": "data"},
        ExpressionAttributeValues={":data": {"S": '{"points":[]}'}},
    )
    group = f"/aws/lambda/{deployed.outputs['notary_function_name']}"

    def has_logged(text: str) -> bool:
        pages = deployed.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
        return any(text in line["message"] for page in pages for line in page["events"])

    until(lambda: has_logged(events[0].position) and has_logged('"LogAltered":[1.0]'))
    assert [leaf.digest for _, leaf in _ledger(deployed).places(events[0].stream)] == [event.digest for event in events]


def test_nobody_but_the_notary_writes_where_it_publishes(deployed: Deployed) -> None:
    bucket = deployed.outputs["data_bucket_name"]
    own = deployed.client_as_role_of(deployed.outputs["notary_function_name"], "s3")
    other = deployed.client_as_role_of(deployed.outputs["projector_function_name"], "s3")
    put: Any = {"Bucket": bucket, "Key": f"notary/tile/9/x{uuid.uuid4().hex}", "Body": b""}
    with pytest.raises(ClientError, match="AccessDenied"):
        other.put_object(**put, IfNoneMatch="*")
    own.put_object(**put, IfNoneMatch="*")
    with pytest.raises(ClientError, match="AccessDenied"):
        own.put_object(**put)  # a tile may have no second version
    for client in (own, other):
        with pytest.raises(ClientError, match="AccessDenied"):
            client.delete_object(Bucket=bucket, Key=put["Key"])


def _cli(deployed: Deployed, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).parent / "training-events", *arguments],
        env=os.environ | deployed.environment.variables(),
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_reader_with_the_address_alone_finds_the_tree(deployed: Deployed) -> None:
    stream = _published(deployed, 2)[0].stream
    _as_the_schedule_calls(deployed)
    done = _cli(deployed, "verify", stream, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    (verified,) = json.loads(done.stdout)["streams"]
    assert verified["tree"]["checked"]
    assert verified["tree"]["not_covered"] == 0


def test_evidence_of_a_version_has_provenance_that_the_notary_signed_and_checks_without_aws(
    deployed: Deployed, tmp_path: Path
) -> None:
    name = uuid.uuid4().hex
    artifact = {"uri": f"s3://{deployed.outputs['data_bucket_name']}/models/{name}", "sha256": "c" * 64}
    registered = {"version": 1, "run": name, "artifact": artifact}
    events = [
        replace(new_event(f"run/{name}", 1), type="TrainingStarted", data={"model": name}),
        replace(new_event(f"run/{name}", 2), type="TrainingCompleted", data={}),
        replace(new_event(f"model/{name}", 3), type="ModelRegistered", data=registered),
    ]
    _publish_and_await_leaves(deployed, events)
    _as_the_schedule_calls(deployed)
    file = tmp_path / "evidence.zip"
    made = _cli(deployed, "evidence", f"model/{name}@1", "-o", str(file))
    assert made.returncode == 0, made.stderr
    with zipfile.ZipFile(file) as evidence:
        envelope = json.loads(evidence.read("provenance.dsse.json"))
        (tmp_path / "check.py").write_bytes(evidence.read("check.py"))
    (subject,) = json.loads(b64decode(envelope["payload"]))["subject"]
    assert subject["digest"] == {"sha256": artifact["sha256"]}
    checked = subprocess.run(
        [sys.executable, "check.py", str(file)], cwd=tmp_path, env={}, capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")
