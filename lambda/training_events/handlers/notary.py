"""The notary: gives every event that the log's change stream delivers its leaf in one tree, and publishes signed checkpoints.

A schedule calls it for the checkpoints, and then it also catches up what the change stream no longer has. A record other than
an insert means that somebody altered the log: it raises the alarm, and gets no leaf. What fails is delivered again.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics

from training_events import aws
from training_events.errors import LogAltered, MissingSetting, Misused, NotAttestable, NotUnderstood, Overtaken
from training_events.handlers.stream_reader import SCHEDULED, SPARE_MILLISECONDS, end_of_call
from training_events.proof.notary.catching_up import begun_catch_up, catch_up, is_behind
from training_events.proof.notary.kms import KmsSigner
from training_events.proof.notary.ledger import Ledger, Taken, in_batches
from training_events.proof.notary.publishing import Publisher
from training_events.proof.notary.recorded_leaf import delivered_leaf
from training_events.proof.tree.s3_tiles import S3Tiles
from training_events.settings import Settings
from training_events.stores.address import DynamoDbTables, parse
from training_events.stores.dynamodb.event_log import DynamoDbLog
from training_events.times import now

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from training_events.handlers.stream_reader import Response
    from training_events.proof.tree.leaf import Leaf


def _tables(url: str) -> tuple[str, str]:
    """The names of the log's table and of the notary's own."""
    tables = parse(url)
    if not isinstance(tables, DynamoDbTables) or tables.notary is None:
        raise MissingSetting("TRAINING_EVENTS_LOG names no notary: dynamodb://<event log table>?notary=<table>")
    return tables.log, tables.notary


settings = Settings()
log_table, own_table = _tables(settings.log)
dynamodb = aws.client("dynamodb", validate=False)
log = DynamoDbLog(log_table, dynamodb)
ledger = Ledger(own_table, dynamodb)
tiles = S3Tiles(settings.notary_bucket, aws.client("s3"), mode=settings.seal_mode, days=settings.seal_days)
logger = Logger()
metrics = Metrics(namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE") or "TrainingEvents")


@lru_cache(maxsize=1)
def signers(origin: str) -> list[KmsSigner]:
    """The keys that sign checkpoints of the log with this origin, the newest last."""
    return [KmsSigner(origin, key, aws.client("kms")) for key in settings.checkpoint_keys]


@lru_cache(maxsize=1)
def publisher(origin: str) -> Publisher:
    """What publishes the checkpoints of the log with this origin."""
    return Publisher(ledger, tiles, signers(origin))


def handler(received: dict[str, Any], context: LambdaContext) -> Response | dict[str, Any]:
    """Take a batch of the change stream, publish checkpoints, catch up where a person asks for it, or attest a version."""
    if "attest" in received:
        return _attest(received["attest"], context)
    if not received.keys() & {"Records", "catch_up"} and received.get("source") != SCHEDULED:
        return {"refused": 'allowed: records of a change stream, {"catch_up": true}, {"attest": {"stream": …, "version": …}}'}
    counts: Counter[str] = Counter()
    failed = _take(received["Records"], counts) if "Records" in received else _wake(received, counts, context)
    return end_of_call("notarized", counts, failed, context=context, logger=logger, metrics=metrics)


def _take(records: list[dict[str, Any]], counts: Counter[str]) -> list[str]:
    """Give a batch's events their leaves. Returns the records that may succeed later: all from one that failed on."""
    if any(is_behind(record["dynamodb"]["ApproximateCreationDateTime"], time.time()) for record in records):
        _note_behind(counts)
    leaves: list[Leaf] = []
    numbers: dict[tuple[str, str], str] = {}
    for record in records:
        try:
            leaf = delivered_leaf(record)
        except LogAltered as flaw:
            _count_altered(flaw, counts)
        else:
            leaves.append(leaf)
            numbers.setdefault((leaf.stream, leaf.position), record["dynamodb"]["SequenceNumber"])
    batches = list(in_batches(leaves))
    for done, batch in enumerate(batches):
        try:
            _count_taken(ledger.take(batch), counts)
        except Exception:  # whatever it is, Lambda delivers these again, and nothing behind them may overtake them
            logger.exception("not taken")
            counts["NotaryFailed"] += 1
            return [numbers[leaf.stream, leaf.position] for batch in batches[done:] for leaf in batch]
    return []


def _note_behind(counts: Counter[str]) -> None:
    """Before anything is taken: whatever keeps these from being taken, the schedule will look for them in the log."""
    try:
        ledger.note_behind()
    except Exception:  # it is noted when they are delivered again
        logger.exception("not noted")
        counts["NotaryFailed"] += 1


def _wake(received: dict[str, Any], counts: Counter[str], context: LambdaContext) -> list[str]:
    """Catch up if there is something to, then publish. What fails is tried again by the next call, and an alarm tells."""

    def has_time() -> bool:
        return context.get_remaining_time_in_millis() > SPARE_MILLISECONDS

    try:
        state = ledger.state()
        ledger.woken(begun := begun_catch_up(state, now(), is_asked_for="catch_up" in received))
        if begun or state.catch_up:
            _count_taken(catch_up(log, ledger, has_time, lambda flaw: _count_altered(flaw, counts)), counts)
        counts.update(+Counter(CheckpointsPublished=publisher(_origin(context)).publish(has_time)))
    except Overtaken as why:
        logger.warning(str(why))
    except Exception:
        logger.exception("not published")
        counts["NotaryFailed"] += 1
    return []


def _attest(asked: Any, context: LambdaContext) -> dict[str, Any]:
    """The envelope; `{"refused": "<why>"}` where there is nothing to attest."""
    # imported here: the other calls need no folds
    from training_events.proof.attestation import signed_provenance  # noqa: PLC0415

    try:
        return signed_provenance(log, asked, publisher(_origin(context)).signer_of_newest())
    except (Misused, NotAttestable, NotUnderstood) as why:  # no error of the function: no alarm rings for what somebody asks
        return {"refused": str(why)}


def _origin(context: LambdaContext) -> str:
    """Which log the checkpoints are of. The account and the region are those of the function, and so of its tables."""
    _, _, _, region, account, *_ = context.invoked_function_arn.split(":")
    return f"training-events/{account}/{region}/{log_table}"


def _count_taken(taken: Taken, counts: Counter[str]) -> None:
    counts.update(+Counter(LeavesTaken=taken.taken, LeavesRepeated=taken.repeated))
    for leaf in taken.contradicted:
        what = f"the event at {leaf.position!a} of {leaf.stream!a} has a leaf with another digest, time, account or source"
        _count_altered(LogAltered(what, "appending alone"), counts)


def _count_altered(flaw: LogAltered, counts: Counter[str]) -> None:
    logger.error(str(flaw), extra={"reason": flaw.reason})
    counts["LogAltered"] += 1
