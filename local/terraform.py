"""Runs a command so that Terraform finds its providers: in a mirror on this machine, if there is one.

python -m local.terraform npx cdktf diff training-dev
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NoReturn

from command_line import run_command
from local.errors import LocalUsageError

BUILD = Path(".build")
PROVIDER = "registry.terraform.io/hashicorp/aws"
PREFIXES = (Path("/opt"), Path("/usr/local"), Path("/usr/share"), Path.home())
"""Folders in which people and images keep a provider mirror."""
DEPTH = 5
"""How deep below a prefix a mirror may be, in folders."""
MAX_FOLDERS = 20_000
"""How many folders are searched below one prefix: a home folder may have millions."""
NEVER_MIRRORS = {".build", ".cache", ".git", ".terraform", "node_modules", "plugin-cache", "site-packages"}
"""Not searched: a project's downloads and Terraform's cache look like a mirror, but may have any version."""
MIN_PROVIDER = (5, 100)
MIN_TERRAFORM = (1, 10)
"""The S3 backend's native lock came with Terraform 1.10."""
ADVICE = "install it as HashiCorp's page 'Install Terraform' says (developer.hashicorp.com/terraform/install)"


def environment(build: Path = BUILD, prefixes: Iterable[Path] = PREFIXES) -> dict[str, str]:
    """The variables that a command needs to run Terraform. The user's own configuration stays in force.

    If a filesystem mirror has the AWS provider, a CLI configuration for that mirror is written to `build`.
    """
    build = build.resolve()
    # So that commands of this virtual environment (Node's npx, Python's tools) are found without activating it.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    variables = {"PATH": path, "CHECKPOINT_DISABLE": "1", "DISABLE_VERSION_CHECK": "1", "TF_IN_AUTOMATION": "1"}
    named = os.environ.get("TF_CLI_CONFIG_FILE")
    configuration = Path(named) if named else Path.home() / ".terraformrc"
    if configuration.is_file():
        mirror = _mirror_of(configuration)
    else:
        mirror = find_mirror(prefixes)
        if mirror or named:  # every command of Terraform warns if the named file does not exist
            variables["TF_CLI_CONFIG_FILE"] = str(_write_configuration(build / "terraform.rc", mirror))
        if not mirror and "TF_PLUGIN_CACHE_DIR" not in os.environ:
            cache = build / "terraform-plugins"
            cache.mkdir(parents=True, exist_ok=True)  # Terraform does not make the folder
            variables["TF_PLUGIN_CACHE_DIR"] = str(cache)
    if mirror:
        variables["CDKTF_DISABLE_PLUGIN_CACHE_ENV"] = "1"  # the mirror is the cache
        # cdktf runs `terraform providers lock`, which asks the registry even if the configuration names a mirror.
        variables["TF_CLI_ARGS_providers_lock"] = shlex.quote(f"-fs-mirror={mirror}")
    return variables


def _mirror_of(configuration: Path) -> Path | None:
    """The filesystem mirror in the user's CLI configuration, if there is one."""
    named = re.search(r'filesystem_mirror\s*\{[^}]*?\bpath\s*=\s*"([^"]+)"', configuration.read_text(errors="replace"))
    return Path(named[1]) if named else None


def find_mirror(prefixes: Iterable[Path], depth: int = DEPTH) -> Path | None:
    """The first folder with a provider that is new enough, at most `depth` folders below one of the prefixes."""
    for prefix in prefixes:
        level, searched = [str(prefix)], 0
        for _ in range(depth + 1):
            searched += len(level)
            for folder in level:
                if _holds_provider(Path(folder, PROVIDER)):
                    return Path(folder)
            if searched > MAX_FOLDERS:
                break
            level = [below for folder in level for below in _folders(folder)]
    return None


def _holds_provider(folder: Path) -> bool:
    """Whether the folder has a version that is new enough, unpacked (`5.100.0/`) or packed (`…_5.100.0_linux_amd64.zip`)."""
    if not folder.is_dir():
        return False
    versions = (re.search(r"(?:^|_)(\d+)\.(\d+)\.\d+(?:$|_.*zip$)", entry.name) for entry in folder.iterdir())
    return any((int(version[1]), int(version[2])) >= MIN_PROVIDER for version in versions if version)


def _folders(folder: str) -> list[str]:
    """The folders in a folder, sorted. Without links, which may form a circle, and without NEVER_MIRRORS."""
    try:
        with os.scandir(folder) as entries:
            return sorted(e.path for e in entries if e.name not in NEVER_MIRRORS and e.is_dir(follow_symlinks=False))
    except OSError:
        return []


def _write_configuration(path: Path, mirror: Path | None) -> Path:
    """Write a CLI configuration that takes the AWS provider from the mirror. Without a mirror, write an empty one."""
    text = ""
    if mirror:
        text = (
            "provider_installation {\n"
            f'  filesystem_mirror {{\n    path    = {json.dumps(str(mirror))}\n    include = ["{PROVIDER}"]\n  }}\n'
            f'  direct {{\n    exclude = ["{PROVIDER}"]\n  }}\n'
            "}\n"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    # Replaced in one step: another command may be reading it.
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_text(text)
    return draft.replace(path)


def require_terraform(variables: Mapping[str, str]) -> None:
    """Raises LocalUsageError unless Terraform 1.10 or newer is on the PATH."""
    binary = os.environ.get("TERRAFORM_BINARY_NAME", "terraform")
    path = shutil.which(binary, path=variables.get("PATH"))
    if not path:
        raise LocalUsageError(f"{binary} is not on the PATH: {ADVICE}, 1.10 or newer")
    done = subprocess.run([path, "version"], capture_output=True, text=True, env={**os.environ, **variables}, check=False)
    version = re.search(r"v(\d+)\.(\d+)\.\d+", done.stdout)
    if not version:
        raise LocalUsageError(f"{path} does not print its version: {ADVICE}, 1.10 or newer")
    if (int(version[1]), int(version[2])) < MIN_TERRAFORM:
        raise LocalUsageError(f"{path} is Terraform {version[0]}, and 1.10 or newer is needed: {ADVICE}")


def main(arguments: list[str]) -> int:
    """Replace this process by the command, with the environment that it needs. Returns only if that is not possible."""
    if not arguments or arguments[0] in {"-h", "--help"}:
        print(__doc__)
        return 0 if arguments else 2
    return run_command(lambda: _replace_process(arguments))


def _replace_process(command: list[str]) -> NoReturn:
    variables = environment()
    require_terraform(variables)
    os.environ.update(variables)
    try:
        os.execvp(command[0], command)  # noqa: S606 - becoming the command is the purpose
    except OSError as error:
        raise LocalUsageError(f"{command[0]}: {error.strerror}") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
