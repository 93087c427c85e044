"""One environment: composes the constructs, and declares the outputs that others need."""

from cdktf import AssetType, TerraformAsset, TerraformOutput, TerraformStack
from cdktf_cdktf_provider_aws.provider import AwsProvider, AwsProviderDefaultTags
from constructs import Construct

from stacks.analytics import Analytics
from stacks.central_bus import CentralBus
from stacks.client_files import ClientFiles
from stacks.data_bucket import DataBucket
from stacks.event_bus import EventBus
from stacks.event_log import EventLog, ReadModels
from stacks.event_processor import EventProcessor
from stacks.forwarding import Forwarding
from stacks.notary import Notary
from stacks.notebook import Notebook
from stacks.observability import Observability
from stacks.openlineage import OpenLineage
from stacks.packaging.lambda_package import Target, build
from stacks.projector import Projector
from stacks.remote_state import keep_state_in_s3
from stacks.settings import Settings
from stacks.signed_package import Package, SignedPackage
from stacks.teams import Teams
from stacks.training_starter import TrainingStarter
from stacks.undelivered_queue import UndeliveredQueue
from stacks.unmatched_events import UnmatchedEvents


class TrainingStack(TerraformStack):
    """All resources of one environment, `<name_prefix>-<environment>`.

    What it is composed of are its attributes, for an app that adds resources of its own (docs/guides/own-app.md). A part that
    the settings switch off is None.
    """

    settings: Settings
    data_bucket: DataBucket
    event_bus: EventBus
    event_log: EventLog
    read_models: ReadModels
    undelivered_queue: UndeliveredQueue
    event_processor: EventProcessor
    projector: Projector
    notary: Notary | None
    training_starter: TrainingStarter | None
    notebook: Notebook
    analytics: Analytics | None

    def __init__(self, scope: Construct, settings: Settings) -> None:
        super().__init__(scope, settings.stack_name)
        keep_state_in_s3(self, settings)
        self._use_aws(settings)

        data_bucket = DataBucket(self, "data_bucket", settings)
        bus = EventBus(self, "event_bus", settings)
        log = EventLog(self, "event_log", settings)
        read_models = ReadModels(self, "read_models", settings)
        undelivered = UndeliveredQueue(self, "undelivered_queue", settings)
        package = self._package(settings, data_bucket)
        processor = EventProcessor(
            self,
            "event_processor",
            settings,
            bus=bus,
            log=log,
            read_models=read_models,
            undelivered=undelivered,
            data_bucket=data_bucket,
            package=package,
        )
        log.accept_only_from(processor.run.role.role.arn)
        lineage = None
        if settings.openlineage.endpoint:
            lineage = OpenLineage(self, "openlineage", settings, bus=bus, undelivered=undelivered)
        projector = Projector(
            self,
            "projector",
            settings,
            log=log,
            read_models=read_models,
            undelivered=undelivered,
            data_bucket=data_bucket,
            package=package,
            run_events_to=bus if lineage else None,
        )
        notary = None
        if settings.checkpoints.enabled:
            notary = Notary(
                self,
                "notary",
                settings,
                log=log,
                read_models=read_models,
                undelivered=undelivered,
                data_bucket=data_bucket,
                package=package,
            )
        starter = None
        if settings.training_starter.enabled:
            starter = TrainingStarter(
                self,
                "training_starter",
                settings,
                bus=bus,
                log=log,
                read_models=read_models,
                undelivered=undelivered,
                data_bucket=data_bucket,
                package=package,
            )
        Teams(
            self,
            "teams",
            settings,
            bus=bus,
            log=log,
            read_models=read_models,
            data_bucket=data_bucket,
            notary=notary,
        )
        forwarding = Forwarding(self, "forwarding", settings, bus=bus, undelivered=undelivered, data_bucket=data_bucket)
        unmatched = (
            UnmatchedEvents(self, "unmatched_events", settings, bus=bus, undelivered=undelivered)
            if settings.events.existing_bus_name is None  # on a bus of others, what we do not take may be meant for them
            else None
        )
        central = (
            CentralBus(self, "central_bus", settings, bus=bus, forwarding=forwarding, undelivered=undelivered)
            if settings.events.forward_to_bus_arn
            else None
        )
        recording = (processor.rule, processor.aws_rule, *([unmatched.rule] if unmatched else []))
        rules = (*recording, projector.schedule, *forwarding.rules)
        optional = [*([notary.schedule] if notary else []), *(part.rule for part in (starter, lineage, central) if part)]
        failing = [rule.arn for rule in (*rules, *optional)]
        failing += bus.set_aside_into(undelivered)
        undelivered.accept_from(failing)
        client = ClientFiles(self, "client", settings, data_bucket=data_bucket)
        analytics = None
        if settings.analytics.enabled:
            analytics = Analytics(self, "analytics", settings, data_bucket=data_bucket, client=client, notary=notary)
        notebook = Notebook(
            self,
            "notebook",
            settings,
            bus=bus,
            log=log,
            read_models=read_models,
            processor=processor,
            data_bucket=data_bucket,
            client=client,
            notary=notary,
            starter=starter,
            analytics=analytics,
        )
        Observability(
            self,
            "observability",
            settings,
            bus=bus,
            forwarding=forwarding,
            unmatched=unmatched,
            processor=processor,
            projector=projector,
            notary=notary,
            starter=starter,
            lineage=lineage,
            central=central,
            undelivered=undelivered,
        )

        self.settings, self.data_bucket, self.event_bus, self.event_log = settings, data_bucket, bus, log
        self.read_models, self.undelivered_queue, self.event_processor = read_models, undelivered, processor
        self.projector, self.notary, self.training_starter, self.notebook = projector, notary, starter, notebook
        self.analytics = analytics
        self._declare_outputs()

    def _use_aws(self, settings: Settings) -> None:
        AwsProvider(
            self,
            "aws",
            region=settings.region,
            allowed_account_ids=[settings.account_id],
            default_tags=[AwsProviderDefaultTags(tags=settings.own_tags | settings.tags)],
            s3_use_path_style=True if settings.emulated else None,
        )
        # With the full source and a range: the same JSON then works with version 5.100 and with version 6 of the provider.
        self.add_override(
            "terraform.required_providers.aws", {"source": "hashicorp/aws", "version": settings.aws_provider_version}
        )

    def _package(self, settings: Settings, data_bucket: DataBucket) -> Package:
        file = TerraformAsset(self, "training_events", path=str(build(Target.of(settings))), type=AssetType.FILE)
        if settings.code_signing.profile_version_arn is None:
            return Package(file)
        return Package(file, SignedPackage(self, "signed_package", settings, file=file, data_bucket=data_bucket))

    def _declare_outputs(self) -> None:
        self._output(
            "data_bucket_name", self.data_bucket.bucket.bucket, "The bucket of datasets, checkpoints, models and seals"
        )
        self._output("event_bus_name", self.event_bus.bus.name, "The bus that training code publishes to")
        self._output("event_bus_arn", self.event_bus.bus.arn, "The same bus, for publishers in other accounts or regions")
        self._output("event_log_table_name", self.event_log.table.name, "The table that holds every event, append-only")
        self._output("read_model_table_name", self.read_models.table.name, "The table of state folded from the events")
        self._output(
            "undelivered_queue_url", self.undelivered_queue.queue.url, "Where what could not be recorded waits, with its reason"
        )
        self._output(
            "event_processor_function_name", self.event_processor.function.function_name, "The function that appends to the log"
        )
        self._output(
            "projector_function_name", self.projector.function.function_name, "The function that keeps the read models"
        )
        if self.notary:
            self._output(
                "notary_function_name", self.notary.function.function_name, "The function that signs checkpoints of the log"
            )
            self._output(
                "notary_table_name", self.notary.table.name, "The table of the events' leaves, in the order they were taken"
            )
            if own_bucket := self.settings.checkpoints.bucket:
                self._output("checkpoint_bucket_name", own_bucket, "The bucket of tiles and checkpoints")
            self._output("checkpoint_key_arn", self.notary.keys.arns[-1], "The key that signs checkpoints")
        if self.training_starter:
            self._output(
                "training_starter_function_name",
                self.training_starter.function.function_name,
                "The function that starts training jobs",
            )
        if self.analytics:
            self._output(
                "analytics_workgroup_name",
                self.analytics.workgroup.name,
                "Athena's workgroup for questions about the whole log",
            )
        self._output("notebook_instance_name", self.notebook.instance.name, "The SageMaker notebook instance")
        self._output("notebook_url", self.notebook.instance.url, "The notebook's address, behind AWS sign-in")

    def _output(self, name: str, value: str, description: str) -> None:
        TerraformOutput(self, name, value=value, description=description)
