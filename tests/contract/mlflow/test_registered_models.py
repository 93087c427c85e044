"""Registered models through MLflow's own client: what its tests ask of a registry, and what differs here."""

import pytest
from mlflow.exceptions import MlflowException

from tests.contract.mlflow.behaviours import answered, differs, refused
from tests.support.mlflow_clients import client_of, refusal

pytestmark = pytest.mark.slow  # MLflow takes seconds to import


@pytest.fixture
def client(tmp_path):
    return client_of(tmp_path)


def names(found):
    return [model.name for model in found]


def by_stage(versions):
    return {version.current_stage: int(version.version) for version in versions}


def with_versions(client, name, count):
    client.create_registered_model(name)
    for number in range(count):
        client.create_model_version(name, f"s3://models/{number}")


@answered("A registered model is read as it was created: name, description, tags.")
def test_a_model_is_read_as_it_was_created(client):
    created = client.create_registered_model("digits", tags={"team": "vision", "n": "1"}, description="reads digits")
    read = client.get_registered_model("digits")
    for model in (created, read):
        assert (model.name, model.description, model.tags) == ("digits", "reads digits", {"team": "vision", "n": "1"})
        assert (model.latest_versions, model.aliases) == ([], {})
    assert read.creation_timestamp <= read.last_updated_timestamp


def test_a_model_without_a_description_has_none(client):
    client.create_registered_model("digits")
    assert client.get_registered_model("digits").description is None


@answered("A second model of the same name is refused; a name that differs a little is free.")
def test_the_name_of_a_model_is_taken(client):
    client.create_registered_model("digits")
    assert refusal(client.create_registered_model, "digits") == (
        "RESOURCE_ALREADY_EXISTS",
        "Registered Model (name=digits) already exists",
    )
    client.create_registered_model("digits-2")
    assert names(client.search_registered_models()) == ["digits", "digits-2"]


@answered("No name, an empty one, and one with `/` or `:` are refused.")
@pytest.mark.parametrize("name", [None, "", " ", "a/b", "a:b", "two\nlines", ".."])
def test_what_is_no_name_is_refused(client, name):
    assert refusal(client.create_registered_model, name)[0] == "INVALID_PARAMETER_VALUE"
    assert names(client.search_registered_models()) == []


@differs("Names have at most 256 characters.", "they may be any text, as long as a stream may be called")
def test_a_name_of_any_letters_is_kept(client):
    name = "Größe — übung ③" + "x" * 500
    client.create_registered_model(name)
    assert client.get_registered_model(name).name == name


@answered("The description of a model is changed and removed.")
def test_a_description_can_be_changed_and_removed(client):
    client.create_registered_model("digits", description="first")
    assert client.update_registered_model("digits", "second").description == "second"
    client.update_registered_model("digits", "")
    assert client.get_registered_model("digits").description is None


@answered("A model that is not there is told.")
def test_a_model_that_is_not_there_is_told_with_names_near_it(client):
    client.create_registered_model("digits")
    code, line = refusal(client.get_registered_model, "digit")
    assert (code, line) == ("RESOURCE_DOES_NOT_EXIST", "Registered Model with name=digit not found; near names: digits")


@differs(
    "A renamed model is found by its new name with its versions, and its old name is free.",
    "its stream keeps the old name, so that stays taken",
)
def test_a_renamed_model_keeps_its_stream_and_its_old_name_stays_taken(client):
    with_versions(client, "digits", 2)
    client.rename_registered_model("digits", "numbers")
    assert client.get_registered_model("numbers").name == "numbers"
    assert client.get_model_version("numbers", "2").name == "numbers"
    code, line = refusal(client.get_registered_model, "digits")
    assert code == "RESOURCE_DOES_NOT_EXIST"
    assert "it is called numbers now" in line
    code, line = refusal(client.create_registered_model, "digits")
    assert code == "RESOURCE_ALREADY_EXISTS"
    assert line.endswith("a model had this name before it was renamed to numbers, and its old name stays taken")
    assert refusal(client.create_registered_model, "numbers")[0] == "RESOURCE_ALREADY_EXISTS"
    client.create_registered_model("letters")
    for taken in ("digits", "numbers"):
        assert refusal(client.rename_registered_model, "letters", taken)[0] == "RESOURCE_ALREADY_EXISTS"
    client.rename_registered_model("numbers", "digits")
    assert client.get_registered_model("digits").name == "digits"
    assert refusal(client.rename_registered_model, "digits", "a:b")[0] == "INVALID_PARAMETER_VALUE"


@differs(
    "A deleted model is gone with its versions and aliases; a new one of its name begins with version 1.",
    "it is hidden; a new one goes on with its next number, so that no number means two versions",
)
def test_a_deleted_model_is_hidden_and_goes_on_when_it_is_created_again(client):
    client.create_registered_model("digits", tags={"team": "vision"}, description="old")
    client.create_model_version("digits", "s3://models/1")
    client.set_registered_model_alias("digits", "champion", "1")
    client.delete_registered_model("digits")
    for call, *args in (
        (client.get_registered_model, "digits"),
        (client.update_registered_model, "digits", "x"),
        (client.delete_registered_model, "digits"),
        (client.get_model_version, "digits", "1"),
        (client.get_model_version_by_alias, "digits", "champion"),
        (client.set_registered_model_tag, "digits", "a", "b"),
        (client.delete_registered_model_tag, "digits", "team"),
        (client.create_model_version, "digits", "s3://models/2"),
    ):
        assert refusal(call, *args)[0] == "RESOURCE_DOES_NOT_EXIST"
    assert (names(client.search_registered_models()), list(client.search_model_versions())) == ([], [])
    again = client.create_registered_model("digits")
    assert (again.tags, again.description, again.latest_versions, again.aliases) == ({}, None, [], {})
    assert client.create_model_version("digits", "s3://models/2").version == 2


@answered("Tags of a model are set, replaced and deleted; a tag that is gone may be deleted again.")
def test_tags_of_a_model(client):
    client.create_registered_model("digits", tags={"key": "value", "other": "x"})
    client.create_registered_model("letters", tags={"key": "value"})
    client.set_registered_model_tag("digits", "key", "another")
    client.set_registered_model_tag("digits", "bad:name€", "y" * 60_000)
    client.delete_registered_model_tag("digits", "other")
    client.delete_registered_model_tag("digits", "other")  # it is gone already
    assert client.get_registered_model("digits").tags == {"key": "another", "bad:name€": "y" * 60_000}
    assert client.get_registered_model("letters").tags == {"key": "value"}
    assert refusal(client.set_registered_model_tag, "digits", "long", "a" * 70_000)[0] == "INVALID_PARAMETER_VALUE"
    assert refusal(client.set_registered_model_tag, "digits", None, "a")[0] == "INVALID_PARAMETER_VALUE"
    assert refusal(client.delete_registered_model_tag, "digits", None)[0] == "INVALID_PARAMETER_VALUE"


@answered("The latest versions are those with the highest number in each stage; stages are words in any case.")
def test_the_latest_versions_are_those_with_the_highest_number_in_each_stage(client):
    with_versions(client, "digits", 5)
    assert by_stage(client.get_registered_model("digits").latest_versions) == {"None": 5}
    for version, stage in (("2", "Production"), ("3", "Staging"), ("1", "Archived")):
        client.transition_model_version_stage("digits", version, stage)
    expected = {"None": 5, "Production": 2, "Staging": 3, "Archived": 1}
    assert by_stage(client.get_registered_model("digits").latest_versions) == expected
    assert by_stage(client.get_latest_versions("digits")) == by_stage(client.get_latest_versions("digits", [])) == expected
    assert by_stage(client.get_latest_versions("digits", ["pROduction", "None"])) == {"None": 5, "Production": 2}
    assert refusal(client.get_latest_versions, "digits", ["Live"])[0] == "INVALID_PARAMETER_VALUE"


@answered("An alias names one version, moves to another and is deleted; `latest` is the highest number.")
def test_an_alias_names_one_version(client):
    with_versions(client, "digits", 2)
    client.set_registered_model_alias("digits", "champion", "2")
    assert client.get_registered_model("digits").aliases == {"champion": 2}
    assert [client.get_model_version("digits", number).aliases for number in "12"] == [[], ["champion"]]
    client.set_registered_model_alias("digits", "champion", "1")
    assert int(client.get_model_version_by_alias("digits", "champion").version) == 1
    client.delete_registered_model_alias("digits", "champion")
    client.delete_registered_model_alias("digits", "champion")  # it is gone already
    assert client.get_registered_model("digits").aliases == {}
    assert refusal(client.get_model_version_by_alias, "digits", "champion") == (
        "INVALID_PARAMETER_VALUE",
        "Registered model alias champion not found.",
    )
    assert int(client.get_model_version_by_alias("digits", "latest").version) == 2


@refused("An alias is called like a stage.", "aliases and stages are one thing here, so it would be the stage")
@pytest.mark.parametrize("alias", ["", "a b", "v1", "latest", "Production", "staging", "none", "ARCHIVED"])
def test_a_word_that_means_something_else_is_no_alias(client, alias):
    with_versions(client, "digits", 1)
    assert refusal(client.set_registered_model_alias, "digits", alias, "1")[0] == "INVALID_PARAMETER_VALUE"


@answered("An alias of a version that is not there is refused.")
def test_an_alias_of_a_version_that_is_not_there_is_refused(client):
    with_versions(client, "digits", 1)
    code, line = refusal(client.set_registered_model_alias, "digits", "champion", "7")
    assert (code, line) == ("RESOURCE_DOES_NOT_EXIST", "Model Version (name=digits, version=7) not found; there are: 1")


SEARCHED = ("RM1", "RM2", "RM3", "RM4", "RM4A", "RM4ab")


@answered("Models are found by name and tags with `=`, `!=`, `LIKE`, `ILIKE`, `IN`, `NOT IN` and `AND`.")
@pytest.mark.parametrize(
    ("filter_string", "expected"),
    [
        (None, SEARCHED),
        ("name = 'RM1'", ["RM1"]),
        ("name = 'RM1x'", []),
        ("name != 'RM1'", SEARCHED[1:]),
        ("name LIKE 'RM4A%'", ["RM4A"]),
        ("name like '_M4%'", SEARCHED[3:]),
        ("name ILIKE '%rm4A%'", SEARCHED[4:]),
        ("name IN ('RM1', 'RM3', 'none')", ["RM1", "RM3"]),
        ("name NOT IN ('RM1', 'RM2')", SEARCHED[2:]),
        ("tags.t1 = 'abc'", ["RM1"]),
        ("tag.t1 != 'abc'", ["RM2"]),
        ("tags.`t1` LIKE 'ab%' AND name = 'RM2'", ["RM2"]),
        ("tags.t1 ILIKE 'AB%'", ["RM1", "RM2"]),
        ("tags.T1 = 'abc'", []),
        ("tags.t1 != 'abcd' and tags.t1 LIKE 'ab%'", ["RM1"]),
        ("tags.`mlflow.prompt.is_prompt` = 'true'", []),
        ("tags.`mlflow.prompt.is_prompt` != 'true'", SEARCHED),
    ],
)
def test_a_search_finds_models_by_names_and_tags(searched, filter_string, expected):
    assert names(searched.search_registered_models(filter_string)) == list(expected)


@answered("A filter of models by what they do not have, or that cannot be read, is refused.")
@pytest.mark.parametrize(
    "filter_string",
    [
        "name != something",
        "run_id = 'x'",
        "source_path = 'A'",
        "evilhax = true",
        "name LIKE",
        "name IN (1, 2)",
        "tags.t1 IN ('a')",
        "tags.t1 IS NOT NULL",
    ],
)
def test_a_filter_that_is_none_is_refused_even_where_there_is_nothing_to_find(client, filter_string):
    assert refusal(client.search_registered_models, filter_string)[0] == "INVALID_PARAMETER_VALUE"


@answered("Models come by name, or by `timestamp`, `last_updated_timestamp` and `name` in both directions.")
@pytest.mark.parametrize(
    ("order_by", "expected"),
    [
        (None, SEARCHED),
        (["name DESC"], SEARCHED[::-1]),
        (["timestamp DESC"], ["RM2", *SEARCHED[:1:-1], "RM1"]),
        (["last_updated_timestamp"], ["RM1", *SEARCHED[2:], "RM2"]),
        (["timestamp\tASC", "name   desc"], ["RM1", *SEARCHED[2:], "RM2"]),
    ],
)
def test_a_search_has_an_order(searched, order_by, expected):
    searched.update_registered_model("RM2", "changed last")
    assert names(searched.search_registered_models(order_by=order_by)) == list(expected)


@answered("An order by another field, or by one field twice, is refused.")
@pytest.mark.parametrize(
    "order_by",
    [["creation_timestamp"], ["name", "name DESC"], ["timestamp", "last_updated_timestamp"], ["name ASC blah"]],
)
def test_an_order_that_is_none_is_refused(client, order_by):
    with pytest.raises(MlflowException):
        client.search_registered_models(order_by=order_by)


@answered("A search of models has pages; a token or a size that is none is refused.")
def test_a_search_has_pages(searched):
    pages: list[list[str]] = []
    token = None
    while not pages or token:
        page = searched.search_registered_models("name LIKE 'RM%'", max_results=4, page_token=token)
        pages.append(names(page))
        token = page.token
    assert pages == [list(SEARCHED[:4]), list(SEARCHED[4:])]
    for mistake in ({"page_token": "evilhax"}, {"max_results": 0}, {"max_results": 10**15}):
        assert refusal(searched.search_registered_models, **mistake)[0] == "INVALID_PARAMETER_VALUE"


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    client = client_of(tmp_path_factory.mktemp("searched"))
    tags = {"RM1": {"t1": "abc"}, "RM2": {"t1": "abcd", "t2": "x"}}
    for name in SEARCHED:
        client.create_registered_model(name, tags=tags.get(name))
    return client
