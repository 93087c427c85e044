"""Recognises secrets that Terraform does not mark: by the name that a value has, or by what is in its text.

`review/redaction` is a link to `lambda/training_events/redaction`: one place knows what looks like a credential, for what is
recorded and for what is reviewed. It hides one value too many rather than one too few: a reviewer still sees that it changes.
"""

import re

from review.redaction.names import is_secret_name
from review.redaction.text import redacted_text, without_shapes
from review.redaction.tokens import MASK

_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]+-----[\s\S]*")
"""Certificates too: a reviewer does not read them."""
_CONDITIONS = re.compile(r"^[^:]*:|Secret(Id|ARN|PrimaryRegion)$|TokenIssueTime$")
"""Parts of condition keys that only sound like a secret: https://docs.aws.amazon.com/service-authorization/latest/reference"""
HIDDEN = "(sensitive)"


def is_secret_condition(key: str) -> bool:
    """Whether the key of a policy's condition suggests a secret. What is before its colon, a service or an issuer, does not."""
    return is_secret_name(_CONDITIONS.sub("", key))


def has_secret(text: str) -> bool:
    """Whether a credential is anywhere in the text."""
    return redacted_text(_PEM.sub("", text)) != text


def without_secret_shapes(text: str) -> str:
    """The text without what has the shape of a secret: for keys and addresses, which are not values and have no names."""
    return without_shapes(_PEM.sub(MASK, text)).replace(MASK, HIDDEN)
