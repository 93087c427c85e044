"""A credential that a program hands to the recorder is in no byte that is recorded, wherever it stands."""

import json
import logging
import re
import shlex
import sys
from argparse import Namespace
from unittest.mock import patch
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from training_events import promote_model, record_run, register_dataset, register_model
from training_events.canonical import canonical_json
from training_events.errors import Misused
from training_events.recorder.delivery.destination import Destination
from training_events.recorder.plain import plain
from training_events.redaction.text import redacted_text
from training_events.redaction.values import redacted

from tests.support.strategies import json_values

secrets = st.from_regex(r"zQ9[A-Za-z0-9]{12,40}", fullmatch=True)
shapes = st.sampled_from(
    [
        "postgresql://u:{}@h/db", "https://h/x?X-Amz-Security-Token={}", "https://h/x?a=1&sig={}#b", "host=h password={}",
        "Server=h;Pwd={};x=1", "export DB_PASSWORD={}", '{{"api_key": "{}"}}', "t.py --hub-token {} --lr 1", "Bearer zQ99{}",
        "ghp_{0}{0}", "sk-ant-{0}{0}", "dapi is no token, but token={}", "-----BEGIN RSA PRIVATE KEY-----\n{}",
    ]
)  # fmt: skip
texts = st.builds(lambda secret, shape: (secret, shape.format(secret)), secrets, shapes)
names = st.sampled_from(["wandb_api_key", "hub_token", "DSN", "pwd", "dbPassword", "client-secret", "AWS_SESSION_TOKEN"])


@st.composite
def planted(draw):
    """A secret, and a value that holds it somewhere."""
    secret, value = draw(texts)
    named = {draw(names): draw(st.sampled_from([secret, [secret], {"x": {"y": secret}}, Namespace(a=secret)]))}
    value = draw(st.sampled_from([value, named, Namespace(a=value), (1, value), {value: 1}, ValueError(value)]))
    for _ in range(draw(st.integers(0, 3))):
        around = draw(json_values)
        value = draw(st.sampled_from([[around, value], {"a": value, "b": around}, Namespace(n=value), (value, around)]))
    return secret, value


@given(planted())
def test_wherever_a_credential_stands_in_a_value_it_is_masked(given_):
    secret, value = given_
    hidden = redacted(plain(value)).value
    assert secret.encode() not in canonical_json(hidden)
    assert redacted(hidden) == (hidden, [])


passwords = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=24)
QUOTE = "'"
AT = dict.fromkeys(map(ord, "@\"'<>`"), "x")
"""What no program takes in an address unless it is encoded."""
NOTATIONS = {
    "address": lambda text: f"no answer from postgresql://ada:{text.translate(AT)}@db.example.org:5432/x, again",
    "encoded": lambda text: f"https://h/x?a=1&access_token={quote(text, safe='')}&b=2",
    "shell": lambda text: f"a=1\nexport DB_PASSWORD=x{text}\nb=2",
    "JSON": lambda text: json.dumps({"a": 1, "password": text, "b": 2}),
    "Python": lambda text: f"connect(host='h', password={text!r}, port=1)",
    "libpq": lambda text: "host=h password='{}' port=1".format(text.replace("\\", "\\\\").replace("'", "\\'")),
    "ODBC": lambda text: f"Server=h;Pwd={{{text.replace('}', '}}')}}};Database=x",
    "option": lambda text: f"train.py --token {shlex.quote('x' + text.replace(QUOTE, ''))} --lr 1",
}


@given(passwords, st.sampled_from([*NOTATIONS]))
@settings(max_examples=300)
def test_a_password_of_any_signs_is_masked_in_every_notation(password, notation):
    assume(not re.fullmatch(r"<[^<>]*>|\*+|\$.*", password))  # these stand where a password would be
    write = NOTATIONS[notation]
    parts = [password[at : at + 6] for at in range(len(password) - 5)]
    assume(not any(part in write("") for part in parts))  # the notation itself may have such a word, as `access_token`
    hidden = redacted_text(write(password))
    assert not [part for part in parts if part in hidden]


@given(json_values)
def test_what_holds_none_is_not_changed(value):
    """No generated text is long enough for a token, and none has a name."""
    hidden, fields = redacted(value)
    assert canonical_json(hidden) == canonical_json(value) or fields


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in ("BUS", "BUCKET", "RUN"):
        monkeypatch.delenv(f"TRAINING_EVENTS_{name}", raising=False)
    monkeypatch.setenv("TRAINING_EVENTS_LOG", f"sqlite:///{tmp_path}/log.db")
    monkeypatch.setenv("TRAINING_EVENTS_SPOOL", str(tmp_path / "spool"))
    monkeypatch.chdir(tmp_path)
    logging.getLogger("training_events").setLevel(logging.CRITICAL)
    yield tmp_path
    logging.getLogger("training_events").setLevel(logging.NOTSET)


OPTIONS = ["model", "hyperparameters", "seeds", "datasets", "resumed_from", "requested_by", "run_id"]


class Lines:
    """A destination that keeps every line as the spool has it."""

    def __init__(self):
        self.recorded = b""

    def send(self, lines):
        self.recorded += b"\n".join(lines)
        return []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(OPTIONS), planted(), min_size=1, max_size=3), planted(), texts)
@example(
    {"datasets": ("zQ9000000000000", {"wandb_api_key": "zQ9000000000000"})}, *[("zQ9000000000000", "token=zQ9000000000000")] * 2
)
def test_no_recorded_byte_holds_a_credential(folder, monkeypatch, options, reason, text):
    secret, value = text
    monkeypatch.setenv("MY_SETTING", value)
    lines = Lines()
    with patch.object(sys, "argv", ["train.py", value]), patch.object(Destination, "sink", lambda *_: lines):
        run = record_run(environment=["MY_SETTING"], **{name: value for name, (_, value) in options.items()}).start()
        run.metric(f"loss {value}", 1.0)
        (folder / "model.bin").write_bytes(b"x")
        run.artifact(folder / "model.bin", name=reason[1])
        run.fail(RuntimeError(reason[1], value))
    recorded = lines.recorded + b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
    assert b"TrainingFailed" in recorded
    for planted_secret in (secret, reason[0], *(secret for secret, _ in options.values())):
        assert planted_secret.encode() not in recorded


@given(texts)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_datasets_and_models_are_registered_without_credentials(folder, text):
    secret, value = text
    lines = Lines()
    with patch.object(Destination, "sink", lambda *_: lines):
        register_dataset(f"https://h/data.csv?password={secret}", registered_by=value)
        register_model("digits", version=1, artifact=f"https://h/model.bin?sig={secret}", registered_by=value)
        promote_model("digits", version=1, stage="production", promoted_by=value)
        with pytest.raises(Misused, match="looks like a credential"):
            promote_model(value.replace("\n", " "), version=1, stage="production")
    assert lines.recorded.count(b"digits") >= 2
    assert secret.encode() not in lines.recorded
