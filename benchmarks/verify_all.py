"""Compares verifying every stream of a log beside its tree with verifying them without it.

The tree's leaves are read once in its order, hashed, and sorted by stream in a file; each event is then held against its leaf.
"""

import tempfile
from pathlib import Path

from msgspec.structs import replace
from training_events.proof.notary.laptop import LaptopNotary
from training_events.reading.opening import Sources, open_sources
from training_events.reading.verification import streams_to_verify, verification_of, whole_tree
from training_events.settings import Settings
from training_events.stores.sqlite.database import Database
from training_events.stores.sqlite.event_log import SqliteLog

from benchmarks.long_run import event_of
from benchmarks.measure import Ratio, in_turns, seconds

EVENTS, STREAMS, STEPS = 20_000, 200, 8
"""Events of 1 KB of data, which so many points make; one stream after the other gets one."""
ROUNDS = 5


def measure() -> list[Ratio]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "log.db"
        database = Database(str(file))
        log = SqliteLog(database)
        with database.together():
            for number in range(EVENTS):
                log.append(replace(event_of(f"run/{number % STREAMS}", number, steps=STEPS), producer=None))
        LaptopNotary(database, Settings({"TRAINING_EVENTS_CHECKPOINT_KEY": f"{folder}/key.pem"})).publish()
        with_tree = open_sources(f"sqlite:///{file}")
        without = replace(with_tree, tiles=None)
        pairs = in_turns(lambda: _verify(with_tree, EVENTS), lambda: _verify(without, 0), ROUNDS)
    return [Ratio(f"verify --all of {EVENTS} events of 1 KB, with the tree", "without", pairs, at_most=1.5)]


def _verify(sources: Sources, covered: int) -> float:
    def check() -> None:
        leaves = 0
        with whole_tree(sources, lambda done, total: None) as tree:  # noqa: ARG005
            for stream in streams_to_verify(sources, tree):
                verification = verification_of(sources, stream, tree=tree)
                leaves += verification.tree.covered
                if verification.findings:
                    raise SystemExit(f"{stream} is not sound: {verification.findings[0].explanation}")
        if leaves != covered:
            raise SystemExit(f"{leaves} events have a leaf, not {covered}")

    return seconds(check)
