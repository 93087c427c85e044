"""Trainings of Keras with the callback, on the backend jax."""

import keras
import numpy as np
import pytest
from training_events.callbacks.keras import RunCallback

from tests.support.trainings import curves, types

pytestmark = pytest.mark.slow

X = np.random.default_rng(7).random((40, 3)).astype("float32")
Y = (X[:, 0] > 0.5).astype("float32")


class Broken(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):  # noqa: ARG002 - as Keras has it
        raise RuntimeError("boom")


class Unreadable(keras.optimizers.SGD):
    def get_config(self):
        raise ValueError("no configuration")


def compiled(optimizer="sgd"):
    keras.utils.clear_session()  # or a second optimizer of a process is called sgd_1
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(
        optimizer=optimizer, loss="binary_crossentropy", metrics=["accuracy"], run_eagerly=True
    )  # quicker than to compile
    return model


def fit(*callbacks, model=None, **options):
    options = {"epochs": 2, "verbose": 0, "validation_split": 0.2, **options}
    return (model or compiled()).fit(X, Y, callbacks=list(callbacks), **options)


def test_every_epoch_is_recorded_as_keras_measured_it(log):
    history = fit(RunCallback(model="digits", run_id="r"))
    assert curves(log, "r") == {name: list(enumerate(values)) for name, values in history.history.items()}
    run = log.run("r")
    assert (run.status, run.model) == ("completed", "digits")
    recorded = run.hyperparameters
    assert (recorded["epochs"], recorded["loss"], recorded["optimizer"]["name"]) == (2, "binary_crossentropy", "sgd")


def test_tensors_of_the_backend_are_recorded_as_numbers(log):
    callback = RunCallback(run_id="r")
    callback.set_model(compiled())
    callback.set_params({"epochs": 1})
    callback.on_train_begin()
    callback.on_epoch_end(0, {"loss": keras.ops.convert_to_tensor(0.5), "low": keras.ops.cast(0.25, "bfloat16")})
    callback.on_train_end()
    assert curves(log, "r") == {"loss": [(0, 0.5)], "low": [(0, 0.25)]}


@pytest.mark.parametrize("is_first", [True, False])
def test_checkpoints_are_kept_with_the_epoch_after_which_they_were_saved(log, tmp_path, is_first):
    callback = RunCallback(run_id="r", checkpoints="model.keras")
    saving = keras.callbacks.ModelCheckpoint("model.keras")
    fit(*([callback, saving] if is_first else [saving, callback]), epochs=3)
    kept = log.run("r").checkpoints
    assert len({checkpoint.stored.sha256 for checkpoint in kept}) == 3
    assert [checkpoint.step for checkpoint in kept] == [0, 1, 2]


def test_early_stopping_completes(log):
    fit(keras.callbacks.EarlyStopping("loss", min_delta=1e6, patience=1), RunCallback(run_id="r"), epochs=50)
    assert log.run("r").status == "completed"
    assert len(curves(log, "r")["loss"]) < 50


def test_a_failure_is_recorded_with_its_traceback_by_a_block(log):
    with pytest.raises(RuntimeError, match="boom"), RunCallback(run_id="r") as callback:
        fit(callback, Broken())
    run = log.run("r")
    assert (run.status, run.error.error) == ("failed", "RuntimeError: boom")


def test_a_failure_that_the_program_catches_is_one_without_a_block_too(log):
    caught = None
    try:
        fit(RunCallback(run_id="r"), Broken())
    except RuntimeError as error:
        caught = str(error)
    assert caught == "boom"
    assert log.run("r").status == "failed"


def test_all_fits_of_a_block_are_one_run(log):
    with RunCallback(run_id="r") as callback:
        model = compiled()
        fit(callback, model=model)
        fit(callback, model=model, initial_epoch=2, epochs=3)
    assert [step for step, _ in curves(log, "r")["loss"]] == [0, 1, 2]
    assert types(log, "r").count("TrainingStarted") == types(log, "r").count("TrainingCompleted") == 1


def test_an_error_of_the_callback_is_reported_once_and_the_training_goes_on(log, caplog):
    with RunCallback(run_id="r") as callback:
        model = compiled(Unreadable())
        fit(callback, model=model)
        fit(callback, model=model)
    assert [line for line in caplog.messages if "no configuration" in line] == [
        "recording failed (on train begin): ValueError: no configuration; the training goes on"
    ]
    assert len(curves(log, "r")["loss"]) == 4


def test_only_the_first_process_of_several_records(log, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    fit(RunCallback(run_id="r"))
    assert types(log, "r") == []
    monkeypatch.setenv("RANK", "0")
    fit(RunCallback(run_id="r"))
    assert log.run("r").status == "completed"
