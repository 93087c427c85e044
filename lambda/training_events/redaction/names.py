"""Names that look as if their value were a credential: `wandb_api_key`, `hub_token`, `DSN`, `pwd`.

Machine learning has words of its own that only sound like it: `pad_token`, `max_tokens`, `sort_key`, `forward_pass`. So the
words of a name are judged, and not a part of its text.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

_ANYWHERE = re.compile(
    r"secret(?!ar|ion)|passw|passphrase|passcode|passkey|credential|apikey|privatekey|accesskey|accountkey|signingkey|encryptionkey"
    r"|authkey|authtoken|accesstoken|refreshtoken|sessiontoken|bearertoken|securitytoken|idtoken|connectionstring|connstr"
    r"|sharedaccess(?:key(?!name)|signature)|authorization(?!mode|type|url|endpoint)"
)
"""In the words of a name, written together."""
_NUMBER_TOO = re.compile(r"secret|passw|passphrase|passcode|credential|pwd|pincode|otp$")
"""A number under one of these names is a credential, and not a count."""
_LAST = re.compile(
    r"\w*pwd|(?:db|pg|psql|postgres|my|mysql|sql|mongo|redis|ldap|user|root|admin|login|ssh|ftp|smtp|imap|mail|proxy|http)p(?:ass|w)"
    "|pw|creds?|auth|dsn|jwt|t?otp|cookies?|sas|bearer|netrc|webhook|psk|pem|mnemonic|kubeconfig"
)
_PASSES = re.compile("forward|backward|multi|single|one|two|first|second|low|high|band|all|by|bi")
"""What is before `pass` where that is no password: `forward_pass`."""
_TEXT_TOKENS = re.compile(
    "pad|padding|eos|bos|eod|eot|sot|boi|eoi|bot|unk|unknown|oov|mask|cls|class|sep|separator|special|added|image|img|video|vid|audio"
    "|speech|text|start|begin|end|stop|next|first|last|prev|previous|current|new|old|prefix|suffix|middle|fim|max|min|num|per|n|k"
    "|think|thinking|reasoning|user|assistant|system|tool|prompt|query|question|answer|context|summary|decoder|encoder|forced|patch"
    "|visual|vision|register|distill|newline|space|blank|trigger|placeholder|target|source|src|tgt|lang|language|doc|document|mem"
    "|initial|word|subword|char|byte|each|every|by|of|action|state|reward|goal|time|frame|scene|sample|latent|global|memory|region"
    "|object|box|seg|sentinel|extra|null|dummy|ignore|dist|fill|row|column|eof"
)
"""What is before `token` where that is a piece of text: `pad_token`."""
_OWNERS = re.compile(
    "api|access|auth|priv|private|consumer|account|signing|encryption|secret|shared|master|storage|service|license|licence|ssh|deploy|subscription"
    "|app|application|client|admin|hmac|crypto|cipher|aes|rsa|gpg|pgp|tls|ssl|webhook|refresh|session|bearer|id|hub|hf|github|gitlab"
    "|bitbucket|slack|wandb|openai|anthropic|azure|aws|gcp|google|kaggle|comet|neptune|clearml|mlflow|dagshub|databricks|stripe"
    "|sendgrid|twilio|datadog|dd|newrelic|cohere|mistral|groq|replicate|pinecone|huggingface|npm|pypi|vault|docker|sentry"
)
"""Whose keys (and tokens, in the plural) are credentials: `openai_key`. A `sort_key` is none."""
_SPECIAL_TOKEN = re.compile(r"<[^<>]{0,40}>|\[[\w ]{1,20}\]|\W?")
"""A token that is a piece of text, as tokenizers write it: `</s>`, `[SEP]`."""
_RANDOM = re.compile(r"(?=[A-Za-z]*\d[A-Za-z]*\d[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{20,}")
"""Under the name of a key this is a credential, whoever's key it is. Paths and names of columns have separators."""
_SAY_NOTHING = re.compile("value|text|string|header|env|raw|plain")
"""At the end of a name: `API_TOKEN_VALUE`."""
_SHELL_VARIABLE = re.compile(r"SECRET|PASSW|PASSPHRASE|CREDENTIAL|(TOKEN|KEY|PWD|PASS|AUTH|COOKIE|SIGNATURE)S?(?![A-Z])")


@lru_cache(maxsize=4096)  # the same names come again and again
def is_secret_name(name: str) -> bool:
    """Whether a value with this name is a credential, by all that one can tell."""
    words = _words(name)
    if _ANYWHERE.search("".join(words)):
        return True
    while len(words) > 1 and _SAY_NOTHING.fullmatch(words[-1]):
        words.pop()
    *before, last = "", *words
    match last:
        case "token":
            return not _TEXT_TOKENS.fullmatch(before[-1])
        case "tokens" | "key" | "keys":
            return _OWNERS.fullmatch(before[-1]) is not None
        case "pass":
            return not _PASSES.fullmatch(before[-1])
        case "pat":
            return before[-1] != ""
    return _LAST.fullmatch(last) is not None


@lru_cache(maxsize=4096)
def is_name_of_key(name: str) -> bool:
    """Whether it is a key, whoever's: then a random value is a credential."""
    return _words(name)[-1:] == ["key"]


def may_be_secret_name(name: str) -> bool:
    """Whether it might be one: asked of environment variables, whose values nobody has looked at."""
    return is_secret_name(name) or _SHELL_VARIABLE.search(name.upper()) is not None


def is_secret_value(name: str, value: Any) -> bool:
    """Whether the value is a credential, as its name says. A switch, nothing at all, and the count of tokens are none."""
    if value is None or isinstance(value, bool) or value in ("", [], {}):
        return False
    if not is_secret_name(name):
        if isinstance(value, dict):
            return _words(name)[-1:] == ["tokens"] and any(_is_token_of(owner, token) for owner, token in value.items())
        return isinstance(value, str) and _RANDOM.fullmatch(value) is not None and is_name_of_key(name)
    words = _words(name)
    if isinstance(value, int | float):
        return _NUMBER_TOO.search("".join(words)) is not None
    return not (words[-1:] == ["token"] and isinstance(value, str) and _SPECIAL_TOKEN.fullmatch(value))


def _is_token_of(owner: Any, token: Any) -> bool:
    """Whether `{"tokens": {owner: token}}` holds a credential. A tokenizer's own are `{"pad": "<pad>"}`."""
    is_text = isinstance(owner, str) and isinstance(token, str)
    return is_text and _OWNERS.fullmatch(owner.lower()) is not None and not _SPECIAL_TOKEN.fullmatch(token)


def _words(name: str) -> list[str]:
    """The words in lower case, without numbers: `KEY_2`."""
    return [word.lower() for word in _WORD.findall(name) if not word.isdigit()]
