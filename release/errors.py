"""The error of this package, with a message of one clear line."""

from command_line import CommandError


class ReleaseError(CommandError):
    """The synthesized Terraform is missing, would not work elsewhere, or is refused by Terraform."""
