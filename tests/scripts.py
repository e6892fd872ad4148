"""Running user scripts in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path


def start_script(body: str, *, store: str, folder: Path, **environment: str) -> subprocess.Popen[str]:
    """Start a Python script that uses the store."""
    path = folder / "train.py"
    path.write_text(textwrap.dedent(body))
    return subprocess.Popen(
        [sys.executable, str(path)],
        cwd=folder,
        env={**os.environ, "CLOUDTRACK_URI": store, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_script(body: str, *, store: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a Python script that uses the store, to its end."""
    process = start_script(body, store=store, folder=folder, **environment)
    out, err = process.communicate(timeout=120)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    """Return when the script has written the file."""
    deadline = time.monotonic() + 60
    while not path.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"the script ended with {process.poll()}: {process.communicate()[1]}")
        time.sleep(0.02)
