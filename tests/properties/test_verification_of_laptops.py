"""An honest log in a file is never accused by its tree, whatever its clock says and whoever has not looked at it yet."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from training_events.event import Event
from training_events.projection.catch_up import catch_up
from training_events.projection.projector import Projector
from training_events.projection.renewal import renew
from training_events.projection.sealer import Sealer
from training_events.proof.sqlite_seal_store import SqliteSealStore
from training_events.proof.tree.sqlite_tree import SqliteTree
from training_events.reading.opening import Sources, open_sources
from training_events.reading.verification import streams_to_verify, verification_of, whole_tree
from training_events.stores.sqlite.read_models import SqliteReadModels
from training_events.times import later

from tests.support.laptop import Laptop
from tests.support.paths import ROOT

STEPS = st.one_of(
    st.tuples(st.just("record"), st.sampled_from(["run/a", "model/m"])),
    st.tuples(st.just("publish")),
    st.tuples(st.just("catch up")),
    st.tuples(st.just("set the clock"), st.sampled_from([-72.0, -0.1, 0.1, 48.0])),
    st.tuples(st.just("copy")),
    st.tuples(st.just("look")),
)


class Owner:
    """What the owner of a laptop does with a log; at first perhaps with one that version 0.1.0 wrote."""

    def __init__(self, folder: Path, *, of_0_1_0: bool) -> None:
        self._folder = folder
        if of_0_1_0:
            shutil.copy(ROOT / "tests" / "older_logs" / "0.1.0" / "log.db", folder / "log.db")
        self._open()
        if of_0_1_0:  # as its first command does
            renew(self._read_models, self._projector, self.laptop.database)
        self._count = 0

    def _open(self) -> None:
        self.laptop = Laptop(self._folder)
        database = self.laptop.database
        self._read_models = SqliteReadModels(database)
        self._projector = Projector(self.laptop.log, self._read_models)
        self._sealer = Sealer(self.laptop.log, self._read_models, SqliteSealStore(database), lambda: self.laptop.time)

    def do(self, step: str, argument: object = None) -> None:
        laptop = self.laptop
        if step == "record":
            self._count += 1
            event = Event(f"new-{self._count}", str(argument), "Happened", laptop.time, "tests", {"number": self._count})
            laptop.log.append(event)
        elif step == "publish":
            laptop.notary.publish()
        elif step == "catch up":
            catch_up(laptop.log, self._projector, self._sealer)
            laptop.notary.publish_if_due()
        elif step == "set the clock" and isinstance(argument, float):
            laptop.time = later(laptop.time, argument * 3600)
        elif step == "copy":
            time = laptop.time
            laptop.database.close()
            shutil.copy(laptop.file, self._folder / "copy.db")
            shutil.move(self._folder / "copy.db", laptop.file)
            self._open()
            self.laptop.time = time
        elif step == "look":
            look_at(open_sources(f"sqlite:///{laptop.file}"))


def look_at(sources: Sources) -> None:
    covered = not_covered = events = 0
    with whole_tree(sources, lambda done, total: None) as tree:  # noqa: ARG005
        assert tree is not None
        assert tree.findings == []
        for stream in streams_to_verify(sources, tree):
            verification = verification_of(sources, stream, tree=tree)
            assert verification.sound, verification.findings
            # how many leaves were caught up stands in the history of signing, which only the whole tree is held against
            by_itself = replace(verification, tree=replace(verification.tree, caught_up=0))
            assert verification_of(sources, stream) == by_itself
            covered, not_covered = covered + verification.tree.covered, not_covered + verification.tree.not_covered
            events += verification.events
        if tree.verified.checked:
            assert (covered, not_covered) == (tree.verified.size, events - tree.verified.size)
    sources.log.close()


@settings(max_examples=20)
@given(st.lists(STEPS, max_size=12), st.booleans())
def test_an_honest_log_in_a_file_is_never_accused(steps, of_0_1_0):
    with tempfile.TemporaryDirectory() as folder:
        owner = Owner(Path(folder), of_0_1_0=of_0_1_0)
        for step in [("record", "run/a"), *steps, ("look",)]:
            owner.do(*step)
        assert SqliteTree(owner.laptop.database).is_there
        owner.laptop.database.close()
