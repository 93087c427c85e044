"""A mistake in a recipe shows before a synth."""

import pytest

from command_line import run_command
from tests.support.paths import ROOT
from tests.support.recipes import text_of_recipe
from tools import checked_recipes


def checked(monkeypatch, folder):
    monkeypatch.setattr("sys.argv", ["checked_recipes", str(folder)])
    return run_command(checked_recipes.main)


def test_the_recipes_of_this_repository_are_sound(monkeypatch):
    assert checked(monkeypatch, ROOT / "training" / "recipes") == 0


def test_a_stack_may_have_no_recipes(monkeypatch, tmp_path):
    assert checked(monkeypatch, tmp_path / "none") == 0


@pytest.mark.parametrize(("names", "more"), [("a", ""), ("ab", " (and 1 more: training-events recipes lists them)")])
def test_a_mistake_is_one_line(monkeypatch, tmp_path, capsys, names, more):
    (tmp_path / "sound.toml").write_text(text_of_recipe(), encoding="utf-8")
    for name in names:
        (tmp_path / f"{name}.toml").write_text("max_running = 0", encoding="utf-8")
    assert checked(monkeypatch, tmp_path) == 2
    line = f"error: {tmp_path}/a.toml: max_running: it is 0; allowed: a whole number, at least 1{more}\n"
    assert capsys.readouterr().err == line
