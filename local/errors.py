"""What can go wrong on this machine, each as one clear line."""

from command_line import CommandError, UsageError


class LocalError(CommandError):
    """The world did not play along: an emulator, an installation or a deployment failed."""


class LocalUsageError(LocalError, UsageError):
    """The caller can put it right: a port in use, a missing tool, a setting that makes no sense."""
