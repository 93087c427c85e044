"""The state of a run that a notebook shows as a card.

`folds/` makes states wherever events are folded, in AWS too, and knows of nobody who looks at them. So what Python code gets is
this type, which has the same fields.
"""

from __future__ import annotations

from training_events.folds.run_state import RunState
from training_events.notebook.run_card import run_card


class ShownRun(RunState):
    __doc__ = RunState.__doc__

    @classmethod
    def of(cls, state: RunState) -> ShownRun:
        return cls(*(getattr(state, name) for name in RunState.__struct_fields__))

    def _repr_html_(self) -> str:
        return run_card(self)
