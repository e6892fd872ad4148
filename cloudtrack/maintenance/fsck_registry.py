"""Registered models and releases: histories, what is derived from them, and the files of versions."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from cloudtrack.entities.manifest import Manifest, PinnedFile
from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.errors import CorruptData, InvalidInput, NotFound, ObjectNotFound
from cloudtrack.maintenance.fsck_finding import Finding, key_in
from cloudtrack.maintenance.fsck_tracking import unknown
from cloudtrack.models.pinning import StoredFolder, check_stored
from cloudtrack.registry import keys
from cloudtrack.registry.chain import Chain
from cloudtrack.registry.checkpoints import Checkpoints
from cloudtrack.registry.contents import CONDEMNED, Contents, content_of
from cloudtrack.registry.registry import Registry
from cloudtrack.registry.release_chain import ReleaseChain, ReleaseState
from cloudtrack.registry.state import ModelState
from cloudtrack.registry.version_state import VersionState
from cloudtrack.storage.object_store import ObjectInfo, ObjectStore

_EVENT = re.compile(r"events/(\d{12})\.json")


class RegistryServices(Protocol):
    """What is needed of a client."""

    @property
    def model_versions(self) -> Any: ...

    @property
    def history(self) -> Any: ...

    def folder_of(self, version: ModelVersion) -> StoredFolder: ...


class RegistryCheck:
    """Checks the registry of one store."""

    def __init__(self, store: ObjectStore, services: RegistryServices, *, deep: bool) -> None:
        self._store = store
        self._services = services
        self._deep = deep
        self._registry = Registry(store, actor="")
        self._releases = ReleaseChain(store, actor="")
        self._checkpoints = Checkpoints(store)
        self._contents = Contents(store)
        self._kept: dict[str, int] = {}
        """Sizes of the files that the registry keeps, by digest."""

    def manifest(self, infos: Sequence[ObjectInfo]) -> Iterator[Finding]:
        """Manifests of one name. A request for each."""
        for info in infos:
            if info.key.endswith(CONDEMNED):
                continue
            body = self._body(info.key)
            if body is not None and hashlib.sha256(body).hexdigest() != content_of(info.key):
                yield Finding("manifest-damaged", info.key, "its bytes are not those that it is named by")

    def kept_file(self, infos: Sequence[ObjectInfo]) -> Iterator[Finding]:
        """Files that the registry keeps under one name. Read with ``deep`` alone."""
        for info in infos:
            if info.key.endswith(CONDEMNED):
                continue
            self._kept[content_of(info.key)] = info.size_bytes
            if self._deep:
                digest = hashlib.sha256()
                try:
                    for chunk in self._store.read(info.key).chunks:
                        digest.update(chunk)
                except ObjectNotFound:
                    continue
                if digest.hexdigest() != content_of(info.key):
                    yield Finding("kept-file-damaged", info.key, "its bytes are not those that it is named by")

    def model(self, segment: str, infos: Sequence[ObjectInfo]) -> Iterator[Finding]:
        """A registered model: all its events are read, its checkpoint and snapshots, and its versions' manifests."""
        prefix = f"{keys.MODELS}{segment}/"
        places = ("events/", "pages/", "snapshots/", "anchors/")
        checkpoint = f"{prefix}model.json"
        yield from unknown(
            info.key
            for info in infos
            if info.key != checkpoint and not info.key.startswith(tuple(prefix + place for place in places))
        )
        try:
            name = self._registry.name_in(segment)
        except CorruptData as error:
            yield _broken(error, prefix)
            return
        numbers = _event_numbers(prefix, infos)
        if not numbers or name is None:
            yield Finding("history-broken", f"{prefix}events/", "there are no events")
            return
        state = self._registry.empty(name)
        stops = self._stops(prefix, infos, len(numbers))
        try:
            yield from _gap(self._registry, name, numbers)
            anchors = {anchor.number: anchor.event_hash for anchor in self._services.history.anchors(name)}
            for number in sorted({*stops, *(number for number in anchors if number <= len(numbers)), len(numbers)}):
                self._registry.fold_until(name, state, number)
                if anchors.pop(number, state.last_hash) != state.last_hash:
                    yield Finding("history-broken", self._registry.events(name).key(number), "it is not the anchor's")
                for key in stops.get(number, ()):
                    yield from self._compared(key, state, is_last=key == checkpoint)
            for number in anchors:
                yield Finding("history-broken", self._registry.events(name).key(number), "the end was cut off")
        except (CorruptData, ObjectNotFound) as error:
            yield _broken(error, prefix)
            return
        if checkpoint not in {info.key for info in infos}:
            yield Finding("checkpoint-damaged", checkpoint, "it is missing: every read begins at the first event")
        for version in state.versions.since(0) if state.exists else ():
            if not version.deleted:
                yield from self._version(state, version)

    def release(self, segment: str, infos: Sequence[ObjectInfo]) -> Iterator[Finding]:
        """A release: all its events are read, its checkpoint, and the models of its members."""
        prefix = f"{keys.RELEASES}{segment}/"
        checkpoint = f"{prefix}release.json"
        yield from unknown(
            info.key for info in infos if info.key != checkpoint and not info.key.startswith(f"{prefix}events/")
        )
        numbers = _event_numbers(prefix, infos)
        try:
            name = self._releases.name_in(segment)
            if not numbers or name is None:
                yield Finding("history-broken", f"{prefix}events/", "there are no events")
                return
            yield from _gap(self._releases, name, numbers)
            state = self._releases.empty(name)
            told = self._release_checkpoint(checkpoint)
            if told is not None and told.number <= len(numbers):
                self._releases.fold_until(name, state, told.number)
                if told.last_hash != state.last_hash:
                    yield _altered(self._releases, name, told.number, checkpoint)
                elif told.model_dump() != state.model_dump():
                    yield Finding("checkpoint-damaged", checkpoint, "it is not the state after its event")
            elif checkpoint in {info.key for info in infos} and told is None:
                yield Finding("checkpoint-damaged", checkpoint, "it is no checkpoint")
            self._releases.fold_until(name, state, len(numbers))
        except (CorruptData, ObjectNotFound) as error:
            yield _broken(error, prefix)
            return
        for member in state.members.values():
            if self._registry.read_any(member.name).version_entity(member.version) is None:
                problem = f"version {member.version} of {member.name!r}, which is out now, is not there"
                yield Finding("release-member", f"{prefix}events/{state.number:012d}.json", problem)

    def repair(self, segment: str, keys_found: Sequence[str]) -> None:
        """Make what is derived of a model, or of a release, anew; ``keys_found`` is what is wrong."""
        for key in keys_found:
            self._store.delete(key)
        if any(key.startswith(keys.RELEASES) for key in keys_found):
            return  # read from the events until the next commit
        name = self._registry.name_in(segment)
        if name is None:
            return
        end = self._registry.read_any(name).number
        snapshots = [int(key[-17:-5]) for key in keys_found if "/snapshots/" in key]
        state = self._registry.empty(name)
        for number in [*sorted(number for number in snapshots if number <= end), end]:
            self._registry.fold_until(name, state, number)
            self._checkpoints.save(name, state.model_copy(deep=True), self._checkpoints.read(name))

    def _stops(self, prefix: str, infos: Sequence[ObjectInfo], end: int) -> dict[int, list[str]]:
        """Where to compare the replay with what is stored: keys by number."""
        stops: dict[int, list[str]] = {}
        for info in infos:
            if info.key.startswith(f"{prefix}snapshots/") and info.key[-17:-5].isdecimal():
                stops.setdefault(int(info.key[-17:-5]), []).append(info.key)
            elif info.key == f"{prefix}model.json":
                try:
                    body = self._body(info.key)
                    number = self._checkpoints.parse(body).number if body is not None else end
                except CorruptData:
                    number = end
                stops.setdefault(min(number, end), []).append(info.key)
        return stops

    def _compared(self, key: str, state: ModelState, *, is_last: bool) -> Iterator[Finding]:
        """A checkpoint or snapshot against the replayed state at its number."""
        kind = "checkpoint-damaged" if is_last else "snapshot-damaged"
        body = self._body(key)
        if body is None:
            return
        try:
            told = self._checkpoints.parse(body)
        except CorruptData as error:
            yield Finding(kind, key, error.message)
            return
        if told.number > state.number:
            return  # others committed meanwhile: the second look reads the events too
        if (told.number, told.last_hash) != (state.number, state.last_hash):
            yield (
                _altered(self._registry, state.name, state.number, key)
                if is_last
                else Finding(kind, key, "it is the state after another event")
            )
            return
        if _header(told) != _header(state):
            yield Finding(kind, key, f"it is not the state after event {state.number}")
        try:
            if is_last or self._deep:
                if _versions(told) != _versions(state):
                    yield Finding(kind, key, f"its versions are not those after event {state.number}")
            else:
                for page in told.versions.pages:
                    if self._body(page.key) is None:
                        yield Finding("page-damaged", page.key, "it is missing")
        except CorruptData as error:
            yield Finding("page-damaged", key_in(error.message, key), error.message)

    def _version(self, state: ModelState, version: VersionState) -> Iterator[Finding]:
        """The files of a version are where it says, with their sizes; or their digests, with ``deep``."""
        if version.manifest is None:
            return
        entity = state.shown(version)
        what = f"version {version.version} of {state.name!r}"
        try:
            manifest: Manifest = self._services.model_versions.manifest(entity)
        except CorruptData as error:
            yield Finding("manifest-damaged", keys.manifest(version.manifest), f"{what}: {error.message}")
            return
        if version.kept:
            for path, file in manifest.files.items():
                if self._kept.get(file.sha256) != file.size and not self._is_kept(file):
                    yield Finding("version-files", keys.kept_file(file.sha256), f"{what}: {path!r} is missing")
            return
        try:
            folder = self._services.folder_of(entity)
            if self._deep:
                check_stored(folder, manifest)
                return
            sizes = folder.listed()
        except InvalidInput:
            return  # it is elsewhere
        except (NotFound, CorruptData) as error:
            yield Finding("version-files", version.source, f"{what}: {error.message}")
            return
        for path, file in manifest.files.items():
            if sizes.get(path) != file.size:
                problem = "is missing" if path not in sizes else f"has {sizes[path]} bytes, not {file.size}"
                yield Finding("version-files", f"{version.source}/{path}", f"{what}: {path!r} {problem}")

    def _is_kept(self, file: PinnedFile) -> bool:
        for name in self._contents.names(keys.kept_file(file.sha256)):
            try:
                self._kept[file.sha256] = self._store.stat(name).size_bytes
            except ObjectNotFound:
                continue
        return self._kept.get(file.sha256) == file.size

    def _release_checkpoint(self, key: str) -> ReleaseState | None:
        body = self._body(key)
        try:
            return ReleaseState.model_validate_json(body) if body is not None else None
        except ValueError:
            return None

    def _body(self, key: str) -> bytes | None:
        try:
            return self._store.get(key).body
        except ObjectNotFound:
            return None


def _event_numbers(prefix: str, infos: Sequence[ObjectInfo]) -> list[int]:
    found = (_EVENT.fullmatch(info.key.removeprefix(prefix)) for info in infos)
    return [int(match[1]) for match in found if match]


def _gap(chain: Chain[Any, Any, Any], name: str, numbers: list[int]) -> Iterator[Finding]:
    for expected, number in enumerate(numbers, 1):
        if number != expected:
            raise CorruptData(f"{chain.events(name).key(expected)!r} is missing, and event {number} is there")
    yield from ()


def _altered(chain: Chain[Any, Any, Any], name: str, number: int, checkpoint: str) -> Finding:
    problem = f"{checkpoint!r} was made with another event: one of the two was altered"
    return Finding("history-broken", chain.events(name).key(number), problem)


def _broken(error: CorruptData | ObjectNotFound, prefix: str) -> Finding:
    return Finding("history-broken", key_in(error.message, prefix), error.message)


def _header(state: ModelState) -> dict[str, Any]:
    return state.model_dump(mode="json", exclude={"versions"})


def _versions(state: ModelState) -> list[dict[str, Any]]:
    return [version.model_dump(mode="json") for version in state.versions.since(0)]
