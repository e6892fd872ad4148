"""Projects in a process of this machine."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cloudtrack import config as settings
from cloudtrack.entities.run import RunStatus
from cloudtrack.errors import NotFound
from cloudtrack.projects.backends.backend import WORKER, Backend, Job, Submission

SHOW_OUTPUT = "show_output"


class LocalBackend(Backend):
    """Starts the worker as a process of its own session, which goes on when this one ends."""

    name = "local"
    is_elsewhere = False

    def specification(self, job: Job, config: Mapping[str, Any]) -> dict[str, Any]:
        """The worker's words and variables. The configuration is empty, or says that the output is shown here."""
        command = [sys.executable, "-m", WORKER, job.run_id]
        if job.folder is not None:
            command.append(f"--folder={job.folder}")
        if job.remove is not None:
            command.append(f"--remove={job.remove}")
        return {
            "command": command,
            "environment": dict(job.environment),
            SHOW_OUTPUT: bool(config.get(SHOW_OUTPUT)),
        }

    def launch(self, job: Job, specification: dict[str, Any]) -> Submission:  # noqa: ARG002 - it is all in there
        """Start the worker."""
        quiet = None if specification[SHOW_OUTPUT] else subprocess.DEVNULL
        process = subprocess.Popen(  # noqa: S603 - no shell, our own words
            specification["command"],
            env={**settings.environment(), **specification["environment"]},
            stdin=subprocess.DEVNULL,
            stdout=quiet,
            stderr=quiet,
            start_new_session=True,
        )
        return LocalSubmission(process.pid, started_at(process.pid), process)

    def find(self, handle: str) -> Submission:
        """A worker of this machine. Raises NotFound for one of another."""
        return LocalSubmission(*process_of(handle))


class LocalSubmission(Submission):
    """A worker of this machine: its process and when that started, for numbers of processes are used again."""

    def __init__(self, number: int, started: str, process: subprocess.Popen[bytes] | None = None) -> None:
        self._number = number
        self._started = started
        self._process = process
        self._is_cancelled = False
        self.handle = f"{socket.gethostname()}:{number}:{started}"

    def status(self) -> str:
        """RUNNING, or what its exit said, where this process started it; the run knows better."""
        if self._process is not None and (code := self._process.poll()) is not None:
            if code and self._is_cancelled:
                return RunStatus.KILLED
            return RunStatus.FINISHED if code == 0 else RunStatus.KILLED if code < 0 else RunStatus.FAILED
        if self._is_alive():
            return RunStatus.RUNNING
        return RunStatus.KILLED if self._is_cancelled else RunStatus.FINISHED

    def logs(self) -> Iterator[str]:
        """None beside the console log of the run."""
        return iter(())

    def cancel(self) -> None:
        """Ask the worker to end its program."""
        if self._is_alive():
            self._is_cancelled = True
            os.kill(self._number, signal.SIGTERM)

    def _is_alive(self) -> bool:
        if self._process is not None:
            return self._process.poll() is None
        return bool(self._started) and started_at(self._number) == self._started


def process_of(handle: str) -> tuple[int, str]:
    """Number and start of the process that a handle names. Raises NotFound for one of another machine."""
    host, _, rest = handle.rpartition("@")[2].partition(":")
    number, _, started = rest.partition(":")
    if host != socket.gethostname() or not number.isdecimal():
        raise NotFound(f"the job {handle!r} runs on {host}, and can be followed or cancelled there")
    return int(number), started


def started_at(number: int) -> str:
    """When a process of this machine started, in the kernel's ticks; empty where there is none, or it has ended."""
    try:
        state, *fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return _started_elsewhere(number)
    return "" if state == "Z" else fields[18]


def _started_elsewhere(number: int) -> str:
    """The same where there is no /proc."""
    done = subprocess.run(  # noqa: S603 - no shell, our own words
        ["ps", "-o", "lstart=", "-p", str(number)],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip().replace(" ", "_").replace(":", ".")


def this_process() -> str:
    """The handle of this process, to tell later whether it lives."""
    return LocalSubmission(os.getpid(), started_at(os.getpid())).handle
