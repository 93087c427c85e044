"""Trainings of Lightning with the logger, as its users write them."""

import lightning.pytorch as pl
import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from torch.utils.data import DataLoader, TensorDataset
from training_events.callbacks.lightning import RunLogger

from tests.support.trainings import curves, types

pytestmark = pytest.mark.slow

_x = torch.rand(32, 3, generator=torch.Generator().manual_seed(7))
BATCHES = DataLoader(TensorDataset(_x, (_x[:, :1] > 0.5).float()), batch_size=8)


class Module(pl.LightningModule):
    def __init__(self, lr=0.1, error=None):  # noqa: ARG002 - `save_hyperparameters` reads it
        super().__init__()
        self.save_hyperparameters(ignore=["error"])
        self.layer, self.error = torch.nn.Linear(3, 1), error

    def training_step(self, batch, index):  # noqa: ARG002 - as Lightning has it
        if self.error is not None and self.current_epoch == 1:
            raise self.error
        loss = torch.nn.functional.binary_cross_entropy_with_logits(self.layer(batch[0]), batch[1])
        self.log("loss", loss)
        return loss

    def test_step(self, batch, index):  # noqa: ARG002
        self.log("test_loss", 0.5)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), self.hparams.lr)


def trainer(logger, **options):
    return pl.Trainer(
        max_epochs=2,
        logger=logger,
        log_every_n_steps=1,
        accelerator="cpu",
        enable_progress_bar=False,
        enable_model_summary=False,
        **options,
    )


def test_what_a_module_logs_is_recorded_at_the_trainers_steps(log):
    trainer(RunLogger(model="digits", run_id="r")).fit(Module(), BATCHES)
    recorded = curves(log, "r")
    assert [step for step, _ in recorded["loss"]] == list(range(8))
    run = log.run("r")
    assert (run.status, run.model, run.hyperparameters) == ("completed", "digits", {"lr": 0.1})


def test_checkpoints_are_kept_with_their_steps(log):
    logger = RunLogger(run_id="r")
    trainer(logger, callbacks=[ModelCheckpoint(save_top_k=-1, every_n_epochs=1)]).fit(Module(), BATCHES)
    assert [checkpoint.step for checkpoint in log.run("r").checkpoints] == [4, 8]


def test_none_are_kept_where_nobody_wants_any(log):
    trainer(RunLogger(run_id="r", checkpoints=False)).fit(Module(), BATCHES)
    assert log.run("r").checkpoints == []


def test_an_exception_in_a_step_is_a_failure_with_its_traceback(log):
    with pytest.raises(RuntimeError, match="boom"):
        trainer(RunLogger(run_id="r")).fit(Module(error=RuntimeError("boom")), BATCHES)
    run = log.run("r")
    assert (run.status, run.error.error) == ("failed", "RuntimeError: boom")
    assert "training_step" in run.error.traceback


def test_ctrl_c_is_a_stop(log):
    with pytest.raises(SystemExit):
        trainer(RunLogger(run_id="r")).fit(Module(error=KeyboardInterrupt()), BATCHES)
    run = log.run("r")
    assert (run.status, run.stop_reason) == ("stopped", "KeyboardInterrupt")


def test_what_is_tested_after_the_training_is_in_its_run(log):
    logger, module = RunLogger(run_id="r"), Module()
    its_trainer = trainer(logger)
    its_trainer.fit(module, BATCHES)
    its_trainer.test(module, BATCHES, verbose=False)
    assert curves(log, "r")["test_loss"] == [(8, 0.5)]
    assert types(log, "r").count("TrainingStarted") == 1
    assert log.run("r").status == "completed"


def test_a_training_that_is_resumed_is_a_further_attempt(log, tmp_path):
    trainer(RunLogger(run_id="r"), callbacks=[ModelCheckpoint(tmp_path, save_last=True)]).fit(Module(), BATCHES)
    further = trainer(RunLogger(run_id="r"))
    further.fit_loop.max_epochs = 3
    further.fit(Module(), BATCHES, ckpt_path=tmp_path / "last.ckpt")
    assert [step for step, _ in curves(log, "r")["loss"]] == list(range(12))
    assert len(log.run("r").attempts) == 2


def test_only_the_first_process_of_several_records(log, monkeypatch):
    from lightning.pytorch.utilities.rank_zero import rank_zero_only  # noqa: PLC0415

    monkeypatch.setattr(rank_zero_only, "rank", 1)
    logger = RunLogger(run_id="r")
    logger.log_hyperparams({"lr": 0.1})
    logger.log_metrics({"loss": 1.0}, 0)
    logger.finalize("success")
    assert types(log, "r") == []


def test_slurm_requeues_a_run_that_has_stopped(log):
    logger = RunLogger(run_id="r")
    logger.log_metrics({"loss": 1.0}, 0)
    logger.finalize("finished")
    assert log.run("r").stop_reason == "Slurm requeues the job"
