"""A run as training code uses it, rightly and wrongly: nothing raises, and the log has how the run began and ended."""

import asyncio
import concurrent.futures
import logging
import multiprocessing
import os
import pickle
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from training_events import record_run
from training_events.proof.verification import verify
from training_events.recorder import lifecycle, restart, termination
from training_events.recorder.delivery import outbox
from training_events.recorder.delivery.destination import Destination
from training_events.recorder.delivery.sender import Sender
from training_events.recorder.delivery.spool import Spool
from training_events.recorder.delivery.writer import Writer
from training_events.recorder.lifecycle import Lifecycle
from training_events.recorder.storage.content_store import ContentStore

from tests.support.faulty_sink import FaultySink
from tests.support.patience import PATIENCE_SECONDS
from tests.support.recording import points


@pytest.fixture
def sink(tmp_path, monkeypatch):
    """Takes everything that this process records."""
    faulty_sink = FaultySink()
    monkeypatch.setattr(Destination, "sink", lambda *_: faulty_sink)
    for name in ("BUS", "LOG", "BUCKET", "RUN"):
        monkeypatch.delenv(f"TRAINING_EVENTS_{name}", raising=False)
    monkeypatch.setenv("TRAINING_EVENTS_SPOOL", str(tmp_path / "spool"))
    monkeypatch.chdir(tmp_path)
    return faulty_sink


def events(sink, run):
    assert verify(sink.log, None, run.stream).complete
    return [record.event for record in sink.log.read(run.stream)]


def types(sink, run):
    return [event.type for event in events(sink, run)]


class PreemptedExit(SystemExit):
    """As Lightning's SIGTERMException."""


def while_handling(first, second):
    second.__context__ = first
    return second


def warnings(caplog):
    return [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_path_of_bytes_is_one_and_what_names_no_file_is_told_in_one_line(sink, tmp_path, caplog):
    (tmp_path / "model.bin").write_bytes(b"weights")
    with record_run() as run:
        in_bytes: Any = os.fsencode(tmp_path / "model.bin")
        assert run.checkpoint(in_bytes) == run.checkpoint(tmp_path / "model.bin")
        assert run.artifact(in_bytes) is not None
        what: Any
        for what, kind in ((7, "int"), (None, "NoneType"), (["a"], "list"), (object(), "object")):
            for store in (run.checkpoint, run.artifact):
                caplog.clear()
                assert store(what) is None
                [line] = caplog.messages
                assert f"NotStored: a value of type {kind} names no file; the training goes on" in line
    assert [event.data["name"] for event in events(sink, run) if event.type == "ArtifactSaved"] == ["model.bin"]


def test_events_are_recorded_in_the_order_of_the_calls(sink, tmp_path, caplog):
    file = tmp_path / "model.joblib"
    file.write_bytes(b"weights")
    with record_run(model="digits", seeds=7, hyperparameters={"C": 1.0}) as run:
        run.metrics({"loss": 0.5, "accuracy": 0.1}, step=1)
        stored = run.checkpoint(file, step=1)
        run.metric("loss", 0.25, step=2)
        run.artifact(file, name="the model")
    recorded = events(sink, run)
    expected = [
        "TrainingStarted",
        "MetricsRecorded",
        "CheckpointSaved",
        "MetricsRecorded",
        "ArtifactSaved",
        "TrainingCompleted",
    ]
    assert [event.type for event in recorded] == expected
    assert recorded[0].data["hyperparameters"] == {"C": 1}
    assert stored is not None
    assert recorded[2].data["sha256"] == stored.sha256
    assert recorded[4].data["name"] == "the model"
    assert points(recorded) == {"loss": [(1, 0.5), (2, 0.25)], "accuracy": [(1, 0.1)]}
    assert run.recorded == len(recorded)
    assert run.id.startswith("digits-")
    assert warnings(caplog) == []


@pytest.mark.parametrize(
    ("error", "ending", "data"),
    [
        (ValueError("no data"), "TrainingFailed", {"error": "ValueError: no data"}),
        (SystemExit(0), "TrainingCompleted", {}),
        (SystemExit(), "TrainingCompleted", {}),
        (SystemExit(3), "TrainingFailed", {"error": "SystemExit: 3"}),
        (SystemExit("no data"), "TrainingFailed", {"error": "SystemExit: no data"}),
        (KeyboardInterrupt(), "TrainingStopped", {"reason": "KeyboardInterrupt"}),
        (asyncio.CancelledError(), "TrainingStopped", {"reason": "CancelledError"}),
        (concurrent.futures.CancelledError(), "TrainingStopped", {"reason": "CancelledError"}),
        (while_handling(KeyboardInterrupt(), SystemExit(130)), "TrainingStopped", {"reason": "KeyboardInterrupt"}),
        (while_handling(ValueError("no data"), SystemExit(1)), "TrainingFailed", {"error": "SystemExit: 1"}),
        (while_handling(asyncio.CancelledError(), TimeoutError("slow")), "TrainingFailed", {"error": "TimeoutError: slow"}),
        (BaseExceptionGroup("tasks", [KeyboardInterrupt(), asyncio.CancelledError()]), "TrainingStopped", {}),
        (BaseExceptionGroup("tasks", [ValueError("no data"), asyncio.CancelledError()]), "TrainingFailed", {}),
        (PreemptedExit(), "TrainingStopped", {"reason": "PreemptedExit"}),
        (type("PanicException", (BaseException,), {})("index"), "TrainingFailed", {}),  # of a library in Rust
    ],
)
def test_an_exception_leaves_the_block_and_is_recorded(sink, error, ending, data):
    with pytest.raises(type(error)) as raised, record_run() as run:
        raise error
    assert raised.value is error
    end = events(sink, run)[-1]
    assert end.type == ending
    assert data.items() <= end.data.items()
    assert ("test_an_exception_leaves_the_block" in end.data.get("traceback", "")) == (ending == "TrainingFailed")


def test_a_run_can_be_ended_by_hand(sink):
    finished, failed, stopped = record_run(run_id="a").start(), record_run(run_id="b").start(), record_run(run_id="c").start()
    finished.finish()
    failed.fail("the loss exploded")
    stopped.stop("patience")
    assert types(sink, finished) == ["TrainingStarted", "TrainingCompleted"]
    assert events(sink, failed)[-1].data == {"error": "the loss exploded"}
    assert events(sink, stopped)[-1].data == {"reason": "patience"}


def test_each_call_of_a_decorated_function_is_a_run(sink):
    runs = []

    @record_run(model="digits")
    def train(factor, run=None):
        """Trains."""
        runs.append(run)
        run.metric("loss", factor)
        return factor * 2

    assert (train(1), train(factor=2), train.__doc__) == (2, 4, "Trains.")
    assert runs[0].id != runs[1].id
    assert [points(events(sink, run))["loss"] for run in runs] == [[(None, 1)], [(None, 2)]]

    @record_run()
    def fail():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()


@pytest.mark.parametrize("wrong", ["generator", "coroutine"])
def test_decorating_a_generator_or_a_coroutine_is_refused_at_once(sink, wrong):
    def generator():
        yield

    async def coroutine():
        pass

    with pytest.raises(TypeError, match="with block"):
        record_run()({"generator": generator, "coroutine": coroutine}[wrong])


def test_runs_may_be_nested_and_follow_each_other(sink):
    with record_run(run_id="outer") as outer:
        outer.metric("loss", 1.0)
        with record_run(run_id="inner") as inner:
            inner.metric("loss", 2.0)
        outer.metric("loss", 3.0)
    with record_run(run_id="later") as later:
        later.metric("loss", 4.0)
    assert [[value for _, value in points(events(sink, run))["loss"]] for run in (outer, inner, later)] == [[1, 3], [2], [4]]


@pytest.mark.parametrize(
    "misuse",
    [
        lambda run: [run.metric("loss", "much", step=step) for step in range(9)],
        lambda run: run.metrics(None),
        lambda run: run.metrics([("loss", 1.0)]),
        lambda run: run.checkpoint("no such file"),
        lambda run: run.checkpoint(None),
        lambda run: run.artifact(object()),
    ],
)
def test_a_misuse_becomes_one_warning(sink, caplog, misuse):
    with record_run() as run:
        misuse(run)
        run.metric("accuracy", 1.0)
    assert types(sink, run) == ["TrainingStarted", "MetricsRecorded", "TrainingCompleted"]
    assert len(warnings(caplog)) == 1


@pytest.mark.parametrize("given", [None, 1.0, "loss", [("loss", 1.0)]])
def test_metrics_in_another_form_are_told_what_is_allowed(sink, caplog, given):
    with record_run() as run:
        run.metrics(given)
    [warning] = warnings(caplog)
    expected = f"metrics cannot be given as {type(given).__name__}; allowed: a mapping of names to numbers"
    assert expected in warning.getMessage()


def test_recording_before_the_start_or_after_the_end_becomes_one_warning(sink, caplog):
    run = record_run()
    run.metric("loss", 1.0)
    with run:
        pass
    for _ in range(3):
        run.metric("loss", 1.0)
    run.finish()
    run.fail("again")
    assert run.flush()
    assert types(sink, run) == ["TrainingStarted", "TrainingCompleted"]
    assert 1 <= len(warnings(caplog)) <= 2


def test_a_run_may_be_ended_inside_its_block(sink):
    with record_run() as run:
        run.stop("patience")
    assert types(sink, run) == ["TrainingStarted", "TrainingStopped"]


def test_a_second_start_changes_nothing(sink):
    with record_run().start() as run:
        run.metric("loss", 1.0)
    assert types(sink, run) == ["TrainingStarted", "MetricsRecorded", "TrainingCompleted"]


def test_a_handle_that_was_started_before_another_ends_nothing(sink, caplog):
    """A notebook cell is run again: the first handle is still open when the program ends."""
    first = record_run(run_id="x", hyperparameters={"C": 1.0, "deep": {"lr": 1}}).start()
    first.metric("loss", 1.0, step=0)
    second = record_run(run_id="x", hyperparameters={"C": 0.5, "deep": {"lr": 1}}).start()
    first.metric("loss", 0.5, step=1)
    second.metric("loss", 2.0, step=0)
    second.finish()
    termination.end_open_runs()
    assert sorted(types(sink, second)) == [*["MetricsRecorded"] * 2, "TrainingCompleted", *["TrainingStarted"] * 2]
    assert sorted(points(events(sink, second))["loss"]) == [(0, 1.0), (0, 2.0), (1, 0.5)]
    [warning] = warnings(caplog)
    assert "run/x was started before" in warning.getMessage()
    assert "what differs is hyperparameters.C (1 before, now 0.5)" in warning.getMessage()


@pytest.mark.parametrize(
    "end",
    [
        lambda run: run.finish(),
        lambda run: run.fail("late"),
        lambda run: run.stop("late"),
        lambda run: run.__exit__(None, None, None),
        lambda run: run.__exit__(ValueError, ValueError("late"), None),
        lambda _: termination.end_open_runs(),
    ],
)
@pytest.mark.parametrize("is_second_open", [True, False])
def test_a_superseded_handle_ends_nothing_in_whatever_way_it_ends(sink, end, is_second_open):
    first, second = record_run(run_id="x").start(), record_run(run_id="x").start()
    if not is_second_open:
        second.finish()
    end(first)
    second.finish()
    ends = [type_ for type_ in types(sink, second) if type_ != "TrainingStarted"]
    assert ends in (["TrainingCompleted"], ["TrainingStopped"]), "one end, of the second"
    assert ends == ["TrainingCompleted"] or is_second_open, "the program ended before the second did"


def test_a_start_says_that_the_log_on_this_machine_has_the_run_already(monkeypatch, tmp_path, caplog):
    monkeypatch.setenv("TRAINING_EVENTS_LOG", f"sqlite:///{tmp_path}/log.db")
    monkeypatch.setenv("TRAINING_EVENTS_SPOOL", str(tmp_path / "spool"))
    monkeypatch.delenv("TRAINING_EVENTS_BUS", raising=False)
    with record_run(run_id="x", seeds=1):
        pass
    monkeypatch.setattr(restart, "_started", {})  # as in another process
    assert warnings(caplog) == []
    with record_run(run_id="x", seeds=2):
        pass
    assert "what differs is seeds (1 before, now 2)" in warnings(caplog)[0].getMessage()
    assert len(warnings(caplog)) == 1


def test_a_child_that_starts_the_run_which_its_parent_has_open_joins_it(sink):
    """A worker that calls `record_run` with the same name is no further attempt, and its end is not the run's."""
    with record_run(run_id="x") as run:
        run.flush()
        if not (child := os.fork()):
            try:
                with record_run(run_id="x") as joined:
                    joined.metric("loss", 1.0)
                    sent = joined.flush()
            finally:
                os._exit(0 if sent and types(sink, joined) == ["TrainingStarted", "MetricsRecorded"] else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert types(sink, run) == ["TrainingStarted", "TrainingCompleted"]


def test_a_training_goes_on_where_no_thread_can_be_started(sink, caplog, monkeypatch):
    def refuse(_thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    run = record_run().start()
    run.metric("loss", 1.0)
    run.checkpoint(__file__)
    run.finish()
    assert warnings(caplog)


def test_a_training_starts_where_the_disk_hangs(sink, monkeypatch, capfd):
    """The start waits for the disk only so long. What is recorded gets there when the disk is back."""
    append, disk_is_back = Spool.append, threading.Event()

    def hang(spool, line):
        assert disk_is_back.wait(PATIENCE_SECONDS)
        append(spool, line)

    monkeypatch.setattr(lifecycle, "START_SECONDS", 0.01)
    monkeypatch.setattr(Spool, "append", hang)
    run = record_run().start()
    disk_is_back.set()
    run.finish()
    assert types(sink, run) == ["TrainingStarted", "TrainingCompleted"]
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("reason", ["exception without text", "exception that cannot be shown", "surrogates", "group"])
def test_any_exception_is_recorded(sink, reason):
    class Unshowable(Exception):  # noqa: N818
        def __str__(self):
            raise ValueError

    error = {
        "exception without text": ValueError(),
        "exception that cannot be shown": Unshowable(),
        "surrogates": ValueError("\ud800"),
        "group": ExceptionGroup("many", [ValueError("a"), KeyError("b")]),
    }[reason]
    with pytest.raises(type(error)), record_run() as run:
        raise error
    assert types(sink, run)[-1] == "TrainingFailed"


def test_a_file_stored_after_the_run_has_ended_becomes_one_warning(sink, caplog, monkeypatch):
    store = ContentStore.store

    def slowly(objects, path, key):
        run.finish()  # by another thread
        return store(objects, path, key)

    run = record_run().start()
    monkeypatch.setattr(ContentStore, "store", slowly)
    assert run.checkpoint(__file__) is None
    assert types(sink, run) == ["TrainingStarted", "TrainingCompleted"]
    assert "ended meanwhile" in warnings(caplog)[0].getMessage()
    assert len(warnings(caplog)) == 1


@pytest.fixture
def handled_signal(monkeypatch):
    """SIGTERM has a handler of the program's own, which does nothing, and no run is open that other tests have left so."""
    monkeypatch.setattr(termination, "_open", set())
    monkeypatch.setattr(termination, "_replacements", [])
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    yield signal.SIGTERM
    signal.signal(signal.SIGTERM, before)


def test_a_signal_waits_no_longer_for_many_runs_than_for_one(sink, monkeypatch, handled_signal):
    """All open runs record at once how they end. Then the handler waits for all of them together."""
    clock, order, given = [0.0], [], []

    def flush_slowly(run, seconds):
        order.append("waited")
        given.append(seconds)
        clock[0] += 4.0
        return False

    with record_run(run_id="a"), record_run(run_id="b"), record_run(run_id="c"), monkeypatch.context() as patch:
        patch.setattr(termination, "monotonic", lambda: clock[0])
        patch.setattr(Lifecycle, "on_handled_signal", lambda *_: order.append("recorded"))
        patch.setattr(Lifecycle, "flush", flush_slowly)
        signal.raise_signal(handled_signal)
    assert order == ["recorded"] * 3 + ["waited"] * 3
    assert given == [5.0, 1.0, 0.0]


def test_a_flush_takes_no_longer_than_its_seconds(sink, monkeypatch):
    clock, given = iter([0.0, 4.0]), []

    def wait(_, seconds):
        given.append(seconds)
        return True

    monkeypatch.setattr(outbox, "monotonic", lambda: next(clock))
    monkeypatch.setattr(Writer, "wait_spooled", wait)
    monkeypatch.setattr(Sender, "flush", wait)
    with record_run() as run:
        run.flush(5.0)
    assert given == [5.0, 1.0]


def test_flush_returns_whether_everything_is_sent(sink, caplog):
    with record_run() as run:
        run.metric("loss", 1.0)
        assert run.flush()
        assert "loss" in points(events(sink, run))
        sink.break_down()
        run.metric("loss", 2.0)
        assert not run.flush()
        sink.recover()
        assert run.flush()
    assert run.flush()
    assert points(events(sink, run))["loss"] == [(None, 1), (None, 2)]
    assert len(warnings(caplog)) == 1


def test_flush_after_the_end_does_not_say_that_what_waits_in_the_spool_is_sent(sink):
    with record_run() as run:
        sink.break_down()
        run.metric("loss", 1.0)
    assert not run.flush()


def test_a_pickled_run_is_the_same_run_with_another_producer(sink):
    with record_run() as run:
        other = pickle.loads(pickle.dumps(run))  # noqa: S301 - our own
        other.metric("loss", 1.0)
        assert other.flush()
        other.finish()
    recorded = events(sink, run)
    assert (other.id, other.stream) == (run.id, run.stream)
    assert len({event.producer.id for event in recorded}) == 2
    assert sorted(event.type for event in recorded) == ["MetricsRecorded", "TrainingCompleted", "TrainingStarted"]


def test_a_finished_run_leaves_no_thread_and_no_file(sink, tmp_path):
    before = set(threading.enumerate())  # threads of other tests may end meanwhile
    with record_run():
        pass
    assert set(threading.enumerate()) <= before
    assert [path for path in (tmp_path / "spool").rglob("*") if path.is_file()] == []
    assert multiprocessing.active_children() == []
    assert not Path("training-events.db").exists()
