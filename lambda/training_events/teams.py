"""Teams that share a log: which streams are a team's, and who may say something about them.

A team's streams begin with its name and a hyphen, in all kinds: `run/<team>-…`, `model/<team>-…`. Only what comes under the
team's source, from its accounts, may be in them, and nothing else comes under that source. What AWS itself reports of a job or
an object is judged by nobody: its subject's name says whose it is. Without teams, everybody may say everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import MsgspecError, Struct, json

from training_events.errors import MissingSetting, NotYours

if TYPE_CHECKING:
    from collections.abc import Mapping

_OF_AWS = "aws."
"""PutEvents takes no source that begins like this from anybody but AWS.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html"""


class Team(Struct, frozen=True):
    """The source under which a team publishes, and the accounts from which it may."""

    source: str
    accounts: frozenset[str]


class Teams:
    """The teams of a stack, by their names."""

    def __init__(self, teams: Mapping[str, Team]) -> None:
        self._teams = teams
        self._by_source = {team.source: name for name, team in teams.items()}

    @classmethod
    def read(cls, text: str) -> Teams:
        """Those of the setting TRAINING_EVENTS_TEAMS. Raises MissingSetting for another text."""
        try:
            return cls(json.decode(text, type=dict[str, Team]))
        except MsgspecError as flaw:
            what = '{"<team>": {"source": "…", "accounts": ["…"]}}'
            raise MissingSetting(f"TRAINING_EVENTS_TEAMS is no such JSON: {flaw}; allowed: {what}") from None

    def owner_of(self, stream: str) -> str | None:
        """The name of the team whose stream this is; None for one that is no team's."""
        team, hyphen, _ = stream.partition("/")[2].partition("-")
        return team if hyphen and team in self._teams else None

    def source_of(self, stream: str, otherwise: str) -> str:
        """The source under which this stack's own functions publish into a stream."""
        owner = self.owner_of(stream)
        return otherwise if owner is None else self._teams[owner].source

    def check(self, stream: str, source: str, account: str | None, *, delivered: bool) -> None:
        """Raises NotYours for an event that says something about a stream which is not its publisher's.

        `account` is that of the envelope, which EventBridge names in all that it delivers. What an operator asks for, and no
        bus delivered, may have none.
        """
        if source.startswith(_OF_AWS):
            return
        owner, publisher = self.owner_of(stream), self._by_source.get(source)
        if owner != publisher:
            whose = "of no team" if owner is None else f"of the team {owner}"
            by = "of no team" if publisher is None else f"of the team {publisher}"
            what = f"the stream {stream!a:.80} is {whose}, and the source {source!a:.80} {by}"
            raise NotYours(what, self._allowed(owner), ("source",))
        if publisher is None or (account is None and not delivered):
            return
        if account not in (accounts := self._teams[publisher].accounts):
            what = f"the account {account} is none of the team {publisher}"
            raise NotYours(what, f"one of {', '.join(sorted(accounts))}", ("account",))

    def _allowed(self, owner: str | None) -> str:
        return "a source of no team" if owner is None else f"the source {self._teams[owner].source}"
