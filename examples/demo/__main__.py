"""Shows on this machine everything that the project does: `make demo`.

It starts AWS here, deploys the stack with the real cdktf CLI, and lets a real training run record itself. Then it shows a past
state, detects an alteration, deletes and rebuilds the read models, replays the events, and writes a report of the run and a
file of evidence, which still proves the run after somebody has removed it. At the end it takes everything down, but for these.
"""

import argparse
import os
import sys
import time

from training_events import aws
from training_events.proof.s3_seal_store import S3SealStore
from training_events.stores.opening import open_store

from command_line import run_command
from examples.demo.chapters import run_chapters
from examples.demo.stage import DemoError, Stage, chapter, out
from local.environment import LocalEnvironment, local_environment


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__.split("\n", 1)[0])
    parser.parse_args()
    return run_command(_demo)


def _demo() -> int:
    started = time.monotonic()
    chapter("AWS on this machine, and the stack deployed to it")
    with local_environment("demo") as environment:
        os.environ.update(environment.environment())
        for name, value in sorted(environment.outputs.items()):
            out.print(f"  {name:<30} {value}", soft_wrap=True)
        report = run_chapters(_stage(environment))
        chapter("Everything is taken down")
    out.print(f"Done in {time.monotonic() - started:.0f} s. This is the page of the run, to be opened in a browser:")
    print(report)
    return 0


def _stage(environment: LocalEnvironment) -> Stage:
    store = open_store(environment.variables()["TRAINING_EVENTS_LOG"])
    if store.read_models is None:
        raise DemoError("the address of the environment's event log names no read models")
    seals = S3SealStore(environment.outputs["data_bucket_name"], aws.client("s3"))
    return Stage(environment, store.log, store.read_models, seals)


if __name__ == "__main__":
    sys.exit(main())
