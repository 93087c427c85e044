"""`python -m release.validate`: Terraform, with the real provider's schema, accepts every environment, as JSON and as HCL."""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from command_line import run_command
from release.errors import ReleaseError
from release.terraform import terraform
from stacks.settings.file import environment_names

DESCRIPTION = """\
Runs `terraform validate` over every environment: the Terraform JSON that `cdktf synth` wrote into cdktf.out, and the HCL that
`cdktf synth --hcl` writes. Both are validated in a folder of their own; cdktf.out stays as it is, and no state is asked for.
"""


def main(arguments: list[str] | None = None, out: Path = Path("cdktf.out")) -> int:
    """Validate; the exit code."""
    parser = argparse.ArgumentParser(
        "python -m release.validate",
        description=DESCRIPTION,
        epilog="exit codes: 0 all are valid, 1 one is not, or could not be read",
    )
    parser.parse_args(arguments)
    return run_command(lambda: _validate_both_forms(out))


def _validate_both_forms(out: Path) -> int:
    _validate_all(out, "JSON")
    with tempfile.TemporaryDirectory() as hcl:
        synthesize_hcl(Path(hcl))
        _validate_all(Path(hcl), "HCL")
    return 0


def _validate_all(out: Path, form: str) -> None:
    for name in environment_names():
        warnings = len(validate(out / "stacks" / f"training-{name}"))
        print(f"training-{name}: valid as {form}" + (f", with {warnings} warnings" if warnings else ""))


def synthesize_hcl(out: Path) -> None:
    """Every environment as HCL, by the cdktf CLI in the project's folder. Raises ReleaseError."""
    command = [sys.executable, "-m", "local.terraform", "npx", "--no-install", "cdktf", "synth", "--hcl", "--output", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not list(out.glob("stacks/*/cdk.tf")):
        raise ReleaseError(f"cdktf synth --hcl ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def validate(stack: Path) -> list[str]:
    """What Terraform warns of in a stack's folder, in a line each. Raises ReleaseError, with Terraform's own message.

    In a copy, without the state's backend: neither credentials nor a bucket are needed.
    """
    if not stack.is_dir():
        raise ReleaseError(f"{stack}: is not there: run `make synth` first")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, stack.name)
        shutil.copytree(stack, folder, ignore=shutil.ignore_patterns(".terraform*"))
        initialized = terraform(folder, "init", "-backend=false", "-input=false", "-no-color")
        if initialized.returncode:
            raise ReleaseError(f"{stack}: terraform init:\n{initialized.stderr.strip()}")
        validated = terraform(folder, "validate", "-json")
    try:
        said = json.loads(validated.stdout)
    except ValueError:
        raise ReleaseError(f"{stack}: terraform validate:\n{validated.stderr.strip()}") from None
    lines = [_line(diagnostic) for diagnostic in said["diagnostics"]]
    if not said["valid"]:
        raise ReleaseError("\n".join([f"{stack}: terraform validate:", *lines]))
    return lines


def _line(diagnostic: dict[str, Any]) -> str:
    place = diagnostic.get("range") or {"filename": "", "start": {"line": 0}}
    at = f"{place['filename']}:{place['start']['line']}"
    return f"{at}: {diagnostic['severity']}: {diagnostic['summary']}: {diagnostic.get('detail', '')}".rstrip(": ")


if __name__ == "__main__":
    sys.exit(main())
