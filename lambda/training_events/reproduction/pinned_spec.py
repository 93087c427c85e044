"""What the newest attempt of a run pinned, as whoever does the run again asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import msgspec

from training_events.catalogue import CATALOGUE
from training_events.reading.wording.spec import standing_spec

if TYPE_CHECKING:
    from training_events.catalogue.run import Image, TrainingStarted
    from training_events.folds.run_state import RunState

OWN_DISTRIBUTION = "training-events"
"""Of this package the version that runs the reproduction is used: it records, and decides no result."""


def pinned_spec(state: RunState) -> TrainingStarted:
    """What the newest attempt pinned, with what was recorded since. Of a training job without a recorder, what the job has."""
    spec = standing_spec(state)
    if (job := state.job) is not None:
        spec = {"instance": job.instance, "image": job.image and {"uri": job.image}} | spec
    return cast("TrainingStarted", CATALOGUE["run"]["TrainingStarted"].convert(msgspec.to_builtins(spec)))


def is_training_job(state: RunState) -> bool:
    """Whether SageMaker ran it as a training job."""
    return state.job is not None and ":training-job/" in (state.job.arn or "")


def image_digest(image: Image) -> str | None:
    """The digest by which the image was named; a tag may be another image tomorrow."""
    return image.digest or (image.uri or "").partition("@")[2] or None
