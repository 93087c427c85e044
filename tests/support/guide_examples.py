"""The examples in the guides, as they stand."""

import re

from tests.support.paths import ROOT


def example_of(guide: str, heading: str) -> str:
    """The one block of Python below a heading of a guide."""
    text = (ROOT / "docs" / "guides" / f"{guide}.md").read_text(encoding="utf-8")
    [section] = re.findall(rf"^## {re.escape(heading)}\n(.+?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    [example] = re.findall(r"```python\n(.+?)```", section, re.DOTALL)
    return str(example)
