"""The summary of a plan: what a reviewer must know first comes first."""

from collections import Counter
from collections.abc import Iterable, Iterator

from review import document, entries
from review.document import Entry, Section
from review.markdown import code
from review.marks import Mark, holds_data, marks
from review.plan import Plan
from review.resources import Action, Resource, resource
from review.stack import Stack

_COUNTED: dict[Action, str] = {
    "replace": "to replace",
    "destroy": "to destroy",
    "forget": "to forget",
    "change": "to change",
    "add": "to add",
}
_MOST_MARKS = 20
_MOST_OPEN = 12
"""Entries of a section of lesser importance that are seen without a click."""


def summary(plan: Plan, stack: Stack, longest: int = document.LONGEST) -> str:
    """Markdown of at most `longest` bytes; `stack` says what the plan itself does not."""
    resources = [resource(one) for one in plan.resource_changes]
    drift = [resource(one) for one in plan.resource_drift]
    loud = marks(resources, drift, stack.state_bucket)
    top = [f"## {code(stack.name)}\n", *_loud(loud), *_warnings(plan, resources, stack)]
    if not plan.changes_anything:
        return "\n".join([*top, "No changes.\n"])
    top.append(f"**{_counts(plan, resources)}**\n")
    ordered = sorted(resources, key=lambda one: not holds_data(one, stack.state_bucket))

    def of(action: Action) -> list[Resource]:
        return [one for one in ordered if one.action == action]

    sections = [
        _section("Replaced", map(entries.replaced, of("replace"))),
        _section("Destroyed", map(entries.destroyed, of("destroy"))),
        _section("Forgotten: Terraform lets go of it, AWS keeps it", map(entries.destroyed, of("forget"))),
        _section("Policies", entries.policies(resources), open_=_MOST_OPEN),
        _section("Changed in place", entries.changed(of("change")), open_=_MOST_OPEN),
        _section("Changed outside of Terraform", entries.drift(drift, resources), open_=_MOST_OPEN),
        _section("Outputs", entries.outputs(plan), open_=_MOST_OPEN),
        _section("Moved and imported", entries.moved(resources), open_=_MOST_OPEN),
        _section("Added", entries.added(of("add")), open_=_MOST_OPEN),
    ]
    return document.render("\n".join(top), [one for one in sections if one.entries], longest)


def _section(title: str, points: Iterable[Entry], open_: int | None = None) -> Section:
    """open_: with more entries than this it is folded; None: never."""
    listed = list(points)
    return Section(f"{title} ({len(listed)})", listed, folded=open_ is not None and len(listed) > open_)


def _loud(found: list[Mark]) -> Iterator[str]:
    if not found:
        return
    said = [f"> - {mark.line}" for mark in found[:_MOST_MARKS]]
    if len(found) > _MOST_MARKS:
        said.append(f"> - … and {len(found) - _MOST_MARKS} more of this kind, below")
    yield "\n".join(["> [!CAUTION]", f"> **{found[0].title}**", *said, ""])


def _warnings(plan: Plan, resources: list[Resource], stack: Stack) -> Iterator[str]:
    managed = [one for one in resources if one.action != "read"]
    if managed and all(one.action == "add" for one in managed):
        state = f"The state at {code(stack.state)}" if stack.state else "The state"
        yield (
            f"> [!WARNING]\n> **{state} is empty.** That is right for a first deploy. Otherwise the state's address has "
            "changed, and a deploy would make everything anew, beside what there is.\n"
        )
    if plan.complete is False:
        yield (
            "> [!WARNING]\n> **This plan is not complete.** Terraform has put off a part of it: after this apply, another plan "
            "will show more.\n"
        )
    if plan.applyable is False and any(one.action not in {"no-op", "read"} for one in resources):
        yield "> [!WARNING]\n> **Terraform says that this plan cannot be applied.**\n"


def _counts(plan: Plan, resources: list[Resource]) -> str:
    count = Counter(one.action for one in resources)
    told = [f"{count[action]} {words}" for action, words in _COUNTED.items() if count[action]]
    moved, imported = sum(bool(one.moved_from) for one in resources), sum(one.imported for one in resources)
    told += [f"{number} {words}" for number, words in ((moved, "moved"), (imported, "to import")) if number]
    if not told:
        outputs = any(change.actions != ("no-op",) for change in plan.output_changes.values())
        others = "data to be read" if count["read"] else "what the state says of them"
        told = [f"no resource changes, only {'outputs' if outputs else others}"]
    return f"Plan: {', '.join(told)}."
