"""Renames the toolkit from CDKTF to CDK Terrain where Python code imports it; docs/design/cdk-terrain.md has the steps.

python3 -m tools.rename_to_cdktn main.py stacks tests benchmarks pyproject.toml
"""

import re
import sys
from pathlib import Path

RENAMED = (
    # The provider's bindings. Nothing else has this name, so it is renamed in strings and comments as well.
    (re.compile(r"\bcdktf_cdktf_provider_aws\b"), "cdktn_provider_aws"),
    # The library, where it is imported and where a class is reached through it. `cdktf.json`, `cdktf.out` and the variables
    # CDKTF_* keep their names, and so does the tag `managed-by = cdktf`, which a rename would change on every resource.
    (re.compile(r"^(\s*(?:from|import) )cdktf\b", re.MULTILINE), r"\1cdktn"),
    (re.compile(r"\bcdktf\.(?=[A-Z])"), "cdktn."),
)


def rename(text: str) -> str:
    """The text of a file with the new names."""
    for old, new in RENAMED:
        text = old.sub(new, text)
    return text


def rename_in(paths: list[Path]) -> list[Path]:
    """Rewrite these files, and the Python files in these folders. Returns the files that changed."""
    files = [file for path in paths for file in (sorted(path.rglob("*.py")) if path.is_dir() else [path])]
    changed = []
    for file in files:
        text = file.read_text(encoding="utf-8")
        if (renamed := rename(text)) != text:
            file.write_text(renamed, encoding="utf-8")
            changed.append(file)
    return changed


if __name__ == "__main__":
    for changed_file in rename_in([Path(name) for name in sys.argv[1:]]):
        print(changed_file)
