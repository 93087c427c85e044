"""What a program says of a run when it starts to record it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence


class RunOptions(Struct, frozen=True, kw_only=True):
    """The arguments of `record_run`. A value of another type is recorded as well as JSON can hold it, and never refused."""

    run_id: str | None = None
    """The run's own name. By default that of the SageMaker training job, of the launcher's job, or a new one."""
    model: str | None = None
    """The model that is trained. A new name for the run begins with it."""
    hyperparameters: Mapping[str, Any] | None = None
    """A mapping, or an object with attributes. By default those of the SageMaker training job."""
    seeds: Mapping[str, Any] | int | None = None
    """One seed for everything, or seeds by name."""
    datasets: Sequence[str | os.PathLike[str]] | Mapping[str, Any] = ()
    """Files, `s3://` addresses, or any names. With a role for each in a mapping: `{"train": "s3://…", "test": […, …]}`."""
    goals: Mapping[str, Literal["minimize", "maximize"]] | None = None
    """For metrics whose name does not tell whether more or less is better."""
    resumed_from: str | None = None
    """The run that this one continues."""
    requested_by: str | None = None
    """Who asked for the run. By default the user that is logged in."""
    tags: Mapping[str, Any] | None = None
    """What the run is tagged with. The tag `group` names what belongs together."""
    environment: Sequence[str] = ()
    """Names of environment variables to pin, beside those that are known to matter."""
