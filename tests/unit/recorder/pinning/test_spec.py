"""The pinned spec of a run: what is given and what can be found out, whatever the types and whatever fails."""

import getpass
import json
import logging
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from training_events import catalogue
from training_events.canonical import canonical_json
from training_events.catalogue.stored import Stored
from training_events.errors import NotStored
from training_events.recorder.options import RunOptions
from training_events.recorder.pinning import spec
from training_events.recorder.pinning.environment import ALLOWED, entry_point, machine, working_folder
from training_events.recorder.pinning.packages import installed_packages
from training_events.recorder.pinning.program import code_folder
from training_events.recorder.pinning.spec import pinned_spec
from training_events.redaction.names import may_be_secret_name

from tests.support.python_values import anything
from tests.support.records import Config
from tests.support.sagemaker_folder import STUDIO, notebook, training_job

OPTIONS = [name for name in RunOptions.__struct_fields__ if name != "run_id"]
DIGEST = "sha256:" + "ab" * 32


def pin(dataset):
    if "missing" in str(dataset):
        raise NotStored(f"{dataset} is not there")
    return Stored(dataset if "://" in str(dataset) else f"file:///data/{dataset}", sha256=DIGEST, bytes=7)


@pytest.fixture
def pinned(tmp_path):
    """The spec with nothing of this machine's SageMaker or environment in it."""

    def pinned(variables={"PATH": os.environ["PATH"]}, **options):  # noqa: B006 - nobody changes it
        return pinned_spec(RunOptions(**options), pin=pin, variables=variables, folder=tmp_path)

    return pinned


@pytest.fixture
def quiet():
    """Generated arguments cause hundreds of warnings."""
    logging.getLogger("training_events").setLevel(logging.ERROR)
    yield
    logging.getLogger("training_events").setLevel(logging.NOTSET)


loose = st.none() | st.text(max_size=5) | anything
names = ["API_TOKEN", "HOME", "OMP_NUM_THREADS"]


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(OPTIONS, loose)),
    st.dictionaries(st.sampled_from([*names, "TRAINING_EVENTS_IMAGE", "TRAINING_EVENTS_GIT_COMMIT"]), st.text(st.characters())),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_whatever_is_given_the_spec_fits_the_catalogue(tmp_path, quiet, options, environment):
    data = pinned_spec(RunOptions(**options), pin=pin, variables=environment, folder=tmp_path)
    catalogue.read("run/x", "TrainingStarted", 1, canonical_json(data).decode())


def test_everything_that_is_given_is_recorded(pinned):
    data = pinned(
        model="digits",
        hyperparameters={"C": 1.0, "path": Path("x")},
        seeds={"split": 7},
        datasets=["digits.npz", Stored("s3://bucket/x", "v1")],
        goals={"reward": "maximize"},
        resumed_from="digits-1",
        requested_by="ada",
    )
    assert data.pop("packages")["pytest"] == version("pytest")
    assert data.pop("python") == platform.python_version()
    assert data.pop("machine") == machine()
    # of the program that runs the tests, and of how it was installed
    for of_this_program in ("entry_point", "arguments", "working_folder", "direct_packages"):
        data.pop(of_this_program, None)
    data.pop("code", None)  # of the repository that pytest lies in, if any
    assert data == {
        "model": "digits",
        "hyperparameters": {"C": 1.0, "path": "x"},
        "seeds": {"split": 7},
        "datasets": [
            {"uri": "file:///data/digits.npz", "sha256": DIGEST, "bytes": 7},
            {"uri": "s3://bucket/x", "version_id": "v1"},
        ],
        "goals": {"reward": "maximize"},
        "resumed_from": "digits-1",
        "requested_by": "ada",
    }


def test_what_is_not_known_is_absent(pinned, monkeypatch, tmp_path):
    monkeypatch.setattr(spec, "main_module", lambda: ModuleType("__main__"))
    monkeypatch.setattr(getpass, "getuser", lambda: os.environ["NO_NAME_FOR_THIS_USER"])
    data = pinned(variables={"PATH": str(tmp_path)})  # without git
    assert data.keys() - {"direct_packages"} == {"packages", "python", "machine"}


@pytest.mark.parametrize(
    ("given_", "expected"),
    [(7, 7), ({"a": 1}, {"a": 1}), ([1, 2], {"seeds": [1, 2]}), (True, {"seeds": True}), (2**64, 2**64), (0.5, {"seeds": 0.5})],
)
def test_seeds_of_any_type_become_a_number_or_an_object(pinned, given_, expected):
    assert pinned(seeds=given_)["seeds"] == expected


def test_hyperparameters_may_be_any_object_with_attributes(pinned):
    options = type("Options", (), {})()
    options.rate = 0.1
    for given_ in (options, SimpleNamespace(rate=0.1), {"rate": 0.1}):
        assert pinned(hyperparameters=given_)["hyperparameters"] == {"rate": 0.1}
    assert pinned(hyperparameters={})["hyperparameters"] == {}


def test_the_address_of_a_dataset_has_no_credentials(pinned):
    datasets = pinned(datasets="https://ada:secret@example.org/x.csv")["datasets"]
    assert datasets == [{"uri": "https://example.org/x.csv", "sha256": DIGEST, "bytes": 7}]


def test_datasets_may_have_roles(pinned):
    one = {"uri": "file:///data/x.csv", "sha256": DIGEST, "bytes": 7}
    assert pinned(datasets={"train": "x.csv", "test": [Path("x.csv"), Stored("s3://b/k", "v1")]})["datasets"] == [
        one | {"role": "train"},
        one | {"role": "test"},
        {"uri": "s3://b/k", "version_id": "v1", "role": "test"},
    ]
    assert "datasets" not in pinned(datasets={})


def test_a_dataset_may_be_an_object_with_its_address(pinned, caplog):
    one = {"uri": "file:///data/x.csv", "sha256": DIGEST, "bytes": 7}
    stored = {"uri": "s3://b/k", "version_id": "v1", "sha256": "5e"}
    assert pinned(datasets={"train": {"uri": "x.csv"}, "test": [stored]})["datasets"] == [
        one | {"role": "train"},
        stored | {"role": "test"},
    ]
    assert pinned(datasets={"uri": "x.csv", "role": "train"})["datasets"] == [one | {"role": "train"}]
    assert pinned(datasets=[stored | {"role": "test"}])["datasets"] == [stored | {"role": "test"}]
    assert not caplog.messages
    assert pinned(datasets=["x.csv", {"format": "csv"}])["datasets"] == [one]
    assert "datasets: an object with the keys format has neither a uri nor a sha256" in caplog.text


def test_the_arguments_of_the_program_are_recorded_without_credentials(pinned, caplog, monkeypatch):
    main = ModuleType("__main__")
    main.__file__ = "train.py"
    monkeypatch.setattr(spec, "main_module", lambda: main)
    monkeypatch.setattr(sys, "argv", ["train.py", "--lr", "0.1", "--hub-token", "hush", "-p", "hush", "--api-key=hush"])
    assert pinned()["arguments"] == ["--lr", "0.1", "--hub-token", "***", "-p", "***", "--api-key=***"]
    [warning] = caplog.messages
    assert "arguments: 3 of them look like a credential" in warning
    assert "hush" not in warning


def test_a_program_without_arguments_records_that_it_had_none(pinned, monkeypatch):
    main = ModuleType("__main__")
    main.__file__ = "train.py"
    monkeypatch.setattr(spec, "main_module", lambda: main)
    monkeypatch.setattr(sys, "argv", ["train.py"])
    assert pinned()["arguments"] == []


def test_a_warning_names_each_field_that_held_a_credential(pinned, caplog):
    data = pinned(
        hyperparameters={"wandb_api_key": "hush", "hub": {"url": "https://ada:hush@hub"}, "max_tokens": 3},
        datasets=["https://h/x?sig=hush"],
        environment=["DATABASE"],
        variables={"DATABASE": "postgresql://h/db?password=hush", "PATH": os.environ["PATH"]},
    )
    assert data["hyperparameters"] == {"wandb_api_key": "***", "hub": {"url": "https://hub"}, "max_tokens": 3}
    assert "hush" not in repr(data)
    [warning] = caplog.messages
    fields = "hyperparameters.hub.url, hyperparameters.wandb_api_key, datasets[0].uri, environment.DATABASE"
    assert f"{fields} held what looks like a credential" in warning
    assert "hush" not in warning


def test_a_hyperparameter_that_cannot_be_read_is_named_in_the_warning(pinned, caplog):
    assert pinned(hyperparameters=Config({"a": 1, "b": "$x"}))["hyperparameters"] == {"a": 1, "b": "<InterpolationError>"}
    [warning] = caplog.messages
    assert warning.count("hyperparameters: b cannot be read (InterpolationError)") == 1


def test_a_single_dataset_needs_no_list(pinned):
    assert pinned(datasets="x.csv")["datasets"] == pinned(datasets=["x.csv"])["datasets"]
    assert pinned(datasets=Path("x.csv"))["datasets"] == [{"uri": "file:///data/x.csv", "sha256": DIGEST, "bytes": 7}]


def test_all_failures_become_one_warning_and_the_rest_is_recorded(pinned, caplog, monkeypatch):
    monkeypatch.setattr(spec, "installed_packages", lambda: 1 / 0)
    data = pinned(
        model="digits",
        hyperparameters=7,
        datasets=["missing.csv", "https://ada:secret@example.org/missing.csv", "x.csv"],
        goals={"loss": "smaller", "reward": "maximize"},
        environment=["API_TOKEN", "HOME"],
        variables={"API_TOKEN": "hush", "HOME": "/home/ada", "PATH": os.environ["PATH"]},
    )
    assert data["model"] == "digits"
    uris = [dataset["uri"] for dataset in data["datasets"]]
    assert uris == ["missing.csv", "https://example.org/missing.csv", "file:///data/x.csv"]
    assert data["goals"] == {"reward": "maximize"}
    assert data["environment"] == {"HOME": "/home/ada"}
    assert not data.keys() & {"packages", "hyperparameters"}
    [warning] = caplog.messages
    for part in ("packages: division by zero", "hyperparameters: ", "dataset missing.csv: missing.csv is not there",
                 "goals: loss is neither", "environment: API_TOKEN looks like a secret"):  # fmt: skip
        assert part in warning
    assert "hush" not in warning


@pytest.mark.parametrize(
    "name",
    ["API_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "HF_TOKEN", "WANDB_API_KEY", "PGPASSWORD",
     "MYSQL_PWD", "db_pass", "OpenAiApiKey", "KEY2", "GOOGLE_APPLICATION_CREDENTIALS", "TOKENS", "BASIC_AUTH"],
)  # fmt: skip
def test_a_variable_that_looks_like_a_secret_is_left_out(pinned, name):
    assert may_be_secret_name(name)
    assert "environment" not in pinned(environment=[name], variables={name: "hush"})


@pytest.mark.parametrize("name", [*ALLOWED, "TOKENIZERS_PARALLELISM", "KEYBOARD", "AUTHOR", "NUM_PASSES_DONE", "MY_VARIABLE"])
def test_a_harmless_name_does_not_look_like_a_secret(name):
    assert not may_be_secret_name(name)


def test_the_variables_that_matter_and_those_asked_for_are_pinned(pinned):
    environment = {"PYTHONHASHSEED": "0", "MY_URL": "http://ada:secret@proxy:3128/x", "OTHER": "1"}
    assert pinned(variables=environment)["environment"] == {"PYTHONHASHSEED": "0"}
    asked_for = pinned(variables=environment, environment=("MY_URL", "NOT_SET"))["environment"]
    assert asked_for == {"PYTHONHASHSEED": "0", "MY_URL": "http://proxy:3128/x"}
    assert pinned(variables=environment, environment="OTHER")["environment"] == {"PYTHONHASHSEED": "0", "OTHER": "1"}


@pytest.mark.parametrize(
    ("variable", "image"),
    [
        (f"repo/train@{DIGEST}", {"uri": "repo/train", "digest": DIGEST}), ("repo/train:1", {"uri": "repo/train:1"}),
        (f"repo/train:1@{DIGEST}", {"uri": "repo/train:1", "digest": DIGEST}), (" ", None),
        (f"https://ada:hush@repo/train@{DIGEST}", {"uri": "https://repo/train", "digest": DIGEST}),
    ],
)  # fmt: skip
def test_the_image_and_its_digest(pinned, variable, image):
    assert pinned(variables={"TRAINING_EVENTS_IMAGE": variable}).get("image") == image


def test_a_training_job_pins_its_instances_and_hyperparameters(pinned, tmp_path):
    training_job(tmp_path)
    data = pinned(variables={"TRAINING_JOB_NAME": "digits-1"})
    assert data["instance"] == {"type": "ml.c5.xlarge", "count": 3}
    assert data["hyperparameters"]["epochs"] == 8
    assert "requested_by" not in data
    assert pinned(hyperparameters={"epochs": 1})["hyperparameters"] == {"epochs": 1}


def test_who_asked_for_the_run(pinned, tmp_path, monkeypatch):
    monkeypatch.setattr(getpass, "getuser", lambda: "grace")
    assert pinned()["requested_by"] == "grace"
    notebook(tmp_path, STUDIO)
    assert pinned()["requested_by"] == "ada"
    assert pinned(requested_by="team")["requested_by"] == "team"


def test_packages_are_listed_by_normalized_name():
    packages = installed_packages().versions
    assert packages["scikit-learn"] == version("scikit-learn")
    assert list(packages) == sorted(packages)
    assert all(name == name.lower() and "_" not in name for name in packages)


def test_a_broken_distribution_is_left_out(tmp_path, monkeypatch):
    for name, content in {
        "Good_One-1.0": b"Name: Good_One\nVersion: 1.0\n\nName: no\n",
        "bad-1.0": b"\xff\xfe",
        "none-1.0": None,
    }.items():
        (tmp_path / f"{name}.dist-info").mkdir()
        if content is not None:
            (tmp_path / f"{name}.dist-info/METADATA").write_bytes(content)
    (tmp_path / "old.egg-info").write_text("Name: old\nVersion: 2\n", encoding="utf-8")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert installed_packages() == ({"good-one": "1.0", "old": "2"}, {})


SHA = "c0ffee" * 6 + "abcd"
DIRECT = {
    "editable": ({"url": "file:///src/editable", "dir_info": {"editable": True}}, "editable file:///src/editable"),
    "folder": ({"url": "file:///src/folder", "dir_info": {}}, "file:///src/folder"),
    "wheel": ({"url": "file:///w/wheel-1-py3-none-any.whl", "archive_info": {}}, "file:///w/wheel-1-py3-none-any.whl"),
    "repository": (
        {"url": "https://h.example/o/r", "vcs_info": {"vcs": "git", "requested_revision": "main", "commit_id": SHA}},
        f"git+https://h.example/o/r@{SHA}",
    ),
    "below": (
        {"url": "https://h.example/r", "vcs_info": {"vcs": "git", "commit_id": SHA}, "subdirectory": "python"},
        f"git+https://h.example/r@{SHA}#subdirectory=python",
    ),
    "secret_storage": (
        {"url": "https://user:hunter2@h.example/r", "vcs_info": {"vcs": "git", "commit_id": SHA}},
        f"git+https://h.example/r@{SHA}",
    ),
    "broken": ({"url": 1}, None),
    "from_index": (None, None),
}


def installed(folder, name, direct):
    info = folder / f"{name}-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Name: {name}\nVersion: 1\n\n", encoding="utf-8")
    if direct is not None:
        (info / "direct_url.json").write_text(json.dumps(direct), encoding="utf-8")


def test_a_package_that_no_index_has_is_pinned_with_its_address_and_without_credentials(tmp_path, monkeypatch, pinned, caplog):
    for name, (direct, _) in DIRECT.items():
        installed(tmp_path / "site", name, direct)
    installed(tmp_path / "later", "from_index", DIRECT["folder"][0])
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site"), str(tmp_path / "later")])
    data = pinned()
    normalized = {name.replace("_", "-"): address for name, (_, address) in DIRECT.items()}
    assert data["direct_packages"] == {name: address for name, address in normalized.items() if address}
    assert set(data["packages"]) == set(normalized)
    assert "direct_packages.secret-storage held what looks like a credential" in caplog.text


def test_without_such_packages_nothing_is_said_of_them(tmp_path, monkeypatch, pinned):
    installed(tmp_path, "from_index", None)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert "direct_packages" not in pinned()


def test_where_the_program_runs_relative_to_the_root(tmp_path, monkeypatch):
    (tmp_path / "root" / "a" / "b").mkdir(parents=True)
    places = {"root": None, "root/a/b": "a/b", ".": str(tmp_path.resolve())}
    for folder, recorded in places.items():
        monkeypatch.chdir(tmp_path / folder)
        assert working_folder(tmp_path / "root") == recorded
        assert working_folder(None) is None


def test_the_machine_and_the_run_that_is_done_again_are_pinned(pinned):
    data = pinned()
    assert data["machine"] == machine() == f"{platform.machine()} {platform.system()}"
    assert "reproduces" not in data
    for name in ("run/digits-7", "digits-7", " run/digits-7 "):
        assert pinned({"TRAINING_EVENTS_REPRODUCES": name})["reproduces"] == "run/digits-7"


SCRIPT = (
    "from training_events.recorder.pinning.environment import *\n"
    "from training_events.recorder.pinning.program import *\n"
    "print(entry_point(main_module(), {root}), code_folder(main_module()))\n"
)


@pytest.fixture
def started(tmp_path):
    """What a Python process prints about itself. The code is in `project`, and the working folder is another one."""
    project, elsewhere = tmp_path.resolve() / "project", tmp_path.resolve() / "elsewhere"
    (project / "package").mkdir(parents=True)
    elsewhere.mkdir()
    for file in ("train.py", "package/__init__.py", "package/train.py", "package/__main__.py"):
        text = SCRIPT.format(root="Path(__import__('sys').argv[1]) if len(__import__('sys').argv) > 1 else None")
        (project / file).write_text(text if "__init__" not in file else "", encoding="utf-8")

    def started(*command, folder=elsewhere, **environment):
        env = os.environ | {"PYTHONPATH": f"{project}:{os.environ.get('PYTHONPATH', '')}"} | environment
        done = subprocess.run([sys.executable, *command], cwd=folder, env=env, capture_output=True, text=True, check=True)
        return done.stdout.strip().replace(str(project), "project").replace(str(elsewhere), "elsewhere")

    return started


def test_the_entry_point_of_scripts_modules_and_folders(started, tmp_path):
    project = tmp_path.resolve() / "project"
    assert started(project / "train.py") == "project/train.py project"
    assert started(project / "train.py", project) == "train.py project"
    assert started("train.py", folder=project) == "train.py project"
    assert started(project / "package/train.py", project) == "package/train.py project/package"
    assert started("-m", "package.train", project) == "-m package.train project/package"
    assert started("-m", "package") == "-m package project/package"
    assert started(project / "package", project) == "package/__main__.py project/package"
    assert started("-c", SCRIPT.format(root=None)) == "None elsewhere"


def test_the_entry_point_of_a_notebook(tmp_path):
    cells = ModuleType("__main__")
    assert entry_point(cells, tmp_path, {}) is None
    assert entry_point(None, tmp_path, {}) is None
    known = {"JPY_SESSION_NAME": str(tmp_path / "examples/train.ipynb")}
    assert entry_point(cells, tmp_path, known) == "examples/train.ipynb"
    assert entry_point(cells, tmp_path, {"JPY_SESSION_NAME": "console-1"}) is None
    assert code_folder(cells) == Path.cwd()
