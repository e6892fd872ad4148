"""``cloudtrack`` and ``python`` as processes of their own that need not load what one process has loaded for them.

A process waits at a socket and forks for each request: the child has the arguments, environment, folder and files that
the caller would have given it. ``bin/fork`` is the caller.
"""

from __future__ import annotations

import array
import json
import os
import runpy
import signal
import socket
import sys
import traceback
from typing import Any

from tests.cli import commands


def serve(path: str) -> None:
    """Fork for each connection, for ever."""
    commands.load()
    import pandas  # noqa: F401
    import sklearn.datasets
    import sklearn.linear_model  # noqa: F401

    import cloudtrack.flavors.sklearn  # noqa: F401

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    print("ready", flush=True)
    while True:
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _run(connection)
        connection.close()


def _run(connection: socket.socket) -> None:
    code = 1
    try:
        os.setsid()
        request, files = _received(connection)
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(request["folder"])
        connection.sendall(f"{os.getpid()}\n".encode())
        sys.argv = request["arguments"]
        code = commands.exit_code(_script if request["name"] == "python" else None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        connection.sendall(f"{code}\n".encode())
        os._exit(code)


def _received(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    room = socket.CMSG_SPACE(3 * array.array("i").itemsize)
    text, ancillary, _, _ = connection.recvmsg(1 << 20, room)
    while not text.endswith(b"\n"):
        text += connection.recv(1 << 20)
    files = array.array("i")
    for _level, _kind, data in ancillary:
        files.frombytes(data)
    return json.loads(text), list(files)


def _script() -> None:
    """``python FILE ...``, ``python - ...`` and ``python -c TEXT ...``."""
    name = sys.argv[1]
    if name == "-c":
        program, sys.argv = sys.argv[2], ["-c", *sys.argv[3:]]
    elif name == "-":
        program, sys.argv = sys.stdin.read(), ["-", *sys.argv[2:]]
    else:
        sys.argv = sys.argv[1:]
        sys.path.insert(0, os.path.dirname(os.path.abspath(name)))
        runpy.run_path(name, run_name="__main__")
        return
    sys.path.insert(0, "")
    exec(compile(program, "<block>", "exec"), {"__name__": "__main__"})


if __name__ == "__main__":
    serve(sys.argv[1])
