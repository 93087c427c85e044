"""Which streams belong into a file of evidence: the subject's own, the runs that made it, and the datasets that these read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from training_events.errors import Misused
from training_events.reading.lineage.graph import DatasetVersion, ModelVersion, Run
from training_events.reading.lineage.moment import Moment
from training_events.reading.lineage.neighbours import Neighbours
from training_events.reading.lineage.subject import starts_of, subject_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from training_events.evidence.facts import Role
    from training_events.reading.lineage.graph import Node
    from training_events.reading.opening import Sources


class Belonging(NamedTuple):
    """The subject by its full name, and the streams in the order of the file, each with what it is to the subject."""

    subject: str
    stream: str
    version: str | None
    streams: dict[str, Role]


def belonging(sources: Sources, text: str, on_progress: Callable[[str], None]) -> Belonging:
    """What belongs to `model/digits@3`, `run/digits-7` or `dataset/digits`.

    Raises NoSuchStream, and Misused for what is no name of a stream, for a group, and for several versions of a model.
    """
    asked = subject_of(sources, text)
    moment = Moment(sources, asked.stream, None, None, on_progress)
    neighbours = Neighbours(moment)
    starts = starts_of(sources, moment, neighbours, asked)
    streams: dict[str, Role] = {asked.stream: "subject"}
    if not asked.stream.startswith("model/"):
        runs = [node for node in starts if isinstance(node, Run)]
        return Belonging(asked.stream, asked.stream, None, streams | _below(neighbours, runs, streams))
    versions = [node.version for node in starts if isinstance(node, ModelVersion)]
    if len(versions) != 1:
        known = f"such as {asked.stream}@{versions[-1]}" if versions else "and it has none"
        raise Misused(f"evidence is about one version of a model: name it after an @, {known}")
    runs = [node for start in starts for node, _ in neighbours.origins(start) if isinstance(node, Run)]
    streams |= {run.id: "run" for run in runs if _is_recorded(run)}
    subject = f"{asked.stream}@{versions[0]}"
    return Belonging(subject, asked.stream, versions[0], streams | _below(neighbours, runs, streams))


def _below(neighbours: Neighbours, runs: list[Run], streams: dict[str, Role]) -> dict[str, Role]:
    """The runs that these resumed, and the registered datasets that any of them read. What `streams` has is left out."""
    found: dict[str, Role] = {}
    datasets: dict[str, Role] = {}
    waiting: list[Node] = list(runs)
    seen = {run.id for run in runs}
    while waiting:
        for node, _ in neighbours.origins(waiting.pop(0)):
            if isinstance(node, DatasetVersion):
                datasets |= {registration.stream: "dataset" for registration in node.registrations}
            elif isinstance(node, Run) and node.id not in seen:
                seen.add(node.id)
                waiting.append(node)
                if _is_recorded(node):
                    found[node.id] = "resumed run"
    return {stream: role for stream, role in (found | dict(sorted(datasets.items()))).items() if stream not in streams}


def _is_recorded(run: Run) -> bool:
    """Whether the log has events of it: an event may name a run of which nobody recorded anything."""
    return run.status is not None
