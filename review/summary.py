"""The summary of a plan. What a reviewer must know first comes first."""

from collections import Counter
from collections.abc import Iterable, Iterator

from review import document, sections
from review.cautions import Caution, cautions, holds_data
from review.document import Item, Section
from review.markdown import code
from review.plan import Plan
from review.resources import Action, Resource
from review.stack import Stack

_COUNTED: dict[Action, str] = {
    "replace": "to replace",
    "destroy": "to destroy",
    "forget": "to forget",
    "change": "to change",
    "add": "to add",
}
_MAX_CAUTIONS = 20
_MAX_OPEN_ITEMS = 12
"""A section of lesser importance with more items than this is folded."""


def summary(plan: Plan, stack: Stack, max_bytes: int = document.MAX_BYTES) -> str:
    """Markdown of at most `max_bytes` bytes. `stack` has what the plan itself does not tell."""
    resources = [Resource.of(planned) for planned in plan.resource_changes]
    drift = [Resource.of(planned) for planned in plan.resource_drift]
    listed = cautions(resources, drift, stack.state_bucket)
    top = [f"## {code(stack.name)}\n", *_caution_block(listed), *_warnings(plan, resources, stack)]
    if not plan.changes_anything:
        return "\n".join([*top, "No changes.\n"])
    top.append(f"**{_counts(plan, resources)}**\n\nDigest: {code(plan.digest)}\n")
    # Within a section, what holds data comes first.
    ordered = sorted(resources, key=lambda resource: not holds_data(resource, stack.state_bucket))

    def of(action: Action) -> list[Resource]:
        return [resource for resource in ordered if resource.action == action]

    shown = [
        _open("Replaced", map(sections.replaced, of("replace"))),
        _open("Destroyed", map(sections.destroyed, of("destroy"))),
        _open("Forgotten: Terraform lets go of it, AWS keeps it", map(sections.destroyed, of("forget"))),
        _open("Actions: what providers do beside changing resources", sections.actions(plan)),
        _folded_if_long("Policies", sections.policies(resources)),
        _folded_if_long("Changed in place", sections.changed(of("change"))),
        _folded_if_long("Changed outside of Terraform", sections.drift(drift, resources)),
        _folded_if_long("Outputs", sections.outputs(plan)),
        _folded_if_long("Moved and imported", sections.moved(resources)),
        _folded_if_long("Added", sections.added(of("add"))),
    ]
    return document.render("\n".join(top), [section for section in shown if section.items], max_bytes)


def _open(title: str, items: Iterable[Item]) -> Section:
    listed = list(items)
    return Section(f"{title} ({len(listed)})", listed)


def _folded_if_long(title: str, items: Iterable[Item]) -> Section:
    listed = list(items)
    return Section(f"{title} ({len(listed)})", listed, folded=len(listed) > _MAX_OPEN_ITEMS)


def _caution_block(listed: list[Caution]) -> Iterator[str]:
    if not listed:
        return
    lines = [f"> - {caution.line}" for caution in listed[:_MAX_CAUTIONS]]
    if len(listed) > _MAX_CAUTIONS:
        lines.append(f"> - … and {len(listed) - _MAX_CAUTIONS} more of this kind, below")
    yield "\n".join(["> [!CAUTION]", f"> **{listed[0].title}**", *lines, ""])


def _warnings(plan: Plan, resources: list[Resource], stack: Stack) -> Iterator[str]:
    managed = [resource for resource in resources if resource.action != "read"]
    if managed and all(resource.action == "add" for resource in managed):
        state = f"The state at {code(stack.state)}" if stack.state else "The state"
        yield (
            f"> [!WARNING]\n> **{state} is empty.** That is right for a first deploy. Otherwise the state's address has "
            "changed, and a deploy would create everything a second time, beside what exists.\n"
        )
    if plan.complete is False:
        yield (
            "> [!WARNING]\n> **This plan is not complete.** Terraform has put off a part of it: after this apply, another plan "
            "will show more.\n"
        )
    if plan.applyable is False and any(resource.action not in {"no-op", "read"} for resource in resources):
        yield "> [!WARNING]\n> **Terraform says that this plan cannot be applied.**\n"


def _counts(plan: Plan, resources: list[Resource]) -> str:
    by_action = Counter(resource.action for resource in resources)
    counts = [f"{by_action[action]} {words}" for action, words in _COUNTED.items() if by_action[action]]
    moved, imported = sum(bool(each.moved_from) for each in resources), sum(each.imported for each in resources)
    counts += [f"{count} {words}" for count, words in ((moved, "moved"), (imported, "to import")) if count]
    if invoked := len(plan.action_invocations) + len(plan.deferred_action_invocations):
        counts.append(f"{invoked} {'action' if invoked == 1 else 'actions'} to invoke")
    if not counts:
        outputs = any(change.actions != ("no-op",) for change in plan.output_changes.values())
        others = "data to be read" if by_action["read"] else "what the state says of them"
        counts = [f"no resource changes, only {'outputs' if outputs else others}"]
    return f"Plan: {', '.join(counts)}."
