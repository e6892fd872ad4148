"""What tests of merges ask of stores."""

from __future__ import annotations

import hashlib

from cloudtrack.merging.report import Merged
from cloudtrack.storage.object_store import ObjectStore

_OWN = (".probe/", "index/", "access/", "webhooks/", "feed/", "gc/", "policy.yaml", "cloudtrack.json", "model_files/")
"""What is not merged; kept files are, with the versions that have them."""
_CLAIMS = "experiments/names/"
"""Two stores that gave one experiment one name have claims of their own that say the same."""
_DERIVED = ("/index/", "/pages/", "/snapshots/", "/model.json", "release.json")


def content(store: ObjectStore) -> dict[str, str]:
    """A digest of each object that a merge brings, by its key."""
    found = {}
    for info in store.list():
        is_derived = info.key.startswith(("models/", "releases/", "experiments/")) and any(
            part in info.key for part in _DERIVED
        )
        if not info.key.startswith((*_OWN, _CLAIMS)) and not is_derived:
            found[info.key] = hashlib.sha256(store.get(info.key).body).hexdigest()
    return found


def conflicts_of(*ways: Merged) -> list[str]:
    """What conflicts name, as texts."""
    return [f"{each.kind} {each.key} {each.problem}" for way in ways for each in way.conflicts]
