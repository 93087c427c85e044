"""`python -m release.validate`: lets Terraform validate every environment, as JSON and as HCL, with the provider's schema."""

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
from stacks.settings.file import load_all

DESCRIPTION = """\
Runs `terraform validate` on every environment: on the Terraform JSON that `cdktf synth` wrote to cdktf.out, and on the HCL of
`cdktf synth --hcl`. Both are validated in a temporary folder: cdktf.out does not change, and no state is read.
"""


def main(arguments: list[str] | None = None, out: Path = Path("cdktf.out")) -> int:
    """Validate and return the exit code."""
    parser = argparse.ArgumentParser(
        "python -m release.validate",
        description=DESCRIPTION,
        epilog="exit codes: 0 all are valid, 1 one is not valid, or could not be read",
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
    for stack in (settings.stack_name for settings in load_all()):
        warnings = len(validate(out / "stacks" / stack))
        print(f"{stack}: valid as {form}" + (f", with {warnings} warnings" if warnings else ""))


def synthesize_hcl(out: Path) -> None:
    """Write every environment as HCL, by the cdktf CLI in the project's folder. Raises ReleaseError."""
    command = [sys.executable, "-m", "local.terraform", "npx", "--no-install", "cdktf", "synth", "--hcl", "--output", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not list(out.glob("stacks/*/cdk.tf")):
        raise ReleaseError(f"cdktf synth --hcl ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def validate(stack: Path) -> list[str]:
    """Terraform's warnings on a stack's folder, a line each. Raises ReleaseError, with Terraform's own message.

    It validates a copy, without the state's backend, so that it needs neither credentials nor a bucket.
    """
    if not stack.is_dir():
        raise ReleaseError(f"{stack}: does not exist: run `make synth` first")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, stack.name)
        shutil.copytree(stack, folder, ignore=shutil.ignore_patterns(".terraform*"))
        initialized = terraform(folder, "init", "-backend=false", "-input=false", "-no-color")
        if initialized.returncode:
            raise ReleaseError(f"{stack}: terraform init:\n{initialized.stderr.strip()}")
        validated = terraform(folder, "validate", "-json")
    try:
        result = json.loads(validated.stdout)
    except ValueError:
        raise ReleaseError(f"{stack}: terraform validate:\n{validated.stderr.strip()}") from None
    lines = [_line(diagnostic) for diagnostic in result["diagnostics"]]
    if not result["valid"]:
        raise ReleaseError("\n".join([f"{stack}: terraform validate:", *lines]))
    return lines


def _line(diagnostic: dict[str, Any]) -> str:
    source = diagnostic.get("range") or {"filename": "", "start": {"line": 0}}
    position = f"{source['filename']}:{source['start']['line']}"
    return f"{position}: {diagnostic['severity']}: {diagnostic['summary']}: {diagnostic.get('detail', '')}".rstrip(": ")


if __name__ == "__main__":
    sys.exit(main())
