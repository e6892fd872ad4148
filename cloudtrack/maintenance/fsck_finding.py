"""What ``fsck`` finds: words that stay, how bad it is, and what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is."""

    DAMAGE = "damage"
    """Truth is lost or altered: only a backup brings it back."""
    DERIVED = "derived"
    """Can be made again from the truth: ``fsck --repair`` does."""
    LEFTOVER = "leftover"
    """Nothing is wrong with it, and nothing needs it."""


_RESTORE = "bring the object back from a backup, or from an old version of the bucket"
_REPAIR = "cloudtrack fsck --repair makes it anew"
_GC = "cloudtrack gc removes it in time"
_IGNORE = "nothing reads it: remove it where nobody needs it"
_PURGE = "purge it again to finish"

_KINDS: dict[str, tuple[Severity, str]] = {
    "store-marker": (Severity.DAMAGE, _RESTORE),
    "document-damaged": (Severity.DAMAGE, _RESTORE),
    "document-misplaced": (Severity.DAMAGE, "move it to the key that its id says, or remove the copy"),
    "name-unbound": (Severity.DAMAGE, "rename the experiment to another name, and back"),
    "experiment-missing": (Severity.DAMAGE, _RESTORE),
    "segment-missing": (Severity.DAMAGE, _RESTORE),
    "segment-damaged": (Severity.DAMAGE, _RESTORE),
    "points-differ": (Severity.DAMAGE, _RESTORE),
    "log-gap": (Severity.DAMAGE, _RESTORE),
    "history-broken": (Severity.DAMAGE, _RESTORE),
    "manifest-damaged": (Severity.DAMAGE, _RESTORE),
    "version-files": (Severity.DAMAGE, _RESTORE),
    "kept-file-damaged": (Severity.DAMAGE, _RESTORE),
    "release-member": (Severity.DAMAGE, "switch the release to a version that is there"),
    "policy-damaged": (Severity.DAMAGE, "correct it: until then no version is moved"),
    "cursor-damaged": (Severity.DAMAGE, _RESTORE),
    "token-key": (Severity.DAMAGE, "delete it: a new one is made"),
    "checkpoint-damaged": (Severity.DERIVED, _REPAIR),
    "page-damaged": (Severity.DERIVED, _REPAIR),
    "snapshot-damaged": (Severity.DERIVED, _REPAIR),
    "index-damaged": (Severity.DERIVED, _REPAIR),
    "index-differs": (Severity.DERIVED, _REPAIR),
    "segment-unlisted": (Severity.LEFTOVER, _GC),
    "part-unlisted": (Severity.LEFTOVER, _GC),
    "probe": (Severity.LEFTOVER, _GC),
    "marker-unneeded": (Severity.LEFTOVER, "it costs each search a request; remove it where nobody is about to write"),
    "claim-unfinished": (Severity.LEFTOVER, "create the experiment again, which finishes it"),
    "purge-unfinished": (Severity.LEFTOVER, _PURGE),
    "ownerless": (Severity.LEFTOVER, "sync the machine that wrote it, or remove it"),
    "grant-uncollected": (Severity.LEFTOVER, "cloudtrack grant collect --all brings it to the run"),
    "unknown": (Severity.LEFTOVER, _IGNORE),
}


_KEY = re.compile(r"'([^']+)'")


def key_in(message: str, otherwise: str) -> str:
    """The key that an error names first."""
    match = _KEY.search(message)
    return match[1] if match else otherwise


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, by a word that stays, and the key where it is."""

    kind: str
    key: str
    problem: str

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return _KINDS[self.kind][0]

    @property
    def advice(self) -> str:
        """What to do."""
        return _KINDS[self.kind][1]

    def as_dict(self) -> dict[str, str]:
        """For programs."""
        return {
            "kind": self.kind,
            "key": self.key,
            "severity": self.severity,
            "problem": self.problem,
            "advice": self.advice,
        }
