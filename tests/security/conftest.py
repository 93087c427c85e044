"""The scanners, installed once for all tests of this level."""

from pathlib import Path

import pytest

from local.installation import python_of
from local.terraform import BUILD
from security.__main__ import REQUIREMENTS


@pytest.fixture(scope="session")
def scanners() -> Path:
    """The Python that has the scanners."""
    return python_of(BUILD / "security", "parliament, checkov and pip-audit", REQUIREMENTS)
