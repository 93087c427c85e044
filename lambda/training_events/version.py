"""The version of the package and of the project. The wheel's build, the releases and the user agent read it here."""

__version__ = "0.1.0"
"""The version of the installed package, as `training-events --version` prints it."""
