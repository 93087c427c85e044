"""kill -9 of a laptop's writer at any moment: the tree has the events of the log, each once, and every checkpoint holds."""

import os
import random
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from tests.support.laptop import Laptop, leaf_of

ROUNDS = 100
SEED = random.SystemRandom().getrandbits(32)
MAX_SECONDS = 0.05
"""A writer appends and publishes about ten times in it, on a machine that does nothing else."""


def test_a_hundred_kills_at_random_moments_leave_a_tree_that_agrees_with_its_log(tmp_path: Path) -> None:
    chance = random.Random(SEED)  # noqa: S311 - no secret
    first = Laptop(tmp_path)
    first.record(0)
    first.notary.publish()
    first.database.close()
    for number in range(ROUNDS):
        kill_a_writer(tmp_path, 1000 * (number + 1), chance.uniform(0, MAX_SECONDS))
    laptop = Laptop(tmp_path)
    covered = laptop.checked()
    laptop.notary.publish()
    leaves = laptop.checked()
    assert leaves[: len(covered)] == covered, SEED
    with closing(sqlite3.connect(laptop.file)) as connection:
        events = [int(id_.removeprefix("event-")) for (id_,) in connection.execute("SELECT event_id FROM events")]
    assert sorted(leaf.position for leaf in leaves) == sorted(leaf_of(number).position for number in events), SEED
    assert set(leaves) == set(map(leaf_of, events)), SEED
    assert len(events) > ROUNDS // 2, "the kills came while they recorded"
    assert len(list(laptop.tree.published())) > ROUNDS // 4, "and while they published"


def kill_a_writer(folder: Path, first: int, seconds: float) -> None:
    """A process of its own that appends and publishes until it is killed, `seconds` after its first event."""
    begun, begin = os.pipe()
    writer = os.fork()
    if not writer:
        try:
            laptop = Laptop(folder)
            for number in range(first, first + 1000):
                laptop.record(number)
                os.write(begin, b".")
                laptop.notary.publish()
        finally:
            os._exit(1)
    os.close(begin)
    try:
        os.read(begun, 1)
        time.sleep(seconds)
        os.kill(writer, signal.SIGKILL)
    finally:
        os.close(begun)
        _, status = os.waitpid(writer, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL, "it wrote until it was killed"
