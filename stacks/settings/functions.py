"""The sections of the settings that are the limits of a Lambda function each."""

from typing import Literal

from pydantic import Field

from stacks.settings.section import Section
from stacks.settings.types import LambdaRuntime, LogRetentionDays


class FunctionLimits(Section):
    """The limits of a function."""

    memory_mb: int = Field(default=512, ge=128, le=10_240)
    """The function's memory; Lambda gives CPU in proportion to memory."""
    timeout_seconds: int = Field(default=30, ge=20, le=900)
    """The longest invocation; the handler's own attempts take up to 15 s."""
    reserved_concurrency: int | None = Field(default=None, ge=1, examples=[20])
    """The most invocations at once, taken from the account's share; by default no limit."""


class EventProcessor(FunctionLimits):
    """Runtime, architecture and log retention hold for all functions: they run from one package."""

    runtime: LambdaRuntime = "python3.13"
    """Lambda's Python, 3.11 or later; all functions use it."""
    architecture: Literal["arm64", "x86_64"] = "arm64"
    """The processor architecture; all functions use it."""
    log_retention_days: LogRetentionDays = 90
    """One of the values that CloudWatch Logs offers: 1, 3, 5, 7, 14, 30 … 3653; it holds for the logs of all functions."""


class Projector(FunctionLimits):
    memory_mb: int = Field(default=1024, ge=128, le=10_240)
    """The function's memory; Lambda gives CPU in proportion to memory, and folding needs CPU."""
    timeout_seconds: int = Field(default=900, ge=60, le=900)
    """The longest invocation."""
    reserved_concurrency: int | None = Field(default=None, ge=1, examples=[5])
    """The most invocations at once; it needs one for each shard of the change stream; by default no limit."""
    # https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html
    batch_size: int = Field(default=1000, ge=1, le=10_000)
    """How many changes of the log it takes at once."""
    batching_window_seconds: int = Field(default=1, ge=0, le=300)
    """How long Lambda gathers changes of the log for a batch; a read model is behind by so much."""
    stream_seconds: int = Field(default=60, ge=10, le=600)
    """How long it may take for one stream of a batch, at most half of `timeout_seconds`; a stream that needs longer is set
    aside, and the others go on."""


class TrainingStarter(FunctionLimits):
    enabled: bool = True
    """Whether events start trainings here: `TrainingRequested`, and new versions of datasets that a recipe waits for; `false`
    deploys nothing of this."""
    max_instances: int = Field(default=4, ge=1)
    """The most instances that the training jobs of this environment have at once; what would need more is refused."""
    timeout_seconds: int = Field(default=300, ge=120, le=900)
    """The longest invocation; it copies the pinned versions of a job's inputs within it."""
    reserved_concurrency: int | None = Field(default=None, ge=1, examples=[1])
    """The most invocations at once; with 1, requests are decided one after the other; by default no limit."""


class Notary(FunctionLimits):
    """The limits of the function that takes a leaf for each event, and signs checkpoints."""

    timeout_seconds: int = Field(default=300, ge=60, le=900)
    """The longest invocation; what a call does not manage, the next one does."""
    reserved_concurrency: int | None = Field(default=None, ge=2, examples=[5])
    """The most invocations at once; it needs one for each shard of the change stream, and one for its schedule; by default
    no limit."""
