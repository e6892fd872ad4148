"""``cloudtrack ui`` and ``cloudtrack export-site``, as a person uses them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

import cloudtrack as cloudtrack_package
from cloudtrack.api.bundle import BUILT, INDEX
from cloudtrack.client import Client
from cloudtrack.ui import building
from cloudtrack.ui.browser import open_when_ready
from tests.api.corpus.mlflow_server import free_port
from tests.cli.commands import cloudtrack
from tests.servers.cloudtrack_server import cloudtrack_server

_BROWSER = '#!/bin/sh\necho "$@" > "$OPENED"\n'


@pytest.mark.parametrize("opens", [True, False])
def test_ui_serves_a_store_and_opens_its_page(store_url: str, tmp_path: Path, opens: bool) -> None:
    browser = tmp_path / "browser"
    browser.write_text(_BROWSER)
    browser.chmod(0o755)
    opened = tmp_path / "opened"
    port = free_port()
    command = [sys.executable, "-m", "cloudtrack.cli.main", "--store", store_url, "ui", f"--port={port}"]
    environment = {**os.environ, "BROWSER": f"{browser} %s", "OPENED": str(opened)}
    process = subprocess.Popen(
        command if opens else [*command, "--no-open"], env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert f"http://127.0.0.1:{port}/" in line
        _wait_for(port)
        if opens:
            _wait_until(opened.exists)
            _wait_until(lambda: opened.read_text() == f"http://127.0.0.1:{port}/\n")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    assert opened.exists() == opens


def _wait_for(port: int) -> None:
    def answers() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            return False
        return True

    _wait_until(answers)


def _wait_until(holds: object) -> None:
    from cloudtrack import clock

    ends = clock.monotonic() + 60
    while not holds():  # type: ignore[operator]
        assert clock.monotonic() < ends, "it never came to be"
        clock.sleep(0.05)


def test_a_browser_waits_for_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import webbrowser

    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        open_when_ready("http://page/", "127.0.0.1", port)
        assert opened == []
        listener.listen()
        _wait_until(lambda: opened == ["http://page/"])


def test_export_site_says_what_it_wrote_and_what_it_left_out(store_url: str, tmp_path: Path) -> None:
    client = Client(store_url)
    run_id = client.runs.create("0").info.run_id
    client.artifacts.log_text(run_id, "x" * 2000, "big.txt")
    done = cloudtrack("export-site", str(tmp_path / "site"), "--max-bytes", "1000", store=store_url)
    if not (BUILT / INDEX).is_file():
        assert (done.returncode, done.stderr) == (
            1,
            "Error: the web page is not built: python -m cloudtrack.ui build\n",
        )
        return
    assert done.returncode == 0, done.stderr
    assert "left out: 1 files, 2.0 KiB" in done.stdout
    assert (tmp_path / "site" / "site.json").is_file()
    again = cloudtrack("export-site", str(tmp_path / "site"), store=store_url)
    assert again.returncode == 1
    assert "not an empty folder" in again.stderr


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_server_says_once_that_its_page_is_old(store_url: str, tmp_path: Path, workers: int) -> None:
    leave = shutil.ignore_patterns("node_modules", "dist", "__pycache__")
    shutil.copytree(Path(cloudtrack_package.__file__).parent, tmp_path / "tree" / "cloudtrack", ignore=leave)
    (tmp_path / "tree" / "cloudtrack" / "ui" / "package.json").write_text("{}")
    tree = {"PYTHONPATH": str(tmp_path / "tree")}
    with cloudtrack_server(store_url, tmp_path, f"--workers={workers}", environment=tree) as server:
        assert server.text().count("python -m cloudtrack.ui build") == 1
        with urllib.request.urlopen(server.url, timeout=60) as answer:
            assert b"python -m cloudtrack.ui build" in answer.read()


def test_a_server_says_nothing_of_a_page_that_it_has(store_url: str, tmp_path: Path) -> None:
    if building.has_sources() and not building.is_fresh():
        pytest.skip("the page of this checkout is not built")
    with cloudtrack_server(store_url, tmp_path) as server:
        assert "cloudtrack.ui" not in server.text()
