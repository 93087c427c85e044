"""Why a check could not be made, each as one clear line. What a check found is no error but a finding."""


class GateError(Exception):
    """Something cannot be judged, or a scanner did not do its work: without a verdict nothing passes."""

    exit_code = 1


class MisuseError(GateError):
    """The caller can put it right: a folder without a synthesized app, a list of waivers that makes no sense."""

    exit_code = 2
