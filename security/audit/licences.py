"""Compares the licence of every locked package, from pip-licenses or from npm's lock, with what licences.toml allows."""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

from license_expression import ExpressionError, LicenseSymbol, Licensing
from piplicenses_lib import FromArg, get_packages
from pydantic import BaseModel, ConfigDict, ValidationError

from local.installation import python_of
from local.terraform import BUILD
from security import lists
from security.audit.locks import CHARTS, ENVIRONMENTS, NPM_LOCKS, SHIPPED, Locks, Package

FILE = Path(__file__).with_name("licences.toml")
_DISTRIBUTED = {SHIPPED, CHARTS}


class Rules(BaseModel):
    """allowed: for every package. unless_shipped: for the named packages, unless they are shipped. also_called: other names."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    allowed: list[str]
    unless_shipped: dict[str, list[str]] = {}
    also_called: dict[str, list[str]] = {}


def read_rules(file: Path = FILE) -> Rules:
    """The rules in the file. Raises MisuseError."""
    try:
        return Rules.model_validate(lists.read_toml(file))
    except ValidationError as error:
        raise lists.misuse(file, error) from None


def check(locks: Locks, root: Path) -> Iterator[str]:
    """Read and judge every licence, and write the list to .build/licences.csv.

    Raises MisuseError if the rules make no sense, LocalError if the packages of a lock cannot be installed.
    """
    rules = read_rules()
    licensed = {lock: packages if lock in NPM_LOCKS else [*_installed(lock, root)] for lock, packages in locks.items()}
    with (root / BUILD / "licences.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([lock, *package] for lock, packages in licensed.items() for package in packages)
    yield from judge(licensed, rules)


def _installed(file: str, root: Path) -> Iterator[Package]:
    """The packages in a lock's environment, which is installed from the lock first if it is missing or out of date."""
    python = Path(sys.executable)
    if file in ENVIRONMENTS:
        python = python_of(root / BUILD / ENVIRONMENTS[file], f"the packages of {file}", root / file)
    for package in get_packages(FromArg.MIXED, python, include_files=False):
        if package.name != "training-events":  # this project's own
            yield Package(package.name, package.version, " AND ".join(sorted(package.license_names)))


def judge(licensed: Locks, rules: Rules) -> Iterator[str]:
    """A line for each package whose licence is not allowed or not known, and for each rule that no package needs."""
    licensing = Licensing([LicenseSymbol(licence, aliases=tuple(words)) for licence, words in rules.also_called.items()])
    used: set[tuple[str, str]] = set()
    for file, packages in licensed.items():
        for name, version, text in packages:
            exceptions = {
                licence for licence, names in rules.unless_shipped.items() if name in names and file not in _DISTRIBUTED
            }
            try:
                expression = licensing.parse(text.partition("\n")[0] or "unknown")
            except ExpressionError:  # the text is not an expression
                expression = LicenseSymbol("unknown")
            licences = {symbol: symbol.render() for symbol in expression.symbols}
            used |= {(licence, name) for licence in licences.values()}
            allowed = {
                symbol: licensing.TRUE if licence in exceptions or licence in rules.allowed else licensing.FALSE
                for symbol, licence in licences.items()
            }
            if expression.subs(allowed, simplify=True) != licensing.TRUE:
                where = " in what is shipped" if file in _DISTRIBUTED else ""
                yield f"{file}: {name} {version}: {FILE.name} does not allow its licence{where}: {text!r:.60}"
    unneeded = sorted(set(rules.allowed) - {licence for licence, _ in used})
    named = [(licence, name) for licence, names in rules.unless_shipped.items() for name in names]
    unneeded += [f"{licence} of {name}" for licence, name in named if (licence, name) not in used]
    yield from (f"{FILE.name}: {rule}: nothing needs this any more: remove it" for rule in unneeded)
