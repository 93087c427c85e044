"""What MLflow's own tests ask of a tracking store, and what this one answers: `yes`, `refused` or `differs`, with the reason.

Each test of a behaviour says it in a decorator. docs/reference/mlflow.md has the table of them all; `python -m
tests.contract.mlflow.behaviours` prints it.
"""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar

_Test = TypeVar("_Test", bound=Callable[..., None])

_PACKAGE = "tests.contract.mlflow"
SUBJECTS = {
    "test_experiments": "Experiments",
    "test_runs": "Runs",
    "test_values": "Metrics, params and tags",
    "test_inputs": "Inputs",
    "test_search": "Search",
    "test_logged_models": "Logged models",
    "test_registered_models": "Registered models",
    "test_model_versions": "Model versions",
    "test_registry_refusals": "Prompts and webhooks",
}
"""The files of tests, and what each is about."""


class Behaviour(NamedTuple):
    """What is asked, in a sentence; what the store answers, and why it is not `yes`."""

    text: str
    answer: Literal["yes", "refused", "differs"]
    why: str = ""


def answered(text: str) -> Callable[[_Test], _Test]:
    """The store does so."""
    return _noted(Behaviour(text, "yes"))


def refused(text: str, why: str) -> Callable[[_Test], _Test]:
    """The store refuses it in one line."""
    return _noted(Behaviour(text, "refused", why))


def differs(text: str, why: str) -> Callable[[_Test], _Test]:
    """The store does something else, which the reason tells."""
    return _noted(Behaviour(text, "differs", why))


def _noted(behaviour: Behaviour) -> Callable[[_Test], _Test]:
    def note(test: _Test) -> _Test:
        test.behaviour = behaviour  # type: ignore[attr-defined]
        return test

    return note


def behaviours(module: str) -> list[Behaviour]:
    """Those of a file of tests, in its order."""
    tests = vars(importlib.import_module(f"{_PACKAGE}.{module}")).values()
    return [test.behaviour for test in tests if hasattr(test, "behaviour")]


def table() -> str:
    """The table of the documents."""
    lines = ["| subject | behaviour | answer |", "|---|---|---|"]
    for module, subject in SUBJECTS.items():
        for text, answer, why in behaviours(module):
            lines.append(f"| {subject} | {text} | {answer}{f': {why}' if why else ''} |")
    return "\n".join(lines)


def unlisted() -> set[str]:
    """Files of tests that have no subject."""
    others = {"test_autolog", "test_table", "test_training"}
    return {file.stem for file in Path(__file__).parent.glob("test_*.py")} - {*SUBJECTS, *others}


if __name__ == "__main__":
    print(table())
