"""Which runs `where` and `order_by` find, the same in tables as in a file."""

import msgspec
import pytest
from training_events.canonical import canonical_json
from training_events.errors import BadSearch, Misused
from training_events.folds.cutter import MAX_CHARACTERS
from training_events.folds.summary import RunSummary
from training_events.folds.version import VERSION
from training_events.reading.summaries import summaries_of

from tests.support.asking import Asked


@pytest.fixture
def life(asked: Asked) -> Asked:
    """Four runs: the first has failed, the third is hidden, and the last one is still running."""
    for number, (alpha, accuracy) in enumerate([(0.1, 0.91), (0.01, 0.97), (0.001, 0.99), ("auto", 0.95)]):
        stream, minute = f"run/digits-{number}", f"15:{number:02d}"
        spec = {
            "model": "digits",
            "hyperparameters": {"alpha": alpha},
            "datasets": [{"uri": "s3://b/d.npz", "sha256": f"d{number % 2}"}],
        }
        asked.record(stream, "TrainingStarted", f"{minute}:00", **spec)
        asked.record(stream, "Tagged", f"{minute}:01", tags={"team": "vision" if number % 2 else "audio", "group": "sweep"})
        points = [{"name": "accuracy", "value": value, "step": step} for step, value in enumerate([0.5, accuracy, 0.9])]
        asked.record(stream, "MetricsRecorded", f"{minute}:10", points=points)
        if number < 3:
            ended = "TrainingCompleted" if number else "TrainingFailed"
            asked.record(
                stream, ended, f"{minute}:3{number}", **({} if number else {"error": "OutOfMemory: 80 GB\nat layer 3"})
            )
    asked.record("run/digits-2", "Hidden", "16:00:00", by="ada", reason="on the test set")
    return asked


def found(life: Asked, where: str = "", order_by: str | list[str] = "", limit: int | None = None, **of: object) -> str:
    return "".join(run.id.removeprefix("digits-") for run in life.log.runs(where, order_by, limit, **of))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("where", "order_by", "runs"),
    [
        ("", "", "310"),
        ("metrics.accuracy > 0.92", "", "31"),
        ("metrics.accuracy > 0.92 and params.alpha < 0.05", "", "1"),
        ("metrics.accuracy.last = 0.9", "-metrics.accuracy", "130"),
        ("metrics.accuracy.min < 0.6", "metrics.accuracy DESC", "130"),
        ("", "metrics.accuracy", "031"),
        ("", "-params.alpha", "301"),
        ("", ["tags.team", "-created"], "031"),
        ("params.alpha = '0.01'", "", "1"),
        ("params.alpha LIKE 'au%'", "", "3"),
        ("tags.team = 'vision' OR status = 'FAILED'", "id", "013"),
        ("NOT tags.team = 'vision'", "", "0"),
        ("datasets.digest = 'd1'", "", "31"),
        ("error ILIKE 'outofmemory%'", "", "0"),
        ("finished_at IS NULL", "", "3"),
        ("duration > 30", "", "1"),
        ("started_at >= '2026-11-22T15:01'", "", "31"),
        ("group = 'sweep' and seeded = false", "", "310"),
        ("hidden = true", "", "2"),
        ("hidden IN (true, false)", "duration", "0123"),
        ("metrics.nobody IS NULL", "", "310"),
    ],
)
def test_runs_are_found_and_sorted(life: Asked, where: str, order_by: str, runs: str):
    assert found(life, where, order_by) == runs
    assert found(life, where, order_by, 2) == runs[:2]
    assert found(life, where, order_by, as_of="2026-11-22T17:00") == runs, "the same from the log"


def test_hidden_runs_are_left_out_unless_they_are_asked_for(life: Asked):
    assert found(life) == "310"
    assert found(life, hidden=True) == "3210"
    assert found(life, "metrics.accuracy > 0.96", hidden=True) == "21"
    assert found(life, as_of="2026-11-22T15:59") == "3210"
    life.record("run/digits-2", "Restored", "16:10:00")
    assert found(life, "metrics.accuracy > 0.96") == "21"


def test_a_search_follows_what_is_recorded(life: Asked):
    assert found(life, "metrics.accuracy > 0.96") == "1"
    life.record("run/digits-3", "MetricsRecorded", "16:20:00", points=[{"name": "accuracy", "value": 0.98, "step": 4}])
    life.record("run/digits-4", "TrainingStarted", "14:00:00", hyperparameters={"alpha": 0.01})
    assert found(life, "metrics.accuracy > 0.96") == "31"
    assert found(life, "params.alpha < 1", "params.alpha") == "140"
    assert found(life, "metrics.accuracy > 0.96", as_of="2026-11-22T16:10") == "1"


def test_a_name_that_no_run_has_is_told_with_those_that_are_near(life: Asked):
    with pytest.raises(BadSearch, match="where, at character 17: no metric `acuracy` in these runs; did you mean `accuracy`"):
        life.log.runs("dirty = true or metrics.acuracy > 0.9")
    with pytest.raises(BadSearch, match="order: no hyperparameter `beta` in these runs; there is `alpha`"):
        life.log.runs(order_by="-params.beta")
    with pytest.raises(BadSearch, match="no tag `x` in these runs; there is `group`, `team`"):
        life.log.runs("tags.x = '1'", as_of="2026-11-22T16:00")
    with pytest.raises(Misused, match="the limit is -1"):
        life.log.runs(limit=-1)


def test_where_nothing_is_recorded_nothing_is_found(asked: Asked):
    asked.record("model/digits", "ModelRegistered", "16:00:00", version="1")
    assert asked.log.runs("metrics.accuracy > 0.9", "-params.alpha") == []


def test_what_a_summary_has_no_room_for_is_searched(life: Asked):
    names = {f"layer-{number:04d}": "x" * 900 for number in range(60)}
    life.record(
        "run/digits-5", "TrainingStarted", "16:30:00", hyperparameters={**names, "text": "y" * 2 * MAX_CHARACTERS + "end"}
    )
    assert found(life, "params.layer-0059 LIKE 'xx%'") == "5"
    assert found(life, "params.text LIKE '%end'", "-params.alpha") == "5"
    assert found(life, "params.alpha < 1 or params.text LIKE 'y%'", "-params.alpha") == "015"
    assert [run.whole for run in summaries_of(life.sources, "run") if run.stream == "run/digits-5"] == [False]


def test_metrics_that_only_the_log_knows_are_searched(asked: Asked):
    """A further attempt takes back the best point, and the state cannot know which is the best of the others."""
    for attempt, values in enumerate([[0.5, 0.7, 0.6, 0.9], [0.65]]):
        asked.record("run/a", "TrainingStarted", f"15:{attempt}0:00", code={"commit": str(attempt)})
        points = [{"name": "accuracy", "value": value, "step": step} for step, value in enumerate(values, 3 * attempt)]
        asked.record("run/a", "MetricsRecorded", f"15:{attempt}0:10", points=points)
    asked.record("run/b", "MetricsRecorded", "15:30:00", points=[{"name": "accuracy", "value": 0.68}])
    assert not asked.log.runs()[1].metrics_known
    assert [run.id for run in asked.log.runs("metrics.accuracy = 0.7")] == ["a"]
    assert [run.id for run in asked.log.runs("metrics.accuracy < 1", "-metrics.accuracy")] == ["a", "b"]


def test_summaries_of_an_earlier_version_are_made_again(life: Asked):
    assert found(life) == "310"
    read_models = life.sources.read_models
    assert read_models is not None
    for encoded in list(read_models.summaries("run")):
        run = msgspec.json.decode(encoded, type=RunSummary)
        old = {
            name: value
            for name, value in msgspec.to_builtins(run).items()
            if name not in ("hyperparameters", "tags", "folded_by")
        }
        model = read_models.get(run.stream)
        assert model is not None
        state = model.state.replace(f'"folded_by":{VERSION}'.encode(), b'"folded_by":3')
        read_models.put(run.stream, state, summary=canonical_json(old), first_at=run.first_at, replaces=model.revision)
    for _ in range(2):
        assert found(life, "params.alpha < 1 and tags.team = 'vision'", "params.alpha") == "1"


def test_nan_comes_behind_all_values_and_what_is_missing_at_the_end(asked: Asked):
    for name, value in (("a", 0.5), ("b", "NaN"), ("c", "-Infinity"), ("d", "Infinity"), ("e", None)):
        points = [] if value is None else [{"name": "loss", "value": value}]
        asked.record(f"run/{name}", "MetricsRecorded", "15:00:00", points=points)
    assert [run.id for run in asked.log.runs(order_by="metrics.loss.last")] == ["c", "a", "d", "b", "e"]
    assert [run.id for run in asked.log.runs(order_by="-metrics.loss.last")] == ["d", "a", "c", "b", "e"]
    assert [run.id for run in asked.log.runs("metrics.loss.last = NaN or metrics.loss = -Infinity", "id")] == ["b", "c"]


def test_a_pattern_finds_what_is_behind_a_nul(asked: Asked):
    asked.record("run/a", "TrainingStarted", "15:00:00", hyperparameters={"text": "before\0behind"})
    assert [run.id for run in asked.log.runs("params.text LIKE '%behind'")] == ["a"]
