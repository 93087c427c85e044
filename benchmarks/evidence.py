"""Makes the file of evidence of the demo's model, and checks it with check.py alone, as an auditor does."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from training_events.evidence import check

from benchmarks.measure import Ratio, process_seconds

_ROOT = Path(__file__).parent.parent
_COMMAND = str(Path(sys.executable).parent / "training-events")
_ROUNDS = 5
_MAX_SECONDS, _MAX_CHECK_SECONDS, _MAX_MB = 5.0, 2.0, 1.0


def measure() -> list[Ratio]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log = f"sqlite:///{folder}/log.db"
        own = {"TRAINING_EVENTS_LOG": log, "TRAINING_EVENTS_CHECKPOINT_KEY": str(folder / "key.pem")}
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TRAINING_EVENTS_")} | own
        subprocess.run(
            [sys.executable, "-m", "examples.train_digits"], cwd=_ROOT, env=environment, check=True, capture_output=True
        )
        file = folder / "digits.zip"
        making = [process_seconds([_COMMAND, "evidence", "model/digits", "-o", str(file)], environment) for _ in range(_ROUNDS)]
        checking = [
            process_seconds([sys.executable, "-I", str(check.__file__), str(file)], environment) for _ in range(_ROUNDS)
        ]
        megabytes = file.stat().st_size / 1e6
    return [
        Ratio("evidence of the demo's model", "allowed", [(second, _MAX_SECONDS) for second in making], at_most=1),
        Ratio("its file", "allowed", [(megabytes, _MAX_MB)], at_most=1, unit="MB"),
        Ratio("check.py on it", "allowed", [(second, _MAX_CHECK_SECONDS) for second in checking], at_most=1),
    ]
