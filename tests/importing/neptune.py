"""A folder as Neptune's exporter leaves it, after its documentation: Parquet with its columns and types, and files."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

SCHEMA = pa.schema(
    {
        "project_id": pa.string(),
        "run_id": pa.string(),
        "attribute_path": pa.string(),
        "attribute_type": pa.string(),
        "step": pa.decimal128(18, 6),
        "timestamp": pa.timestamp("ms", tz="UTC"),
        "int_value": pa.int64(),
        "float_value": pa.float64(),
        "string_value": pa.string(),
        "bool_value": pa.bool_(),
        "datetime_value": pa.timestamp("ms", tz="UTC"),
        "string_set_value": pa.list_(pa.string()),
        "file_value": pa.struct({"path": pa.string()}),
        "histogram_value": pa.struct(
            {"type": pa.string(), "edges": pa.list_(pa.float64()), "values": pa.list_(pa.float64())}
        ),
    }
)
START = datetime.datetime(2025, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)


def attribute(path: str, kind: str, value: Any = None, step: float | None = None, **more: Any) -> dict[str, Any]:
    column = {"float_series": "float_value", "file_series": "file_value", "string_series": "string_value"}.get(
        kind, f"{kind}_value"
    )
    return {
        "attribute_path": path,
        "attribute_type": kind,
        column: {"path": value} if column == "file_value" else value,
        "step": None if step is None else Decimal(str(step)),
        "timestamp": None if step is None else START + datetime.timedelta(seconds=step),
        **more,
    }


def rows(points: int = 3) -> list[dict[str, Any]]:
    """One run's attributes of every type."""
    return [
        attribute("sys/id", "string", "SAN-1"),
        attribute("sys/name", "string", "baseline"),
        attribute("sys/owner", "string", "ann"),
        attribute("sys/description", "string", "what I tried"),
        attribute("sys/creation_time", "datetime", START),
        attribute("sys/modification_time", "datetime", START + datetime.timedelta(hours=1)),
        attribute("sys/failed", "bool", True),
        attribute("sys/tags", "string_set", ["good", "old"]),
        attribute("config/lr", "float", 0.1),
        attribute("config/depth", "int", 3),
        attribute("config/flag", "bool", False),
        attribute("config/opt", "string", "adam"),
        attribute("config/day", "datetime", START),
        attribute("config/layers", "string_set", ["a", "b"]),
        *(attribute("metrics/loss (train)", "float_series", 1 / (n + 1), n) for n in range(points)),
        attribute("logs/out", "string_series", "a line", 0),
        attribute("weights", "histogram_series", step=0, histogram_value={"type": "COUNTING", "edges": [0.0, 1.0]}),
        attribute("data/sample", "file", "SAN-1/data/sample.csv"),
        attribute("images", "file_series", "SAN-1/images/1.png", 1),
    ]


def export(root: Path, *, project: str = "team/churn", run_id: str = "SAN-1", attributes: Any = None) -> Path:
    """The rows in two parts, as those of a large run; files beside."""
    home = root / "data" / f"{project.replace('/', '_')}_0a1b"
    home.mkdir(parents=True, exist_ok=True)
    found = [{"project_id": project, "run_id": run_id, **row} for row in (attributes or rows())]
    half = len(found) // 2
    for number, some in enumerate((found[:half], found[half:])):
        table = pa.Table.from_pylist(some, schema=SCHEMA)
        pq.write_table(table, home / f"{run_id}_part_{number}.parquet", compression="snappy")
    for path in ("data/sample.csv", "images/1.png"):
        place = root / "files" / home.name / run_id / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(path)
    return root
