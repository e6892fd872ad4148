"""``cloudtrack explain``: what is said of a run, and in how few lines and requests."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from cloudtrack.client import Client, connect
from cloudtrack.entities.dataset import Dataset, DatasetInput
from cloudtrack.entities.run import Metric
from cloudtrack.errors import NotFound
from cloudtrack.lineage.explanation import MOST_LINES, explain
from cloudtrack.maintenance.compacting import with_markers
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.tracking.console_stream import new_stream
from tests.cli.commands import answer, cloudtrack
from tests.conftest import SLOW_SERVER
from tests.storage.lossy import CountingStore


def lines(client: Any, run_id: str) -> dict[str, list[str]]:
    """What is said, by heading."""
    return {part.heading.split(" unlike")[0]: part.lines for part in explain(client, run_id)}


def run_with(client: Any, params: dict[str, str], **series: list[float]) -> str:
    """A run with these params and metrics."""
    run = client.runs.create("0", run_name="tree", user_id="ann", start_time=1_000)
    points = [Metric(key, value, 1, step) for key, values in series.items() for step, value in enumerate(values)]
    client.runs.log_batch(run.info.run_id, params=params, metrics=points)
    client.runs.update(run.info.run_id, status="FINISHED", end_time=121_000)
    return str(run.info.run_id)


@pytest.mark.parametrize("mode", SLOW_SERVER)
def test_a_run_is_told_beside_the_others(mode: str, make_url: Callable[[str], str]) -> None:
    client = connect(make_url(mode))
    for _ in range(3):
        run_with(client, {"depth": "3", "seed": "1"}, acc=[0.5, 0.6])
    best = run_with(client, {"depth": "9", "seed": "1"}, acc=[0.5, 0.95, 0.9], loss=[1.0, 0.1, 0.8])
    client.runs.log_inputs(best, [DatasetInput(Dataset("wine", "abc", "local", "{}"))])
    client.runs.log_batch(best, tags={"mlflow.source.git.commit": "c0ffee", "cloudtrack.git.dirty": "true"})
    client.artifacts.log_text(best, "text", "notes/a.txt")
    client.registered_models.create("churn")
    client.model_versions.create("churn", f"runs:/{best}/model", run_id=best)
    client.stages.transition("churn", 1, "Production")
    found = lines(client, best)
    assert found["Run"][:2] == [
        f"tree {best}, in experiment 'Default'",
        "FINISHED after 2.0 min by ann, started 1970-01-01T00:00:01 UTC",
    ]
    assert found["Metrics"][0] == (
        "acc = 0.9 at step 2 of 3 points; from 0.5 (step 0) to 0.95 (step 1); 0 other runs are higher, 3 lower"
    )
    assert found["Params"] == ["depth = 9 (usually 3)"]
    assert found["Look at"] == [
        "acc was best at step 1 (0.95) and ended worse (0.9)",
        "loss was best at step 1 (0.1) and ended worse (0.8)",
        "its code had changes that were not committed (kept as code.patch)",
    ]
    assert found["Data"] == ["wine abc"]
    assert found["Code"] == ["commit c0ffee"]
    assert found["Made"] == ["version models:/churn/1, Production"]
    assert found["Files"] == ["notes/"]
    assert "Last words" not in found


def test_a_run_that_failed_says_its_last_words() -> None:
    client = Client(MemoryStore())
    run_id = run_with(client, {}, loss=[1.0, math.nan])
    stream = new_stream("host:1")
    client.console.append(run_id, stream, 0, b"begin\n\nTraceback\nValueError: no\n")
    client.runs.update(run_id, status="FAILED")
    found = lines(client, run_id)
    assert found["Look at"] == ["it ended FAILED", "loss ended as nan"]
    assert found["Last words"] == ["begin", "Traceback", "ValueError: no"]


def test_however_much_there_is_it_is_sixty_lines_and_a_few_requests() -> None:
    store = CountingStore(MemoryStore())
    client = Client(store)
    many = {f"key {number}": "x" * 500 for number in range(90)}
    run_with(client, many | {"key 1": "y", "more": "z"}, acc=[1.0])
    run_id = run_with(client, {key: f"\x1b[31m{number}" for number, key in enumerate(many)}, acc=[0.0])
    points = [Metric(f"loss {key}", float(value), 1, step) for key in range(90) for step, value in enumerate((9, 1, 5))]
    client.runs.log_batch(run_id, metrics=points, tags={"mlflow.note.content": "a\n" * 500, "mlflow.parentRunId": "p"})
    client.runs.log_batch(run_id, tags=dict.fromkeys(("mlflow.source.git.commit", "cloudtrack.command"), "c"))
    client.runs.log_batch(run_id, tags={"cloudtrack.python": "3.11"})
    client.runs.log_inputs(run_id, [DatasetInput(Dataset(f"d{n}", "abc", "local", "{}")) for n in range(90)])
    for number in range(20):
        client.artifacts.log_text(run_id, "text", f"{number}.txt")
        client.registered_models.create(f"m{number}")
        client.model_versions.create(f"m{number}", f"runs:/{run_id}/model", run_id=run_id)
    client.console.append(run_id, new_stream("host:1"), 0, b"word\n" * 500)
    client.runs.update(run_id, status="FAILED")
    for indexes, name in with_markers(client.store, client.indexes):
        indexes.compact(name)
    store.reset()
    parts = explain(client, run_id)
    assert store.requests <= 16
    told = sum(1 + len(part.lines) for part in parts)
    assert told == MOST_LINES
    assert all("\n" not in line and len(line) <= 160 for part in parts for line in part.lines)
    assert lines(client, run_id)["Metrics"][-1] == "and 82 more"


def test_the_command_prints_it_and_no_control_characters(tmp_path: Any) -> None:
    client = Client(tmp_path / "store")
    run_id = run_with(client, {"a": "\x1b[31mred"}, acc=[1.0])
    run_with(client, {"a": "b"}, acc=[1.0])
    done = cloudtrack("explain", run_id, store=str(tmp_path / "store"))
    assert done.returncode == 0
    assert done.stdout.startswith("Run\n  tree ")
    assert "\x1b" not in done.stdout
    told = answer("explain", run_id, store=str(tmp_path / "store"))
    assert told["More"][0] == f"cloudtrack runs show {run_id}"
    with pytest.raises(NotFound):
        explain(client, "0" * 32)
