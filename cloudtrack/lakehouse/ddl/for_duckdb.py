"""Definitions for DuckDB."""

from __future__ import annotations

from cloudtrack.index.columns import FIXED, NUMBER, TEXT, WHOLE, literal, quoted
from cloudtrack.lakehouse.ddl.layout import METRICS, RUNS, TEXT_ATTRIBUTES, TIME_ATTRIBUTES, Layout
from cloudtrack.storage.document import MAX_DOCUMENT_BYTES
from cloudtrack.tracking import keys
from cloudtrack.tracking.run_source import RUN_SCHEMA

_POINTS = f"MAP({TEXT}, STRUCT(step {WHOLE}[], timestamp {WHOLE}[], value {NUMBER}[]))"


def definitions(layout: Layout) -> str:
    """Two views: the runs, and every point of their metrics."""
    notes = [
        "Files are found anew by each query. One that meets a file being merged away fails: run it again.",
        f"{METRICS} also has the newest points of each run, from its run.json.",
    ]
    if layout.is_on_s3:
        notes.append(
            "Once in a session: INSTALL httpfs; LOAD httpfs; CREATE SECRET (TYPE s3, PROVIDER credential_chain);"
        )
    return f"{layout.comment(*notes)}\n{_runs(layout)}\n\n{_metrics(layout)}\n"


def _runs(layout: Layout) -> str:
    times = (
        f"epoch_ms({quoted(f'attributes.{name}')}) AS {name},\n    {quoted(f'attributes.{name}')} AS {name}_ms"
        for name in TIME_ATTRIBUTES
    )
    shown = [
        "id AS run_id",
        "regexp_extract(filename, 'experiments/([^/]+)/index/', 1) AS experiment_id",
        *(f"{quoted(f'attributes.{name}')} AS {name}" for name in TEXT_ATTRIBUTES),
        *times,
        *(f"{_column(column)} AS {quoted(column)}" for column in layout.shown),
        "rest",
    ]
    types = {**FIXED, **{column: RUN_SCHEMA.type_of(column) for column in layout.columns}}
    empty = ", ".join(f"NULL::{kind} AS {quoted(name)}" for name, kind in types.items())
    lines = ",\n    ".join(shown)
    return (
        f"CREATE OR REPLACE VIEW {RUNS} AS\nSELECT\n    {lines}\nFROM (\n"
        f"    FROM read_parquet({literal(layout.any_part)}, "
        "union_by_name = true, filename = true, hive_partitioning = false)\n"
        f"    UNION ALL BY NAME\n    SELECT {empty} WHERE false\n)\n"
        "QUALIFY row_number() OVER (PARTITION BY id ORDER BY version DESC) = 1 AND lifecycle_stage IS NOT NULL;"
    )


def _column(name: str) -> str:
    kind = RUN_SCHEMA.type_of(name)
    shared = f"rest[{literal(name)}]"
    return f"coalesce({quoted(name)}, {shared if kind == TEXT else f'TRY_CAST({shared} AS {kind})'})"


def _metrics(layout: Layout) -> str:
    documents = layout.address(keys.run("*"))
    sources = [
        "SELECT run_id, key, unnest(points.step) AS step, unnest(points.timestamp) AS timestamp, "  # noqa: S608
        "unnest(points.value) AS value\n    FROM (\n"
        "        SELECT run_id, unnest(map_keys(points)) AS key, unnest(map_values(points)) AS points\n"
        f"        FROM read_json({literal(documents)}, format = 'newline_delimited', "
        f"maximum_object_size = {MAX_DOCUMENT_BYTES},\n"
        f"            columns = {{'run_id': '{TEXT}', 'points': '{_POINTS}'}})\n    )"
    ]
    if layout.has_segments:
        segments = layout.address(keys.segment("*", "*"))
        sources.append(
            "SELECT regexp_extract(filename, 'runs/([^/]+)/metrics/', 1), key, step, timestamp, "  # noqa: S608
            f"coalesce(value, 'nan'::{NUMBER})\n    FROM read_parquet({literal(segments)}, filename = true, "
            "hive_partitioning = false)"
        )
    both = "\n    UNION ALL\n    ".join(sources)
    only = f"\nWHERE run_id IN (SELECT run_id FROM {RUNS})" if layout.one_experiment else ""  # noqa: S608
    return (
        f"CREATE OR REPLACE VIEW {METRICS} AS\n"
        f"SELECT DISTINCT run_id, key, step, timestamp, value\nFROM (\n    {both}\n){only};"
    )
