"""`python -m tools.checked_recipes FOLDER`: reads every recipe in a folder, so that a mistake in one shows before a synth.

`stacks/` puts the files up as they are, and the training starter reads them: without this, only a training that is asked for
would tell of the mistake.
"""

import sys
from pathlib import Path

from training_events.errors import BadRecipe
from training_events.training.recipe_store import open_recipes

from command_line import UsageError, run_command


def main() -> int:
    [folder] = sys.argv[1:]
    if not Path(folder).is_dir():  # a stack without recipes
        return 0
    recipes = open_recipes(folder)
    mistakes = [flaw for name in recipes.names() if isinstance(flaw := recipes.find(name), BadRecipe)]
    if mistakes:
        more = f" (and {len(mistakes) - 1} more: training-events recipes lists them)" if mistakes[1:] else ""
        raise UsageError(f"{folder}/{mistakes[0]}{more}")
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main))
