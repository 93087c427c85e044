"""moto's server, with changes for SageMaker. Terraform reads back of a notebook what it has set; a training job's name is used
once, and a quota refuses. It answers one request at a time (moto_in_turn.py).

    python moto_server.py -H 127.0.0.1 -p PORT

Runs in the emulators' virtual environment. Each change is for moto 5.2.5, and is removed when moto has it.
"""

import runpy
from pathlib import Path
from typing import Any

from moto.core.responses import EmptyResult
from moto.moto_server.werkzeug_app import DomainDispatcherApplication
from moto.sagemaker.exceptions import ResourceInUseException, SagemakerClientError
from moto.sagemaker.models import FakeSagemakerNotebookInstance as Notebook
from moto.sagemaker.models import SageMakerModelBackend as Backend
from moto.sagemaker.responses import SageMakerResponse as Response
from moto.server import main

# AWS stores these parameters and returns them. moto drops them, so Terraform would replace the notebook at every plan.
DROPPED = ("PlatformIdentifier", "InstanceMetadataServiceConfiguration")
# The parameters that UpdateNotebookInstance may change, and moto's attribute for each.
CHANGEABLE = {
    "InstanceType": "instance_type",
    "RoleArn": "role_arn",
    "LifecycleConfigName": "lifecycle_config_name",
    "VolumeSizeInGB": "volume_size_in_gb",
    "RootAccess": "root_access",
}

# Of these a new account may run none: https://docs.aws.amazon.com/general/latest/gr/sagemaker.html
WITHOUT_QUOTA = ("ml.p4", "ml.p5", "ml.p6")

create_notebook = Response.create_notebook_instance
create_lifecycle = Response.create_notebook_instance_lifecycle_config
notebook_to_dict = Notebook.to_dict
create_training_job = Backend.create_training_job
search = Backend.search
find_resource = Backend._get_resource_from_arn  # noqa: SLF001 - moto has no public way in


def create_notebook_with_all_parameters(self: Any) -> Any:
    """CreateNotebookInstance, with the two parameters that moto drops."""
    result = create_notebook(self)
    notebook = self.sagemaker_backend.get_notebook_instance(self._get_param("NotebookInstanceName"))
    notebook.dropped = {name: self._get_param(name) for name in DROPPED}
    return result


def notebook_to_full_dict(self: Any) -> dict[str, Any]:
    """DescribeNotebookInstance and ListNotebookInstances, with these parameters."""
    return {**notebook_to_dict(self), **getattr(self, "dropped", {})}


def update_notebook(self: Any) -> Any:
    """UpdateNotebookInstance, which moto lacks. Without it, a changed notebook could not be deployed again."""
    notebook = self.sagemaker_backend.get_notebook_instance(self._get_param("NotebookInstanceName"))
    for parameter, attribute in CHANGEABLE.items():
        if (value := self._get_param(parameter)) is not None:
            setattr(notebook, attribute, value)
    if self._get_param("DisassociateLifecycleConfig"):
        notebook.lifecycle_config_name = None
    notebook.dropped |= {name: value for name in DROPPED if (value := self._get_param(name)) is not None}
    return EmptyResult()


def create_lifecycle_with_tags(self: Any) -> Any:
    """CreateNotebookInstanceLifecycleConfig, with its tags, which moto drops."""
    result = create_lifecycle(self)
    lifecycle_of(self).tags = self._get_param("Tags") or []
    return result


def update_lifecycle(self: Any) -> Any:
    """UpdateNotebookInstanceLifecycleConfig, which moto lacks."""
    lifecycle = lifecycle_of(self)
    lifecycle.on_create = self._get_param("OnCreate")
    lifecycle.on_start = self._get_param("OnStart")
    return EmptyResult()


def lifecycle_of(response: Any) -> Any:
    """The lifecycle configuration that a request names."""
    name = response._get_param("NotebookInstanceLifecycleConfigName")  # noqa: SLF001 - as moto's own actions do
    return response.sagemaker_backend.notebook_instance_lifecycle_configurations[name]


def find_any_resource(self: Any, arn: str) -> Any:
    """Find the resource of a tag action: moto answers 500 for lifecycle configurations, and the provider retries for long."""
    kind, _, name = arn.rpartition(":")[2].partition("/")
    if kind == "notebook-instance-lifecycle-config":
        return self.notebook_instance_lifecycle_configurations[name]
    return find_resource(self, arn)


def add_tags(self: Any, arn: str, tags: list[dict[str, str]]) -> list[dict[str, str]]:
    """AddTags: a key that exists gets its new value. moto keeps both, and Terraform would read the old one."""
    resource = self._get_resource_from_arn(arn)
    values = {tag["Key"]: tag["Value"] for tag in [*resource.tags, *tags]}
    resource.tags = [{"Key": key, "Value": value} for key, value in values.items()]
    return resource.tags  # type: ignore[no-any-return]


class ResourceLimitExceeded(SagemakerClientError):  # noqa: N818 - Amazon's name
    """What SageMaker answers where a quota of the account is used up."""

    code = "ResourceLimitExceeded"


def create_training_job_once(self: Any, training_job_name: str, **parameters: Any) -> Any:
    """CreateTrainingJob: a name that is taken stays with its job, which moto would replace; and some types have no quota."""
    if training_job_name in self.training_jobs:
        raise ResourceInUseException(f"Job name must be unique within an AWS account and region: {training_job_name}")
    instance_type = str(parameters["resource_config"].get("InstanceType"))
    if instance_type.startswith(WITHOUT_QUOTA):
        raise ResourceLimitExceeded(
            f"The account-level service limit '{instance_type} for training job usage' is 0 Instances, with current"
            " utilization of 0 Instances and a request delta of 1 Instances."
        )
    return create_training_job(self, training_job_name=training_job_name, **parameters)


def search_by_all_filters(self: Any, resource: Any = None, search_expression: Any = None) -> Any:
    """Search: moto looks at no filter behind the first one on a tag."""
    result = search(self, resource, search_expression)
    for wanted in (search_expression or {}).get("Filters", ()):
        if wanted["Name"] == "TrainingJobStatus":
            of_status = [found for found in result["Results"] if found[resource][wanted["Name"]] in wanted["Value"].split(",")]
            result["Results"] = of_status
    return result


CHANGES = (
    (Response, "create_notebook_instance", create_notebook_with_all_parameters),
    (Response, "update_notebook_instance", update_notebook),
    (Response, "create_notebook_instance_lifecycle_config", create_lifecycle_with_tags),
    (Response, "update_notebook_instance_lifecycle_config", update_lifecycle),
    (Notebook, "to_dict", notebook_to_full_dict),
    (Backend, "create_training_job", create_training_job_once),
    (Backend, "search", search_by_all_filters),
    (Backend, "_get_resource_from_arn", find_any_resource),
    (Backend, "add_tags", add_tags),
)

if __name__ == "__main__":
    for owner, name, changed in CHANGES:
        setattr(owner, name, changed)
    # By its path: the emulators are started without this folder among those that Python imports from.
    answer_in_turn = runpy.run_path(str(Path(__file__).with_name("moto_in_turn.py")))["answer_in_turn"]
    answer_in_turn(DomainDispatcherApplication, "__call__")
    main()
