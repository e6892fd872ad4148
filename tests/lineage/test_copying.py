"""A version goes to another store once, whole, and says where it came from."""

from __future__ import annotations

import json
import threading
import tracemalloc
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cloudtrack.cli.main import app
from cloudtrack.client import AnyClient, Client, connect
from cloudtrack.entities.logged_model import LoggedModelStatus
from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.errors import CloudtrackError, CorruptData, InvalidInput, NotFound
from cloudtrack.lineage.copying import Copy
from cloudtrack.storage.memory import MemoryStore
from tests.lineage.making import WEIGHTS, put, registered
from tests.storage.lossy import LossyStore, Stopped, StoppingStore

WAYS = [("folder", "folder"), ("folder", "server"), ("server", "folder"), ("folder", "moto-obstore")]


def origin() -> Client:
    """A new store in memory, with an address of its own."""
    return Client(f"memory://{uuid.uuid4().hex}")


def copied(source: AnyClient, target: AnyClient, uri: str = "models:/churn/1", name: str | None = None) -> ModelVersion:
    return Copy(source, source.uri, uri).to(target, name)


@pytest.mark.parametrize(("here", "there"), WAYS)
def test_a_version_and_its_lineage_arrive(here: str, there: str, make_url: Callable[[str], str]) -> None:
    source, target = connect(make_url(here)), connect(make_url(there))
    version = registered(source, patch="+x\n")
    source.model_versions.set_tag("churn", 1, "reviewed", "yes")
    made = copied(source, target)
    assert (made.name, made.version, made.manifest, made.digest) == ("churn", 1, version.manifest, version.digest)
    assert made.tags == {
        "reviewed": "yes",
        "cloudtrack.origin": f"{source.uri} models:/churn/1",
        "cloudtrack.origin.store": source.uri,
        "cloudtrack.origin.name": "churn",
        "cloudtrack.origin.version": "1",
        "cloudtrack.origin.digest": version.digest,
        "cloudtrack.origin.run_id": version.run_id,
        "cloudtrack.origin.git_commit": "c0ffee",
    }
    target.verify_version("churn", 1)
    assert (target.download_model("models:/churn/1", Path("t")) / "weights.bin").read_bytes() == WEIGHTS
    assert made.model_id
    lineage = json.loads(target.logged_model_artifacts.read(made.model_id, "lineage.json"))
    assert (lineage["run"]["run_id"], lineage["datasets"][0]["name"]) == (version.run_id, "people")
    assert target.lineage.of("churn", 1).copied_from["git_commit"] == "c0ffee"
    assert copied(source, target) == target.model_versions.get("churn", 1)
    assert copied(source, target, name="leavers").version == 1
    again = copied(target, connect(make_url("folder")))
    assert again.tags["cloudtrack.origin"] == f"{target.uri} models:/churn/1"


def test_a_copy_that_was_deleted_is_made_again() -> None:
    source, target = origin(), Client(MemoryStore())
    registered(source)
    copied(source, target)
    target.model_versions.delete("churn", 1)
    assert copied(source, target).version == 2


def test_within_one_store_no_file_is_copied(tmp_path: Path) -> None:
    client = Client(tmp_path / "one")
    version = registered(client)
    made = copied(client, client, name="leavers")
    assert (made.source, made.manifest, made.model_id) == (version.source, version.manifest, None)
    assert copied(client, client, name="leavers").version == 1
    with pytest.raises(InvalidInput, match="is that version itself"):
        copied(client, client)


def test_a_file_that_changed_does_not_arrive() -> None:
    source, target = origin(), Client(MemoryStore())
    run_id = registered(source).run_id
    put(source, str(run_id), "model/weights.bin", WEIGHTS[:-1] + b"x")
    with pytest.raises(CorruptData, match=r"'weights\.bin' of version 1 of 'churn' is not the one"):
        copied(source, target)
    with pytest.raises(NotFound):
        target.registered_models.get("churn")
    (model,) = target.logged_models.search(["0"], max_results=None)
    assert model.status == LoggedModelStatus.FAILED


def test_a_stop_at_any_write_leaves_no_half_version() -> None:
    source = origin()
    registered(source)
    for writes in range(1, 40):
        store = MemoryStore()
        Client(store)
        with suppress(Stopped, CloudtrackError):
            copied(source, Client(StoppingStore(store, writes=writes), create=False))
        target = Client(store)
        with suppress(NotFound):
            for version in target.model_versions.list("churn"):
                target.verify_version("churn", version.version)
        assert copied(source, target).version == 1
        target.verify_version("churn", 1)
        assert len(target.model_versions.list("churn")) == 1


def test_lost_answers_copy_once() -> None:
    source = origin()
    registered(source)
    done = 0
    for seed in range(20):
        store = MemoryStore()
        Client(store)
        with suppress(CloudtrackError):
            copied(source, Client(LossyStore(store, share=0.1, seed=seed)))
            done += 1
        copied(source, Client(store))
        assert len(Client(store).model_versions.list("churn")) == 1
    assert done > 0


def test_of_two_copies_at_once_one_is_left(tmp_path: Path) -> None:
    Client(tmp_path / "there")
    source = Client(tmp_path / "here")
    registered(source)
    both = [Copy(Client(tmp_path / "here"), source.uri, "models:/churn/1") for _ in range(4)]
    found: list[ModelVersion] = []
    barrier = threading.Barrier(4)

    def run(copy: Copy) -> None:
        target = Client(tmp_path / "there")
        barrier.wait()
        found.append(copy.to(target))

    threads = [threading.Thread(target=run, args=(copy,)) for copy in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    target = Client(tmp_path / "there")
    assert [version.version for version in found] == [1] * 4
    assert len(target.model_versions.list("churn")) == 1
    target.verify_version("churn", 1)


def test_memory_is_bounded_whatever_the_size(tmp_path: Path) -> None:
    source, target = Client(tmp_path / "here"), Client(tmp_path / "there")
    registered(source, weights=b"0123456789abcdef" * (2 << 20))
    tracemalloc.start()
    try:
        copied(source, target)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 12 << 20  # the file has 32 MiB


def test_the_command_copies_and_says_where(make_url: Callable[[str], str]) -> None:
    here, there = make_url("folder"), make_url("folder")
    registered(connect(here))
    for _ in range(2):
        shown = CliRunner().invoke(app, ["-s", here, "models", "cp", "churn/1", there, "--name", "leavers"])
        assert shown.output == f"churn/1 is leavers/1 in {there}\n"
