"""Files through a server, and past it by signed URLs: whole, in bounded memory, under their own names."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cloudtrack.api.app import App
from cloudtrack.api.settings import ArtifactRoute, Settings
from cloudtrack.client import Client
from cloudtrack.errors import CloudtrackError, InvalidInput, NotFound, PermissionDenied, Unavailable
from cloudtrack.remote import artifact_files, multipart
from cloudtrack.remote.client import RemoteClient
from cloudtrack.remote.connection import Connection
from cloudtrack.storage.object_store import Reading
from tests.remote.conftest import QUICK
from tests.scripts import run_script
from tests.servers.api_server import ApiServer, api_server
from tests.servers.cloudtrack_server import cloudtrack_server

NAMES = ["a.txt", "empty", "sub/b.bin", "sub/deep/ü 漢 +%25.txt", "sub/c:d?.txt", "con.txt", "dot.", "#x&y=z;.txt"]
PROXY = "/api/2.0/mlflow-artifacts"


@pytest.fixture
def run_id(client: RemoteClient) -> str:
    return client.runs.create("0").info.run_id


@pytest.fixture(params=["seaweed-obstore", "moto-obstore"])
def signing(request: pytest.FixtureRequest, make_url: Callable[[str], str]) -> Iterator[ApiServer]:
    """A server that signs URLs for a bucket."""
    app = App(Client(make_url(request.param)), settings=Settings(artifacts=ArtifactRoute.PRESIGNED))
    with api_server(app) as server:
        yield server


def _content(number: int) -> bytes:
    return hashlib.sha256(bytes([number])).digest() * 100 * number


def _log_all(client: RemoteClient, run_id: str, source: Path) -> None:
    for number, name in enumerate(NAMES):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(_content(number))
    client.artifacts.log_folder(run_id, source, "data")


def _check_all(client: RemoteClient, run_id: str, folder: Path) -> None:
    target = client.artifacts.download(run_id, "data", folder)
    found = {path.relative_to(target).as_posix(): path.read_bytes() for path in target.rglob("*") if path.is_file()}
    assert found == {name: _content(number) for number, name in enumerate(NAMES)}


def test_a_folder_comes_back_as_it_went(client: RemoteClient, run_id: str, tmp_path: Path) -> None:
    _log_all(client, run_id, tmp_path / "source")
    _check_all(client, run_id, tmp_path / "target")
    assert [(info.path, info.is_dir, info.file_size) for info in client.artifacts.list(run_id, "data/sub")] == [
        ("data/sub/b.bin", False, 6400),
        ("data/sub/c:d?.txt", False, 12800),
        ("data/sub/deep", True, None),
    ]
    client.artifacts.delete(run_id, "data/sub")
    left = sorted(info.path for info in client.artifacts.walk(run_id))
    assert left == ["data/#x&y=z;.txt", "data/a.txt", "data/con.txt", "data/dot.", "data/empty"]
    assert client.artifacts.list(run_id, "data/a.txt") == []
    assert client.artifacts.stat(run_id, "data/a.txt").file_size == 0


def test_a_path_means_a_file_or_a_folder_and_no_neighbour(client: RemoteClient, run_id: str, tmp_path: Path) -> None:
    for path in ("model/a", "model2/b", "model.txt"):
        client.artifacts.log_text(run_id, path, path)
    assert [info.path for info in client.artifacts.walk(run_id, "model")] == ["model/a"]
    assert client.artifacts.download(run_id, "model.txt", tmp_path).read_text() == "model.txt"
    with pytest.raises(NotFound, match="nope"):
        client.artifacts.download(run_id, "nope", tmp_path)
    with pytest.raises(NotFound, match=r"nope\.txt"):
        client.artifacts.read(run_id, "nope.txt")
    with pytest.raises(NotFound, match="nope"):
        client.artifacts.open(run_id, "nope")
    client.artifacts.delete(run_id, "nope")


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", "a//b", ".", "nul\x00", "x" * 256])
def test_paths_that_lead_elsewhere_never_leave_this_machine(
    path: str, client: RemoteClient, run_id: str, server: ApiServer
) -> None:
    before = len(server.requests)
    with pytest.raises(InvalidInput):
        client.artifacts.log_text(run_id, "x", path)
    with pytest.raises(InvalidInput):
        client.artifacts.read(run_id, path)
    assert len(server.requests) == before


def test_a_name_from_a_hostile_server_is_not_written_outside_the_target(
    client: RemoteClient, run_id: str, server: ApiServer, tmp_path: Path
) -> None:
    for name in ("../evil", "..", "/etc/evil", "a/../../evil"):
        answer = f'{{"files": [{{"path": "{name}", "file_size": 1}}]}}'.encode()
        server.fault = lambda _method, _path, answer=answer: (200, {}, answer)  # type: ignore[misc]
        with pytest.raises(CloudtrackError):
            client.artifacts.download(run_id, "", tmp_path / "target")
    assert not list(tmp_path.rglob("*evil*"))


def test_a_logged_models_files_are_its_own(client: RemoteClient, tmp_path: Path) -> None:
    model = client.logged_models.create("0", name="m")
    client.logged_model_artifacts.log_text(model.model_id, "flavors: {}", "MLmodel")
    assert client.read_model_file(f"models:/{model.model_id}").flavors == {}
    assert [path.name for path in client.download_model(f"models:/{model.model_id}", tmp_path).iterdir()] == ["MLmodel"]


def test_a_broken_connection_starts_a_file_again_and_progress_goes_on(
    client: RemoteClient, run_id: str, server: ApiServer, tmp_path: Path
) -> None:
    (tmp_path / "f").write_bytes(b"x" * 3_000_000)
    tries: list[str] = []

    def fault(method: str, path: str) -> Any:
        if path.endswith("/f") and len(tries) < 2:
            tries.append(method)
            return "half" if method == "GET" else "reset"
        return None

    server.fault = fault
    moved: list[int] = []
    client.artifacts.log_file(run_id, tmp_path / "f", progress=moved.append)
    assert (tries, sum(moved)) == (["PUT", "PUT"], 3_000_000)
    tries.clear()
    moved.clear()
    client.artifacts.download(run_id, "f", tmp_path / "out", progress=moved.append)
    assert (tmp_path / "out" / "f").stat().st_size == sum(moved) == 3_000_000
    server.fault = lambda _method, path: "reset" if path.endswith("/f") else None
    with pytest.raises(Unavailable):
        client.artifacts.download(run_id, "f", tmp_path / "never")
    assert list((tmp_path / "never").iterdir()) == []


def test_a_file_that_shrinks_while_it_is_sent_is_an_error(
    client: RemoteClient, run_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "f").write_bytes(b"x" * 10)
    monkeypatch.setattr(artifact_files, "remaining_bytes", lambda _stream: 1_000_000)
    with pytest.raises(InvalidInput, match="too soon"):
        client.artifacts.log_file(run_id, tmp_path / "f")


def test_files_are_streamed(client: RemoteClient, run_id: str) -> None:
    client.artifacts.log_text(run_id, "x" * 3_000_000, "f")
    reading = client.artifacts.open(run_id, "f")
    assert isinstance(reading, Reading)
    assert (reading.size_bytes, sum(map(len, reading.chunks))) == (3_000_000, 3_000_000)


@pytest.mark.slow
def test_large_files_pass_a_server_in_bounded_memory(tmp_path: Path) -> None:
    size = 400 << 20
    with (tmp_path / "large.bin").open("wb") as stream:
        stream.truncate(size)
    with cloudtrack_server(str(tmp_path / "store"), tmp_path) as server:
        done = run_script(
            """
            import resource
            import cloudtrack as ct

            with ct.start_run() as run:
                ct.log_text("warm up", "a.txt")
                ct.artifacts.download_artifacts(f"runs:/{run.info.run_id}/a.txt", dst_path="out")
                before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                ct.log_artifact("large.bin")
                ct.artifacts.download_artifacts(f"runs:/{run.info.run_id}/large.bin", dst_path="out")
                print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
            """,
            store=server.url,
            folder=tmp_path,
        )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "large.bin").stat().st_size == size
    assert int(done.stdout) < 40 << 10  # KiB


def test_signed_urls_carry_large_files_past_the_server(signing: ApiServer, tmp_path: Path) -> None:
    client = RemoteClient(signing.url, spool_dir=tmp_path / "spool", retries=QUICK)
    run_id = client.runs.create("0").info.run_id
    content = b"".join(hashlib.sha256(number.to_bytes(4, "big")).digest() for number in range(1 << 20))  # 32 MiB
    (tmp_path / "large é.bin").write_bytes(content + b"end")
    moved: list[int] = []
    client.artifacts.log_file(run_id, tmp_path / "large é.bin", "some/folder", progress=moved.append)
    assert sum(moved) == len(content) + 3
    with (tmp_path / "large é.bin").open("rb") as stream:
        stream.seek(32)
        client.artifacts.upload(run_id, stream, "from a stream.bin")
    assert signing.largest_body < 4 << 20
    moved.clear()
    found = client.artifacts.download(run_id, "some/folder", tmp_path / "out", progress=moved.append)
    assert (found / "large é.bin").read_bytes() == content + b"end"
    assert sum(moved) == len(content) + 3
    assert client.artifacts.read(run_id, "from a stream.bin") == content[32:] + b"end"
    asked = [path for _, path in signing.requests]
    assert len([path for path in asked if path.endswith("server-info")]) == 1
    assert len([path for path in asked if "/mpu/create/" in path]) == 2


def test_signed_urls_carry_names_of_every_kind(signing: ApiServer, tmp_path: Path) -> None:
    client = RemoteClient(signing.url, spool_dir=tmp_path / "spool", retries=QUICK)
    run_id = client.runs.create("0").info.run_id
    _log_all(client, run_id, tmp_path / "source")
    _check_all(client, run_id, tmp_path / "target")
    with pytest.raises(NotFound, match="nope"):
        client.artifacts.read(run_id, "nope")


def test_a_login_is_never_sent_to_the_bucket(
    make_url: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[dict[str, str]] = []
    exchange = Connection._exchange

    def spy(self: Connection, method: str, url: str, headers: Any, body: Any, **options: Any) -> Any:
        if not url.startswith(self.url):
            sent.append(dict(headers))
        return exchange(self, method, url, headers, body, **options)

    monkeypatch.setattr(Connection, "_exchange", spy)
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "hunter2")
    app = App(Client(make_url("moto-obstore")), settings=Settings(artifacts=ArtifactRoute.PRESIGNED))
    with api_server(app) as server:
        client = RemoteClient(server.url, spool_dir=tmp_path / "spool", retries=QUICK)
        run_id = client.runs.create("0").info.run_id
        (tmp_path / "f").write_bytes(b"x" * (5 << 20))
        client.artifacts.log_file(run_id, tmp_path / "f")
        client.artifacts.read(run_id, "f")
    assert len(sent) == 2
    assert not any(re.search("authorization|cloudtrack", " ".join(headers), re.IGNORECASE) for headers in sent)


def test_an_upload_in_parts_that_fails_is_aborted(
    signing: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(multipart, "_PART_BYTES", 5 << 20)
    client = RemoteClient(signing.url, spool_dir=tmp_path / "spool", retries=QUICK)
    run_id = client.runs.create("0").info.run_id
    (tmp_path / "f").write_bytes(b"x" * (11 << 20))
    send = Connection.send_signed

    def refuse_the_second(self: Connection, url: str, *arguments: Any, **options: Any) -> Any:
        if re.search(r"partNumber=2\b", url):
            raise PermissionDenied("the bucket refused a signed URL")
        return send(self, url, *arguments, **options)

    monkeypatch.setattr(Connection, "send_signed", refuse_the_second)
    with pytest.raises(PermissionDenied):
        client.artifacts.log_file(run_id, tmp_path / "f")
    assert [path.split("/")[5] for _, path in signing.requests if "/mpu/" in path] == ["create", "abort"]
    assert client.artifacts.list(run_id) == []
