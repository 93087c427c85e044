"""What a reviewer must not overlook: data that nobody can bring back would be lost, or its protection would be lifted.

Resources are recognised by their Terraform type and by the name that their construct gives them, in any module. The bucket of
the state is recognised by its own name.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from review.markdown import code
from review.protection import LIFECYCLE, PROTECTORS, kept_shorter, lifted
from review.resources import Resource
from review.values import at, path_text


class _Store(NamedTuple):
    """Something that holds data: what a summary calls it, and what would be lost with it."""

    name: str
    content: str


_STORES = {
    ("aws_dynamodb_table", "event_log"): _Store("the event log", "every event that was ever recorded is in it"),
    ("aws_dynamodb_table", "notary"): _Store("the notary's table", "which leaf of the tree each event has is in it"),
    ("aws_kms_key", "notary"): _Store("a key that signs checkpoints", "nothing could lead from it to the next key"),
    ("aws_s3_bucket", "data_bucket"): _Store("the data bucket", "datasets, checkpoints, models and seals are in it"),
    ("aws_cloudwatch_event_archive", "event_bus"): _Store(
        "the archive of the event bus", "nothing in it could be replayed any more"
    ),
    ("aws_sqs_queue", "undelivered_queue"): _Store("the undelivered queue", "events that could not be recorded wait in it"),
}
"""By type, and by the beginning of the construct's name."""
_STATE = _Store("the bucket of the remote state", "without the state Terraform does not know what it has created")

_MAX_PATHS = 3
"""Of the paths that force a replacement. The list of what is replaced has all of them; a caution is never cut."""

LOST, GONE, LIFTED = "Data would be lost.", "What holds data is gone.", "What protects data would be lifted."
_TITLES = (LOST, GONE, LIFTED)
"""The most important one first."""


@dataclass(frozen=True)
class Caution:
    """One line, and the title that it calls for."""

    title: str
    line: str


def holds_data(resource: Resource, state_bucket: str) -> bool:
    return _store(resource, state_bucket) is not None


def cautions(resources: list[Resource], drift: list[Resource], state_bucket: str) -> list[Caution]:
    """First the data that would be lost, then what somebody has destroyed already, then the protection that is lifted."""
    buckets = _buckets(resources, state_bucket)
    listed = [caution for resource in resources for caution in _of_change(resource, buckets, state_bucket)]
    listed += [caution for resource in drift for caution in _of_drift(resource, state_bucket)]
    return sorted(listed, key=lambda caution: _TITLES.index(caution.title))


def _of_change(resource: Resource, buckets: dict[str, str], state_bucket: str) -> Iterator[Caution]:
    store = _store(resource, state_bucket)
    if store and resource.action in {"replace", "destroy", "forget"}:
        yield _loss(resource, store)
    owner = store.name if store else _protected(resource, buckets)
    if owner is None:
        return
    subject, address = f"**{_capitalized(owner)}**", code(resource.address)
    if resource.type in PROTECTORS and resource.action in {"destroy", "forget"}:
        verb = "removed" if resource.action == "destroy" else "forgotten by Terraform"
        yield Caution(LIFTED, f"{subject}: {PROTECTORS[resource.type]} would be {verb} ({address})")
    # A bucket has one lifecycle: a new one replaces the one that exists, whoever declares it.
    replaces_lifecycle = resource.action == "add" and resource.type == LIFECYCLE and _bucket_named(resource, buckets)
    if resource.action in {"change", "replace"} or replaces_lifecycle:
        for text in kept_shorter(resource):
            yield Caution(LOST, f"{subject}: {text} ({address})")
    if resource.action in {"change", "replace"}:
        for text in lifted(resource):
            yield Caution(LIFTED, f"{subject}: {text} ({address})")


def _of_drift(resource: Resource, state_bucket: str) -> Iterator[Caution]:
    """The plan would create it again, empty. That would be in the way of anyone who wants to restore it."""
    store = _store(resource, state_bucket)
    if store and resource.action == "destroy":
        subject, name = f"**{_capitalized(store.name)} is gone**", code(resource.name or resource.address)
        yield Caution(GONE, f"{subject}: somebody destroyed it outside of Terraform ({name})")


def _loss(resource: Resource, store: _Store) -> Caution:
    verb = {
        "replace": "would be destroyed and created again, empty",
        "destroy": "would be destroyed",
        "forget": "would be forgotten by Terraform, and no plan would protect it any longer",
    }[resource.action]
    old = " (an old copy, which an interrupted apply left behind)" if resource.deposed else ""
    forced = ", ".join(code(path_text(path)) for path in resource.forced_by[:_MAX_PATHS])
    because = f", forced by {forced}" if forced else ""
    name = code(resource.name or resource.address)
    return Caution(LOST, f"**{_capitalized(store.name)} {verb}**{old}: {store.content} ({name}{because})")


def _store(resource: Resource, state_bucket: str) -> _Store | None:
    """Which of the stores the resource is, if any."""
    if resource.type == "aws_s3_bucket" and _is_bucket(resource, state_bucket):
        return _STATE
    matching = (
        store for (type_, construct), store in _STORES.items() if resource.type == type_ and _is_of(resource, construct)
    )
    return next(matching, None)


def _buckets(resources: list[Resource], state_bucket: str) -> dict[str, str]:
    """The buckets that exist and hold data: what a summary calls each, by the bucket's name."""
    buckets = {state_bucket: _STATE.name} if state_bucket else {}
    for resource in resources:
        store, name = _store(resource, state_bucket), at(resource.before, ("bucket",))
        if store and resource.type == "aws_s3_bucket" and isinstance(name, str):
            buckets[name] = store.name
    return buckets


def _bucket_named(resource: Resource, buckets: dict[str, str]) -> str | None:
    """What a summary calls the bucket that the resource is for, recognised by the bucket's name."""
    names = (at(tree, ("bucket",)) for tree in (resource.before, resource.after))
    return next((buckets[name] for name in names if isinstance(name, str) and name in buckets), None)


def _protected(resource: Resource, buckets: dict[str, str]) -> str | None:
    """What a summary calls the store that the resource protects, if it protects one."""
    if resource.type.startswith("aws_s3_bucket_") and (bucket := _bucket_named(resource, buckets)):
        return bucket
    if resource.type in {*PROTECTORS, LIFECYCLE}:
        return next((store.name for (_, construct), store in _STORES.items() if _is_of(resource, construct)), None)
    return None


def _is_of(resource: Resource, construct: str) -> bool:
    """Whether the construct declares it, by its address or its previous one: it may be moved and replaced at the same time."""
    names = (resource.construct, (resource.moved_from or "").rpartition(f"{resource.type}.")[2])
    return any(name.startswith(construct) for name in names)


def _is_bucket(resource: Resource, name: str) -> bool:
    return bool(name) and name in (at(resource.before, ("bucket",)), at(resource.after, ("bucket",)))


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]
