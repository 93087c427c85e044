"""Which metrics a reader sees first, for the names that frameworks log."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_events.folds.metric_order import importance, is_counter

FRAMEWORKS = {
    "Hugging Face": (
        ["epoch", "eval_accuracy", "eval_loss", "eval_runtime", "eval_samples_per_second", "eval_steps_per_second",
         "grad_norm", "learning_rate", "loss", "total_flos", "train_runtime"],
        ["eval_loss", "eval_accuracy", "loss"],
    ),
    "Lightning": (
        ["epoch", "lr-Adam", "step", "train_loss_epoch", "train_loss_step", "val_acc", "val_loss"],
        ["val_loss", "val_acc", "train_loss_epoch", "train_loss_step"],
    ),
    "Keras": (
        ["accuracy", "learning_rate", "loss", "val_accuracy", "val_loss"],
        ["val_loss", "val_accuracy", "loss", "accuracy"],
    ),
    "XGBoost": (["eval-logloss", "train-logloss", "iteration"], ["eval-logloss", "train-logloss"]),
    "by hand": (["alpha", "time", "tokens_per_second", "train/f1", "zeta"], ["train/f1", "alpha", "zeta"]),
}  # fmt: skip


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_what_says_how_good_the_model_is_comes_first_and_counters_last(framework: str) -> None:
    names, first = FRAMEWORKS[framework]
    ordered = sorted(names, key=importance)
    assert ordered[: len(first)] == first
    assert sorted(ordered[len(first) :]) == sorted(name for name in names if is_counter(name))


@pytest.mark.parametrize(
    "name",
    ["epoch", "train/epoch", "global_step", "lr", "lr-SGD", "learning_rate", "grad_norm", "gradient_norm", "samples_per_second",
     "train_steps_per_second", "gpu_memory", "num_tokens", "num_input_tokens_seen", "step_time", "batches"],
)  # fmt: skip
def test_counters_and_schedules_are_known(name: str) -> None:
    assert is_counter(name)


@pytest.mark.parametrize(
    "name",
    ["loss", "steps_to_solve_error", "epoch_loss", "token_accuracy", "f1", "reward", "perplexity", "clr", "lrap", "alpha",
     "batch_loss"],
)  # fmt: skip
def test_measures_are_none(name: str) -> None:
    assert not is_counter(name)


@given(st.lists(st.text(max_size=20), unique=True, max_size=8))
def test_any_names_have_one_order(names: list[str]) -> None:
    backwards = list(reversed(names))
    assert sorted(names, key=importance) == sorted(backwards, key=importance)
