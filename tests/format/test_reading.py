"""Stores that any version of the format wrote are read, with the same answers, and can be worked with."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

import cloudtrack as ct
from cloudtrack.client import Client
from cloudtrack.entities.run import Metric
from cloudtrack.maintenance.compacting import with_markers
from cloudtrack.maintenance.reindexing import check
from tests.format.saying import said

HERE = Path(__file__).parent
VERSIONS = sorted(path.name for path in HERE.iterdir() if re.fullmatch(r"v\d+", path.name))
NOT_IN_IT = {
    *("access/ticket-key", "feed/webhooks/*.json", "feed/cursors/*.json"),
    *("grants/*/grant.json", "grants/*/inbox/*", "shares/*-*/index.html"),
    "models/~journals/*.json",
    *("gc/*.json", "*.json.gone", "*.2.json", "*"),
}
"""What servers, ``gc`` and signatures alone make, and places in a feed of more models than there are here."""


@pytest.fixture(name="client", params=VERSIONS)
def _client(request: pytest.FixtureRequest, tmp_path: Path) -> Client:
    with zipfile.ZipFile(HERE / request.param / "store.zip") as archive:
        archive.extractall(tmp_path / "store")
    return Client(tmp_path / "store", create=False)


@pytest.fixture(name="expected")
def _expected(request: pytest.FixtureRequest, client: Client) -> dict[str, Any]:
    del client
    version = request.node.callspec.params["client"]
    found: dict[str, Any] = json.loads((HERE / version / "said.json").read_text(encoding="utf-8"))
    return found


def test_everything_is_read_as_it_was(client: Client, expected: dict[str, Any]) -> None:
    found = json.loads(json.dumps(said(client)))
    for kind, answer in expected.items():
        assert found[kind] == answer, kind


def test_there_is_something_of_every_kind(client: Client, expected: dict[str, Any]) -> None:
    assert all(expected.values())
    keys = [info.key for info in client.store.list()]
    documented = (HERE.parents[1] / "docs" / "format.md").read_text(encoding="utf-8")
    block = documented.partition("## Keys\n\n")[2].partition("\n\n")[0]
    columns = [re.split(r"\s{2,}", line.strip())[0] for line in block.splitlines()]
    shapes = {re.sub(r"<[^>]+>|\.\.\.", "*", shape) for column in columns for shape in column.split(", ")}
    missing = [shape for shape in shapes - NOT_IN_IT if not any(_is_of(key, shape) for key in keys)]
    assert missing == [], "a key that the format documents and this store does not have"


def test_work_goes_on_in_it(client: Client) -> None:
    run_id = next(iter(client.runs.search(["0"]))).info.run_id
    client.runs.log_batch(run_id, metrics=[Metric("later", 1.0, 1, 1)])
    assert client.runs.get(run_id).data.metrics["later"] == 1.0
    assert client.stages.transition("many", 299, "Production").current_stage == "Production"
    client.registered_models.create("gone")
    assert int(client.model_versions.create("gone", "s3://x/y").version) == 2, "numbers are never used twice"
    for name in ("line", "many", "guarded"):
        client.history.verify(name)
    for indexes, name in with_markers(client.store, client.indexes):
        indexes.compact(name)
    for indexes in client.indexes:
        names = [each.experiment_id for each in client.experiments.search()] if indexes.is_many else [""]
        assert check(indexes, names).ok


def test_a_model_of_it_predicts(client: Client) -> None:
    ct.set_tracking_uri(client.uri)
    model = ct.pyfunc.load_model("models:/line/Production")
    assert model.predict([[0.0, 1.0]]) == pytest.approx([1.0])


def _is_of(key: str, shape: str) -> bool:
    return re.fullmatch(re.escape(shape).replace(r"\*", ".+"), key) is not None
