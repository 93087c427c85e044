"""The settings of an environment: what they are, their types, and the file that holds them."""

from stacks.settings.functions import FunctionLimits
from stacks.settings.model import Settings

__all__ = ["FunctionLimits", "Settings"]
