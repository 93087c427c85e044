"""`python -m tools.analytics_tables FILE`: writes the columns of the Parquet tables as Glue's catalog has them.

`stacks/` cannot import the package that knows them. `make schemas` updates the file; a test compares it with the code.
"""

import argparse
import json
import re
import sys
from pathlib import Path

from training_events.interchange.exports.parquet.tables import TABLES

_HIVE = {"bool": "boolean", "int64": "bigint", "list": "array"}
"""What Hive calls differently. https://docs.aws.amazon.com/athena/latest/ug/data-types.html"""
_MAX_COMMENT = 255
"""https://docs.aws.amazon.com/glue/latest/webapi/API_Column.html"""


def text() -> str:
    tables = {
        shape.name: {
            "description": f"A row is {shape.row}."[:_MAX_COMMENT],
            "columns": [[it.name, _hive_type(it.type), it.meaning[:_MAX_COMMENT]] for it in shape.columns],
        }
        for shape in TABLES
    }
    return json.dumps(tables, indent=1) + "\n"


def _hive_type(arrow: str) -> str:
    """`list<struct<uri: string>>` as `array<struct<uri:string>>`."""
    words = re.sub(r"\w+(?!\w*:)", lambda word: _HIVE.get(word[0], word[0]), arrow)
    return words.replace(" ", "")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.analytics_tables", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("file", type=Path, help="the file to write")
    parser.parse_args().file.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
