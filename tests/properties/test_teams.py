"""With teams, no event of one lands in a stream of another, however its envelope is made."""

import re
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st
from training_events.bus.envelope import account_of
from training_events.bus.received import event_of
from training_events.errors import NotRecordable, NotYours
from training_events.teams import Team, Teams

from tests.support.strategies import loose_text

HERE, OTHER = "111122223333", "444455556666"
SOURCES = {"my.a.training": "a", "my.b.training": "b"}
TEAMS = Teams({"a": Team("my.a.training", frozenset({HERE})), "b": Team("my.b.training", frozenset({HERE, OTHER}))})
OF_A_TEAM = re.compile(r"(?:run|model|dataset|group)/(a|b)-")

beginnings = st.sampled_from(["a-", "b-", "a", "B-", "b_", "\u200bb-", "b\u00ad-", "a-b-", "", "-b-", "b/", "../b-"])
names = st.builds(str.__add__, beginnings, st.sampled_from(["", "digits"]) | loose_text)
streams = st.builds("{}/{}".format, st.sampled_from(["run", "model", "dataset", "group", "Run", ""]), names)
details = st.fixed_dictionaries(
    {"data": st.just({}), "occurred_at": st.just("2026-01-01T00:00:00Z")},
    optional={"stream": streams | st.none(), "run_id": names, "model_name": names, "dataset_name": names},
)
envelopes = st.fixed_dictionaries(
    {
        "source": st.sampled_from([*SOURCES, "my.sagemaker.training.jobs", "my.A.training", "my.b.training "]),
        "detail-type": st.sampled_from(["TrainingStarted", "ModelPromoted", "Hidden", "SageMaker Training Job State Change"]),
        "id": st.just("1"),
        "detail": details,
    },
    optional={"account": st.sampled_from([HERE, OTHER, "\uff11" * 12, 1, None])},
)


@given(envelopes)
def test_no_event_of_one_team_lands_in_a_stream_of_another(envelope: dict[str, Any]):
    try:
        said = event_of(envelope)
        TEAMS.check(said.stream, said.source, account_of(envelope), delivered=True)
    except NotRecordable as why:
        event(why.reason)
        return
    found = OF_A_TEAM.match(said.stream)
    event("recorded in a team's stream" if found else "recorded")
    assert SOURCES.get(said.source) == (found[1] if found else None)
    if found:
        assert envelope["account"] in ({HERE} if found[1] == "a" else {HERE, OTHER})


@given(envelopes, st.sampled_from(["a", "b"]))
def test_what_is_a_teams_own_is_recorded_from_its_accounts(envelope: dict[str, Any], team: str):
    own = envelope | {"source": f"my.{team}.training", "detail-type": "MetricsRecorded"}
    own["detail"] = own["detail"] | {"stream": f"run/{team}-digits"}
    said = event_of(own)
    account = account_of(own)
    try:
        TEAMS.check(said.stream, said.source, account, delivered=True)
        is_recorded = True
    except NotYours:
        is_recorded = False
    event(f"{account}: {is_recorded}")
    assert is_recorded == (account in ({HERE} if team == "a" else {HERE, OTHER}))
