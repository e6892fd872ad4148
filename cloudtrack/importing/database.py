"""A database that is only read: SQLite by the standard library, others through SQLAlchemy where it is installed."""

from __future__ import annotations

import sqlite3
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from cloudtrack.errors import CorruptData, InvalidInput, MissingDependency, NotFound, Unavailable
from cloudtrack.storage.public_url import strip_credentials

_ROWS_AT_ONCE = 5000


class Database(ABC):
    """Tables, by name. Used by many threads; a query holds a connection of its own thread."""

    name: str
    """For people: without a credential."""

    @abstractmethod
    def columns(self, table: str) -> set[str]:
        """The names of a table's columns; none where there is no such table."""

    @abstractmethod
    def _query(self, sql: str, parameters: dict[str, Any]) -> Iterator[Sequence[Any]]:
        """The rows of an answer. Raises CorruptData."""

    @abstractmethod
    def close(self) -> None:
        """Give back all connections."""

    def rows(self, table: str, wanted: Sequence[str], *, order: str = "", **where: Any) -> Iterator[tuple[Any, ...]]:
        """Columns of the rows that have these values; None for a column that the table lacks.

        Names are ours and never a stranger's; values are bound.
        """
        there = self.columns(table)
        if not there or not where.keys() <= there:
            return
        names = ", ".join(name if name in there else "NULL" for name in wanted)
        condition = " AND ".join(f"{name} = :{name}" for name in where)
        sql = f"SELECT {names} FROM {table}"  # noqa: S608 - see above
        if condition:
            sql += f" WHERE {condition}"
        if order:
            sql += f" ORDER BY {order}"
        yield from (tuple(row) for row in self._query(sql, where))

    def count(self, table: str) -> int:
        """How many rows a table has; 0 where it is not there."""
        if not self.columns(table):
            return 0
        return int(next(iter(self._query(f"SELECT COUNT(*) FROM {table}", {})))[0])  # noqa: S608 - a name of ours


class SqliteDatabase(Database):
    """A file of SQLite, opened so that nothing is written."""

    def __init__(self, path: Path) -> None:
        """Raises NotFound."""
        if not path.is_file():
            raise NotFound(f"there is no database file {str(path)!r}")
        self.path = path
        self.name = f"sqlite:///{path}"
        self._uri = f"{path.resolve().as_uri()}?mode=ro"
        self._local = threading.local()
        self._open: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._columns: dict[str, set[str]] = {}

    def columns(self, table: str) -> set[str]:
        """See ``Database``."""
        if table not in self._columns:
            self._columns[table] = {str(row[1]) for row in self._query(f"PRAGMA table_info({table})", {})}
        return self._columns[table]

    def close(self) -> None:
        """See ``Database``."""
        with self._lock:
            for connection in self._open:
                connection.close()
            self._open.clear()

    def _query(self, sql: str, parameters: dict[str, Any]) -> Iterator[Sequence[Any]]:
        try:
            with closing(self._connection().execute(sql, parameters)) as cursor:
                while some := cursor.fetchmany(_ROWS_AT_ONCE):
                    yield from some
        except sqlite3.Error as error:
            raise CorruptData(f"{self.name} cannot be read as a database of MLflow: {error}") from error

    def _connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = sqlite3.connect(self._uri, uri=True, check_same_thread=False)
            with self._lock:
                self._open.append(found)
        return found


class ServerDatabase(Database):
    """PostgreSQL, MySQL and what else SQLAlchemy opens."""

    def __init__(self, url: str) -> None:
        """Raises MissingDependency, InvalidInput."""
        try:
            import sqlalchemy
        except ImportError as error:
            raise MissingDependency(
                "databases other than SQLite are read through SQLAlchemy: pip install sqlalchemy and the driver "
                "(psycopg2-binary, pymysql)"
            ) from error
        self.name = strip_credentials(url)
        self._alchemy = sqlalchemy
        try:
            self._engine = sqlalchemy.create_engine(url)
        except Exception as error:
            raise InvalidInput(f"{self.name} is no database that can be opened: {type(error).__name__}") from error
        self._columns: dict[str, set[str]] = {}

    def columns(self, table: str) -> set[str]:
        """See ``Database``."""
        if table not in self._columns:
            try:
                inspector = self._alchemy.inspect(self._engine)
                there = inspector.get_columns(table) if inspector.has_table(table) else []
            except self._alchemy.exc.SQLAlchemyError as error:
                raise Unavailable(f"{self.name} cannot be read: {type(error).__name__}") from error
            self._columns[table] = {str(column["name"]) for column in there}
        return self._columns[table]

    def close(self) -> None:
        """See ``Database``."""
        self._engine.dispose()

    def _query(self, sql: str, parameters: dict[str, Any]) -> Iterator[Sequence[Any]]:
        try:
            with self._engine.connect() as connection:
                streamed = connection.execution_options(stream_results=True, max_row_buffer=_ROWS_AT_ONCE)
                yield from streamed.execute(self._alchemy.text(sql), parameters)
        except self._alchemy.exc.SQLAlchemyError as error:
            raise Unavailable(f"{self.name} cannot be read: {type(error).__name__}") from error


def open_database(url: str) -> Database:
    """From ``sqlite:///path`` or a URL of SQLAlchemy. Raises NotFound, InvalidInput, MissingDependency."""
    if url.startswith("sqlite:///"):
        return SqliteDatabase(Path(url.removeprefix("sqlite:///").partition("?")[0]))
    if url.startswith("sqlite:"):
        raise InvalidInput("an SQLite database is named sqlite:///path, or sqlite:////path from the root")
    return ServerDatabase(url)
