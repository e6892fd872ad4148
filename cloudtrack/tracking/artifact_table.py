"""Pages of tables that users logged: CSV, TSV, JSON lines, MLflow's table JSON, Parquet.

Rows that are lines are read by range, whatever the size of the file. Table JSON and Parquet are fetched whole where
they are not too large for that; Parquet in a folder is read where it is.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from cloudtrack.errors import InvalidInput
from cloudtrack.index import engine
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.tracking.artifact_lines import csv_page, json_lines_page
from cloudtrack.tracking.table_page import (
    BOOLEAN,
    JSON,
    LONGEST_CELL,
    MOST_ROWS,
    NUMBER,
    STRING,
    Rows,
    TablePage,
    kind_of,
    plain,
)

MOST_JSON_BYTES = 16 << 20
MOST_PARQUET_BYTES = 64 << 20
"""Of a file that is not in a folder of this machine."""
_ENDS = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet", ".pq")
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL", "U")


def read_table(store: ObjectStore, key: str, name: str, offset: int = 0, limit: int = MOST_ROWS) -> TablePage:
    """A page of at most 200 rows. ``offset`` is 0, or the ``next`` of the page before.

    Raises InvalidInput for what is no table, or too large to be shown, ObjectNotFound.
    """
    begin, rows = max(0, offset), max(1, min(limit, MOST_ROWS))
    match name.lower().rpartition(".")[2]:
        case "csv":
            return csv_page(store, key, begin, rows)
        case "tsv":
            return csv_page(store, key, begin, rows, delimiter="\t")
        case "jsonl" | "ndjson":
            return json_lines_page(store, key, begin, rows)
        case "json":
            return _table_json_page(store, key, begin, rows)
        case "parquet" | "pq":
            return _parquet_page(store, key, begin, rows)
    raise InvalidInput(f"{name[:120]!r} is not shown as a table; files that are end in {', '.join(_ENDS)}")


def _table_json_page(store: ObjectStore, key: str, offset: int, limit: int) -> TablePage:
    """Of ``{"columns": [...], "data": [[...], ...]}``, as MLflow's ``log_table`` writes it; ``offset`` counts rows."""
    reading = store.read(key)
    _check_size(reading.size_bytes, MOST_JSON_BYTES, "table JSON")
    try:
        content = json.loads(b"".join(reading.chunks))
    except (ValueError, RecursionError) as error:
        raise InvalidInput("the file is not JSON") from error
    names, data = (content.get("columns"), content.get("data")) if isinstance(content, dict) else (None, None)
    if not isinstance(names, list) or not isinstance(data, list) or not all(isinstance(row, list) for row in data):
        raise InvalidInput('the file is no table: that is {"columns": [...], "data": [[...], ...]}')
    found = Rows(limit)
    for number, row in enumerate(data[offset : offset + limit], offset + 1):
        if not found.add(map(plain, row), number):
            break
    columns = found.columns(len(names))
    nested = {
        place
        for row in data[offset : offset + limit]
        for place, cell in enumerate(row)
        if isinstance(cell, dict | list)
    }
    kinds = [JSON if place in nested else kind_of(column) for place, column in enumerate(columns)]
    return TablePage(
        [str(name) for name in names],
        kinds,
        columns,
        len(data),
        _next(found, offset, len(data)),
        reading.size_bytes,
        found.cut,
    )


def _parquet_page(store: ObjectStore, key: str, offset: int, limit: int) -> TablePage:
    """``offset`` counts rows."""
    import duckdb

    size = store.stat(key).size_bytes
    with _local(store, key, size) as path, engine.cursor() as cursor:
        try:
            described = cursor.execute("DESCRIBE SELECT * FROM read_parquet(?)", [path]).fetchall()
            names, types = [row[0] for row in described], [row[1] for row in described]
            shown = ", ".join(_selected(name, kind) for name, kind in zip(names, types, strict=True))
            query = f"SELECT {shown} FROM read_parquet(?) LIMIT {limit:d} OFFSET {offset:d}"  # noqa: S608 - quoted
            rows = cursor.execute(query, [path]).fetchall()
            total = cursor.execute("SELECT sum(num_rows) FROM parquet_file_metadata(?)", [path]).fetchone()[0]
        except duckdb.Error as error:
            reason = str(error).partition("\n")[0].replace(path, "the file")
            raise InvalidInput(f"the file cannot be read as Parquet: {reason[:200]}") from error
    found = Rows(limit)
    for number, row in enumerate(rows, offset + 1):
        if not found.add((float(cell) if isinstance(cell, Decimal) else plain(cell) for cell in row), number):
            break
    kinds = [_kind(kind) for kind in types]
    return TablePage(
        names, kinds, found.columns(len(names)), int(total), _next(found, offset, int(total)), size, found.cut
    )


def _selected(name: str, kind: str) -> str:
    """A column, or as much of it as is shown."""
    quoted = '"' + name.replace('"', '""') + '"'
    if kind == "BLOB":
        return f"octet_length({quoted})::VARCHAR || ' bytes'"
    return f"left({quoted}, {LONGEST_CELL + 1})" if kind == "VARCHAR" else quoted


def _kind(kind: str) -> str:
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION", "JSON")):
        return JSON
    if kind == "BOOLEAN":
        return BOOLEAN
    return NUMBER if kind.startswith(_NUMBERS) and kind != "UUID" else STRING


@contextmanager
def _local(store: ObjectStore, key: str, size: int) -> Iterator[str]:
    """A path of the object, in which DuckDB sees no pattern."""
    with tempfile.TemporaryDirectory(prefix="cloudtrack-") as folder:
        path = Path(folder) / "table.parquet"
        there = store.local_path(key)
        if there is not None:
            path.symlink_to(there)
        else:
            _check_size(size, MOST_PARQUET_BYTES, "Parquet")
            store.download(key, path)
        yield str(path)


def _check_size(size: int, most: int, what: str) -> None:
    if size > most:
        raise InvalidInput(f"the file has {size} bytes; {what} is shown up to {most}: download it")


def _next(found: Rows, offset: int, total: int) -> int | None:
    end = found.ends[-1] if found.ends else offset
    return end if end < total and found.ends else None
