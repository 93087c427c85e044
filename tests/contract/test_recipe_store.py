"""What every place of recipes does: a folder, and a prefix in S3."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from training_events.errors import BadRecipe, Misused, NoSuchRecipe
from training_events.training.recipe_store import RecipeStore, open_recipes

from tests.support.s3 import BUCKET, data_bucket

DIGITS = """
dataset = "digits"
on = "DatasetRegistered"
command = ["python", "train.py"]
[channels]
train = { dataset = "digits" }
"""

Put = Callable[[str, str], None]


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Put]]:
    """An address, and what puts a file there."""
    if request.param == "folder":
        (tmp_path / "recipes").mkdir()
        yield str(tmp_path / "recipes"), lambda name, text: _write(tmp_path / "recipes" / name, text)
        return
    with data_bucket() as s3:
        yield (
            f"s3://{BUCKET}/recipes/",
            lambda name, text: s3.put_object(Bucket=BUCKET, Key=f"recipes/{name}", Body=text.encode()),
        )


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def put(place: tuple[str, Put]) -> Put:
    return place[1]


@pytest.fixture
def recipes(place: tuple[str, Put]) -> RecipeStore:
    return open_recipes(place[0])


def test_a_recipe_is_read_as_it_was_written(recipes: RecipeStore, put: Put) -> None:
    put("digits.toml", DIGITS)
    recipe = recipes.get("digits")
    assert (recipe.name, recipe.dataset, recipe.runs_on) == ("digits", "digits", "worker")
    assert len(recipe.revision) == 64


def test_another_text_is_another_revision(recipes: RecipeStore, put: Put) -> None:
    put("digits.toml", DIGITS)
    before = recipes.get("digits").revision
    put("digits.toml", DIGITS + "# no change\n")
    assert recipes.get("digits").revision != before


def test_only_recipes_are_listed_those_with_mistakes_too(recipes: RecipeStore, put: Put) -> None:
    for name in ("b.toml", "a.toml", "broken name.toml", "README.md", "a.paused"):
        put(name, "max_running = 0")
    assert recipes.names() == ["a", "b", "broken name"]


def test_a_mistake_is_one_line_with_the_file_and_the_key(recipes: RecipeStore, put: Put) -> None:
    put("digits.toml", DIGITS.replace("command", "comand"))
    with pytest.raises(BadRecipe, match=r"^digits\.toml: comand: there is no such key; .+ did you mean command\?$"):
        recipes.get("digits")


def test_a_file_whose_name_can_be_no_recipes_says_so(recipes: RecipeStore, put: Put) -> None:
    put("my digits.toml", DIGITS)
    with pytest.raises(BadRecipe, match=r"^my digits\.toml: the name of its file; allowed: .+$"):
        recipes.get("my digits")


@pytest.mark.parametrize("name", ["digitz", "../digits", "", "digits.toml", "a/b", "x" * 5000])
def test_what_is_not_there_is_told_with_near_names(recipes: RecipeStore, put: Put, name: str) -> None:
    put("digits.toml", DIGITS)
    with pytest.raises(NoSuchRecipe, match=r"^there is no recipe .+digits"):
        recipes.get(name)
    assert isinstance(recipes.find(name), NoSuchRecipe)


def test_a_pause_says_who_when_and_why_and_survives(place: tuple[str, Put], put: Put) -> None:
    put("digits.toml", DIGITS)
    assert open_recipes(place[0]).pause("digits", "ana", "the data is being cleaned")
    pause = open_recipes(place[0]).pause_of("digits")
    assert pause is not None
    assert (pause.by, pause.reason) == ("ana", "the data is being cleaned")
    assert str(pause) == f"paused by ana at {pause.at}: the data is being cleaned"


def test_the_first_pause_stands(recipes: RecipeStore, put: Put) -> None:
    put("digits.toml", DIGITS)
    assert recipes.pause("digits", "ana", "first")
    assert not recipes.pause("digits", "bob", "second")
    assert (pause := recipes.pause_of("digits")) is not None
    assert pause.by == "ana"


def test_a_recipe_goes_on_after_its_pause(recipes: RecipeStore, put: Put) -> None:
    put("digits.toml", DIGITS)
    recipes.pause("digits", None, None)
    assert recipes.resume("digits")
    assert recipes.pause_of("digits") is None
    assert not recipes.resume("digits")
    assert recipes.pause("digits", "bob", None)


def test_a_file_that_somebody_put_there_pauses_too(recipes: RecipeStore, put: Put) -> None:
    put("digits.toml", DIGITS)
    put("digits.paused", "")
    assert str(recipes.pause_of("digits")) == "paused"


@pytest.mark.parametrize("change", ["pause", "resume"])
def test_only_a_recipe_that_is_there_is_paused_and_resumed(recipes: RecipeStore, put: Put, change: str) -> None:
    put("digits.toml", DIGITS)
    with pytest.raises(NoSuchRecipe, match=r"but digits$"):
        recipes.pause("digitz", None, None) if change == "pause" else recipes.resume("digitz")


@pytest.mark.parametrize("place", ["s3://", "https://example.org/recipes", "no/such/folder"])
def test_an_address_without_recipes_is_told(place: str) -> None:
    with pytest.raises(Misused, match="TRAINING_EVENTS_RECIPES says a folder, or s3://"):
        open_recipes(place).names()
