"""``cloudtrack sql``."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import Annotated, Any

import typer

from cloudtrack.cli import output
from cloudtrack.cli.state import store_client
from cloudtrack.lakehouse.tables import Answer, Tables

_ROWS_IN_TABLE = 1000
_LINES_AT_ONCE = 500


def sql(
    statement: Annotated[str, typer.Argument(help="One SELECT, in DuckDB's SQL. 'SHOW TABLES' lists the tables.")],
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    as_json: output.JsonOption = False,
    parquet: Annotated[Path | None, typer.Option("--parquet", help="Write this Parquet file.")] = None,
    most: Annotated[
        int | None,
        typer.Option(
            "--max", "-n", min=1, help=f"At most so many rows; by default {_ROWS_IN_TABLE} in a table, or all."
        ),
    ] = None,
) -> None:
    """Ask the store with SQL. It reads, and cannot write."""
    if as_csv + as_json + (parquet is not None) > 1:
        raise typer.BadParameter("give one of --csv, --json and --parquet")
    store = store_client()
    tables = Tables(store.store, store.experiments, store.run_index, store.registered_models, store.model_versions)
    if not (as_csv or as_json or parquet):
        with tables.query(statement, limit=(most or _ROWS_IN_TABLE) + 1) as answer:
            _show_table(answer, most or _ROWS_IN_TABLE)
        return
    with tables.query(statement, limit=most) as answer:
        if parquet:
            answer.write_parquet(parquet)
            output.say(f"wrote {len(answer)} rows to {parquet}")
        else:
            _show_lines(_csv_lines(answer) if as_csv else _json_lines(answer))


def _show_table(answer: Answer, most: int) -> None:
    rows = [[_flat(value) for value in row] for row in islice(answer, most)]
    output.show_table("", answer.columns, rows, empty="no rows")
    if len(answer) > most:
        output.complain(f"these are the first {most} rows: --max shows more; --csv, --json and --parquet give all")


def _show_lines(lines: Iterator[str]) -> None:
    while some := list(islice(lines, _LINES_AT_ONCE)):
        output.say("\n".join(some))


def _csv_lines(answer: Answer) -> Iterator[str]:
    for row in chain([answer.columns], answer):
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(map(_flat, row))
        yield line.getvalue()


def _json_lines(answer: Answer) -> Iterator[str]:
    """A list of objects, an object a line."""
    before = "[\n"
    for row in answer:
        yield before + json.dumps(dict(zip(answer.columns, map(_plain, row), strict=True)))
        before = ","
    yield "]" if before == "," else "[]"


def _flat(value: Any) -> Any:
    """What fits into a cell: maps and lists as JSON."""
    plain = _plain(value)
    return json.dumps(plain) if isinstance(plain, dict | list) else plain


def _plain(value: Any) -> Any:
    """What JSON knows."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, str | int | float | None) else str(value)
