"""What somebody may do to a log and its tree where they are stored, and what `verify --all` finds of it, and `--against`.

The table in docs/design/proof.md is held to this.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

import pytest
from training_events.proof.findings import Kind

from tests.contract.test_tampered_proof import documented
from tests.support.dynamodb import aws_in_this_process
from tests.support.tampered_tree import DAYS_AGO, EVENTS, MODEL, RUN, TamperedTree, event
from tests.support.tampered_tree_in_file import TamperedFile
from tests.support.tampered_tree_on_aws import TamperedAws

SIZE = len(EVENTS)
NEWEST = f"checkpoints/{SIZE:020d}"
ENTRIES = f"tile/entries/000.p/{SIZE}"
OTHER_ROOT = 32 * b"x"
NEXT = event(6, "run/next", "TrainingStarted")
"""The event that the notary makes of what it likes."""


def truncate(store: TamperedTree) -> None:
    """Back to the checkpoint before, as if the newest had never been signed."""
    store.replace_file(NEWEST, None)
    store.replace_file("checkpoint", store.tiles.read(f"checkpoints/{3:020d}"))


def past_the_notary(store: TamperedTree) -> None:
    store.forget_leaf(store.forge().stream)
    store.go_on()


def leave_out(store: TamperedTree) -> None:
    store.append(NEXT)
    store.forget_leaf(NEXT.stream)
    store.go_on()


def leave_out_and_claim_to_catch_up(store: TamperedAws) -> None:
    store.claim_to_catch_up()
    store.append(NEXT)
    store.go_on_for_days()


def leave_out_and_say(time: str | None) -> Callable[[TamperedAws], None]:
    def done(store: TamperedAws) -> None:
        store.clock = lambda: time
        leave_out(store)

    return done


def stand_still(store: TamperedAws) -> None:
    store.append(NEXT)


def take_another(store: TamperedTree) -> None:
    store.append(NEXT)
    store.take_other_leaf(NEXT)
    store.publish()


def take_one_of_nothing(store: TamperedTree) -> None:
    store.take_leaf_of_nothing()
    store.publish()


def alter_before_there_are_tiles(store: TamperedAws) -> None:
    store.append(NEXT)
    store.take_leaf(NEXT)
    store.alter_batch(NEXT)
    store.publish()


def begin_another_tree(store: TamperedTree) -> None:
    *_, last = store.recorded_leaves()
    store.sign_other_tree([last])


def sign_a_larger_tree(store: TamperedTree) -> None:
    """All its files are there, and are those of its root: only what was signed before is another one."""
    first, *others = store.recorded_leaves()
    store.sign_other_tree([first._replace(source="another"), *others, first._replace(stream="run/more")])


def replay(store: TamperedTree) -> None:
    """An older checkpoint, signed by the true key, in the place of a newest one."""
    note = store.tiles.read(f"checkpoints/{3:020d}")
    assert note is not None
    store.put_checkpoint(note, SIZE + 1)


def with_an_earlier_time(store: TamperedTree) -> None:
    forged = store.forge()
    store.project(forged.stream)
    store.go_on()
    store.take_leaf(forged)
    store.go_on()


def again(do: Callable[[TamperedTree], object]) -> Callable[[TamperedTree], None]:
    def done(store: TamperedTree) -> None:
        do(store)
        store.make_tree_again()

    return done


Expected: TypeAlias = Kind | Literal["no effect", "-"] | None
"""No effect: readers do not read what was written. "-": there is nothing of the kind in this store."""


class Tampering(NamedTuple):
    """Who can do it on AWS, and what is found in a file, and there. If `kept`, a checkpoint that was kept finds it too."""

    do: Callable[[TamperedTree], object]
    who: str
    laptop: Expected
    aws: Expected
    kept: bool = False


def on_aws(expected: Expected, do: Callable[[TamperedAws], object], who: str) -> Tampering:
    """What a file has nothing of."""

    def done(store: TamperedTree) -> None:
        assert isinstance(store, TamperedAws)
        do(store)

    return Tampering(done, who, "-", expected)


def found(kind: Kind | None, do: Callable[[TamperedTree], object], who: str, *, kept: bool = False) -> Tampering:
    return Tampering(do, who, kind, kind, kept)


LATER = "2026-11-30T00:00:00.000000Z"

TAMPERINGS: dict[str, Tampering] = {
    "event removed": found(Kind.MISSING, lambda store: store.remove_event(EVENTS[0]), "owner"),
    "recorded_at of an event": found(Kind.ALTERED, lambda store: store.set_recorded_at(EVENTS[0], LATER), "owner"),
    "account of an event": on_aws(Kind.ALTERED, lambda store: store.set_account(EVENTS[0], "444455556666"), "owner"),
    "content and digest, with seals and read model made again": found(Kind.ALTERED, TamperedTree.alter, "root"),
    "newest event removed, with its seal, read model and notes": found(Kind.MISSING, TamperedTree.roll_back, "root"),
    "stream removed, with its seals, read model and notes": found(
        Kind.STREAM_GONE, lambda store: store.remove_stream(MODEL), "root"
    ),
    "all seals of a stream removed": found(Kind.BROKEN_SEAL, lambda store: store.remove_seals(RUN), "root"),
    "event put past the notary": found(Kind.NO_LEAF, past_the_notary, "owner"),
    "event put there with an earlier time": Tampering(with_an_earlier_time, "owner", None, Kind.NO_LEAF),
    "leaf left out": found(Kind.NO_LEAF, leave_out, "notary"),
    "leaf left out, and all checkpoints since say that the notary catches up": on_aws(
        Kind.NO_LEAF, leave_out_and_claim_to_catch_up, "notary"
    ),
    "leaf left out, and all checkpoints since say an old time": on_aws(Kind.NO_LEAF, leave_out_and_say(DAYS_AGO), "notary"),
    "leaf left out, and all checkpoints since say no time": on_aws(Kind.NO_LEAF, leave_out_and_say(None), "notary"),
    "nothing taken and nothing signed any more": on_aws(Kind.OVERDUE, stand_still, "notary"),
    "leaf with another digest taken": found(Kind.ALTERED, take_another, "notary"),
    "leaf taken of an event that never was": found(Kind.STREAM_GONE, take_one_of_nothing, "notary"),
    "leaf altered in batch and head before there are tiles": on_aws(Kind.ALTERED, alter_before_there_are_tiles, "notary"),
    "tree: a larger checkpoint signed, without its tiles": found(
        Kind.FORK, lambda store: store.sign(SIZE + 1, OTHER_ROOT), "notary"
    ),
    "tree: a checkpoint signed between two others": found(Kind.FORK, lambda store: store.sign(4, OTHER_ROOT), "notary"),
    "tree: another checkpoint signed in place of the newest": found(
        Kind.FORK, lambda store: store.sign(SIZE, OTHER_ROOT), "notary"
    ),
    "tree: a larger one signed, of other leaves": found(Kind.FORK, sign_a_larger_tree, "notary"),
    "tree: begun again beside the first": found(Kind.FORK, begin_another_tree, "notary"),
    "tree: an older checkpoint put as the newest": found(Kind.FORK, replay, "notary"),
    "tree: `checkpoint` put back to an older one": on_aws(
        "no effect",
        lambda store: store.put_file("checkpoint", store.tiles.read(f"checkpoints/{3:020d}") or b""),
        "notary",
    ),
    "tree: other bytes put over an entry": on_aws(Kind.FORK, lambda store: store.put_file(ENTRIES, b"x"), "notary"),
    "tree: a file put beside the others": found(Kind.STRAY, lambda store: store.put_stray(), "notary"),
    "tree: an entry altered": found(Kind.FORK, lambda store: store.replace_file(ENTRIES, b"x"), "root"),
    "tree: an entry removed": found(Kind.FORK, lambda store: store.replace_file(ENTRIES, None), "root"),
    "tree: a checkpoint altered": found(
        Kind.FORK, lambda store: store.replace_file(NEWEST, store.kept.replace(b"\n5\n", b"\n4\n")), "root"
    ),
    "tree: lock taken away": on_aws(Kind.NOT_LOCKED, lambda store: store.unlock(ENTRIES), "root"),
    "tree: retention shortened": on_aws(Kind.NOT_LOCKED, lambda store: store.shorten(NEWEST), "root"),
    "tree: the newest checkpoint removed": Tampering(truncate, "root", None, Kind.OVERDUE, kept=True),
    "tree: removed": found(None, lambda store: store.remove_tree(), "root", kept=True),
    "event altered, with everything made again and signed": found(
        None, again(TamperedTree.alter), "root and notary", kept=True
    ),
    "log, seals and tree rolled back together": found(None, again(TamperedTree.roll_back), "root and notary", kept=True),
    "stream removed, with everything made again and signed": found(
        None, again(lambda store: store.remove_stream(MODEL)), "root and notary", kept=True
    ),
}


@contextmanager
def store_of(kind: str, folder: Path) -> Iterator[TamperedTree]:
    if kind == "SQLite":
        yield TamperedFile(folder)
    else:
        with aws_in_this_process():
            yield TamperedAws()


CASES = [
    (name, kind)
    for name, tampering in TAMPERINGS.items()
    for kind, expected in (("SQLite", tampering.laptop), ("DynamoDB and S3", tampering.aws))
    if expected != "-"
]


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_a_tampering_is_found_or_known_not_to_be(tmp_path, monkeypatch, name, kind):
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    tampering = TAMPERINGS[name]
    expected = tampering.laptop if kind == "SQLite" else tampering.aws
    with store_of(kind, tmp_path) as store:
        assert store.found() == store.found_by_what_was_kept() == set()

        tampering.do(store)

        kinds = store.found()
        assert expected in kinds if isinstance(expected, Kind) else not kinds
        if expected == "no effect":
            assert store.tiles.newest() == store.kept
        if tampering.kept:
            assert store.found_by_what_was_kept() == {Kind.FORK}


def cell(expected: Expected, *, kept: bool) -> str:
    if isinstance(expected, Kind):
        return f"`{expected.value}`" + ("; with a checkpoint kept: `fork`" if kept else "")
    return expected or ("with a checkpoint kept: `fork`" if kept else "**not found**")


def test_the_document_says_of_each_tampering_what_is_found():
    expected = {
        name: [row.who, cell(row.laptop, kept=row.kept), cell(row.aws, kept=row.kept)] for name, row in TAMPERINGS.items()
    }
    assert documented("What is found by the tree") == expected
