"""Counts the outcomes that the event processor writes to its log."""

import re
from collections import Counter
from typing import Any


def processor_outcomes(logs: Any, function_name: str) -> Counter[str]:
    """The number of events by outcome: recorded, repeated, set_aside. `logs` is a client of CloudWatch Logs."""
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{function_name}")
    lines = (line["message"] for page in pages for line in page["events"])
    return Counter(match[1] for line in lines if (match := re.search(r'"outcome": ?"(\w+)"', line)))
