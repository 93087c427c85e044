"""What a reviewer must not overlook: data that cannot be brought back would be lost, or what protects it would be lifted.

Recognised by Terraform type and the name that the construct gives, whatever the module; the state's bucket by its own name.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from review import retention
from review.markdown import code
from review.protection import PROTECTORS, lifted
from review.resources import Resource
from review.values import at, path_text

_KEPT = {
    ("aws_dynamodb_table", "event_log"): ("the event log", "every event that was ever recorded is in it"),
    ("aws_s3_bucket", "data_bucket"): ("the data bucket", "datasets, checkpoints, models and seals are in it"),
    ("aws_cloudwatch_event_archive", "event_bus"): ("the archive of the event bus", "nothing in it could be replayed any more"),
    ("aws_sqs_queue", "undelivered_queue"): ("the undelivered queue", "events that could not be recorded wait in it"),
}
"""What holds data, by type and the beginning of its construct's name."""
_STATE = ("the bucket of the remote state", "without the state Terraform knows nothing of what it made")

_MOST_PATHS = 3
"""Of those that force a replacement: the list of what is replaced has them all, and marks are never cut."""

LOST, GONE, LIFTED = "Data would be lost.", "What holds data is gone.", "What protects data would be lifted."
_TITLES = (LOST, GONE, LIFTED)
"""In the order of their weight."""


@dataclass(frozen=True)
class Mark:
    """One line, and the title that it calls for."""

    title: str
    line: str


def holds_data(one: Resource, state_bucket: str) -> bool:
    return _holding(one, state_bucket) is not None


def marks(resources: list[Resource], drift: list[Resource], state_bucket: str) -> list[Mark]:
    """What is lost, what somebody has destroyed already, then what is unprotected."""
    owners = _buckets(resources, state_bucket)
    found = [mark for one in resources for mark in _marks(one, owners, state_bucket)]
    found += [mark for one in drift for mark in _gone(one, state_bucket)]
    return sorted(found, key=lambda mark: _TITLES.index(mark.title))


def _marks(one: Resource, owners: dict[str, str], state_bucket: str) -> Iterator[Mark]:
    kept = _holding(one, state_bucket)
    if kept and one.action in {"replace", "destroy", "forget"}:
        yield _loss(one, *kept)
    owner = kept[0] if kept else _protected(one, owners)
    if owner is None:
        return
    if one.type in PROTECTORS and one.action in {"destroy", "forget"}:
        becomes = "removed" if one.action == "destroy" else "forgotten by Terraform"
        yield Mark(LIFTED, f"**{_capital(owner)}**: {PROTECTORS[one.type]} would be {becomes} ({code(one.address)})")
    # A bucket has one lifecycle: a new one takes the place of what is there, whoever declares it.
    if one.action in {"change", "replace"} or (
        one.action == "add" and one.type == retention.LIFECYCLE and _by_name(one, owners)
    ):
        for says in retention.shortened(one):
            yield Mark(LOST, f"**{_capital(owner)}**: {says} ({code(one.address)})")
    if one.action in {"change", "replace"}:
        for says in lifted(one):
            yield Mark(LIFTED, f"**{_capital(owner)}**: {says} ({code(one.address)})")


def _gone(one: Resource, state_bucket: str) -> Iterator[Mark]:
    """What the plan would make anew and empty, which is in the way of who wants to bring it back."""
    kept = _holding(one, state_bucket)
    if kept and one.action == "destroy":
        line = f"**{_capital(kept[0])} is gone**: somebody destroyed it outside of Terraform ({code(one.name or one.address)})"
        yield Mark(GONE, line)


def _loss(one: Resource, what: str, holds: str) -> Mark:
    becomes = {
        "replace": "would be destroyed and made anew, empty",
        "destroy": "would be destroyed",
        "forget": "would be forgotten by Terraform, and no plan would protect it any longer",
    }[one.action]
    old = " (an old copy, which an apply that broke off left behind)" if one.deposed else ""
    forced = ", ".join(code(path_text(path)) for path in one.forced_by[:_MOST_PATHS])
    because = f", forced by {forced}" if forced else ""
    return Mark(LOST, f"**{_capital(what)} {becomes}**{old}: {holds} ({code(one.name or one.address)}{because})")


def _holding(one: Resource, state_bucket: str) -> tuple[str, str] | None:
    """What the resource holds, as words, if it is one of those that count."""
    if one.type == "aws_s3_bucket" and _is_bucket(one, state_bucket):
        return _STATE
    return next((kept for (type_, construct), kept in _KEPT.items() if one.type == type_ and _is_of(one, construct)), None)


def _buckets(resources: list[Resource], state_bucket: str) -> dict[str, str]:
    """The names of the buckets that are there already, and what each is called."""
    found = {state_bucket: _STATE[0]} if state_bucket else {}
    for one in resources:
        kept, name = _holding(one, state_bucket), at(one.before, ("bucket",))
        if kept and one.type == "aws_s3_bucket" and isinstance(name, str):
            found[name] = kept[0]
    return found


def _by_name(one: Resource, owners: dict[str, str]) -> str | None:
    """The bucket that a resource is for, by its name."""
    names = (at(tree, ("bucket",)) for tree in (one.before, one.after))
    return next((owners[name] for name in names if isinstance(name, str) and name in owners), None)


def _protected(one: Resource, owners: dict[str, str]) -> str | None:
    """Whom a resource belongs to that is itself a part of another one's protection."""
    if one.type.startswith("aws_s3_bucket_") and (owner := _by_name(one, owners)):
        return owner
    if one.type in {*PROTECTORS, retention.LIFECYCLE}:
        return next((kept[0] for (_, construct), kept in _KEPT.items() if _is_of(one, construct)), None)
    return None


def _is_of(one: Resource, construct: str) -> bool:
    """By its address or the one that it moves from: what is moved and replaced at once is lost as well."""
    names = (one.construct, (one.moved_from or "").rpartition(f"{one.type}.")[2])
    return any(name.startswith(construct) for name in names)


def _is_bucket(one: Resource, name: str) -> bool:
    return bool(name) and name in (at(one.before, ("bucket",)), at(one.after, ("bucket",)))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
