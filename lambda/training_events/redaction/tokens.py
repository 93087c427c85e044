"""Tokens that their issuers made recognisable: a text of this shape is a credential, whatever its name and wherever it stands.

The shapes are those that secret scanners look for: https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml,
https://docs.github.com/en/code-security/reference/secret-security/supported-secret-scanning-patterns. Some tokens have no shape
of their own: W&B's older keys are 40 hexadecimal digits, as a commit is. Those are found by their names.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections import Counter
from math import log2
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

MASK = "***"
"""Stands in place of a credential. It may stand in an address."""

MIN_LENGTH = 14
"""Of the shortest token, one of Slack's."""
_MIN_ENTROPY_BITS = 4.2
"""A character, of the 40 of AWS's secret access keys. Paths and names of that length have less."""


class _Shape(NamedTuple):
    """`pattern` can only match in a text that holds one of `hints`: to look for those first is a hundred times as fast."""

    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    is_token: Callable[[str], bool] = lambda _: True

    def masked(self, found: re.Match[str]) -> str:
        return MASK if self.is_token(found[0]) else found[0]


def _shape(hints: str, pattern: str, is_token: Callable[[str], bool] = lambda _: True) -> _Shape:
    return _Shape(tuple(hints.split()), re.compile(rf"(?<![A-Za-z0-9]){pattern}"), is_token)


def _is_random(text: str) -> bool:
    """Whether it has capitals, small letters and digits, in as little order as chance would have it."""
    has_all = any(map(str.isupper, text)) and any(map(str.islower, text)) and any(map(str.isdigit, text))
    entropy = -sum(n / len(text) * log2(n / len(text)) for n in Counter(text).values())
    return has_all and entropy > _MIN_ENTROPY_BITS


def _is_basic_auth(text: str) -> bool:
    """Whether it is `Basic ` and the base64 of `<user>:<password>`: "Basic training" is not."""
    encoded = text.split()[1]
    try:
        return b":" in b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError:
        return False


_SECRET_ACCESS_KEY = _Shape((), re.compile(r"(?<![\w/+.\-])[A-Za-z0-9/+]{40}(?![\w/+=.\-])"), _is_random)
"""AWS's. It has nothing that one could look for."""
_SHAPES = (
    _shape("PRIVATE", r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}-----|\Z)"),
    _shape("PuTTY-User-Key-File", r"PuTTY-User-Key-File-\d:[\s\S]*"),
    _shape("AGE-SECRET-KEY", r"AGE-SECRET-KEY-1[0-9A-Z]{20,}"),
    _shape("AKIA ASIA ABIA ACCA", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])"),  # access keys of AWS
    _shape("IQoJb3JpZ2lu FwoGZXIvYXdz FQoGZXIvYXdz", r"(?:IQoJb3JpZ2lu|F[Qw]oGZXIvYXdz)[\w+/=%\-]{20,}"),  # of STS
    _shape("gho_ ghp_ ghr_ ghs_ ghu_", r"gh[oprsu]_\w{20,}"),
    _shape("github_pat_", r"github_pat_\w{20,}"),
    _shape("gl", r"gl(?:pat|oas|dt|rt|rtr|cbt|ptt|ft|imt|agent|soat|ffct)-[\w.\-]{16,}"),  # GitLab
    _shape("xox xapp-", r"(?:xox[abeoprs](?:\.xox[bp])?|xapp)-[\w\-]{10,}"),  # Slack
    _shape("hooks.slack.com", r"hooks\.slack\.com/(?:services|workflows|triggers)/[^\s\"'<>]+"),
    _shape("webhooks/", r"discord(?:app)?\.com/api/webhooks/[^\s\"'<>]+"),
    _shape("sk-", r"sk-(?!learn)[\w\-]{20,}"),  # OpenAI, Anthropic, OpenRouter, Langfuse, DeepSeek
    _shape("sess-", r"sess-[A-Za-z0-9]{30,}"),
    _shape("hf_", r"hf_[A-Za-z0-9]{30,}"),  # Hugging Face
    _shape("api_org_", r"api_org_[A-Za-z0-9]{30,}"),
    _shape("_live_ _test_", r"(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,}"),  # Stripe
    _shape("whsec_", r"whsec_[A-Za-z0-9+/=]{20,}"),
    _shape("npm_", r"npm_[A-Za-z0-9]{30,}"),
    _shape("pypi-", r"pypi-(?:\w{20,}|(?=[\w\-]{0,200}[A-Z0-9])[\w\-]{20,})"),
    _shape("hvs. hvb. hvr.", r"hv[sbr]\.[\w\-]{20,}"),  # Vault
    _shape("s.", r"s\.(?=[A-Za-z]{0,23}\d)[A-Za-z0-9]{24}(?![A-Za-z0-9])"),  # Vault before 1.10
    _shape("dapi dose dkea", r"(?:dapi|dose|dkea)[0-9a-f]{32}(?:-\d+)?(?![A-Za-z0-9])"),  # Databricks
    _shape("eyJ", r"eyJ[\w\-]{6,4000}\.[\w\-]{6,}(?:\.[\w\-]*){0,3}"),  # JSON web tokens; bounded: each `eyJ` may begin one
    _shape("eyJhcGlf", r"eyJhcGlf[\w+/=\-]{40,}"),  # Neptune: base64 of `{"api_…`
    _shape("wandb_v local-", r"(?:wandb_v\d+_\w{20,}|local-[0-9a-f]{40}(?![A-Za-z0-9]))"),  # W&B
    _shape("AIza", r"AIza[\w\-]{35}"),  # Google
    _shape("ya29.", r"ya29\.[\w\-]{20,}"),
    _shape("GOCSPX-", r"GOCSPX-[\w\-]{20,}"),
    _shape("GOOG1", r"GOOG1[A-Z0-9]{15,}"),
    _Shape(("==",), re.compile(r"(?<![\w/+.\-])[A-Za-z0-9/+]{86}=="), _is_random),  # Azure's storage, Cosmos DB
    _Shape(("Q~",), re.compile(r"(?<![\w~.\-])[\w~.\-]{3}\dQ~[\w~.\-]{31,34}(?![\w~.\-])")),  # Entra ID
    _shape("SG.", r"SG\.[\w\-]{16,}\.[\w\-]{16,}"),  # SendGrid
    _shape("SK", r"SK[0-9a-f]{32}(?![A-Za-z0-9])"),  # Twilio
    _shape("key-", r"key-[0-9a-f]{32}(?![A-Za-z0-9])"),  # Mailgun
    _shape("_v1_", r"do[opr]_v1_[0-9a-f]{40,}"),  # DigitalOcean
    _shape("dckr_", r"dckr_[a-z]{3}_[\w\-]{20,}"),  # Docker
    _shape("glsa_ glc_", r"gl(?:sa|c)_[A-Za-z0-9+/=_]{20,}"),  # Grafana
    _shape("NRAK-", r"NRAK-[A-Z0-9]{20,}"),  # New Relic
    _shape("PMAK-", r"PMAK-[0-9a-f\-]{30,}"),  # Postman
    _shape("dp.", r"dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.\-]{20,}"),  # Doppler
    _shape("r8_", r"r8_[A-Za-z0-9]{30,}"),  # Replicate
    _shape("gsk_", r"gsk_[A-Za-z0-9]{20,}"),  # Groq
    _shape("xai-", r"xai-[A-Za-z0-9]{30,}"),
    _shape("pplx-", r"pplx-[A-Za-z0-9]{30,}"),
    _shape("pcsk_", r"pcsk_\w{20,}"),  # Pinecone
    _shape("lsv2_", r"lsv2_(?:pt|sk)_\w{20,}"),  # LangSmith
    _shape("sbp_", r"sbp_[0-9a-f]{30,}"),  # Supabase
    _shape("shp", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{30,}"),  # Shopify
    _shape("sntry", r"sntry[su]_[\w+/=\-]{20,}"),  # Sentry
    _shape("pscale_", r"pscale_(?:tkn|pw|oauth)_[\w.\-]{20,}"),  # PlanetScale
    _shape("lin_api_", r"lin_api_[A-Za-z0-9]{20,}"),
    _shape("ntn_", r"ntn_[A-Za-z0-9]{30,}"),  # Notion
    _shape(".atlasv1.", r"\w{14}\.atlasv1\.[\w\-]{30,}"),  # HCP Terraform
    _shape("AKCp", r"AKCp[A-Za-z0-9]{50,}"),  # Artifactory
    _shape(":AA", r"\d{8,10}:AA[\w\-]{30,}"),  # Telegram
    _shape("api.telegram.org/", r"api\.telegram\.org/(?:file/)?bot[^\s\"'<>/]+"),
    _shape("nvapi-", r"nvapi-[\w\-]{20,}"),  # NVIDIA
    _shape("pul-", r"pul-[0-9a-f]{40}(?![A-Za-z0-9])"),  # Pulumi
    _shape("rubygems_", r"rubygems_[0-9a-f]{48}(?![A-Za-z0-9])"),
    _shape("ATATT3 ATCTT3", r"AT[AC]TT3[\w=\-]{20,}"),  # Atlassian
    _shape("earer EARER", r"(?<=(?i:bearer) )[\w.~+/\-]{16,}=*"),
    _shape("asic", r"[Bb]asic [A-Za-z0-9+/]{8,}={0,2}", _is_basic_auth),
)


_ANY_HINT = re.compile("|".join(re.escape(hint) for shape in _SHAPES for hint in shape.hints))


def without_tokens(text: str) -> str:
    """The text with MASK in place of each token."""
    if len(text) < MIN_LENGTH:
        return text
    text = _SECRET_ACCESS_KEY.pattern.sub(_SECRET_ACCESS_KEY.masked, text)
    if _ANY_HINT.search(text):
        for shape in _SHAPES:
            if any(hint in text for hint in shape.hints):
                text = shape.pattern.sub(shape.masked, text)
    return text
