"""Pages as HTML, by Jinja2. Values are text, never markup: all of it is escaped, and what nobody can see is made visible."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from training_events.pages.display import ABSENT, display_number, display_text, is_web_address
from training_events.reading.wording.quantities import size_text
from training_events.reading.wording.times import duration
from training_events.version import __version__

if TYPE_CHECKING:
    from training_events.pages.page import Addresses

TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, address: Addresses, **context: Any) -> str:
    """The HTML of a template of this room. Templates find out by `address` where things are."""
    return _environment().get_template(template).render(address=address, **context)


@lru_cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "text": display_text,
        "moment": _moment,
        "number": display_number,
        "duration": duration,
        "bytes": _size,
        "json": _json,
    }
    environment.globals["version"] = __version__
    environment.tests["web_address"] = is_web_address
    return environment


def _json(value: Any) -> Markup:
    """For a `script` element of the type `application/json`. No text in it, such as `</script>`, ends the element."""
    return Markup(msgspec.json.encode(value).replace(b"<", rb"\u003c").decode())  # noqa: S704 - JSON that has no <


def _size(count: int | None) -> str:
    return ABSENT if count is None else size_text(count)


def _moment(time: str | None) -> str:
    """A 27-character time to the second; the whole of it is in the title."""
    if time is None:
        return ABSENT
    whole = display_text(time)
    return Markup('<time datetime="{0}" title="{0}">{1} {2} UTC</time>').format(whole, whole[:10], whole[11:19])
