"""A database that is only read: SQLite by the standard library, others through SQLAlchemy where it is installed."""

from __future__ import annotations

import sqlite3
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cloudtrack.errors import CorruptData, InvalidInput, MissingDependency, NotFound, Unavailable
from cloudtrack.storage.public_url import strip_credentials

if TYPE_CHECKING:
    import sqlalchemy

_ROWS_AT_ONCE = 5000
_CONNECTIONS = 20
_DRIVERS = {
    "postgresql": (("psycopg", "psycopg"), ("psycopg2", "psycopg2"), ("pg8000", "pg8000")),
    "mysql": (("pymysql", "pymysql"), ("mysqldb", "MySQLdb")),
}
"""Of a kind of database the drivers in SQLAlchemy's words, and their modules; the first that is installed is taken."""


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

    def _quoted(self, name: str) -> str:
        """A column's name in a statement: some are words of SQL (``key`` in MySQL)."""
        return f'"{name}"'

    def rows(self, table: str, wanted: Sequence[str], *, order: str = "", **where: Any) -> Iterator[tuple[Any, ...]]:
        """Columns of the rows that have these values; None for a column that the table lacks.

        Names are ours and never a stranger's; values are bound.
        """
        there = self.columns(table)
        if not there or not where.keys() <= there:
            return
        names = ", ".join(self._quoted(name) if name in there else "NULL" for name in wanted)
        condition = " AND ".join(f"{self._quoted(name)} = :{name}" for name in where)
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
                "databases other than SQLite are read through SQLAlchemy: "
                'pip install "cloudtrack[postgresql]" or "cloudtrack[mysql]"'
            ) from error
        self.name = strip_credentials(url)
        self._alchemy = sqlalchemy
        try:
            parsed = _with_driver(sqlalchemy.make_url(url))
            # each of the importer's threads holds one or two connections for as long as it reads
            self._engine = sqlalchemy.create_engine(parsed, pool_size=_CONNECTIONS, max_overflow=-1)
        except ImportError as error:
            raise MissingDependency(f"{self.name} cannot be opened: {error}; {_pip_line(url)}") from error
        except Exception as error:
            raise InvalidInput(f"{self.name} is no database that can be opened: {type(error).__name__}") from error
        self._password = parsed.password or ""
        self._quote = self._engine.dialect.identifier_preparer.quote_identifier
        self._columns: dict[str, set[str]] = {}

    def columns(self, table: str) -> set[str]:
        """See ``Database``."""
        if table not in self._columns:
            try:
                inspector = self._alchemy.inspect(self._engine)
                there = inspector.get_columns(table) if inspector.has_table(table) else []
            except self._alchemy.exc.SQLAlchemyError as error:
                raise self._unavailable(error) from error
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
            raise self._unavailable(error) from error

    def _quoted(self, name: str) -> str:
        """See ``Database``."""
        return self._quote(name)

    def _unavailable(self, error: Exception) -> Unavailable:
        """What the driver says, on one line and without the password."""
        said = " ".join(str(getattr(error, "orig", None) or type(error).__name__).split())
        if self._password:
            said = said.replace(self._password, "***")
        return Unavailable(f"{self.name} cannot be read: {said[:300]}")


def _with_driver(url: sqlalchemy.URL) -> sqlalchemy.URL:
    """The URL with the driver that is installed, where it names none."""
    dialect = "postgresql" if url.drivername == "postgres" else url.drivername
    for driver, module in _DRIVERS.get(dialect, ()):
        if find_spec(module) is not None:
            return url.set(drivername=f"{dialect}+{driver}")
    return url.set(drivername=dialect)


def _pip_line(url: str) -> str:
    dialect = url.partition(":")[0].partition("+")[0]
    extra = {"postgres": "postgresql", "mariadb": "mysql"}.get(dialect, dialect)
    return f'pip install "cloudtrack[{extra}]"' if extra in _DRIVERS else "install its driver"


def open_database(url: str) -> Database:
    """From ``sqlite:///path`` or a URL of SQLAlchemy. Raises NotFound, InvalidInput, MissingDependency."""
    if url.startswith("sqlite:///"):
        return SqliteDatabase(Path(url.removeprefix("sqlite:///").partition("?")[0]))
    if url.startswith("sqlite:"):
        raise InvalidInput("an SQLite database is named sqlite:///path, or sqlite:////path from the root")
    return ServerDatabase(url)
