"""Versions of registered models through MLflow's own client: what its tests ask of a registry, and what differs here."""

import pytest

from tests.contract.mlflow.behaviours import answered, differs
from tests.support.mlflow_clients import client_of, recorded_log, refusal

pytestmark = pytest.mark.slow  # MLflow takes seconds to import

RUN_1, RUN_2, RUN_3 = "a1b2c3", "d4e5f6", "0a0b0c"


@pytest.fixture
def client(tmp_path):
    client = client_of(tmp_path)
    client.create_registered_model("digits")
    return client


def add(client, name="digits", source="s3://models/x", **given):
    return client.create_model_version(name, source, await_creation_for=None, **given)


def numbers(found):
    return [version.version for version in found]


def stages(client, *versions):
    return [client.get_model_version("digits", version).current_stage for version in versions]


def move(client, version, stage, *, archive=False):
    return client.transition_model_version_stage("digits", version, stage, archive)


@answered("A version is read as it was created: source, run, run link, description, tags; it is ready.")
def test_a_version_is_read_as_it_was_created(client):
    created = add(
        client, source="a/b/CD", run_id=RUN_1, tags={"k": "v"}, run_link="http://localhost/run/1", description="the best"
    )
    read = client.get_model_version("digits", "1")
    for version in (created, read):
        assert (version.name, version.version, version.current_stage) == ("digits", 1, "None")
        assert (version.source, version.run_id, version.run_link) == ("a/b/CD", RUN_1, "http://localhost/run/1")
        assert (version.tags, version.description, version.aliases) == ({"k": "v"}, "the best", [])
        assert (version.status, version.status_message) == ("READY", None)
    assert created.creation_timestamp == read.creation_timestamp <= read.last_updated_timestamp


def test_a_version_without_run_link_description_and_tags_has_none(client):
    add(client)
    version = client.get_model_version("digits", "1")
    assert (version.run_id, version.run_link, version.description, version.tags) == (None, None, None, {})


@answered("Versions are numbered from 1; the number of a deleted one is not given again.")
def test_numbers_count_and_that_of_a_deleted_version_is_not_given_again(client):
    assert numbers([add(client), add(client), add(client)]) == [1, 2, 3]
    client.delete_model_version("digits", "3")
    assert add(client).version == 4
    client.create_registered_model("letters")
    assert add(client, "letters").version == 1


@answered("A version of a model that is not there is refused.")
def test_a_version_of_a_model_that_is_not_there_is_refused(client):
    assert refusal(add, client, "digit")[0] == "RESOURCE_DOES_NOT_EXIST"


@answered("A version that is not there is told, and one that is no number is refused.")
@pytest.mark.parametrize(("version", "code"), [("7", "RESOURCE_DOES_NOT_EXIST"), ("one", "INVALID_PARAMETER_VALUE")])
def test_a_version_that_is_not_there_is_told(client, version, code):
    add(client)
    assert refusal(client.get_model_version, "digits", version)[0] == code
    assert refusal(client.set_model_version_tag, "digits", version, "a", "b")[0] == code
    assert refusal(client.delete_model_version, "digits", version)[0] == code


@answered("The description of a version is changed and removed.")
def test_a_description_of_a_version_can_be_changed_and_removed(client):
    add(client, description="first")
    assert client.update_model_version("digits", "1", "second").description == "second"
    assert client.update_model_version("digits", "1", "").description is None


@answered("Tags of a version are set, replaced and deleted; those of other versions stay.")
def test_tags_of_a_version(client):
    add(client, tags={"key": "value", "other": "x"})
    add(client, tags={"key": "value"})
    client.set_model_version_tag("digits", "1", "key", "another")
    client.set_model_version_tag("digits", "1", "long", "y" * 60_000)
    client.delete_model_version_tag("digits", "1", "other")
    client.delete_model_version_tag("digits", "1", "other")  # it is gone already
    assert client.get_model_version("digits", "1").tags == {"key": "another", "long": "y" * 60_000}
    assert client.get_model_version("digits", "2").tags == {"key": "value"}
    assert refusal(client.set_model_version_tag, "digits", "1", "long", "a" * 70_000)[0] == "INVALID_PARAMETER_VALUE"


@differs(
    "A deleted version is gone with its aliases, and its source and run are redacted.",
    "it is hidden; the log keeps what was recorded",
)
def test_a_deleted_version_is_hidden_and_serves_nothing(client):
    add(client, tags={"key": "value"})
    client.set_registered_model_alias("digits", "champion", "1")
    move(client, "1", "Production")
    client.delete_model_version("digits", "1")
    for call, *args in (
        (client.get_model_version, "digits", "1"),
        (client.update_model_version, "digits", "1", "x"),
        (client.delete_model_version, "digits", "1"),
        (client.get_model_version_download_uri, "digits", "1"),
        (client.set_registered_model_alias, "digits", "champion", "1"),
    ):
        assert refusal(call, *args)[0] == "RESOURCE_DOES_NOT_EXIST"
    assert client.get_registered_model("digits").aliases == {}
    assert refusal(client.get_model_version_by_alias, "digits", "champion")[0] == "INVALID_PARAMETER_VALUE"
    assert list(client.search_model_versions()) == []


@answered("A version takes each stage, spelled in any case; another word is refused.")
def test_stages_are_words_in_any_case(client):
    add(client)
    for word, stage in (("STAGING", "Staging"), ("pRoduction", "Production"), ("archived", "Archived"), ("none", "None")):
        assert move(client, "1", word).current_stage == stage
    assert refusal(move, client, "1", "Live")[0] == "INVALID_PARAMETER_VALUE"


@differs(
    "Without `archive_existing_versions`, several versions are in one stage.",
    "one version serves a stage; the one before leaves it, for the stage `None`",
)
def test_one_version_serves_a_stage_and_the_one_before_leaves_it(client):
    for _ in range(3):
        add(client)
    move(client, "1", "Staging")
    move(client, "2", "Production")
    move(client, "3", "Staging")
    assert stages(client, "1", "2", "3") == ["None", "Production", "Staging"]
    move(client, "3", "Production")
    assert stages(client, "1", "2", "3") == ["None", "None", "Production"]


@answered(
    "With `archive_existing_versions`, the version before is archived and keeps its aliases; only for Staging and Production."
)
def test_the_version_before_is_archived_where_the_caller_wants_it_so(client):
    for _ in range(2):
        add(client)
    client.set_registered_model_alias("digits", "champion", "1")
    move(client, "1", "Staging")
    move(client, "2", "staging", archive=True)
    assert stages(client, "1", "2") == ["Archived", "Staging"]
    assert client.get_model_version("digits", "1").aliases == ["champion"]
    move(client, "1", "Production", archive=True)
    assert stages(client, "1", "2") == ["Production", "Staging"]
    for stage in ("None", "Archived"):
        assert refusal(move, client, "1", stage, archive=True)[0] == "INVALID_PARAMETER_VALUE"


def test_a_stage_is_spelled_as_the_log_has_it(client, tmp_path):
    """Who promotes with this package says `production`: MLflow's stage is the same one, and not another beside it."""
    add(client)
    move(client, "1", "Production")
    add(client)
    move(client, "2", "PRODUCTION")
    assert recorded_log(tmp_path).model("digits").stages == {"Production": "2"}


@answered("The download URI is the source, whatever is said of the version later.")
def test_files_are_where_the_source_says(client):
    add(client, source="path/to/source")
    assert client.get_model_version_download_uri("digits", "1") == "path/to/source"
    move(client, "1", "Production")
    client.update_model_version("digits", "1", "said of it")
    assert client.get_model_version_download_uri("digits", "1") == "path/to/source"


@answered("A copy of a version has its files, run, run link, tags and description, and no stage; a copy of a copy, too.")
@pytest.mark.parametrize("name", ["digits", "letters"])
def test_a_copy_has_the_files_and_the_run_of_the_version_that_it_is_of(client, name):
    add(client, source="path/to/source", run_id=RUN_1, tags={"k": "v"}, run_link="http://link", description="the best")
    move(client, "1", "Production")
    copied = client.copy_model_version("models:/digits/1", name)
    read = client.get_model_version(name, copied.version)
    assert (read.name, read.version) == (name, 2 if name == "digits" else 1)
    assert (read.current_stage, read.description, read.run_id) == ("None", "the best", RUN_1)
    assert (read.run_link, read.tags) == ("http://link", {"k": "v"})
    assert read.source == "models:/digits/1"
    assert client.get_model_version_download_uri(name, read.version) == "path/to/source"
    again = client.copy_model_version(f"models:/{name}/{read.version}", "numbers")
    assert client.get_model_version_download_uri("numbers", again.version) == "path/to/source"


def test_a_source_may_name_an_alias_a_stage_or_the_latest_version(client):
    add(client, source="first")
    add(client, source="second")
    client.set_registered_model_alias("digits", "champion", "1")
    move(client, "1", "Staging")
    sources = ("models:/digits@champion", "models:/digits/Staging", "models:/digits/1")
    assert [client.get_model_version_download_uri("digits", add(client, source=it).version) for it in sources] == ["first"] * 3
    for source in ("models:/digits@none", "models:/digits/9", "models:/none/1", f"models:/m-{'0' * 32}"):
        assert refusal(add, client, source=source)[0] == "RESOURCE_DOES_NOT_EXIST"


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    client = client_of(tmp_path_factory.mktemp("searched"))
    client.create_registered_model("digits")
    client.create_registered_model("letters")
    add(client, source="A/B", run_id=RUN_1, tags={"t1": "abc", "t2": "xyz"})
    add(client, source="A/C", run_id=RUN_2, tags={"t1": "abc", "t2": "x123"})
    add(client, source="A/D", run_id=RUN_2)
    add(client, source="A/D", run_id=RUN_3)
    add(client, "letters", source="A/E")
    client.delete_model_version("digits", "4")
    return client


@answered("Versions are found by name, number, run, source and tags, with `IN`, `LIKE`, `ILIKE`, numbers compared and `AND`.")
@pytest.mark.parametrize(
    ("filter_string", "expected"),
    [
        ("name = 'digits'", [1, 2, 3]),
        ("name = 'none'", []),
        ("name LIKE 'dig%' and version_number = 2", [2]),
        ("name = 'digits' and version_number <= 2", [1, 2]),
        ("version_number > 1", [2, 3]),
        ("version_number >= '3'", [3]),
        ("version_number > -1", [1, 1, 2, 3]),
        (f"run_id = '{RUN_1}'", [1]),
        (f"run_id IN ('{RUN_1}', '{RUN_2}')", [1, 2, 3]),
        (f"run_id IN ('{RUN_1.upper()}','{RUN_2}')", [2, 3]),
        (f"run_id LIKE '{RUN_2[:3]}%'", [2, 3]),
        (f"run_id ILIKE '{RUN_2[:3].upper()}%'", [2, 3]),
        ("source_path = 'A/D'", [3]),
        ("source_path = 'A'", []),
        ("tag.t2 = 'xyz'", [1]),
        ("tags.`t2` != 'xy'", [1, 2]),
        ("tag.t2 LIKE 'X%'", []),
        ("tag.t2 ILIKE 'X%'", [1, 2]),
        ("tag.t1 = 'abc' and tag.t2 LIKE 'x1%'", [2]),
        ("tag.t2 like 'x%' and tag.t2 != 'xyz'", [2]),
    ],
)
def test_a_search_finds_versions(searched, filter_string, expected):
    assert sorted(numbers(searched.search_model_versions(filter_string))) == expected


@answered("A filter of versions that cannot be read, or lists what is no text, is refused.")
@pytest.mark.parametrize(
    "filter_string",
    [
        "run_id IN (1,2)",
        "run_id IN ()",
        "run_id IN (",
        "run_id IN",
        "name LIKE",
        "run_id IN (,)",
        "stage = 'x'",
        "tag.a IN ('b')",
        "tag.a IS NULL",
        "version_number > 'x'",
        "version_number = 1.5",
    ],
)
def test_a_filter_that_is_none_is_refused_even_where_there_is_nothing_to_find(client, filter_string):
    assert refusal(client.search_model_versions, filter_string)[0] == "INVALID_PARAMETER_VALUE"


@answered("Versions come by their last change, the newest first, or by name, number and times in both directions.")
@pytest.mark.parametrize(
    ("order_by", "expected"),
    [
        (None, [("letters", 1), ("digits", 3), ("digits", 2), ("digits", 1)]),
        (["name DESC"], [("letters", 1), ("digits", 3), ("digits", 2), ("digits", 1)]),
        (["version_number ASC"], [("digits", 1), ("letters", 1), ("digits", 2), ("digits", 3)]),
        (["creation_timestamp"], [("digits", 1), ("digits", 2), ("digits", 3), ("letters", 1)]),
        (["last_updated_timestamp ASC"], [("digits", 1), ("digits", 2), ("digits", 3), ("letters", 1)]),
    ],
)
def test_a_search_has_an_order(searched, order_by, expected):
    found = searched.search_model_versions(order_by=order_by)
    assert [(version.name, version.version) for version in found] == expected


@answered("An order of versions by another field is refused.")
@pytest.mark.parametrize("order_by", [["run_id"], ["name", "name DESC"], ["last_updated_timestamp DESC blah"]])
def test_an_order_that_is_none_is_refused(client, order_by):
    assert refusal(client.search_model_versions, order_by=order_by)[0] == "INVALID_PARAMETER_VALUE"


@answered("A search of versions has pages; a token or a size that is none is refused.")
def test_a_search_has_pages(searched):
    first = searched.search_model_versions(max_results=3, order_by=["version_number DESC"])
    second = searched.search_model_versions(max_results=3, order_by=["version_number DESC"], page_token=first.token)
    assert (numbers(first), numbers(second), second.token) == ([3, 2, 1], [1], None)
    for mistake in ({"page_token": "evilhax"}, {"max_results": 0}, {"max_results": 10**15}):
        assert refusal(searched.search_model_versions, **mistake)[0] == "INVALID_PARAMETER_VALUE"
