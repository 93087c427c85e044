"""The store of MLflow that is imported: read page by page, through MLflow's own stores, and never written to."""

from __future__ import annotations

import logging
import os
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.mlflow_artifacts_repo import MlflowArtifactsRepository
from mlflow.store.tracking import SEARCH_MAX_RESULTS_THRESHOLD
from mlflow.tracking._model_registry.utils import _get_store as registry_store
from mlflow.tracking._tracking_service.utils import _get_store as tracking_store
from mlflow.utils.file_utils import local_file_uri_to_path

from training_events.errors import Misused, TrainingEventsError
from training_events.redaction.text import redacted_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlflow.entities import Experiment, LoggedModel, Metric, Run
    from mlflow.entities.model_registry import ModelVersion, RegisteredModel

ALLOWED = "a folder (./mlruns), a database (sqlite:///mlflow.db) or a server (http://localhost:5000)"
_SERVERS = ("http", "https")
_RETRIES = "3"
"""MLflow's own are 7, with growing pauses: several minutes for an address with a typing mistake."""
_PAGE = 1000
"""Runs, models or versions that are asked for at once."""
_POINTS = 10_000
"""Points of a metric that are asked for at once."""
_OLDEST_FIRST = ["attributes.start_time ASC"]
"""What is created while an import reads then comes last, and moves nothing between two pages."""
_STORE_FOLDERS = (".trash", "models")
"""One of them is in every folder that MLflow keeps its store in, or else an experiment with its `meta.yaml`. A folder `0`
without one has only the artifacts of a store that is a database."""


class Source:
    """A store. `address` is where it is, without credentials. Whatever MLflow raises becomes a TrainingEventsError."""

    def __init__(self, uri: str) -> None:
        """Raises Misused where there is no store, so that none is made there."""
        self.uri = uri
        self.address = redacted_text(uri)
        scheme = urlsplit(uri).scheme
        self.is_server = scheme in _SERVERS
        self._is_folder = len(scheme) <= 1 or scheme == "file"  # a drive's letter looks like a scheme
        if self._is_folder:
            _check_folder(Path(local_file_uri_to_path(uri)), self.address)
            os.environ["MLFLOW_ALLOW_FILE_STORE"] = (
                "true"  # MLflow advises against these stores, which is why they are imported
            )
        elif self.is_server:
            os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", _RETRIES)
        else:
            _check_database(uri, self.address)
        _silence()
        with self._failing():
            self._tracking: Any = tracking_store(uri)
            self._registry: Any = registry_store(uri)

    @contextmanager
    def skipped(self) -> Iterator[dict[str, None]]:
        """What MLflow leaves out of a folder meanwhile, in its own words, each once. It only logs that."""
        listener = _SkippedInFolder()
        logging.getLogger().addHandler(listener)
        try:
            yield listener.messages
        finally:
            logging.getLogger().removeHandler(listener)

    def experiments(self) -> Iterator[Experiment]:
        """All of them, deleted ones too."""
        yield from self._pages(lambda token: self._tracking.search_experiments(ViewType.ALL, _PAGE, page_token=token))

    def runs(self, experiment: Experiment) -> Iterator[Run]:
        """All runs, deleted ones too, oldest first. A folder is read as a whole for every page: it gives all of them in one."""
        page = SEARCH_MAX_RESULTS_THRESHOLD if self._is_folder else _PAGE
        ids = [experiment.experiment_id]
        yield from self._pages(
            lambda token: self._tracking.search_runs(ids, "", ViewType.ALL, page, _OLDEST_FIRST, page_token=token)
        )

    def history(self, run_id: str, metric: str) -> Iterator[Metric]:
        """Every point of a metric."""
        yield from self._pages(lambda token: self._tracking.get_metric_history(run_id, metric, _POINTS, token))

    def logged_models(self, experiment: Experiment) -> Iterator[LoggedModel]:
        """All models that runs of the experiment have logged, but for deleted ones, which MLflow shows nobody."""
        ids = [experiment.experiment_id]
        yield from self._pages(lambda token: self._tracking.search_logged_models(ids, max_results=_PAGE, page_token=token))

    def registered_models(self) -> Iterator[RegisteredModel]:
        """All of them. Prompts are none."""
        yield from self._pages(lambda token: self._registry.search_registered_models(max_results=_PAGE, page_token=token))

    def versions(self, model: RegisteredModel) -> Iterator[ModelVersion]:
        """All versions of a registered model."""
        quote = next((mark for mark in "'\"" if mark not in model.name), None)
        filter_ = f"name={quote}{model.name}{quote}" if quote else None  # a name with both cannot be asked for
        found = self._pages(lambda token: self._registry.search_model_versions(filter_, _PAGE, page_token=token))
        yield from (version for version in found if version.name == model.name)

    def artifact_address(self, address: str | None) -> str | None:
        """Where artifacts are. A server hands out some itself: then it is an address on the server."""
        if self.is_server and urlsplit(address or "").scheme == "mlflow-artifacts":
            return str(MlflowArtifactsRepository.resolve_uri(address, self.uri))
        return address

    def address_of(self, version: ModelVersion) -> str | None:
        """Where the files of a version are: its source may name a logged model."""
        with self._failing():
            address = self._registry.get_model_version_download_uri(version.name, version.version)
        return self.artifact_address(address)

    def _pages(self, ask: Callable[[str | None], Any]) -> Iterator[Any]:
        token = None
        while True:
            with self._failing():
                page = ask(token)
            yield from page
            if not (token := page.token):
                return

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except MlflowException as flaw:
            raise TrainingEventsError(f"the MLflow store {self.address}: {first_line(flaw)}") from None
        except ImportError as flaw:
            raise _without(flaw, self.address) from None


def first_line(error: Exception) -> str:
    """What an error of MLflow's, or of a library that it uses, says first, without credentials."""
    text = str(error).strip() or type(error).__name__
    return redacted_text(text.splitlines()[0])


def _without(flaw: ImportError, address: str) -> Misused:
    """Such as the driver of a database, which neither MLflow nor this package installs."""
    return Misused(f"the MLflow store {address} needs {flaw.name}, which is not installed")


def _check_folder(folder: Path, address: str) -> None:
    """MLflow would make a store where there is none."""
    if not folder.is_dir():
        raise Misused(f"there is no MLflow store at {address}: no such folder; allowed: {ALLOWED}")
    if not any((folder / name).is_dir() for name in _STORE_FOLDERS) and not any(folder.glob("*/meta.yaml")):
        beside = folder.parent / "mlflow.db"  # what MLflow makes where it is told no other store
        found = f"; beside it is sqlite:///{beside}" if beside.is_file() else f"; allowed: {ALLOWED}"
        raise Misused(f"there is no MLflow store at {address}: the folder holds no experiment{found}")


def _check_database(uri: str, address: str) -> None:
    """MLflow would make a database where there is none, and would change one of an earlier version."""
    from mlflow.store.db.utils import (  # noqa: PLC0415 - SQLAlchemy is not needed for a server
        _get_latest_schema_revision,
        _get_schema_version,
        create_sqlalchemy_engine,
    )
    from sqlalchemy.engine import make_url  # noqa: PLC0415
    from sqlalchemy.exc import ArgumentError, SQLAlchemyError  # noqa: PLC0415

    try:
        url = make_url(uri)
        if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
            raise Misused(f"there is no MLflow store at {address}: no such file; allowed: {ALLOWED}")
        engine = create_sqlalchemy_engine(uri)
        try:
            found = _get_schema_version(engine)
        finally:
            engine.dispose()
    except ImportError as flaw:
        raise _without(flaw, address) from None
    except ArgumentError:
        raise Misused(f"{address} is no MLflow store; allowed: {ALLOWED}") from None
    except SQLAlchemyError as flaw:
        raise TrainingEventsError(f"the MLflow store {address}: {first_line(getattr(flaw, 'orig', None) or flaw)}") from None
    except MlflowException as flaw:
        raise Misused(f"{address} is no MLflow store: {first_line(flaw)}; allowed: {ALLOWED}") from None
    if found is None:
        raise Misused(f"there is no MLflow store at {address}: it is another program's database")
    if found != _get_latest_schema_revision():
        raise Misused(
            f"the MLflow store {address} is of another version of MLflow (its schema is {found}): run `mlflow db upgrade` on"
            " a copy of it, and import that"
        )


class _SkippedInFolder(logging.Handler):
    """Hears what MLflow's store in a folder says of files that it cannot read: to the root logger."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: dict[str, None] = {}

    def emit(self, record: logging.LogRecord) -> None:
        if record.module == "file_store":
            self.messages[record.getMessage()] = None


def _silence() -> None:
    """What matters of what MLflow says comes as an exception. An import has lines of its own."""
    logging.getLogger("mlflow").setLevel(logging.CRITICAL)
    logging.getLogger("alembic").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", module="mlflow")
