"""Definitions for Spark SQL: temporary views, made anew in each session."""

from __future__ import annotations

from pathlib import PurePosixPath

from cloudtrack.index.columns import NUMBER, TEXT, TEXTS, WHOLE
from cloudtrack.index.row import ID, REST, VERSION
from cloudtrack.lakehouse.ddl.layout import METRICS, RUNS, TEXT_ATTRIBUTES, TIME_ATTRIBUTES, Layout
from cloudtrack.tracking import keys
from cloudtrack.tracking.run_source import RUN_SCHEMA

_TYPES = {NUMBER: "DOUBLE", WHOLE: "BIGINT", TEXT: "STRING", TEXTS: "ARRAY<STRING>"}
_POINTS = "MAP<STRING, STRUCT<step: ARRAY<BIGINT>, timestamp: ARRAY<BIGINT>, value: ARRAY<DOUBLE>>>"
_PARTS = "cloudtrack_parts"
_DOCUMENTS = "cloudtrack_documents"
_SEGMENTS = "cloudtrack_segments"


def definitions(layout: Layout) -> str:
    """Views of the files, and over them the runs and every point of their metrics."""
    notes = [
        "The files are listed when the views are made: make them anew in each job, or REFRESH TABLE them, and also "
        "where a query fails because a file was merged away.",
        f"{METRICS} also has the newest points of each run, from its run.json.",
        "A Spark that knows no BYTE_STREAM_SPLIT reads segments with spark.sql.parquet.enableVectorizedReader=false.",
    ]
    if layout.is_on_s3:
        notes.append("s3a:// needs hadoop-aws of the version of Spark's Hadoop.")
    return f"{layout.comment(*notes)}\n{_parts(layout)}\n\n{_runs(layout)}\n\n{_points(layout)}\n\n{_metrics(layout)}\n"


def _parts(layout: Layout) -> str:
    types = {ID: "STRING", VERSION: "BIGINT", **{column: _type(column) for column in layout.columns}}
    types[REST] = "MAP<STRING, STRING>"
    columns = ",\n    ".join(f"{_quoted(name)} {kind}" for name, kind in types.items())
    pattern = PurePosixPath(layout.any_part)
    folder = layout.any_part[: -len(pattern.name) - 1]
    return (
        f"CREATE OR REPLACE TEMPORARY VIEW {_PARTS} (\n    {columns}\n)\n"
        f"USING parquet OPTIONS (path {_text(_address(folder))}, pathGlobFilter {_text(pattern.name)});"
    )


def _runs(layout: Layout) -> str:
    shown = [
        "id AS run_id",
        "experiment_id",
        *(f"{_quoted(f'attributes.{name}')} AS {name}" for name in TEXT_ATTRIBUTES),
        *(
            f"timestamp_millis({_quoted(f'attributes.{name}')}) AS {name},\n    "
            f"{_quoted(f'attributes.{name}')} AS {name}_ms"
            for name in TIME_ATTRIBUTES
        ),
        *(f"{_column(column)} AS {_quoted(column)}" for column in layout.shown),
        "rest",
    ]
    lines = ",\n    ".join(shown)
    return (
        f"CREATE OR REPLACE TEMPORARY VIEW {RUNS} AS\nSELECT\n    {lines}\nFROM (\n"  # noqa: S608 - quoted names
        "    SELECT *, regexp_extract(input_file_name(), 'experiments/([^/]+)/index/', 1) AS experiment_id,\n"
        f"        row_number() OVER (PARTITION BY id ORDER BY version DESC) AS place\n    FROM {_PARTS}\n"
        f")\nWHERE place = 1 AND {_quoted('attributes.lifecycle_stage')} IS NOT NULL;"
    )


def _points(layout: Layout) -> str:
    views = [
        f"CREATE OR REPLACE TEMPORARY VIEW {_DOCUMENTS} (run_id STRING, points {_POINTS})\n"
        f"USING json OPTIONS (path {_text(_address(layout.address(keys.run('*'))))});"
    ]
    if layout.has_segments:
        views.append(
            f"CREATE OR REPLACE TEMPORARY VIEW {_SEGMENTS} "
            "(key STRING, step BIGINT, timestamp BIGINT, value DOUBLE)\n"
            f"USING parquet OPTIONS (path {_text(_address(layout.address(keys.segment('*', '*'))))});"
        )
    return "\n\n".join(views)


def _metrics(layout: Layout) -> str:
    sources = [
        "SELECT run_id, key, point.step, point.timestamp, point.value\n"  # noqa: S608 - names of our own
        f"    FROM {_DOCUMENTS} LATERAL VIEW explode(points) AS key, columns\n"
        "    LATERAL VIEW explode(arrays_zip(columns.step, columns.timestamp, columns.value)) AS point"
    ]
    if layout.has_segments:
        sources.append(
            "SELECT regexp_extract(input_file_name(), 'runs/([^/]+)/metrics/', 1), key, step, timestamp, "  # noqa: S608
            f"coalesce(value, double('nan'))\n    FROM {_SEGMENTS}"
        )
    both = "\n    UNION ALL\n    ".join(sources)
    only = f"\nWHERE run_id IN (SELECT run_id FROM {RUNS})" if layout.one_experiment else ""  # noqa: S608
    return (
        f"CREATE OR REPLACE TEMPORARY VIEW {METRICS} AS\n"
        f"SELECT DISTINCT run_id, key, step, timestamp, value\nFROM (\n    {both}\n){only};"
    )


def _column(name: str) -> str:
    kind = _type(name)
    shared = f"rest[{_text(name)}]"
    if kind == _TYPES[TEXTS]:
        return _quoted(name)
    return f"coalesce({_quoted(name)}, {shared if kind == 'STRING' else f'try_cast({shared} AS {kind})'})"


def _type(column: str) -> str:
    return _TYPES[RUN_SCHEMA.type_of(column)]


def _address(address: str) -> str:
    return f"s3a{address.removeprefix('s3')}" if address.startswith("s3://") else address


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
