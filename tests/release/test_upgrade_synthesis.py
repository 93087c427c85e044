"""An earlier version is synthesized with what is installed, or, if its toolkit is another one, in an environment of its own."""

import json
import sys
from pathlib import Path

import pytest

from release.errors import ReleaseError
from release.synthesized import ROOT
from release.upgrade.synthesis import of_earlier_version

MAIN = """\
import json, os, pathlib, sys
stack = pathlib.Path(os.environ["CDKTF_OUTDIR"], "stacks", f"any-{os.environ['TRAINING_ENVIRONMENT']}")
stack.mkdir(parents=True)
tags = {"environment": os.environ["TRAINING_ENVIRONMENT"]}
content = {"provider": {"aws": [{"default_tags": [{"tags": tags}]}]}, "by": sys.argv[0], "with": os.environ.get("OWN")}
(stack / "cdk.tf.json").write_text(json.dumps(content))
"""
MAKEFILE = f"""\
setup:
\t@mkdir -p .venv/bin
\t@printf '#!/bin/sh\\nOWN=yes exec "{sys.executable}" "$$@"\\n' >.venv/bin/python
\t@chmod +x .venv/bin/python
"""


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """A tiny version of the project, with the lock of this one."""
    folder = tmp_path / "earlier"
    folder.mkdir()
    (folder / "main.py").write_text(MAIN)
    (folder / "Makefile").write_text(MAKEFILE)
    (folder / "Pipfile.lock").write_bytes((ROOT / "Pipfile.lock").read_bytes())
    return folder


def test_with_the_same_toolkit_it_runs_with_what_is_installed(earlier: Path, tmp_path: Path) -> None:
    stacks = of_earlier_version(earlier, "0.0.9", ["dev", "prod"], tmp_path / "build")
    assert {name: stack["with"] for name, stack in stacks.items()} == {"dev": None, "prod": None}
    assert not (earlier / ".venv").exists()


def test_a_version_that_writes_all_environments_at_once_runs_once(earlier: Path, tmp_path: Path) -> None:
    loop = 'for os.environ["TRAINING_ENVIRONMENT"] in ("dev", "prod"):\n'
    body = MAIN.removeprefix("import json, os, pathlib, sys\n").replace("\n", "\n    ")
    (earlier / "main.py").write_text(f"import json, os, pathlib, sys\n{loop}    {body}")
    assert {*of_earlier_version(earlier, "0.0.9", ["dev", "prod"], tmp_path / "build")} == {"dev", "prod"}


def test_with_another_toolkit_it_is_set_up_by_its_own_makefile(earlier: Path, tmp_path: Path) -> None:
    lock = json.loads((earlier / "Pipfile.lock").read_text())
    lock["default"]["cdktf"]["version"] = "==0.20.0"
    (earlier / "Pipfile.lock").write_text(json.dumps(lock))
    stacks = of_earlier_version(earlier, "0.0.9", ["dev"], tmp_path / "build")
    assert stacks["dev"]["with"] == "yes"


def test_what_it_says_when_it_fails_is_shown(earlier: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (earlier / "main.py").write_text("import sys; sys.exit('error: environments/dev.toml: region: is missing')")
    with pytest.raises(SystemExit) as ended:
        of_earlier_version(earlier, "0.0.9", ["dev"], tmp_path / "build")
    assert ended.value.code == 1
    shown = capsys.readouterr().err.splitlines()
    assert shown[-2] == "  error: environments/dev.toml: region: is missing"
    assert shown[-1].startswith("error: synthesizing dev of 0.0.9: failed after")


def test_a_stack_that_is_not_there_and_a_lock_that_cannot_be_read_are_one_line(earlier: Path, tmp_path: Path) -> None:
    (earlier / "main.py").write_text("")
    with pytest.raises(ReleaseError, match=r"^0.0.9 has written no stack of dev$"):
        of_earlier_version(earlier, "0.0.9", ["dev"], tmp_path / "build")
    (earlier / "Pipfile.lock").unlink()
    with pytest.raises(ReleaseError, match=r"Pipfile\.lock: cannot be read as a lock: FileNotFoundError"):
        of_earlier_version(earlier, "0.0.9", ["dev"], tmp_path / "build")
