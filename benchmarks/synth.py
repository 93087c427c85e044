"""Measures a synth of all environments that imports the bindings' modules one by one, against one that imports all."""

import filecmp
import os
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import Ratio, in_turns, process_seconds

_ONE_BY_ONE = "import sys, main; sys.exit(main.main())"
_ALL_AT_ONCE = f"import cdktf_cdktf_provider_aws; {_ONE_BY_ONE}"


def measure() -> list[Ratio]:
    with tempfile.TemporaryDirectory() as folder:
        one_by_one, all_at_once = Path(folder) / "one by one", Path(folder) / "all at once"
        pairs = in_turns(lambda: _synth(_ONE_BY_ONE, one_by_one), lambda: _synth(_ALL_AT_ONCE, all_at_once), rounds=3)
        files = _files(one_by_one)
        equal_files, _, _ = filecmp.cmpfiles(one_by_one, all_at_once, files, shallow=False)
        if files != _files(all_at_once) or equal_files != files:
            raise SystemExit("the two ways of importing the bindings do not synthesize the same files")
        print(f"  both synthesized the same {len(files)} files, byte for byte", file=sys.stderr)
    return [Ratio("synth, bindings one by one", "the package's import", pairs, at_most=0.35)]


def _synth(code: str, out: Path) -> float:
    shutil.rmtree(out, ignore_errors=True)
    return process_seconds([sys.executable, "-c", code], {**os.environ, "CDKTF_OUTDIR": str(out)})


def _files(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())
