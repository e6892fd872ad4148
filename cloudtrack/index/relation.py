"""Rows of several collections as one relation in SQL: those of all parts, and of the documents that override them.

The overriding rows go into one more part, on the local disk, so that whoever asks needs no second way to count, filter
and order.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

from cloudtrack.index.collection import MOST_ROWS, Collection, View, typed_column
from cloudtrack.index.columns import TEXT, Schema, quoted
from cloudtrack.index.part_files import PartFiles, source_of, write_part
from cloudtrack.index.row import ID, REST, Row
from cloudtrack.search.expression import Expression
from cloudtrack.search.sql import condition
from cloudtrack.storage.parallel import map_in_order

COLLECTION = "attributes.collection"
"""In the part of the overriding rows: the collection that a row is of. No document has it."""
Statement = tuple[str, list[Any]]
"""SQL and its parameters."""


@dataclass(frozen=True)
class Seen:
    """A collection, by its name, as it is at one moment."""

    name: str
    collection: Collection
    view: View


@dataclass(frozen=True)
class Slice:
    """A part, the collection that it is of, and which of its rows do not count: by number, or by id."""

    part: str
    files: PartFiles
    collection: str = ""
    dead: Sequence[int] = ()
    hidden: frozenset[str] = frozenset()

    @property
    def columns(self) -> frozenset[str]:
        """All that a row of it may have."""
        return self.files.columns.own | self.files.shared

    def read(self, column: str) -> str:
        """The SQL expression of a column."""
        kind = self.files.schema.type_of(column)
        if column in self.files.columns.own:
            return quoted(column)
        return self.files.columns.sql(column) if column in self.files.shared else f"CAST(NULL AS {kind})"


@dataclass(frozen=True)
class Relation:
    """The rows that count, of some slices."""

    schema: Schema
    slices: Sequence[Slice]

    @cached_property
    def columns(self) -> frozenset[str]:
        """All that a row may have."""
        return frozenset(chain.from_iterable(one.columns for one in self.slices)) - {COLLECTION}

    @cached_property
    def own(self) -> frozenset[str]:
        """Those of the columns that a part has of its own; the others are rare."""
        return frozenset(chain.from_iterable(one.files.columns.own for one in self.slices)) - {COLLECTION}

    def without(self, parts: Iterable[str], ids: Iterable[str]) -> Relation:
        """Less of it: without some parts, and without these of the overriding rows."""
        gone, hidden = set(parts), frozenset(ids)
        left = (one for one in self.slices if one.part not in gone)
        return Relation(self.schema, [one if one.part else replace(one, hidden=hidden) for one in left])

    def of(self, collections: Iterable[str]) -> Relation:
        """Less of it: without the parts of other collections. Overriding rows of those stay."""
        wanted = set(collections)
        return Relation(self.schema, [one for one in self.slices if not one.part or one.collection in wanted])

    def select(self, columns: Sequence[str], expression: Expression, *more: str) -> Statement:
        """Of the rows that meet the expression: ``id``, ``collection``, and the columns as ``c0``, ``c1`` ...

        ``more`` is SQL beside them, which may name what every part has.
        """
        groups: dict[tuple[str, str, tuple[Any, ...], frozenset[str], bool], list[Slice]] = {}
        for one in self.slices:
            shown = ", ".join([*(f"{one.read(name)} AS c{number}" for number, name in enumerate(columns)), *more])
            where, values = condition(expression, lambda kind, key: typed_column(one.files.columns, f"{kind}.{key}"))  # noqa: B023
            groups.setdefault((shown, where, tuple(values), one.hidden, bool(one.part)), []).append(one)
        scans: list[str] = []
        parameters: list[Any] = []
        for (shown, where, compared, hidden, _), slices in groups.items():
            text, its_parameters = _scan(slices, shown, where, compared, hidden)
            scans.append(text)
            parameters += its_parameters
        if not scans:
            nothing = [f"CAST(NULL AS {self.schema.type_of(name)}) AS c{number}" for number, name in enumerate(columns)]
            texts = [f"CAST(NULL AS {TEXT}) AS {name}" for name in (ID, "collection")]
            empty = f"(SELECT CAST(NULL AS {TEXT}) AS {ID}, CAST(MAP {{}} AS MAP({TEXT}, {TEXT})) AS {REST})"
            scans = [f"SELECT {', '.join([*texts, *nothing, *more])} FROM {empty} WHERE FALSE"]  # noqa: S608 - names
        return " UNION ALL ".join(scans), parameters


@contextmanager
def relation_of(collections: Sequence[Seen], schema: Schema) -> Iterator[Relation]:
    """The rows of collections. Raises ObjectNotFound where a part was merged away."""
    overridden = frozenset(chain.from_iterable(seen.view.overridden for seen in collections))
    files = map_in_order(lambda seen: seen.collection.files(seen.view), collections)
    slices = [
        Slice(part.name, its_files, seen.name, part.dead, overridden)
        for seen, of_parts in zip(collections, files, strict=True)
        for part, its_files in zip(seen.view.manifest.parts, of_parts, strict=True)
    ]
    changed = [
        replace(row, values={**row.values, COLLECTION: seen.name}, text="")
        for seen in collections
        for row in seen.view.rows
    ]
    with tempfile.TemporaryDirectory(prefix="cloudtrack-rows-") as folder:
        if changed:
            slices.append(Slice("", _written(changed, Path(folder), schema)))
        yield Relation(schema, slices)


def _written(rows: Sequence[Row], folder: Path, schema: Schema) -> PartFiles:
    return write_part(rows, folder / "changed.parquet", folder / "changed.blocks", schema)


def _scan(
    slices: Sequence[Slice], shown: str, where: str, values: Sequence[Any], hidden: frozenset[str]
) -> tuple[str, list[Any]]:
    parameters: list[Any] = []
    owner = quoted(COLLECTION)
    if slices[0].part:
        owner = "list_extract(?, CAST(file_index + 1 AS BIGINT))"
        parameters.append([one.collection for one in slices])
    listed = f"{ID}, {owner} AS collection{', ' if shown else ''}{shown}"
    text = f"SELECT {listed} FROM {source_of([one.files for one in slices])} WHERE ({where})"  # noqa: S608
    parameters += values
    dead = [number * MOST_ROWS + row for number, one in enumerate(slices) for row in one.dead]
    if dead:
        text += f" AND file_index * {MOST_ROWS} + file_row_number NOT IN (SELECT unnest(?))"
        parameters.append(dead)
    if hidden:
        text += f" AND {ID} NOT IN (SELECT unnest(?))"
        parameters.append(list(hidden))
    return text, parameters
