"""What one process sees of a log: what is recorded, and its own events whether the log has them yet or not."""

import json
import os
import threading
from itertools import count
from typing import cast

import pytest
from training_events.catalogue.run import Point
from training_events.errors import (
    BadField,
    BadTime,
    IntegerTooLong,
    InTheFuture,
    LogUnavailable,
    MissingSetting,
    NoSuchStream,
    UnknownStream,
)
from training_events.folds.run_state import RunState
from training_events.interchange.mlflow import own_events, recording
from training_events.interchange.mlflow.workspace import Workspace, workspace
from training_events.proof.verification import verify
from training_events.reading.search.question import read_question
from training_events.times import from_nanoseconds

from tests.support.patience import PATIENCE_SECONDS, until

AT_MS = 1_780_000_000_000
AT = from_nanoseconds(AT_MS * 1_000_000)


def begin(ours, *runs):
    for run in runs:
        ours.record(run, "TrainingStarted", {"model": "digits"})


def of_run(ours: Workspace, stream: str) -> RunState:
    return cast(RunState, ours.state(stream))


def findings(ours, stream):
    return verify(ours.sources.log, None, stream).findings


def types(ours, stream):
    return [entry.type for entry in ours.entries(stream)]


def test_a_process_reads_what_it_has_just_recorded(ours):
    begin(ours, "run/a")
    ours.record("run/a", "HyperparametersRecorded", {"hyperparameters": {"alpha": "0.1"}})
    ours.record_points("run/a", [Point("loss", 0.5, 1), Point("loss", "NaN", 2)])
    state = ours.state("run/a")
    assert (state.status, state.metrics["loss"].last.value) == ("running", "NaN")
    assert types(ours, "run/a") == ["TrainingStarted", "HyperparametersRecorded", "MetricsRecorded"]
    assert [run.id for run in ours.find_runs(read_question("params.alpha = '0.1'"))] == ["a"]
    assert [(run.id, run.status) for run in ours.summaries("run")] == [("a", "running")]
    assert list(ours.summaries("model")) == []


def test_points_are_recorded_many_in_an_event(ours):
    begin(ours, "run/a")
    for step in range(50):
        ours.record_points("run/a", [Point("loss", 0.5, step, AT)])
    [points] = [json.loads(entry.data)["points"] for entry in ours.entries("run/a") if entry.type == "MetricsRecorded"]
    assert [(point["step"], point["time"]) for point in points] == [(step, AT) for step in range(50)]


def test_others_see_what_is_recorded(on_file, tmp_path):
    begin(on_file, "run/a")
    on_file.record_points("run/a", [Point("loss", 0.5, 1)])
    assert on_file.flush(PATIENCE_SECONDS)
    other = Workspace(on_file.address)
    assert of_run(other, "run/a").metrics["loss"].last.value == 0.5
    assert findings(other, "run/a") == []


def test_what_others_record_is_seen_too(on_file):
    begin(on_file, "run/a")
    assert on_file.state("run/a").status == "running"
    other = Workspace(on_file.address)
    other.record("run/a", "TrainingCompleted", {})
    assert other.flush(PATIENCE_SECONDS)
    assert on_file.state("run/a").status == "completed"


def test_a_stream_of_which_nothing_is_recorded_is_no_stream(ours):
    with pytest.raises(NoSuchStream, match="run/a"):
        ours.state("run/a")
    assert list(ours.entries("run/a")) == list(ours.summaries("run")) == list(ours.find_runs(read_question())) == []


def test_what_a_bus_has_delivered_counts_once(bus, over_bus):
    begin(over_bus, "run/a", "run/b")
    over_bus.record_points("run/a", [Point("loss", 0.5, 1)])
    before = [*over_bus.entries("run/a")]
    for _ in range(3):
        bus.deliver(1)
        assert [entry.position for entry in over_bus.entries("run/a")] == [entry.position for entry in before]
        assert over_bus.state("run/a").counts.events == 2
        assert sorted(run.id for run in over_bus.summaries("run")) == ["a", "b"]
    assert over_bus.flush(PATIENCE_SECONDS)


def test_own_events_are_folded_among_those_of_others(bus, over_bus):
    other = Workspace("training-events://")
    begin(other, "run/a")
    assert other.flush(PATIENCE_SECONDS)
    bus.deliver()
    over_bus.record("run/a", "Tagged", {"tags": {"team": "vision"}})
    other.record("run/a", "TrainingCompleted", {})
    assert other.flush(PATIENCE_SECONDS)
    assert over_bus.flush(PATIENCE_SECONDS)
    [tagged] = [line for line in bus.taken if b"Tagged" in line]
    bus.taken.remove(tagged)
    bus.deliver()
    state = over_bus.state("run/a")
    assert (state.tags, state.status) == ({"team": "vision"}, "completed")
    assert other.state("run/a").tags == {}, "which the log does not have yet"


def test_a_list_is_in_order_wherever_its_runs_are(bus, over_bus):
    names = [f"run/{number}" for number in range(6)]
    for number, run in enumerate(names):
        over_bus.record(run, "TrainingStarted", {}, at_ms=AT_MS + number)
        over_bus.record(run, "HyperparametersRecorded", {"hyperparameters": {"x": (7 * number) % 6}})
        if number % 2:
            assert over_bus.flush(PATIENCE_SECONDS)
            bus.deliver()
    over_bus.record("run/0", "Hidden", {"reason": "old"})
    assert [run.stream for run in over_bus.summaries("run")] == names[::-1]
    assert [run.stream for run in over_bus.find_runs(read_question())] == names[::-1]
    by_value = sorted(names, key=lambda run: (7 * int(run.removeprefix("run/"))) % 6)
    assert [run.stream for run in over_bus.find_runs(read_question("", "params.x"))] == by_value
    assert [run.stream for run in over_bus.find_runs(read_question("", "params.x"), 4)] == by_value[:4]
    assert [run.stream for run in over_bus.find_runs(read_question("params.x >= 4"))] == [
        run for run in names[::-1] if (7 * int(run.removeprefix("run/"))) % 6 >= 4
    ]


def test_of_own_events_only_so_many_are_kept(bus, over_bus, monkeypatch):
    """A training over a bus may never ask for anything. Points are forgotten before all else."""
    monkeypatch.setattr(own_events, "MAX_BYTES", 20_000)
    begin(over_bus, "run/a")
    for step in range(100):
        over_bus.record_points("run/a", [Point("loss", 0.5, step)])
        assert len(list(over_bus.entries("run/a"))) == min(step + 2, 34) or step > 30
    entries = list(over_bus.entries("run/a"))
    assert entries[0].type == "TrainingStarted"
    assert len(entries) < 40
    bus.deliver()
    assert len(list(over_bus.entries("run/a"))) == 101


def test_without_a_log_to_read_a_process_knows_its_own_events(bus, monkeypatch):
    monkeypatch.delenv("TRAINING_EVENTS_LOG")
    alone = Workspace("training-events://")
    begin(alone, "run/a")
    assert alone.state("run/a").status == "running"
    assert types(alone, "run/a") == ["TrainingStarted"]
    with pytest.raises(MissingSetting, match="TRAINING_EVENTS_LOG is not set"):
        alone.state("run/b")


def test_a_log_that_cannot_be_reached_keeps_nothing_from_being_recorded(on_file, tmp_path, caplog):
    (tmp_path / "log.db").mkdir()
    begin(on_file, "run/a")
    on_file.record_points("run/a", [Point("loss", 0.5, 1)])
    assert on_file.state("run/a").metrics["loss"].last.value == 0.5
    on_file.record("run/a", "TrainingCompleted", {})
    assert on_file.state("run/a").status == "completed"
    assert not on_file.flush(PATIENCE_SECONDS)
    assert len([line for line in caplog.messages if "events cannot be sent" in line]) == 1
    (tmp_path / "log.db").rmdir()
    assert on_file.flush(PATIENCE_SECONDS)
    assert Workspace(on_file.address).state("run/a").status == "completed"


def test_who_asks_about_more_than_its_own_events_is_told_what_is_wrong(on_file, tmp_path):
    begin(on_file, "run/a")
    assert on_file.flush(PATIENCE_SECONDS)
    assert on_file.state("run/a").status == "running"
    (tmp_path / "log.db").rename(tmp_path / "moved.db")
    with pytest.raises(LogUnavailable, match="event log"):
        on_file.state("run/b")


def test_an_end_by_another_process_than_the_one_that_started_it_counts(on_file):
    """A server may be restarted while a client trains."""
    begin(on_file, "run/a")
    assert on_file.flush(PATIENCE_SECONDS)
    restarted = Workspace(on_file.address)
    restarted.record_points("run/a", [Point("loss", 0.5, 1)])
    restarted.record("run/a", "TrainingCompleted", {}, at_ms=AT_MS)
    state = restarted.state("run/a")
    assert state.status == "completed"
    assert findings(restarted, "run/a") == []


def test_a_further_start_is_a_further_attempt(ours):
    for run_type in ("TrainingStarted", "TrainingFailed", "TrainingStarted", "TrainingCompleted"):
        ours.record("run/a", run_type, {})
        if run_type != "TrainingStarted":
            ours.close_stream("run/a")
    state = ours.state("run/a")
    assert [attempt.status for attempt in state.attempts] == ["failed", "completed"]


def test_a_time_may_be_any_since_1970(ours):
    ours.record("run/a", "TrainingStarted", {}, at_ms=1)
    assert ours.state("run/a").started_at == "1970-01-01T00:00:00.001000Z"


def test_events_have_the_times_that_they_are_given_and_keep_their_order(ours):
    ours.record("run/a", "TrainingStarted", {}, at_ms=AT_MS)
    ours.record("run/a", "TrainingCompleted", {}, at_ms=AT_MS - 5_000)
    started, ended = (entry.position[:27] for entry in ours.entries("run/a"))
    assert started == AT < ended == from_nanoseconds(AT_MS * 1_000_000 + 1_000)


@pytest.mark.parametrize(
    ("event", "at_ms", "error"),
    [
        (("runs/a", "Tagged", {}), None, UnknownStream),
        (("run/ a", "Tagged", {}), None, BadField),
        (("run/a", "x" * 129, {}), None, BadField),
        (("run/a", "Tagged", {"tags": {"a": 10**400}}), None, IntegerTooLong),
        (("run/a", "TrainingStarted", {}), 4_000_000_000_000, InTheFuture),
        (("run/a", "TrainingStarted", {}), 10**17, BadTime),
    ],
)
def test_what_no_event_can_hold_is_refused_at_once(ours, event, at_ms, error):
    with pytest.raises(error):
        ours.record(*event, at_ms=at_ms)
    assert ours.flush(PATIENCE_SECONDS)


def test_credentials_are_not_recorded(ours):
    begin(ours, "run/a")
    ours.record("run/a", "Tagged", {"tags": {"api_key": "sk-12345678901234567890"}})
    assert all("sk-12345678901234567890" not in entry.data for entry in ours.entries("run/a"))


def test_streams_that_nobody_ends_make_room_for_others(on_file, monkeypatch):
    monkeypatch.setattr(recording, "MAX_PRODUCERS", 3)
    runs = [f"run/{number}" for number in range(10)]
    begin(on_file, *runs)
    for run in runs:
        on_file.record_points(run, [Point("loss", 0.5, 1)])
        on_file.record(run, "TrainingCompleted", {})
    assert on_file.flush(PATIENCE_SECONDS)
    assert [on_file.state(run).status for run in runs] == ["completed"] * 10
    assert [on_file.state(run).metrics["loss"].points for run in runs] == [1] * 10
    assert [findings(on_file, run) for run in runs] == [[]] * 10


def test_many_threads_record_into_many_runs(on_file):
    numbers = count()

    def train():
        for _ in range(20):
            run = f"run/{next(numbers)}"
            begin(on_file, run)
            for step in range(50):
                on_file.record_points(run, [Point("loss", 0.5, step)])
            on_file.record(run, "TrainingCompleted", {})
            on_file.close_stream(run)

    threads = [threading.Thread(target=train) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    runs = list(on_file.find_runs(read_question("status = 'completed'")))
    assert len(runs) == 80
    assert all(on_file.state(run.stream).metrics["loss"].points == 50 for run in runs)


def test_a_forked_child_goes_on_with_the_runs_of_its_parent(ours, tmp_path):
    begin(ours, "run/a")
    ours.record_points("run/a", [Point("loss", 0.5, 1)])
    child = os.fork()
    if not child:
        ours.record_points("run/a", [Point("loss", 0.25, 2)])
        seen = ours.state("run/a")
        is_right = (seen.status, seen.metrics["loss"].last.value) == ("running", 0.25)
        os._exit(0 if is_right and ours.flush(PATIENCE_SECONDS) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    ours.record("run/a", "TrainingCompleted", {})
    assert ours.state("run/a").status == "completed"
    assert ours.flush(PATIENCE_SECONDS)


def test_there_is_one_workspace_for_each_address_and_environment(tmp_path, monkeypatch):
    first = workspace("training-events://")
    assert workspace("training-events://") is first
    other = workspace(f"training-events://{tmp_path}/other.db")
    assert other is not first
    assert workspace(f"training-events:///{tmp_path}/other.db") is other  # a further slash, as in SQLAlchemy's addresses
    monkeypatch.setenv("TRAINING_EVENTS_LOG", f"sqlite:///{tmp_path}/other.db")
    assert workspace("training-events://") is not first


def test_a_laptops_log_stays_where_it_was_when_the_program_changes_its_folder(tmp_path, monkeypatch):
    ours = workspace("training-events://")
    begin(ours, "run/a")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert ours.state("run/a").status == "running"
    until((tmp_path / "training-events.db").exists)


def test_what_a_search_has_found_is_as_it_was_found_also_where_the_log_lacks_it(ours):
    begin(ours, "run/a", "run/b")
    ours.record_points("run/a", [Point("loss", 0.5, 1)])
    [a, b] = sorted(run.stream for run in ours.find_runs(read_question()))
    assert [ours.found_state(run).status for run in (a, b)] == ["running", "running"]
    assert ours.found_state(a).metrics["loss"].last.value == 0.5
    ours.record("run/b", "TrainingCompleted", {})
    assert [run.status for run in ours.find_runs(read_question("status = 'completed'"))] == ["completed"]
    assert ours.found_state(b).status == "completed"


def test_points_that_a_later_attempt_took_back_do_not_stand_in_what_a_search_has_found(ours):
    for attempt in range(3):
        ours.record("run/a", "TrainingStarted", {})
        ours.record_points("run/a", [Point("loss", step / (attempt + 1), step) for step in range(5 - attempt)])
        ours.record("run/a", "TrainingFailed", {"error": "x"})
        ours.close_stream("run/a")
    [run] = ours.find_runs(read_question())
    assert ours.found_state(run.stream).metrics["loss"].last.value == ours.state(run.stream).metrics["loss"].last.value
