"""What the tests of settings that are off by default share."""

from pathlib import Path

import pytest

from tests.support.options import synthesized_with_options
from tests.support.stack_json import StackJson


@pytest.fixture(scope="session")
def options_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cdktf.out of an environment with every such setting on."""
    out = tmp_path_factory.mktemp("options")
    synthesized_with_options(out)
    return out


@pytest.fixture(scope="session")
def options(options_out: Path) -> StackJson:
    """Its synthesized JSON."""
    (folder,) = (options_out / "stacks").iterdir()
    return StackJson.read(folder)


@pytest.fixture(scope="session")
def later(tmp_path_factory: pytest.TempPathFactory) -> StackJson:
    """The same for a provider that can give the archive a key, too."""
    return synthesized_with_options(tmp_path_factory.mktemp("later"), aws_provider_version=">= 6.2.0, < 7.0.0")
