"""A version is bound to its files: what changed afterwards is named, and a copy outlives the run. In both modes."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from cloudtrack.client import AnyClient, Client, connect
from cloudtrack.entities.manifest import Manifest, PinnedFile
from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.errors import CorruptData, InvalidInput, NotFound, StateError
from cloudtrack.registry import keys
from cloudtrack.registry.events import parse_event
from cloudtrack.remote.client import RemoteClient
from cloudtrack.storage.memory import MemoryStore
from tests.conftest import SLOW_SERVER
from tests.storage.lossy import CountingStore, LossyStore, Stopped, StoppingStore

WEIGHTS = bytes(range(256)) * 20


@pytest.fixture(params=SLOW_SERVER)
def client(request: pytest.FixtureRequest, make_url: Callable[[str], str]) -> AnyClient:
    return connect(make_url(request.param))


def log_model(client: AnyClient, *, ours: bool = True, weights: bytes = WEIGHTS) -> str:
    """A model among the artifacts of a run, of cloudtrack or of another tool; the run's id."""
    run_id = client.runs.create("0").info.run_id
    files = {"data/weights.bin": weights, "requirements.txt": b"numpy==2\n"}
    content: dict[str, object] = {"flavors": {"python_function": {"loader_module": "mine"}}}
    if ours:
        content["file_digests"] = {path: hashlib.sha256(body).hexdigest() for path, body in files.items()}
    files["MLmodel"] = yaml.safe_dump(content).encode()
    for path, body in files.items():
        put(client, run_id, path, body)
    return str(run_id)


def put(client: AnyClient, run_id: str, path: str, body: bytes) -> None:
    local = Path(f"local-{random.randrange(1 << 40):x}")
    local.write_bytes(body)
    client.artifacts.upload(run_id, local, f"model/{path}")


def register(client: AnyClient, **arguments: object) -> tuple[str, ModelVersion]:
    run_id = log_model(client, ours=bool(arguments.pop("ours", True)))
    return run_id, client.register_model(f"runs:/{run_id}/model", "churn", **arguments)


@pytest.mark.parametrize("ours", [True, False])
def test_a_version_is_pinned_to_all_its_files(client: AnyClient, ours: bool) -> None:
    run_id, version = register(client, ours=ours)
    manifest = client.model_versions.manifest(version)
    assert sorted(manifest.files) == ["MLmodel", "data/weights.bin", "requirements.txt"]
    assert manifest.files["data/weights.bin"] == PinnedFile(
        size=len(WEIGHTS), sha256=hashlib.sha256(WEIGHTS).hexdigest()
    )
    assert version.manifest == manifest.digest
    assert client.model_versions.get("churn", 1) == version
    assert [found.version for found in client.model_versions.of_run(run_id)] == [1]
    client.verify_version("churn", 1)
    assert (client.download_model("models:/churn/1", Path("target")) / "data/weights.bin").read_bytes() == WEIGHTS


@pytest.mark.parametrize("ours", [True, False])
@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("data/weights.bin", WEIGHTS[:-1] + b"x", "'data/weights.bin' is not the one that was registered"),
        ("data/weights.bin", WEIGHTS + b"x", "'data/weights.bin' is not the one that was registered"),
        ("MLmodel", b"flavors: {}\n", "'MLmodel' is not the one that was registered"),
        ("data/weights.bin", None, "'data/weights.bin' of the model is missing"),
        ("code.py", b"print()", "'code.py' was not saved with the model"),
    ],
)
def test_a_file_that_changed_since_is_named(
    client: AnyClient, ours: bool, path: str, body: bytes | None, said: str
) -> None:
    run_id, _ = register(client, ours=ours)
    if body is None:
        client.artifacts.delete(run_id, f"model/{path}")
    else:
        put(client, run_id, path, body)
    with pytest.raises(CorruptData, match=said):
        client.verify_version("churn", 1)
    with pytest.raises(CorruptData, match=said):
        client.download_model("models:/churn/1", Path("target"))


def test_a_large_model_of_another_tool_is_pinned_later(client: AnyClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(client), "most_hashed_bytes", 100)
    assert register(client)[1].manifest is not None  # ours says the digests itself
    _, version = register(client, ours=False)
    assert version.manifest is None
    with pytest.raises(NotFound, match="cloudtrack models pin churn 2"):
        client.model_versions.manifest(version)
    pinned = client.pin_version("churn", 2)
    assert pinned.manifest == client.model_versions.manifest(pinned).digest
    assert client.pin_version("churn", 2) == pinned
    assert [event.change.type for event in client.history.events("churn")] == [
        "model_created",
        "version_created",
        "version_created",
        "version_pinned",
    ]
    assert client.history.events("churn")[-1].summary().startswith("version 2 pinned to ")


def test_a_pin_does_not_move(client: AnyClient) -> None:
    run_id, version = register(client)
    other = Manifest(files={"MLmodel": PinnedFile(size=1, sha256="0" * 64)})
    with pytest.raises(StateError, match="pinned to other files already"):
        client.model_versions.pin("churn", 1, other)
    put(client, run_id, "data/weights.bin", b"other")
    with pytest.raises(CorruptData, match=r"weights\.bin"):
        client.pin_version("churn", 1)
    assert client.model_versions.get("churn", 1) == version
    for path in ("../out", "/etc/passwd", "a//b", ""):
        with pytest.raises(InvalidInput, match="no path of a file"):
            client.model_versions.pin("churn", 1, Manifest(files={path: other.files["MLmodel"]}))


def test_a_model_without_a_file_that_it_lists_is_not_registered(client: AnyClient) -> None:
    run_id = log_model(client)
    client.artifacts.delete(run_id, "model/requirements.txt")
    with pytest.raises(CorruptData, match=r"'requirements\.txt' of the model is missing"):
        client.register_model(f"runs:/{run_id}/model", "churn")
    with pytest.raises(NotFound):
        client.registered_models.get("churn")


def test_a_renamed_model_takes_the_lists_along(client: AnyClient) -> None:
    register(client)
    renamed = client.registered_models.rename("churn", "leavers")
    assert renamed.name == "leavers"
    client.verify_version("leavers", 1)
    assert [model.name for model in client.registered_models.search()] == ["leavers"]


def test_a_copy_outlives_its_run_and_is_kept_once(make_url: Callable[[str], str]) -> None:
    url = make_url("folder")
    client = connect(url)
    assert isinstance(client, Client)
    run_id, version = register(client, copy=True)
    register(client, copy=True)
    assert version.kept
    assert version.source == f"runs:/{run_id}/model"
    kept = [info.key for info in client.store.list(keys.KEPT_FILES)]
    manifest = client.model_versions.manifest(version)
    assert kept == sorted(keys.kept_file(file.sha256) for file in manifest.files.values())
    client.artifacts.delete(run_id, "model")
    client.verify_version("churn", 1)
    assert (client.download_model("models:/churn/1", Path("t1")) / "data/weights.bin").read_bytes() == WEIGHTS
    again = client.register_model("models:/churn/1", "other")
    assert (again.kept, again.manifest, again.run_id) == (True, version.manifest, run_id)
    client.verify_version("other", 1)
    local = client.store.local_path(keys.kept_file(manifest.files["data/weights.bin"].sha256))
    assert local is not None
    local.write_bytes(b"x" * len(WEIGHTS))
    with pytest.raises(CorruptData, match=r"weights\.bin"):
        client.verify_version("other", 1)
    local.unlink()
    with pytest.raises(CorruptData, match=r"'data/weights\.bin' of version 1 of 'other' is missing"):
        client.download_model("models:/other/1", Path("t2"))


def test_a_copy_is_loaded_over_a_server_and_made_at_the_store(make_url: Callable[[str], str]) -> None:
    remote = connect(make_url("server"))
    assert isinstance(remote, RemoteClient)
    run_id = log_model(remote)
    with pytest.raises(InvalidInput, match="a server does not copy"):
        remote.register_model(f"runs:/{run_id}/model", "churn", copy=True)
    (folder,) = Path.cwd().glob("store-*")
    Client(folder).register_model(f"runs:/{run_id}/model", "churn", copy=True)
    remote.artifacts.delete(run_id, "model")
    assert (remote.download_model("models:/churn/1", Path("t")) / "data/weights.bin").read_bytes() == WEIGHTS
    remote.verify_version("churn", 1)
    again = remote.register_model("models:/churn/1", "other")
    assert again.kept
    remote.verify_version("other", 1)


def test_nobody_claims_files_that_the_registry_keeps(make_url: Callable[[str], str]) -> None:
    remote = connect(make_url("server"))
    register(remote)
    answer = remote._connection.call(  # type: ignore[union-attr]  # as another client would
        "POST",
        "/api/2.0/mlflow/model-versions/create",
        {"name": "churn", "source": "s3://elsewhere/model", "kept": True, "manifest": '{"files": {}}'},
    )
    assert "kept" not in answer["model_version"]


def test_registering_reads_no_weights_of_ours() -> None:
    store = CountingStore(MemoryStore())
    client = Client(store)
    run_id = log_model(client)
    client.registered_models.create("churn")
    store.reset()
    client.register_model(f"runs:/{run_id}/model", "churn")
    writes = [key for key in store.written if "manifests" in key or "events" in key]
    assert writes == [
        keys.manifest(client.model_versions.get("churn", 1).manifest or ""),
        "models/churn/events/000000000002.json",
    ]
    assert store.requests <= 17  # requirements.txt is read: the manifest has its text; the run twice


def test_a_stop_at_any_write_leaves_no_half_version() -> None:
    for writes in range(20):
        store = MemoryStore()
        run_id = log_model(Client(store))
        try:
            Client(StoppingStore(store, writes=writes)).register_model(f"runs:/{run_id}/model", "churn", copy=True)
            finished = True
        except Stopped:
            finished = False
        client = Client(store)
        number = client.register_model(f"runs:/{run_id}/model", "churn", copy=True).version
        for version in range(1, number + 1):
            client.verify_version("churn", version)
            assert client.model_versions.get("churn", version).kept
        if finished:
            break
    else:
        pytest.fail("it never finished")


def test_lost_answers_pin_once() -> None:
    store = MemoryStore()
    run_id = log_model(Client(store))
    lossy = Client(LossyStore(store, share=0.3, seed=5))
    lossy.registered_models.create("churn")
    numbers = []
    for _ in range(10):
        numbers.append(lossy.register_model(f"runs:/{run_id}/model", "churn").version)
    assert numbers == list(range(1, 11))


def test_an_event_without_the_new_fields_is_read_as_before() -> None:
    event = {
        "number": 1,
        "id": "a",
        "time_ms": 1,
        "actor": "ann",
        "previous_hash": "",
        "change": {"type": "version_created", "version": 1, "source": "runs:/x/model"},
    }
    change = parse_event("k", json.dumps(event).encode()).change
    assert (change.manifest, change.kept) == (None, False)  # type: ignore[union-attr]


def test_an_altered_list_is_noticed() -> None:
    client = Client(MemoryStore())
    _, version = register(client)
    key = keys.manifest(version.manifest or "")
    body = client.store.get(key).body
    client.store.delete(key)
    with pytest.raises(CorruptData, match="is missing: which files"):
        client.verify_version("churn", 1)
    client.store.create(key, body.replace(b"MLmodel", b"MLModel"))
    with pytest.raises(CorruptData, match="was altered"):
        client.download_model("models:/churn/1", Path("t"))
