"""The stack as a library: an app elsewhere that installs its wheel declares what the repository declares, and more."""

import importlib.metadata
import json
import re
import subprocess
import zipfile
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest
import training_events
from packaging.requirements import Requirement

from command_line import CommandError
from tests.support.environment import without_aws
from tests.support.own_app import installed, synthesized_own_app
from tests.support.paths import ROOT
from tests.support.session import session_folder
from tools import wheel

OWN = ("aws_iam_policy", "auditors")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    (file,) = wheel.build_stack(tmp_path_factory.mktemp("library"))
    return file


@pytest.fixture(scope="session")
def own_app(pytestconfig: pytest.Config) -> Path:
    return synthesized_own_app(session_folder(pytestconfig))


def _metadata(file: Path) -> Any:
    with zipfile.ZipFile(file) as opened:
        (name,) = [name for name in opened.namelist() if name.endswith("/METADATA")]
        return BytesParser().parsebytes(opened.read(name))


def _stack(out: Path, environment: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((out / "stacks" / f"training-{environment}" / "cdk.tf.json").read_text("utf-8"))
    del content["//"]  # cdktf's own notes, in which also the own resource's type is counted
    return content


@pytest.mark.slow
@pytest.mark.parametrize("environment", ["dev", "local", "prod"])
def test_an_own_app_declares_what_the_repository_declares_and_its_own_resource(
    cdktf_out: Path, own_app: Path, environment: str
) -> None:
    own, here = _stack(own_app / "cdktf.out", environment), _stack(cdktf_out, environment)
    kind, name = OWN
    policy = own["resource"].pop(kind)[name]
    assert policy["name"] == f"training-{environment}-auditors"
    assert own == here  # also the hashes: the client and the functions' package have the same bytes


@pytest.mark.slow
def test_an_own_app_uploads_the_same_bytes(cdktf_out: Path, own_app: Path) -> None:
    def assets(out: Path) -> dict[str, bytes]:
        folder = out / "stacks" / "training-prod" / "assets"
        return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}

    assert assets(own_app / "cdktf.out") == assets(cdktf_out)


@pytest.mark.slow
def test_nothing_is_written_beside_the_installed_modules(own_app: Path) -> None:
    (site_packages,) = (own_app / ".venv" / "lib").glob("python*/site-packages")
    assert not (site_packages / ".build").exists()
    assert (own_app / ".build" / "client").is_dir()


APP = """\
from stacks.settings import Settings, sections
from stacks.settings.functions import TrainingStarter
from stacks.training_stack import TrainingStack
from cdktf import App
import cdktf_cdktf_provider_aws as aws  # as code imports the bindings that knows nothing of the library

settings = Settings(
    environment="dev",
    account_id="111122223333",
    region="us-east-1",
    training_starter=TrainingStarter(enabled=False),
    events=sections.Events(archive_days=30),
)
app = App()
stack = TrainingStack(app, settings)
aws.sqs_queue.SqsQueue(stack, "own", name=stack.settings.name("own"))
assert stack.training_starter is None and not hasattr(aws, "nothing")
app.synth()
"""
WRONG = """\
from stacks.settings import Settings

Settings(environment="dev", account_id="111122223333", region="us-east-1", events={"archive_day": 30})
"""


@pytest.mark.slow
def test_settings_can_be_made_in_python_and_are_typed(tmp_path: Path) -> None:
    (tmp_path / ".build").mkdir()
    (tmp_path / ".build" / "package").symlink_to(ROOT / ".build" / "package")
    python = str(installed(tmp_path))
    subprocess.run([python, "-c", APP], cwd=tmp_path, env=without_aws(), check=True)
    resources = json.loads((tmp_path / "cdktf.out/stacks/training-dev/cdk.tf.json").read_text("utf-8"))["resource"]
    assert resources["aws_sqs_queue"]["own"]["name"] == "training-dev-own"
    (archive,) = resources["aws_cloudwatch_event_archive"].values()
    assert archive["retention_days"] == 30
    command = [python, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), "-c", WRONG]
    typed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert re.findall(r"error: (.+?);", typed.stdout) == [
        'Argument "events" to "Settings" has incompatible type "dict[str, int]"'
    ], typed.stdout


def test_its_version_is_that_of_the_project_and_twine_accepts_it(built: Path) -> None:
    assert built.name == f"event_sourced_training_stack-{training_events.__version__}-py3-none-any.whl"
    wheel.check([built])


def test_what_it_needs_is_what_the_lock_has(built: Path) -> None:
    """What decides on the bytes of a synth is one version, so that the same version of the library makes the same bytes."""
    needed = [Requirement(text) for text in _metadata(built).get_all("Requires-Dist")]
    for requirement in needed:
        assert importlib.metadata.version(requirement.name) in requirement.specifier, requirement
    exact = {requirement.name for requirement in needed if str(requirement.specifier).startswith("==")}
    assert exact >= {"cdktf", "cdktf-cdktf-provider-aws", "hatchling"}


def test_the_example_asks_for_this_version(built: Path) -> None:
    (line,) = (ROOT / "examples" / "own_app" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    requirement = Requirement(line.partition("#")[0])
    assert requirement.name == _metadata(built)["Name"]
    assert training_events.__version__ in requirement.specifier


def test_the_wheel_holds_every_file_of_the_client_and_the_functions(built: Path) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "lambda/training_events", "stacks"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    with zipfile.ZipFile(built) as opened:
        held = set(opened.namelist())
    assert {
        f"stacks/sources/{name}" if name.startswith("lambda/") else name for name in tracked if (ROOT / name).exists()
    } <= held
    assert not [name for name in held if name.startswith(("tests/", "deploy/", "environments/"))]


def test_only_one_module_knows_where_the_repository_is() -> None:
    """Others would look for it beside the installed modules."""
    knowing = [
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / "stacks").rglob("*.py")
        if re.search(r"__file__\)(?!\.with_name\()", file.read_text(encoding="utf-8")) or ".cwd()" in file.read_text("utf-8")
    ]
    assert knowing == ["stacks/settings/folders.py"]


def test_without_what_draws_charts_no_wheel_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheel, "CHARTS", ROOT / "lambda" / "nowhere")
    with pytest.raises(CommandError, match=r"^lambda/nowhere is not there.*make setup brings it$"):
        wheel.build_stack(tmp_path / "dist")
    assert not (tmp_path / "dist").exists()
