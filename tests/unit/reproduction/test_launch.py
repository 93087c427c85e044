"""A run is done again from nothing but its record, or one line says what cannot be had. Either way nothing is left behind."""

import platform
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import training_events as te

from tests.support.launches import Repository, recorder_packages

pytestmark = pytest.mark.slow


def losses(repository, run):
    return [(point.step, point.value) for point in te.open_log(repository.log).points(run, "loss")]


def specs(repository):
    return [te.open_log(repository.log).run(run).spec or {} for run in ("first", "second")]


def again(repository, spec=None, **how):
    """What the program and its steps print, after the run `first` was done again as the run `second`."""
    with repository.launch("first", "second", spec, **how) as launched:
        out, err = launched.communicate()
    assert (launched.returncode, err) == (0, "")
    return out.splitlines()


def refused(repository, spec=None, **how):
    """The one line that says what cannot be had."""
    with repository.launch("first", "second", spec, **how) as launched:
        _, err = launched.communicate()
    assert launched.returncode == 1
    assert repository.left_behind() == []
    (line,) = err.splitlines()
    return line.removeprefix("NotLaunched: ")


def test_a_run_of_a_clean_commit_is_done_again_with_identical_metrics(repository):
    repository.train("first", "train.py", "--steps", "4", OMP_NUM_THREADS="3")
    lines = again(repository, MKL_NUM_THREADS="9")
    commit = repository.git("rev-parse", "HEAD")
    assert lines[0] == f"code: {commit} from {repository.folder}"
    assert lines[-3:] == ["data: train.txt", "program: python train.py --steps 4", "trained 3"]
    first, second = specs(repository)
    assert losses(repository, "second") == losses(repository, "first") != []
    assert second["reproduces"] == "run/first"
    assert (second["code"], second["environment"]) == (first["code"], {"OMP_NUM_THREADS": "3"})
    assert second["datasets"][0]["sha256"] == first["datasets"][0]["sha256"]
    assert second["packages"]["training-events"] == te.__version__
    assert repository.left_behind() == []


def test_changes_that_no_commit_has_and_a_helper_that_git_does_not_know_come_along(repository):
    as_committed = (repository.folder / "train.py").read_text()
    changed = f"from helper import FACTOR\n{as_committed.replace('scale =', 'scale = FACTOR *')}"
    repository.write(**{"helper.py": "FACTOR = 3\n", "train.py": changed})
    repository.train("first", "train.py", "--steps", "4")
    repository.write(**{"helper.py": "FACTOR = 4\n"})
    again(repository)
    assert losses(repository, "second") == losses(repository, "first") != []
    first, second = (spec["code"] for spec in specs(repository))
    assert second["dirty"]
    assert second["diff"]["sha256"] == first["diff"]["sha256"]


def test_from_anywhere_the_code_comes_from_the_address_of_its_repository(repository, tmp_path):
    """Also a commit that is on no branch there any more."""
    origin = f"file://{tmp_path}/origin.git"
    repository.git("clone", "--quiet", "--bare", ".", f"{tmp_path}/origin.git")
    repository.git("remote", "add", "origin", origin)
    repository.write(**{"more.txt": "more"})
    repository.commit()
    repository.git("push", "--quiet", "origin", "main:refs/heads/tried")
    repository.train("first", "train.py", "--steps", "1")
    commit = repository.git("rev-parse", "HEAD")
    repository.git("push", "--quiet", "origin", "--delete", "tried")
    lines = again(repository, folder=tmp_path)
    assert lines[0] == f"code: {commit} from {origin}"
    first, second = specs(repository)
    assert second["code"] == first["code"] == {"repository": origin, "commit": commit, "dirty": False}


def test_a_submodule_comes_at_its_own_commit(repository, tmp_path):
    library = Repository(tmp_path / "library", repository.wheels)
    library.write(**{"factor.py": "FACTOR = 5\n"})
    library.commit()
    allowed = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "protocol.file.allow", "GIT_CONFIG_VALUE_0": "always"}
    repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", library.folder.as_uri(), "library")
    as_committed = (repository.folder / "train.py").read_text()
    changed = f"from library.factor import FACTOR\n{as_committed.replace('scale =', 'scale = FACTOR *')}"
    repository.write(**{"train.py": changed})
    repository.commit()
    repository.train("first", "train.py", "--steps", "4")
    library.write(**{"factor.py": "FACTOR = 6\n"})
    library.commit()
    again(repository, **allowed)
    assert losses(repository, "second") == losses(repository, "first") != []


def test_a_program_runs_in_its_own_folder_below_the_repository(repository):
    (repository.folder / "below" / "data").mkdir(parents=True)
    (repository.folder / "below" / "data" / "train.txt").write_text("other data")
    shutil.move(repository.folder / "train.py", repository.folder / "below" / "train.py")
    repository.commit()
    repository.train("first", "-m", "train", "--steps", "2", folder=repository.folder / "below")
    assert again(repository)[-2:] == ["program: python -m train --steps 2", "trained None"]
    first, second = specs(repository)
    assert second["working_folder"] == first["working_folder"] == "below"
    assert losses(repository, "second") == losses(repository, "first") != []


def test_a_program_that_ran_outside_of_its_repository_finds_the_data_that_lay_there(repository, tmp_path):
    (tmp_path / "elsewhere" / "data").mkdir(parents=True)
    (tmp_path / "elsewhere" / "data" / "train.txt").write_text("data of elsewhere")
    script = str(repository.folder / "train.py")
    repository.train("first", script, "--steps", "2", folder=tmp_path / "elsewhere")
    again(repository)
    assert losses(repository, "second") == losses(repository, "first") != []


PROJECT = """
[project]
name = "{name}"
version = "1.0"
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
BACKEND = """
import pathlib, zipfile

def build_wheel(folder, *_, editable=False):
    name = next(pathlib.Path().glob("*.name")).stem
    about = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(pathlib.Path(folder, f"{name}-1.0-py3-none-any.whl"), "w") as wheel:
        if editable:
            wheel.writestr(f"{name}.pth", str(pathlib.Path.cwd()))
        else:
            wheel.write(f"{name}.py")
        wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{about}/RECORD", "")
    return f"{name}-1.0-py3-none-any.whl"

def build_editable(folder, *_):
    return build_wheel(folder, editable=True)
"""


def write_package(folder, name, text):
    """One that needs nothing else to be built."""
    folder.mkdir(exist_ok=True)
    files = {"pyproject.toml": PROJECT.format(name=name), "backend.py": BACKEND, f"{name}.name": "", f"{name}.py": text}
    for file, content in files.items():
        (folder / file).write_text(content)


def test_packages_of_no_index_come_from_the_clone_and_from_their_repository_at_the_commit(repository, tmp_path):
    write_package(repository.folder / "own", "own", "VALUE = 'as committed'")
    repository.write(**{"use.py": "import other, own; print(own.VALUE, other.VALUE, own.__file__)"})
    repository.commit()
    other = Repository(tmp_path / "other", repository.wheels)
    write_package(other.folder, "other", "VALUE = 'at the commit'")
    other.commit()
    at_commit = other.git("rev-parse", "HEAD")
    repository.train("first", "train.py", "--steps", "1")
    for repository_of_package, file in ((repository, "own/own.py"), (other, "other.py")):
        (repository_of_package.folder / file).write_text("VALUE = 'changed since'")
    other.commit()
    lines = again(
        repository,
        {
            "code": {"commit": repository.git("rev-parse", "HEAD")},
            "packages": recorder_packages() | {"own": "1.0", "other": "1.0"},
            "direct_packages": {
                "own": f"editable {(repository.folder / 'own').as_uri()}",
                "other": f"git+{other.folder.as_uri()}@{at_commit}",
            },
            "entry_point": "use.py",
            "arguments": [],
        },
    )
    *values, file = lines[-1].rsplit(" ", 1)
    assert values == ["as committed at the commit"]
    assert file.startswith(f"{repository.temporary}/training-events-launch-")
    assert file.endswith("/code/own/own.py")


def test_another_python_of_the_same_minor_version_is_said(repository):
    repository.train("first", "train.py", "--steps", "1")
    major, minor, *_ = platform.python_version_tuple()
    wanted = f"{major}.{minor}.99"
    lines = again(repository, {"python": wanted})
    assert any(line.startswith(f"environment: Python {wanted} cannot be had here: it is {major}.{minor}.") for line in lines)


def test_the_exit_code_is_that_of_the_program(repository):
    repository.train("first", "train.py", "--steps", "1")
    with repository.launch("first", "second", {"arguments": ["--no-such"]}) as launched:
        launched.communicate()
    assert launched.returncode == 2
    assert repository.left_behind() == []


@pytest.fixture(scope="module")
def one_run(tmp_path_factory, wheels):
    repository = Repository(tmp_path_factory.mktemp("one run"), wheels)
    repository.train("first", "train.py", "--steps", "1")
    return repository


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        ({"packages": {"no-such": "1.0"}}, "the package no-such 1.0 cannot be had: no index has it"),
        ({"packages": {"six": "99.1"}}, "the package six 99.1 cannot be had: no index has it"),
        ({"packages": {}}, "the run has recorded no packages: there is nothing to make its environment of"),
        ({"packages": 3}, "what run/first has recorded of its start is not understood"),
        ({"python": "3.2.1"}, "Python 3.2.1 cannot be had, nor another 3.2: "),
        ({"code": {}}, "the run has recorded no commit of its code: there is nothing to check out"),
        ({"code": {"commit": "0" * 40}}, f"commit {'0' * 40} is not in the repository of this folder"),
        (
            {"code": {"commit": "0" * 40, "repository": "/no/such"}},
            "cannot clone /no/such: repository '/no/such' does not exist",
        ),
        ({"entry_point": None}, "the run has recorded no entry point"),
        ({"entry_point": "curves.ipynb"}, "the entry point curves.ipynb is a notebook"),
        ({"entry_point": "gone.py"}, "the entry point gone.py is not in the commit"),
        ({"code": {"commit": "--help"}}, "the run has recorded '--help' as its commit, which is none"),
        (
            {"packages": {"six": "1.0\n--index-url http://127.0.0.1"}},
            "the package 'six' '1.0\\n--index-url http://127.0.0.1' cannot",
        ),
        (
            {"packages": {"six": "1.0"}, "direct_packages": {"six": "git+https://a b"}},
            "the package 'six' '1.0' 'git+https://a b' ca",
        ),
        ({"arguments": ["\0"]}, "python cannot be started: embedded null byte"),
        ({"working_folder": "../elsewhere"}, "the working folder ../elsewhere is not inside of the code's repository"),
    ],
)
def test_what_cannot_be_had_is_one_line(one_run, spec, line):
    assert refused(one_run, spec).startswith(line)


def test_data_that_is_another_one_now_stops_the_launch_before_anything_runs(repository):
    repository.train("first", "train.py", "--steps", "1")
    data = repository.folder / "data" / "train.txt"
    data.write_text("all of the dat!")
    assert refused(repository).startswith(f"the data {data.as_uri()} is not what was recorded: its sha256 was ")
    data.unlink()
    assert (
        refused(repository) == f"the data {data.as_uri()} cannot be fetched: {data} cannot be read: No such file or directory"
    )
    assert [run.id for run in te.open_log(repository.log).runs()] == ["first"]


def test_kept_changes_that_somebody_altered_are_not_applied(repository):
    repository.write(**{"train.py": (repository.folder / "train.py").read_text() + "# changed\n"})
    repository.train("first", "train.py", "--steps", "1")
    (kept,) = repository.folder.parent.glob("log.db-files/??/*")
    kept.chmod(0o600)
    kept.write_text("other changes\n")
    assert refused(repository).startswith(f"the patch {kept.as_uri()} is not what was recorded")


def test_without_uv_one_line_says_how_to_install_it(one_run, tmp_path):
    """By a Python that has none beside it."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    (packages,) = tmp_path.glob("venv/lib/python*/site-packages")
    (packages / "here.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    python = str(tmp_path / "venv" / "bin" / "python")
    git = str(Path(shutil.which("git") or "").parent)
    assert refused(one_run, python=python, PATH=git) == (
        "uv is not installed, which makes the environment of the run: pip install uv"
    )
