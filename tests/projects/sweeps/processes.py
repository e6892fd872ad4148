"""Sweepers as processes of their own, and the workers they start."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from cloudtrack.client import Client
from tests.projects.sweeps.sweeps import sweep_ids

_TIMEOUT_S = 300


def start_sweeper(store: str, *arguments: str) -> subprocess.Popen[str]:
    """Start ``cloudtrack sweep`` in a session of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "cloudtrack", "--store", store, "sweep", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "TMPDIR": str(Path.cwd())},  # what a killed one leaves goes with the test
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Its exit code, and what it printed."""
    out, err = process.communicate(timeout=_TIMEOUT_S)
    return process.returncode, out, err


def sweep_of(client: Client) -> str:
    """The one sweep of a store, when its plan is written."""

    def planned() -> str:
        ids = sweep_ids(client)
        return ids[0] if ids and any(file.path == "sweep" for file in client.artifacts.list(ids[0])) else ""

    return wait_until(planned)


def wait_until(look: Callable[[], str | bool]) -> str:
    """What ``look`` finds at last."""
    deadline = time.monotonic() + _TIMEOUT_S
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)
    return str(found)


def workers_of(run_ids: set[str]) -> dict[str, int]:
    """The processes that execute these runs, by run."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
                if "cloudtrack.projects.worker" in words:
                    found |= {run_id: int(entry.name) for run_id in run_ids if run_id in words}
    return found


def kill(number: int) -> None:
    """End a process at once."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(number, signal.SIGKILL)
