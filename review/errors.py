"""Why there is no summary, as one clear line; below it, where Terraform failed, what it said itself."""

from command_line import CommandError


class ReviewError(CommandError):
    """There is no plan, or none that can be judged."""
