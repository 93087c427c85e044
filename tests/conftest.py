"""What every level of tests shares: how the tests are shared out, and the app synthesized once."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.support.deployments import Deployments
from tests.support.fast_tests import is_slow
from tests.support.open_files import OpenFiles
from tests.support.scheduler import ByFile, run_order
from tests.support.session import (
    is_worker,
    make_session_folder,
    session_folder,
    synthesized,
    synthesized_as_hcl,
    tell_session_folder,
)
from tests.support.stack_json import StackJson
from tests.support.tree_checker import TreeChecker, built_checker

# A machine that is busy makes no property false. What else Hypothesis does where it finds CI stays as it is.
settings.register_profile("unhurried", settings(deadline=None, suppress_health_check=[HealthCheck.too_slow]))
settings.load_profile("unhurried")


_DEPLOYMENTS = pytest.StashKey[Deployments]()
_OPEN_FILES = OpenFiles()


def pytest_configure(config: pytest.Config) -> None:
    # A shell that starts the tests in its background has them ignore Ctrl-C. Every program that they start would inherit it.
    if not is_worker(config):
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    make_session_folder(config)
    # commands sign checkpoints with a key of the user's, and make it here
    os.environ["XDG_CONFIG_HOME"] = str(session_folder(config) / "config")
    config.stash[_DEPLOYMENTS] = deployments = Deployments(session_folder(config))
    config.add_cleanup(deployments.end)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Tell a failure at once: the whole suite takes half an hour."""
    if report.failed and not os.environ.get("PYTEST_XDIST_WORKER"):
        print(f"\n{report.nodeid} failed in {report.when}:\n{report.longreprtext}", flush=True)


def pytest_runtest_logfinish() -> None:
    _OPEN_FILES.close_forgotten()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    tell_session_folder(node)


@pytest.hookimpl(tryfirst=True)  # before pytest selects by marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if is_slow(item.path, getattr(item, "fixturenames", ())):
            item.add_marker("slow")
    items.sort(key=lambda item: run_order(item.nodeid))


def pytest_collection_finish(session: pytest.Session) -> None:
    """If several processes share the tests, the scheduler does this."""
    if not is_worker(session.config) and not session.config.option.collectonly:
        session.config.stash[_DEPLOYMENTS].begin(item.nodeid for item in session.items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log, config.stash[_DEPLOYMENTS])


@pytest.fixture(scope="session")
def cdktf_out(pytestconfig: pytest.Config) -> Path:
    return synthesized(session_folder(pytestconfig))


@pytest.fixture(scope="session")
def hcl_out(pytestconfig: pytest.Config) -> Path:
    return synthesized_as_hcl(session_folder(pytestconfig))


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


@pytest.fixture
def tree_checker(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> TreeChecker:
    """Checks the files of a notary's tree with readers that nobody here wrote."""
    return TreeChecker(built_checker(session_folder(pytestconfig)), tmp_path_factory.mktemp("checker"))
