"""What holds for the callbacks of all frameworks: how they are found, what they take, and how a program ends with them."""

import inspect
import os
import re
import subprocess
import sys

import pytest
import training_events as te
from training_events.callbacks.callback import RunArguments
from training_events.callbacks.requirement import required
from training_events.callbacks.sklearn import RunCallback

from tests.support.environment import without_aws


def run_python(script):
    kept = {name: value for name, value in os.environ.items() if name in ("TRAINING_EVENTS_LOG", "TRAINING_EVENTS_SPOOL")}
    environment = without_aws(**kept)
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, env=environment)


def test_a_callback_takes_what_record_run_takes():
    assert list(RunArguments.__annotations__) == list(inspect.signature(te.record_run).parameters)


def test_the_types_of_the_arguments_are_those_of_record_run():
    taken = {name: parameter.annotation for name, parameter in inspect.signature(te.record_run).parameters.items()}
    given = {name: hint.__forward_arg__ for name, hint in RunArguments.__annotations__.items()}
    assert given == taken


@pytest.mark.parametrize(
    ("arguments", "named", "message"),
    [
        ((), {"modell": "digits"}, "unexpected keyword argument 'modell'"),
        (("digits",), {}, "a run is of type str: allowed is what record_run returns"),
        ((te.record_run(),), {"model": "digits"}, "an open run is given, and with it model: allowed is one or the other"),
    ],
)
def test_a_wrong_argument_raises_at_once(arguments, named, message):
    with pytest.raises(TypeError, match=message):
        RunCallback(*arguments, **named)


def test_every_framework_has_a_name_and_nothing_else_has():
    assert dir(te.callbacks) == sorted(te.callbacks.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'tensorflow'"):
        _ = te.callbacks.tensorflow  # type: ignore[attr-defined]


def test_a_framework_is_imported_only_when_it_is_asked_for():
    script = (
        "import sys, training_events as te\n"
        "te.callbacks\n"
        "print(sorted({'msgspec', 'xgboost', 'sklearn', 'training_events.recorder'} & sys.modules.keys()))\n"
    )
    assert run_python(script).stdout == "[]\n"


def test_a_framework_that_is_not_installed_is_told_in_one_line():
    """The import of a package that is missing is what fails here, of each in turn."""
    script = """
import sys
from importlib import import_module
from training_events import callbacks
class Missing:
    def find_spec(self, name, *_):
        if name in callbacks.__all__:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
for framework in callbacks.__all__:
    try:
        import_module(f"training_events.callbacks.{framework}")
    except ImportError as error:
        print(error, error.__suppress_context__)
"""
    lines = run_python(script).stdout.splitlines()
    assert len(lines) == len(te.callbacks.__all__)
    for framework, line in zip(te.callbacks.__all__, lines, strict=True):
        package = "scikit-learn" if framework == "sklearn" else framework
        needs = f"training_events.callbacks.{framework} needs {framework}"
        assert re.fullmatch(rf"{needs}(\.\w+)*, which is not installed: pip install {package} True", line), line


def test_what_a_framework_itself_lacks_is_told_as_it_is():
    with pytest.raises(ModuleNotFoundError, match="No module named 'jaxlib'"), required("keras", "keras"):
        raise ModuleNotFoundError("No module named 'jaxlib'", name="jaxlib")


@pytest.mark.slow
def test_a_program_ends_as_its_trainings_did(log):
    """Both callbacks are still there when the program ends: one training stopped early, the other one failed."""
    script = """
import lightgbm, xgboost, numpy as np
from training_events.callbacks.lightgbm import RunCallback as OfLightGBM
from training_events.callbacks.xgboost import RunCallback as OfXGBoost
x = np.random.default_rng(7).random((80, 3))
y = (x[:, 0] > 0.5).astype(int)
stopped, failed = OfLightGBM(run_id="stopped-early"), OfXGBoost(run_id="failed")
data, others = lightgbm.Dataset(x, y, free_raw_data=False), lightgbm.Dataset(x[:40], y[:40])
parameters = {"objective": "binary", "num_threads": 1, "verbose": -1}
lightgbm.train(parameters, data, 99, valid_sets=[others], callbacks=[stopped, lightgbm.early_stopping(1, min_delta=10.0)])
def broken(*_):
    raise ValueError("no gradient")
xgboost.train({"nthread": 1}, xgboost.DMatrix(x, y), 3, obj=broken, callbacks=[failed])
"""
    done = run_python(script)
    assert done.returncode == 1
    assert done.stderr.endswith("ValueError: no gradient\n")
    stopped = log.run("stopped-early")
    assert stopped.status == "completed"
    assert stopped.metrics["valid_0-binary_logloss"].points == 2
    assert log.run("failed").error.error == "ValueError: no gradient"
