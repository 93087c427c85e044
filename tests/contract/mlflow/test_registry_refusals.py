"""What MLflow's registry holds besides models is refused in one line, and who only asks for it gets an empty list."""

import pytest
from mlflow.entities.model_registry import ModelVersionTag, RegisteredModelTag
from mlflow.entities.webhook import WebhookAction, WebhookEntity, WebhookEvent
from training_events.interchange.mlflow.registry import RegistryStore

from tests.contract.mlflow.behaviours import answered, refused
from tests.support.mlflow_clients import address_in, client_of, refusal

pytestmark = pytest.mark.slow  # MLflow takes seconds to import

IS_PROMPT = "mlflow.prompt.is_prompt"
CREATED = WebhookEvent(WebhookEntity.REGISTERED_MODEL, WebhookAction.CREATED)


@pytest.fixture
def store(tmp_path):
    store = RegistryStore(address_in(tmp_path))
    store.create_registered_model("digits")
    store.create_model_version("digits", "s3://models/x")
    return store


@refused("Prompts, webhooks and deployment jobs are recorded.", "the log has no place for them")
@pytest.mark.parametrize(
    ("what", "call"),
    [
        ("a prompt", lambda store: store.create_registered_model("p", [RegisteredModelTag(IS_PROMPT, "true")])),
        ("a prompt", lambda store: store.create_model_version("digits", "x", tags=[ModelVersionTag(IS_PROMPT, "True")])),
        ("a prompt", lambda store: store.set_registered_model_tag("digits", RegisteredModelTag(IS_PROMPT, "true"))),
        ("a prompt", lambda store: store.set_model_version_tag("digits", 1, ModelVersionTag(IS_PROMPT, "true"))),
        ("a prompt", lambda store: store.create_prompt("p")),
        ("a prompt", lambda store: store.create_prompt_version("p", "Hello {{name}}")),
        ("a prompt", lambda store: store.link_prompt_version_to_run("p", "1", "run")),
        ("a webhook", lambda store: store.create_webhook("hook", "https://example.org", [CREATED])),
        ("a webhook", lambda store: store.get_webhook("hook")),
        ("a deployment job", lambda store: store.create_registered_model("p", deployment_job_id="job")),
    ],
)
def test_what_a_log_has_no_place_for_is_refused(store, what, call):
    code, line = refusal(call, store)
    assert code == "NOT_IMPLEMENTED"
    assert line.startswith(f"{what} cannot be kept: ")
    assert [model.name for model in store.search_registered_models()] == ["digits"]
    assert [version.version for version in store.search_model_versions()] == [1]


@answered("Lists of prompts and webhooks can be asked for.")
def test_who_asks_what_there_is_gets_nothing(store):
    assert list(store.search_prompts()) == list(store.search_prompt_versions("p")) == []
    assert list(store.list_webhooks()) == list(store.list_webhooks_by_event(CREATED)) == []
    assert store.get_prompt("p") is None


def test_a_client_that_registers_a_prompt_is_told(tmp_path):
    assert refusal(client_of(tmp_path).register_prompt, "greeting", "Hello {{name}}")[0] == "NOT_IMPLEMENTED"
