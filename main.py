"""The cdktf app: one stack for each settings file in environments/."""

import sys

from cdktf import App

from stacks import hcl, settings_file
from stacks.lambda_package import PackageError
from stacks.training_stack import TrainingStack


def main() -> int:
    try:
        environments = settings_file.load_all()
    except settings_file.SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    app = App()
    try:
        for settings in environments:
            TrainingStack(app, settings)
    except PackageError as error:
        print(error, file=sys.stderr)
        return 1
    if app.hcl_output:
        hcl.prepare(app)
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
