"""Programs of other makers that cloudtrack asks: ``docker``, ``kubectl``, ``spark-submit``."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from cloudtrack.errors import MissingDependency, Unavailable

_SHOWN_LINES = 15


def find_client(name: str) -> str:
    """Where a program is. Raises MissingDependency."""
    found = shutil.which(name)
    if found is None:
        raise MissingDependency(f"{name} is not installed here, or not on the PATH")
    return found


def ask(words: Sequence[str], stdin: str = "") -> str:
    """Run a program to its end; what it printed. Raises MissingDependency, Unavailable with what it said."""
    done = subprocess.run(  # noqa: S603 - no shell, our own words
        [find_client(words[0]), *words[1:]], input=stdin, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).strip().splitlines()[-_SHOWN_LINES:])
        raise Unavailable(f"{Path(words[0]).name} failed: {said}")
    return done.stdout


def lines_of(words: Sequence[str]) -> Iterator[str]:
    """The lines that a program prints, as they come, with those of its standard error."""
    process = subprocess.Popen(  # noqa: S603 - no shell, our own words
        [find_client(words[0]), *words[1:]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    with process:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        try:
            for line in process.stdout:
                yield line.rstrip("\n")
        finally:
            process.kill()
