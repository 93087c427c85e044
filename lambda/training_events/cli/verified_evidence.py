"""What `verify --evidence FILE` tells of a file of evidence: what check.py, which is in each such file, finds in it."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from training_events.cli.style import style_of_status
from training_events.cli.table import print_fields
from training_events.errors import Misused
from training_events.reading.wording.text import printable
from training_events.settings import Settings


class EvidenceVerified(Struct, frozen=True):
    """`facts` are what was found to be true, `problems` what is not as it was recorded, `not_proved` what no such file proves.

    `key_given` is whether the key to trust was named; otherwise it is the one that came with the file.
    """

    file: str
    sound: bool
    key_given: bool
    facts: dict[str, str]
    problems: list[str]
    not_proved: list[str]


def verified_evidence(file: str) -> EvidenceVerified:
    """Check the file, against the key that TRAINING_EVENTS_CHECKPOINT_KEY names. Raises Misused, and MissingSetting."""
    # imported here: whoever verifies a log needs neither
    from training_events.evidence.check import Check  # noqa: PLC0415
    from training_events.proof.tree.keys import read_public_key  # noqa: PLC0415

    try:
        with Path(file).open("rb") as content:
            key = Settings().optional("checkpoint_key")
            check = Check(content, None if key is None else read_public_key(Path(key)))
    except OSError as failure:
        raise Misused(f"{file!a} cannot be read: {failure.strerror}") from None
    return EvidenceVerified(file, not check.problems, key is not None, check.facts, check.problems, check.not_proved)


def print_evidence(verified: EvidenceVerified) -> None:
    """For people."""
    verdict = "sound" if verified.sound else "broken"
    print_fields({"file": verified.file, "verdict": verdict, **verified.facts}, {"verdict": style_of_status})
    for title, lines in (("What is wrong:", verified.problems), ("What the file does not prove:", verified.not_proved)):
        if lines:
            print(f"\n{title}")
            print(*(f"- {printable(line)}" for line in lines), sep="\n")
