"""Errors on this machine, each with a message of one clear line."""

from command_line import CommandError, UsageError


class LocalError(CommandError):
    """An emulator, an installation or a deployment failed."""


class LocalUsageError(LocalError, UsageError):
    """The caller can correct it: a port is in use, a tool is missing, a setting makes no sense."""
