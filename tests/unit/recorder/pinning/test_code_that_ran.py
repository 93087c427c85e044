"""What ran is pinned: the code of the program that was started, and what its commit lacks, in real repositories."""

import os
import subprocess
import sys
import venv

import pytest
from training_events.recorder.pinning.changes import MAX_PATCH_BYTES
from training_events.recorder.storage.files import local_path
from training_events.stores.opening import open_event_log

SETTINGS = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
AUTHOR = {f"GIT_{who}_{what}": "ada@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
TRAIN = "from training_events import record_run\nwith record_run(run_id='r') as run:\n    run.metric('loss', 0.5)\n"
FUNCTION = "from training_events import record_run\ndef train(*_):\n    with record_run(run_id='r'):\n        pass\n"


def git(folder, *command):
    done = subprocess.run(
        ["git", "-C", folder, *command], env=os.environ | SETTINGS | AUTHOR, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def repository(root, **files):
    """A repository with one commit of these files, each named by its stem."""
    root.mkdir()
    for stem, text in files.items():
        (root / f"{stem}.py").write_text(text, encoding="utf-8")
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--allow-empty", "--message", "first")
    return root


@pytest.fixture
def code_of(tmp_path, monkeypatch):
    """The code in the spec of the run that a Python process records."""
    for name in ("BUS", "BUCKET", "RUN", "GIT_COMMIT", "GIT_REPOSITORY"):
        monkeypatch.delenv(f"TRAINING_EVENTS_{name}", raising=False)

    def code_of(folder, *command, program=sys.executable, text="", **variables):
        log = f"sqlite:///{tmp_path}/log-{len(list(tmp_path.iterdir()))}.db"
        own = {"TRAINING_EVENTS_LOG": log, "TRAINING_EVENTS_SPOOL": str(tmp_path / "spool"), "PYTHONDONTWRITEBYTECODE": "1"}
        subprocess.run(
            [program, *command], cwd=folder, env=os.environ | SETTINGS | own | variables, input=text.encode(), check=True
        )
        events = [record.event for record in open_event_log(log).read("run/r")]
        [started] = [event for event in events if event.type == "TrainingStarted"]
        return started.data.get("code")

    return code_of


def patch_of(code):
    return local_path(code["diff"]["uri"]).read_bytes()


def applied(root, code, copy):
    """The files of the commit with the patch on top."""
    git(root, "worktree", "add", "--quiet", "--detach", copy, code["commit"])
    subprocess.run(["git", "-C", copy, "apply"], input=patch_of(code), env=os.environ | SETTINGS, check=True)
    return {path.name: path.read_text(encoding="utf-8") for path in copy.iterdir() if path.suffix == ".py"}


def test_a_clean_tree_is_its_commit(code_of, tmp_path):
    root = repository(tmp_path / "a", train=TRAIN)
    (root / "left behind.bin").write_bytes(b"x")
    assert code_of(root, "train.py") == {"commit": git(root, "rev-parse", "HEAD"), "dirty": False}


def test_an_untracked_script_and_its_untracked_helper_are_dirty_and_kept(code_of, tmp_path):
    root = repository(tmp_path / "a", model="rate = 0.1\n")
    (root / ".gitignore").write_text("scratch.py\n", encoding="utf-8")
    for name, text in {
        "my train.py": f"import helper, model\n{TRAIN}",
        "helper.py": "import scratch\n",
        "scratch.py": "x = 1\n",
    }.items():
        (root / name).write_text(text, encoding="utf-8")
    (root / "never_imported.py").write_text("y = 1\n", encoding="utf-8")
    code = code_of(root, "my train.py")
    assert (code["commit"], code["dirty"]) == (git(root, "rev-parse", "HEAD"), True)
    assert "not_kept" not in code
    assert applied(root, code, tmp_path / "copy") == {
        "model.py": "rate = 0.1\n",
        "my train.py": f"import helper, model\n{TRAIN}",
        "helper.py": "import scratch\n",
        "scratch.py": "x = 1\n",
    }


def test_a_program_that_is_in_no_file_is_dirty(code_of, tmp_path):
    root = repository(tmp_path / "a", train=TRAIN)
    commit = git(root, "rev-parse", "HEAD")
    expected = {"commit": commit, "dirty": True}
    assert code_of(root, "-c", TRAIN) == {**expected, "not_kept": {"<string>": "it is in no file"}}
    for command in ([], ["-"]):
        assert code_of(root, *command, text=TRAIN) == {**expected, "not_kept": {"<stdin>": "it is in no file"}}


def test_a_helper_in_no_repository_is_dirty(code_of, tmp_path):
    root = repository(tmp_path / "a", train=f"import helper\n{TRAIN}")
    helper = tmp_path / "shared/helper.py"
    helper.parent.mkdir()
    helper.write_text("rate = 0.1\n", encoding="utf-8")
    code = code_of(root, "train.py", PYTHONPATH=str(helper.parent))
    assert code == {
        "commit": git(root, "rev-parse", "HEAD"),
        "dirty": True,
        "not_kept": {str(helper.resolve()): "it is in no git repository"},
    }


@pytest.mark.parametrize("place", ["b", "a/vendored"])
def test_a_helper_of_another_repository_is_dirty_if_its_own_commit_lacks_it(code_of, tmp_path, place):
    root = repository(tmp_path / "a", train=f"import helper\n{TRAIN}")
    other = repository(tmp_path / place, helper="import more\n", more="rate = 0.1\n", unrelated="")
    clean = {"commit": git(root, "rev-parse", "HEAD"), "dirty": False}
    (other / "unrelated.py").write_text("x = 1\n", encoding="utf-8")
    assert code_of(root, "train.py", PYTHONPATH=str(other)) == clean
    (other / "more.py").write_text("rate = 0.2\nimport newer\n", encoding="utf-8")
    (other / "newer.py").write_text("", encoding="utf-8")
    code = code_of(root, "train.py", PYTHONPATH=str(other))
    assert (code["dirty"], "diff" in code) == (True, False)
    assert sorted(code["not_kept"]) == [str((other / name).resolve()) for name in ("more.py", "newer.py")]


def test_changes_to_tracked_files_are_kept(code_of, tmp_path):
    root = repository(tmp_path / "a", train=TRAIN, model="rate = 0.1\n", old="x = 1\n")
    (root / "model.py").write_text("rate = 0.2\n", encoding="utf-8")
    (root / "old.py").unlink()
    git(root, "config", "diff.noprefix", "true")
    git(root, "config", "color.ui", "always")
    code = code_of(root, "train.py")
    assert code["dirty"] is True
    assert applied(root, code, tmp_path / "copy") == {"train.py": TRAIN, "model.py": "rate = 0.2\n"}


def test_a_file_that_holds_a_credential_is_not_kept_and_the_spec_says_so(code_of, tmp_path):
    root = repository(tmp_path / "a", train=f"import settings, helper\n{TRAIN}", settings="x = 1\n")
    (root / "settings.py").write_text("x = 2\napi_key = 'hunter2'\n", encoding="utf-8")
    (root / "helper.py").write_text("import secret_sauce\n", encoding="utf-8")
    (root / "secret_sauce.py").write_text("url = 'postgresql://u:hunter2@h/db'\n", encoding="utf-8")
    code = code_of(root, "train.py")
    assert code["not_kept"] == dict.fromkeys(["settings.py", "secret_sauce.py"], "it looks as if it held a credential")
    patch = patch_of(code)
    assert b"hunter2" not in patch
    assert b"helper.py" in patch


def test_a_key_in_an_untracked_helper_is_not_kept(code_of, tmp_path):
    key = "0123456789abcdef0123456789abcdef9abcdef0"
    root = repository(tmp_path / "a", train=f"import helper\n{TRAIN}")
    (root / "helper.py").write_text(f"def log_in(wandb):\n    wandb.login(key='{key}')\n", encoding="utf-8")
    assert code_of(root, "train.py")["not_kept"] == {"helper.py": "it looks as if it held a credential"}
    everything = b"".join(path.read_bytes() for path in tmp_path.glob("*") if path.is_file() and path.name.startswith("log"))
    assert b"hunter2" not in everything


def test_a_binary_file_is_not_kept_and_the_spec_says_so(code_of, tmp_path):
    """A table or a pickle may hold a credential that no pattern sees."""
    root = repository(tmp_path / "a", train=TRAIN)
    (root / "table.bin").write_bytes(b"\0 1")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "second")
    (root / "table.bin").write_bytes(b"\0 password=hunter2")
    (root / "train.py").write_text(f"{TRAIN}\n", encoding="utf-8")
    code = code_of(root, "train.py")
    assert list(code["not_kept"]) == ["table.bin"]
    assert applied(root, code, tmp_path / "copy") == {"train.py": f"{TRAIN}\n"}


def test_too_large_a_change_is_not_kept_and_the_spec_says_so(code_of, tmp_path):
    root = repository(tmp_path / "a", train=f"import helper, table\n{TRAIN}")
    (root / "helper.py").write_text("x = 1\n", encoding="utf-8")
    (root / "table.py").write_text(f"x = '''{'0123456789' * (MAX_PATCH_BYTES // 10 + 1)}'''\n", encoding="utf-8")
    code = code_of(root, "train.py")
    assert list(code["not_kept"]) == ["table.py"]
    assert str(MAX_PATCH_BYTES) in code["not_kept"]["table.py"]
    assert b"helper.py" in patch_of(code)


def test_of_changes_that_are_too_large_together_as_many_are_kept_as_there_is_room_for(code_of, tmp_path):
    root = repository(tmp_path / "a", train=f"import a, b, c\n{TRAIN}")
    for name, share in (("a", 0.6), ("b", 0.6), ("c", 0.1)):
        content = "0123456789" * int(share * MAX_PATCH_BYTES / 10)
        (root / f"{name}.py").write_text(f"x = '''{content}'''\n", encoding="utf-8")
    code = code_of(root, "train.py")
    assert code["not_kept"] == {"b.py": f"all changes together would take more than {MAX_PATCH_BYTES} bytes"}
    assert set(applied(root, code, tmp_path / "copy")) == {"train.py", "a.py", "c.py"}


def test_without_a_place_for_files_the_patch_is_beside_the_spool(code_of, tmp_path):
    root = repository(tmp_path / "a")
    (root / "train.py").write_text(TRAIN, encoding="utf-8")
    code = code_of(root, "train.py", TRAINING_EVENTS_BUCKET="none")
    assert b"train.py" in patch_of(code)
    assert (tmp_path / "spool") in local_path(code["diff"]["uri"]).parents


def test_a_patch_that_cannot_be_stored_is_not_kept_and_the_spec_says_so(code_of, tmp_path):
    root = repository(tmp_path / "a")
    (root / "train.py").write_text(TRAIN, encoding="utf-8")
    away = {"TRAINING_EVENTS_BUCKET": "bucket", "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_REGION": "eu-central-1"}
    code = code_of(root, "train.py", **away, AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b")
    assert code["dirty"] is True
    assert "diff" not in code
    assert "was not stored in bucket" in code["not_kept"]["."] or "127.0.0.1:9" in code["not_kept"]["."]


def test_a_remote_of_any_name_is_found(code_of, tmp_path):
    root = repository(tmp_path / "a", train=TRAIN)
    git(root, "remote", "add", "upstream", "https://example.org/team/a.git")
    git(root, "remote", "add", "fork", "https://example.org/ada/a.git?access_token=hunter2")
    assert code_of(root, "train.py")["repository"] == "https://example.org/ada/a.git?access_token=***"
    git(root, "remote", "add", "origin", "git@example.org:team/a.git")
    assert code_of(root, "train.py")["repository"] == "git@example.org:team/a.git"


@pytest.fixture
def tool(tmp_path):
    """A repository with an environment of its own, which has a console script. Its code is in the folder that is given."""
    root = repository(tmp_path / "a")
    venv.create(root / ".venv", symlinks=True)
    environment = root / ".venv"

    def tool(folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "tool.py").write_text(FUNCTION, encoding="utf-8")
        script = environment / "bin/tool"
        script.write_text("import sys\nfrom tool import train\nsys.exit(train())\n", encoding="utf-8")
        paths = os.pathsep.join([str(folder), *sys.path])
        return {"program": environment / "bin/python", "PYTHONPATH": paths}, script

    return tool


def test_a_console_script_of_one_repository_that_runs_in_another_is_code_of_neither(code_of, tmp_path, tool):
    b = repository(tmp_path / "b", unrelated="x = 1\n")
    [packages] = (tmp_path / "a/.venv").rglob("site-packages")
    start, script = tool(packages)
    assert code_of(b, script, **start) is None
    assert code_of(tmp_path / "a", script, **start) is None


def test_a_console_script_of_a_package_in_development_is_code_of_its_repository(code_of, tmp_path, tool):
    b = repository(tmp_path / "b", unrelated="x = 1\n")
    start, script = tool(tmp_path / "a/src")
    git(tmp_path / "a", "add", "src")
    git(tmp_path / "a", "commit", "--quiet", "--message", "second")
    assert code_of(b, script, **start) == {"commit": git(tmp_path / "a", "rev-parse", "HEAD"), "dirty": False}


def test_the_script_that_a_launcher_runs_is_the_code(code_of, tmp_path):
    """Such as coverage, IPython or accelerate, whose own program is in the environment."""
    a, b = repository(tmp_path / "a"), repository(tmp_path / "b", train=TRAIN)
    code = code_of(a, "-m", "cProfile", "-o", os.devnull, b / "train.py")
    assert code["commit"] == git(b, "rev-parse", "HEAD")


@pytest.mark.parametrize(
    "start",
    [
        "import joblib; joblib.Parallel(n_jobs=2)([joblib.delayed(train)()])",
        "import multiprocessing as m; p = m.get_context('spawn').Process(target=train); p.start(); p.join()",
        "import multiprocessing as m; p = m.get_context('fork').Process(target=train); p.start(); p.join()",
        "from concurrent.futures import ThreadPoolExecutor as T; T().submit(train).result()",
    ],
)
def test_a_worker_has_the_commit_of_its_parent(code_of, tmp_path, start):
    root = repository(tmp_path / "a", program=f"{FUNCTION}if __name__ == '__main__':\n    {start}\n")
    assert code_of(tmp_path, root / "program.py") == {"commit": git(root, "rev-parse", "HEAD"), "dirty": False}
