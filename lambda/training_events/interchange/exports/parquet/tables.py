"""The columns of the tables."""

from __future__ import annotations

from typing import NamedTuple


class Column(NamedTuple):
    """`type` is Arrow's, as DuckDB and Athena spell it."""

    name: str
    type: str
    meaning: str


class TableShape(NamedTuple):
    """A table: its folder, what a row is, and its columns in order. `by_kind` is true where a folder holds a kind of stream.

    A row group has at most `group_rows`. `large` is the column that can be large, where it is one.
    """

    name: str
    row: str
    columns: tuple[Column, ...]
    by_kind: bool
    group_rows: int
    large: str | None = None


_STREAM = Column("stream", "string", "the stream: `run/digits-7`")

EVENTS = TableShape(
    "events",
    "an event, as it was recorded; those of a stream are in the order of its log",
    (
        _STREAM,
        Column("event_id", "string", "what tells the event from all others of its stream and time"),
        Column("type", "string", "its type: `MetricsRecorded`"),
        Column("occurred_at", "timestamp", "when it happened, by its producer's clock"),
        Column("recorded_at", "timestamp", "when the log took it"),
        Column("source", "string", "who sent it, as on the bus"),
        Column("schema_version", "int64", "the version of the type's data"),
        Column("data", "string", "what it says, as canonical JSON"),
        Column("producer_id", "string", "the program that numbered it"),
        Column("producer_sequence", "int64", "its number among the events of that program, from 1"),
        Column("producer", "string", "all that is known of the producer, as canonical JSON"),
        Column("correlation_id", "string", "what it belongs to, beyond its stream"),
        Column("resources", "list<string>", "ARNs, of AWS's own events"),
        Column("extensions", "string", "fields of its header that this version does not know, as canonical JSON"),
        Column("digest", "string", "the digest that `verify` holds it to"),
        Column("account", "string", "the AWS account that it was sent from, where the bus says so"),
    ),
    by_kind=True,
    group_rows=100_000,
    large="data",
)
POINTS = TableShape(
    "points",
    "a point of a metric; those of a stream are in the order in which they were recorded",
    (
        _STREAM,
        Column("run", "string", "the run that measured it: `digits-7`"),
        Column("metric", "string", "the metric's name"),
        Column("step", "double", "the step, as the training counts; null where it has none"),
        Column("value", "double", "the value, which may be NaN or infinite"),
        Column("measured_at", "timestamp", "when it was measured, by the training's clock"),
        Column("attempt", "int64", "the attempt of the run that recorded it, from 1; null for a logged model"),
        Column("stands", "bool", "false where another attempt took it back"),
        Column("dataset", "string", "the dataset that a logged model was measured on, by its name or its digest"),
    ),
    by_kind=True,
    group_rows=100_000,
)
RUNS = TableShape(
    "runs",
    "a run as it stands now, hidden ones too",
    (
        _STREAM,
        Column("run", "string", "the run: `digits-7`"),
        Column("name", "string", "the name that people gave it"),
        Column("status", "string", "`running`, `completed`, `failed`, `stopped`, `requested`, `refused` or `unknown`"),
        Column("model", "string", "the model that it trains"),
        Column("group_name", "string", "the sweep, study or experiment that it belongs to"),
        Column("requested_by", "string", "who asked for it"),
        Column("requested_at", "timestamp", "when it was asked for"),
        Column("started_at", "timestamp", "when it first started"),
        Column("finished_at", "timestamp", "when it ended"),
        Column("duration_seconds", "double", "how long it took"),
        Column("attempts", "int64", "how often it started"),
        Column("events", "int64", "how many events it has"),
        Column("points", "int64", "how many points it has"),
        Column("first_at", "timestamp", "when its first event occurred"),
        Column("last_at", "timestamp", "when its newest event occurred"),
        Column("repository", "string", "the repository of its code"),
        Column("commit", "string", "the commit of its code"),
        Column("dirty", "bool", "whether the code had changes that the commit lacks"),
        Column("image", "string", "the image that it ran in"),
        Column("instance", "string", "the type of its instances"),
        Column("resumed_from", "string", "the run that it continues"),
        Column("reproduces", "string", "the run that it does again"),
        Column("recipe", "string", "the recipe that started it"),
        Column("error", "string", "the first line of the error that it failed with"),
        Column("hidden", "bool", "whether lists leave it out"),
        Column(
            "metrics",
            "map<string, struct<last: double, best: double, min: double, max: double>>",
            "each metric by its name, of the points that stand",
        ),
        Column(
            "hyperparameters", "map<string, string>", "each value by its name, nested names with dots; no text is there as JSON"
        ),
        Column("tags", "map<string, string>", "each tag by its key; no text is there as JSON"),
        Column(
            "datasets",
            "list<struct<uri: string, version_id: string, sha256: string, digest: string, name: string, role: string>>",
            "the versions of datasets that it used, and what for",
        ),
    ),
    by_kind=False,
    group_rows=2_000,  # a run may have hundreds of metrics
)
MODELS = TableShape(
    "models",
    "a version of a model as it stands now, retired and hidden ones too; a model without any has one row, without a version",
    (
        Column("stream", "string", "the stream: `model/digits`"),
        Column("model", "string", "the model: `digits`"),
        Column("name", "string", "the name that people gave the model"),
        Column("status", "string", "of the model: `active` or `retired`"),
        Column("version", "string", "the version"),
        Column("latest", "bool", "whether it is the version that was registered last"),
        Column("run", "string", "the run that made it: `digits-7`"),
        Column("stages", "list<string>", "the stages that it serves now"),
        Column("registered_at", "timestamp", "when it was registered, the last time"),
        Column("registered_by", "string", "who registered it"),
        Column("registrations", "int64", "how often it was registered"),
        Column(
            "promoted_at", "timestamp", "when it was promoted last, if that is among the 100 newest promotions of the model"
        ),
        Column("promoted_by", "string", "who promoted it then"),
        Column("retired_at", "timestamp", "when the version, or its model, was retired"),
        Column("uri", "string", "where its artifact is"),
        Column("version_id", "string", "the version of that object in S3"),
        Column("sha256", "string", "the digest of its artifact"),
        Column("bytes", "int64", "the size of its artifact"),
        Column("package_arn", "string", "its package in SageMaker's model registry"),
        Column("package_status", "string", "the status of the package"),
        Column("approval_status", "string", "the approval of the package"),
        Column("life_cycle_stage", "string", "where it stands in the stages that its team has named in SageMaker"),
        Column("description", "string", "what people say of the version"),
        Column("tags", "map<string, string>", "each tag of the version by its key; no text is there as JSON"),
        Column("model_tags", "map<string, string>", "each tag of the model by its key; no text is there as JSON"),
        Column("hidden", "bool", "whether lists leave it out"),
        Column("logged_at", "timestamp", "when a training program logged the model, where one did"),
        Column("events", "int64", "how many events the model has"),
        Column("first_at", "timestamp", "when the model's first event occurred"),
        Column("last_at", "timestamp", "when the model's newest event occurred"),
    ),
    by_kind=False,
    group_rows=10_000,
)
DATASETS = TableShape(
    "datasets",
    "a version of a dataset as it stands now, of retired and hidden ones too: the 100 newest of each",
    (
        Column("stream", "string", "the stream: `dataset/digits`"),
        Column("dataset", "string", "the dataset: `digits`"),
        Column("name", "string", "the name that people gave the dataset"),
        Column("status", "string", "of the dataset: `active` or `retired`"),
        Column("number", "int64", "the version's number among all of the dataset, from 1"),
        Column("latest", "bool", "whether it is what the dataset holds now"),
        Column("uri", "string", "where it is"),
        Column("version_id", "string", "the version of that object in S3"),
        Column("sha256", "string", "the digest of its content"),
        Column("digest", "string", "what tells its content where no SHA-256 does: `md5:9e107d9d`"),
        Column("bytes", "int64", "its size"),
        Column("row_count", "int64", "how many rows it has"),
        Column("in_place", "bool", "whether it is a file of the caller's own, of which nothing was kept"),
        Column("disputed", "bool", "whether registrations contradict each other about its content"),
        Column("run", "string", "the run that made it: `digits-7`"),
        Column("registered_at", "timestamp", "when it was registered first"),
        Column("registered_by", "string", "who registered it"),
        Column("retired_at", "timestamp", "when it was retired"),
        Column("description", "string", "what people say of the dataset"),
        Column("tags", "map<string, string>", "each tag of the dataset by its key; no text is there as JSON"),
        Column("hidden", "bool", "whether lists leave it out"),
        Column("events", "int64", "how many events the dataset has"),
        Column("first_at", "timestamp", "when the dataset's first event occurred"),
        Column("last_at", "timestamp", "when the dataset's newest event occurred"),
    ),
    by_kind=False,
    group_rows=10_000,
)
FINDINGS = TableShape(
    "findings",
    "something that `verify --all` finds: of each stream the first 100 about events, and as many of each further sort",
    (
        Column("stream", "string", "the stream: `run/digits-7`; null for what is about the log's tree as a whole"),
        Column("finding", "string", "the kind of finding: `altered`, `missing`, `gap`"),
        Column("is_broken", "bool", "whether something was altered, removed or forged; false for gaps and notices"),
        Column("detail", "string", "what was found, in words"),
        Column("event_id", "string", "the event that it is about"),
        Column("occurred_at", "timestamp", "when that event occurred"),
        Column("producer_id", "string", "the program whose numbers it is about"),
        Column("producer_sequence", "int64", "the number that the program gave the event; of a gap, the first that is missing"),
        Column("seal", "int64", "the number of the seal that it is about"),
    ),
    by_kind=False,
    group_rows=100_000,
)
OF_STATES = {"run": RUNS, "model": MODELS, "dataset": DATASETS}
"""The table that has the states of the streams of a kind."""
TABLES = (EVENTS, POINTS, RUNS, MODELS, DATASETS, FINDINGS)
