"""How the processes of a session share its tests: by file, and what uses the deployments in one piece."""

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.support.deployments import LOCAL_AWS, Deployments, needs_deployment
from tests.support.paths import ROOT

SYNTHESIZING = "cdktf in this process"
"""The files that load cdktf themselves. They are one piece too: cdktf starts a program of Node, which takes seconds."""
_SYNTHESIZING = ("tests/synth/", "tests/security/test_gate.py", "tests/unit/documents/test_encryption_policy.py")
_NOT_SYNTHESIZING = ("tests/synth/test_same_bytes.py", "tests/synth/test_terraform_validate.py")

LONGEST = (
    "tests/analytics/test_job.py",
    "tests/security/test_gate.py",
    "tests/faults/test_publishing.py",
    "tests/unit/recorder/test_interrupted.py",
    "tests/faults/test_processes.py",
    "tests/future_toolkit/test_same_output.py",
    "tests/synth/test_terraform_validate.py",
    "tests/faults/test_signals.py",
    "tests/security/test_planted_weaknesses.py",
    "tests/local_aws/test_teams.py",
)
"""The files that take longest come first, so that no process is left alone with one of them at the end."""
assert all((ROOT / file).is_file() for file in LONGEST)


def run_order(nodeid: str) -> int:
    """The longest files first, and what uses the deployments last: they are made meanwhile."""
    file = nodeid.partition("::")[0]
    if file in LONGEST:
        return LONGEST.index(file)
    return len(LONGEST) + needs_deployment(nodeid)


class ByFile(LoadScopeScheduling):
    """A file is one process's alone, and so is all that uses the deployments, which comes next as soon as they are made."""

    def __init__(self, config: pytest.Config, log: Any, deployments: Deployments) -> None:
        super().__init__(config, log)
        self._deployments = deployments

    def schedule(self) -> None:
        if self.collection is None:
            self._deployments.begin(next(iter(self.registered_collections.values())))
        super().schedule()

    def _split_scope(self, nodeid: str) -> str:
        if needs_deployment(nodeid):
            return LOCAL_AWS
        if nodeid.startswith(_SYNTHESIZING) and not nodeid.startswith(_NOT_SYNTHESIZING):
            return SYNTHESIZING
        return nodeid.partition("::")[0]

    def _assign_work_unit(self, node: Any) -> None:
        if LOCAL_AWS in self.workqueue:
            self.workqueue.move_to_end(LOCAL_AWS, last=not self._deployments.done())
        super()._assign_work_unit(node)
