"""What every level of tests shares: the app synthesized once, by the real main.py in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from release.validate import synthesize_hcl
from tests.support.paths import ROOT
from tests.support.stack_json import StackJson

LOCAL_AWS = "tests/local_aws/"

# A machine that is busy makes no property false. What else Hypothesis does where it finds CI stays as it is.
settings.register_profile("unhurried", settings(deadline=None, suppress_health_check=[HealthCheck.too_slow]))
settings.load_profile("unhurried")


def without_aws(**more: str) -> dict[str, str]:
    """This process's environment with nothing of AWS in it, and no way to a package index."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TRAINING_EVENTS_"))}
    offline = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
    return kept | offline | {"PIP_NO_INDEX": "1", "AWS_EC2_METADATA_DISABLED": "true"} | more


def synthesize(project: Path, out: Path) -> None:
    """Run the app of `project` as the cdktf CLI does."""
    done = subprocess.run(
        [sys.executable, "main.py"],
        cwd=project,
        env=without_aws(CDKTF_OUTDIR=str(out)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def cdktf_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cdktf.out")
    synthesize(ROOT, out)
    return out


@pytest.fixture(scope="session")
def hcl_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as HCL, by the cdktf CLI itself."""
    out = tmp_path_factory.mktemp("cdktf.out.hcl")
    synthesize_hcl(out)
    return out


@pytest.fixture(scope="session")
def stacks(cdktf_out: Path) -> dict[str, StackJson]:
    """The synthesized JSON of every environment, by its name."""
    return {
        folder.name.removeprefix("training-"): StackJson(json.loads((folder / "cdk.tf.json").read_text(encoding="utf-8")))
        for folder in sorted((cdktf_out / "stacks").iterdir())
    }


@pytest.fixture(scope="session", params=["dev", "local", "prod"])
def stack(request: pytest.FixtureRequest, stacks: dict[str, StackJson]) -> StackJson:
    return stacks[request.param]


class ByFile(LoadScopeScheduling):
    """Where several processes share the tests, a file is one's alone, and so is all that uses the deployment."""

    def _split_scope(self, nodeid: str) -> str:
        return LOCAL_AWS if nodeid.startswith(LOCAL_AWS) else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What uses the deployment takes longest, and so it begins."""
    items.sort(key=lambda item: not item.nodeid.startswith(LOCAL_AWS))
