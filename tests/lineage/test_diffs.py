"""Two versions are compared by what is known of them, with few reads, in both modes."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from cloudtrack.cli.main import app
from cloudtrack.client import AnyClient, Client, connect
from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.lineage.version_diff import Difference, FileChange
from cloudtrack.storage.memory import MemoryStore
from tests.conftest import SLOW_SERVER
from tests.lineage.making import WEIGHTS, registered
from tests.storage.lossy import CountingStore

SECOND = {
    "lr": "0.2",
    "loss": 0.25,
    "weights": WEIGHTS + b"more",
    "requirements": "numpy==2.1\npandas>=2\n# nothing\n",
    "patch": "+print(2)\n",
    "commit": "decade",
    "version": "1.6",
}


@pytest.fixture(params=SLOW_SERVER)
def client(request: pytest.FixtureRequest, make_url: Callable[[str], str]) -> AnyClient:
    return connect(make_url(request.param))


def test_two_versions_differ_in_this_and_in_nothing_else(client: AnyClient) -> None:
    registered(client, patch="+print(1)\n")
    registered(client, **SECOND)
    client.model_versions.set_tag("churn", 2, "reviewed", "yes")
    found = client.diffs.diff("models:/churn/1", "models:/churn/latest")
    assert (found.before.git_commit, found.after.git_commit) == ("c0ffee", "decade")
    sizes = {file.path: file for file in found.files}
    assert sizes["weights.bin"] == FileChange(
        path="weights.bin", change="changed", before_bytes=len(WEIGHTS), after_bytes=len(WEIGHTS) + 4
    )
    assert sorted(sizes) == ["MLmodel", "requirements.txt", "weights.bin"]
    assert found.flavors == [Difference(key="sklearn.sklearn_version", before="1.5", after="1.6")]
    assert found.signature == []
    assert found.requirements == [
        Difference(key="numpy", before="==2.0", after="==2.1"),
        Difference(key="pandas", after=">=2"),
        Difference(key="scikit-learn", before="==1.5"),
    ]
    assert found.params == [Difference(key="lr", before="0.1", after="0.2")]
    assert found.metrics == [Difference(key="loss", before=0.5, after=0.25, by=-0.25)]
    assert found.tags == [Difference(key="reviewed", after="yes")]
    assert found.patch.splitlines()[-2:] == ["-+print(1)", "++print(2)"]
    assert found.left_out == []


def test_a_version_does_not_differ_from_itself(client: AnyClient) -> None:
    registered(client)
    found = client.diffs.diff("models:/churn/1", "models:/churn/1")
    assert not any((found.files, found.flavors, found.params, found.metrics, found.requirements, found.patch))


def test_what_cannot_be_compared_is_said(client: AnyClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(client), "most_hashed_bytes", 10)
    assert registered(client, ours=False).manifest is None
    run_id = registered(client, **SECOND, ours=False).run_id
    assert run_id
    client.runs.delete(run_id)
    assert client.diffs.diff("models:/churn/1", "models:/churn/2").params  # little, so it is read now
    with pytest.raises(NotFound):
        client.diffs.diff("models:/churn/1", "models:/churn/9")
    with pytest.raises(InvalidInput, match="no version of a registered model"):
        client.diffs.diff("models:/churn/1", f"runs:/{run_id}/model")


def test_a_version_without_its_run_is_compared_by_its_files() -> None:
    client = Client(MemoryStore())
    run_id = registered(client).run_id
    client.model_versions.create("churn", f"runs:/{run_id}/model", run_id="f" * 32)
    found = client.diffs.diff("models:/churn/1", "models:/churn/2")
    assert found.left_out == ["the run of churn/2 is not there, or not for you to read"]


def test_six_objects_are_read() -> None:
    store = CountingStore(MemoryStore())
    client = Client(store)
    registered(client, patch="+print(1)\n")
    registered(client, **SECOND)
    store.reset()
    versions = [client.find_version(f"models:/churn/{number}") for number in (1, 2)]
    resolving = dict(store.counts)
    store.reset()
    client.diffs.diff("models:/churn/1", "models:/churn/2")
    assert versions[0].manifest != versions[1].manifest
    assert store.counts == {"get": resolving["get"] + 6}


def test_the_command_shows_a_table_or_json(make_url: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> None:
    url = make_url("folder")
    monkeypatch.setenv("COLUMNS", "200")
    client = connect(url)
    registered(client)
    registered(client, **SECOND)
    shown = CliRunner().invoke(app, ["-s", url, "models", "diff", "churn", "1", "2"])
    assert shown.exit_code == 0, shown.output
    for words in ("churn/1", "weights.bin", "scikit-learn", "-0.25", "code: c0ffee -> decade", "++print(2)"):
        assert words in shown.output
    answer = CliRunner().invoke(app, ["-s", url, "models", "diff", "models:/churn/1", "models:/churn/2", "--json"])
    assert json.loads(answer.output)["metrics"] == [{"key": "loss", "before": 0.5, "after": 0.25, "by": -0.25}]
