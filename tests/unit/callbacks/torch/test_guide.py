"""The guide's examples that need torch run as they stand."""

import subprocess
import sys

import pytest

from tests.support.guide_examples import example_of

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("heading", "run"), [("Lightning", "lightning-1"), ("transformers", "transformers-1")])
def test_an_example_records_its_run(log, tmp_path, heading, run):
    (tmp_path / "train.py").write_text(example_of("callbacks", heading), encoding="utf-8")
    done = subprocess.run([sys.executable, "train.py"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert log.run(run).status == "completed"
    assert log.run(run).checkpoints
