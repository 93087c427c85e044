"""The whole log as tables for Athena: the catalog, the workgroup, and what people may ask of them. The job is a part of it."""

import json
from pathlib import Path

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.athena_named_query import AthenaNamedQuery
from cdktf_cdktf_provider_aws.athena_workgroup import (
    AthenaWorkgroup,
    AthenaWorkgroupConfiguration,
    AthenaWorkgroupConfigurationEngineVersion,
    AthenaWorkgroupConfigurationResultConfiguration,
    AthenaWorkgroupConfigurationResultConfigurationEncryptionConfiguration,
)
from cdktf_cdktf_provider_aws.glue_catalog_database import GlueCatalogDatabase
from cdktf_cdktf_provider_aws.glue_catalog_table import (
    GlueCatalogTable,
    GlueCatalogTableStorageDescriptor,
    GlueCatalogTableStorageDescriptorColumns,
    GlueCatalogTableStorageDescriptorSerDeInfo,
)
from constructs import Construct

from stacks import iam
from stacks.analytics_job import AnalyticsJob
from stacks.client_files import ClientFiles
from stacks.data_bucket import ANALYTICS, DataBucket
from stacks.notary import Notary
from stacks.settings import Settings

_COLUMNS = Path(__file__).with_name("analytics_tables.json")
_QUERIES = Path(__file__).with_name("queries")
_GIGABYTE = 10**9
_HIVE = "org.apache.hadoop.hive.ql.io.parquet"
# https://docs.aws.amazon.com/athena/latest/ug/parquet-serde.html


class Analytics(Construct):
    """A database with a table for each kind of row. Each run of the job points the tables at the files that it has written."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        settings: Settings,
        *,
        data_bucket: DataBucket,
        client: ClientFiles,
        notary: Notary | None,
    ) -> None:
        super().__init__(scope, id_)
        self._settings, self._bucket = settings, data_bucket
        # Athena takes a name without quotes only if it has no hyphen.
        self.database = GlueCatalogDatabase(
            self, "database", name=settings.stack_name.replace("-", "_"), description="The event log as tables"
        )
        tables = json.loads(_COLUMNS.read_text(encoding="utf-8"))
        self.tables = {name: self._table(name, **table) for name, table in tables.items()}
        self.workgroup = self._workgroup()
        for file in sorted(_QUERIES.glob("*.sql")):
            self._named_query(file)
        self.job = AnalyticsJob(
            self,
            "job",
            settings,
            data_bucket=data_bucket,
            client=client,
            notary=notary,
            database=self.database.name,
            catalog=self._catalog(),
        )

    def variables(self) -> dict[str, str]:
        """What a client has in its environment to ask the tables."""
        return {"TRAINING_EVENTS_ANALYTICS": f"{self.workgroup.name}/{self.database.name}"}

    def asking(self) -> list[iam.Statement]:
        """Run queries in this workgroup, which says where their answers go, and read these tables. Their files and the answers
        are in the data bucket, to which a client has rights of its own.

        https://docs.aws.amazon.com/athena/latest/ug/example-policies-workgroup.html
        """
        return [
            iam.allow(
                [
                    "athena:GetQueryExecution",
                    "athena:GetQueryResults",
                    "athena:GetWorkGroup",
                    "athena:StartQueryExecution",
                    "athena:StopQueryExecution",
                ],
                [self.workgroup.arn],
            ),
            iam.allow(["glue:GetDatabase", "glue:GetTable", "glue:GetTables"], self._catalog()),
        ]

    def _catalog(self) -> list[str]:
        """Glue asks for the right to the catalog and to the database of a table, too.

        https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
        """
        return [
            self._settings.arn("glue", "catalog"),
            self.database.arn,
            *(table.arn for table in self.tables.values()),
        ]

    def _table(self, name: str, *, description: str, columns: list[list[str]]) -> GlueCatalogTable:
        bucket = self._bucket.bucket.bucket
        return GlueCatalogTable(
            self,
            name,
            name=name,
            database_name=self.database.name,
            description=description,
            table_type="EXTERNAL_TABLE",
            parameters={"EXTERNAL": "TRUE", "classification": "parquet"},
            storage_descriptor=GlueCatalogTableStorageDescriptor(
                location=f"s3://{bucket}/{ANALYTICS}/tables/{name}/snapshot=none/",  # empty until the job has run
                input_format=f"{_HIVE}.MapredParquetInputFormat",
                output_format=f"{_HIVE}.MapredParquetOutputFormat",
                ser_de_info=GlueCatalogTableStorageDescriptorSerDeInfo(
                    serialization_library=f"{_HIVE}.serde.ParquetHiveSerDe", parameters={"serialization.format": "1"}
                ),
                columns=[
                    GlueCatalogTableStorageDescriptorColumns(name=column, type=kind, comment=comment)
                    for column, kind, comment in columns
                ],
            ),
            lifecycle=TerraformResourceLifecycle(ignore_changes=["storage_descriptor[0].location"]),  # the job sets it
        )

    def _workgroup(self) -> AthenaWorkgroup:
        """What it says holds for every query in it, whatever a client asks for.

        https://docs.aws.amazon.com/athena/latest/ug/workgroups-settings-override.html
        """
        key = self._settings.encryption.kms_key_arn
        return AthenaWorkgroup(
            self,
            "workgroup",
            name=self._settings.stack_name,
            description="Questions about the event log",
            force_destroy=not self._settings.deletion_protection,
            configuration=AthenaWorkgroupConfiguration(
                enforce_workgroup_configuration=True,
                publish_cloudwatch_metrics_enabled=True,
                bytes_scanned_cutoff_per_query=self._settings.analytics.query_limit_gb * _GIGABYTE,
                engine_version=AthenaWorkgroupConfigurationEngineVersion(selected_engine_version="Athena engine version 3"),
                result_configuration=AthenaWorkgroupConfigurationResultConfiguration(
                    output_location=f"s3://{self._bucket.bucket.bucket}/{ANALYTICS}/results/",
                    expected_bucket_owner=self._settings.account_id,
                    encryption_configuration=AthenaWorkgroupConfigurationResultConfigurationEncryptionConfiguration(
                        encryption_option="SSE_KMS" if key else "SSE_S3", kms_key_arn=key
                    ),
                ),
            ),
        )

    def _named_query(self, file: Path) -> None:
        """A question for everybody in Athena's console. Its first line says what it answers."""
        text = file.read_text(encoding="utf-8")
        AthenaNamedQuery(
            self,
            file.stem,
            name=file.stem,
            workgroup=self.workgroup.id,
            database=self.database.name,
            description=text.partition("\n")[0].removeprefix("-- "),
            query=text,
        )
