"""The recipes in `training/recipes`, as objects in the data bucket, where the training starter reads them."""

from constructs import Construct

from stacks.data_bucket import DataBucket
from stacks.file_object import file_object
from stacks.settings import Settings
from stacks.settings.folders import APP

PREFIX = "recipes"
FOLDER = APP / "training" / "recipes"


class Recipes(Construct):
    """Terraform puts the recipes, and operators put pauses beside them; no notebook and no training does. A recipe says what
    runs, on which instances. A folder that is empty, or missing, gives none.
    """

    def __init__(self, scope: Construct, id_: str, settings: Settings, *, data_bucket: DataBucket) -> None:
        super().__init__(scope, id_)
        self.place = f"s3://{data_bucket.bucket.bucket}/{PREFIX}"
        self.objects = [
            file_object(
                self,
                file.stem,
                settings,
                data_bucket=data_bucket,
                key=f"{PREFIX}/{file.name}",
                path=file,
                content_type="application/toml",
            )
            for file in sorted(FOLDER.glob("*.toml"))
        ]
