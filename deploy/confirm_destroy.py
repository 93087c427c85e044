"""Asks before an environment is destroyed: `python -m deploy.confirm_destroy ENVIRONMENT [--auto-approve]`.

It prints what stays and what is gone for good, and asks for the environment's name: people type `yes` by habit, but not `dev`
in place of `dev-2`. Exit code 0 lets `make destroy` go on. Other arguments in the ARGS of make are for cdktf, and are ignored.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator

from command_line import UsageError, run_command
from stacks.settings import Settings
from stacks.settings.file import load


def explanation(settings: Settings) -> str:
    """What a destroy keeps and what it removes, as text for a terminal."""
    protected = settings.deletion_protection
    return "\n".join(
        [
            f"This takes {settings.stack_name} down: account {settings.account_id}, region {settings.region}.",
            f"\nWhat stays, where deletion_protection = {str(protected).lower()} is deployed:",
            *(f"  {line}" for line in _stays(settings)),
            "\nWhat is gone for good:",
            *(f"  {line}" for line in _goes(settings)),
            "\nTerraform ends with an error for the tables and the bucket, and takes the rest down.\n" if protected else "",
        ]
    )


def _stays(settings: Settings) -> Iterator[str]:
    lock = f"each is locked for {settings.seals.retention_days} days ({settings.seals.mode})"
    if settings.deletion_protection:
        yield f"{settings.name('event-log')}, {settings.name('read-models')}: the tables refuse to be deleted"
        if not settings.data_bucket.existing_name:
            yield f"{settings.data_bucket_name}: a bucket that holds objects, or old versions of them, is not deleted"
            yield f"the seals in it: {lock}"
    else:
        if settings.seals.mode == "COMPLIANCE" and not settings.data_bucket.existing_name:
            yield f"the seals in {settings.data_bucket_name}, and so the bucket: {lock}"
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html
        yield "a backup of each table, <table>$DeletedTableBackup: DynamoDB keeps it for 35 days"
    yield from _not_of_this_stack(settings)
    yield f"{settings.state_bucket}: the bucket of Terraform's state, with the older states in it"


def _not_of_this_stack(settings: Settings) -> Iterator[str]:
    if bucket := settings.data_bucket.existing_name:
        yield f"{bucket}: it is not of this stack, which only removes the client, recipes and packages that it put there"
    if bus := settings.events.existing_bus_name:
        yield f"{bus}: it is not of this stack, which only removes its rules and its archive"
    if group := settings.logs.existing_group_name:
        yield f"{group}: it is not of this stack, and keeps what the functions logged"


def _goes(settings: Settings) -> Iterator[str]:
    if settings.deletion_protection:
        of_bucket = "" if settings.data_bucket.existing_name else " and bucket"
        yield f"the policies of log{of_bucket}: after that, only the locks of seals keep them append-only"
    else:
        yield f"{settings.name('event-log')} with every event, {settings.name('read-models')}"
        if not settings.data_bucket.existing_name:
            yield f"{settings.data_bucket_name} with datasets, checkpoints, models, and seals under a GOVERNANCE lock"
    yield f"{settings.name('undelivered')} with the events in it (training-events undelivered lists them)"
    yield f"the archive of {settings.name('events')}, from which events can be replayed"
    logs = "" if settings.logs.existing_group_name else " with their logs"
    yield f"{settings.name('notebook')} with everything on its volume; the functions{logs}"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.confirm_destroy", description=__doc__.split("\n", 1)[0], allow_abbrev=False
    )
    parser.add_argument("environment", help="the name of a file in environments/, without .toml")
    parser.add_argument("--auto-approve", action="store_true", help="do not ask")
    arguments, others = parser.parse_known_args()
    return run_command(lambda: _ask(arguments.environment, others, approved=arguments.auto_approve))


def _ask(name: str, others: Iterable[str], *, approved: bool) -> int:
    settings = load(name)
    for argument in others:
        if argument.startswith(f"{settings.name_prefix}-") or "*" in argument:  # cdktf takes several stacks, and patterns
            raise UsageError(f"{argument}: one environment is destroyed at a time, here {name}")
    if approved:
        return 0
    if not sys.stdin.isatty():
        raise UsageError(f"there is no terminal to ask whether {name} may be destroyed: ARGS=--auto-approve does not ask")
    print(explanation(settings))
    try:
        answer = input(f"To destroy it, type its name ({name}): ")
    except EOFError:
        answer = ""
    except KeyboardInterrupt:
        print()
        raise
    if answer.strip() != name:
        raise UsageError(f"{answer.strip()!r} is not {name}: nothing was destroyed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
