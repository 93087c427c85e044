"""A company's own CDKTF app: the training stack from the library, and beside it what the company's auditors may do.

`cdktf synth` in this folder, or `python app.py`, writes the Terraform JSON to cdktf.out.
"""

from stacks import iam  # before cdktf: the package says which Node cdktf starts
from stacks.settings.file import load_chosen
from stacks.training_stack import TrainingStack

# isort: split
from cdktf import App
from cdktf_cdktf_provider_aws.iam_policy import IamPolicy


def may_be_audited(stack: TrainingStack) -> None:
    """A policy for the company's roles: whoever has it reads the log, and files that it names, and changes neither."""
    log, bucket = stack.event_log.table.arn, stack.data_bucket.bucket.arn
    statements = [
        iam.allow(["dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan"], [log]),
        iam.allow(["s3:GetObject", "s3:GetObjectVersion"], [f"{bucket}/*"]),
        iam.allow(["s3:ListBucket", "s3:ListBucketVersions"], [bucket]),
    ]
    IamPolicy(stack, "auditors", name=stack.settings.name("auditors"), policy=iam.policy(*statements))


app = App()
for settings in load_chosen():
    may_be_audited(TrainingStack(app, settings))
app.synth()
