"""Where the repository's own files are."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "train_digits.ipynb"
"""The notebook that the stack puts into its bucket."""
EVENTS = ROOT / "tests" / "events"
"""Events and messages as AWS delivers them."""
