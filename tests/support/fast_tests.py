"""Which tests `make test-fast` runs: those of folders that start little, but for what is slow by a fixture or by its mark."""

from collections.abc import Collection
from pathlib import Path

from tests.support.paths import ROOT

FAST_LEVELS = {"contract", "properties", "release", "review", "synth", "unit"}
"""Folders of tests/. A folder that is not named here is slow, a new one too."""
SLOW_FIXTURES = {"hcl_out"}
"""What the cdktf CLI makes."""


def is_slow(file: Path, fixtures: Collection[str]) -> bool:
    """Whether a test of this file that uses these fixtures is left out."""
    return file.relative_to(ROOT / "tests").parts[0] not in FAST_LEVELS or not SLOW_FIXTURES.isdisjoint(fixtures)
