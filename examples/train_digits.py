"""Trains a classifier of handwritten digits and records the run: `python -m examples.train_digits`.

A real training on scikit-learn's bundled images: softmax regression by stochastic gradient descent, one pass over the data an
epoch. Its events go to the bus that TRAINING_EVENTS_BUS names.
"""

import argparse
import hashlib
import importlib.metadata
import platform
import sys
import uuid
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from training_events import aws, times
from training_events.errors import TrainingEventsError
from training_events.event import Event
from training_events.publisher import EventBusPublisher
from training_events.settings import Settings

SOURCE = "my.sagemaker.training.jobs"
MODEL = "digits"


class Epoch(NamedTuple):
    number: int
    loss: float  # mean cross-entropy over the held-out images, in nats
    accuracy: float  # share of the held-out images, 0 to 1


def train(images: Any, digits: Any, *, epochs: int, hyperparameters: dict[str, Any], seed: int) -> Iterator[Epoch]:
    """Train on four fifths of the images and yield how well it does on the rest after each epoch."""
    split = train_test_split(images / 16.0, digits, test_size=0.2, random_state=seed, stratify=digits)
    train_x, test_x, train_y, test_y = split
    classifier = SGDClassifier(loss="log_loss", random_state=seed, **hyperparameters)
    shuffle = np.random.default_rng(seed)
    for number in range(1, epochs + 1):
        order = shuffle.permutation(len(train_x))
        classifier.partial_fit(train_x[order], train_y[order], classes=np.unique(digits))
        loss = log_loss(test_y, classifier.predict_proba(test_x))
        yield Epoch(number, float(loss), float(classifier.score(test_x, test_y)))


class Run:
    """The events of one run, each published as it happens."""

    def __init__(self, publisher: EventBusPublisher) -> None:
        self.id = f"{MODEL}-{uuid.uuid4().hex[:12]}"
        self.published = 0
        self._publisher = publisher

    def record(self, type_: str, data: dict[str, Any]) -> None:
        event = Event(
            event_id=uuid.uuid4().hex,
            stream=f"run/{self.id}",
            type=type_,
            occurred_at=times.now(),
            source=SOURCE,
            data=data,
            correlation_id=self.id,
        )
        self._publisher.publish([event])
        self.published += 1


def main() -> int:
    description = "Train on handwritten digits and record the run."
    parser = argparse.ArgumentParser(prog="python -m examples.train_digits", description=description)
    parser.add_argument("--epochs", type=int, default=8, help="passes over the data (default: %(default)s)")
    parser.add_argument("--alpha", type=float, default=1e-4, help="strength of the regularization (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="of the split and the shuffling (default: %(default)s)")
    options = parser.parse_args()
    try:
        record_training(options.epochs, {"alpha": options.alpha}, options.seed)
    except TrainingEventsError as error:
        print(f"train_digits: {error}", file=sys.stderr)
        return 1
    return 0


def record_training(epochs: int, hyperparameters: dict[str, Any], seed: int) -> None:
    run = Run(EventBusPublisher(Settings().bus, aws.client("events")))
    dataset = load_digits()
    images, digits = dataset.data, dataset.target
    sha256 = hashlib.sha256(images.tobytes() + digits.tobytes()).hexdigest()
    run.record(
        "TrainingStarted",
        {
            "model": MODEL,
            "hyperparameters": {"epochs": epochs, **hyperparameters},
            "seeds": {"split": seed, "shuffle": seed},
            "datasets": [{"uri": "sklearn:load_digits", "sha256": sha256}],
            "packages": {name: importlib.metadata.version(name) for name in ("numpy", "scikit-learn")},
            "python": platform.python_version(),
        },
    )
    print(f"run/{run.id}: {len(images)} images, {epochs} epochs")
    for epoch in train(images, digits, epochs=epochs, hyperparameters=hyperparameters, seed=seed):
        values = {"loss": epoch.loss, "accuracy": epoch.accuracy}
        points = [{"name": name, "step": epoch.number, "value": value} for name, value in values.items()]
        run.record("MetricsRecorded", {"points": points})
        print(f"  epoch {epoch.number}: loss {epoch.loss:.4f}, accuracy {epoch.accuracy:.4f}")
    run.record("TrainingCompleted", values)
    print(f"run/{run.id}: {run.published} events published")


if __name__ == "__main__":
    sys.exit(main())
