"""Runs parliament on policies. It reads a JSON list of policies as texts, and prints a list of findings for each.

The Python environment that has parliament runs this script. parliament's own command line is not used, because it writes a log
with a fixed name to /tmp, where somebody else's log may be.
"""

import json
import sys
from pathlib import Path

import parliament

# Has the names for findings of parliament's additional auditors (privilege escalation, exposed credentials …).
parliament.override_config(Path(parliament.__file__).with_name("community_auditors") / "config_override.yaml")
# AWS sets this condition key for every request of a function's code. parliament knows it for no action:
# https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
parliament.statement.GLOBAL_CONDITION_KEYS["lambda:SourceFunctionArn"] = "Arn"


def findings(policy: str) -> list[dict[str, object]]:
    found = map(parliament.enhance_finding, parliament.analyze_policy_string(policy, include_community_auditors=True).findings)
    return [
        {
            "issue": finding.issue,
            "says": f"{finding.title}: {finding.detail}" if finding.detail else finding.title,
            "actions": finding.location.get("actions", []),
        }
        for finding in found
    ]


if __name__ == "__main__":
    print(json.dumps([findings(policy) for policy in json.load(sys.stdin)]))
