"""What a program of the team vision may try on what is of the team speech: over the bus, in the bucket, on the tables.

One table of attempts: tests/synth/test_teams.py holds it to the synthesized policies, tests/local_aws/test_teams.py to
credentials that an emulator enforces.
"""

from typing import NamedTuple

VISION, SPEECH = "vision", "speech"


class OnTheBus(NamedTuple):
    """An event under the source of one team, about a stream of another one or of nobody."""

    type: str
    stream: str
    source_of: str = VISION


class OnAnObject(NamedTuple):
    """An operation on an object of the data bucket."""

    operation: str
    key: str
    more: tuple[tuple[str, str], ...] = ()

    @property
    def action(self) -> str:
        if self.operation == "delete_object":
            return "s3:DeleteObjectVersion" if "VersionId" in dict(self.more) else "s3:DeleteObject"
        return {"put_object": "s3:PutObject", "put_object_retention": "s3:PutObjectRetention"}[self.operation]


class OnATable(NamedTuple):
    """An operation on an item of the log, the read models, or the notary's leaves."""

    operation: str
    table: str

    @property
    def action(self) -> str:
        return "dynamodb:" + "".join(word.capitalize() for word in self.operation.split("_"))


ON_THE_BUS = [
    OnTheBus("TrainingStarted", "run/speech-words-7"),
    OnTheBus("MetricsRecorded", "run/speech-words-7"),
    OnTheBus("TrainingCompleted", "run/speech-words-7"),
    OnTheBus("TrainingRequested", "run/speech-words-8"),
    OnTheBus("ReproductionVerified", "run/speech-words-7"),
    OnTheBus("ModelRegistered", "model/speech-words"),
    OnTheBus("ModelPromoted", "model/speech-words"),
    OnTheBus("ModelRetired", "model/speech-words"),
    OnTheBus("DatasetRegistered", "dataset/speech-words"),
    OnTheBus("DatasetRetired", "dataset/speech-words"),
    OnTheBus("Tagged", "group/speech-sweep"),
    OnTheBus("Hidden", "model/speech-words"),
    OnTheBus("Restored", "run/speech-words-7"),
    OnTheBus("SomethingNew", "run/speech-words-7"),
    OnTheBus("ModelPromoted", "model/of-nobody"),
]
"""Under its own source, which IAM allows. The event processor sets them aside."""
UNDER_ANOTHERS_SOURCE = [
    OnTheBus("TrainingStarted", "run/speech-words-7", SPEECH),
    OnTheBus("ModelPromoted", "model/speech-words", SPEECH),
    OnTheBus("MetricsRecorded", "run/vision-digits-7", SPEECH),
]
"""IAM refuses them by the source, which no emulator looks at."""
ON_OBJECTS = [
    OnAnObject("put_object", "datasets/speech-words/train.csv"),
    OnAnObject("put_object", "models/speech-words/1/model.bin"),
    OnAnObject("put_object", "runs/speech-words-7/checkpoints/best.bin"),
    OnAnObject("put_object", "fields/run/speech-words-7/points.json"),
    OnAnObject("put_object", "datasets/of-nobody/train.csv"),
    OnAnObject("put_object", "seals/run/speech-words-7/000001.jsonl", (("IfNoneMatch", "*"),)),
    OnAnObject("put_object", "notary/checkpoint"),
    OnAnObject("put_object", "recipes/speech-words.toml"),
    OnAnObject("put_object", "undelivered/x.json"),
    OnAnObject("delete_object", "datasets/speech-words/train.csv"),
    OnAnObject("delete_object", "datasets/speech-words/train.csv", (("VersionId", "null"),)),
    OnAnObject("delete_object", "seals/run/speech-words-7/000001.jsonl"),
]
ON_TABLES = [
    OnATable("put_item", "event_log"),
    OnATable("update_item", "event_log"),
    OnATable("delete_item", "event_log"),
    OnATable("put_item", "read_model"),
    OnATable("update_item", "read_model"),
    OnATable("delete_item", "read_model"),
    OnATable("put_item", "notary"),
    OnATable("delete_item", "notary"),
]
