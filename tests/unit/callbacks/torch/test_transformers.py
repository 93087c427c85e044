"""Trainings of Hugging Face's Trainer with the callback, of a model of a few numbers."""

import pytest
import torch
from training_events.callbacks.transformers import RunCallback
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

from tests.support.trainings import curves, types

pytestmark = pytest.mark.slow

ROWS = [{"input_ids": [1 + index % 5, 2, 3], "labels": index % 2} for index in range(16)]


class BrokenRows(torch.utils.data.Dataset):
    def __len__(self):
        return 16

    def __getitem__(self, index):
        raise ValueError("bad row")


def trainer(callback, rows=ROWS, steps=4):
    configuration = BertConfig(vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)
    arguments = TrainingArguments(
        output_dir="out",
        max_steps=steps,
        logging_steps=1,
        save_steps=2,
        per_device_train_batch_size=4,
        report_to=[],
        disable_tqdm=True,
        use_cpu=True,
        hub_token="hf_" + "a" * 34,
    )
    model = BertForSequenceClassification(configuration)
    return Trainer(model, arguments, train_dataset=rows, eval_dataset=ROWS, callbacks=[callback])


def test_what_the_trainer_logs_is_recorded_at_its_steps(log):
    trained = trainer(RunCallback(model="tiny", run_id="r"))
    trained.train()
    logged = [(entry["step"], entry["loss"]) for entry in trained.state.log_history if "loss" in entry]
    assert curves(log, "r")["loss"] == logged
    run = log.run("r")
    assert (run.status, run.model) == ("completed", "tiny")
    assert (run.hyperparameters["max_steps"], run.hyperparameters["model_config"]["hidden_size"]) == (4, 8)


def test_no_token_is_recorded(log, tmp_path):
    trainer(RunCallback(run_id="r")).train()
    assert b"hf_aaaa" not in (tmp_path / "log.db").read_bytes()


def test_checkpoints_are_kept_with_their_steps(log):
    trainer(RunCallback(run_id="r")).train()
    assert [checkpoint.step for checkpoint in log.run("r").checkpoints] == [2, 4]


def test_none_are_kept_where_nobody_wants_any(log):
    trainer(RunCallback(run_id="r", checkpoints=False)).train()
    assert log.run("r").checkpoints == []


def test_what_is_evaluated_and_predicted_after_the_training_is_in_its_run(log):
    callback = RunCallback(run_id="r")
    trained = trainer(callback)
    trained.train()
    evaluated = trained.evaluate()
    predicted = trained.predict(ROWS)
    assert callback.run.flush()
    recorded = curves(log, "r")
    assert recorded["eval_loss"] == [(4, evaluated["eval_loss"])]
    assert recorded["test_loss"] == [(4, predicted.metrics["test_loss"])]
    assert types(log, "r").count("TrainingStarted") == 1


def test_a_failure_is_recorded_with_its_traceback_by_a_block(log):
    with pytest.raises(ValueError, match="bad row"), RunCallback(run_id="r") as callback:
        trainer(callback, BrokenRows()).train()
    run = log.run("r")
    assert (run.status, run.error.error) == ("failed", "ValueError: bad row")


def test_a_training_that_is_resumed_is_a_further_attempt(log):
    trainer(RunCallback(run_id="r")).train()
    trainer(RunCallback(run_id="r"), steps=6).train(resume_from_checkpoint=True)
    assert [step for step, _ in curves(log, "r")["loss"]] == [1, 2, 3, 4, 5, 6]
    assert len(log.run("r").attempts) == 2


def test_only_the_first_process_of_several_records(log):
    callback = RunCallback(run_id="r")
    trained = trainer(callback)
    trained.state.is_world_process_zero = False
    callback.on_train_begin(trained.args, trained.state, trained.control)
    callback.on_log(trained.args, trained.state, trained.control, logs={"loss": 1.0})
    callback.on_train_end(trained.args, trained.state, trained.control)
    assert types(log, "r") == []
