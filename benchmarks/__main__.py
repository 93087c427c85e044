"""Prints what `make bench` measures: each line compares two things, both measured in this run on this machine."""

import argparse
import sys
from functools import partial

from benchmarks import (
    analytics,
    appending,
    asking,
    command_line,
    event_processor,
    evidence,
    first_listing,
    fold,
    late_events,
    memory,
    mlflow_store,
    notary,
    package,
    program_end,
    recording,
    report_page,
    runs_page,
    sealing,
    show,
    synth,
    verify,
    verify_all,
)
from benchmarks.measure import Ratio

_BENCHMARKS = {
    "synth": synth.measure,
    "package": package.measure,
    "event_processor": event_processor.measure,
    "appending": appending.measure,
    "fold": fold.measure,
    "show": show.measure,
    "late_events": late_events.measure,
    "first_listing": first_listing.measure,
    "asking": asking.measure,
    "runs_page": runs_page.measure,
    "sealing": sealing.measure,
    "verify": verify.measure,
    "verify_all": verify_all.measure,
    "evidence": evidence.measure,
    "notary": notary.measure,
    "memory": memory.measure,
    "mlflow_store": mlflow_store.measure,
    "recording": recording.measure,
    "program_end": program_end.measure,
    "command_line": command_line.measure,
    "report_page": report_page.measure,
    "analytics": analytics.measure,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"which of {', '.join(_BENCHMARKS)} (default: all)")
    events = f"how many events the benchmark analytics has (default: {analytics.EVENTS:,})"
    parser.add_argument("--events", type=int, default=analytics.EVENTS, help=events)
    options = parser.parse_args()
    names = options.name or list(_BENCHMARKS)
    if unknown := [name for name in names if name not in _BENCHMARKS]:
        parser.error(f"there is no benchmark {unknown[0]}; there are: {', '.join(_BENCHMARKS)}")
    sized = {"analytics": partial(analytics.measure, options.events)}
    ratios: list[Ratio] = []
    for name in names:
        print(f"measuring: {name}", file=sys.stderr)
        ratios += (_BENCHMARKS | sized)[name]()
    for ratio in ratios:
        print(ratio)
    return 0 if all(ratio.is_within_limit for ratio in ratios) else 1


if __name__ == "__main__":
    sys.exit(main())
