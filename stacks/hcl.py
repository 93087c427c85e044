"""What cdktf's HCL needs of a stack before it is written: `cdktf synth --hcl`.

cdktf 0.21 renders a text that has a reference in it as it stands between two quotes, so that a policy's own quotes end it, and
a setting of the `terraform` block by its number in place of its name (hcl/render.js). JSON, the default, has neither fault.
"""

from collections.abc import Iterator

from cdktf import App, TerraformElement, TerraformLocal, TerraformStack

ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
"""Of Terraform's quoted texts. References are still tokens when they are put in, with nothing in them to escape."""


def prepare(app: App) -> None:
    """Make the HCL of every stack say what its JSON says, in arguments and locals: nothing deeper has a text to escape.

    `required_version` is left out: the backend's `use_lockfile` asks for the same, as an older Terraform does not know it.
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
    """The arguments that a binding lets be set: each has a property of its name, and one of what was given for it."""
    for name in dir(binding):
        argument = getattr(binding, name)
        if isinstance(argument, property) and argument.fset and hasattr(binding, f"{name}_input"):
            yield name
