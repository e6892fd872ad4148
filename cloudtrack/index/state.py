"""What tells one state of collections from another, in few words: which parts there are, and a mark of each change.

A reader that kept these words is later told what may have changed since: the rows of parts that it does not know, and
overriding rows whose mark it does not know. That is all that changed, and may be more: a merged part is a new one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Sequence
from dataclasses import dataclass

from pydantic_core import to_json

from cloudtrack.index.relation import Relation, Seen
from cloudtrack.index.source import Found

_DIGITS = 10
"""Of a part's name and of a mark; their equality by chance would hide one change."""


@dataclass(frozen=True)
class Mark:
    """A document that overrides the parts, and its state: of one that may change silently, all that can be searched."""

    text: str
    ids: tuple[str, ...]
    settled: bool
    gone: bool = False


@dataclass(frozen=True)
class State:
    """Collections at one moment."""

    parts: dict[str, str]
    """Their names by what is kept of them."""
    marks: list[Mark]
    text: str
    """Equal for equal states."""

    def since(self, relation: Relation, parts: Container[str], marks: Container[str]) -> Relation:
        """Of all rows those that may be others since a reader kept these parts and marks."""
        known = [name for kept, name in self.parts.items() if kept in parts]
        return relation.without(known, [row for mark in self.marks if mark.text in marks for row in mark.ids])

    def gone_since(self, marks: Container[str]) -> list[str]:
        """The documents that are there no more, but for those that the reader knows of."""
        return [row for mark in self.marks if mark.gone and mark.text not in marks for row in mark.ids]


def state_of(collections: Sequence[Seen]) -> State:
    """The state of collections that were looked at."""
    parts = [part for seen in collections for part in seen.view.manifest.parts]
    marks = [_mark(name, found) for seen in collections for name, found in seen.view.changed.items()]
    words = [
        [seen.name for seen in collections],
        [[part.name, len(part.dead)] for part in parts],
        sorted(mark.text for mark in marks),
    ]
    return State({part.name[:_DIGITS]: part.name for part in parts}, marks, _digest(words))


def _mark(document_id: str, found: Found | None) -> Mark:
    if found is None:
        return Mark(_digest([document_id])[:_DIGITS], (document_id,), settled=True, gone=True)
    ids = tuple(row.id for row in found.rows)
    about = [found.version] if found.settled else [[row.id, row.values] for row in found.rows]
    return Mark(_digest([document_id, *about])[:_DIGITS], ids, found.settled)


def _digest(words: object) -> str:
    return hashlib.sha256(to_json(words, inf_nan_mode="strings")).hexdigest()[:32]
