"""checkov over the resources, wrapped as a Terraform plan.

checkov knows Terraform JSON too, but silently checks nothing of a file that has `terraform.required_version` in it, and hardly
looks into policies there. So it gets what a plan of nothing but new resources would say, and has to show that it looked.
"""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from security.errors import GateError
from security.finding import Finding
from security.scanner import answer_of
from security.synthesized import Resource, Synthesized

# --skip-download: its rules come with it, and nothing is asked of its maker's service.
_OPTIONS = ["--framework", "terraform_plan", "--output", "json", "--compact", "--quiet", "--soft-fail", "--skip-download"]
# Stands in every plan, and must be found in each.
_PLANTED, _PLANTED_VALUES, _PLANTED_CHECK = "aws_sqs_queue.planted_without_encryption", {"name": "planted"}, "CKV_AWS_27"


def check(python: Path, stacks: Sequence[Synthesized]) -> tuple[int, list[Finding]]:
    """How many resources there are, and what is wrong with them. Raises GateError."""
    with tempfile.TemporaryDirectory() as folder:
        for stack in stacks:
            plan = _plan({**stack.resources, _PLANTED: _PLANTED_VALUES})
            (Path(folder) / f"{stack.environment}.json").write_text(json.dumps(plan), encoding="utf-8")
        report = answer_of([str(python), "-P", "-m", "checkov.main", "--directory", folder, *_OPTIONS])
    count = sum(len(stack.resources) for stack in stacks)
    found = _found(report, count + len(stacks))
    planted = {one.environment for one in found if (one.address, one.check) == (_PLANTED, _PLANTED_CHECK)}
    if planted != {stack.environment for stack in stacks}:
        raise GateError("checkov did not do its work: a planted queue without encryption was not found")
    return count, [one for one in found if one.address != _PLANTED]


def _plan(resources: dict[str, Resource]) -> dict[str, Any]:
    """As much as checkov reads of https://developer.hashicorp.com/terraform/internals/json-format."""
    planned = [
        {"address": address, "mode": "managed", "type": kind, "name": name, "values": values}
        for address, values in resources.items()
        for kind, name in [address.split(".")]
    ]
    # Without the version checkov does not take it for a plan.
    return {"terraform_version": "1.10.0", "planned_values": {"root_module": {"resources": planned}}}


def _found(report: Any, resources: int) -> list[Finding]:
    summary = report["summary"] if isinstance(report, dict) and "summary" in report else {}
    if summary.get("parsing_errors") != 0 or summary.get("resource_count") != resources:
        raise GateError(f"checkov did not do its work: of {resources} resources it says {summary or report}")
    return [
        Finding(Path(failed["file_path"]).stem, failed["resource"], failed["check_id"], failed["check_name"])
        for failed in report["results"]["failed_checks"]
    ]
