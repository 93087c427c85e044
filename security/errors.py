"""Why a check could not be made, each as one clear line. What a check found is no error but a finding."""

from command_line import CommandError, UsageError


class GateError(CommandError):
    """Something cannot be judged, or a scanner did not do its work: without a verdict nothing passes."""


class MisuseError(GateError, UsageError):
    """The caller can put it right: a folder without a synthesized app, a list of waivers that makes no sense."""
