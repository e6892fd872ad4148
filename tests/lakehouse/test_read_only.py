"""What a person writes reads the tables of the store, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pytest

from cloudtrack.errors import InvalidInput, PermissionDenied
from cloudtrack.lakehouse.session import Session
from cloudtrack.storage.object_store import ObjectStore
from tests.lakehouse.samples import fill, open_client, open_lakehouse

OTHER_STATEMENTS = [
    "COPY runs TO '{folder}/out.parquet'",
    "COPY (SELECT 1) TO '{part}' (FORMAT parquet, USE_TMP_FILE false)",
    "ATTACH '{folder}/other.db'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET enable_external_access = true",
    "PRAGMA database_list",
    "CREATE TABLE t AS SELECT 1",
    "INSERT INTO experiments SELECT * FROM experiments",
    "EXPORT DATABASE '{folder}/export'",
    "CREATE SECRET (TYPE s3)",
    "CALL duckdb_settings()",
    "EXPLAIN ANALYZE SELECT 1",
    "WITH x AS (COPY (SELECT 1) TO '{part}' (FORMAT parquet, USE_TMP_FILE false)) FROM x",
    "WITH x AS (INSERT INTO experiments SELECT * FROM experiments RETURNING *) FROM x",
    "SELECT (WITH x AS (DELETE FROM experiments RETURNING *) SELECT count(*) FROM x)",
    "DESCRIBE (WITH x AS (UPDATE experiments SET name = 'x' RETURNING *) FROM x)",
]
REACHING_OUT = [
    sql for sql in OTHER_STATEMENTS if sql.startswith(("COPY runs", "ATTACH", "INSTALL", "LOAD", "SET", "EXPORT"))
]
"""What DuckDB's settings refuse. COPY may write a file that may be read: before that stands the parser alone."""
FOREIGN_FILES = [
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('{folder}/secret.txt')",
    "SELECT * FROM read_parquet('{folder}/secret.parquet')",
    "SELECT * FROM read_json('{run}')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM '{folder}/secret.parquet'",
    "SELECT * FROM query('SELECT * FROM read_text(''/etc/passwd'')')",
    "FROM query('WITH x AS (COPY (SELECT 1) TO ''{part}'' (FORMAT parquet, USE_TMP_FILE false)) FROM x')",
    "SELECT (SELECT count(*) FROM enable_logging(storage = 'file', storage_path = '{folder}/log'))",
    "SELECT * FROM read_csv('https://example.com/x.csv')",
]


@pytest.fixture
def places(store: ObjectStore, tmp_path: Path) -> dict[str, str]:
    """A filled store, and what a statement might reach for."""
    client = open_client(store, tmp_path)
    ids = fill(client)
    (tmp_path / "secret.txt").write_text("secret")
    duckdb.sql(f"COPY (SELECT 1 AS a) TO '{tmp_path / 'secret.parquet'}' (FORMAT parquet)")
    part = next(info.key for info in store.list("experiments/") if info.key.endswith(".parquet"))
    return {
        "folder": str(tmp_path),
        "part": str(store.local_path(part)),
        "run": str(store.local_path(f"runs/{ids['old 0']}/run.json")),
    }


@pytest.mark.parametrize("sql", OTHER_STATEMENTS)
def test_what_is_no_select_is_refused_in_one_line(
    sql: str, store: ObjectStore, tmp_path: Path, places: dict[str, str]
) -> None:
    before = sorted(os.walk(tmp_path))
    with pytest.raises(InvalidInput, match="only reads") as refused:
        open_lakehouse(open_client(store, tmp_path)).query(sql.format(**places))
    assert "\n" not in refused.value.message
    assert sorted(os.walk(tmp_path)) == before


@pytest.mark.parametrize("sql", FOREIGN_FILES)
def test_other_files_are_not_read(sql: str, store: ObjectStore, tmp_path: Path, places: dict[str, str]) -> None:
    with pytest.raises((PermissionDenied, InvalidInput)) as refused:
        open_lakehouse(open_client(store, tmp_path)).query(sql.format(**places))
    said = refused.value.message
    assert "SQL reads the tables of this store" in said or "does not exist" in said or "httpfs" in said
    assert "\n" not in said


@pytest.mark.parametrize("sql", [*REACHING_OUT, *FOREIGN_FILES])
def test_a_locked_session_refuses_by_itself(sql: str, tmp_path: Path) -> None:
    """Should a statement ever get past the parser: DuckDB's own settings hold."""
    part, secret = tmp_path / "part.parquet", tmp_path / "secret.parquet"
    for path in (part, secret):
        duckdb.sql(f"COPY (SELECT 1 AS a) TO '{path}' (FORMAT parquet)")
    session = Session()
    try:
        session.execute(f"CREATE VIEW runs AS FROM {session.read_parquet([str(part)])}")
        session.lock()
        assert session.execute("FROM runs").fetchall() == [(1,)]
        with pytest.raises((PermissionDenied, InvalidInput)):
            session.execute(sql.format(folder=tmp_path, part=part, run=secret))
        assert sorted(path.name for path in tmp_path.iterdir()) == ["part.parquet", "secret.parquet"]
    finally:
        session.close()


def test_variables_of_the_program_are_no_tables(store: ObjectStore, tmp_path: Path) -> None:
    secret = {"a": [1]}
    with pytest.raises(InvalidInput, match="secret does not exist: SHOW TABLES"):
        open_lakehouse(open_client(store, tmp_path)).query("SELECT * FROM secret")
    assert secret


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("", "0 statements"),
        ("selec", 'syntax error at or near "selec"'),
        ("SELECT 1; SELECT 2", "2 statements"),
        ("SELECT nothing FROM runs", "nothing"),
        ("SELECT 'a'::INT", "Could not convert"),
        ("SELECT * FROM nowhere", "SHOW TABLES"),
        ("SELECT error('mine')", "mine"),
    ],
)
def test_wrong_sql_is_one_clear_line(sql: str, said: str, store: ObjectStore, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refused:
        open_lakehouse(open_client(store, tmp_path)).query(sql)
    assert said in refused.value.message
    assert "\n" not in refused.value.message


@pytest.mark.parametrize("sql", ["SELECT 1;", "SELECT 1; -- really", "/* é; */ SELECT 1 -- 'x' ;", "SELECT 1\n;\n"])
def test_a_closing_semicolon_and_comments_are_fine(sql: str, store: ObjectStore, tmp_path: Path) -> None:
    with open_lakehouse(open_client(store, tmp_path)).query(sql, limit=5) as answer:
        assert list(answer) == [(1,)]


@pytest.mark.slow
def test_an_answer_beyond_the_memory_is_on_disk(store: ObjectStore, tmp_path: Path) -> None:
    sql = "SELECT range AS number, repeat('x', 100) || range AS text FROM range(12_000_000)"
    with open_lakehouse(open_client(store, tmp_path)).query(sql) as answer:
        assert len(answer) == 12_000_000
        assert next(iter(answer)) == (0, "x" * 100 + "0")
