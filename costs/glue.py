"""What a job of Glue costs that is run by a schedule: its workers' hours, each a number of Glue's processing units (DPU)."""

import json
from collections.abc import Iterator

from costs.assumptions import Assumptions
from costs.schedules import calls_a_month
from costs.stack import Arguments, Stack

UNITS = {"G.025X": 0.25, "G.1X": 1, "G.2X": 2, "G.4X": 4, "G.8X": 8}
"""https://docs.aws.amazon.com/glue/latest/dg/worker-types.html"""


def schedules_of(name: str, stack: Stack) -> Iterator[str]:
    """The expressions of the schedules that start the job of this name."""
    for values in stack.all("aws_scheduler_schedule").values():
        if f"${{aws_glue_job.{name}." in json.dumps(values["target"]):
            yield values["schedule_expression"]


def unit_hours_a_month(name: str, values: Arguments, stack: Stack, assumed: Assumptions) -> float | str:
    """Or why they are not known."""
    if (units := UNITS.get(values.get("worker_type", ""))) is None:
        return f"nobody here knows its worker type {values.get('worker_type')}, only {', '.join(UNITS)}"
    hours = 0.0
    for expression in schedules_of(name, stack):
        if (calls := calls_a_month(expression)) is None:
            return f"how often {expression} calls is not known"
        hours += calls * assumed.job_minutes / 60
    return hours * units * int(values.get("number_of_workers", 0))
