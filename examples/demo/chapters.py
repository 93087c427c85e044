"""The chapters of the demo, in order. Each checks that what it announces has happened."""

import gzip
import os
import re
import sys
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

from training_events import aws, folds, open_log
from training_events.bus.publisher import EventBusPublisher
from training_events.event import RecordedEvent
from training_events.evidence import check
from training_events.projection.projector import stored_state
from training_events.projection.time_travel import state_at
from training_events.proof.s3_seal_store import prefix

from examples import train_digits
from examples.demo.stage import PATIENCE_SECONDS, DemoError, Stage, chapter, out, run, search, wait_until, worker
from examples.processor_outcomes import processor_outcomes

REPORT = Path(".build") / "demo" / "report.html"
EVIDENCE, KEY = REPORT.with_name("evidence.zip"), REPORT.with_name("key.der")
IMAGES_LEFT = 1500


def run_chapters(stage: Stage) -> Path:
    """Returns where the report of the run is. It stays when everything else is taken down."""
    stream = train(stage)
    show(stream)
    go_back_in_time(stage, stream)
    publish_again(stage, stream)
    tamper(stage, stream)
    drop_and_rebuild(stage, stream)
    replay(stage, stream)
    reproduce(stream)
    train_on_new_data(stage)
    page = report(stream)
    prove_in_a_file(stage, stream)
    remove_a_run(stage, stream)
    return page


def train(stage: Stage) -> str:
    chapter("A training run, recorded")
    out.print("  bus → rule → event processor → event log → projector → read model and seal")
    output = run([sys.executable, "-m", "examples.train_digits"])
    stream, recorded = search(r"(run/\S+): (\d+) events recorded", output).groups()
    wait_until(lambda: len(events_of(stage, stream)) == int(recorded), "every event of the run is in the log")
    wait_until(lambda: state_bytes(stage, stream) == fold_bytes(stage, stream), "the read model equals the fold of the events")
    wait_until(lambda: len(stage.seals.of(stream)) > 0, "the finished run is sealed")
    return stream


def show(stream: str) -> None:
    chapter("What the log and the read models know about the run")
    run(["training-events", "runs"])
    run(["training-events", "show", stream])
    run(["training-events", "history", stream])
    run(["training-events", "show", "model/digits"])


def go_back_in_time(stage: Stage, stream: str) -> None:
    events = events_of(stage, stream)
    middle = events[len(events) // 2].event.occurred_at
    chapter("A past state: the middle of the training")
    run(["training-events", "show", stream, "--as-of", middle])


def publish_again(stage: Stage, stream: str) -> None:
    chapter("The same events, published again")
    before, states = events_of(stage, stream), state_bytes(stage, stream)
    earlier = outcomes(stage)
    EventBusPublisher(stage.environment.outputs["event_bus_name"], aws.client("events")).publish(e.event for e in before)
    wait_until(lambda: (outcomes(stage) - earlier).total() >= len(before), "the event processor has handled every event")
    answers = outcomes(stage) - earlier
    check_unchanged(stage, stream, before, states)
    out.print(f"  published again: {len(before)}; repeats: {answers['repeated']}; recorded: {answers['recorded']}")
    out.print("  log and state have not changed by a byte")


def tamper(stage: Stage, stream: str) -> None:
    chapter("Somebody alters an event directly in the table")
    run(["training-events", "verify", stream])
    table, dynamodb = stage.environment.outputs["event_log_table_name"], aws.client("dynamodb")
    victim = next(e.event for e in events_of(stage, stream) if e.event.type == "MetricsRecorded")
    key = {"stream": {"S": stream}, "position": {"S": victim.position}}
    before = dynamodb.get_item(TableName=table, Key=key)["Item"]
    # On AWS the table's policy denies this to everyone. The emulator allows it, so the demo can show what happens then.
    better = before["data"]["S"].replace('"value":1', '"value":0', 1)
    if better == before["data"]["S"]:
        raise DemoError("the first loss of the training does not begin with 1")
    out.print(f"[dim]$ aws dynamodb put-item …    # the first loss of {victim.position[:27]}, changed to look better[/dim]")
    dynamodb.put_item(TableName=table, Item={**before, "data": {"S": better}})
    run(["training-events", "verify", stream], exit_code=1)
    wait_until(lambda: alarmed(stage), "the projector has raised the alarm that the log was altered")
    out.print("  the projector has seen it too: the metric LogAltered, which has an alarm; the read model is unchanged")
    dynamodb.put_item(TableName=table, Item=before)
    out.print("  restored:")
    run(["training-events", "verify", stream])


def drop_and_rebuild(stage: Stage, stream: str) -> None:
    chapter("The read models are deleted, and rebuilt from the log")
    before = state_bytes(stage, stream)
    table, dynamodb = stage.environment.outputs["read_model_table_name"], aws.client("dynamodb")
    for deleted in list(stage.read_models.streams()):
        dynamodb.delete_item(TableName=table, Key={"stream": {"S": deleted}})
    run(["training-events", "runs"])
    run(["training-events", "rebuild"])
    run(["training-events", "runs"])
    if state_bytes(stage, stream) != before:
        raise DemoError(f"the rebuilt state of {stream} is not what it was before")
    out.print(f"  the rebuilt state of {stream} is the same, byte for byte")


def replay(stage: Stage, stream: str) -> None:
    chapter("The archive of the bus is replayed")
    before, states = events_of(stage, stream), state_bytes(stage, stream)
    earlier = outcomes(stage)
    # an event is published after it occurred, and recorded after it was published, which takes long on a busy machine
    first, last = datetime.fromisoformat(before[0].event.occurred_at), datetime.fromisoformat(before[-1].recorded_at)
    period = (first - timedelta(seconds=1), last + timedelta(seconds=1))
    run(["training-events", "replay", *(part for name, at in zip(("--from", "--to"), period, strict=True)
                                        for part in (name, f"{at:%Y-%m-%dT%H:%M:%SZ}"))])  # fmt: skip
    wait_until(lambda: (outcomes(stage) - earlier)["repeated"] >= len(before), "every replayed event was a repeat")
    check_unchanged(stage, stream, before, states)
    out.print(f"  replayed: {(outcomes(stage) - earlier)['repeated']} events, each a repeat; log and state have not changed")


def reproduce(stream: str) -> None:
    chapter("The run is done again, and its verdict recorded")
    run(["training-events", "reproduce", stream, "--launch"])


def train_on_new_data(stage: Stage) -> None:
    chapter("A new version of the dataset starts a training by itself")
    out.print("  S3 → bus → DatasetRegistered → the recipe training/recipes/digits.toml → TrainingRequested → worker")
    bucket, key = stage.environment.outputs["data_bucket_name"], "datasets/digits/digits.csv.gz"
    with worker(stage.environment.folder / "state"):
        out.print(f"[dim]$ aws s3 cp digits.csv.gz s3://{bucket}/{key}    # with {IMAGES_LEFT} of the images[/dim]")
        version = aws.client("s3").put_object(Bucket=bucket, Key=key, Body=fewer_images())["VersionId"]
        wait_until(lambda: trained_on(version) is not None, "the new version was trained on")
    run(["training-events", "show", str(trained_on(version))])
    run(["training-events", "lineage", "dataset/digits"])


def fewer_images() -> bytes:
    """The first ones of scikit-learn's own, in their format."""
    lines = gzip.decompress(train_digits.data_file().read_bytes()).splitlines(keepends=True)
    return gzip.compress(b"".join(lines[:IMAGES_LEFT]))


def trained_on(version: str) -> str | None:
    """The run that has completed with this version of a dataset."""
    runs = open_log().runs(where=f"datasets.version = '{version}' AND status = 'completed'")
    return runs[0].stream if runs else None


def report(stream: str) -> Path:
    chapter("All of it on a page")
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    run(["training-events", "report", stream, "model/digits", "--output", str(REPORT)])
    out.print("  one file with its curves, its lineage and what was verified; it needs no network")
    return REPORT.resolve()


def prove_in_a_file(stage: Stage, stream: str) -> None:
    chapter("Evidence of the model in one file, for whoever has no account")
    outputs = stage.environment.outputs
    versions = open_log().model("digits").versions
    [version] = [name for name, version in versions.items() if version.run and stream.endswith(version.run)]
    publish_checkpoint(stage)
    run(["training-events", "evidence", f"model/digits@{version}", "--output", str(EVIDENCE)])
    out.print("[dim]$ aws kms get-public-key …    # the key to trust[/dim]")
    KEY.write_bytes(aws.client("kms").get_public_key(KeyId=outputs["checkpoint_key_arn"])["PublicKey"])
    check_evidence()


def remove_a_run(stage: Stage, stream: str) -> None:
    chapter("An insider removes the whole run, and its seals")
    bucket, dynamodb, s3 = stage.environment.outputs["data_bucket_name"], aws.client("dynamodb"), aws.client("s3")
    # On AWS the table's policy denies this to everyone, and Object Lock keeps the seals. The emulator allows it.
    out.print(f"[dim]$ aws dynamodb delete-item …; aws s3api delete-object …    # all events and seals of {stream}[/dim]")
    for recorded in events_of(stage, stream):
        key = {"stream": {"S": stream}, "position": {"S": recorded.event.position}}
        dynamodb.delete_item(TableName=stage.environment.outputs["event_log_table_name"], Key=key)
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix(stream))
    for seal in [version for page in pages for version in page.get("Versions", [])]:
        s3.delete_object(Bucket=bucket, Key=seal["Key"], VersionId=seal["VersionId"], BypassGovernanceRetention=True)
    dynamodb.delete_item(TableName=stage.environment.outputs["read_model_table_name"], Key={"stream": {"S": stream}})
    found = run(["training-events", "verify", "--all"], exit_code=1)
    search(rf"{re.escape(stream)}\s+broken", found)
    out.print("  the file made before still proves the run, to somebody who has Python, the public key and no network:")
    check_evidence()


def publish_checkpoint(stage: Stage) -> None:
    """What the notary's schedule does every few minutes."""
    out.print("  the notary publishes a signed checkpoint of the log")
    notary = stage.environment.outputs["notary_function_name"]
    reply = aws.client("lambda", read_seconds=PATIENCE_SECONDS).invoke(FunctionName=notary, Payload=b'{"source": "aws.events"}')
    if "FunctionError" in reply:
        raise DemoError(f"the notary failed: {reply['Payload'].read()!r:.300}")


def check_evidence() -> None:
    run([sys.executable, "-I", os.path.relpath(str(check.__file__)), str(EVIDENCE), "--key", str(KEY)])


def events_of(stage: Stage, stream: str) -> list[RecordedEvent]:
    return list(stage.log.read(stream))


def state_bytes(stage: Stage, stream: str) -> bytes | None:
    model = stage.read_models.get(stream)
    return None if model is None or stored_state(model) is None else model.state


def fold_bytes(stage: Stage, stream: str) -> bytes:
    return folds.encode(state_at(stage.log, stream))


def check_unchanged(stage: Stage, stream: str, before: list[RecordedEvent], states: bytes | None) -> None:
    if events_of(stage, stream) != before:
        raise DemoError(f"the log of {stream} has changed")
    if state_bytes(stage, stream) != states:
        raise DemoError(f"the state of {stream} has changed")


def outcomes(stage: Stage) -> Counter[str]:
    """The outcomes of the event processor so far."""
    return processor_outcomes(aws.client("logs"), stage.environment.outputs["event_processor_function_name"])


def alarmed(stage: Stage) -> bool:
    group = f"/aws/lambda/{stage.environment.outputs['projector_function_name']}"
    pages = aws.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    return any('"LogAltered"' in line["message"] for page in pages for line in page["events"])
