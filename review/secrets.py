"""What looks like a secret although Terraform does not mark it: by the name that it stands under, or by its shape.

Scanners such as detect-secrets look at the lines of files. Here most is known by the name of an attribute in a plan.

Rather one value too many is hidden than one too few: a reviewer still sees that it changes.
"""

import re

_NAMES = re.compile(
    r"passw|passphrase|(?<![a-z])pass(?![a-z])|pwd|secret|token|credential|(private|api|access|auth|signing|account|encryption)[_-]?key|connection[_-]?string",
    re.IGNORECASE,
)
_SHAPES = re.compile(
    r"(?:AKIA|ASIA)[A-Z0-9]{16}"  # an AWS access key
    r"|-----BEGIN [A-Z0-9 ]+-----[\s\S]*"  # PEM
    r"|eyJ[\w-]{6,4000}\.[\w-]{6,}(?:\.[\w-]*)?"  # a JSON web token; bounded, as each `eyJ` of a long text may begin one
    r"|gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeprs]-[\w-]{10,}"  # tokens of GitHub, GitLab, Slack
    r"|(?<![A-Za-z0-9])hf_[A-Za-z0-9]{30,}|(?<=hooks\.slack\.com/services/)\S+"  # of Hugging Face, and of a channel of Slack
    r"|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"  # user and password in an address
)
_CONDITIONS = re.compile(r"^[^:]*:|Secret(Id|ARN|PrimaryRegion)$|TokenIssueTime$")
"""What only sounds like a secret: https://docs.aws.amazon.com/service-authorization/latest/reference"""
HIDDEN = "(sensitive)"


def is_secret_name(name: str) -> bool:
    return _NAMES.search(name) is not None


def is_secret_condition(key: str) -> bool:
    """The same of what a policy's condition asks for: `service:key`, or whose token it is before the colon."""
    return is_secret_name(_CONDITIONS.sub("", key))


def has_secret_shape(text: str) -> bool:
    return _SHAPES.search(text) is not None


def without_shapes(text: str) -> str:
    """The text with what has the shape of a secret taken out: for keys and addresses, which are no values."""
    return _SHAPES.sub(HIDDEN, text)
