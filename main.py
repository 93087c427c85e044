"""The cdktf app: it declares a stack for each settings file in environments/, or for that which TRAINING_ENVIRONMENT names."""

import sys

from command_line import run_command
from stacks import hcl  # before cdktf: the package says which Node cdktf starts
from stacks.settings.file import load_chosen

# isort: split
from cdktf import App

from stacks.training_stack import TrainingStack


def main() -> int:
    environments = load_chosen()
    app = App()
    for settings in environments:
        TrainingStack(app, settings)
    if app.hcl_output:
        hcl.prepare(app)
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main))
