"""What docs/lakehouse.md shows works, and its table of tables is right."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import duckdb
import pytest

from cloudtrack.client import Client
from tests.cli.commands import cloudtrack
from tests.lakehouse.samples import finish, open_client, open_lakehouse, rows_of
from tests.scripts import run_script

PAGE = (Path(__file__).parents[2] / "docs" / "lakehouse.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
STATEMENTS = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
SCRIPTS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def client(tmp_path: Path) -> Client:
    """A store where the page says that it is."""
    made = open_client(str(tmp_path / "cloudtrack-data"), tmp_path)
    wine = made.experiments.create("wine")
    runs = [finish(made, wine, number, model="tree", depth=number % 3) for number in range(6)]
    made.registered_models.create("wine")
    made.model_versions.create("wine", f"runs:/{runs[3]}/model", run_id=runs[3])
    made.stages.transition("wine", 1, "Production", comment="good")
    made.run_index.compact(wine)
    return made


def test_the_page_has_examples_of_all_kinds() -> None:
    assert (len(COMMANDS), len(STATEMENTS), len(SCRIPTS)) == (10, 3, 2)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_works(command: str, client: Client, tmp_path: Path) -> None:
    program, *arguments = shlex.split(command)
    assert program == "cloudtrack"
    done = cloudtrack(*arguments, store=client.uri, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_statement_of_the_page_finds_something(statement: str, client: Client) -> None:
    assert rows_of(client, statement)


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_of_the_page_runs(script: str, client: Client, tmp_path: Path) -> None:
    done = run_script(script, store=client.uri, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_the_page_names_every_column_of_every_table(client: Client) -> None:
    tables = open_lakehouse(client)
    said = re.findall(r"^\| (`[a-z_`, ]+`) \| an? .*? \| (.*) \|$", PAGE, re.MULTILINE)
    columns = {name: re.findall(r"`(\w+)`", cells) for names, cells in said for name in re.findall(r"`(\w+)`", names)}
    assert set(columns) == {name for (name,) in rows_of(client, "SHOW TABLES")}
    for name, expected in columns.items():
        with tables.query(f"DESCRIBE {name}") as answer:
            found = [column for column, *_ in answer if "." not in column and not column.endswith("_ms")]
        assert sorted(found) == sorted(expected), name


def test_the_page_tells_the_schema_of_the_parts(client: Client) -> None:
    marker = client.store.local_path("cloudtrack.json")
    assert marker is not None
    parts = marker.parent / "experiments/*/index/parts/*.parquet"
    found = duckdb.sql(f"DESCRIBE FROM read_parquet('{parts}')").fetchall()
    for column, *_ in found:
        kind, _, key = column.partition(".")
        name = f".{key}" if kind == "attributes" and key != "run_id" and key != "start_time" else column
        generic = re.sub(r"^(params|tags|metrics)\.[^@]+", r"\1.<key>", name)
        assert f"`{generic}`" in PAGE or f"`@{generic.partition('@')[2]}`" in PAGE, column
