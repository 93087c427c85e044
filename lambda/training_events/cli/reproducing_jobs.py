"""Does a training job again on SageMaker: its request is asked for on the bus, where the training starter takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.catalogue.run import ReproductionRequested
from training_events.cli.progress import progress
from training_events.cli.recording import send
from training_events.cli.reproducing import record
from training_events.errors import Misused, NotLaunched
from training_events.folds.silence import seconds_between
from training_events.reading.following import follow, wait_for_beginning
from training_events.reading.wording.times import duration
from training_events.recorder.pinning.user import logged_in
from training_events.reproduction.sagemaker_request import job_details_of, requested_again, training_job_request
from training_events.settings import Settings
from training_events.times import now
from training_events.training.asking import requested_event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training_events.folds.run_state import RunState
    from training_events.reading.opening import Sources
    from training_events.reproduction.sagemaker_request import JobAgain


def job_again(sources: Sources, state: RunState, new_run: str) -> JobAgain:
    """The request that repeats the run's job. Raises NotStartable, and MissingSetting where no bucket is named."""
    settings = Settings()
    given = {"TRAINING_EVENTS_BUS": settings.optional("bus"), "TRAINING_EVENTS_BUCKET": settings.bucket}
    recorder = {name: value for name, value in given.items() if value}
    details = job_details_of(sources.log.read(state.stream))
    return training_job_request(state, details, name=new_run, bucket=settings.bucket, recorder=recorder)


def launch_on_sagemaker(sources: Sources, state: RunState, job: JobAgain, *, allowed: Sequence[str], log: str) -> None:
    """Ask for the job, and return once its run has ended. Raises Misused without a bus, and NotLaunched where it is refused."""
    if log or Settings().optional("bus") is None:
        raise Misused(
            "a training job is done again by the training starter, over the bus: set TRAINING_EVENTS_BUS, without --log"
        )
    from training_events import aws  # noqa: PLC0415 - only a launch needs them
    from training_events.training.sagemaker.pinned_inputs import store_inputs  # noqa: PLC0415

    stream = f"run/{job.request['TrainingJobName']}"
    asked = requested_event(stream, requested_again(job, state.stream, logged_in()))
    with progress() as show:
        store_inputs(job, aws.client("s3"), lambda uri: show(f"copying {uri}"))
        record(state.stream, ReproductionRequested(stream, list(allowed), logged_in()), log)
        send([asked], log)
        show(f"waiting until the log has {stream}")
        wait_for_beginning(sources, stream)
        for latest in follow(sources, stream):
            if latest.refused is not None:
                raise NotLaunched(f"{stream} was refused: {latest.refused.explanation or latest.refused.reason}")
            show(f"{stream} is {latest.status}, for {duration(seconds_between(asked.occurred_at, now()) or 0)}")
