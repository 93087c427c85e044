"""Trains a classifier of handwritten digits and records the run: `python -m examples.train_digits`.

A real training with scikit-learn's bundled images: softmax regression by stochastic gradient descent, one pass over the data an
epoch. It records to the bus in TRAINING_EVENTS_BUS, or, without that variable, to a file in this folder. As SageMaker does it,
SM_CHANNEL_TRAIN may name a folder with a file of other images, in scikit-learn's format.
"""

import argparse
import gzip
import os
import sys
import tempfile
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from training_events import promote_model, record_run, register_model

MODEL = "digits"
EPOCHS_PER_CHECKPOINT = 2


class Epoch(NamedTuple):
    number: int
    loss: float  # mean cross-entropy over the held-out images, in nats
    accuracy: float  # share of the held-out images, 0 to 1
    classifier: SGDClassifier


def train(images: Any, digits: Any, *, epochs: int, alpha: float, seed: int) -> Iterator[Epoch]:
    """Train with four fifths of the images. After each epoch, yield the loss and the accuracy on the others."""
    split = train_test_split(images / 16.0, digits, test_size=0.2, random_state=seed, stratify=digits)
    train_x, test_x, train_y, test_y = split
    classifier = SGDClassifier(loss="log_loss", alpha=alpha, random_state=seed)
    shuffle = np.random.default_rng(seed)
    for number in range(1, epochs + 1):
        order = shuffle.permutation(len(train_x))
        classifier.partial_fit(train_x[order], train_y[order], classes=np.unique(digits))
        loss = log_loss(test_y, classifier.predict_proba(test_x))
        yield Epoch(number, float(loss), float(classifier.score(test_x, test_y)), classifier)


def main() -> int:
    description = "Train on handwritten digits and record the run."
    parser = argparse.ArgumentParser(prog="python -m examples.train_digits", description=description)
    parser.add_argument("--epochs", type=int, default=8, help="passes over the data (default: %(default)s)")
    parser.add_argument("--alpha", type=float, default=1e-4, help="strength of the regularization (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="the seed of the split and of the shuffling (default: %(default)s)")
    record_training(**vars(parser.parse_args()))
    return 0


def data_file() -> Path:
    """Compressed by gzip, a line an image: the values of its 8 x 8 pixels, 0 to 16, and the digit."""
    if channel := os.environ.get("SM_CHANNEL_TRAIN"):
        return next(Path(channel).iterdir())
    return Path(str(resources.files("sklearn.datasets.data") / "digits.csv.gz"))


def record_training(epochs: int, alpha: float, seed: int) -> None:
    file = data_file()
    with gzip.open(file) as lines:
        rows = np.loadtxt(lines, delimiter=",")
    images, digits = rows[:, :-1], rows[:, -1].astype(int)
    hyperparameters = {"epochs": epochs, "alpha": alpha}
    with (
        record_run(model=MODEL, hyperparameters=hyperparameters, seeds=seed, datasets=[file]) as run,
        tempfile.TemporaryDirectory() as folder,
    ):
        model = None
        print(f"{run.stream}: {len(images)} images, {epochs} epochs")
        for epoch in train(images, digits, epochs=epochs, alpha=alpha, seed=seed):
            run.metrics({"loss": epoch.loss, "accuracy": epoch.accuracy}, step=epoch.number)
            print(f"  epoch {epoch.number}: loss {epoch.loss:.4f}, accuracy {epoch.accuracy:.4f}")
            if epoch.number % EPOCHS_PER_CHECKPOINT == 0 or epoch.number == epochs:
                file = Path(folder) / "model.joblib"
                joblib.dump(epoch.classifier, file)
                model = run.checkpoint(file, step=epoch.number)
    register_model(MODEL, version=run.id, run=run, artifact=model)
    promote_model(MODEL, version=run.id, stage="production")
    print(f"{run.stream}: {run.recorded} events recorded")


if __name__ == "__main__":
    sys.exit(main())
