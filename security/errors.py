"""Errors that prevent a check, each with a message of one clear line. What a check finds is not an error but a finding."""

from command_line import CommandError, UsageError


class GateError(CommandError):
    """Something cannot be checked, or a scanner did not do its work. Then the gate does not pass."""


class MisuseError(GateError, UsageError):
    """The caller can correct it: the folder has no synthesized app, or a list of waivers makes no sense."""
