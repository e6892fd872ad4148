"""Files that a request names: of a run, of a logged model, or of a version of a registered model.

A run's files are its artifacts and the models that it made, each a folder under its name; where a run's artifacts have
the same path, these come first. A version's files are those of its manifest, wherever they are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Self

from cloudtrack.access.permission import Permission, Resource
from cloudtrack.api.artifact_paths import check_relative
from cloudtrack.api.context import Context
from cloudtrack.api.errors import ApiError
from cloudtrack.api.fields import RequestModel
from cloudtrack.entities.logged_model import LoggedModel
from cloudtrack.entities.manifest import Manifest
from cloudtrack.entities.model_uri import LoggedModelFolder, RegisteredVersion, RunModel
from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.entities.names import check_run_id
from cloudtrack.errors import NotFound, ObjectNotFound
from cloudtrack.registry.keys import kept_file
from cloudtrack.storage.object_store import ObjectInfo
from cloudtrack.storage.parallel import map_in_order
from cloudtrack.storage.quoting import quote_path
from cloudtrack.tracking.artifact_tree import MOST_ENTRIES, Entry, Tree, list_below, list_level

_MOST_MODELS = 50
"""So many models of a run are looked at, the last ones that it made."""
_MOST_HOPS = 5
"""A version whose source is another version, and so on."""


class OwnerRequest(RequestModel):
    """Exactly one of a run, a logged model, and a version of a registered model."""

    run_id: str = ""
    model_id: str = ""
    name: str = ""
    version: str = ""

    @property
    def checked(self) -> Self:
        """The request itself, where it names one owner. Raises ApiError."""
        if sum(map(bool, (self.run_id, self.model_id, self.name))) != 1 or bool(self.name) != bool(self.version):
            text = "name one of run_id, model_id, and name with version"
            raise ApiError("INVALID_PARAMETER_VALUE", f"which one is meant is not clear: {text}")
        return self


class FilesRequest(OwnerRequest):
    """And a path in it."""

    path: str = ""

    @property
    def about(self) -> str:
        """The file in words that are the same for the same file."""
        return "\0".join((self.run_id, self.model_id, self.name, self.version, self.path))


@dataclass(frozen=True)
class File:
    """A file that is there: its key in the store, and its name."""

    info: ObjectInfo
    name: str
    sha256: str = ""

    @property
    def etag(self) -> str:
        """What changes when the file does."""
        known = self.sha256 or self.info.etag.strip('"')
        return known or f"{self.info.modified_ms:x}-{self.info.size_bytes:x}"


@dataclass(frozen=True)
class _Folder:
    """A folder of one owner: the prefix of the owner's keys, and a path in there."""

    root: str
    path: str = ""

    def at(self, path: str) -> str:
        """The key of a file, or the prefix of a folder without its slash."""
        return self.root + "/".join(part for part in (self.path, path) if part)

    @property
    def prefix(self) -> str:
        """What paths of files in the folder are relative to."""
        return f"{self.root}{self.path}/" if self.path else self.root


def list_files(context: Context, request: FilesRequest, *, recursive: bool) -> Tree:
    """Files and folders at the path: one level, or all files below it. Raises NotFound, InvalidInput."""
    path = check_relative(request.checked.path.removesuffix("/"))
    if request.name:
        version = context.client.model_versions.get(request.name, request.version)
        if version.manifest is not None:
            return Tree.of(_in_manifest(context.client.model_versions.manifest(version), path, recursive=recursive))
        return Tree.of(_in_folder(context, _folder_of(context, version), path, recursive=recursive))
    if request.model_id:
        context.client.logged_models.get(request.model_id)
        folder = _Folder(context.client.logged_model_artifacts.key(request.model_id))
        return Tree.of(_in_folder(context, folder, path, recursive=recursive))
    return Tree.of(_in_run(context, request.run_id, path, recursive=recursive))


def find_file(context: Context, request: FilesRequest) -> File:
    """The file at the path, which is there. Raises NotFound, InvalidInput."""
    path = check_relative(request.checked.path)
    if not path:
        raise ApiError("INVALID_PARAMETER_VALUE", "name a file: path is empty")
    name = path.rpartition("/")[2]
    if request.name:
        return replace(_of_version(context, request, path), name=name)
    if request.model_id:
        return File(_stat(context, context.client.logged_model_artifacts.key(request.model_id, path), path), name)
    try:
        return File(_stat(context, context.client.artifacts.key(request.run_id, path), path), name)
    except NotFound:
        found = _model_at(context, request.run_id, path)
        if found is None:
            raise
    model, rest = found
    return File(_stat(context, context.client.logged_model_artifacts.key(model.model_id, rest), path), name)


def _of_version(context: Context, request: FilesRequest, path: str) -> File:
    version = context.client.model_versions.get(request.name, request.version)
    sha256 = ""
    if version.manifest is not None:
        listed = context.client.model_versions.manifest(version).files.get(path)
        if listed is None:
            raise NotFound(f"version {version.version} of {version.name!r} has no file {path!r}")
        sha256 = listed.sha256
    if version.kept:
        return File(_stat(context, kept_file(sha256), path), "", sha256)
    folder = _folder_of(context, version)
    key = folder.at(_quoted(path))
    return File(_stat(context, key, path), "", sha256)


def _folder_of(context: Context, version: ModelVersion) -> _Folder:
    """Where the files of a version come from. Raises NotFound for what the caller may not know of."""
    client = context.client
    for _ in range(_MOST_HOPS):
        match context.locations.parse(version.source):
            case RunModel(run_id, path):
                return _Folder(client.artifacts.key(run_id), _quoted(path))
            case LoggedModelFolder(model_id, path):
                return _Folder(client.logged_model_artifacts.key(model_id), _quoted(path))
            case RegisteredVersion(name, reference, None) if reference.isdecimal():
                context.check(Permission.READ, Resource.REGISTERED_MODEL, name)
                version = client.model_versions.get(name, reference)
            case _:
                break
    raise ApiError("INVALID_PARAMETER_VALUE", f"the files of {version.source!r} are not in this store")


def _quoted(path: str) -> str:
    """A path as it is in keys."""
    return quote_path(path) if path else ""


def _in_folder(context: Context, folder: _Folder, path: str, *, recursive: bool) -> Iterator[Entry]:
    inside = folder.at(_quoted(path))
    prefix = inside if inside.endswith("/") else f"{inside}/"
    walk = list_below if recursive else list_level
    return walk(context.client.store, folder.prefix, prefix)


def _in_run(context: Context, run_id: str, path: str, *, recursive: bool) -> Iterator[Entry]:
    root = _Folder(context.client.artifacts.key(check_run_id(run_id)))
    if not path:
        models = _models_of(context, run_id)
        own = list(islice(_in_folder(context, root, "", recursive=recursive), MOST_ENTRIES + 1))
        taken = {entry.path.partition("/")[0] for entry in own}
        free = {name: model for name, model in models.items() if name not in taken}
        if recursive:
            return chain(own, *(_in_model(context, model, "", recursive=True) for model in free.values()))
        made = [Entry(name, is_dir=True, model_id=model.model_id) for name, model in free.items()]
        return iter(sorted([*own, *made], key=lambda entry: entry.path))
    entries = _in_folder(context, root, path, recursive=recursive)
    first = next(entries, None)
    if first is not None:
        return chain([first], entries)
    found = _model_at(context, run_id, path)
    return _in_model(context, *found, recursive=recursive) if found is not None else iter(())


def _in_model(context: Context, model: LoggedModel, path: str, *, recursive: bool) -> Iterator[Entry]:
    """The files of a run's model, as files of the run."""
    folder = _Folder(context.client.logged_model_artifacts.key(model.model_id))
    inside = _in_folder(context, folder, path, recursive=recursive)
    return (replace(entry, path=f"{model.name}/{entry.path}") for entry in inside)


def _model_at(context: Context, run_id: str, path: str) -> tuple[LoggedModel, str] | None:
    """The model of a run that a path leads into, and the path in it."""
    name, _, rest = path.partition("/")
    model = _models_of(context, run_id).get(name)
    return None if model is None else (model, rest)


def _models_of(context: Context, run_id: str) -> dict[str, LoggedModel]:
    """The models that a run says it made, and that say so too, by name; the newest of each that may be known of."""
    outputs = context.client.runs.get(run_id).outputs.model_outputs[-_MOST_MODELS:]

    def read(model_id: str) -> LoggedModel | None:
        try:
            model = context.client.logged_models.get(model_id)
        except NotFound:
            return None
        may_read = context.may_read(Resource.EXPERIMENT, model.experiment_id)
        return model if may_read and model.source_run_id == run_id else None

    found = [model for model in map_in_order(read, [output.model_id for output in outputs]) if model is not None]
    return {model.name: model for model in sorted(found, key=lambda model: model.creation_timestamp)}


def _in_manifest(manifest: Manifest, path: str, *, recursive: bool) -> Iterator[Entry]:
    start = f"{path}/" if path else ""
    below = [(name, file) for name, file in sorted(manifest.files.items()) if name.startswith(start)]
    folders: dict[str, None] = {}
    for name, file in below:
        head, slash, _ = name[len(start) :].partition("/")
        if recursive or not slash:
            yield Entry(name, size_bytes=file.size, etag=file.sha256, sha256=file.sha256)
        elif head not in folders:
            folders[head] = None
            yield Entry(start + head, is_dir=True)


def _stat(context: Context, key: str, path: str) -> ObjectInfo:
    try:
        return context.client.store.stat(key)
    except ObjectNotFound as error:
        raise NotFound(f"there is no file {path[:200]!r}") from error
