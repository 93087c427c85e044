"""Where something came from, and what became of it: dataset versions, runs, model versions and stages, in both directions.

What belongs together is found by digests and by versions in S3, whatever the names are, and by the run that a registration
names. Lists of what is there now say where to look, and the states of single streams what was true at the time that is asked
for; only which runs read something in the past takes reading the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.reading.lineage.graph import Lineage
from training_events.reading.lineage.moment import Moment
from training_events.reading.lineage.neighbours import Neighbours
from training_events.reading.lineage.run_since import with_runs_since
from training_events.reading.lineage.subject import starts_of, subject_of
from training_events.reading.lineage.tracing import trace

if TYPE_CHECKING:
    from collections.abc import Callable

    from training_events.reading.opening import Sources


def lineage(
    sources: Sources,
    subject: str,
    *,
    as_of: str | None = None,
    known_at: str | None = None,
    since_registration: bool = True,
    on_progress: Callable[[str], None] = lambda text: None,  # noqa: ARG005
) -> Lineage:
    """What a stream was made from, or one version of a model or a dataset (`model/digits@3`), and what became of it.

    Times are 27-character texts. With `since_registration`, it tells of each model version what became of its run since it was
    registered, which takes reading the logs of these runs. `on_progress` gets a line on what is being read.

    Raises NoSuchStream, and Misused for what is no name of a stream, or a version that there is not.
    """
    stream, version = asked = subject_of(sources, subject)
    moment = Moment(sources, stream, as_of, known_at, on_progress)
    neighbours = Neighbours(moment)
    starts = starts_of(sources, moment, neighbours, asked)
    nodes, edges = trace(neighbours, starts)
    return Lineage(
        stream if version is None else f"{stream}@{version}",
        as_of,
        known_at,
        [node.id for node in starts],
        with_runs_since(moment, nodes) if since_registration else nodes,
        edges,
    )
