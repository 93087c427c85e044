"""The chapters of the demo, in order. Each checks that what it tells came true."""

import sys
from collections import Counter
from datetime import datetime, timedelta

from training_events import aws, folds
from training_events.bus.publisher import EventBusPublisher
from training_events.event import RecordedEvent
from training_events.projection.projector import stored_state
from training_events.projection.time_travel import state_at

from examples.demo.stage import DemoError, Stage, chapter, found, out, run, wait_until
from examples.processor_outcomes import processor_outcomes


def tell(stage: Stage) -> None:
    stream = train(stage)
    look_at(stream)
    go_back_in_time(stage, stream)
    publish_again(stage, stream)
    tamper(stage, stream)
    drop_and_rebuild(stage, stream)
    replay(stage, stream)


def train(stage: Stage) -> str:
    chapter("A training run, recorded")
    out.print("  bus → rule → event processor → event log → projector → read model and seal")
    said = run([sys.executable, "-m", "examples.train_digits"])
    stream, recorded = found(r"(run/\S+): (\d+) events recorded", said).groups()
    wait_until(lambda: len(events_of(stage, stream)) == int(recorded), "every event of the run is in the log")
    wait_until(lambda: state_bytes(stage, stream) == fold_bytes(stage, stream), "the read model is what the events say")
    wait_until(lambda: len(stage.seals.of(stream)) > 0, "the finished run is sealed")
    return stream


def look_at(stream: str) -> None:
    chapter("What is known of it")
    run(["training-events", "runs"])
    run(["training-events", "show", stream])
    run(["training-events", "history", stream])
    run(["training-events", "show", "model/digits"])


def go_back_in_time(stage: Stage, stream: str) -> None:
    events = events_of(stage, stream)
    middle = events[len(events) // 2].event.occurred_at
    chapter("A past state comes back: the middle of the training")
    run(["training-events", "show", stream, "--as-of", middle])


def publish_again(stage: Stage, stream: str) -> None:
    chapter("The same events, published again")
    before, states = events_of(stage, stream), state_bytes(stage, stream)
    earlier = outcomes(stage)
    EventBusPublisher(stage.environment.outputs["event_bus_name"], aws.client("events")).publish(e.event for e in before)
    wait_until(lambda: (outcomes(stage) - earlier).total() >= len(before), "the event processor has answered for every event")
    answers = outcomes(stage) - earlier
    check_unchanged(stage, stream, before, states)
    out.print(f"  published again: {len(before)}; answered as repeats: {answers['repeated']}; recorded: {answers['recorded']}")
    out.print("  log and state are what they were, to the byte")


def tamper(stage: Stage, stream: str) -> None:
    chapter("Somebody alters an event behind the log's back")
    run(["training-events", "verify", stream])
    table, dynamodb = stage.environment.outputs["event_log_table_name"], aws.client("dynamodb")
    victim = next(e.event for e in events_of(stage, stream) if e.event.type == "MetricsRecorded")
    key = {"stream": {"S": stream}, "position": {"S": victim.position}}
    before = dynamodb.get_item(TableName=table, Key=key)["Item"]
    # On AWS the table's policy denies this to everyone; the emulator's does not, and so it can be shown that it is found out.
    better = before["data"]["S"].replace('"value":1', '"value":0', 1)
    if better == before["data"]["S"]:
        raise DemoError("the first loss of the training does not begin with 1")
    out.print(f"[dim]$ aws dynamodb put-item …    # the first loss of {victim.position[:27]}, made to look better[/dim]")
    dynamodb.put_item(TableName=table, Item={**before, "data": {"S": better}})
    run(["training-events", "verify", stream], exit_code=1)
    wait_until(lambda: alarmed(stage), "the projector has raised the alarm that the log was altered")
    out.print("  the projector saw it too: the metric LogAltered, which has an alarm; the read model was not touched")
    dynamodb.put_item(TableName=table, Item=before)
    out.print("  put back as it was:")
    run(["training-events", "verify", stream])


def drop_and_rebuild(stage: Stage, stream: str) -> None:
    chapter("The read models are lost, and made again from the log")
    before = state_bytes(stage, stream)
    table, dynamodb = stage.environment.outputs["read_model_table_name"], aws.client("dynamodb")
    for lost in list(stage.read_models.streams()):
        dynamodb.delete_item(TableName=table, Key={"stream": {"S": lost}})
    run(["training-events", "runs"])
    run(["training-events", "rebuild"])
    run(["training-events", "runs"])
    if state_bytes(stage, stream) != before:
        raise DemoError(f"the state of {stream} is not what it was before it was lost")
    out.print(f"  the state of {stream} is what it was, to the byte")


def replay(stage: Stage, stream: str) -> None:
    chapter("The archive of the bus is replayed")
    before, states = events_of(stage, stream), state_bytes(stage, stream)
    earlier = outcomes(stage)
    first, last = datetime.fromisoformat(before[0].recorded_at), datetime.fromisoformat(before[-1].recorded_at)
    stretch = (first - timedelta(seconds=5), last + timedelta(seconds=1))
    run(["training-events", "replay", *(part for name, at in zip(("--from", "--to"), stretch, strict=True)
                                        for part in (name, f"{at:%Y-%m-%dT%H:%M:%SZ}"))])  # fmt: skip
    wait_until(lambda: (outcomes(stage) - earlier)["repeated"] >= len(before), "every replayed event was answered as a repeat")
    check_unchanged(stage, stream, before, states)
    out.print(f"  replayed: {(outcomes(stage) - earlier)['repeated']} events, each a repeat; log and state are what they were")


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
    """What the event processor has answered so far."""
    return processor_outcomes(aws.client("logs"), stage.environment.outputs["event_processor_function_name"])


def alarmed(stage: Stage) -> bool:
    group = f"/aws/lambda/{stage.environment.outputs['projector_function_name']}"
    pages = aws.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    return any('"LogAltered"' in line["message"] for page in pages for line in page["events"])
