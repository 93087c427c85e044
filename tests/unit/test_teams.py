"""Which streams are a team's, and who may say something about them."""

import pytest
from training_events.errors import MissingSetting, NotYours
from training_events.settings import Settings
from training_events.teams import Team, Teams

HERE, ELSEWHERE, STRANGER = "111122223333", "444455556666", "999988887777"
TEAMS = Teams({"a": Team("my.a.training", frozenset({HERE})), "b": Team("acme.b", frozenset({HERE, ELSEWHERE}))})
SHARED = "my.sagemaker.training.jobs"


@pytest.mark.parametrize(
    ("stream", "owner"),
    [
        ("run/a-digits", "a"),
        ("model/b-digits", "b"),
        ("dataset/a-", "a"),
        ("group/b-a-sweep", "b"),
        ("run/a", None),
        ("run/A-digits", None),
        ("run/a_digits", None),
        ("run/aa-digits", None),
        ("run/ a-digits", None),
        ("run/digits-a-b", None),
        ("run/a\u2010digits", None),  # a hyphen to the eye
    ],
)
def test_a_teams_streams_begin_with_its_name_and_a_hyphen(stream, owner):
    assert TEAMS.owner_of(stream) == owner


@pytest.mark.parametrize("kind", ["run", "model", "dataset", "group"])
@pytest.mark.parametrize(
    ("source", "name", "account"),
    [
        ("my.a.training", "a-x", HERE),
        ("acme.b", "b-x", ELSEWHERE),
        (SHARED, "digits", STRANGER),
        ("aws.sagemaker", "b-x", HERE),
        ("aws.s3", "digits", HERE),
    ],
)
def test_what_is_ones_own_may_be_said(kind, source, name, account):
    TEAMS.check(f"{kind}/{name}", source, account, delivered=True)


@pytest.mark.parametrize("kind", ["run", "model", "dataset", "group"])
@pytest.mark.parametrize(
    ("source", "name", "account", "complaint"),
    [
        ("my.a.training", "b-x", HERE, r"^\$\.source: the stream '\w+/b-x' is of the team b, and .* of the team a; .*acme\.b$"),
        (SHARED, "b-x", HERE, r"^\$\.source: .* is of the team b, and .* of no team; allowed: the source acme\.b$"),
        (
            "my.a.training",
            "digits",
            HERE,
            r"^\$\.source: .* is of no team, and .* of the team a; allowed: a source of no team$",
        ),
        ("my.a.training", "a-x", ELSEWHERE, r"^\$\.account: the account 444455556666 is none of the team a; .* 111122223333$"),
        ("acme.b", "b-x", None, r"^\$\.account: the account None is none of the team b"),
        ("AWS.s3", "a-x", HERE, "of no team; allowed: the source my.a.training"),
        ("my.a.training.more", "a-x", HERE, "of no team; allowed: the source my.a.training"),
    ],
)
def test_what_is_anothers_is_refused_with_who_may(kind, source, name, account, complaint):
    with pytest.raises(NotYours, match=complaint):
        TEAMS.check(f"{kind}/{name}", source, account, delivered=True)


def test_an_operators_request_may_come_without_an_account_but_not_under_another_source():
    TEAMS.check("run/a-x", "my.a.training", None, delivered=False)
    with pytest.raises(NotYours):
        TEAMS.check("run/a-x", SHARED, None, delivered=False)
    with pytest.raises(NotYours):
        TEAMS.check("run/a-x", "my.a.training", STRANGER, delivered=False)


def test_without_teams_everybody_may_say_everything():
    teams = Settings({}).teams
    teams.check("run/a-x", "my.a.training", None, delivered=True)
    assert teams.source_of("run/a-x", SHARED) == SHARED


def test_the_stacks_own_functions_publish_under_the_source_of_the_streams_team():
    assert TEAMS.source_of("run/b-x", SHARED) == "acme.b"
    assert TEAMS.source_of("run/digits", SHARED) == SHARED


@pytest.mark.parametrize("text", ["[]", "{", '{"a": {}}', '{"a": {"source": 1, "accounts": []}}', '{"a": {"source": "x"}}'])
def test_a_setting_that_cannot_be_read_says_so_in_one_line(text):
    with pytest.raises(MissingSetting, match=r"^TRAINING_EVENTS_TEAMS is no such JSON: [^\n]+; allowed: \{[^\n]+$"):
        _ = Settings({"TRAINING_EVENTS_TEAMS": text}).teams
