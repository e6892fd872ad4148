"""From a version back to code and data, and forward again; in both modes."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from cloudtrack.cli.main import app
from cloudtrack.client import AnyClient, Client, connect
from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.storage.memory import MemoryStore
from tests.conftest import SLOW_SERVER
from tests.lineage.making import registered, trained
from tests.storage.lossy import CountingStore


@pytest.fixture(params=SLOW_SERVER)
def client(request: pytest.FixtureRequest, make_url: Callable[[str], str]) -> AnyClient:
    return connect(make_url(request.param))


def test_a_version_leads_back_to_its_code_and_data(client: AnyClient) -> None:
    version = registered(client, patch="+print(1)\n")
    found = client.lineage.of("churn", 1)
    assert found.run is not None
    assert (found.run.run_id, found.run.run_name) == (version.run_id, "lr 0.1")
    assert found.code is not None
    assert (found.code.git_commit, found.code.entry_point) == ("c0ffee", "train.py")
    assert found.code.patch == f"runs/{version.run_id}/source/code.patch"
    (dataset,) = found.datasets
    assert (dataset.name, dataset.digest, dataset.source, dataset.context) == ("people", "1", "people.csv", "training")
    requirements = client.model_versions.manifest(version).files["requirements.txt"]
    assert (found.environment.python, found.environment.requirements_digest) == ("3.11.9", requirements.sha256)
    assert (found.params, found.metrics) == ({"lr": "0.1", "seed": "7"}, {"loss": 0.5, "auc": 1.0})
    with pytest.raises(NotFound):
        client.lineage.of("churn", 2)


def test_a_logged_model_is_on_the_way(client: AnyClient) -> None:
    run_id = trained(client)
    model = client.logged_models.create("0", name="m", source_run_id=run_id, params={"depth": "3"})
    client.logged_model_artifacts.log_text(model.model_id, "flavors: {}\n", "MLmodel")
    client.logged_models.finalize(model.model_id, "READY")
    client.register_model(model.model_uri, "churn")
    found = client.lineage.of("churn", 1)
    assert found.model is not None
    assert found.run is not None
    assert (found.model.model_id, found.model.params) == (model.model_id, {"depth": "3"})
    assert found.run.run_id == run_id
    assert [version.version for version in client.lineage.from_model(model.model_id)] == [1]


def test_a_run_and_a_dataset_lead_to_their_versions(client: AnyClient) -> None:
    first = registered(client)
    registered(client, "other", data="2")
    client.register_model(f"runs:/{first.run_id}/model", "again")
    names = lambda found: sorted(f"{version.name}/{version.version}" for version in found)  # noqa: E731
    assert names(client.lineage.from_run(first.run_id)) == ["again/1", "churn/1"]
    assert names(client.lineage.from_dataset("people")) == ["again/1", "churn/1", "other/1"]
    assert names(client.lineage.from_dataset("people", "2")) == ["other/1"]
    assert client.lineage.from_dataset("people", "3") == []
    assert client.lineage.from_dataset("it's") == []
    with pytest.raises(InvalidInput):
        client.lineage.from_dataset("")


def test_looking_back_reads_one_object_of_each() -> None:
    store = CountingStore(MemoryStore())
    client = Client(store)
    registered(client)
    store.reset()
    client.lineage.of("churn", 1)
    assert store.requests == 4  # the model's state and the event after it, the manifest, the run


def test_the_commands_show_both_ways(make_url: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    url = make_url("folder")
    version = registered(connect(url), patch="+x\n")
    run = lambda *words: CliRunner().invoke(app, ["-s", url, *words]).output  # noqa: E731
    shown = run("models", "lineage", "churn", "1")
    for words in ("c0ffee and uncommitted changes", "people.csv", "train.py", "3.11.9", str(version.run_id)):
        assert words in shown
    assert json.loads(run("models", "lineage", "churn", "1", "--json"))["code"]["is_dirty"]
    assert json.loads(run("runs", "versions", str(version.run_id), "--json"))[0]["name"] == "churn"
    assert "churn" in run("models", "from-dataset", "people", "1")
    assert "no versions" in run("models", "from-dataset", "people", "2")
