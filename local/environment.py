"""AWS on this machine with the stack deployed to it. It stays running for `make local`, or it ends with a block."""

import os
import shlex
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import terraform
from local.deployment import bootstrap, deploy
from local.emulators import emulators, running, start_detached, stop
from local.endpoints import Endpoints
from local.errors import LocalUsageError
from local.installation import hold_lock
from stacks.settings.model import Settings

ENVIRONMENT = "local"
SETTINGS = Path("environments") / f"{ENVIRONMENT}.toml"
STATE = Path(".local")
"""The folder of `make local`: `env`, the logs, Terraform's working folder, the emulators' pid files."""


@dataclass(frozen=True)
class LocalEnvironment:
    """A deployed stack: the endpoints of AWS, Terraform's outputs, the folder with the logs, the build folder."""

    endpoints: Endpoints
    outputs: Mapping[str, str]
    folder: Path
    build: Path = terraform.BUILD

    @property
    def terraform_folder(self) -> Path:
        """The folder for `terraform plan` and `terraform output`; they need `environment()`."""
        return self.folder / "terraform" / "stacks" / stack_name()

    def variables(self) -> dict[str, str]:
        """What a program needs to use the stack: the AWS endpoints, this project's own settings, and each Terraform output."""
        outputs = self.outputs
        tables = f"{outputs['event_log_table_name']}?read_models={outputs['read_model_table_name']}"
        leaves = f"&notary={outputs['notary_table_name']}" if "notary_table_name" in outputs else ""
        notary = {
            variable: outputs[output]
            for variable, output in (
                ("TRAINING_EVENTS_NOTARY", "notary_function_name"),
                ("TRAINING_EVENTS_NOTARY_BUCKET", "checkpoint_bucket_name"),
            )
            if output in outputs
        }
        return {
            **self.endpoints.variables(),
            "TRAINING_EVENTS_BUS": outputs["event_bus_name"],
            "TRAINING_EVENTS_LOG": f"dynamodb://{tables}{leaves}",
            "TRAINING_EVENTS_PROCESSOR": outputs["event_processor_function_name"],
            "TRAINING_EVENTS_BUCKET": outputs["data_bucket_name"],
            **notary,
            "TRAINING_EVENTS_UNDELIVERED": outputs["undelivered_queue_url"],
            "TRAINING_EVENTS_RECIPES": f"s3://{outputs['data_bucket_name']}/recipes",
            **{f"OUTPUT_{name.upper()}": value for name, value in sorted(outputs.items())},
        }

    def environment(self) -> dict[str, str]:
        """The environment of a child process: this process's own, these variables, and what Terraform needs."""
        # A spool of its own: events for these emulators are of no use after they end. It is not in the variables, because
        # shells read `env`, and the name of a folder may have a blank in it.
        spool = {"TRAINING_EVENTS_SPOOL": str(self.folder / "spool")}
        return self.endpoints.environment({**os.environ, **terraform.environment(self.build)}) | self.variables() | spool


def up(state: Path = STATE, build: Path = terraform.BUILD) -> tuple[LocalEnvironment, bool]:
    """Start the emulators (or use those that run), deploy, and write `<state>/env`. True if the emulators ran before.

    If the deployment fails, the emulators that were started for it are stopped. Raises LocalError.
    """
    with hold_lock(build / f"{state.name}.lock", busy=f"another command is at work on {state}: wait for it"):
        terraform.require_terraform(terraform.environment(build))
        endpoints = running(region(), state)
        reused = endpoints is not None
        if endpoints is None:
            stop(state)
            shutil.rmtree(state, ignore_errors=True)
            endpoints = start_detached(region(), state, build)
        try:
            deployed = _deploy(endpoints, state, build)
            write_env(state / "env", deployed.variables())
        except BaseException:
            if not reused:
                stop(state)
            raise
        return deployed, reused


def down(state: Path = STATE, build: Path = terraform.BUILD) -> bool:
    """Stop what `up` started, and remove its folder. False if nothing ran. Raises LocalError."""
    with hold_lock(build / f"{state.name}.lock", busy=f"another command is at work on {state}: wait for it"):
        ran = stop(state)
        shutil.rmtree(state, ignore_errors=True)
        return ran


@contextmanager
def local_environment(name: str, build: Path = terraform.BUILD) -> Iterator[LocalEnvironment]:
    """Deploy the stack to emulators of its own, which run while the block runs, independent of `make local`.

    name: of its folder in `<build>`, for example "demo". The folder is emptied first, and stays afterwards for its logs.
    Raises LocalError.
    """
    folder = build / name
    with hold_lock(build / f"{name}.lock", busy=f"another command is at work on {folder}: wait for it"):
        terraform.require_terraform(terraform.environment(build))
        shutil.rmtree(folder, ignore_errors=True)
        with emulators(region(), folder, build) as endpoints:
            yield _deploy(endpoints, folder, build)


def region() -> str:
    """The region in the settings of the local environment. Raises LocalUsageError."""
    return str(_settings()["region"])


def stack_name() -> str:
    """The name of the local environment's stack. Raises LocalUsageError."""
    prefix = _settings().get("name_prefix", Settings.model_fields["name_prefix"].default)
    return f"{prefix}-{ENVIRONMENT}"


def _settings() -> dict[str, Any]:
    try:
        settings = tomllib.loads(SETTINGS.read_text())
        settings["region"]
    except FileNotFoundError:
        raise LocalUsageError(f"there is no {SETTINGS} here: run this in the project's folder") from None
    except (KeyError, tomllib.TOMLDecodeError) as error:
        raise LocalUsageError(f"{SETTINGS}: no region can be read from it ({error})") from None
    return settings


def _deploy(endpoints: Endpoints, folder: Path, build: Path) -> LocalEnvironment:
    environment = endpoints.environment({**os.environ, **terraform.environment(build)})
    folder = folder.resolve()  # cdktf changes its working folder
    bootstrap(ENVIRONMENT, environment, folder / "bootstrap.log")
    outputs = deploy(stack_name(), environment, folder / "terraform", folder / "deploy.log")
    return LocalEnvironment(endpoints=endpoints, outputs=outputs, folder=folder, build=build.resolve())


def write_env(path: Path, variables: Mapping[str, str]) -> None:
    """Write KEY=VALUE lines for a shell, which would take `&` for the end of a command. Replaces the file in one step."""
    draft = path.with_suffix(".new")
    draft.write_text("".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items()))
    draft.replace(path)
