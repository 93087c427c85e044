"""The error of this package: one clear line, followed by Terraform's own message where Terraform failed."""

from command_line import CommandError


class ReviewError(CommandError):
    """There is no plan, or none that can be relied on."""
