"""Installs the scanners once for all tests of this folder."""

from pathlib import Path

import pytest

from local.installation import python_of
from local.terraform import BUILD
from security.__main__ import REQUIREMENTS


@pytest.fixture(scope="session")
def scanners() -> Path:
    """The Python interpreter of the environment with the scanners."""
    return python_of(BUILD / "security", "parliament, checkov and pip-audit", REQUIREMENTS)
