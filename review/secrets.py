"""What looks like a secret although Terraform does not mark it: by the name that it stands under, or by its shape.

Rather one value too many is hidden than one too few: a reviewer still sees that it changes.
"""

import re

_NAMES = re.compile(
    r"passw|passphrase|pwd|secret|token|credential|(private|api|access|auth|signing|account|encryption)[_-]?key|connection[_-]?string",
    re.IGNORECASE,
)
_SHAPES = re.compile(
    r"(?:AKIA|ASIA)[A-Z0-9]{16}"  # an AWS access key
    r"|-----BEGIN [A-Z0-9 ]+-----[\s\S]*"  # PEM
    r"|eyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]*"  # a JSON web token
    r"|gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeprs]-[\w-]{10,}"  # tokens of GitHub, GitLab, Slack
    r"|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"  # user and password in an address
)
HIDDEN = "(sensitive)"


def is_secret_name(name: str) -> bool:
    return _NAMES.search(name) is not None


def has_secret_shape(text: str) -> bool:
    return _SHAPES.search(text) is not None


def without_shapes(text: str) -> str:
    """The text with what has the shape of a secret taken out: for keys and addresses, which are no values."""
    return _SHAPES.sub(HIDDEN, text)
