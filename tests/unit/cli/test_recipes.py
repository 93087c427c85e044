"""`recipes` and `request`: what is listed, paused and asked for, and what is refused beforehand."""

import getpass
import json

import pytest
from training_events import aws, folds
from training_events.folds.run_state import RunState
from training_events.stores.opening import open_event_log

from tests.support.command_line import empty_store, make_event, parse_document, record_events, run_cli
from tests.support.dynamodb import aws_in_this_process

DIGITS = """
model = "digits"
dataset = "digits"
on = "DatasetRegistered"
command = ["python", "train.py"]
[hyperparameters]
epochs = 8
learning_rate = 0.1
shuffle = true
label = "1"
[channels]
train = { dataset = "digits" }
"""
LARGE = f"""
[sagemaker]
image = "1.dkr.ecr.us-east-1.amazonaws.com/train@sha256:{"0" * 64}"
instance_type = "ml.m5.xlarge"
"""
VERSIONS = ["aa11" + "0" * 60, "bb22" + "0" * 60]
TOKEN = "ghp_0123456789abcdefghijABCDEFGHIJ012345"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(getpass, "getuser", lambda: "ada")
    recipes = tmp_path / "training" / "recipes"
    recipes.mkdir(parents=True)
    (recipes / "digits.toml").write_text(DIGITS, encoding="utf-8")
    (recipes / "large.toml").write_text(LARGE, encoding="utf-8")
    return recipes


in_every_store = pytest.mark.parametrize("url", ["sqlite", "dynamodb"], indirect=True)


@pytest.fixture
def url(request, folder, tmp_path, monkeypatch):
    with empty_store(getattr(request, "param", "sqlite"), tmp_path) as url:
        monkeypatch.setenv("TRAINING_EVENTS_LOG", url)
        versions = enumerate(VERSIONS)
        record_events(
            url,
            [
                make_event("dataset/digits", "DatasetRegistered", n, uri="s3://b/d", version_id=f"v{n}", sha256=sha256)
                for n, sha256 in versions
            ],
        )
        yield url


def printed(capsys, *arguments, code=0):
    exit_code, out, _ = run_cli(capsys, *arguments, "--json")
    assert exit_code == code
    return parse_document(arguments[0], out)


def refused(capsys, message, *arguments):
    code, out, err = run_cli(capsys, *arguments)
    assert (code, out) == (2, "")
    assert message in err


def asked(url, stream):
    [recorded] = open_event_log(url).read(stream)
    return recorded.event


# ---- recipes


def test_recipes_are_listed_with_what_starts_them_and_where_they_run(capsys, url):
    code, out, _ = run_cli(capsys, "recipes")
    assert code == 0
    titles, digits, large = out.splitlines()
    assert titles.split() == ["recipe", "status", "starts", "when", "runs", "on", "last", "runs"]
    assert "dataset/digits is registered" in digits
    assert "it is asked for" in large
    assert "SageMaker: ml.m5.xlarge" in large


@in_every_store
def test_a_recipe_is_listed_with_its_last_runs_the_newest_first(capsys, url):
    events = [make_event(f"run/digits-{n}", "TrainingRequested", n, recipe="digits") for n in range(7)]
    record_events(
        url, [*events, make_event("run/digits-6", "TrainingStarted", 8), make_event("run/other", "TrainingStarted", 9)]
    )
    digits, large = printed(capsys, "recipes")["recipes"]
    assert [run["stream"] for run in digits["runs"]] == [f"run/digits-{n}" for n in (6, 5, 4, 3, 2)]
    assert [run["status"] for run in digits["runs"]][:2] == ["running", "requested"]
    assert large["runs"] == []


def test_without_a_log_recipes_are_listed_all_the_same(capsys, bare_environment, folder):
    document = printed(capsys, "recipes")
    assert [it["name"] for it in document["recipes"]] == ["digits", "large"]
    assert "TRAINING_EVENTS_LOG is not set" in document["runs_not_known"]


def test_a_mistake_in_a_recipe_is_told_and_the_exit_code_says_so(capsys, url, folder):
    (folder / "digits.toml").write_text(DIGITS.replace("epochs = 8", "epochs = []"), encoding="utf-8")
    code, out, err = run_cli(capsys, "recipes")
    assert code == 2
    assert "digits.toml: hyperparameters.epochs: it is []; allowed: a text, a finite number, true or false" in out.splitlines()
    assert "1 of 2 recipes in training/recipes cannot be used: digits" in err
    broken, large = printed(capsys, "recipes", code=2)["recipes"]
    assert broken["recipe"] is None
    assert broken["mistake"].startswith("digits.toml: ")
    assert large["mistake"] is None


def test_a_recipe_is_paused_and_resumed(capsys, url, folder):
    document = printed(capsys, "recipes", "pause", "digits", "--reason", "the labels are wrong")
    assert document["changed"]
    assert json.loads((folder / "digits.paused").read_bytes())["by"] == "ada"
    assert not printed(capsys, "recipes", "pause", "digits", "--reason", "another")["changed"]
    code, out, _ = run_cli(capsys, "recipes")
    assert (code, out.splitlines()[-1][:24]) == (0, "digits: paused by ada at")
    assert out.splitlines()[-1].endswith(": the labels are wrong")
    assert printed(capsys, "recipes", "resume", "digits")["changed"]
    assert run_cli(capsys, "recipes", "resume", "digits")[1] == "digits: it was not paused\n"
    assert printed(capsys, "recipes")["recipes"][0]["pause"] is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["pause", "digitz"], "there is no recipe 'digitz' in training/recipes, but digits"),
        (["resume", "nothing"], "only digits, large"),
        (["pause"], "pause needs the name of a recipe; there are: digits, large"),
        (["resume", "digits", "--reason", "why"], "allowed: with pause only"),
        (["stop", "digits"], "'pause', 'resume'"),
    ],
)
def test_what_cannot_be_paused_is_one_line(capsys, url, arguments, message):
    refused(capsys, message, "recipes", *arguments)


def test_a_folder_that_is_not_there_is_told(capsys, url, monkeypatch):
    monkeypatch.setenv("TRAINING_EVENTS_RECIPES", "no/such/folder")
    refused(capsys, "there are no recipes at 'no/such/folder': TRAINING_EVENTS_RECIPES says a folder", "recipes")


# ---- request


@in_every_store
def test_a_request_is_an_event_of_a_new_run_with_the_newest_version_pinned(capsys, url):
    document = printed(capsys, "request", "digits", "epochs=20", "shuffle=false")
    event = asked(url, document["stream"])
    assert document["stream"].startswith("run/digits-")
    assert (event.type, event.digest, document["outcome"]) == ("TrainingRequested", document["digest"], "recorded")
    assert event.data == {
        "model": "digits",
        "requested_by": "ada",
        "recipe": "digits",
        "hyperparameters": {"epochs": 20, "shuffle": False},
        "datasets": [{"uri": "s3://b/d", "version_id": "v1", "sha256": VERSIONS[1], "role": "train"}],
    }
    assert document["hyperparameters"] == {"epochs": 20, "learning_rate": 0.1, "shuffle": False, "label": "1"}


def test_people_read_which_run_it_is_and_what_happens_next(capsys, url):
    code, out, _ = run_cli(capsys, "request", "digits", "--run", "digits-7")
    assert code == 0
    assert out.splitlines()[0].split() == ["run/digits-7", "TrainingRequested", "recorded"]
    assert "a worker starts it: training-events worker" in out
    assert "the training starter of the stack creates the training job" in run_cli(capsys, "request", "large")[1]


def test_the_command_that_watches_a_run_can_be_copied_whatever_its_name(capsys, url):
    assert "training-events watch 'run/my run'\n" in run_cli(capsys, "request", "digits", "--run", "my run")[1]


def test_a_request_of_a_paused_recipe_says_that_it_will_be_refused(capsys, url):
    run_cli(capsys, "recipes", "pause", "digits")
    assert "it is refused: digits is paused by ada" in run_cli(capsys, "request", "digits")[1]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("epochs=2e1", 20),
        ("learning_rate=1", 1),
        ("label=7", "7"),
        ("label=", ""),
        ("label=a=b", "a=b"),
        ("shuffle=false", False),
    ],
)
def test_a_value_is_json_where_it_is_json(capsys, url, text, value):
    stream = printed(capsys, "request", "digits", text)["stream"]
    assert asked(url, stream).data["hyperparameters"] == {text.partition("=")[0]: value}


@pytest.mark.parametrize("version", ["aa11", "v0", VERSIONS[0]])
@in_every_store
def test_another_version_is_pinned_by_its_id_or_digest(capsys, url, version):
    [dataset] = printed(capsys, "request", "digits", "--dataset", f"train={version}")["datasets"]
    assert dataset["version_id"] == "v0"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["digitz"], "there is no recipe 'digitz' in training/recipes, but digits"),
        (["digits", "epohcs=1"], "the recipe digits has no hyperparameter 'epohcs'; did you mean epochs?"),
        (["digits", "x=1"], "it has epochs, learning_rate, shuffle, label"),
        (["digits", "epochs"], "'epochs' is no hyperparameter; allowed: <key>=<value>"),
        (["digits", "epochs=1", "epochs=2"], "is given twice"),
        (["digits", "epochs=many"], "epochs is 'many'; allowed: a number, as the recipe has 8"),
        (["digits", "epochs=true"], "epochs is True; allowed: a number"),
        (["digits", "shuffle=yes"], "allowed: true or false, as the recipe has true"),
        (["digits", "epochs=[1]"], "epochs is [1]; allowed: a text, a number, true or false"),
        (["digits", "epochs=null"], "epochs is None; allowed: a text, a number, true or false"),
        (["digits", f"label={TOKEN}"], "label looks like a credential"),
        (["digits", "--run", "a\nb"], "--run"),
        (["large", "--run", "a_b"], "'a_b' can be no training job's name"),
        (["digits", "--dataset", "train=cc33"], "dataset/digits has no version of this id or digest; its newest: v0, v1"),
        (["digits", "--dataset", "train"], "allowed is <channel>=<version>"),
        (["digits", "--dataset", "trian=v1"], "allowed: train"),
    ],
)
def test_what_cannot_be_asked_for_is_one_line_and_nothing_is_recorded(capsys, url, arguments, message):
    before = set(open_event_log(url).streams())
    refused(capsys, message, "request", *arguments)
    assert set(open_event_log(url).streams()) == before


def test_a_run_that_is_there_is_not_asked_for_again(capsys, url):
    run_cli(capsys, "request", "digits", "--run", "digits-7")
    refused(capsys, "the log has run/digits-7 already", "request", "digits", "--run", "digits-7")


def test_a_dataset_without_a_version_is_told_at_once(capsys, url, folder):
    (folder / "digits.toml").write_text(DIGITS.replace('"digits"', '"other"'), encoding="utf-8")
    refused(capsys, "dataset/other has no version to train on", "request", "digits")


def test_a_request_to_the_bus_needs_no_log(capsys, folder, monkeypatch):
    with aws_in_this_process(TRAINING_EVENTS_BUS="training"):
        aws.client("events").create_event_bus(Name="training")
        document = printed(capsys, "request", "digits")
        assert (document["outcome"], document["datasets"]) == ("published", [])
        refused(capsys, "--dataset needs the log", "request", "digits", "--dataset", "train=v1")


@in_every_store
def test_what_was_asked_for_is_the_state_of_the_run(capsys, url):
    stream = printed(capsys, "request", "digits")["stream"]
    state = folds.fold(RunState(stream), open_event_log(url).entries(stream))
    assert (state.status, state.recipe) == ("requested", "digits")
