"""Where something came from and what became of it, the same of tables and of a file."""

import pytest
from training_events.errors import Misused, NoSuchStream
from training_events.event import Event
from training_events.reading.lineage.graph import DatasetVersion, Lineage

from tests.support.asking import Asked

DATA = "aa" * 32
MODEL = "bb" * 32


@pytest.fixture
def life(asked: Asked) -> Asked:
    """The same bytes under two names, two runs that read them, and two versions that served production one after the other."""
    asked.record("dataset/digits", "DatasetRegistered", "14:00:00", uri="s3://b/d.npz", sha256=DATA, version_id="v1")
    copy = [{"uri": "s3://elsewhere/copy.npz", "sha256": DATA, "role": "train"}]
    asked.record("run/a", "TrainingStarted", "15:00:00", datasets=copy, requested_by="bo", code={"commit": "abc"})
    asked.record("run/a", "TrainingCompleted", "15:10:00")
    version = [{"uri": "s3://b/d.npz", "version_id": "v1", "role": "train"}]
    asked.record("run/b", "TrainingStarted", "15:20:00", datasets=version, requested_by="cy", resumed_from="a")
    asked.record("run/b", "CheckpointSaved", "15:21:00", uri="s3://b/m.bin", sha256=MODEL)
    asked.record("model/digits", "ModelRegistered", "16:00:00", version=1, run="run/a", registered_by="ana")
    asked.record("model/digits", "ModelPromoted", "16:10:00", version=1, stage="production", promoted_by="dee")
    artifact = {"uri": "s3://b/models/m.bin", "sha256": MODEL}
    asked.record("model/digits", "ModelRegistered", "16:20:00", version=2, artifact=artifact, registered_by="ana")
    asked.record("model/digits", "ModelPromoted", "16:30:00", version=2, stage="production", promoted_by="eve")
    return asked


def edges(found: Lineage) -> list[tuple[str, str, str, str | None, str]]:
    return [(edge.kind, edge.source, edge.target, edge.by, edge.matched_by) for edge in found.edges]


D = f"dataset/digits@{DATA[:12]}"
READ = [("read", D, "run/a", "bo", "sha256"), ("read", D, "run/b", "cy", "version_id")]
RESUMED = ("resumed", "run/a", "run/b", "cy", "name")
MADE = [
    ("made", "run/a", "model/digits@1", "ana", "name"),
    ("made", "run/b", "model/digits@2", "ana", "sha256"),
]
PROMOTED = [
    ("promoted", "model/digits@1", "model/digits#production", "dee", "name"),
    ("promoted", "model/digits@2", "model/digits#production", "eve", "name"),
]


def test_all_that_came_of_a_dataset_is_found_by_its_digest_and_its_version(life: Asked):
    found = life.log.lineage("dataset/digits")
    assert edges(found) == [READ[0], READ[1], RESUMED, MADE[0], PROMOTED[0], MADE[1], PROMOTED[1]]
    for version in (DATA[:4], DATA[:12], DATA, "v1"):
        assert life.log.lineage(f"dataset/digits@{version}").edges == found.edges


def test_all_that_a_version_came_of_is_found_over_any_number_of_steps(life: Asked):
    found = life.log.lineage("model/digits@2")
    assert found.starts == ["model/digits@2"]
    assert edges(found) == [READ[0], READ[1], RESUMED, MADE[1], PROMOTED[1]]


def test_a_run_has_both_directions(life: Asked):
    found = life.log.lineage("run/b")
    assert edges(found) == [*READ, RESUMED, MADE[1], PROMOTED[1]]


def test_what_was_in_production_on_a_date_is_one_question(life: Asked):
    found = life.log.lineage("model/digits", as_of="2026-11-22T16:15")
    serving = [edge for edge in found.edges if edge.kind == "promoted"]
    assert [(edge.source, edge.by, edge.until) for edge in serving] == [("model/digits@1", "dee", None)]
    assert edges(found) == [READ[0], MADE[0], PROMOTED[0]]
    now = [edge for edge in life.log.lineage("model/digits").edges if edge.kind == "promoted"]
    assert [(edge.source, edge.until, edge.ended_by) for edge in now] == [
        ("model/digits@1", "2026-11-22T16:30:00.000000Z", "promotion"),
        ("model/digits@2", None, None),
    ]


def test_the_past_is_what_was_true_then_and_what_was_known_then(life: Asked):
    assert edges(life.log.lineage("dataset/digits", as_of="2026-11-22T15:05")) == [READ[0]]
    assert life.log.lineage("dataset/digits", known_at="now").edges == life.log.lineage("dataset/digits").edges
    with pytest.raises(NoSuchStream):
        life.log.lineage("dataset/digits", known_at="2026-11-22")


def test_a_run_that_the_log_does_not_have_is_a_node_that_says_so(life: Asked):
    life.record("model/other", "ModelRegistered", "17:00:00", version=1, run="elsewhere")
    found = life.log.lineage("model/other")
    assert edges(found) == [("made", "run/elsewhere", "model/other@1", None, "name")]
    assert [node.status for node in found.nodes if node.id == "run/elsewhere"] == [None]  # type: ignore[union-attr]


def test_content_that_nobody_registered_is_followed_by_its_digest(life: Asked):
    """A run that reads another run's checkpoint came of that run."""
    life.record("run/c", "TrainingStarted", "17:00:00", datasets=[{"uri": "s3://c/base.bin", "sha256": MODEL}])
    assert ("read", f"sha256:{MODEL}", "run/c", None, "sha256") in edges(life.log.lineage("run/b"))
    assert ("made", "run/b", f"sha256:{MODEL}", "cy", "sha256") in edges(life.log.lineage("run/c"))


def test_a_digest_of_another_algorithm_tells_a_content(life: Asked):
    iris = {"name": "iris", "digest": "mlflow:8f2c41d9"}
    life.record("run/c", "DatasetUsed", "17:00:00", dataset=iris, role="train")
    found = life.log.lineage("run/c")
    assert edges(found) == [("read", "digest:mlflow:8f2c41d9", "run/c", None, "digest")]
    assert "mlflow:8f2c41d9" in str(found)
    assert [node.name for node in found.nodes if isinstance(node, DatasetVersion)] == ["iris"]
    life.record("dataset/iris", "DatasetRegistered", "17:10:00", uri="s3://b/iris.csv", digest="mlflow:8f2c41d9")
    registered = life.log.lineage("dataset/iris@mlflow:8f2c41d9")
    assert [(edge.target, edge.matched_by) for edge in registered.edges] == [("run/c", "digest")]


def test_a_group_is_made_from_nothing(life: Asked):
    life.record("group/sweep", "Described", "17:00:00", name="Sweep")
    with pytest.raises(Misused, match="group/sweep is a group, and nothing is made from one"):
        life.log.lineage("group/sweep")


def test_an_address_alone_is_no_content(life: Asked):
    life.record("run/c", "TrainingStarted", "17:00:00", datasets=["s3://b/d.npz"])
    assert edges(life.log.lineage("run/c")) == [("read", "address:s3://b/d.npz", "run/c", None, "address")]
    assert "run/c" not in {node.id for node in life.log.lineage("dataset/digits").nodes}


def test_a_checkpoint_is_found_of_a_run_with_more_than_a_list_tells(life: Asked):
    """A hundred checkpoints and more: the summary no longer names their files."""
    for number in range(101):
        at = f"2026-11-22T17:{number // 60:02d}:{number % 60:02d}.000000Z"
        data = {"uri": "s3://b/m.bin", "sha256": MODEL if number == 100 else f"{number:064x}"}
        life.sources.log.append(Event(f"e{number}", "run/many", "CheckpointSaved", at, "tests", data))
    life.record("run/many", "TrainingCompleted", "18:00:00")
    assert ("made", "run/many", "model/digits@2", "ana", "sha256") in edges(life.log.lineage("model/digits@2"))
    assert ("made", "run/many", "model/digits@2", "ana", "sha256") in edges(life.log.lineage("run/many"))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("model/digits@7", r"model/digits has no version '7'; it has 1, 2"),
        ("model/digit@1", r"no event of model/digit; did you mean `model/digits`"),
        ("dataset/digits@b", "dataset/digits has no version 'b'; it has aaaaaaaaaaaa"),
        ("run/a@2", "a run has no versions"),
        ("model/@1", "no event of model/@1"),
        ("run/aa", "no event of run/aa"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(life: Asked, name: str, told: str):
    with pytest.raises(Misused, match=told):
        life.log.lineage(name)


def test_a_stream_with_an_at_in_its_name_is_itself(life: Asked):
    life.record("model/a@b", "ModelRegistered", "17:00:00", version="1", run="a")
    assert life.log.lineage("model/a@b").starts == ["model/a@b@1"]
    assert life.log.lineage("model/a@b@1").starts == ["model/a@b@1"]


def test_a_version_with_an_at_in_its_name_is_found_as_it_was_registered(life: Asked):
    for stream, version in (("model/at", "b@1"), ("model/at@2", "x@y@z")):
        life.record(stream, "ModelRegistered", "17:00:00", version=version, run="a")
        escaped = f"{stream}@{version.replace('@', '%40')}"
        assert life.log.lineage(f"{stream}@{version}").starts == [escaped]
        assert life.log.lineage(escaped).starts == [escaped]
    with pytest.raises(Misused, match="model/at@2 has no version 'x@y'"):
        life.log.lineage("model/at@2@x@y")


def test_no_name_makes_two_things_one(life: Asked):
    """The parts of an id are separated by signs that names may have, too."""
    life.record("model/a", "ModelRegistered", "17:00:00", version="b@1", run="a")
    life.record("model/a@b", "ModelRegistered", "17:01:00", version="1", run="b")
    life.record("model/a", "ModelPromoted", "17:02:00", version="b@1", stage="b@1")
    life.record("model/a#b", "ModelRegistered", "17:03:00", version="1")
    life.record("run/odd", "TrainingStarted", "17:04:00", datasets=["run/a", D])
    ids = [node.id for node in life.log.lineage("run/a").nodes if node.id.startswith("model/a")]
    assert ids == ["model/a#b%401", "model/a@b%401", "model/a@b@1"]
    assert life.log.lineage("model/a@b%401").starts == ["model/a@b%401"]
    assert life.log.lineage("model/a@b@1").starts == ["model/a@b@1"]
    assert [edge.source for edge in life.log.lineage("run/odd").edges] == [f"address:{D}", "address:run/a"]


def test_what_only_an_earlier_attempt_read_is_told_as_that(life: Asked):
    life.record("run/a", "TrainingStarted", "15:15:00", datasets=["s3://b/other.npz"], requested_by="bo")
    for found in (life.log.lineage("model/digits@1"), life.log.lineage("dataset/digits", as_of="2026-11-22T15:16")):
        [read] = [edge for edge in found.edges if edge.source == D]
        assert (read.target, read.earlier_attempt, read.role) == ("run/a", True, "train")
    [before] = life.log.lineage("dataset/digits", as_of="2026-11-22T15:14").edges
    assert not before.earlier_attempt


def test_a_digest_that_is_disputed_is_told_with_the_version(life: Asked):
    life.record("dataset/digits", "DatasetRegistered", "14:30:00", uri="s3://b/d.npz", sha256=MODEL, version_id="v1")
    [version] = [node for node in life.log.lineage("run/b").nodes if isinstance(node, DatasetVersion)]
    assert (version.id, version.sha256, version.disputed) == (D, DATA, [MODEL])
