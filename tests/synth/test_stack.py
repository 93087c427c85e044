"""The stack as a whole: its state, its provider, its outputs, its tags, its notebook."""

import pytest

from tests.support.stack_json import StackJson

OUTPUTS = {
    "checkpoint_key_arn",
    "data_bucket_name",
    "event_bus_arn",
    "event_bus_name",
    "event_log_table_name",
    "event_processor_function_name",
    "notary_function_name",
    "notary_table_name",
    "notebook_instance_name",
    "notebook_url",
    "projector_function_name",
    "read_model_table_name",
    "training_starter_function_name",
    "undelivered_queue_url",
}


def test_every_output_has_its_exact_name_and_a_description(stack: StackJson) -> None:
    outputs = stack.content["output"]
    assert set(outputs) == OUTPUTS
    assert all(output["description"] for output in outputs.values())


def test_the_state_is_in_s3_with_s3s_own_lock(stacks: dict[str, StackJson]) -> None:
    backend = stacks["dev"].content["terraform"]["backend"]["s3"]
    assert backend["bucket"] == "training-state-111122223333-us-east-1"
    assert backend["key"] == "training-dev/terraform.tfstate"
    assert (backend["use_lockfile"], backend["encrypt"]) == (True, True)
    assert "use_path_style" not in backend


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_provider_is_one_that_knows_the_notebooks_platform(stacks: dict[str, StackJson], environment: str) -> None:
    terraform = stacks[environment].content["terraform"]
    assert terraform["required_providers"]["aws"] == {"source": "hashicorp/aws", "version": ">= 6.19.0, < 7.0.0"}
    assert terraform["required_version"] == ">= 1.10.0"


def test_the_emulators_get_a_provider_that_works_with_them(stacks: dict[str, StackJson]) -> None:
    """From 6.23 the provider calls S3 at a host name that begins with the account. With 127.0.0.1 that is not a host."""
    provider = stacks["local"].content["terraform"]["required_providers"]["aws"]
    assert provider == {"source": "hashicorp/aws", "version": ">= 5.100.0, < 6.0.0"}


def test_the_provider_refuses_other_accounts_and_tags_everything(stacks: dict[str, StackJson]) -> None:
    (provider,) = stacks["prod"].content["provider"]["aws"]
    assert provider["allowed_account_ids"] == ["444455556666"]
    assert provider["default_tags"] == [
        {"tags": {"environment": "prod", "managed-by": "cdktf", "project": "event-sourced-training"}}
    ]
    assert "s3_use_path_style" not in provider


def test_the_notebook_publishes_under_the_first_source_that_is_configured(options: StackJson) -> None:
    on_start = options.one("aws_sagemaker_notebook_instance_lifecycle_configuration")["on_start"]
    script = options.content["locals"][on_start.removeprefix("${base64encode(local.").removesuffix(")}")]
    assert "export TRAINING_EVENTS_SOURCE='team.labels'" in script


def test_the_notebook_allows_neither_root_nor_the_old_metadata_service(stack: StackJson) -> None:
    notebook = stack.one("aws_sagemaker_notebook_instance")
    assert notebook["root_access"] == "Disabled"
    assert notebook["instance_metadata_service_configuration"] == {"minimum_instance_metadata_service_version": "2"}
    assert notebook["instance_type"] == "ml.t3.medium"


def test_the_notebooks_platform_is_amazon_linux_2023_but_for_the_emulators_provider(stacks: dict[str, StackJson]) -> None:
    """AWS no longer supports Amazon Linux 2: https://docs.aws.amazon.com/sagemaker/latest/dg/nbi-al2.html"""
    platforms = {name: stack.one("aws_sagemaker_notebook_instance")["platform_identifier"] for name, stack in stacks.items()}
    assert platforms == {"dev": "notebook-al2023-v1", "prod": "notebook-al2023-v1", "local": "notebook-al2-v3"}


def test_the_start_up_script_exports_the_variables_of_the_recorder(stack: StackJson) -> None:
    on_start = stack.one("aws_sagemaker_notebook_instance_lifecycle_configuration")["on_start"]
    script = stack.content["locals"][on_start.removeprefix("${base64encode(local.").removesuffix(")}")]
    for variable in ("TRAINING_EVENTS_BUS", "TRAINING_EVENTS_LOG", "TRAINING_EVENTS_BUCKET", "TRAINING_EVENTS_PROCESSOR"):
        assert f"export {variable}='" in script
    assert "export TRAINING_EVENTS_SOURCE='my.sagemaker.training.jobs'" in script
    assert (
        "export TRAINING_EVENTS_SPOOL='/home/ec2-user/SageMaker/" in script
    )  # on the volume, which stays when the instance stops
