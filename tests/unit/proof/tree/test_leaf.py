import pytest
from training_events.errors import BadTree
from training_events.proof.merkle import leaf_hash
from training_events.proof.tree.leaf import Leaf, read_leaf

LEAF = Leaf(
    "run/é", "2026-11-22T15:08:39.955123Z#1", "sha256:ab", "2026-11-22T15:08:40.000000Z", "111122223333", "my.trainings"
)
CONTENT = (
    '["run/é","2026-11-22T15:08:39.955123Z#1","sha256:ab","2026-11-22T15:08:40.000000Z","111122223333","my.trainings"]'.encode()
)


def test_the_content_of_a_leaf_is_canonical_json_and_is_read_back():
    assert LEAF.content == CONTENT
    assert read_leaf(CONTENT) == LEAF


def test_the_leaf_of_an_event_that_no_bus_brought_has_null_for_the_account():
    leaf = LEAF._replace(account=None)
    assert leaf.content == CONTENT.replace(b'"111122223333"', b"null")
    assert read_leaf(leaf.content) == leaf


def test_the_hash_of_a_leaf_is_the_one_that_anybody_computes():
    # printf '\0["a","b","c","d",null,"e"]' | sha256sum
    content = Leaf("a", "b", "c", "d", None, "e").content
    assert leaf_hash(content).hex() == "8d526bafbdf929d4e2aa2c8a1bd6bbe42a3ccfefd8475d1342b41c79165ddabd"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'["a","b","c","d","e"]',
        b'["a","b","c","d",1,"e"]',
        b'["a","b","c","d",null,null]',
        b'["a", "b","c","d",null,"e"]',
        b'["a","b","c","d",null,"\\u0065"]',
        b'["a","b","c","d",null,"\xff"]',
        CONTENT + b" ",
        b"[" * 2000,
    ],
)
def test_what_is_not_written_exactly_like_a_leaf_is_refused(content):
    with pytest.raises(BadTree, match="a leaf is not the canonical JSON of six texts"):
        read_leaf(content)
