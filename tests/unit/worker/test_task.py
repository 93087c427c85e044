"""What a worker keeps of a run, and the lock that tells whether its process lives."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_events.settings import Settings
from training_events.worker.task import Task, TaskFiles, locked, task_files, worker_folder

TASK = Task("run/a", "digits", ["python", "train.py"], "/")
HOLDER = "import sys; print('ready', flush=True); sys.stdin.read()"


def test_a_task_is_kept_until_it_is_removed_and_its_output_stays(tmp_path):
    files = TaskFiles.of("run/a", tmp_path)
    assert files.read() is None
    files.write(TASK)
    files.output.write_text("loss 0.1")
    files.data.mkdir()
    [found] = task_files(tmp_path)
    assert (found.read(), found.change(starts=1).starts, files.read()) == (TASK, 1, found.read())
    with files.locked():
        files.remove()
    assert [path.name for path in tmp_path.iterdir()] == [files.output.name]


@given(names=st.lists(st.text(min_size=1, max_size=100), min_size=2, unique=True))
def test_every_run_has_files_of_its_own_in_the_folder_itself(tmp_path_factory, names):
    folder = tmp_path_factory.getbasetemp()
    paths = {TaskFiles.of(f"run/{name}", folder).task_file for name in names}
    assert len(paths) == len(names)
    assert {path.parent for path in paths} == {folder}


def test_nobody_else_can_read_a_task(tmp_path):
    files = TaskFiles.of("run/a", tmp_path)
    files.write(TASK)
    assert files.task_file.stat().st_mode & 0o077 == 0


def test_a_process_that_inherits_a_lock_holds_it_until_it_ends(tmp_path):
    with locked(tmp_path / "lock") as lock:
        assert lock is not None
        command = [sys.executable, "-c", HOLDER]
        holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=[lock])
    with holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with locked(tmp_path / "lock") as taken:
            assert taken is None
        holder.kill()
    with locked(tmp_path / "lock") as taken:
        assert taken is not None


def test_a_lock_whose_file_was_removed_locks_out_nobody_from_the_new_one(tmp_path):
    path = tmp_path / "lock"
    with locked(path):
        path.unlink()
        with locked(path) as taken:
            assert taken is not None


@pytest.mark.parametrize("bus", [{}, {"TRAINING_EVENTS_BUS": "bus"}])
def test_the_tasks_of_a_log_are_in_one_folder_whether_its_events_go_by_a_bus_or_not(tmp_path, bus):
    state = {"XDG_STATE_HOME": str(tmp_path)}
    folder = worker_folder(Settings(state | bus), "sqlite:////data/log.db")
    assert folder == worker_folder(Settings(state), "sqlite:////data/log.db")
    assert folder != worker_folder(Settings(state), "sqlite:////data/other.db")
    assert folder.parent == tmp_path / "training-events" / "worker"
