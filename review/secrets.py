"""Recognises secrets that Terraform does not mark: by the name that a value has, or by its shape.

It hides one value too many rather than one too few: a reviewer still sees that it changes. Scanners such as detect-secrets look
at the lines of files; in a plan, the name of an attribute tells most.
"""

import re

_NAMES = re.compile(
    r"passw|passphrase|(?<![a-z])pass(?![a-z])|pwd|secret|token|credential|(private|api|access|auth|signing|account|encryption)[_-]?key|connection[_-]?string",
    re.IGNORECASE,
)
_SHAPES = re.compile(
    r"(?:AKIA|ASIA)[A-Z0-9]{16}"  # an AWS access key
    r"|-----BEGIN [A-Z0-9 ]+-----[\s\S]*"  # PEM
    r"|eyJ[\w-]{6,4000}\.[\w-]{6,}(?:\.[\w-]*)?"  # a JSON web token; bounded, as one may begin at each `eyJ` of a long text
    r"|gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeprs]-[\w-]{10,}"  # tokens of GitHub, GitLab, Slack
    r"|(?<![A-Za-z0-9])hf_[A-Za-z0-9]{30,}|(?<=hooks\.slack\.com/services/)\S+"  # a token of Hugging Face, a webhook of Slack
    r"|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"  # user and password in an address
)
_CONDITIONS = re.compile(r"^[^:]*:|Secret(Id|ARN|PrimaryRegion)$|TokenIssueTime$")
"""Parts of condition keys that only sound like a secret: https://docs.aws.amazon.com/service-authorization/latest/reference"""
HIDDEN = "(sensitive)"


def is_secret_name(name: str) -> bool:
    return _NAMES.search(name) is not None


def is_secret_condition(key: str) -> bool:
    """Whether the key of a policy's condition suggests a secret. What is before its colon, a service or an issuer, does not."""
    return is_secret_name(_CONDITIONS.sub("", key))


def has_secret_shape(text: str) -> bool:
    return _SHAPES.search(text) is not None


def without_shapes(text: str) -> str:
    """The text without everything that has the shape of a secret: for keys and addresses, which are not values."""
    return _SHAPES.sub(HIDDEN, text)
