"""Who read a dataset; in both modes, and on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from cloudtrack.cli.main import app
from cloudtrack.client import AnyClient, Client, connect
from cloudtrack.entities.dataset import Dataset, DatasetInput, InputTag
from cloudtrack.errors import InvalidInput
from cloudtrack.storage.memory import MemoryStore
from tests.conftest import BOTH_MODES
from tests.lineage.making import registered
from tests.storage.lossy import CountingStore


@pytest.fixture(params=BOTH_MODES)
def client(request: pytest.FixtureRequest, make_url: Callable[[str], str]) -> AnyClient:
    return connect(make_url(request.param))


def _read(client: AnyClient, name: str, digest: str, *contexts: str, start: int, experiment: str = "0") -> str:
    run_id: str = client.runs.create(experiment, run_name=f"at {start}", start_time=start).info.run_id
    dataset = Dataset(name, digest, "s3", '{"uri": "s3://lake/x"}', '{"mlflow_colspec": []}', '{"num_rows": 7}')
    for context in contexts or ("",):
        tags = [InputTag("mlflow.data.context", context)] if context else []
        client.runs.log_inputs(run_id, [DatasetInput(dataset, tags)])
    return run_id


def test_runs_are_found_by_what_they_read(client: AnyClient) -> None:
    other = client.experiments.create("other")
    first = _read(client, "wine", "1", "training", start=1)
    second = _read(client, "wine", "2", start=2)
    third = _read(client, "wine", "1", "eval", start=3, experiment=other)
    _read(client, "it's", "1", start=4)
    trashed = _read(client, "wine", "1", start=5)
    client.runs.delete(trashed)
    ids = lambda *asked: [run.info.run_id for run in client.lineage.runs_of_dataset(*asked)]  # noqa: E731
    assert ids("wine") == [third, second, first]
    assert ids("wine", "1") == [third, first]
    assert ids("it's") != []
    assert ids("none") == []
    with pytest.raises(InvalidInput):
        ids("")
    wine = next(each for each in client.lineage.datasets() if (each.name, each.digest) == ("wine", "1"))
    assert (wine.runs, wine.contexts, wine.last_used) == (2, ["eval", "training"], 3)
    assert (wine.source_type, wine.profile) == ("s3", '{"num_rows": 7}')
    assert [(each.name, each.digest) for each in client.lineage.datasets()] == [
        ("it's", "1"),
        ("wine", "1"),
        ("wine", "2"),
    ]
    assert [each.runs for each in client.lineage.datasets([other])] == [1]
    assert client.lineage.datasets([]) == []


def test_a_name_and_a_digest_of_two_datasets_are_neither() -> None:
    client = Client(MemoryStore())
    run_id = _read(client, "a", "1", start=1)
    client.runs.log_inputs(run_id, [DatasetInput(Dataset("b", "2", "local", "{}"))])
    assert client.lineage.runs_of_dataset("a", "2") == []


def test_finding_runs_reads_indexes_and_not_each_run() -> None:
    store = CountingStore(MemoryStore())
    client = Client(store)
    for start in range(30):
        client.runs.update(_read(client, "wine", "1", start=start + 1), status="FINISHED", end_time=99)
    client.run_index.compact("0")
    client.lineage.runs_of_dataset("wine")
    store.reset()
    assert len(client.lineage.runs_of_dataset("wine")) == 30
    assert store.requests < 10, store.counts


def test_the_commands_list_and_show(make_url: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    url = make_url("folder")
    client = connect(url)
    run = lambda *words: CliRunner().invoke(app, ["-s", url, *words])  # noqa: E731
    assert "no datasets" in run("datasets", "list").output
    version = registered(client)  # of a run that read "people"
    reader = _read(client, "people", "2", "eval", start=2)
    listed = run("datasets", "list", "-e", "0").output
    assert "people" in listed
    assert "eval" in listed
    assert {each["digest"] for each in json.loads(run("datasets", "list", "--json").output)} == {"1", "2"}
    shown = run("datasets", "show", "people", "--digest", "1").output
    for words in (str(version.run_id), "churn", "training", "local"):
        assert words in shown
    assert reader not in shown
    said = json.loads(run("datasets", "show", "people", "--digest", "2", "--json").output)
    assert [each["run_id"] for each in said["read_by"]] == [reader]
    assert said["model_versions"] == []
    assert json.loads(run("datasets", "show", "people", "--json").output)["other_digests"] in (["1"], ["2"])
    missing = run("datasets", "show", "nobody")
    assert missing.exit_code != 0
