"""The facets of a run, its job and its datasets, by the names that OpenLineage gives them.

Versions and fields are those of the schemas at https://openlineage.io/spec/facets/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from training_events.canonical import canonical_json
from training_events.catalogue.run import Image, Instance
from training_events.folds.cutter import flattened
from training_events.folds.headline import headlines
from training_events.openlineage import training_facet
from training_events.openlineage.naming import Name, dataset_name, pinned_spec, repository_uri
from training_events.openlineage.training_facet import MetricValues, TrainingRunFacet, UsedAs
from training_events.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from training_events.catalogue.run import UsedDataset
    from training_events.folds.run_state import Artifact, Checkpoint, RunState

PRODUCER = f"https://github.com/my-org/my-repo/tree/v{__version__}/lambda/training_events"
"""What made the events. my-org/my-repo stands for the repository that you keep this in."""


def facet(name: str, version: str, /, **fields: Any) -> dict[str, Any]:
    """One of OpenLineage's own facets, without what is not known."""
    known = {field: value for field, value in fields.items() if value is not None}
    schema = f"https://openlineage.io/spec/facets/{version}/{name}.json#/$defs/{name}"
    return {"_producer": PRODUCER, "_schemaURL": schema, **known}


def run_facets(state: RunState, namespace: str, attempt: int, tags: Mapping[str, Any]) -> dict[str, Any]:
    """What the state says of the run, as far as it is known by then. `tags` are those of today."""
    spec = pinned_spec(state)
    facets: dict[str, Any] = {training_facet.KEY: _training(state, namespace, attempt)}
    if state.hyperparameters:
        values = [{"key": name, "name": name, "value": _text(value)} for name, value in flattened("", state.hyperparameters)]
        facets["executionParameters"] = facet("ExecutionParametersRunFacet", "1-0-0", parameters=values)
    if spec.python:
        facets["processing_engine"] = facet(
            "ProcessingEngineRunFacet", "1-1-1", version=spec.python, name="Python", openlineageAdapterVersion=__version__
        )
    if spec.environment:
        variables = [{"name": name, "value": _text(value)} for name, value in sorted(spec.environment.items())]
        facets["environmentVariables"] = facet("EnvironmentVariablesRunFacet", "1-0-0", environmentVariables=variables)
    if tags:
        listed = [{"key": key, "value": _text(value), "source": "USER"} for key, value in sorted(tags.items())]
        facets["tags"] = facet("TagsRunFacet", "1-0-0", tags=listed)
    return facets


def error_facet(state: RunState) -> dict[str, Any]:
    """The error that the run failed with."""
    error = None if state.error is None else state.error.error
    reason = None if state.job is None else state.job.failure_reason
    trace = None if state.error is None else state.error.traceback
    message = reason or "no error was recorded" if error is None else _text(error)
    return facet(
        "ErrorMessageRunFacet",
        "1-0-1",
        message=message,
        programmingLanguage="PYTHON",
        stackTrace=trace if isinstance(trace, str) else None,
    )


def parent_facet(run: str, job: Name) -> dict[str, Any]:
    """The group or the run that this one is in. Groups and runs are nested one level deep: the parent is the root."""
    parent = {"run": {"runId": run}, "job": job.to_dict()}
    return facet("ParentRunFacet", "1-2-0", **parent, root=parent)


def job_facets(state: RunState) -> dict[str, Any]:
    spec = pinned_spec(state)
    facets = {
        "jobType": facet("JobTypeJobFacet", "2-0-4", processingType="BATCH", integration="TRAINING_EVENTS", jobType="TRAINING")
    }
    if spec.code is not None and spec.code.repository:
        path = "/".join(part for part in (spec.working_folder, spec.entry_point) if part)
        facets["sourceCodeLocation"] = facet(
            "SourceCodeLocationJobFacet",
            "1-1-0",
            type="git",
            url=repository_uri(spec.code.repository),
            repoUrl=spec.code.repository,
            path=path or None,
            version=spec.code.commit,
        )
    return facets


def inputs(state: RunState, namespace: str) -> list[dict[str, Any]]:
    """Each dataset once, whatever it is used for."""
    found = {_input_name(namespace, used): used for used in state.lineage.datasets}
    return [{**name.to_dict(), "facets": _version(used.version_id or _digest(used))} for name, used in found.items()]


def outputs(state: RunState, namespace: str, since: str) -> list[dict[str, Any]]:
    """The artifacts of this attempt that the state keeps, and its newest checkpoint. `since` is when the attempt started."""
    files: list[Artifact | Checkpoint] = [*state.artifacts, *state.checkpoints[-1:]]
    kept = [file.stored for file in files if file.at >= since]
    found = {dataset_name(namespace, stored.uri): stored for stored in kept if stored.uri}
    return [
        {
            **name.to_dict(),
            "facets": _version(stored.version_id or stored.sha256),
            "outputFacets": {}
            if stored.bytes is None
            else {"outputStatistics": facet("OutputStatisticsOutputDatasetFacet", "1-0-2", size=stored.bytes)},
        }
        for name, stored in found.items()
    ]


def _input_name(namespace: str, used: UsedDataset) -> Name:
    return dataset_name(namespace, used.uri, used.name or _digest(used) or "")


def _digest(used: UsedDataset) -> str | None:
    return used.sha256 or used.digest


def _version(version: str | None) -> dict[str, Any]:
    return {} if version is None else {"version": facet("DatasetVersionDatasetFacet", "1-0-1", datasetVersion=version)}


def _training(state: RunState, namespace: str, attempt: int) -> dict[str, Any]:
    spec = pinned_spec(state)
    image, instance = spec.image or Image(), spec.instance or Instance()
    return msgspec.to_builtins(  # type: ignore[no-any-return]  # it gives what the struct is made of
        TrainingRunFacet(
            producer=PRODUCER,
            schema_url=training_facet.SCHEMA_URL,
            stream=state.stream,
            attempt=attempt,
            metrics={name: MetricValues(metric.last, metric.best) for name, metric in headlines(state.metrics).items()},
            datasets=[
                UsedAs(*_input_name(namespace, used), used.role, used.digest or (used.sha256 and f"sha256:{used.sha256}"))
                for used in state.lineage.datasets
            ],
            seeds=spec.seeds,
            image=image.uri,
            image_digest=image.digest,
            instance=instance.type,
            machine=spec.machine,
            reproduces=state.reproduces,
            resumed_from=state.lineage.resumed_from,
        )
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else canonical_json(value).decode()
