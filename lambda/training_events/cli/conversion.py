"""Keeps pydantic out of most calls: importing it takes as long as all the rest of a call.

Typer (since 0.29) has pydantic convert every value. Text needs no conversion, and neither does an option that was not given.
"""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand, TyperGroup


class QuickCommand(TyperCommand):
    def get_params(self, ctx: Any) -> list[Any]:
        return list(map(_quick, super().get_params(ctx)))


class QuickGroup(TyperGroup):
    def get_params(self, ctx: Any) -> list[Any]:
        return list(map(_quick, super().get_params(ctx)))


def _quick(parameter: Any) -> Any:
    """The parameter, which from now on converts only the values that need it."""
    if hasattr(parameter, "type_descriptor"):  # an earlier Typer has none
        parameter.process_value = _Conversion(parameter)
    return parameter


class _Conversion:
    """Stands in for a parameter's `process_value`."""

    def __init__(self, parameter: Any) -> None:
        self._parameter = parameter
        descriptor = parameter.type_descriptor
        self._is_text = descriptor.annotation in (str, list[str]) and descriptor.parameter_info.parser is None

    def __call__(self, ctx: Any, value: Any) -> Any:
        parameter = self._parameter
        if ctx.resilient_parsing:  # a shell asks what may follow, and what stands there already is not used
            return value
        if self._is_text and value and isinstance(value, tuple):  # several texts
            value = list(value)
        if (value is None and not parameter.required) or (self._is_text and isinstance(value, (str, list))):
            return parameter.callback(ctx, parameter, value) if parameter.callback else value
        return type(parameter).process_value(parameter, ctx, value)
