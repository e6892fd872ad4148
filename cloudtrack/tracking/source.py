"""Where a run comes from: git commit and patch, entry point, command line, user, host, Python, packages.

Nothing here raises: a source that cannot be read is left out. Credentials are left out too: user
names, passwords and query strings of git remotes, and the values of arguments whose name says secret.
"""

from __future__ import annotations

import functools
import platform
import re
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from cloudtrack import config
from cloudtrack.storage.public_url import strip_credentials

MAX_PATCH_BYTES = 10 << 20
"""A larger patch is not stored; the run says so."""
_GIT_TIMEOUT_S = 20
_NO_PROGRAMS = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "safe.bareRepository=explicit")
"""Looking at a working tree starts none of the programs that its settings name."""
_SECRET = re.compile(r"(?i)(pass(word|wd|phrase)?|secret|token|api-?_?key|access-?_?key|credential)")


@dataclass(frozen=True)
class GitState:
    """The state of a working tree."""

    commit: str
    top: Path
    """The working tree's root."""
    branch: str = ""
    remote_url: str = ""
    is_dirty: bool = False
    patch: bytes = b""
    """What ``git apply`` turns the commit into the tracked files of the working tree with."""
    untracked: list[str] = field(default_factory=list)


def says_secret(name: str) -> bool:
    """Whether what has this name, an argument or a variable, is to be kept secret."""
    return bool(_SECRET.search(name))


def source_name() -> str:
    """The notebook, script, module or interactive program that runs; as MLflow's tag ``mlflow.source.name``."""
    main = sys.modules.get("__main__")
    if config.is_notebook():
        return notebook_name() or "<notebook>"
    file = getattr(main, "__file__", None)
    if file:
        return str(file)
    return sys.argv[0] if sys.argv and sys.argv[0] not in ("", "-c") else "<console>"


def notebook_name() -> str:
    """The notebook's file, as VS Code or Jupyter name it; empty where neither does."""
    main = sys.modules.get("__main__")
    named = getattr(main, "__vsc_ipynb_file__", None) or getattr(main, "__session__", None)
    return str(named or config.notebook_session())


def tags(user: str) -> dict[str, str]:
    """Tags every run starts with; cheap, so they are there at once."""
    found = {
        "mlflow.user": user,
        "mlflow.source.name": source_name(),
        "mlflow.source.type": "NOTEBOOK" if config.is_notebook() else "LOCAL",
        "cloudtrack.command": command_line(),
        "cloudtrack.host": socket.gethostname(),
        "cloudtrack.python": platform.python_version(),
    }
    return {key: value for key, value in found.items() if value}


def git_tags(state: GitState) -> dict[str, str]:
    """What a run's tags say of the working tree."""
    found = {
        "mlflow.source.git.commit": state.commit,
        "mlflow.source.git.branch": state.branch,
        "mlflow.source.git.repoURL": state.remote_url,
        "cloudtrack.git.dirty": "true" if state.is_dirty else "false",
        "cloudtrack.git.untracked": "\n".join(state.untracked[:200]),
    }
    if len(state.patch) > MAX_PATCH_BYTES:
        found["cloudtrack.git.patch"] = f"not stored: {len(state.patch)} bytes"
    return {key: value for key, value in found.items() if value}


def command_line() -> str:
    """The command as typed, with secrets hidden."""
    words: list[str] = []
    hide = False
    for word in getattr(sys, "orig_argv", sys.argv):
        name, equals, _ = word.partition("=")
        if hide and not word.startswith("-"):
            words.append("***")
        elif equals and says_secret(name) and "://" not in name:
            words.append(f"{name}=***")
        elif equals and "://" in word and "://" not in name:
            words.append(f"{name}={strip_credentials(word[len(name) + 1 :])}")
        else:
            words.append(strip_credentials(word) if "://" in word else word)
        hide = not equals and word.startswith("-") and says_secret(word)
    return " ".join(words)


def git_state(folder: Path) -> GitState | None:
    """The state of the working tree around ``folder``; None outside one, or without git."""
    if shutil.which("git") is None:
        return None
    head = _git(folder, "rev-parse", "HEAD")
    if head is None:
        return None
    status = (_git(folder, "status", "--porcelain", "--untracked-files=normal", "-z") or b"").split(b"\0")
    untracked = [line[3:].decode(errors="replace") for line in status if line.startswith(b"??")]
    dirty = any(line and not line.startswith(b"??") for line in status)
    top = Path((_git(folder, "rev-parse", "--show-toplevel") or b".").decode().strip())
    remote = (_git(folder, "config", "--get", "remote.origin.url") or b"").decode(errors="replace").strip()
    branch = (_git(folder, "rev-parse", "--abbrev-ref", "HEAD") or b"").decode(errors="replace").strip()
    return GitState(
        commit=head.decode().strip(),
        top=top,
        branch="" if branch == "HEAD" else branch,
        remote_url=strip_credentials(remote),
        is_dirty=dirty,
        patch=(_git(top, "diff", "HEAD", "--binary", "--no-color", "--no-ext-diff", "--no-textconv") or b"")
        if dirty
        else b"",
        untracked=untracked,
    )


@functools.cache
def packages() -> str:
    """The installed packages, ``name==version`` a line, by name."""
    from importlib import metadata

    found = {
        f"{distribution.metadata['Name']}=={distribution.version}"
        for distribution in metadata.distributions()
        if distribution.metadata["Name"]
    }
    return "".join(f"{line}\n" for line in sorted(found, key=str.lower))


def entry_folder() -> Path:
    """The folder of the script that runs, or the working directory."""
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    return Path(file).resolve().parent if file and Path(file).exists() else Path.cwd()


def _git(folder: Path, *arguments: str) -> bytes | None:
    try:
        done = subprocess.run(  # noqa: S603 - git is found on the PATH, and the arguments are ours
            ["git", *_NO_PROGRAMS, "-C", str(folder), *arguments],  # noqa: S607
            capture_output=True,
            timeout=_GIT_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
