"""The folder, the store and the terminal of one page."""

from __future__ import annotations

import atexit
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import boto3

from tests.docs.pages import ROOT, Block

BIN = Path(__file__).parent / "bin"
_SECONDS = 120
"""Ends what hangs."""


class Sandbox:
    """Runs a page's blocks in their order: each sees the files, variables and functions of those before it."""

    def __init__(self, folder: Path, moto_url: str) -> None:
        self.folder = folder
        self._moto_url = moto_url
        self._settings = folder.parent / "settings"
        self._settings.mkdir()
        self._children = self._settings / "children"
        self._state = self._settings / "state"
        self._port = _free_port()
        self._placeholders: set[str] = set()

    def run(self, block: Block) -> subprocess.CompletedProcess[str]:
        """How the block ended, and what it wrote."""
        lines = [text for kind, text in block.before if kind == "python"]
        for kind, text in block.before:
            if kind == "sh":
                self._placeholders |= set(re.findall(r"^([A-Z][A-Z0-9_]*)=", text, re.MULTILINE))
                done = self._shell(text)
                assert done.returncode == 0, f"before {block.where}: {done.stderr}{done.stdout}"
        text = block.text
        if block.title:
            (self.folder / block.title).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / block.title).write_text(text, encoding="utf-8")
        if block.language == "python":
            script = self._settings / "block.py"
            script.write_text("".join(lines) + text, encoding="utf-8")
            return self._shell(f"python - < {script}")
        if block.language == "sql":
            script = self._settings / "block.sql"
            script.write_text(text, encoding="utf-8")
            return self._shell(f'cloudtrack sql "$(cat {script})"')
        return self._shell(self._filled_in(text))

    def _filled_in(self, text: str) -> str:
        """The text with its placeholders, words in capitals that a hidden line sets, and with a port that is free."""
        text = re.sub(r"\b(127\.0\.0\.1|localhost):5000\b", rf"\1:{self._port}", text)
        for name in self._placeholders:
            text = re.sub(rf"(?<![$\w{{]){name}(?![\w=])", f"${{{name}}}", text)
        return text

    def _shell(self, text: str) -> subprocess.CompletedProcess[str]:
        script = f'set -ea\n[ ! -e "$DOCS_STATE" ] || . "$DOCS_STATE"\ntrap _kept EXIT\n{text}'
        kept = '_kept() { { export -p; declare -f; echo "cd \'$PWD\'"; } > "$DOCS_STATE"; }\n'
        return subprocess.run(
            ["bash", "-c", kept + script],
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "COLUMNS": "200",
            "BROWSER": "true",
            "AWS_ENDPOINT_URL": self._moto_url,
            "CLOUDTRACK_CACHE_DIR": str(self._settings / "cache"),
            "CLOUDTRACK_SPOOL_DIR": str(self._settings / "spool"),
            "DOCS_CHILDREN": str(self._children),
            "DOCS_PORT": str(self._port),
            "DOCS_PYTHON": sys.executable,
            "DOCS_ROOT": str(ROOT),
            "DOCS_SOCKET": _forks(),
            "DOCS_STATE": str(self._state),
        }

    def close(self) -> None:
        """End the servers that the page started."""
        if self._children.exists():
            for child in self._children.read_text().split():
                with suppress(ProcessLookupError):
                    os.killpg(int(child), signal.SIGKILL)


@contextmanager
def sandbox(folder: Path, moto_url: str, text: str) -> Iterator[Sandbox]:
    """A sandbox with the buckets that the page's text names, empty."""
    client = boto3.client("s3", endpoint_url=moto_url)
    for bucket in set(re.findall(r"s3://([a-z0-9][a-z0-9.-]+)", text)):
        client.create_bucket(Bucket=bucket)
        for item in client.list_objects_v2(Bucket=bucket).get("Contents", ()):
            client.delete_object(Bucket=bucket, Key=item["Key"])
    made = Sandbox(folder, moto_url)
    try:
        yield made
    finally:
        made.close()


@cache
def _forks() -> str:
    folder = tempfile.mkdtemp()
    path = f"{folder}/socket"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.docs.forks", path], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    atexit.register(process.kill)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return path


def _free_port() -> int:
    with socket.socket() as trying:
        trying.bind(("127.0.0.1", 0))
        return int(trying.getsockname()[1])
