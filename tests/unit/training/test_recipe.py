"""A recipe's text: what it comes to, and the one line of every mistake."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_events.errors import BadRecipe
from training_events.training.recipe import Recipe, read_recipe

from tests.support.recipes import text_of_recipe

DIGEST = "0" * 64
SOUND = text_of_recipe("digits")
JOB = text_of_recipe(on_sagemaker=True)


def test_what_is_left_out_has_its_default() -> None:
    recipe = read_recipe("digits", 'command = ["python", "train.py"]')
    assert (recipe.max_running, recipe.max_a_day, recipe.hyperparameters, recipe.channels) == (1, 10, {}, {})
    job = read_recipe("digits", JOB).sagemaker
    assert job is not None
    assert (job.instance_count, job.volume_gb, job.max_runtime_seconds, job.spot) == (1, 30, 86400, False)


def test_hyperparameters_keep_their_kinds() -> None:
    values = read_recipe("a", 'command = ["x"]\n[hyperparameters]\nn = 8\nlr = 1.0\non = true\nname = "8"').hyperparameters
    assert [(type(value), value) for value in values.values()] == [(int, 8), (float, 1.0), (bool, True), (str, "8")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epohcs = 3", "epohcs: there is no such key; allowed: description, model"),
        (SOUND.replace("command", "comand"), "did you mean command?"),
        ("a =", "it is not TOML: Invalid value"),
        ("a = 1\na = 2", "it is not TOML: Cannot overwrite a value"),
        ("a = " + "[" * 5000, "it is not TOML that can be read: it is nested too deep"),
        ("a = " + "9" * 5000, "it is not TOML: "),
        ("", "command: neither of them is there; allowed: either command, which a worker runs, or the table [sagemaker]"),
        ('command = ["x"]\n' + JOB, "command: both are there"),
        ('command = "python x"', 'command: it is \'python x\'; allowed: a list of texts, as in ["python", "train.py"]'),
        ('command = [""]', "command: it is ['']"),
        ("max_running = 0", "max_running: it is 0; allowed: a whole number, at least 1"),
        ("max_a_day = true", "max_a_day: it is True; allowed: a whole number, at least 1"),
        ('on = "Hourly"', "on: it is 'Hourly'; allowed: \"DatasetRegistered\""),
        ('dataset = "a"\ncommand = ["x"]', "on: it is missing; allowed: both dataset"),
        ('dataset = "a/b"\non = "DatasetRegistered"\ncommand = ["x"]', "without a slash"),
        (SOUND.replace('train = { dataset = "digits" }', ""), "channels: no channel has the dataset 'digits'"),
        (SOUND.replace('{ dataset = "digits" }', '{ datset = "digits" }'), "channels.train.datset: there is no such key"),
        (SOUND.replace('{ dataset = "digits" }', '{ dataset = "a", uri = "s3://b/k" }'), "it has both dataset and uri"),
        (SOUND.replace('{ dataset = "digits" }', "{}"), "channels.train: it has neither dataset nor uri"),
        (SOUND.replace('{ dataset = "digits" }', '{ uri = "http://a/b" }'), "allowed: s3://<bucket>/<key> or file:///<path>"),
        (SOUND.replace('{ dataset = "digits" }', '{ uri = "s3://b/k", sha256 = "AB" }'), "a SHA-256 in 64 hex digits"),
        (SOUND.replace("train =", '"../train" ='), "channels.../train: the name; allowed: 1 to 64 letters"),
        (SOUND.replace("epochs = 8", "epochs = nan"), "hyperparameters.epochs: it is nan; allowed: a text, a finite number"),
        (SOUND.replace("epochs = 8", "epochs = 2026-01-01"), "hyperparameters.epochs: it is datetime.date"),
        (SOUND + "\n[environment]\nTHREADS = 1", "environment.THREADS: it is 1; allowed: a text, in quotes"),
        (SOUND + '\n[environment]\n"A B" = "1"', "environment.A B: the name"),
        (
            SOUND + '\n[environment]\nTRAINING_EVENTS_LOG = "sqlite:///other.db"',
            "environment.TRAINING_EVENTS_LOG: it is set by who starts the training; allowed: any other variable",
        ),
        (JOB.replace(f"@sha256:{DIGEST}", ":latest"), "sagemaker.image: it is '1.dkr"),
        (JOB.replace("ml.m5.xlarge", "m5.xlarge"), "allowed: a type of SageMaker's, such as ml.m5.xlarge"),
        (JOB.replace("instance_type", "instance_typ"), "did you mean instance_type or"),
        (JOB + '\ncode = "s3://b/k"', "sagemaker.code: it is 's3://b/k'; allowed: a table, [sagemaker.code]"),
        (JOB + '\ncode = { uri = "s3://bucket/k" }', "sagemaker.code.sha256: it is missing"),
        (
            JOB + '\n[channels]\na = { uri = "file:///a" }',
            "channels.a.uri: it is 'file:///a'; allowed: s3://<bucket>/<key>, for SageMaker",
        ),
        ("sagemaker = 3", "sagemaker: it is 3; allowed: a table, [sagemaker]"),
    ],
)
def test_a_mistake_is_one_line_with_the_key_and_what_is_allowed(text: str, message: str) -> None:
    with pytest.raises(BadRecipe) as raised:
        read_recipe("digits", text)
    assert str(raised.value).startswith("digits.toml: ")
    assert message in str(raised.value)
    assert str(raised.value).isprintable()


KEYS = st.sampled_from([*(name for name in Recipe.__struct_fields__ if name != "name"), "image", "uri", "code", "train", "x"])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(["DatasetRegistered", "a"])
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=3)
)


def as_toml(value: Any) -> str:
    match value:
        case None:
            return "2026-01-01T00:00:00Z"
        case dict():
            return "{" + ", ".join(f"{json.dumps(key)} = {as_toml(item)}" for key, item in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(as_toml, value)) + "]"
        case float():
            return "1.5" if value != value else repr(value)  # noqa: PLR0124
    return json.dumps(value)


def is_read_or_told(text: str) -> None:
    told = read_or_told(text)
    if isinstance(told, str):
        assert told.isprintable()
        assert told.startswith("digits.toml: ")
    else:
        assert (told.command is None) != (told.sagemaker is None)


def read_or_told(text: str) -> Recipe | str:
    try:
        return read_recipe("digits", text)
    except BadRecipe as flaw:
        return str(flaw)


@given(st.dictionaries(KEYS, VALUES, max_size=5), st.booleans())
def test_any_table_is_a_recipe_or_has_a_mistake_that_is_told(table: dict[str, Any], begins_well: bool) -> None:  # noqa: FBT001
    start = {"command": ["x"]} if begins_well else {}
    is_read_or_told("\n".join(f"{key} = {as_toml(value)}" for key, value in {**start, **table}.items()))


@given(st.text())
def test_any_text_is_a_recipe_or_has_a_mistake_that_is_told(text: str) -> None:
    is_read_or_told(text)
