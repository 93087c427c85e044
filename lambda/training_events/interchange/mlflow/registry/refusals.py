"""What MLflow's registry holds besides models, and this log has no place for: prompts and webhooks.

Each call that would record one is refused with one line. A page or a server that only asks what there is gets an empty list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from mlflow.prompt.constants import IS_PROMPT_TAG_KEY
from mlflow.store.entities.paged_list import PagedList
from mlflow.store.model_registry.abstract_store import AbstractStore

from training_events.interchange.mlflow.refusals import Refused, refused

if TYPE_CHECKING:
    from collections.abc import Iterable


_NO_PLACE = "a registry in an event log has models, their versions, stages and aliases; another store can keep the rest"


def not_kept(what: str) -> Refused:
    return refused(f"{what} cannot be kept: {_NO_PLACE}")


def check_no_prompt(tags: Iterable[Any] | None) -> None:
    """Raises for the tag by which MLflow makes a prompt of a model."""
    if any(tag.key == IS_PROMPT_TAG_KEY and str(tag.value).lower() == "true" for tag in tags or ()):
        raise not_kept("a prompt")


class WithoutPrompts(AbstractStore):
    """A registry that refuses prompts and webhooks."""

    def _no_prompt(self, *_: Any, **__: Any) -> NoReturn:
        raise not_kept("a prompt")

    def _no_webhook(self, *_: Any, **__: Any) -> NoReturn:
        raise not_kept("a webhook")

    def _none(self, *_: Any, **__: Any) -> PagedList[Any]:
        return PagedList([], None)

    create_prompt = create_prompt_version = delete_prompt = delete_prompt_version = _no_prompt
    set_prompt_tag = delete_prompt_tag = set_prompt_version_tag = delete_prompt_version_tag = _no_prompt
    set_prompt_alias = delete_prompt_alias = _no_prompt
    link_prompts_to_trace = link_prompt_version_to_model = link_prompt_version_to_run = _no_prompt
    create_webhook = get_webhook = update_webhook = delete_webhook = test_webhook = _no_webhook
    search_prompts = search_prompt_versions = list_webhooks = list_webhooks_by_event = _none

    def get_prompt(self, name: str) -> None:  # noqa: ARG002 - the name is MLflow's
        return None
