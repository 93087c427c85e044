"""Where a package's licence is said: in its installed metadata, or in the lock itself.

Nothing is asked of an index: what is installed is what the lock's hashes say it is. An environment that is made on demand
is made here, too; it is the one that its own command uses.
"""

import sysconfig
from collections.abc import Iterator
from importlib.metadata import PackageMetadata, distributions
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from local.installation import python_of
from local.terraform import BUILD
from security.audit.locks import NPM, PIPFILE, SHIPPED, TOOLS, Lock
from security.audit.spdx import expression
from stacks.packaging.lambda_package import CACHE

_ENVIRONMENTS = {
    "benchmarks/requirements.txt": ("mlflow", "MLflow"),
    "local/requirements.txt": ("emulators", "the AWS emulators"),
    "security/requirements.txt": ("security", "parliament, checkov and pip-audit"),
    "tests/future_toolkit/requirements.txt": ("cdktn", "CDK Terrain"),
}
# What a classifier means where it means one licence. "BSD License" may be any of three:
# https://pypi.org/classifiers/
_CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}

Said = dict[tuple[str, str], str]
"""(name, version) → an SPDX expression, or else the words that stand there."""


def said(lock: Lock, root: Path) -> Said:
    """What the packages of a lock say of their licence; those that are not installed say nothing.

    Raises LocalError when they cannot be installed.
    """
    if lock.file == NPM:
        return {(one.name, one.version): expression(one.licence) or one.licence for one in lock.packages}
    return {
        (canonicalize_name(one.name), version): licence_of(one.metadata)
        for one in distributions(path=[*map(str, _places(lock, root))])
        if (version := _version(one.version))
    }


def _places(lock: Lock, root: Path) -> Iterator[Path]:
    """Where its packages are: folders of installed packages, or wheels."""
    if lock.file == PIPFILE:
        yield Path(sysconfig.get_path("purelib"))
    elif lock.file == SHIPPED:
        yield from (root / CACHE).glob("wheels/*/*.whl")
    elif lock.file == TOOLS:
        yield from (root / BUILD / "pipenv").glob("lib/python*/site-packages")  # made by `make setup`
    else:
        name, what = _ENVIRONMENTS[lock.file]
        python = python_of(root / BUILD / name, what, root / lock.file)
        yield from python.parent.parent.glob("lib/python*/site-packages")


def licence_of(metadata: PackageMetadata) -> str:
    """An SPDX expression: License-Expression, else License, else all classifiers; or else the words of the last of them.

    https://packaging.python.org/en/latest/specifications/core-metadata/
    """
    for field in ("License-Expression", "License"):
        if text := expression(_first(metadata, field)):
            return text
    classifiers = [
        name
        for classifier in metadata.get_all("Classifier", [])
        if classifier.startswith("License :: ") and (name := classifier.rpartition(" :: ")[2]) != "OSI Approved"
    ]
    if classifiers and all(name in _CLASSIFIERS for name in classifiers):
        return " AND ".join(sorted({_CLASSIFIERS[name] for name in classifiers}))
    return ", ".join(classifiers) or _first(metadata, "License").partition("\n")[0]


def _first(metadata: PackageMetadata, field: str) -> str:
    return next(iter(metadata.get_all(field) or []), "")


def _version(text: str) -> str:
    try:
        return str(Version(text))
    except InvalidVersion:
        return ""  # no index takes such a one, and no lock names it
