"""Which run a process records into, and which of its processes it is, under every launcher."""

import os
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_events.event import MAX_STREAM_BYTES, check_stream
from training_events.recorder.identity import Rank, rank, run_id

from tests.support.python_values import anything
from tests.support.sagemaker_folder import training_job
from tests.support.strategies import names

SLURM_TASK = {"SLURM_JOB_ID": "7", "SLURM_STEP_ID": "0", "SLURM_PROCID": "1", "SLURM_NTASKS": "2"}
BATCH = {"SLURM_JOB_ID": "7", "SLURM_PROCID": "0", "SLURM_JOB_NAME": "train"}
VARIABLES = ["TRAINING_EVENTS_RUN", "TRAINING_JOB_NAME", "TORCHELASTIC_RUN_ID", "SLURM_JOB_ID", "OMPI_COMM_WORLD_SIZE"]
environments = st.dictionaries(st.sampled_from(VARIABLES), names | st.text(max_size=8) | st.sampled_from(["", " ", "none"]))
of_a_job = st.dictionaries(st.sampled_from(VARIABLES[:4]), names.filter(lambda name: name.lower() != "none"), min_size=1)


@given(st.none() | st.text(st.characters()) | anything, st.none() | st.text(st.characters()) | anything, environments)
def test_every_run_gets_an_id_that_names_a_stream(model, given_id, environment):
    name = run_id(model, given_id, environment)
    assert check_stream(f"run/{name}")
    name.encode()


@given(names, environments)
def test_a_valid_name_is_used_as_it_is(name, environment):
    assert run_id("model", name, environment) == name
    assert run_id("model", None, environment | {"TRAINING_EVENTS_RUN": name}) == name


@given(names, names, st.sampled_from(["TRAINING_EVENTS_RUN", "TRAINING_JOB_NAME"]))
def test_a_reproduction_never_continues_the_run_whose_id_its_program_gives(original, again, variable):
    reproducing = {"TRAINING_EVENTS_REPRODUCES": f"run/{original}"}
    assert run_id("model", original, reproducing | {variable: again}) == again
    assert run_id("model", original, reproducing).startswith("model-")
    assert run_id("model", f"{original}x", reproducing) == f"{original}x"


@given(of_a_job, st.integers(2, 16))
def test_all_processes_of_a_job_record_into_one_run(environment, world):
    processes = [environment | {"RANK": str(number), "WORLD_SIZE": str(world)} for number in range(world)]
    assert len({run_id("model", None, process) for process in processes}) == 1
    assert [rank(process) for process in processes] == [Rank(number, world) for number in range(world)]


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({}, "slurm-7"), ({"TORCHELASTIC_RUN_ID": "elastic"}, "elastic"), ({"TORCHELASTIC_RUN_ID": "none"}, "slurm-7"),
        ({"TORCHELASTIC_RUN_ID": ""}, "slurm-7"), ({"TRAINING_JOB_NAME": "job-1", "TORCHELASTIC_RUN_ID": "elastic"}, "job-1"),
        ({"TRAINING_EVENTS_RUN": "own", "TRAINING_JOB_NAME": "job-1"}, "own"), ({"TRAINING_EVENTS_RUN": " "}, "slurm-7"),
    ],
)  # fmt: skip
def test_the_most_specific_variable_names_the_run(environment, name):
    assert run_id("digits", None, SLURM_TASK | environment) == name


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        (SLURM_TASK, "slurm-7"),
        (SLURM_TASK | {"SLURM_PROCID": "0"}, "slurm-7"),
        (SLURM_TASK | {"SLURM_RESTART_COUNT": "1"}, "slurm-7"),
        (SLURM_TASK | {"SLURM_STEP_ID": "3"}, "slurm-7.3"),
        (SLURM_TASK | {"SLURM_JOB_NAME": "interactive", "SLURM_PTY_PORT": "4711"}, "slurm-7"),  # srun inside of salloc
        (BATCH | {"RANK": "3", "WORLD_SIZE": "16", "LOCAL_WORLD_SIZE": "8", "TORCHELASTIC_RUN_ID": "none"}, "slurm-7"),
    ],
)
def test_the_tasks_of_a_step_and_the_processes_on_several_machines_are_one_run(environment, name):
    assert run_id("digits", None, environment) == run_id("digits", None, environment) == name


COMMAND = """
import sys
from training_events.recorder.identity import run_id
print(*[run_id("digits", None) for _ in range(int(sys.argv[1]))])
"""


def ids_of_command(environment: dict[str, str], runs: int) -> list[str]:
    """What a program that records so many runs names them, with this environment of Slurm's."""
    bare = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    command = [sys.executable, "-c", COMMAND, str(runs)]
    return subprocess.run(command, env=bare | environment, capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.parametrize(
    "environment",
    [
        {"SLURM_JOB_ID": "7", "SLURM_NTASKS": "4"},  # salloc
        BATCH | {"SLURM_JOB_NAME": "bash", "SLURM_STEP_ID": "0", "SLURM_NTASKS": "1"},  # srun --pty bash
        BATCH | {"SLURM_PTY_PORT": "4711"},
        BATCH | {"SLURM_JOB_NAME": "interactive", "SLURM_STEP_ID": str(2**32 - 6), "SLURM_NTASKS": "4"},  # salloc on a node
    ],
)
def test_what_is_typed_into_a_shell_of_slurms_is_a_new_run_each_time(environment):
    ids = [*ids_of_command(environment, 2), *ids_of_command(environment, 2)]
    assert len(set(ids)) == 4


@pytest.mark.parametrize("environment", [BATCH, BATCH | {"SLURM_STEP_ID": "0", "SLURM_NTASKS": "1"}])
def test_unrelated_programs_and_nested_runs_of_a_batch_job_get_ids_of_their_own_and_again_after_a_requeue(environment):
    inner, outer = ids_of_command(environment, 1), ids_of_command(environment, 3)
    assert len({*inner, *outer}) == 4
    assert all(name.startswith("slurm-7-") for name in (*inner, *outer))
    assert ids_of_command(environment | {"SLURM_RESTART_COUNT": "1"}, 3) == outer


def test_two_trainings_that_one_batch_job_launches_on_a_machine_are_two_runs():
    torchrun = BATCH | {"TORCHELASTIC_RUN_ID": "none", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
    first = [ids_of_command(torchrun | {"RANK": rank}, 1) for rank in "01"]
    assert first[0] == first[1]
    assert ids_of_command(torchrun | {"RANK": "0"}, 2)[0] not in first[0], "with other arguments"


def test_each_run_without_a_name_gets_a_new_one():
    assert re.fullmatch("digits-[0-9a-f]{12}", run_id("digits", None, {}))
    assert re.fullmatch("run-[0-9a-f]{12}", run_id(None, "", {}))
    assert run_id("digits", None, {}) != run_id("digits", None, {})


def test_characters_that_no_name_may_have_are_replaced():
    assert run_id(None, "\n a\nb\ud800 ", {}) == "a-b\\ud800"
    assert len(f"run/{run_id('é' * 5000, None, {})}".encode()) <= MAX_STREAM_BYTES
    assert run_id(None, "é" * 5000, {}) == "é" * ((MAX_STREAM_BYTES - 4) // 2)


LAUNCHER = """
import subprocess, sys
script = "from training_events.recorder.identity import run_id; print(run_id('digits', None))"
for _ in range(3):
    subprocess.run([sys.executable, "-c", script], check=True)
"""


def launched(**environment: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", LAUNCHER], env=os.environ | environment, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_the_processes_of_a_launcher_that_names_no_job_record_into_one_run():
    """torchrun on one machine names the job "none", mpirun does not name it."""
    first, second = launched(TORCHELASTIC_RUN_ID="none"), launched(TORCHELASTIC_RUN_ID="none")
    assert len(first) == len(second) == 3
    assert len({*first, *second}) == 2
    assert len(set(launched(OMPI_COMM_WORLD_SIZE="3"))) == 1
    assert len(set(launched())) == 3


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"RANK": "1", "WORLD_SIZE": "4"}, Rank(1, 4)),
        ({"RANK": "0", "WORLD_SIZE": "1"}, None),
        ({"RANK": "1"}, None), ({"RANK": "x", "WORLD_SIZE": "4"}, None), ({"RANK": "4", "WORLD_SIZE": "4"}, None),
        ({"RANK": "-1", "WORLD_SIZE": "4"}, None), ({"RANK": "9" * 5000, "WORLD_SIZE": "4"}, None),
        ({"OMPI_COMM_WORLD_RANK": "3", "OMPI_COMM_WORLD_SIZE": "4"}, Rank(3, 4)),
        ({"SLURM_PROCID": "2", "SLURM_NTASKS": "4"}, Rank(2, 4)), ({"SLURM_PROCID": "0", "SLURM_NTASKS": "1"}, None),
        ({"RANK": "7", "WORLD_SIZE": "8", "SLURM_PROCID": "0", "SLURM_NTASKS": "2"}, Rank(7, 8)),
        ({"SM_HOSTS": '["algo-1","algo-2"]', "SM_CURRENT_HOST": "algo-2"}, Rank(1, 2)),
        ({"SM_HOSTS": '["algo-1"]', "SM_CURRENT_HOST": "algo-1"}, None),
        ({"SM_HOSTS": "[", "SM_CURRENT_HOST": "algo-1"}, None), ({"SM_HOSTS": '["algo-1","algo-2"]'}, None),
    ],
)  # fmt: skip
def test_the_rank_of_a_process_under_each_launcher(environment, expected, tmp_path):
    assert rank(environment, tmp_path) == expected


@pytest.mark.parametrize(
    ("initialized", "number", "world", "expected"),
    [(True, 1, 4, Rank(1, 4)), (True, 0, 1, None), (False, 1, 4, None), (True, -1, -1, None), (True, "?", 4, None)],
)
def test_the_processes_that_a_program_starts_itself_have_the_ranks_that_it_gives_them(
    monkeypatch, initialized, number, world, expected
):
    """`torch.multiprocessing.spawn` sets no variables: without ranks each process would start an attempt of its own."""
    distributed = SimpleNamespace(
        is_available=lambda: True, is_initialized=lambda: initialized, get_rank=lambda: number, get_world_size=lambda: world
    )
    monkeypatch.setitem(sys.modules, "torch.distributed", distributed)
    assert rank({}) == expected
    assert rank({"RANK": "3", "WORLD_SIZE": "8"}) == Rank(3, 8)


def test_without_a_launcher_each_host_of_a_sagemaker_job_is_a_rank(tmp_path):
    folder = training_job(tmp_path)
    assert rank({}, folder) == Rank(1, 3)
    assert rank({"RANK": "5", "WORLD_SIZE": "24"}, folder) == Rank(5, 24)
