"""Records the examples again: `python -m tests.review.record`, after a change of the stack or of the summary's form.

It deploys the stack to emulators of its own and lets real Terraform plan each example; nothing is applied. It writes the plan,
reduced to what a summary needs, to plans/, and the summary of that to comments/. It takes about four minutes.
"""

import os
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from local.environment import LocalEnvironment, local_environment
from review import run_terraform
from review.plan import Change, Plan, ResourceChange, read
from review.summary import summary
from tests.review.examples import COMMENTS, EXAMPLES, OUT, PLANS, edited, project, stack, steady


def reduced(plan: Plan) -> Plan:
    """The plan without the values of what stays as it is: no summary shows them."""
    changing = {each.address for each in plan.resource_changes if each.change.actions != ("no-op",)}
    return msgspec.structs.replace(
        plan,
        resource_changes=tuple(map(_reduced, plan.resource_changes)),
        resource_drift=tuple(_reduced(each) for each in plan.resource_drift if each.address in changing),
        output_changes={name: output for name, output in plan.output_changes.items() if output.actions != ("no-op",)},
    )


def _reduced(resource: ResourceChange) -> ResourceChange:
    if resource.change.actions == ("no-op",):
        return msgspec.structs.replace(resource, change=Change(("no-op",)))
    change = resource.change
    marks = {name: _marked(getattr(change, name)) for name in ("after_unknown", "before_sensitive", "after_sensitive")}
    trees = {name: _set(getattr(change, name)) for name in ("before", "after")}
    return msgspec.structs.replace(resource, change=msgspec.structs.replace(change, **marks, **trees))


def _set(tree: Any) -> Any:
    return tree and {name: value for name, value in tree.items() if value not in (None, [], {})}


def _marked(marks: Any) -> Any:
    """A tree of marks without the parts in which nothing is marked; None if nothing is left."""
    if isinstance(marks, dict):
        return {name: part for name, inner in marks.items() if (part := _marked(inner))} or None
    if isinstance(marks, list):
        return marks if any(map(_marked, marks)) else None
    return marks or None


def record(deployed: LocalEnvironment, folder: Path) -> None:
    os.environ.update(deployed.environment())
    project(deployed.terraform_folder, folder)
    for name, edit in EXAMPLES.items():
        edited(folder, deployed.terraform_folder, edit)
        planned = run_terraform.make_plan(folder / OUT, folder / "terraform")
        plan = steady(msgspec.json.format(msgspec.json.encode(reduced(read(planned, name))), indent=1).decode())
        (PLANS / f"{name}.json").write_text(f"{plan}\n", encoding="utf-8")
        (COMMENTS / f"{name}.md").write_text(steady(summary(read(plan.encode(), name), stack(name))), encoding="utf-8")


if __name__ == "__main__":
    with local_environment("recorded-reviews") as environment, tempfile.TemporaryDirectory() as scratch:
        record(environment, Path(scratch))
