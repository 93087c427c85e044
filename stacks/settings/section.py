"""A section of the settings, such as `[events]`."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Strict: a text is not accepted as a number, and an unknown key is an error. Frozen: nothing changes after validation."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)
