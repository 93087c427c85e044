import pytest

from tests.support.original_parts import PARTS, Part
from tests.support.stack_json import StackJson


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_every_part_of_the_original_workflow_is_declared(stack: StackJson, part: Part) -> None:
    assert part.declared(stack)
