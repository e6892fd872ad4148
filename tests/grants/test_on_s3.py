"""A server that checks signatures refuses what a grant does not give, and a run completes without any AWS key."""

from __future__ import annotations

import html
import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cloudtrack.client import Client, connect
from cloudtrack.grants.collecting import Collector
from cloudtrack.grants.grant_file import GrantFile
from cloudtrack.grants.grants import Grants
from cloudtrack.grants.shares import Shares
from tests.cli.commands import answer, cloudtrack

NEW = {"if-none-match": "*"}


@pytest.fixture
def url(make_url: Callable[[str], str]) -> str:
    return make_url("seaweed-obstore")


@pytest.fixture
def client(url: str) -> Client:
    return Client(url)


def _make(client: Client, expires_s: int = 600) -> GrantFile:
    return Grants(client).make(client.experiments.get_or_create("X"), expires_s)[0]


def _send(method: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    """With nothing but what is said here: no credentials, no settings."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        connection.request(method, f"{parts.path}?{parts.query}" if parts.query else parts.path, body, headers or {})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _without_keys(tmp_path: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CLOUDTRACK_"))}
    return {**kept, "HOME": str(tmp_path), "CLOUDTRACK_SPOOL_DIR": str(tmp_path / "holder"), **more}


SCRIPT = """
import os, signal, sys
import cloudtrack as mlflow
mlflow.set_experiment("X")
with mlflow.start_run() as run:
    mlflow.log_params({"a": 1})
    for step in range(100):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    mlflow.log_text("hello", "notes.txt")
    mlflow.log_dict({"size": 1}, "deep/config.json")
    if "die" in sys.argv:
        run.writer._spool_logged()
        os.kill(os.getpid(), signal.SIGKILL)
"""


def _train(tmp_path: Path, grant: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    environment = _without_keys(tmp_path, CLOUDTRACK_URI=f"grant:{grant}", PYTHONPATH=os.environ.get("PYTHONPATH", ""))
    assert not any(name.startswith("AWS_") for name in environment)
    return subprocess.run(
        [sys.executable, str(script), *arguments],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_run_completes_with_no_aws_key_in_the_environment(client: Client, url: str, tmp_path: Path) -> None:
    client.experiments.create("X")
    said = answer("grant", "run", "-e", "X", "--expires", "6h", "--output", "run.grant", store=url)
    path = tmp_path / "run.grant"
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_text()
    assert "testing%2F" in text, "the id of the key that signed is in each URL"
    assert os.environ["AWS_SECRET_ACCESS_KEY"] not in re.sub(r"testing%2F\d{8}", "", text)
    done = _train(tmp_path, "run.grant")
    assert (done.returncode, done.stderr) == (0, "")
    collected = answer("grant", "collect", "--all", store=url)
    assert [each["status"] for each in collected] == ["FINISHED"]
    run = client.runs.get(said["run_id"])
    assert run.data.params == {"a": "1"}
    assert run.data.summaries["loss"].count == 100
    assert client.artifacts.read(said["run_id"], "notes.txt") == b"hello"
    assert client.fsck.check().findings == []


@pytest.mark.slow
def test_what_a_killed_run_left_is_delivered_by_sync_without_a_key(client: Client, tmp_path: Path) -> None:
    grant = _make(client)
    (tmp_path / "run.grant").write_text(grant.model_dump_json())
    assert _train(tmp_path, "run.grant", "die").returncode == -9
    command = [sys.executable, "-m", "cloudtrack", "--store", "grant:run.grant", "sync", "--json"]
    environment = _without_keys(tmp_path, PYTHONPATH=os.environ.get("PYTHONPATH", ""))
    for delivered in ([grant.run_id], []):
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert json.loads(done.stdout)["delivered"] == delivered, done.stderr
    (collected,) = Collector(client).collect_all()
    assert collected.refused == {}
    assert client.runs.get(grant.run_id).data.summaries["loss"].count == 100
    assert client.artifacts.read(grant.run_id, "deep/config.json").startswith(b"{")
    assert client.runs.get(grant.run_id).info.status == "RUNNING"


def test_storage_refuses_all_but_one_put_to_a_slot(client: Client, url: str) -> None:
    grant = _make(client)
    slot, other = grant.slots[0], grant.slots[1]
    key = f"grants/{grant.grant_id}/inbox/0000"
    assert grant.headers == NEW
    assert _send("PUT", slot, b"first")[0] == 403, "without the header that is signed"
    assert _send("PUT", slot, b"first", {"if-none-match": '"x"'})[0] == 403, "with another value of it"
    assert _send("PUT", slot, b"first", NEW)[0] == 200
    for body in (b"second", b"first"):
        status, answer_ = _send("PUT", slot, body, NEW)
        assert (status, b"PreconditionFailed" in answer_) == (412, True), "it overwrites nothing"
    assert client.store.get(key).body == b"first"
    for method in ("GET", "HEAD", "DELETE", "POST"):
        assert _send(method, slot, None, NEW)[0] in (403, 405), method
    moved = {
        "another slot": slot.replace("/inbox/0000", "/inbox/0007"),
        "outside": re.sub(r"/grants/.*/inbox/0000", "/runs/x/run.json", slot),
        "another bucket": slot.replace("/bucket-", "/bucket-x"),
        "longer": slot.replace("X-Amz-Expires=600", "X-Amz-Expires=6000"),
        "a version": f"{slot}&versionId=1",
        "the other's signature": f"{slot.rpartition('=')[0]}={other.rpartition('=')[2]}",
        "none": slot.partition("?")[0],
    }
    for how, changed in moved.items():
        assert changed != slot, how
        assert _send("PUT", changed, b"x", NEW)[0] in (403, 404), how
    assert [info.key for info in client.store.list("grants/")] == [f"grants/{grant.grant_id}/grant.json", key]
    parts = urlsplit(slot)
    bucket = parts.path.split("/")[1]
    for path in (f"/{bucket}", f"/{bucket}/some/prefix/cloudtrack.json", parts.path):
        assert _send("GET", f"{parts.scheme}://{parts.netloc}{path}")[0] == 403, "anonymous"


def test_a_slot_that_somebody_filled_costs_a_slot_and_nothing_else(client: Client, tmp_path: Path) -> None:
    grant = _make(client)
    (tmp_path / "run.grant").write_text(grant.model_dump_json())
    for slot in (0, 1):
        assert _send("PUT", grant.slots[slot], b"of somebody else", NEW)[0] == 200
    holder = connect(f"grant:{tmp_path / 'run.grant'}")
    writer = holder.runs.open_writer(grant.run_id)
    writer.log_metric("loss", 0.5, 1)
    writer.finish("FINISHED")
    holder.close()
    done = Collector(client).collect(grant.grant_id)
    assert (done.status, sorted(done.refused), done.deliveries) == ("FINISHED", [0, 1], 1)
    assert client.runs.get(grant.run_id).data.metrics == {"loss": 0.5}


def test_storage_refuses_a_grant_after_its_time_and_what_was_logged_stays(client: Client, tmp_path: Path) -> None:
    grant = _make(client, expires_s=1)
    share = Shares(client).publish(grant.run_id, 1)
    time.sleep(2.2)  # the server's clock cannot be moved
    status, said = _send("PUT", grant.slots[0], b"late", NEW)
    assert (status, b"expired" in said) == (403, True)
    assert _send("GET", share.url)[0] == 403
    (tmp_path / "run.grant").write_text(grant.model_dump_json())
    done = _train(tmp_path, "run.grant")
    assert done.returncode == 0, "training goes on"
    assert "the bucket refuses the grant" in done.stderr
    assert "X-Amz" not in done.stderr
    assert list((tmp_path / "holder").glob("*.spool"))
    assert [info.key for info in client.store.list(f"grants/{grant.grant_id}/inbox/")] == []


def test_a_share_shows_one_run_and_its_files_without_a_key(client: Client, url: str) -> None:
    run_id = client.runs.create("0", run_name="shared").info.run_id
    client.artifacts.log_text(run_id, "words", "deep/it's <b>.txt")
    other = client.runs.create("0", run_name="other").info.run_id
    client.artifacts.log_text(other, "secret", "a.txt")
    done = cloudtrack("share", run_id, "--expires", "2h", store=url)
    link = done.stdout.strip()
    status, page = _send("GET", link)
    assert (status, b"shared" in page) == (200, True)
    (file,) = re.findall('href="([^"]+)"', page.decode())
    assert _send("GET", html.unescape(file)) == (200, b"words")
    assert other.encode() not in page
    for changed in (
        link.partition("?")[0],
        html.unescape(file).replace(run_id, other),
        link.replace("=7200", "=72000"),
    ):
        assert _send("GET", changed)[0] == 403
    assert _send("PUT", link, b"x")[0] == 403
    assert client.fsck.check().findings == []
