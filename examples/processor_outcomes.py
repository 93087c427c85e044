"""What the event processor says, in its own log, of the events it got."""

import re
from collections import Counter
from typing import Any


def processor_outcomes(logs: Any, function_name: str) -> Counter[str]:
    """How often it says recorded, repeated, set_aside. `logs` is a client of CloudWatch Logs."""
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{function_name}")
    lines = (line["message"] for page in pages for line in page["events"])
    return Counter(match[1] for line in lines if (match := re.search(r'"outcome": ?"(\w+)"', line)))
