"""Stores of every kind, for all tests. Servers start when a test first asks for one."""

from __future__ import annotations

import functools
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import botocore.session
import pytest

from cloudtrack.api.app import App
from cloudtrack.client import Client
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.opening import open_store
from tests.servers.api_server import api_server
from tests.servers.moto_server import moto_server
from tests.servers.seaweed_server import seaweed_server

KINDS = ("memory", "folder", "moto-s3fs", "moto-obstore", "seaweed-s3fs", "seaweed-obstore")
SHARED_KINDS = KINDS[1:]
"""Kinds that several processes can open."""
SLOW_S3FS = pytest.param("moto-s3fs", marks=pytest.mark.slow)
"""s3fs over moto costs most, and does what it does over SeaweedFS, and obstore over moto: in `make test-all`."""
BOTH_MODES = ("folder", "server")
"""A store, and a server in front of one: the same for all who use ``connect``."""
SLOW_SERVER = ("folder", pytest.param("server", marks=pytest.mark.slow))
"""The same, where each takes processes of its own."""
_KEPT = ("CLOUDTRACK_THOROUGH", "CLOUDTRACK_CHROMIUM")

for _name in [name for name in os.environ if name.startswith(("AWS_", "CLOUDTRACK_", "MLFLOW_"))]:
    if not (_name.startswith("CLOUDTRACK_MLFLOW") and _name.endswith("_PYTHON")) and _name not in _KEPT:
        del os.environ[_name]
os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_REGION="us-east-1",
    AWS_EC2_METADATA_DISABLED="true",
    OMP_NUM_THREADS="1",  # the tests run on all processors already
    OPENBLAS_NUM_THREADS="1",
)
# Every session reads the description of S3 anew, 0.1 s of a processor; the clients of one session share it, and so may
# the sessions of one process.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    """moto's server, exact under races."""
    with moto_server() as url:
        yield url


@pytest.fixture(scope="session")
def seaweed_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real S3 server."""
    with seaweed_server(tmp_path_factory.mktemp("seaweed")) as url:
        yield url


@pytest.fixture
def make_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """The URL of a new empty store of a kind."""

    def make(kind: str) -> str:
        if kind == "memory":
            return f"memory://{uuid.uuid4().hex}"
        if kind == "folder":
            return (tmp_path / f"store-{uuid.uuid4().hex[:8]}").as_uri()
        if kind == "server":
            running = api_server(App(Client(make("folder"))), prefix="/some/stage")
            request.addfinalizer(lambda: running.__exit__(None, None, None))
            return running.__enter__().url
        server, form = kind.split("-")
        endpoint = request.getfixturevalue(f"{server}_url")
        bucket = f"bucket-{uuid.uuid4().hex}"
        boto3.client("s3", endpoint_url=endpoint).create_bucket(Bucket=bucket)
        return f"s3://{bucket}/some/prefix?endpoint_url={endpoint}&form={form}"

    return make


@pytest.fixture
def store_url(request: pytest.FixtureRequest, make_url: Callable[[str], str]) -> str:
    """A new store; give the kinds with ``@pytest.mark.parametrize("store_url", KINDS, indirect=True)``."""
    return make_url(getattr(request, "param", "folder"))


@pytest.fixture
def store(store_url: str) -> Iterator[ObjectStore]:
    """The store at ``store_url``."""
    opened = open_store(store_url)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the settings and the spool of the person who runs it."""
    monkeypatch.setenv("CLOUDTRACK_SPOOL_DIR", str(tmp_path / "spool"))
    monkeypatch.setenv("CLOUDTRACK_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("CLOUDTRACK_USER", "tester")
    monkeypatch.chdir(tmp_path)
