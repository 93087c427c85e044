"""The version of the folds, which each state keeps."""

VERSION = 7
"""Raise it whenever a fold makes another state of the same events. States of another version are not continued: they are folded
from scratch. `training-events rebuild --dry-run` shows beforehand what changes."""
