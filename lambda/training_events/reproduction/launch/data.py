"""The datasets of a run, checked before anything runs, at the places where its program reads them.

A program reads by the addresses that it has. So a file below the code's folder is put into the clean one, a file of a package
is there again by its package, and any other path has to have the recorded content still. A program that a recipe started
reads from channels: folders that SM_CHANNEL_<ROLE> names, which are offered again. Of an object in S3 any other program reads
the newest version: if that is another one now, the recorded one is offered as a channel too.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from msgspec import structs

from training_events.catalogue.run import UsedDataset
from training_events.errors import NotFetched, NotLaunched, NotStored
from training_events.proof.files import FileState
from training_events.recorder.pinning.fetched import VARIABLE, write_origins
from training_events.recorder.storage.comparing import FileComparer
from training_events.recorder.storage.fetching import fetched
from training_events.recorder.storage.files import local_path, printable, uri_of
from training_events.recorder.storage.objects import pin

if TYPE_CHECKING:
    from training_events.reproduction.launch.checkout import Checkout

_INSTALLED = {"site-packages", "dist-packages"}
_CHANNEL = re.compile(r"[A-Za-z0-9_-]{1,64}")


class DataPlacer:
    """Puts datasets where a program reads them, and what it reads from channels into `channels`.

    `takes_others`: where the recorded content cannot be had, what is at its address now is good enough.
    """

    def __init__(
        self,
        checkout: Checkout,
        site_packages: Path,
        channels: Path,
        *,
        reads_channels: bool = False,
        takes_others: bool = False,
    ) -> None:
        self._checkout, self._site_packages, self._channels = checkout, site_packages, channels
        self._reads_channels, self._takes_others = reads_channels, takes_others
        self._compare = FileComparer()
        self._copies: dict[Path, UsedDataset] = {}

    def place(self, dataset: UsedDataset) -> str:
        """Says in words what the program reads. Raises NotLaunched."""
        uri = dataset.uri or f"sha256:{dataset.sha256}"
        in_s3 = uri.startswith("s3://")
        if not (dataset.sha256 or (in_s3 and dataset.version_id)) or not uri.startswith(("s3://", "file://")):
            return f"{printable(uri)}, of which nothing is recorded that could be checked"
        try:
            return self._place(dataset, uri)
        except NotLaunched:
            if not self._takes_others:
                raise
        try:
            current = pin(uri.partition("?versionId=")[0])
            return f"{self._place(UsedDataset(**structs.asdict(current), role=dataset.role), uri)}, which is another one now"
        except (NotStored, NotLaunched):
            return f"{printable(uri)}, which cannot be had"

    def _place(self, dataset: UsedDataset, uri: str) -> str:
        role = dataset.role if dataset.role and _CHANNEL.fullmatch(dataset.role) else None
        if self._reads_channels and role is not None:
            return f"{printable(uri)}, in {self._offer(dataset, role)}"
        return self._place_object(dataset, uri, role) if uri.startswith("s3://") else self._place_file(dataset)

    def variables(self) -> dict[str, str]:
        """Those that tell a program of its channels, and its recorder what the copies in them are of."""
        folders = {copy.parent.name: copy.parent for copy in self._copies}
        if not folders:
            return {}
        origins = self._channels / "origins.json"
        write_origins(origins, self._copies)
        named = {_variable(role): str(folder) for role, folder in folders.items()}
        return {"SM_CHANNELS": json.dumps(sorted(folders)), **named, VARIABLE: str(origins)}

    def _offer(self, dataset: UsedDataset, role: str) -> str:
        """The name of the variable that names the folder of the channel."""
        self._copies[self._fetch(dataset, self._channels / role)] = dataset
        return _variable(role)

    def _place_file(self, dataset: UsedDataset) -> str:
        path = local_path(dataset.uri)
        target = self._target(path)
        if target is not None:
            if not self._has_content(dataset, target):
                _remove(target)  # such as a file of the commit that was another one when the run began
                self._fetch(dataset, target.parent)
            return printable(path.name)
        compared = self._compare(dataset)
        # of a run of another machine the commit may have the file
        below = [self._checkout.folder.joinpath(*path.parts[first:]) for first in range(1, len(path.parts))]
        if compared.state is not FileState.SAME and not any(self._has_content(dataset, candidate) for candidate in below):
            raise NotLaunched(f"the data {printable(path)} cannot be had: {compared.why}")
        return printable(path)

    def _target(self, path: Path) -> Path | None:
        """Where the program reads the file now, if it is no longer at this path."""
        parts = path.parts
        if installed := [number for number, part in enumerate(parts) if part in _INSTALLED]:
            return self._site_packages.joinpath(*parts[installed[-1] + 1 :])
        return self._checkout.place_of(path)

    def _has_content(self, dataset: UsedDataset, path: Path) -> bool:
        there = structs.replace(dataset, uri=uri_of(path, folder=path.is_dir()))
        return self._compare(there).state is FileState.SAME

    def _place_object(self, dataset: UsedDataset, uri: str, role: str | None) -> str:
        if uri.endswith("/") or _is_newest(dataset, uri):
            # S3 itself knows the digest of most objects: then nothing is fetched twice
            compared = None if dataset.sha256 is None else self._compare(dataset)
            if compared is not None and compared.state is not FileState.SAME:
                raise NotLaunched(f"the data {printable(uri)} cannot be had: {compared.why}")
            return printable(uri)
        if role is None:
            raise NotLaunched(
                f"the data {printable(uri)} cannot be had by its address: that has another version now than the run read,"
                " and the dataset has no role whose channel could offer it"
            )
        return f"{printable(uri)}, whose address has another version now: the recorded one is in {self._offer(dataset, role)}"

    def _fetch(self, dataset: UsedDataset, folder: Path) -> Path:
        try:
            return fetched(dataset, folder)
        except NotFetched as error:
            raise NotLaunched(f"the data {error}") from None


def _variable(role: str) -> str:
    return f"SM_CHANNEL_{role.upper()}"


def _is_newest(dataset: UsedDataset, uri: str) -> bool:
    try:
        newest = pin(uri.partition("?versionId=")[0])
    except (NotStored, BotoCoreError, ClientError):  # such as a newest version that is a deletion
        return False
    if dataset.version_id is not None and newest.version_id == dataset.version_id:
        return True
    return dataset.sha256 is not None and newest.sha256 == dataset.sha256


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
