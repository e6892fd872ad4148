"""A DuckDB of its own for one statement: what a person writes may read the tables made in it, and nothing else."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cloudtrack.errors import CloudtrackError, InvalidInput, ObjectNotFound, PermissionDenied, Unavailable
from cloudtrack.index.columns import TEXT, literal, quoted

MEMORY = "1GB"
"""What a statement needs beyond that goes to the temporary folder."""
MAP = f"MAP({TEXT}, {TEXT})"
_THREADS = 4
_INSIDE = "inside"
"""The schema of what tables are made of."""


class Session:
    """Tables for one statement, in a folder that goes with it."""

    def __init__(self) -> None:
        import duckdb

        self._folder = tempfile.TemporaryDirectory(prefix="cloudtrack-sql-")
        self.folder = Path(self._folder.name)
        self.spilled = self.folder / "spilled"
        self.spilled.mkdir()
        self._connection = duckdb.connect(
            config={
                "threads": min(_THREADS, os.cpu_count() or 1),
                "memory_limit": MEMORY,
                "temp_directory": str(self.spilled),
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "allow_persistent_secrets": False,
                "python_enable_replacements": False,
            }
        )
        self._files: list[str] = []
        self._kept = 0
        self.execute(f"CREATE SCHEMA {_INSIDE}")

    def execute(self, query: str, parameters: list[Any] | None = None) -> Any:
        """Run SQL; the cursor of its answer. Raises ObjectNotFound where a file is gone that the tables are made of."""
        import duckdb

        try:
            return self._connection.execute(query, parameters or [])
        except duckdb.Error as error:
            gone = next((file for file in self._files if not os.path.exists(file)), None)
            if gone is not None:
                raise ObjectNotFound(f"a part of the index is gone: {gone}") from error
            raise _translated(error) from error

    def read_parquet(self, files: Iterable[str], options: str = "") -> str:
        """What reads these files in SQL. They stay readable when the session is locked."""
        found = list(files)
        self._files += found
        return f"read_parquet([{', '.join(map(literal, found))}]{options})"

    def load(self, name: str, types: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> None:
        """Make a table. A column of milliseconds, ``time_ms``, gets a TIMESTAMP beside it, ``time``."""
        lines = self.folder / "rows.ndjson"
        longest = 1 << 20
        with lines.open("w", encoding="utf-8") as stream:
            for row in rows:
                line = json.dumps(row) + "\n"
                longest = max(longest, len(line))
                stream.write(line)
        listed = ", ".join(f"{literal(column)}: {literal(kind)}" for column, kind in types.items())
        self.execute(
            f"CREATE TABLE {name} AS SELECT {', '.join(map(_shown, types))} "  # noqa: S608 - quoted names
            f"FROM read_json({literal(str(lines))}, format = 'newline_delimited', columns = {{{listed}}}, "
            f"maximum_object_size = {longest})"
        )
        lines.unlink()

    def keep(self, select: str) -> str:
        """Make a table of a SELECT's answer; its name, or "" where the SELECT fails."""
        name = f"{_INSIDE}.kept_{self._kept}"
        self._kept += 1
        try:
            self.execute(f"CREATE TABLE {name} AS {select}")
        except ObjectNotFound:
            raise
        except CloudtrackError:
            return ""
        return name

    def lock(self) -> None:
        """From now on nothing is read but the files named before, and no setting changes."""
        self.execute(f"SET allowed_paths = [{', '.join(map(literal, self._files))}]")
        self.execute("SET enable_external_access = false")
        self.execute("SET lock_configuration = true")

    def close(self) -> None:
        """Give back memory and disk."""
        self._connection.close()
        self._folder.cleanup()


def _shown(column: str) -> str:
    if not column.endswith("_ms"):
        return quoted(column)
    return f"epoch_ms({quoted(column)}) AS {quoted(column.removesuffix('_ms'))}, {quoted(column)}"


def _translated(error: Exception) -> CloudtrackError:
    """One line, without the excerpt that DuckDB shows of the SQL."""
    import duckdb

    said = " ".join(str(error).partition("\n\nLINE ")[0].split())
    if isinstance(error, duckdb.IOException):
        return Unavailable(f"the SQL could not be brought to an end: {said}")
    if isinstance(error, duckdb.PermissionException):
        return PermissionDenied(f"SQL reads the tables of this store, and no files: {said}")
    if isinstance(error, duckdb.OutOfMemoryException):
        return InvalidInput(f"the SQL needs more than the {MEMORY} it may take: {said}")
    if isinstance(error, duckdb.CatalogException) and "Table with name" in said:
        return InvalidInput(f"the SQL is wrong: {said.partition('!')[0]}: SHOW TABLES lists those there are")
    return InvalidInput(f"the SQL is wrong: {said}")
