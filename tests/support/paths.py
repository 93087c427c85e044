"""Where the repository's own files are."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EVENTS = ROOT / "tests" / "events"
"""Events and messages as AWS delivers them."""
