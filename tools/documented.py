"""A hook of mkdocs: the build of the site fails if a public name of `training_events` has no docstring.

Public are the names in `__all__`, and the members of a class without an underscore in front.
"""

from collections.abc import Iterator
from typing import Any

import griffe
from mkdocs.exceptions import PluginError


def on_pre_build(config: Any) -> None:
    """Called by mkdocs before it builds. Raises PluginError."""
    [source] = config.plugins["mkdocstrings"].config.handlers["python"]["paths"]
    package = griffe.load("training_events", search_paths=[source], resolve_aliases=True, resolve_external=False)
    if missing := [name for export in package.exports or () for name in undocumented(package[str(export)])]:
        raise PluginError(f"public, and without a docstring: {', '.join(missing)}")


def undocumented(named: Any) -> Iterator[str]:
    """The paths of a public name and of its public members, if they have no docstring."""
    if not named.has_docstring:
        yield named.path
    if named.is_class:
        for member in named.members.values():
            if member.is_public and not member.is_attribute and not member.name.startswith("__"):
                yield from undocumented(member)
