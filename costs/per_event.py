"""What a million events cost on their way: bus, archive, event processor, log, projector, read models, seals, notary.

Between two bounds: so many at once that every batch is full, and each event by itself. Where in between depends on when they
come.
"""

import math
from collections.abc import Iterator, Mapping

from costs import calls
from costs.assumptions import Assumptions
from costs.lines import Range
from costs.prices import Prices
from costs.stack import Function, Stack

EVENTS = 1_000_000
LEAVES_IN_A_TRANSACTION = 98
"""`MAX_EVENTS` of the notary's ledger. Beside them it writes the leaves as a batch, and the head of the tree."""
LEAF_BYTES = 247
"""Of a leaf in a batch, where streams have short names; the item that an event has of its own is within 1 KB."""
TILE_WIDTH = 256
"""How many hashes, or leaves, a full tile has. There is one of each for so many leaves, and 16 above them."""
_BUS_BYTES = 64 * 1024
_WRITE_UNIT_BYTES, _READ_UNIT_BYTES = 1024, 4096
"""A transaction takes twice the units of its items.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/capacity-unit-calculations.html"""


def per_million_events(stack: Stack, prices: Prices, assumed: Assumptions) -> Iterator[Range]:
    """A line for each thing that is paid."""
    yield from _bus(stack, prices, assumed)
    if processor := stack.function("event_processor"):
        yield from _processor(processor, prices, assumed)
    if projector := stack.function("projector"):
        yield from _projector(projector, stack.batch_size(projector), prices, assumed)
    if notary := stack.function("notary"):
        yield from _notary(notary, stack.batch_size(notary), prices, assumed)
    if stack.all("aws_cloudwatch_event_api_destination"):
        yield from _run_events(prices, assumed)


def _bus(stack: Stack, prices: Prices, assumed: Assumptions) -> Iterator[Range]:
    """A custom bus is paid by event, each 64 KB of one; its rules and targets are in that."""
    yield _always("event bus", prices, "eventbridge.event", EVENTS * math.ceil(assumed.event_bytes / _BUS_BYTES))
    if stack.all("aws_cloudwatch_event_archive"):
        yield _always("archive", prices, "eventbridge.archived", EVENTS * assumed.event_bytes / 1e9)


def _processor(function: Function, prices: Prices, assumed: Assumptions) -> Iterator[Range]:
    """EventBridge hands over one event at a time. The log takes each with one put."""
    yield from _calls(function, (EVENTS, assumed.processor_seconds), (EVENTS, assumed.processor_seconds), prices, assumed)
    yield _always("event log", prices, "dynamodb.write", EVENTS * _write_units(assumed.event_bytes))


def _projector(function: Function, batch: int, prices: Prices, assumed: Assumptions) -> Iterator[Range]:
    """For each stream in a batch it reads the read model and the note on its seals, and puts the read model once."""
    streams = min(assumed.streams_in_a_batch, batch)
    busy, alone = EVENTS / batch, EVENTS
    yield from _calls(
        function, (busy, streams * assumed.projector_seconds), (alone, assumed.projector_seconds), prices, assumed
    )
    read = math.ceil(assumed.read_model_bytes / _READ_UNIT_BYTES) + 1
    written = _write_units(assumed.read_model_bytes) + _write_units(assumed.summary_bytes)
    yield _between("read models", prices, "dynamodb.read", busy * streams * read, alone * read)
    yield _between("read models", prices, "dynamodb.write", busy * streams * written, alone * written)
    # A seal is one object, made of all events of its stream.
    yield _always("seals", prices, "dynamodb.read", EVENTS * assumed.event_bytes / _READ_UNIT_BYTES)
    yield _always("seals", prices, "s3.put", EVENTS / assumed.events_of_a_stream)


def _notary(function: Function, batch: int, prices: Prices, assumed: Assumptions) -> Iterator[Range]:
    """A transaction for each 98 events of a batch, and one for the rest."""
    full, rest = divmod(batch, LEAVES_IN_A_TRANSACTION)
    transactions = [LEAVES_IN_A_TRANSACTION] * full + ([rest] if rest else [])
    busy, alone = EVENTS / batch, EVENTS
    yield from _calls(
        function, (busy, len(transactions) * assumed.notary_seconds), (alone, assumed.notary_seconds), prices, assumed
    )
    units = sum(map(_transaction_units, transactions))
    yield _between("leaves", prices, "dynamodb.write", busy * units, alone * _transaction_units(1))
    yield _always("tiles", prices, "s3.put", 2 * EVENTS / TILE_WIDTH + 16)


def _run_events(prices: Prices, assumed: Assumptions) -> Iterator[Range]:
    """OpenLineage's: the start and the end of each run, over the bus to the service's API."""
    count = 2 * EVENTS / assumed.events_of_a_stream
    yield _always("run events", prices, "eventbridge.event", count)
    yield _always("run events", prices, "eventbridge.api_call", count)


def _transaction_units(leaves: int) -> int:
    return 2 * (leaves + _write_units(leaves * LEAF_BYTES) + 1)


def _write_units(size: float) -> int:
    return math.ceil(size / _WRITE_UNIT_BYTES)


def _calls(
    function: Function, busy: tuple[float, float], alone: tuple[float, float], prices: Prices, assumed: Assumptions
) -> Iterator[Range]:
    """busy, alone: how many calls, and the seconds of each."""
    many: Mapping[str, float] = calls.amounts(function, *busy, assumed, traced_share=assumed.traced_share)
    for name, amount in calls.amounts(function, *alone, assumed).items():
        yield _between(function.title, prices, name, many[name], amount)


def _between(part: str, prices: Prices, name: str, busy: float, alone: float) -> Range:
    return Range(part, prices[name], busy, alone)


def _always(part: str, prices: Prices, name: str, amount: float) -> Range:
    return Range(part, prices[name], amount, amount)
