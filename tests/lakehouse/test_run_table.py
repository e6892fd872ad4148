"""``search_runs`` gives the frame that is asked for, and says what is missing."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas
import polars
import pyarrow
import pytest

import cloudtrack as ct
from cloudtrack.errors import InvalidInput, MissingDependency
from tests.lakehouse.samples import all_runs, fill, open_client

COLUMNS = ["run_id", "experiment_id", "status", "artifact_uri", "start_time", "end_time"]


@pytest.fixture
def filled(store_url: str, tmp_path: Path) -> None:
    ct.set_tracking_uri(store_url)
    fill(open_client(store_url, tmp_path))


@pytest.mark.usefixtures("filled")
def test_all_formats_have_the_same_rows_and_columns() -> None:
    asked = {"search_all_experiments": True, "order_by": ["run_id ASC"], "run_view_type": 3}
    frames = {name: ct.search_runs(output_format=name, **asked) for name in ("pandas", "polars", "arrow", "list")}
    assert isinstance(frames["pandas"], pandas.DataFrame)
    assert isinstance(frames["polars"], polars.DataFrame)
    assert isinstance(frames["arrow"], pyarrow.Table)
    runs = sorted(all_runs(ct.fluent.session.client()), key=lambda run: run.info.run_id)
    assert [run.info.run_id for run in frames["list"]] == [run.info.run_id for run in runs]
    names = [*COLUMNS, *(name for name in frames["arrow"].column_names if "." in name)]
    assert list(frames["pandas"].columns) == frames["polars"].columns == frames["arrow"].column_names == names
    arrow = frames["arrow"].to_pylist()
    assert json.dumps(frames["polars"].to_dicts(), default=str) == json.dumps(arrow, default=str)
    for row, run, start in zip(arrow, runs, frames["pandas"]["start_time"], strict=True):
        values = {name.partition(".")[::2]: value for name, value in row.items() if "." in name and value is not None}
        expected = {(k, key): v for k in ("metrics", "params", "tags") for key, v in getattr(run.data, k).items()}
        assert repr(sorted(values.items())) == repr(sorted(expected.items()))
        assert row["start_time"].timestamp() * 1000 == run.info.start_time == start.timestamp() * 1000


@pytest.mark.usefixtures("filled")
def test_a_metric_that_is_missing_is_null_and_nan_is_nan() -> None:
    frame = ct.search_runs(search_all_experiments=True, output_format="polars")
    assert frame["metrics.nan"].null_count() == len(frame) - 1
    assert frame["metrics.nan"].is_nan().sum() == 1
    assert frame.schema["start_time"] == polars.Datetime("ms", "UTC")
    assert ct.search_runs(search_all_experiments=True)["metrics.nan"].isna().all()


@pytest.mark.parametrize("output_format", ["pandas", "polars", "arrow"])
def test_no_runs_are_an_empty_frame_with_its_columns(output_format: str, store_url: str) -> None:
    ct.set_tracking_uri(store_url)
    frame = ct.search_runs(output_format=output_format)
    assert list(frame.column_names if output_format == "arrow" else frame.columns) == COLUMNS
    assert len(frame) == 0


@pytest.mark.parametrize(
    ("output_format", "module"), [("pandas", "pandas"), ("polars", "polars"), ("arrow", "pyarrow")]
)
def test_a_library_that_is_missing_is_named_with_its_extra(
    output_format: str, module: str, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ct.set_tracking_uri(store_url)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingDependency, match=rf"cloudtrack\[{output_format}\]"):
        ct.search_runs(output_format=output_format)
    assert ct.search_runs(output_format="list") == []


def test_an_unknown_format_is_refused_before_the_store_is_asked(store_url: str) -> None:
    ct.set_tracking_uri(store_url)
    with pytest.raises(InvalidInput, match="'excel'; it is one of 'pandas', 'list', 'polars', 'arrow'"):
        ct.search_runs(output_format="excel")
