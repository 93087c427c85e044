"""The two lines that a training script needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from training_events.recorder.run import Run

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence


def record_run(
    *,
    model: str | None = None,
    run_id: str | None = None,
    hyperparameters: Mapping[str, Any] | None = None,
    seeds: Mapping[str, Any] | int | None = None,
    datasets: Sequence[str | os.PathLike[str]] = (),
    goals: Mapping[str, Literal["minimize", "maximize"]] | None = None,
    resumed_from: str | None = None,
    requested_by: str | None = None,
    environment: Sequence[str] = (),
) -> Run:
    """A training run that records itself: a context manager, a decorator, or started and finished by hand.

        with record_run(model="digits", hyperparameters={"C": 1.0}, datasets=["s3://…/digits.npz"]) as run:
            run.metric("loss", value, step=step)
            run.checkpoint("model.joblib", step=step)

    Leaving the block records TrainingCompleted; an exception records TrainingFailed and passes on. Events go to the bus that
    TRAINING_EVENTS_BUS names, else to the log at TRAINING_EVENTS_LOG, else to training-events.db in the working folder. What
    cannot be sent waits on disk, and is sent by the next recorder or by `training-events flush`.

    run_id: a name of your own; else that of the SageMaker training job, of the launcher's job, or a new one. All processes
        of a distributed training have to have the same one: TRAINING_EVENTS_RUN says it to all of them.
    datasets: files (pinned by their sha256), `s3://` addresses (by version id), or any name.
    goals: of a metric whose name does not say whether more or less of it is better.
    resumed_from: the run that this one goes on from.
    requested_by: who asked for it; else who is logged in.
    environment: names of environment variables to pin beside those that are known to matter. Never one that holds a secret.
    """
    return Run(
        run_id,
        model=model,
        hyperparameters=hyperparameters,
        seeds=seeds,
        datasets=datasets,
        goals=goals,
        resumed_from=resumed_from,
        requested_by=requested_by,
        environment=environment,
    )
