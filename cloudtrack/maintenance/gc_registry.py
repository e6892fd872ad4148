"""What the registry mentions of what is named by content: manifests, kept files, pages of versions.

Manifests and pages stay while any event or any state that is stored names them, also of what was deleted: the past is
asked for with them. A file that the registry keeps stays while a version that is not deleted, or a release, has it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic_core import from_json

from cloudtrack.errors import Conflict, CorruptData
from cloudtrack.maintenance.owners import chunks
from cloudtrack.registry import keys
from cloudtrack.registry.events import MovedIn, VersionCreated, VersionPinned
from cloudtrack.registry.manifests import Manifests
from cloudtrack.registry.registry import Registry
from cloudtrack.registry.release_chain import ReleaseChain, release_names
from cloudtrack.registry.state import ModelState
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.parallel import map_in_order

_MOST_RENAMES = 100


class Mentions:
    """What is mentioned now. Read after the objects were listed: what was written since is not among these."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._registry = Registry(store, actor="")
        self._numbers: dict[str, int] = {}
        self._renamed: dict[str, str] = {}
        self.manifests: set[str] = set()
        """Digests."""
        self.pages: set[str] = set()
        """Keys."""
        self.frozen: set[str] = set()
        """Prefixes of the pages of models that are being renamed: somebody may hold a state that names any of them."""
        self.files: set[str] = set()
        """Digests of files that the registry keeps."""
        self._kept: set[str] = set()

    def read(self) -> None:
        """Read the state of every model and release, and whole histories where a state does not tell all.

        Two requests a model, one for each page of versions, and for each event of one that was renamed, deleted or
        moved in. Raises CorruptData: then nothing is known.
        """
        names = map_in_order(self._registry.name_in, keys.segments(self._store))
        self._look(name for name in names if name)
        for _ in range(_MOST_RENAMES):  # a model that was renamed meanwhile is under its new name now
            before = dict(self._numbers)
            self._look({target for target in self._renamed.values() if target})
            if before == self._numbers:
                break
        else:
            raise Conflict("models are renamed all the time: try again")
        for state in map_in_order(ReleaseChain(self._store, actor="").read_any, release_names(self._store)):
            for member in {member for held in state.held for member in held.members.values()}:
                version = self._registry.read_any(member.name).versions.find(member.version)
                if version is not None:
                    self._note(version.manifest, is_kept=version.kept)

    def _look(self, names: Iterable[str]) -> None:
        for some in chunks(names):
            for name, (state, events) in zip(some, map_in_order(self._of_model, some), strict=True):
                self._numbers[name] = state.number
                self._renamed[name] = "" if state.exists else state.renamed_to
                self.pages |= {page.key for page in state.versions.pages}
                if state.renaming_to:
                    self.frozen.add(keys.pages(name))
                for version in state.versions.since(0):
                    self._note(version.manifest, is_kept=version.kept and not version.deleted)
                for change in events:
                    self._note_change(change)

    def _of_model(self, name: str) -> tuple[ModelState, list[Any]]:
        state = self._registry.read_any(name)
        tells_all = not (state.cleared or state.moved_from)
        events = [] if tells_all else self._registry.read_events(name)
        return state, [event.change for event in events]

    def _note_change(self, change: Any) -> None:
        match change:
            case VersionCreated() | VersionPinned():
                self._note(change.manifest, is_kept=False)
            case MovedIn():
                old = ModelState.model_validate(change.state)
                self.pages |= {page.key for page in old.versions.pages}
                for version in old.versions.recent.values():
                    self._note(version.manifest, is_kept=False)

    def _note(self, manifest: str | None, *, is_kept: bool) -> None:
        if manifest is not None:
            self.manifests.add(manifest)
            if is_kept:
                self._kept.add(manifest)

    def read_kept_files(self) -> None:
        """Fill in ``files``; a request for each manifest of a version with kept files. Raises CorruptData."""
        manifests = Manifests(self._store)
        read = map_in_order(manifests.read, sorted(self._kept))
        self.files = {file.sha256 for manifest in read for file in manifest.files.values()}

    def add_snapshots(self, snapshots: Iterable[str]) -> None:
        """Add the pages that snapshots name; a request for each. Raises CorruptData."""

        def pages(key: str) -> set[str]:
            try:
                content = from_json(self._store.get(key).body)
                return {page["key"] for page in content["state"]["versions"]["pages"]}
            except (ValueError, KeyError, TypeError) as error:
                raise CorruptData(f"{key!r} is no state of a model") from error

        self.pages.update(*map_in_order(pages, snapshots))
