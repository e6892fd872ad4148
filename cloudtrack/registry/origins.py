"""The versions that came from a run or from logged models, by whatever they say of it: for whoever wants to remove it.

The index has them, and of a model that it does not know, because it was thrown away, the history is read.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.index.cache import PartCache
from cloudtrack.registry import keys
from cloudtrack.registry.heads import UNKNOWN, Heads
from cloudtrack.registry.model_index import ModelIndex, version_question
from cloudtrack.registry.registry import Registry
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.parallel import map_in_order

_ID = re.compile(r"(?<![0-9a-f])(?:m-)?[0-9a-f]{32}(?![0-9a-f])")
_IDS_AT_ONCE = 50


def origins_of(source: str, run_id: str | None, model_id: str | None) -> set[str]:
    """The ids of runs (32 hexadecimal digits) and of logged models (``m-`` before them) that a version names."""
    return {*_ID.findall(source), *(its_id for its_id in (run_id, model_id) if its_id and _ID.fullmatch(its_id))}


class Origins:
    """Finds versions by where they came from."""

    def __init__(self, store: ObjectStore, index: ModelIndex, cache: PartCache) -> None:
        self._registry = Registry(store, actor="")
        self._index = index
        self._heads = Heads(store, cache)

    def versions_of(self, ids: Collection[str]) -> list[ModelVersion]:
        """The versions that name one of these runs and logged models, in order; also any whose commit has returned."""
        wanted = set(ids)
        found = {(version.name, version.version): version for version in self._candidates(sorted(wanted))}
        return [
            version
            for _, version in sorted(found.items())
            if wanted & origins_of(version.source, version.run_id, version.model_id)
        ]

    def _candidates(self, ids: Sequence[str]) -> Iterator[ModelVersion]:
        # Twice: a model that is renamed during a look may be in neither place, and then is in the new one.
        for _ in range(2):
            for first in range(0, len(ids), _IDS_AT_ONCE):
                some = ids[first : first + _IDS_AT_ONCE]
                says = [f"source_path LIKE '%{its_id}%'" for its_id in some]
                says += [f"{'model_id' if its_id.startswith('m-') else 'run_id'} = '{its_id}'" for its_id in some]
                yield from self._index.versions(version_question(" OR ".join(says), None), None)
        heads = self._heads.read()
        unknown = [segment for segment in keys.segments(self._registry.store) if heads.get(segment, UNKNOWN) is UNKNOWN]
        for versions in map_in_order(self._read, unknown):
            yield from versions

    def _read(self, segment: str) -> list[ModelVersion]:
        name = self._registry.name_in(segment)
        if name is None:
            return []
        state = self._registry.read_any(name)
        if not state.exists:
            return []
        return [state.shown(version) for version in state.versions.since(0) if not version.deleted]
