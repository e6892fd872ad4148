"""The files of one part: made from rows, made from other parts, and looked at."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic_core import to_json

from cloudtrack.index import engine
from cloudtrack.index.blocks import Blocks, merge_blocks, write_blocks
from cloudtrack.index.columns import FIXED, PartColumns, Schema, common_columns, count_columns, literal, quoted
from cloudtrack.index.row import ID, REST, VERSION, Row

_COPY = "(FORMAT parquet, COMPRESSION lz4_raw, ROW_GROUP_SIZE 122880)"
"""A search decodes whole columns: with zstd it takes twice as long, and a part is a fifth smaller."""


@dataclass(frozen=True)
class PartFiles:
    """A part on the local disk."""

    rows_path: Path
    entities_path: Path
    schema: Schema

    @cached_property
    def columns(self) -> PartColumns:
        """The columns that it has of its own."""
        found = engine.fetch("SELECT name FROM parquet_schema(?) WHERE name IS NOT NULL", [str(self.rows_path)])
        names = {name for (name,) in found}
        return PartColumns(self.schema, frozenset(name for name in names if "." in name))

    @cached_property
    def shared(self) -> frozenset[str]:
        """The columns that its rows have in the shared one."""
        keys = f"SELECT DISTINCT unnest(map_keys({REST})) FROM {self.source}"  # noqa: S608 - a quoted path
        return frozenset(name for (name,) in engine.fetch(keys))

    @cached_property
    def entities(self) -> Blocks:
        """Its rows as they are shown."""
        return Blocks(self.entities_path)

    @property
    def source(self) -> str:
        """What SQL reads it from, with the column ``file_row_number``."""
        return source_of([self])

    @property
    def size_bytes(self) -> int:
        """Of both files."""
        return self.rows_path.stat().st_size + self.entities_path.stat().st_size

    def find(self, ids: Collection[str]) -> dict[str, tuple[int, int]]:
        """Row number and version of those of the documents that have a row here."""
        found = engine.fetch(
            f"SELECT {ID}, file_row_number, {VERSION} FROM {self.source} WHERE {ID} IN (SELECT unnest(?))",  # noqa: S608
            [list(ids)],
        )
        return {document_id: (number, version) for document_id, number, version in found}


def source_of(parts: Sequence[PartFiles]) -> str:
    """What SQL reads parts from, with the columns ``file_index`` and ``file_row_number``.

    A column can be read that all of them have.
    """
    paths = ", ".join(literal(str(files.rows_path)) for files in parts)
    return f"read_parquet([{paths}], file_row_number = true, hive_partitioning = false)"


def write_part(rows: Sequence[Row], rows_path: Path, entities_path: Path, schema: Schema) -> PartFiles:
    """Make the files of a part of these rows."""
    columns = common_columns(count_columns(rows), len(rows))
    types = {**FIXED, **{column: schema.type_of(column) for column in columns}}
    with tempfile.NamedTemporaryFile(suffix=".ndjson") as lines:
        longest = 1 << 20
        for row in rows:
            line = to_json(_line(row, types), inf_nan_mode="strings") + b"\n"
            longest = max(longest, len(line))
            lines.write(line)
        lines.flush()
        listed = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in types.items())
        engine.fetch(
            f"COPY (SELECT * FROM read_json({literal(lines.name)}, format = 'newline_delimited', "  # noqa: S608 - quoted names
            f"maximum_object_size = {longest}, columns = {{{listed}}})) TO {literal(str(rows_path))} {_COPY}"
        )
    with entities_path.open("wb") as stream:
        write_blocks((row.text for row in rows), stream)
    return PartFiles(rows_path, entities_path, schema)


def merge_parts(
    parts: Sequence[tuple[PartFiles, Collection[int]]], rows_path: Path, entities_path: Path, schema: Schema
) -> PartFiles:
    """Make one part of several; each comes with the numbers of its rows that do not count. In bounded memory."""
    counts: Counter[str] = Counter()
    total = 0
    for files, dead in parts:
        its_counts, its_rows = _count(files)
        counts.update(its_counts)
        total += its_rows - len(dead)
    columns = common_columns(counts, total)
    groups: dict[tuple[str, str], list[tuple[PartFiles, Collection[int]]]] = {}
    for files, dead in parts:
        live = f" WHERE file_row_number NOT IN ({', '.join(map(str, dead))})" if dead else ""
        groups.setdefault((_shown(files.columns, columns), live), []).append((files, dead))
    selects = [
        f"SELECT {shown} FROM {source_of([files for files, _ in group])}{live}"  # noqa: S608 - quoted names
        for (shown, live), group in groups.items()
    ]
    engine.fetch(f"COPY ({' UNION ALL '.join(selects)}) TO {literal(str(rows_path))} {_COPY}")
    with entities_path.open("wb") as stream:
        merge_blocks(((files.entities, dead) for group in groups.values() for files, dead in group), stream)
    return PartFiles(rows_path, entities_path, schema)


def _line(row: Row, types: dict[str, str]) -> dict[str, Any]:
    line: dict[str, Any] = {column: value for column, value in row.values.items() if column in types}
    rest: dict[str, str] = {}
    if len(line) < len(row.values):
        for column in row.values.keys() - line.keys():
            value = row.values[column]
            if value is not None:
                rest[column] = _list_text(value) if isinstance(value, list) else str(value)
    line.update({ID: row.id, VERSION: row.version, REST: rest})
    return line


def _list_text(values: list[str] | list[float]) -> str:
    """A list as SQL casts it from text."""
    escaped = (text.replace("\\", "\\\\").replace('"', '\\"') for text in map(str, values))
    return "[" + ", ".join(f'"{text}"' for text in escaped) + "]"


def _count(files: PartFiles) -> tuple[dict[str, int], int]:
    """How many rows have each column, also those in the shared one; and how many rows there are."""
    own = sorted(files.columns.own)
    counted = ", ".join(["count(*)", *(f"count({quoted(column)})" for column in own)])
    numbers = engine.fetch(f"SELECT {counted} FROM {files.source}")[0]  # noqa: S608 - quoted names
    shared = engine.fetch(
        f"SELECT key, count(*) FROM (SELECT unnest(map_keys({REST})) AS key FROM {files.source}) GROUP BY key"  # noqa: S608
    )
    return {**dict(zip(own, numbers[1:], strict=True)), **dict(shared)}, numbers[0]


def _shown(own: PartColumns, columns: Sequence[str]) -> str:
    """What a part gives to one with these columns; what has no column there goes into the shared one."""
    chosen = set(columns)
    shown = [
        ID,
        VERSION,
        *(f"CAST({own.sql(column)} AS {own.schema.type_of(column)}) AS {quoted(column)}" for column in columns),
    ]
    demoted = sorted(own.own - chosen)
    rest = f"map_from_entries(list_filter(map_entries({REST}), lambda e: NOT list_contains({_texts(columns)}, e.key)))"
    if demoted:
        values = ", ".join(f"CAST({quoted(column)} AS VARCHAR)" for column in demoted)
        pairs = f"list_filter(list_zip({_texts(demoted)}, [{values}]), lambda p: p[2] IS NOT NULL)"
        rest = f"map_concat({rest}, map_from_entries({pairs}))"
    return f"{', '.join(shown)}, {rest} AS {REST}"


def _texts(texts: Sequence[str]) -> str:
    return f"[{', '.join(map(literal, texts))}]::VARCHAR[]"
