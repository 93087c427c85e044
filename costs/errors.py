"""The errors of this package, each with a message of one clear line."""

from command_line import CommandError, UsageError


class CostsError(CommandError):
    """The table of prices, or the synthesized JSON, cannot be used."""


class UnknownRegionError(UsageError):
    """The table has no prices of a region."""
