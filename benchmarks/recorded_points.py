"""Records points as fast as possible: `python -m benchmarks.recorded_points COUNT`.

Prints as JSON the seconds until all were recorded, the seconds until all were sent, and the peak memory of the process in MB.
"""

import json
import re
import sys
import time
from pathlib import Path

from training_events import record_run


def main() -> None:
    count = int(sys.argv[1])
    with record_run(model="benchmark") as run:
        started = time.perf_counter()
        for step in range(count):
            run.metric("loss", 1 / (step + 1), step=step)
        recorded = time.perf_counter() - started
        if not run.flush(300):
            raise SystemExit("not all points were sent")
        sent = time.perf_counter() - started
    peak = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    assert peak is not None  # noqa: S101 - for the type checker
    print(json.dumps({"recorded": recorded, "sent": sent, "peak": int(peak[1]) / 1024}))


if __name__ == "__main__":
    main()
