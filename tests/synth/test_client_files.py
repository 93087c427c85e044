"""The client and the example are deployed with the stack, before a notebook that needs them starts."""

from pathlib import Path

import pytest

from tests.support.stack_json import StackJson


@pytest.mark.parametrize(("which", "content_type"), [("wheel", "application/zip"), ("example", "application/x-ipynb+json")])
def test_each_file_is_an_object_that_changes_with_its_content(
    stack: StackJson, cdktf_out: Path, which: str, content_type: str
) -> None:
    file = stack.one("aws_s3_object", which)
    name = Path(file["source"]).name
    assert file["key"] == f"client/{name}"
    assert file["etag"] == f'${{filemd5("{file["source"]}")}}'
    assert file["content_type"] == content_type
    assert list(cdktf_out.glob(f"stacks/*/{file['source']}"))


def test_an_object_has_none_of_the_tags_in_the_settings_because_ten_is_its_limit(stack: StackJson) -> None:
    for file in stack.all("aws_s3_object").values():
        assert file["override_provider"] == {"default_tags": {"tags": {}}}


def test_the_start_up_script_refers_to_the_objects(stack: StackJson) -> None:
    (script,) = (text for name, text in stack.content["locals"].items() if name.startswith("notebook_start_script"))
    for which in ("wheel", "example"):
        assert f"{stack.reference('aws_s3_object', 'bucket', which)}/{stack.reference('aws_s3_object', 'key', which)}" in script
