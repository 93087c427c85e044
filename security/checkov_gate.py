"""Runs checkov on the resources, in the form of a Terraform plan.

checkov can read Terraform JSON too, but it silently checks nothing in a file with `terraform.required_version`, and hardly any
policy there. So it gets the plan of a first deploy, in which all resources are new, and has to prove that it has checked it.
"""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from security.errors import GateError
from security.scanner import Finding, run_scanner
from security.synthesized import Resource, Synthesized

# --skip-download: its rules are in the package, and it calls no service.
_OPTIONS = ["--framework", "terraform_plan", "--output", "json", "--compact", "--quiet", "--soft-fail", "--skip-download"]
# Is in every plan, and must be found in each.
_PLANTED, _PLANTED_VALUES, _PLANTED_CHECK = "aws_sqs_queue.planted_without_encryption", {"name": "planted"}, "CKV_AWS_27"


def check(python: Path, stacks: Sequence[Synthesized]) -> tuple[int, list[Finding]]:
    """The number of resources, and what checkov finds in them. Raises GateError."""
    with tempfile.TemporaryDirectory() as folder:
        for stack in stacks:
            plan = _plan({**stack.resources, _PLANTED: _PLANTED_VALUES})
            (Path(folder) / f"{stack.environment}.json").write_text(json.dumps(plan), encoding="utf-8")
        report = run_scanner([str(python), "-P", "-m", "checkov.main", "--directory", folder, *_OPTIONS])
    count = sum(len(stack.resources) for stack in stacks)
    findings = _findings(report, count + len(stacks))
    planted = {each.environment for each in findings if (each.address, each.check) == (_PLANTED, _PLANTED_CHECK)}
    if planted != {stack.environment for stack in stacks}:
        raise GateError("checkov did not do its work: a planted queue without encryption was not found")
    return count, [each for each in findings if each.address != _PLANTED]


def _plan(resources: dict[str, Resource]) -> dict[str, Any]:
    """The parts that checkov reads of https://developer.hashicorp.com/terraform/internals/json-format."""
    planned = [
        {"address": address, "mode": "managed", "type": kind, "name": name, "values": values}
        for address, values in resources.items()
        for kind, name in [address.split(".")]
    ]
    # Without the version, checkov does not recognise a plan.
    return {"terraform_version": "1.10.0", "planned_values": {"root_module": {"resources": planned}}}


def _findings(report: Any, resources: int) -> list[Finding]:
    summary = report["summary"] if isinstance(report, dict) and "summary" in report else {}
    if summary.get("parsing_errors") != 0 or summary.get("resource_count") != resources:
        raise GateError(f"checkov did not do its work: its summary of {resources} resources is {summary or report}")
    return [
        Finding(Path(failed["file_path"]).stem, failed["resource"], failed["check_id"], failed["check_name"])
        for failed in report["results"]["failed_checks"]
    ]
