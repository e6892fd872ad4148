"""The scheduled function folds what has ended into the index, and stops in time."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudtrack.client import Client
from handlers import compaction


class Clock:
    """A Lambda context that has so much time left at each look."""

    def __init__(self, *remaining_ms: int) -> None:
        self._remaining = list(remaining_ms)

    def get_remaining_time_in_millis(self) -> int:
        return self._remaining.pop(0) if self._remaining else 900_000


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setenv("CLOUDTRACK_URI", str(tmp_path / "store"))
    compaction._client.cache_clear()
    made = Client(tmp_path / "store")
    for name in ("a", "b", "c"):
        experiment = made.experiments.create(name)
        for _ in range(3):
            made.runs.update(made.runs.create(experiment).info.run_id, status="FINISHED")
        made.runs.create(experiment)
    return made


def test_all_experiments_are_compacted(client: Client) -> None:
    assert compaction.handler({}, Clock()) == {"indexes": 1 + 3, "folded": 4 + 9}
    assert compaction.handler({}, Clock()) == {"indexes": 3, "folded": 0}  # those with runs that have not ended
    client.registered_models.create("m")
    assert compaction.handler({}, Clock()) == {"indexes": 1 + 3, "folded": 1}
    ids = [item.experiment_id for item in client.experiments.search()]
    assert len(client.runs.search(ids)) == 12


def test_it_begins_nothing_that_it_has_no_time_for(client: Client) -> None:
    assert compaction.handler({}, Clock(900_000, 1_000))["indexes"] == 1
    assert compaction.handler({}, Clock(1_000)) == {"indexes": 0, "folded": 0}
