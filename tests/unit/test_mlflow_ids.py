"""MLflow's ids follow from names, and lead back to them."""

import re

from hypothesis import given
from hypothesis import strategies as st
from training_events import mlflow_ids

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=300).filter(
    lambda name: name == name.strip()
)


@given(NAMES)
def test_an_id_leads_back_to_the_name(name: str) -> None:
    id_ = mlflow_ids.run_id(name)
    assert re.fullmatch(r"[a-zA-Z0-9][\w\-]{0,255}", id_, re.ASCII)
    assert mlflow_ids.run_name(id_, lambda: ["other", name]) == name


@given(NAMES, NAMES)
def test_two_names_have_two_ids(one: str, other: str) -> None:
    assert (mlflow_ids.run_id(one) == mlflow_ids.run_id(other)) == (one == other)


@given(st.from_regex(r"[a-zA-Z0-9][A-Za-z0-9_-]{0,255}", fullmatch=True).filter(lambda id_: not id_.startswith("x--")))
def test_a_name_that_is_an_id_is_its_own(name: str) -> None:
    assert mlflow_ids.run_id(name) == name


@given(st.text(max_size=40).map(lambda text: f"x--{text}"))
def test_what_is_no_id_of_a_run_leads_nowhere(text: str) -> None:
    name = mlflow_ids.run_name(text, list)
    assert name is None or mlflow_ids.run_id(name) == text


def test_a_name_that_looks_like_an_encoded_one_is_encoded() -> None:
    assert mlflow_ids.run_id("x--7") == "x--x--7"
    assert mlflow_ids.run_id("été/7") == "x--_C3_A9t_C3_A9_2F7"


def test_an_id_of_a_long_name_is_found_by_looking() -> None:
    name = "ü" * 200
    assert mlflow_ids.run_name(mlflow_ids.run_id(name), lambda: [name]) == name
    assert mlflow_ids.run_name(mlflow_ids.run_id(name), list) is None


@given(NAMES)
def test_the_id_of_an_experiment_is_a_number_of_64_bits(name: str) -> None:
    id_ = mlflow_ids.experiment_id(name)
    assert str(int(id_)) == id_
    assert int(id_) < 2**63


def test_runs_without_a_group_are_in_the_default_experiment() -> None:
    assert mlflow_ids.experiment_id(None) == mlflow_ids.experiment_id("Default") == "0"
