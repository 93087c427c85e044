"""The settings of an environment: what they are, their types, and the file that holds them."""

from stacks.settings.model import FunctionLimits, Settings

__all__ = ["FunctionLimits", "Settings"]
