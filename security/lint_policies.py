"""What parliament says of policies: run by the Python that has it. A JSON list of texts in, a list of findings for each out.

Its own command line is of no use here: it writes a log of fixed name into /tmp, where somebody else's may be.
"""

import json
import sys
from pathlib import Path

import parliament

# The names that parliament's further auditors (of privilege escalation, of exposed credentials …) give to what they find.
parliament.override_config(Path(parliament.__file__).with_name("community_auditors") / "config_override.yaml")
# What AWS says of every request that a function's code makes, whatever it asks for; parliament knows of no action that has it:
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
