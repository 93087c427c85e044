"""How a call ends when it cannot go on: the reader of a pipe went away, the disk is full, Ctrl-C, a stream is closed.

Nearly all of it in this process. What Python itself would add at the end of a process, a few processes show.
"""

import itertools
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from training_events import aws, cli
from training_events.cli.commands import history
from training_events.event import Event, RecordedEvent

from tests.support.command_line import CALLS_ON_A_LOG, CALLS_ON_AWS, READING_CALLS, empty_store, make_event, record_events
from tests.support.environment import without_aws
from tests.support.patience import PATIENCE_SECONDS

FULL_DISK = "training-events: [Errno 28] No space left on device"


@pytest.fixture(autouse=True)
def _bare(bare_environment):
    """Nothing names a log, a bus or an account."""


@pytest.fixture(autouse=True)
def _ctrl_c():
    """SIGINT interrupts, also where these tests run in a shell's background, whose processes ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def press_ctrl_c():
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    folder = tmp_path_factory.mktemp("database")
    with empty_store("sqlite", folder) as url:
        record_events(url, (make_event("run/a", "Happened", second, text="x" * 1000) for second in range(60)))
        record_events(url, [make_event("run/b", "TrainingStarted")])
    return url


PRINTING = {**CALLS_ON_A_LOG, "help": ["--help"], "help of a command": ["runs", "--help"], "version": ["--version"]}
PRINTING |= {
    f"{name} --json": [*READING_CALLS[name], "--json"] for name in ("runs", "show", "history", "verify --all", "rebuild")
}
printing = pytest.mark.parametrize("arguments", PRINTING.values(), ids=PRINTING)
printing_in_a_process = pytest.mark.parametrize("name", ["history", "runs --json", "help"])


def with_log(arguments, database):
    return arguments if {"--help", "--version"} & {*arguments} else [*arguments, "--log", database]


def exit_code(arguments, stdout):
    """That of the program in this process, whose standard output this is."""
    with redirect_stdout(stdout), pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(sys, "argv", ["training-events", *arguments])
        monkeypatch.setattr(sys, "stderr", sys.stderr)  # the program may wrap it
        with pytest.raises(SystemExit) as ended:
            cli.main()
    return ended.value.code


def start(arguments, **more):
    """The program in a process."""
    script = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from training_events import cli; cli.main()"
    )
    environment = without_aws(NO_PROXY="127.0.0.1", **more.pop("environment", {}))
    return subprocess.Popen([sys.executable, "-c", script, *arguments], stderr=subprocess.PIPE, env=environment, **more)


# ---- a pipe whose reader went away, and a full disk


@printing
def test_a_closed_pipe_ends_a_call_quietly(capsys, database, arguments):
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as pipe:
        assert exit_code(with_log(arguments, database), pipe) == 141
    assert capsys.readouterr().err == ""


@printing
def test_a_full_disk_is_one_line(capsys, database, arguments):
    with Path("/dev/full").open("w") as full:
        assert exit_code(with_log(arguments, database), full) == 1
    assert capsys.readouterr().err.splitlines() == [FULL_DISK]


@printing_in_a_process
def test_a_closed_pipe_ends_a_process_quietly(database, name):
    read, write = os.pipe()
    os.close(read)
    with start(with_log(PRINTING[name], database), stdout=write) as process:
        os.close(write)
        err = process.communicate(timeout=PATIENCE_SECONDS)[1]
    assert (process.returncode, err) == (141, b"")


@printing_in_a_process
def test_a_full_disk_is_one_line_of_a_process(database, name):
    with Path("/dev/full").open("w") as full, start(with_log(PRINTING[name], database), stdout=full) as process:
        err = process.communicate(timeout=PATIENCE_SECONDS)[1]
    assert (process.returncode, err.decode().splitlines()) == (1, [FULL_DISK])


# ---- Ctrl-C


@pytest.fixture
def silent_endpoint(monkeypatch):
    """AWS's endpoint takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE_SECONDS)
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.getsockname()[1]}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("TRAINING_EVENTS_BUS", "training")
        yield server


def press_when_asked(server, connections):
    connections.append(server.accept()[0])
    press_ctrl_c()


# without rebuild --dry-run, whose readers wait for their time-outs first
@pytest.mark.parametrize("name", sorted(CALLS_ON_AWS.keys() - {"rebuild --dry-run"}))
def test_ctrl_c_while_aws_does_not_answer_ends_a_call_quietly(capsys, silent_endpoint, name):
    connections: list[socket.socket] = []
    presser = threading.Thread(target=press_when_asked, args=(silent_endpoint, connections))
    presser.start()
    assert cli.run(CALLS_ON_AWS[name]) == 130
    presser.join()
    connections[0].close()
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["history", "redrive"])
def test_ctrl_c_while_aws_does_not_answer_ends_a_process_quietly(silent_endpoint, name):
    environment = {key: value for key, value in os.environ.items() if key.startswith(("AWS_", "TRAINING_EVENTS_"))}
    with start(CALLS_ON_AWS[name], stdout=subprocess.PIPE, environment=environment) as process:
        connection, _ = silent_endpoint.accept()
        with connection:
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, out, err) == (130, b"", b"")


# ---- while the program starts


def import_program(error):
    """A process in which the import of Typer raises this error."""
    script = f"""
import sys
class Finder:
    def find_spec(name, path, target=None):
        if name == "typer":
            raise {error}
sys.meta_path.insert(0, Finder)
import training_events.cli
"""
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)


def test_ctrl_c_while_the_program_starts_ends_it_quietly():
    ended = import_program("KeyboardInterrupt")
    assert (ended.returncode, ended.stderr) == (130, "")


def test_without_typer_the_program_says_what_to_install():
    ended = import_program("ModuleNotFoundError(name='typer')")
    assert ended.returncode == 1
    assert ended.stderr == "training-events: typer is not installed: pip install 'training-events[cli]'\n"


# ---- lists without an end

EVENT = Event("e", "run/a", "Happened", "2026-11-22T15:08:10.000000Z", "tests", {"text": "x" * 100})


class EndlessLog:
    def read(self, _stream):
        return (RecordedEvent(EVENT, EVENT.occurred_at, EVENT.digest) for _ in itertools.count())


class EndlessQueue:
    def __init__(self):
        self.numbers = itertools.count()
        self.given_back = []

    def receive_message(self, **_):
        return {"Messages": [self.message(number) for number in itertools.islice(self.numbers, 10)]}

    def message(self, number):
        attributes = {"SentTimestamp": "1795360121512"}
        return {"MessageId": str(number), "ReceiptHandle": "h", "Attributes": attributes, "Body": "x" * 100}

    def change_message_visibility_batch(self, Entries, **_):  # noqa: N803 - as AWS calls it
        self.given_back += Entries


def read_two_lines(pipe, end):
    with pipe:
        for _ in range(2):  # now it is printing
            pipe.readline()
        if end == "Ctrl-C":
            press_ctrl_c()
            while pipe.read(65536):  # so that nobody waits for room in the pipe
                pass


def exit_code_after_two_lines(arguments, end):
    read, write = os.pipe()
    reader = threading.Thread(target=read_two_lines, args=(os.fdopen(read), end))
    reader.start()
    with os.fdopen(write, "w") as pipe:
        code = exit_code(arguments, pipe)
    reader.join()
    return code


ends = pytest.mark.parametrize(("end", "code"), [("closed pipe", 141), ("Ctrl-C", 130)], ids=["closed pipe", "Ctrl-C"])


@ends
@pytest.mark.parametrize("options", [[], ["--json"]], ids=["table", "json"])
def test_a_stream_without_an_end_is_ended_quietly(capsys, monkeypatch, options, end, code):
    monkeypatch.setattr(history, "open_event_log", lambda _: EndlessLog())
    assert exit_code_after_two_lines(["history", "run/a", "--log", "x", *options], end) == code
    assert capsys.readouterr().err == ""


@ends
@pytest.mark.parametrize("arguments", [["undelivered"], ["undelivered", "--json"], ["redrive", "--log", "sqlite:///unused.db"]])
def test_a_queue_without_an_end_is_ended_quietly_and_given_back(capsys, monkeypatch, arguments, end, code):
    queue = EndlessQueue()
    monkeypatch.setattr(aws, "client", lambda *_, **__: queue)
    assert exit_code_after_two_lines([*arguments, "--queue", "https://queue"], end) == code
    assert queue.given_back
    assert capsys.readouterr().err == ""


def test_memory_does_not_grow_with_the_stream():
    script = """
import resource, sys
from training_events import cli
from training_events.cli.commands import history
from training_events.event import Event, RecordedEvent
event = Event("e", "run/a", "Happened", "2026-11-22T15:08:10.000000Z", "tests", {"text": "x" * 100})
class Log:
    def read(self, stream):
        return (RecordedEvent(event, event.occurred_at, event.digest) for _ in range(int(sys.argv[1])))
history.open_event_log = lambda _: Log()
cli.run(["history", "run/a", "--log", "x", "--json"])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""

    def peak(count):
        done = subprocess.run([sys.executable, "-c", script, str(count)], capture_output=True, check=True)
        return int(done.stderr)

    assert peak(60_000) < peak(600) * 1.05


# ---- standard streams


@pytest.mark.parametrize("arguments", [["history", "run/a"], ["history"]])
@pytest.mark.parametrize("closed", [1, 2])
def test_what_is_closed_is_not_written_to(database, arguments, closed):
    """Neither does an error appear on standard output, nor does a file get the number of either."""
    program = [sys.executable, "-c", "from training_events import cli; cli.main()", *with_log(arguments, database)]
    closing = ["sh", "-c", f'exec "$@" {closed}>&-', "sh", *program]
    ended = subprocess.run(closing, capture_output=True, env=without_aws(), check=False)
    is_right = len(arguments) == 2
    assert ended.returncode == (0 if is_right else 2)
    assert bool(ended.stdout) == (is_right and closed == 2)
    assert bool(ended.stderr) == (not is_right and closed == 1)


def test_a_terminal_without_utf_8_gets_utf_8(tmp_path):
    url = f"sqlite:///{tmp_path}/x.db"
    assert cli.run(["record", "run/é", "Happened", "--data", '{"text": "😀"}', "--log", url]) == 0
    arguments = ["history", "run/é", "--json", "--log", url]
    with start(arguments, stdout=subprocess.PIPE, environment={"PYTHONIOENCODING": "ascii"}) as process:
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, err) == (0, b"")
    assert "😀".encode() in out
