"""scikit-learn: `LogisticRegression().set_callbacks(RunCallback(model="digits"))`, and for estimators without callbacks
`RunCallback(model="digits").fit(forest, X, y)`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeVar

from training_events.callbacks.callback import never_raises
from training_events.callbacks.recording import RunRecording
from training_events.callbacks.requirement import required

with required("sklearn", "scikit-learn"):
    import sklearn  # noqa: F401 - who imports this module without it learns that here

if TYPE_CHECKING:
    from collections.abc import Iterator

_E = TypeVar("_E")

_CURVES = ("loss_curve_", "validation_scores_", "train_score_", "validation_score_")
"""What fitted estimators keep of each iteration: multi-layer perceptrons, and those that boost."""
_NUMBERS = ("n_iter_", "best_score_")


class RunCallback(RunRecording):
    """Records a fit: the estimator's parameters, and what the fitted one knows of its iterations, or of its candidates.

        with RunCallback(model="digits") as callback:
            forest = callback.fit(RandomForestClassifier(), X, y)
            callback.score(forest, X_test, y_test)

    Takes what `record_run` takes, or an open run. It is also a callback of scikit-learn's own, from 1.9 on, for the estimators
    that have `set_callbacks`: `LogisticRegression().set_callbacks(RunCallback(model="digits")).fit(X, y)`. Without a `with`
    block each fit is a run of its own; what is scored afterwards is recorded in it.
    """

    _handled: BaseException | None = None

    def fit(self, estimator: _E, X: Any, y: Any = None, **others: Any) -> _E:  # noqa: N803 - as scikit-learn has it
        """Fit the estimator, and return it. What `fit` raises is recorded, and raised on."""
        self._on_begin(estimator)
        try:
            estimator.fit(X, y, **others)  # type: ignore[attr-defined]
        except BaseException as error:
            self._on_end(error)
            raise
        self._on_fitted(estimator)
        self._on_end(None)
        return estimator

    def score(self, estimator: Any, X: Any, y: Any = None, *, name: str = "score", **others: Any) -> float:  # noqa: N803
        """The estimator's score, which is recorded under this name."""
        value: float = estimator.score(X, y, **others)
        self._measure({name: value})
        return value

    def setup(self, estimator: Any, context: Any) -> None:
        """Called by scikit-learn when a fit begins."""
        self._handled = sys.exception()
        self._on_begin(estimator)

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Called by scikit-learn for each part of a fit. What is known of it, the fitted estimator knows as well."""

    def on_fit_task_end(self, estimator: Any, context: Any) -> None:
        """Called by scikit-learn, as `on_fit_task_begin`."""

    def teardown(self, estimator: Any, context: Any) -> None:
        """Called by scikit-learn when the fit has ended, also while an exception leaves it."""
        error = sys.exception()
        if error is self._handled:  # that one was there before
            error = None
            self._on_fitted(estimator)
        self._on_end(error)

    @never_raises
    def _on_begin(self, estimator: Any) -> None:
        self._begin()
        if self._records:
            self.run.tag("estimator", f"{type(estimator).__module__.partition('.')[0]}.{type(estimator).__name__}")
        self._log_hyperparameters(estimator.get_params())

    @never_raises
    def _on_fitted(self, estimator: Any) -> None:
        for name, values in _curves(estimator):
            for step, value in enumerate(values):
                self._measure({name: value}, step)
        self._measure({name.strip("_"): getattr(estimator, name) for name in _NUMBERS if _is_number(estimator, name)})
        if (best := getattr(estimator, "best_params_", None)) is not None:
            self._log_hyperparameters({"best_params": best})

    @never_raises
    def _on_end(self, error: BaseException | None) -> None:
        self._end(error)


def _curves(estimator: Any) -> Iterator[tuple[str, Any]]:
    """By the name of a metric its values: of an estimator by iteration, of a search by candidate."""
    for name in _CURVES:
        if (values := getattr(estimator, name, None)) is not None:
            yield name.strip("_"), values
    for name, values in (getattr(estimator, "cv_results_", None) or {}).items():
        if name.startswith(("mean_test_", "mean_train_")):
            yield name, values


def _is_number(estimator: Any, name: str) -> bool:
    """An array of one element is one."""
    value = getattr(estimator, name, None)
    return value is not None and getattr(value, "size", 1) == 1
