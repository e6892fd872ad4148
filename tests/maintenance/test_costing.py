"""cost counts every object once, says whose it is, and reads little more than one listing."""

from __future__ import annotations

import pytest

from cloudtrack.client import Client
from cloudtrack.maintenance.price import usd_a_month
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.object_store import ObjectStore
from tests.maintenance.stores import DAY_MS, Clock, fill, log_model, sizes
from tests.storage.lossy import CountingStore


@pytest.mark.parametrize("store_url", ["memory", "folder"], indirect=True)
def test_every_object_is_counted_once_and_is_whose_it_is(store: ObjectStore) -> None:
    client = Client(store, user="ana")
    ids = fill(client)
    there = sizes(store)
    cost = client.costs.read()
    assert (cost.total.objects, cost.total.size_bytes) == (len(there), sum(there.values()))
    (wine,) = [each for each in cost.experiments if each.name == "wine"]
    assert wine.experiment_id == ids["experiment"]
    assert cost.experiments[0] is wine
    prefix = f"runs/{ids['run']}/artifacts/"
    assert wine.parts["artifacts"].size_bytes == sum(size for key, size in there.items() if key.startswith(prefix))
    assert wine.parts["logs"].size_bytes == len(b"printed\nmore\n")
    assert wine.parts["logged models"].objects == 1
    assert cost.others["kept files"].objects == 2
    assert cost.trash.objects == 0
    client.store.create(f"runs/{'d' * 32}/artifacts/a.txt", b"abc")
    (nobody,) = [each for each in client.costs.read().experiments if not each.experiment_id]
    assert nobody.total.size_bytes == 3


def test_the_trash_is_what_gc_frees(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(MemoryStore(), user="ana")
    run_id = client.runs.create("0").info.run_id
    log_model(client, run_id, "model", "weights")
    client.runs.delete(run_id)
    experiment = client.experiments.create("e")
    other = client.runs.create(experiment).info.run_id
    log_model(client, other, "model", "more weights")
    client.experiments.set_lifecycle_stage(experiment, "deleted")
    client.runs.delete(other)
    trash = client.costs.read().trash
    time = Clock(monkeypatch)
    time.pass_ms(31 * DAY_MS)
    found = client.garbage.look().new
    assert sum(each.size_bytes for each in found) == trash.size_bytes > 0
    assert usd_a_month(1 << 30) == 0.023


def test_it_is_one_listing_and_no_document_that_the_indexes_know() -> None:
    def counts(runs: int) -> dict[str, int]:
        inner = MemoryStore()
        client = Client(inner, user="ana")
        for _ in range(runs):
            run_id = client.runs.create("0").info.run_id
            client.runs.update(run_id, status="FINISHED")
        client.run_index.compact("0")
        store = CountingStore(inner)
        reader = Client(store, user="ana")
        store.reset()
        assert len(reader.costs.read().experiments) == 1
        assert store.writes == 0
        return store.counts

    assert counts(2) == counts(30)
