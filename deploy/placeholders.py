"""`python -m deploy.placeholders NAME`: refuses to deploy what a settings file still has from its template.

A synth takes placeholders, so that whoever clones this project can look at everything first. A deploy with them would go to an
account of AWS's documents, or send the alarms to nobody.
"""

import argparse
import re
import sys
from collections.abc import Iterator

from command_line import UsageError, run_command
from stacks.settings import Settings
from stacks.settings.file import load
from stacks.settings.listing import settings as all_settings

_DOCUMENTED_ACCOUNTS = {"111122223333", "123456789012", "444455556666", "777788889999"}
"""The accounts of the examples in AWS's documents."""
_RESERVED_DOMAIN = re.compile(r"[@.](example\.(com|net|org)|example|invalid|localhost|test)$", re.IGNORECASE)
"""Nobody can have these: https://www.rfc-editor.org/rfc/rfc2606"""


def placeholders(settings: Settings) -> Iterator[str]:
    """A line for each setting that cannot be meant, and for alarms of production that nobody gets."""
    if settings.emulated:  # its account does not exist, and nobody waits for its alarms
        return
    if settings.account_id in _DOCUMENTED_ACCOUNTS:
        yield f"account_id = {settings.account_id!r} is an example of AWS's documents: set it to your account"
    email = settings.observability.alarm_email
    if email is None and settings.environment.startswith("prod"):
        yield "observability.alarm_email: is missing: an environment whose name begins with prod must say who gets its alarms"
    if email is not None and _RESERVED_DOMAIN.search(email):
        yield f"observability.alarm_email = {email!r} is an example: set it to an address that somebody reads"
    for setting in all_settings():
        for key, value in _values(settings, setting.key):
            if value and value == setting.example and isinstance(value, str | list) and key != "observability.alarm_email":
                yield f"{key} = {value!r} is the example of this setting: set it to yours, or remove the line"


def _values(settings: Settings, key: str) -> Iterator[tuple[str, object]]:
    """The setting's value as a settings file has it, with its key; several where the file may name several sections."""
    section, named, rest = key.partition(".<name>.")
    found = getattr(settings, section).items() if named else [("", settings)]
    for name, value in found:
        for part in (rest if named else key).split("."):
            value = getattr(value, part)  # noqa: PLW2901 - one step further down
        yield f"{section}.{name}.{rest}" if named else key, list(value) if isinstance(value, tuple) else value


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.placeholders", description=__doc__.split("\n", 1)[0])
    parser.add_argument("name", help="the name of the environment, such as prod")
    name = parser.parse_args(arguments).name
    return run_command(lambda: _refuse(name))


def _refuse(name: str) -> int:
    if found := list(placeholders(load(name))):
        raise UsageError("\n".join(f"environments/{name}.toml: {line}" for line in found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
