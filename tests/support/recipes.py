"""Recipes in memory."""

from training_events.training.recipe_store import RecipeStore


class InMemoryFiles:
    """The files of a recipe store."""

    def __init__(self, **recipes: str) -> None:
        self.files = {f"{name}.toml": text.encode() for name, text in recipes.items()}

    def names(self) -> list[str]:
        return list(self.files)

    def read(self, name: str) -> bytes | None:
        return self.files.get(name)

    def create(self, name: str, content: bytes) -> bool:
        return self.files.setdefault(name, content) is content

    def remove(self, name: str) -> bool:
        return self.files.pop(name, None) is not None


def recipes_in_memory(**recipes: str) -> RecipeStore:
    """Recipes by name: the text of each."""
    return RecipeStore("memory", InMemoryFiles(**recipes))


def text_of_recipe(dataset: str | None = None, *, on_sagemaker: bool = False, **values: int | str) -> str:
    """The text of a sound recipe. What registers a version of the dataset starts it, if there is one."""
    lines = [f"{key} = {value!r}" for key, value in values.items()]
    if dataset is not None:
        lines += [f'dataset = "{dataset}"', 'on = "DatasetRegistered"']
    if not on_sagemaker:
        lines.append('command = ["python", "train.py"]')
    lines += ["[hyperparameters]", "epochs = 8", 'optimizer = "sgd"']
    if dataset is not None:
        lines += ["[channels]", f'train = {{ dataset = "{dataset}" }}']
    if on_sagemaker:
        image = "1.dkr.ecr.us-east-1.amazonaws.com/train@sha256:" + "0" * 64
        lines += ["[sagemaker]", f'image = "{image}"', 'instance_type = "ml.m5.xlarge"']
    return "\n".join(lines)
