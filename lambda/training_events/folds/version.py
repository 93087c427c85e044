"""Which folds made a state."""

VERSION = 2
"""To be raised whenever a fold makes something else of the same events: states of another version are folded anew, not gone on
from. `training-events rebuild --dry-run` shows beforehand what changes."""
