"""Definitions for Amazon Athena: tables over the folders of the store, and a view of the runs."""

from __future__ import annotations

import re

from cloudtrack.errors import InvalidInput
from cloudtrack.index.columns import NUMBER, TEXT, TEXTS, WHOLE, literal, quoted
from cloudtrack.index.keys import IndexKeys
from cloudtrack.index.row import ID, REST, VERSION
from cloudtrack.lakehouse.ddl.layout import METRICS, RUNS, TEXT_ATTRIBUTES, TIME_ATTRIBUTES, Layout
from cloudtrack.tracking import keys
from cloudtrack.tracking.run_source import RUN_SCHEMA

_TYPES = {NUMBER: "double", WHOLE: "bigint", TEXT: "string", TEXTS: "array<string>"}
_PARTS = "cloudtrack_parts"
_LONGEST_STATEMENT = 262_144
_LONGEST_NAME = 255


def definitions(layout: Layout) -> str:
    """Two tables and a view, each a statement to be run by itself."""
    if not layout.is_on_s3:
        raise InvalidInput(f"Athena reads buckets, and {layout.root} is a folder")
    columns = [column for column in layout.columns if len(column.encode()) <= _LONGEST_NAME]
    statements = [_parts(layout, columns), _runs(layout, columns), _segments(layout)]
    notes = [
        "Run the statements one after another. Names of columns have dots, which Athena takes in quotes.",
        f"{METRICS} needs the run: WHERE run_id = '...' or IN ('...', '...'). The newest points of a run, up to 2,000,",
        "  are in its run.json and not here; take SELECT DISTINCT, for a file may repeat points of another.",
    ]
    if any(len(statement.encode()) > _LONGEST_STATEMENT for statement in statements):
        notes.append(f"Athena takes statements of up to {_LONGEST_STATEMENT} bytes: leave out some of the columns.")
    return layout.comment(*notes) + "\n" + "\n\n".join(statements) + "\n"


def _parts(layout: Layout, columns: list[str]) -> str:
    types = {ID: "string", VERSION: "bigint", **{column: _TYPES[RUN_SCHEMA.type_of(column)] for column in columns}}
    types[REST] = "map<string,string>"
    listed = ",\n    ".join(f"{_backticked(name)} {kind}" for name, kind in types.items())
    folder = IndexKeys(keys.run_index("${experiment_id}")).rows("*").rpartition("/")[0]
    return (
        f"CREATE EXTERNAL TABLE {_PARTS} (\n    {listed}\n)\nPARTITIONED BY (experiment_id string)\n"
        f"STORED AS PARQUET\nLOCATION {literal(layout.address(keys.EXPERIMENTS))}\n"
        "TBLPROPERTIES (\n    'projection.enabled' = 'true',\n    'projection.experiment_id.type' = 'enum',\n"
        f"    'projection.experiment_id.values' = {literal(','.join(layout.experiment_ids))},\n"
        f"    'storage.location.template' = {literal(layout.address(folder) + '/')}\n);"
    )


def _runs(layout: Layout, columns: list[str]) -> str:
    times = (
        f"CAST(from_unixtime({quoted(f'attributes.{name}')} / 1e3) AS timestamp) AS {name},\n    "
        f"{quoted(f'attributes.{name}')} AS {name}_ms"
        for name in TIME_ATTRIBUTES
    )
    taken = {"run_id", "experiment_id", *TEXT_ATTRIBUTES, *TIME_ATTRIBUTES, *(f"{n}_ms" for n in TIME_ATTRIBUTES), REST}
    shown = [
        "id AS run_id",
        "experiment_id",
        *(f"{quoted(f'attributes.{name}')} AS {name}" for name in TEXT_ATTRIBUTES),
        *times,
        *(f"{_column(column)} AS {_plain(column, taken)}" for column in layout.shown if column in columns),
        REST,
    ]
    lines = ",\n    ".join(shown)
    return (
        f"CREATE OR REPLACE VIEW {RUNS} AS\nSELECT\n    {lines}\nFROM (\n"  # noqa: S608 - quoted names
        "    SELECT *, row_number() OVER (PARTITION BY id ORDER BY version DESC) AS place\n"
        f"    FROM {_PARTS}\n)\nWHERE place = 1 AND {quoted('attributes.lifecycle_stage')} IS NOT NULL;"
    )


def _segments(layout: Layout) -> str:
    folder = keys.segment("${run_id}", "*").rpartition("/")[0]
    return (
        f"CREATE EXTERNAL TABLE {METRICS} (`key` string, `step` bigint, `timestamp` bigint, `value` double)\n"
        f"PARTITIONED BY (run_id string)\nSTORED AS PARQUET\nLOCATION {literal(layout.address(keys.RUNS))}\n"
        "TBLPROPERTIES (\n    'projection.enabled' = 'true',\n    'projection.run_id.type' = 'injected',\n"
        f"    'storage.location.template' = {literal(layout.address(folder) + '/')}\n);"
    )


def _column(name: str) -> str:
    kind = RUN_SCHEMA.type_of(name)
    if kind == TEXTS:
        return quoted(name)
    shared = f"element_at({REST}, {literal(name)})"
    return f"coalesce({quoted(name)}, {shared if kind == TEXT else f'TRY_CAST({shared} AS {_TYPES[kind]})'})"


def _plain(column: str, taken: set[str]) -> str:
    """A name of a view's column: lower-case letters, digits and _, and no other's."""
    name = plain = re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_")
    number = 1
    while name in taken:
        number += 1
        name = f"{plain}_{number}"
    taken.add(name)
    return name


def _backticked(name: str) -> str:
    return f"`{name.lower()}`"
