"""The cdktf app: it declares one stack for each settings file in environments/."""

import sys

from command_line import run_command
from stacks import hcl  # before cdktf: the package says which Node cdktf starts
from stacks.settings.file import load_all

# isort: split
from cdktf import App

from stacks.training_stack import TrainingStack


def main() -> int:
    environments = load_all()
    app = App()
    for settings in environments:
        TrainingStack(app, settings)
    if app.hcl_output:
        hcl.prepare(app)
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main))
