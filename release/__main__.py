"""`python -m release [ENVIRONMENT]`: packs the synthesized Terraform into archives, for pipelines without Python."""

import argparse
import functools
import hashlib
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from command_line import run_command
from release import archive, origin, synthesized
from release.errors import ReleaseError
from release.provider_lock import NAME as LOCK
from release.provider_lock import ProviderLock, provider_lock
from release.readme import readme
from stacks.settings.file import ENVIRONMENTS, environment_names, load

DESCRIPTION = """\
Writes dist/terraform-<environment>-<version>.tar.gz, and a file with its sha256, from what `cdktf synth` wrote to cdktf.out.
The archive has the environment's Terraform JSON, the files that the JSON names, a lock of the provider that Terraform finds,
and a README.md with what to set and what to do. The same commit, tag and provider make the same file on every machine.
"""


def main(arguments: list[str] | None = None, out: Path = Path("cdktf.out"), dist: Path = Path("dist")) -> int:
    """Write the archives and return the exit code."""
    parser = argparse.ArgumentParser(
        "python -m release",
        description=DESCRIPTION,
        epilog="exit codes: 0 written, 1 something failed, 2 something for you to correct",
    )
    parser.add_argument("environment", nargs="?", help="a file in environments/, without .toml (default: each of them)")
    environment = parser.parse_args(arguments).environment
    return run_command(lambda: _release_all([environment] if environment else environment_names(), out, dist))


def _release_all(environments: Iterable[str], out: Path, dist: Path) -> int:
    # One lock for all environments that require the same: without a mirror Terraform downloads the provider for it.
    lock_for = functools.cache(lambda required: provider_lock(json.loads(required)))
    for name in environments:
        path = release(name, out, dist, lock_for)
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
    return 0


def release(environment: str, out: Path, dist: Path, lock_for: Callable[[str], ProviderLock]) -> Path:
    """Write the archive of one environment, from the cdktf.out folder `out`. Raises ReleaseError, SettingsError.

    lock_for: returns the lock for `terraform.required_providers`, which it gets as JSON.
    """
    settings = load(environment)
    stack = synthesized.read(out, settings.stack_name)
    file = out / "stacks" / stack.name / synthesized.JSON
    if file.stat().st_mtime < (ENVIRONMENTS / f"{environment}.toml").stat().st_mtime:
        raise ReleaseError(f"{file}: environments/{environment}.toml was changed since: run `make synth` again")
    version = origin.version()
    lock = lock_for(json.dumps(stack.content["terraform"]["required_providers"]))
    if lock.content is None:
        print(f"{environment}: without a lock file, because Terraform finds no provider: {lock.reason}", file=sys.stderr)
    text = readme(stack, settings, version, origin.commit(), lock)
    files = {**stack.files, "README.md": text.encode()} | ({LOCK: lock.content} if lock.content else {})
    sums = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    path = dist / f"terraform-{environment}-{version}.tar.gz"
    archive.write(path, path.name.removesuffix(".tar.gz"), files | {"SHA256SUMS": sums.encode()})
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_name(f"{path.name}.sha256").write_text(f"{digest}  {path.name}\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    sys.exit(main())
