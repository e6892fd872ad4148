"""The command as a process of its own, without the second that Python takes to load what it needs.

A process that has loaded everything waits for requests, and forks for each: the child has the arguments, environment,
folder and files that it would have had, and nothing of another test.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_lock = threading.Lock()
_waiting: subprocess.Popen[str] | None = None


def cloudtrack(
    *arguments: str, store: str = "", cwd: Path | None = None, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own; ``variables`` are added to its environment."""
    environment = {**os.environ, "COLUMNS": "200", **({"CLOUDTRACK_URI": store} if store else {}), **(variables or {})}
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        request = {
            "arguments": arguments,
            "environment": environment,
            "cwd": str(cwd or Path.cwd()),
            "out": str(out),
            "err": str(err),
        }
        with _lock:
            process = _started()
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            code = int(process.stdout.readline())
        return subprocess.CompletedProcess(["cloudtrack", *arguments], code, out.read_text(), err.read_text())


def answer(*arguments: str, store: str) -> Any:
    """What the command says in JSON."""
    done = cloudtrack(*arguments, "--json", store=store)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _started() -> subprocess.Popen[str]:
    global _waiting
    if _waiting is None or _waiting.poll() is not None:
        command = [sys.executable, "-m", "tests.cli.commands"]
        _waiting = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
        )
        atexit.register(_waiting.kill)
    return _waiting


def _wait() -> None:
    """Fork for each request, and say how the child ended."""
    load()
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            _run(request)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        print(code, flush=True)


def load() -> None:
    """What commands load when they are asked; nothing that starts a thread."""
    import duckdb  # noqa: F401
    import rich.table  # noqa: F401

    import cloudtrack.api.app
    import cloudtrack.cli.main
    import cloudtrack.client
    import cloudtrack.remote.client  # noqa: F401


def _run(request: dict[str, Any]) -> None:
    code = 1
    try:
        for descriptor, path in ((1, request["out"]), (2, request["err"])):
            target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(target, descriptor)
            os.close(target)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(request["cwd"])
        sys.argv = ["cloudtrack", *request["arguments"]]
        code = exit_code()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def exit_code(run: Callable[[], None] | None = None) -> int:
    """How the command, or what else is given, ends."""
    from cloudtrack.cli.main import main

    try:
        (run or main)()
    except SystemExit as ended:
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
            return 1
        return ended.code or 0
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        atexit._run_exitfuncs()
    return 0


if __name__ == "__main__":
    _wait()
