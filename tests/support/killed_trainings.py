"""Trainings that are killed: `python -m tests.support.killed_trainings SEED ROUNDS FOLDER`.

Each is a child of one process that has imported everything, and a run of its own. It notes every call in a file, right after
the call. After a random time it gets SIGKILL, wherever it is; some have ended by then. All of them share one spool, also with
other such programs.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

from training_events import record_run
from training_events.recorder.delivery import writer

MAX_SECONDS = 0.5


def train(name: str, notes: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    file = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with record_run(run_id=name, model="killed") as run:
        for number in range(chance.randint(1, 2000)):
            run.metric("number", number, step=number)
            os.write(file, b"recorded %d\n" % number)
            if chance.random() < 0.01:
                run.flush()
                os.write(file, b"flushed %d\n" % number)
            if chance.random() < 0.01:
                run.checkpoint(__file__, step=number)
                os.write(file, b"stored %d\n" % number)
            if chance.random() < 0.2:
                time.sleep(chance.random() / 100)
    os.write(file, b"ended\n")


def main() -> None:
    seed, rounds, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    chance = random.Random(seed)  # noqa: S311 - no secret
    writer.FLUSH_SECONDS = 0.02  # as many moments for a kill as in a long training
    for number in range(rounds):
        seed_of_round, seconds = chance.getrandbits(32), chance.random() * MAX_SECONDS
        name = f"killed-{seed}-{number}"
        child = os.fork()
        if not child:
            train(name, folder / name, seed_of_round)
            os._exit(0)
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
