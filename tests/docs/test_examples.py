"""The examples in docs/examples run, or are read where what they need is not here; figures are counted."""

from __future__ import annotations

import runpy
import uuid
from pathlib import Path

from cloudtrack.client import Client
from cloudtrack.entities.run import RunStatus
from cloudtrack.storage.memory import MemoryStore
from tests.docs.pages import ROOT
from tests.storage.lossy import CountingStore

EXAMPLES = ROOT / "docs" / "examples"


def test_a_short_run_is_as_many_requests_as_the_page_on_costs_says(tmp_path: Path) -> None:
    figures = runpy.run_path(str(EXAMPLES / "cost.py"))
    counting = CountingStore(MemoryStore(uuid.uuid4().hex))
    client = Client(counting, spool_dir=tmp_path)
    client.experiments.get("0")
    counting.reset()
    experiment = client.experiments.get("0")
    _, writer = client.runs.start_writer(experiment)
    writer.log_params({f"p{number}": number for number in range(100)})
    for number in range(10):
        writer.log_metric(f"m{number}", 0.5)
    writer.finish(RunStatus.FINISHED)
    assert (counting.writes, counting.requests - counting.writes) == figures["SHORT_RUN"]
