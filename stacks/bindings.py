"""Makes the generated AWS bindings importable one module at a time.

`cdktf_cdktf_provider_aws/__init__.py` imports all of its 2,200 modules, which takes longer than the rest of a synth. A module
such as `cdktf_cdktf_provider_aws.s3_bucket` needs only its sibling `_jsii`. So the package is registered here as an empty
module with the right search path, and its `__init__` never runs. `make bench` checks that the output is the same.

Other code in the process may count on the `__init__`, as in `import cdktf_cdktf_provider_aws as aws` and `aws.s3_bucket`. So
the empty module imports a module when it is asked for it.
"""

import importlib
import importlib.util
import sys
from types import ModuleType

_PACKAGE = "cdktf_cdktf_provider_aws"


def register_without_init() -> None:
    """Register the bindings' package, unless it has been imported already.

    Raises ModuleNotFoundError if the bindings are not installed.
    """
    if _PACKAGE in sys.modules:
        return
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None:
        raise ModuleNotFoundError(f"{_PACKAGE} is not installed: run `make setup`")
    package = ModuleType(_PACKAGE)
    package.__spec__ = spec
    package.__path__ = list(spec.submodule_search_locations or ())
    package.__getattr__ = _module  # type: ignore[method-assign]
    sys.modules[_PACKAGE] = package


def _module(name: str) -> ModuleType:
    """What `__getattr__` of the package answers: https://peps.python.org/pep-0562/."""
    try:
        return importlib.import_module(f"{_PACKAGE}.{name}")
    except ModuleNotFoundError:
        raise AttributeError(f"{_PACKAGE} has no module {name}") from None
