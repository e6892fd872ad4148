"""``cloudtrack runs metrics``: a history for people, for programs and for spreadsheets."""

from __future__ import annotations

import math

import pytest

from cloudtrack.client import Client
from cloudtrack.entities.run import Metric
from tests.cli.commands import answer, cloudtrack


@pytest.fixture
def run_id(store_url: str) -> str:
    client = Client(store_url)
    run_id = client.runs.create("0").info.run_id
    points = [Metric("loss", 1e6 if step == 777 else step / 2, 1_000 + step, step) for step in range(2000)]
    client.runs.log_batch(run_id, metrics=[*points, Metric("loss", math.nan, 1, 5), Metric("bad", math.nan, 1, 5)])
    return run_id


def test_a_sample_keeps_spikes_and_says_what_it_leaves_out(store_url: str, run_id: str) -> None:
    rows = answer("runs", "metrics", run_id, "loss", "--sample", "10", store=store_url)
    assert len(rows) == 10
    assert rows[0] == {"step": 0, "last": 0.0, "min": 0.0, "max": 0.0, "points": 1}
    assert (rows[-1]["step"], rows[-1]["last"]) == (1999, 999.5)
    assert max(row["max"] for row in rows) == 1e6
    assert sum(row["points"] for row in rows) == 2000
    done = cloudtrack("runs", "metrics", run_id, "loss", "--sample", "10", store=store_url)
    assert "1 points are NaN and in no row; the first is at step 5" in done.stderr


def test_lines_of_values_between_commas(store_url: str, run_id: str) -> None:
    lines = cloudtrack("runs", "metrics", run_id, "loss", "--csv", store=store_url).stdout.splitlines()
    assert lines[:3] == ["step,timestamp,value", "0,1000,0.0", "1,1001,0.5"]
    assert len(lines) == 2002
    lines = cloudtrack("runs", "metrics", run_id, "loss", "--sample", "3", "--csv", store=store_url).stdout.splitlines()
    assert (lines[0], len(lines)) == ("step,last,min,max,points", 4)


def test_a_metric_that_is_not_there_is_an_error_and_one_without_numbers_is_not(store_url: str, run_id: str) -> None:
    for sample in ([], ["--sample", "5"]):
        done = cloudtrack("runs", "metrics", run_id, "none", *sample, store=store_url)
        assert (done.returncode, "has no metric 'none'" in done.stderr) == (1, True)
    done = cloudtrack("runs", "metrics", run_id, "bad", "--sample", "5", store=store_url)
    assert (done.returncode, done.stdout.strip()) == (0, "no numbers")
