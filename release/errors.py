"""Why nothing can be handed over, each as one clear line."""


class ReleaseError(Exception):
    """What was synthesized is missing or would not work elsewhere, or Terraform refuses it."""

    exit_code = 1


class MisuseError(ReleaseError):
    """The caller can put it right: an environment that does not exist."""

    exit_code = 2
