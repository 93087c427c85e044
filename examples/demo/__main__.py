"""The whole story on this machine: `make demo`.

AWS is started here, the stack is deployed to it by the real cdktf CLI, and a real training run records itself. Then its past
comes back, an alteration is found out, its read model is lost and made again, and its events are replayed. At the end all is
taken down.
"""

import argparse
import os
import sys
import time

from training_events import aws
from training_events.proof.s3_seal_store import S3SealStore
from training_events.stores.opening import open_store

from command_line import run_command
from examples.demo.chapters import tell
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
        tell(_stage(environment))
        chapter("Everything is taken down")
    out.print(f"Done in {time.monotonic() - started:.0f} s.")
    return 0


def _stage(environment: LocalEnvironment) -> Stage:
    store = open_store(environment.variables()["TRAINING_EVENTS_LOG"])
    if store.read_models is None:
        raise DemoError("the environment's event log names no read models")
    seals = S3SealStore(environment.outputs["data_bucket_name"], aws.client("s3"))
    return Stage(environment, store.log, store.read_models, seals)


if __name__ == "__main__":
    sys.exit(main())
