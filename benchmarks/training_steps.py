"""Measures a step of training with and without recording: `python -m benchmarks.training_steps ROUNDS`.

A step is an epoch of examples/train_digits.py; ten metrics are recorded after each. The steps of a round take longer than the
recorder holds points back, so its work in the background falls into them too. Prints pairs of seconds as JSON.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from training_events import record_run
from training_events.recorder.delivery.writer import FLUSH_SECONDS

from benchmarks.measure import in_turns, seconds

_METRICS = [f"metric {number}" for number in range(10)]


def main() -> None:
    step = _training()
    steps = int(1.5 * FLUSH_SECONDS / min(seconds(lambda: step(0)) for _ in range(50)))

    def with_recording() -> float:
        with record_run(model="benchmark") as run:

            def recorded_step(number: int) -> None:
                step(number)
                run.metrics(dict.fromkeys(_METRICS, 1 / (number + 1)), step=number)

            return _seconds(steps, recorded_step)

    print(json.dumps(in_turns(with_recording, lambda: _seconds(steps, step), rounds=int(sys.argv[1]))))


def _seconds(steps: int, step: Callable[[int], Any]) -> float:
    return seconds(lambda: [step(number) for number in range(steps)]) / steps


def _training() -> Callable[[int], object]:
    images, digits = load_digits(return_X_y=True)
    images, classes = images / 16.0, np.unique(digits)
    classifier = SGDClassifier(loss="log_loss", random_state=7)
    return lambda _: classifier.partial_fit(images, digits, classes=classes)


if __name__ == "__main__":
    main()
