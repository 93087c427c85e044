"""`make upgrade-check FROM=0.1.0 [ENV=prod]`: says what a deploy of this version changes, and refuses to lose data."""

import argparse
import sys

import msgspec

from command_line import UsageError, run_command
from local.installation import hold_lock
from release.upgrade import synthesis
from release.upgrade.changes import compare
from release.upgrade.report import Document, judged, lines
from release.upgrade.revision import commit_of
from stacks.settings.file import environment_names

DESCRIPTION = """\
Synthesizes an earlier version, out of git and with its own environments/, and this one; compares what they declare; and says
which resources a deploy would add, change, replace and destroy. It needs no AWS and no state. `make review` shows Terraform's
own plan, which also knows what AWS has.

A resource that holds data is not to be replaced, or destroyed, without a word: then the exit code is 1.
"""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        "python -m release.upgrade",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="exit codes: 0 no data would be lost, 1 some would be, or something failed, 2 something for you to correct",
    )
    parser.add_argument("since", metavar="FROM", help="a version such as 0.1.0, a tag or another git revision")
    parser.add_argument("environment", nargs="?", help="a file in environments/, without .toml (default: each that both have)")
    parser.add_argument(
        "--accept", metavar="ADDRESS", action="append", default=[], help="this one may be lost; may be given several times"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    asked = parser.parse_args(arguments)
    return run_command(lambda: _check(asked.since, asked.environment, asked.accept, as_json=asked.json))


def _check(since: str, environment: str | None, accepted: list[str], *, as_json: bool) -> int:
    commit = commit_of(since)
    called = since if commit.startswith(since) else f"{since} ({commit[:7]})"
    with hold_lock(synthesis.BUILD / "lock", busy="another upgrade-check is at work here: wait for it"):
        with synthesis.checked_out(commit) as folder:
            names = environments_of_both(environment, environment_names(folder / "environments"), called)
            old = synthesis.of_earlier_version(folder, called, names)
        new = synthesis.of_this_version(names)
    found = [judged(name, compare(old[name], new[name]), accepted) for name in names]
    if as_json:
        print(msgspec.json.encode(Document(since, commit, found)).decode())
    else:
        print(*(line for each in found for line in lines(each)), sep="\n")
    unknown = sorted({*accepted} - {change.address for each in found for change in each.changes})
    if unknown:
        raise UsageError(f"--accept {unknown[0]}: nothing happens to such an address")
    refused = [f"{each.environment}: {address}" for each in found for address in each.refused]
    if refused:
        print(
            f"error: a deploy would lose data, of {len(refused)} resources: {', '.join(refused)};"
            " --accept ADDRESS says that it may (ARGS='--accept …')",
            file=sys.stderr,
        )
    return 1 if refused else 0


def environments_of_both(asked: str | None, earlier: list[str], called: str) -> list[str]:
    """The environments to compare: that which was asked for, or each that both versions have."""
    present = environment_names()
    if asked is None:
        both = [name for name in present if name in earlier]
        if not both:
            raise UsageError(
                f"no environment is in both: here {', '.join(present)}; in {called} {', '.join(earlier) or 'none'}"
            )
        return both
    for where, names in (("here", present), (f"in {called}", earlier)):
        if asked not in names:
            raise UsageError(f"environments/{asked}.toml: is not {where}; there are: {', '.join(names) or 'none'}")
    return [asked]


if __name__ == "__main__":
    sys.exit(main())
