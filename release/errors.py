"""Why nothing can be handed over, as one clear line."""

from command_line import CommandError


class ReleaseError(CommandError):
    """What was synthesized is missing or would not work elsewhere, or Terraform refuses it."""
