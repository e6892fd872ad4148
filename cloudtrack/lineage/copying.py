"""Versions that go to another store: their files, compared while they travel, and where they come from.

At the target the files are a logged model of their own: the model in its folder ``model``, and ``lineage.json`` beside
it. The version is there when all of them are; a copy that was cut off leaves a logged model that is PENDING.
"""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
from pathlib import Path
from typing import Any, Protocol

from cloudtrack.entities.logged_model import LoggedModel, LoggedModelStatus
from cloudtrack.entities.manifest import Manifest
from cloudtrack.entities.model_uri import version_uri
from cloudtrack.entities.model_version import ORIGIN_TAG, ModelVersion
from cloudtrack.errors import AlreadyExists, CloudtrackError, CorruptData, InvalidInput
from cloudtrack.lineage.lineage import Lineage
from cloudtrack.lineage.version_lineage import VersionLineage
from cloudtrack.models.pinning import StoredFolder
from cloudtrack.models.registering import ModelRegistrar
from cloudtrack.storage.streaming import copy_stream

FOLDER = "model"
LINEAGE_FILE = "lineage.json"
_EXPERIMENT = "0"
"""Where the logged models of copies are: in the experiment that every store has."""


class AnyStore(Protocol):
    """What copying needs of a client, over a store or over a server."""

    @property
    def uri(self) -> str: ...

    @property
    def model_versions(self) -> Any: ...

    @property
    def registered_models(self) -> Any: ...

    @property
    def logged_models(self) -> Any: ...

    @property
    def logged_model_artifacts(self) -> Any: ...


class Copy:
    """One version on its way from a store to a name in another."""

    def __init__(self, source: ModelRegistrar, source_uri: str, model_uri: str) -> None:
        self._source = source
        self.version = source.find_version(model_uri)
        self._store = source_uri
        self.origin = f"{source_uri} {version_uri(self.version.name, self.version.version)}"

    def to(self, target: AnyStore, name: str | None = None) -> ModelVersion:
        """The version at the target, which is made where it is not there.

        Bounded memory: a file passes through the local disk. Raises CorruptData where a file is not what was
        registered, InvalidInput where the files are not listed yet and are many, or for a copy onto itself. Within one
        store nothing is copied: the new version has the same files.
        """
        wanted = name or self.version.name
        if target.uri == self._store and wanted == self.version.name:
            raise InvalidInput(f"{self.origin!r} is that version itself: give another store or another name")
        if found := self._found(target, wanted):
            return found
        if target.uri == self._store:
            return self._within(wanted)
        manifest = self._source.manifest_of(self.version)
        lineage = self._lineage()
        tags = {**self.version.tags, **self._tags(lineage)}
        model = target.logged_models.create(
            _EXPERIMENT,
            name=_model_name(wanted),
            params=lineage.model.params if lineage.model else {},
            tags={ORIGIN_TAG: self.origin},
        )
        try:
            self._send(target, model, manifest, lineage)
        except BaseException:
            with contextlib.suppress(CloudtrackError):
                target.logged_models.finalize(model.model_id, LoggedModelStatus.FAILED)
            raise
        target.logged_models.finalize(model.model_id, LoggedModelStatus.READY)
        with contextlib.suppress(AlreadyExists):
            target.registered_models.create(wanted)
        made: ModelVersion = target.model_versions.create(
            wanted,
            f"{model.model_uri}/{FOLDER}",
            model_id=model.model_id,
            digest=self.version.digest,
            manifest=manifest,
            description=self.version.description,
            tags=tags,
        )
        if made.model_id != model.model_id:  # somebody else copied it at the same time
            target.logged_models.delete(model.model_id)
        return made

    def _within(self, name: str) -> ModelVersion:
        tags = {**self.version.tags, **self._tags(self._lineage())}
        return self._source.register_model(
            version_uri(self.version.name, self.version.version), name, tags=tags, description=self.version.description
        )

    def _lineage(self) -> VersionLineage:
        return Lineage(self._source).of_version(self.version)  # type: ignore[arg-type]  # a client has all of them

    def _found(self, target: AnyStore, name: str) -> ModelVersion | None:
        origin = self.origin.replace("'", "''")
        quoted = name.replace('"', '""')
        found = target.model_versions.search(f"name = \"{quoted}\" AND tags.`{ORIGIN_TAG}` = '{origin}'", max_results=1)
        return found[0] if found else None

    def _tags(self, lineage: VersionLineage) -> dict[str, str]:
        version = self.version
        known = {
            "store": self._store,
            "name": version.name,
            "version": str(version.version),
            "digest": version.digest,
            "run_id": version.run_id,
            "git_commit": lineage.code.git_commit if lineage.code else None,
        }
        return {ORIGIN_TAG: self.origin, **{f"{ORIGIN_TAG}.{key}": value for key, value in known.items() if value}}

    def _send(self, target: AnyStore, model: LoggedModel, manifest: Manifest, lineage: VersionLineage) -> None:
        folder = self._source.folder_of(self.version)
        for path, file in manifest.files.items():
            self._send_file(target, model, folder, path, file.sha256)
        text = json.dumps(lineage.model_dump(mode="json"), indent=2, ensure_ascii=False)
        target.logged_model_artifacts.upload(model.model_id, io.BytesIO(text.encode()), LINEAGE_FILE)

    def _send_file(self, target: AnyStore, model: LoggedModel, folder: StoredFolder, path: str, expected: str) -> None:
        with tempfile.TemporaryDirectory(prefix="cloudtrack-") as local:
            passing = Path(local) / "file"
            with passing.open("wb") as stream:
                moved = copy_stream(folder.open(path).chunks, stream, None)
            if moved.sha256 != expected:
                raise CorruptData(
                    f"the file {path!r} of version {self.version.version} of {self.version.name!r} is not the one that "
                    "was registered: it was changed or replaced"
                )
            target.logged_model_artifacts.upload(model.model_id, passing, f"{FOLDER}/{path}")


def _model_name(name: str) -> str:
    """A logged model's name may not have all that a registered one's may."""
    return "".join("_" if char in "/:.%\"'" else char for char in name)
