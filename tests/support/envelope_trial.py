"""`python -m tests.support.envelope_trial sqlite|dynamodb COUNT [FIRST]`: what becomes of as many mutated envelopes.

Each is handed to the event processor, and has to be recorded, or set aside with a reason that docs/reference/event.md lists.
Whatever was recorded is then read, projected, folded, verified, sealed and printed by `training-events history`. A failure
names the seed of its envelope. At the end the slowest envelopes are listed with their sizes.
"""

import argparse
import contextlib
import heapq
import importlib
import io
import itertools
import json
import logging
import os
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest.mock import patch

from training_events import cli, folds
from training_events.projection.projector import Projector
from training_events.projection.time_travel import state_now
from training_events.proof.findings import Kind
from training_events.proof.sealing import seal_stream
from training_events.proof.verification import verify
from training_events.recovery.undelivered import MAX_MESSAGE_BYTES, UndeliveredQueue
from training_events.stores.dynamodb.change_record import read_arrival
from training_events.stores.opening import open_store

from tests.support.command_line import empty_store
from tests.support.mutated_envelopes import envelope
from tests.support.paths import ROOT
from tests.support.seals import InMemorySeals
from tests.support.stream_delivery import inserted

BATCH = 50
"""Envelopes about the same few streams: enough that events meet, few enough that a failure is looked at soon."""
ACCUSING = {Kind.ALTERED, Kind.DAMAGED, Kind.MISSING, Kind.BROKEN_SEAL}
"""What an honest log must never be found to be. A mutation may well forge the number of a producer."""
SLOWEST = 5


def documented_reasons() -> set[str]:
    text = (ROOT / "docs" / "reference" / "event.md").read_text(encoding="utf-8")
    [listed] = re.findall(r"with one\s+of these reasons: (.*?)\. ", text, re.DOTALL)
    return set(re.findall(r"`([a-z_]+)`", listed))


class Handled(NamedTuple):
    """How long the processor took for an envelope, and how large that was."""

    seconds: float
    bytes: int
    seed: int


class FakeAws:
    """Stands for SQS and S3. A message that SQS would not take fails."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    def send_message(self, *, MessageBody: str, **_: object) -> None:  # noqa: N803 - boto3's name
        assert len(MessageBody.encode()) <= MAX_MESSAGE_BYTES
        self.messages.append(json.loads(MessageBody))

    def put_object(self, **_: object) -> None:
        pass


class Trial:
    """Envelopes on their way through one log."""

    def __init__(self, url: str) -> None:
        store = open_store(url)
        assert store.read_models is not None
        self.url, self.log, self.read_models = url, store.log, store.read_models
        self.aws = FakeAws()
        self.outcomes: Counter[str] = Counter()
        self.slowest: list[Handled] = []
        self._reasons = documented_reasons()
        self._processor = self._import_processor()

    def _import_processor(self) -> Any:
        sys.modules.pop("training_events.handlers.event_processor", None)
        settings = {
            "TRAINING_EVENTS_LOG": self.url,
            "TRAINING_EVENTS_UNDELIVERED": "https://queue",
            "TRAINING_EVENTS_BUCKET": "bucket",
        }
        with patch.dict(os.environ, settings):
            processor: Any = importlib.import_module("training_events.handlers.event_processor")
        processor.undelivered = UndeliveredQueue("https://queue", "bucket", lambda _: self.aws)
        return processor

    def run(self, seeds: range) -> None:
        """Try the envelopes of these seeds in batches."""
        for first in range(seeds.start, seeds.stop, BATCH):
            accepted: dict[str, set[str]] = {}
            for seed in range(first, min(first + BATCH, seeds.stop)):
                with naming(f"the envelope of the seed {seed}"):
                    self._receive(seed, f"batch-{first}", accepted)
            for stream, ids in accepted.items():
                with naming(f"the stream {stream!a:.200} after the seeds from {first}"):
                    self._read(stream, ids)

    def _receive(self, seed: int, batch: str, accepted: dict[str, set[str]]) -> None:
        received = envelope(seed, batch)
        size = len(json.dumps(received))
        set_aside = len(self.aws.messages)
        context = SimpleNamespace(function_name="processor", aws_request_id=str(seed))
        started = time.process_time()
        with contextlib.redirect_stdout(io.StringIO()):
            result = self._processor.handler(received, context)
        handled = Handled(time.process_time() - started, size, seed)
        (heapq.heappush if len(self.slowest) < SLOWEST else heapq.heappushpop)(self.slowest, handled)
        self.outcomes[result.get("reason", result["outcome"])] += 1
        if result["outcome"] == "set_aside":
            assert result["reason"] in self._reasons
            [message] = self.aws.messages[set_aside:]
            assert message["reason"] == result["reason"]
            assert "original" not in message or json.dumps(message["original"]) == json.dumps(received)
        else:
            assert len(self.aws.messages) == set_aside
            accepted.setdefault(result["stream"], set()).add(result["event_id"])
        self.aws.messages.clear()

    def _read(self, stream: str, ids: set[str]) -> None:
        """Everything that a reader of the log does with a stream."""
        recorded = list(self.log.read(stream))
        assert ids <= {record.event.event_id for record in recorded}
        assert [record.event.digest for record in recorded] == [record.digest for record in recorded]
        for number, record in enumerate(recorded):
            arrival = read_arrival(inserted(record, number))
            assert arrival.flaw is None or arrival.flaw.reason == "does_not_fit", arrival.flaw
        entries = list(self.log.entries(stream))
        projected = Projector(self.log, self.read_models).project(stream, entries).state
        whole = folds.encode(folds.fold(folds.empty(stream), entries))
        assert folds.encode(projected) == whole == folds.encode(state_now(self.log, self.read_models, stream))
        assert folds.encode(folds.decode(stream, whole)) == whole
        seals = InMemorySeals()
        seal_stream(self.log, seals, stream)
        verification = verify(self.log, seals, stream)
        assert not ACCUSING & {finding.kind for finding in verification.findings}, verification.findings
        assert verification.seals.covered == verification.events == len(recorded)
        for arguments in (["history", stream, "--json"], ["history", stream]):
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                assert cli.run([*arguments, "--log", self.url]) == 0
            if "--json" in arguments:
                document = json.loads(printed.getvalue())
                assert sorted(event["digest"] for event in document["events"]) == sorted(record.digest for record in recorded)


@contextlib.contextmanager
def naming(what: str) -> Iterator[None]:
    """A failure names this."""
    try:
        yield
    except Exception as failure:
        raise AssertionError(f"{what}: {type(failure).__name__}: {failure}") from failure


@contextlib.contextmanager
def trial_on(kind: str, folder: Path) -> Iterator[Trial]:
    """A trial on an empty log. The log's programs print nothing meanwhile."""
    logging.disable(logging.CRITICAL)
    try:
        with empty_store(kind, folder) as url:
            yield Trial(url)
    finally:
        logging.disable(logging.NOTSET)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.support.envelope_trial", description=__doc__)
    parser.add_argument("store", choices=["sqlite", "dynamodb"])
    parser.add_argument("count", type=int)
    parser.add_argument("first", type=int, nargs="?", default=0, help="the first seed")
    asked = parser.parse_args()
    outcomes: Counter[str] = Counter()
    slowest: list[Handled] = []
    for first in range(asked.first, asked.first + asked.count, 1000):  # a log of its own for each thousand
        with tempfile.TemporaryDirectory() as folder, trial_on(asked.store, Path(folder)) as trial:
            trial.run(range(first, min(first + 1000, asked.first + asked.count)))
        outcomes += trial.outcomes
        slowest = heapq.nlargest(SLOWEST, itertools.chain(slowest, trial.slowest))
    print(f"{outcomes.total()} envelopes: " + ", ".join(f"{outcome} {count}" for outcome, count in outcomes.most_common()))
    for handled in slowest:
        print(f"seed {handled.seed}: {handled.seconds * 1e3:.1f} ms of CPU for {handled.bytes:,} bytes")


if __name__ == "__main__":
    main()
