"""Fixtures for tests of settings that are off by default."""

from pathlib import Path

import pytest

from tests.support.options import TEAMS, synthesized_with_options
from tests.support.stack_json import StackJson


@pytest.fixture(scope="session")
def options_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cdktf.out of an environment with all of these settings."""
    out = tmp_path_factory.mktemp("options")
    synthesized_with_options(out)
    return out


@pytest.fixture(scope="session")
def options(options_out: Path) -> StackJson:
    """The synthesized JSON of that environment."""
    (folder,) = (options_out / "stacks").iterdir()
    return StackJson.read(folder)


@pytest.fixture(scope="session")
def later(tmp_path_factory: pytest.TempPathFactory) -> StackJson:
    """The same with a later provider, which can also give the archive a key."""
    return synthesized_with_options(tmp_path_factory.mktemp("later"), aws_provider_version=">= 6.2.0, < 7.0.0")


@pytest.fixture(scope="session")
def of_teams(tmp_path_factory: pytest.TempPathFactory) -> StackJson:
    """The same, shared by two teams."""
    return synthesized_with_options(tmp_path_factory.mktemp("teams"), teams=TEAMS)
