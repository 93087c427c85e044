"""Prepares a stack for `cdktf synth --hcl`, because cdktf 0.21 writes faulty HCL in two cases (hcl/render.js).

It puts a text with a reference between two quotes without escaping it, so that a quote in a policy ends the text. And it
writes a setting of the `terraform` block by its number, not by its name. JSON, the default, has neither fault.
"""

from collections.abc import Iterator

from cdktf import App, TerraformElement, TerraformLocal, TerraformStack

ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
"""The escapes in Terraform's quoted texts. References are still tokens at this time, and have nothing to escape."""


def prepare(app: App) -> None:
    """Escape the texts in arguments and locals of every stack, so that its HCL equals its JSON: nothing deeper needs escapes.

    Removes `required_version`. The backend's `use_lockfile` has the same effect, as an older Terraform does not know it.
    """
    for construct in app.node.find_all():
        if isinstance(construct, TerraformStack):
            construct.add_override("terraform.required_version", None)
        elif isinstance(construct, TerraformLocal):
            (text,) = construct.to_terraform()["locals"].values()  # `expression` is the reference to it
            construct.expression = text.translate(ESCAPES)
        elif isinstance(construct, TerraformElement):
            for name in _texts(type(construct)):
                value = getattr(construct, f"{name}_input")
                if isinstance(value, str) and value.translate(ESCAPES) != value:
                    setattr(construct, name, value.translate(ESCAPES))


def _texts(binding: type[TerraformElement]) -> Iterator[str]:
    """The names of a binding's arguments. Each has a property with a setter, and a property `<name>_input`."""
    for name in dir(binding):
        argument = getattr(binding, name)
        if isinstance(argument, property) and argument.fset and hasattr(binding, f"{name}_input"):
            yield name
