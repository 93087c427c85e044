"""Credentials inside JSON values: by the names of keys, in lists of arguments, inside texts; and where they were."""

import pytest
from training_events.redaction.values import redacted, redacted_arguments

TOKEN = "ghp_" + "a1B2" * 9


@pytest.mark.parametrize(
    ("value", "hidden", "fields"),
    [
        ({"hub": {"token": "x", "rate": 1}}, {"hub": {"token": "***", "rate": 1}}, ["hub.token"]),
        ([{"uri": "https://h/?sig=x"}], [{"uri": "https://h/?sig=***"}], ["[0].uri"]),
        ({"credentials": {"user": "u", "key": 1}}, {"credentials": "***"}, ["credentials"]),
        ({"db_password": 918273645}, {"db_password": "***"}, ["db_password"]),
        (
            {"env": [{"name": "DB_PASSWORD", "value": "x"}]},
            {"env": [{"name": "DB_PASSWORD", "value": "***"}]},
            ["env[0].value"],
        ),
        ({"cmd": ["t.py", "--token", "x", "--lr", "1"]}, {"cmd": ["t.py", "--token", "***", "--lr", "1"]}, ["cmd[2]"]),
        ([["password", "x"], ["rate", 1]], [["password", "***"], ["rate", 1]], ["[0][1]"]),
        ({TOKEN: 1, TOKEN + "c": 2}, {"***": 1, "****": 2}, ["(a key)", "(a key)"]),
        ({"text": f"a {TOKEN}"}, {"text": "a ***"}, ["text"]),
    ],
)
def test_a_credential_is_masked_and_its_place_is_told(value, hidden, fields):
    assert redacted(value) == (hidden, fields)
    assert redacted(hidden) == (hidden, [])


@pytest.mark.parametrize(
    "value",
    [
        {"packages": {"secretstorage": "3.3", "azure-keyvault-secrets": "4.8", "tokenizers": "0.21"}},
        {"goals": {"api_token": "minimize"}},
        {"max_tokens": 512, "pad_token": "<pad>", "use_auth_token": True, "token": None, "password": ""},
        ["--max-tokens", "512", "--token"],
        ["--token", "--verbose"],
        [1, None, True, 0.5, [], {}],
    ],
)
def test_ordinary_values_are_not_changed(value):
    assert redacted(value) == (value, [])


def test_the_arguments_of_a_program():
    given = [
        "t.py",
        "-p",
        "hunter2",
        "--api-key=hunter2",
        "--password",
        "hunter2",
        "-p",
        "8080",
        "-p",
        "0.5",
        "--dsn",
        "host=h",
    ]
    shown = ["t.py", "-p", "***", "--api-key=***", "--password", "***", "-p", "8080", "-p", "0.5", "--dsn", "***"]
    assert redacted_arguments(given).value == shown
