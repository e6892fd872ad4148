"""What a merge of two stores did, and what it left for people to decide."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field

ADVICE = {
    "name-taken": "rename one of the two with `cloudtrack experiments rename`, then do it again",
    "document-diverged": "make the two agree with a change on one side, or keep both as they are",
    "file-differs": "delete or upload one of the two anew, or let the one that was written last win with --newest",
    "object-differs": "one of the two was altered: `cloudtrack fsck --deep` on both sides",
    "history-diverged": "keep one history; register what is missing in it anew, or the model under another name",
    "history-waits": "settle the conflict that it names, then do it again",
    "purge-refused": "purge it on this side too, or keep it and leave it purged on the other",
    "damaged": "`cloudtrack fsck` on the side that it names",
    "busy": "it is being written: do it again",
}
"""What is wrong, by a word, and what to do about it."""


@dataclass(frozen=True)
class Conflict:
    """Something that was left as it is on both sides."""

    kind: str
    key: str
    problem: str

    @property
    def advice(self) -> str:
        """What to do about it."""
        return ADVICE[self.kind]

    def as_dict(self) -> dict[str, str]:
        """For JSON."""
        return {"kind": self.kind, "key": self.key, "problem": self.problem, "advice": self.advice}


@dataclass
class Merged:
    """What was brought from one store to another. Any thread may add to it."""

    source: str
    target: str
    counts: Counter[str] = field(default_factory=Counter)
    """What was created or changed in the target: ``runs``, ``files``, ``events`` ..."""
    size_bytes: int = 0
    replaced: list[str] = field(default_factory=list)
    """Files of the target that had other bytes before."""
    conflicts: list[Conflict] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def count(self, what: str, size_bytes: int = 0) -> None:
        """Note one more."""
        with self._lock:
            self.counts[what] += 1
            self.size_bytes += size_bytes

    def conflict(self, kind: str, key: str, problem: str) -> None:
        """Note a conflict, once."""
        found = Conflict(kind, key, problem)
        with self._lock:
            if found not in self.conflicts:
                self.conflicts.append(found)

    def lacks_files(self, its_id: str) -> bool:
        """Whether the target does not have the files of a run or logged model as the source has them."""
        with self._lock:
            return any(
                f"/{its_id}/" in each.key and each.kind in ("file-differs", "object-differs", "busy")
                for each in self.conflicts
            )

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {
            "source": self.source,
            "target": self.target,
            "counts": dict(sorted(self.counts.items())),
            "size_bytes": self.size_bytes,
            "replaced": sorted(self.replaced),
            "conflicts": [each.as_dict() for each in sorted(self.conflicts, key=lambda each: (each.kind, each.key))],
        }
