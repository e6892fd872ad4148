"""``cloudtrack sql``, as a person and as a program use it."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path

import duckdb
import pytest

from tests.cli.commands import answer, cloudtrack
from tests.lakehouse.samples import fill, open_client


@pytest.fixture
def ids(store_url: str, tmp_path: Path) -> dict[str, str]:
    return fill(open_client(store_url, tmp_path))


@pytest.mark.parametrize("store_url", ["folder", "moto-obstore", "seaweed-obstore"], indirect=True)
def test_every_form_has_the_same_rows(store_url: str, ids: dict[str, str], tmp_path: Path) -> None:
    sql = "SELECT run_id, run_name, metrics, start_time FROM runs WHERE status = 'FINISHED' ORDER BY run_id"
    rows = answer("sql", sql, store=store_url)
    assert len(rows) == 8
    first = next(row for row in rows if row["run_id"] == ids["old 0"])
    assert first["metrics"] == {"loss": 0.5, "nan": "nan"}
    assert first["start_time"] == "1970-01-01T00:00:00"
    found = list(csv.DictReader(io.StringIO(cloudtrack("sql", sql, "--csv", store=store_url).stdout)))
    assert [{**row, "metrics": json.loads(row["metrics"])} for row in found] == rows
    target = tmp_path / "out" / "runs.parquet"
    done = cloudtrack("sql", sql, "--parquet", str(target), store=store_url)
    assert done.stdout == f"wrote 8 rows to {target}\n"
    written = duckdb.sql(f"SELECT run_id, metrics FROM read_parquet('{target}')").fetchall()
    assert [run_id for run_id, _ in written] == [row["run_id"] for row in rows]
    assert math.isnan(dict(written)[ids["old 0"]]["nan"])
    shown = cloudtrack("sql", "SELECT run_name FROM runs", store=store_url).stdout
    assert "run_name" in shown
    assert "running" in shown


def test_a_table_is_cut_and_says_so(store_url: str, ids: dict[str, str]) -> None:
    done = cloudtrack("sql", "FROM range(1200)", store=store_url)
    assert done.stdout.count("\n") == 1004
    assert done.stderr == "these are the first 1000 rows: --max shows more; --csv, --json and --parquet give all\n"
    done = cloudtrack("sql", "FROM range(5) ORDER BY 1 DESC", "--max", "2", store=store_url)
    assert "4" in done.stdout
    assert "2" not in done.stdout
    assert "first 2 rows" in done.stderr
    assert cloudtrack("sql", "FROM range(2)", "--max", "2", store=store_url).stderr == ""
    assert len(answer("sql", "FROM range(1200)", store=store_url)) == 1200
    assert answer("sql", "FROM range(1200)", "--max", "3", store=store_url) == [{"range": n} for n in range(3)]
    assert answer("sql", "SELECT 1 WHERE false", store=store_url) == []
    assert cloudtrack("sql", "SELECT 1 AS a WHERE false", "--csv", store=store_url).stdout == "a\n"
    assert cloudtrack("sql", "SELECT 1 WHERE false", store=store_url).stdout == "no rows\n"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["selec"], 1, 'the SQL is wrong: syntax error at or near "selec"'),
        (["SELECT x FROM runs"], 1, 'Referenced column "x" not found'),
        (["SELECT * FROM nowhere"], 1, "SHOW TABLES"),
        (["DROP TABLE runs"], 1, "only reads"),
        (["SELECT * FROM read_text('/etc/passwd')"], 1, "no files"),
        (["SELECT 1", "--csv", "--json"], 2, "give one of"),
        (["SELECT 1", "--parquet", "/proc/self/x.parquet"], 1, "/proc/self"),
        ([], 2, "statement"),
        (["--help"], 0, "--parquet"),
    ],
)
def test_a_mistake_is_one_line(store_url: str, ids: dict[str, str], arguments: list[str], code: int, said: str) -> None:
    done = cloudtrack("sql", *arguments, store=store_url)
    assert done.returncode == code, done.stdout + done.stderr
    assert said.lower() in (done.stdout + done.stderr).lower()
    assert "Traceback" not in done.stderr
    if code == 1:
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", [["sql", "SELECT 1"], ["ddl", "duckdb"]])
def test_a_server_is_no_store(command: list[str]) -> None:
    done = cloudtrack("-s", "http://127.0.0.1:9", *command)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "works on the store itself" in done.stderr


def test_a_value_cannot_steer_the_terminal(store_url: str, tmp_path: Path) -> None:
    client = open_client(store_url, tmp_path)
    client.runs.create("0", run_name="one \x1b[31mred")
    for form in ([], ["--csv"], ["--json"]):
        assert "\x1b[31m" not in cloudtrack("sql", "SELECT run_name FROM runs", *form, store=store_url).stdout
    assert answer("sql", "SELECT run_name FROM runs", store=store_url) == [{"run_name": "one \x1b[31mred"}]
