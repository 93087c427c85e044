"""MLflow's model registry in the event log: its calls record facts, and what it asks is folded from them."""

from __future__ import annotations

from training_events.interchange.mlflow.registry.model_version_calls import ModelVersionCalls
from training_events.interchange.mlflow.registry.registered_model_calls import RegisteredModelCalls


class RegistryStore(RegisteredModelCalls, ModelVersionCalls):
    """The registry at an address, `training-events://…`.

    A process sees what is recorded, and its own events on their way. So two processes may give one number to two versions, or
    both create a model: nothing of either is lost, and the second one is told when it reads.
    """
