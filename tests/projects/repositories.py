"""Git repositories for tests."""

from __future__ import annotations

import subprocess
from pathlib import Path

_NOBODY = ("-c", "user.email=test@example.org", "-c", "user.name=test", "-c", "commit.gpgsign=false")


def git(folder: Path, *arguments: str) -> str:
    """What git printed."""
    done = subprocess.run(["git", "-C", str(folder), *_NOBODY, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(folder: Path, message: str = "change") -> str:
    """Commit all there is; the commit."""
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)
    return git(folder, "rev-parse", "HEAD")


def bare(folder: Path, target: Path) -> Path:
    """A bare copy of a repository, as a server has it."""
    subprocess.run(["git", "clone", "--quiet", "--bare", str(folder), str(target)], check=True, capture_output=True)
    return target
