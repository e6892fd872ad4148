"""Which indexes of a store have something to fold, from two listings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cloudtrack.index.indexes import Indexes
from cloudtrack.storage.object_store import ObjectStore

_PLACES = ("experiments/", "index/")
_MARKER = re.compile(r"(?P<prefix>.*/)pending/[^/]+")


def with_markers(store: ObjectStore, kinds: Sequence[Indexes]) -> Iterator[tuple[Indexes, str]]:
    """The indexes that have markers: their kind, and the name of the collection.

    One request for every thousand objects below ``experiments/`` and ``index/``: not one for each experiment.
    """
    seen: set[str] = set()
    for place in _PLACES:
        for info in store.list(place):
            marker = _MARKER.fullmatch(info.key)
            if marker is None or marker["prefix"] in seen:
                continue
            seen.add(marker["prefix"])
            for kind in kinds:
                name = kind.name_in(marker["prefix"])
                if name is not None:
                    yield kind, name
