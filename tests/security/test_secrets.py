"""Secrets in logs and tags: what the environment, a URL or a header holds is not kept, shown or raised."""

from __future__ import annotations

import http.client
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

import cloudtrack as ct
from cloudtrack.access.tickets import Tickets
from cloudtrack.access.tokens import Tokens
from cloudtrack.api.app import App
from cloudtrack.client import Client
from cloudtrack.errors import CloudtrackError
from cloudtrack.projects.launching import dry_run, launch
from cloudtrack.projects.planning import Request
from cloudtrack.projects.sources import fetch
from cloudtrack.storage.opening import open_store
from tests.api.samples import new_world
from tests.api.sending import ask
from tests.api.test_permissions import ADMIN, ANSWERED, JSON
from tests.projects.making import script
from tests.servers.cloudtrack_server import forked_server

SECRET = "hush4f1d-hush4f1d"
NAMES = {
    "MLFLOW_TRACKING_TOKEN": SECRET,
    "MLFLOW_TRACKING_PASSWORD": SECRET,
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_SESSION_TOKEN": SECRET,
    "HF_TOKEN": SECRET,
    "DATABASE_URL_PASSWORD": SECRET,
}


def everything(folder: Path) -> bytes:
    """The names and the bytes of all files below a folder."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return b"".join(str(path.relative_to(folder)).encode() + path.read_bytes() for path in files)


PROGRAM = """
import os, sys
import cloudtrack as ct
sys.orig_argv = [*sys.orig_argv, "--token", os.environ["HF_TOKEN"], "--password=" + os.environ["HF_TOKEN"],
                 "https://ann:" + os.environ["HF_TOKEN"] + "@example.com/x?token=" + os.environ["HF_TOKEN"],
                 "--db=postgres://ann:" + os.environ["HF_TOKEN"] + "@example.com/x"]
with ct.start_run():
    ct.log_param("lr", 0.1)
    print("the token is", os.environ["HF_TOKEN"], flush=True)
    print("the password is", os.environ["DATABASE_URL_PASSWORD"], file=sys.stderr, flush=True)
"""


def test_a_run_keeps_no_secret_of_its_environment_or_its_words(tmp_path: Path) -> None:
    store = tmp_path / "store"
    (tmp_path / "train.py").write_text(PROGRAM)
    environment = {
        **os.environ,
        **NAMES,
        "CLOUDTRACK_URI": str(store),
        "CLOUDTRACK_CONSOLE": "1",
        "CLOUDTRACK_SPOOL_DIR": str(tmp_path / "spool"),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    done = subprocess.run(
        [sys.executable, "train.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert SECRET in done.stdout, "it is printed as ever"
    kept = everything(store) + everything(tmp_path / "spool")
    assert b"the token is ***" in kept
    assert b"--password=***" in kept
    assert SECRET.encode() not in kept


def test_a_project_keeps_and_shows_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in NAMES.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    project = script(tmp_path / "project", "import os\nprint(os.environ['HF_TOKEN'])\n")
    client = Client(str(tmp_path / "store"))
    request = Request(str(project), experiment_id="0")
    assert SECRET not in json.dumps(dry_run(client, request), default=str)
    submitted = launch(client, request)
    submitted.wait()
    assert client.runs.get(submitted.run_id).info.status == "FINISHED"
    client.close()
    assert b"project.json" in everything(tmp_path / "store")
    assert SECRET.encode() not in everything(tmp_path / "store")


@pytest.mark.parametrize(
    "uri",
    [
        f"https://ann:{SECRET}@127.0.0.1:1/repository.git",
        f"https://127.0.0.1:1/code.zip?token={SECRET}",
        f"git+https://{SECRET}@127.0.0.1:1/repository.git",
    ],
)
def test_an_error_about_a_project_has_no_login_of_its_url(uri: str, tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    with pytest.raises(CloudtrackError) as refused:
        fetch(uri, tmp_path / "target")
    assert SECRET not in refused.value.message


@pytest.mark.parametrize(
    "url", [f"s3://{SECRET}@bucket/x", f"s3://key:{SECRET}@bucket", f"https://ann:{SECRET}@127.0.0.1:1"]
)
def test_an_error_about_a_store_has_no_login_of_its_url(url: str) -> None:
    with pytest.raises(CloudtrackError) as refused:
        open_store(url)
    assert SECRET not in refused.value.message


def test_an_error_about_a_server_has_no_login(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", SECRET)
    caplog.set_level(logging.DEBUG)
    with pytest.raises(CloudtrackError) as refused:
        ct.connect(f"http://ann:{SECRET}@127.0.0.1:1").experiments.search()
    assert SECRET not in refused.value.message + caplog.text


def test_a_server_logs_no_token_no_ticket_and_no_query(tmp_path: Path) -> None:
    root = str(tmp_path / "store")
    client = Client(root)
    token, _ = Tokens(client.store).create("ada", admin=True)
    ticket = Tickets(client.store).issue("artifacts/file\0")
    run = client.runs.create("0").info.run_id
    with forked_server(root, tmp_path, "--auth") as server:
        for target in (
            f"/api/2.0/mlflow/runs/get?run_id={run}&token={token}",
            f"/api/2.0/cloudtrack/artifacts/file?run_id={run}&path=x&ticket={ticket}",
            f"/api/2.0/mlflow/nothing/?{token}",
        ):
            for login in (f"Bearer {token}", f"Bearer {token}x", ""):
                connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
                connection.request("GET", target, headers={"Authorization": login} if login else {})
                body = connection.getresponse().read()
                assert token.encode() not in body
                connection.close()
        log = server.text()
    assert run not in log
    assert token not in log
    assert ticket not in log


def test_a_store_keeps_no_token_and_no_answer_has_a_secret_of_the_store() -> None:
    world = new_world()
    token, _ = Tokens(world.client.store).create("ada")
    objects = {info.key: world.client.store.get(info.key).body for info in world.client.store.list()}
    assert token.encode() not in b"".join(objects.values())
    key = objects["access/ticket-key"].decode()
    app = App(world.client)
    for endpoint in ANSWERED:
        if endpoint.method == "GET":
            text = ask(app, *world.request(endpoint), JSON, ADMIN).whole_body().decode(errors="replace")
            assert key not in text, endpoint.path
            assert "s3cret" not in text, endpoint.path
