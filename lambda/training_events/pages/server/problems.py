"""What a person reads where a page cannot be shown, and the status code that programs get."""

from __future__ import annotations

from typing import NamedTuple

from starlette.exceptions import HTTPException

from training_events.errors import Misused, NoSuchLog, NoSuchStream, NotUnderstood, TrainingEventsError, is_from_aws
from training_events.pages.page import Page, Section


class Problem(NamedTuple):
    """`message` tells what, where and what is allowed. `is_ours` is whether whoever runs the server should know of it."""

    status: int
    title: str
    message: str
    is_ours: bool = False


def problem_of(error: Exception) -> Problem:
    """Every way in which a page can fail: by its address, by what the log lacks, outside of this program, or in it."""
    if isinstance(error, HTTPException):
        return Problem(error.status_code, "Not there", error.detail)
    if isinstance(error, (NoSuchStream, NoSuchLog)):
        return Problem(404, "Not there", str(error))
    if isinstance(error, (Misused, NotUnderstood)):
        return Problem(400, "Not understood", str(error))
    if isinstance(error, (TrainingEventsError, OSError)) or is_from_aws(error):
        return Problem(502, "Not to be had at the moment", str(error), is_ours=True)
    message = f"a mistake in training-events itself: {type(error).__name__}: {error}"
    return Problem(500, "Failed", message, is_ours=True)


def problem_page(problem: Problem) -> Page:
    """The page that says so."""
    return Page(title=problem.title, kind="problem", sections=[Section("problem", "What happened", problem)])
