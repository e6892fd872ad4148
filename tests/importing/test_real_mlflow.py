"""What real MLflow holds comes with equal content: MLflow's client says the same of its store and of ours."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cloudtrack.client import Client
from cloudtrack.importing.importer import run_import
from cloudtrack.importing.mlflow_export import MlflowExport
from cloudtrack.importing.opening import open_mlflow
from tests.api.corpus.mlflow_server import free_port
from tests.importing.database_servers import TRACKERS, mysql, postgresql
from tests.mlflow_client.test_journey import PYTHONS as CLIENTS
from tests.servers.cloudtrack_server import cloudtrack_server
from tests.storage.lossy import CountingStore
from tests.thoroughness import IS_THOROUGH

HERE = Path(__file__).parent
PYTHONS = {**CLIENTS, "trackers": TRACKERS}
pytestmark = pytest.mark.mlflow
EXPERIMENTS, RUNS, POINTS = (10, 200, 50) if IS_THOROUGH else (3, 30, 5)


def mlflow(program: str, *arguments: str, version: str = "mlflow-3", cwd: Path) -> str:
    if not PYTHONS[version]:
        pytest.skip(f"no interpreter with {version} is named: run `make test-mlflow`")
    variables = {
        key: value for key, value in os.environ.items() if not key.startswith("MLFLOW") and key != "PYTHONPATH"
    }
    done = subprocess.run(
        [PYTHONS[version], "-W", "ignore", str(HERE / program), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        timeout=900,
        env={**variables, "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_ALLOW_FILE_STORE": "true"},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


@contextmanager
def mlflow_server(folder: Path) -> Iterator[str]:
    if not PYTHONS["mlflow-3"]:
        pytest.skip("no interpreter with mlflow-3 is named: run `make test-mlflow`")
    url = f"http://127.0.0.1:{(port := free_port())}"
    options = [
        "--backend-store-uri",
        f"sqlite:///{folder}/server.db",
        "--artifacts-destination",
        f"{folder}/mlartifacts",
    ]
    command = [PYTHONS["mlflow-3"], "-m", "mlflow", "server", *options, "--port", str(port), "--workers", "1"]
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            for _ in range(300):
                assert process.poll() is None, (folder / "server.log").read_text()[-3000:]
                try:
                    urllib.request.urlopen(f"{url}/health")
                    break
                except OSError:
                    time.sleep(0.3)
            yield url
        finally:
            process.terminate()
            process.wait(30)


def test_from_a_database(tmp_path: Path) -> None:
    check(f"sqlite:///{tmp_path}/mlflow.db", tmp_path)


def test_from_postgresql(tmp_path: Path) -> None:
    with postgresql(tmp_path / "data") as url:
        check(url, tmp_path, "trackers", artifacts=str(tmp_path / "mlruns"))


def test_from_mysql(tmp_path: Path) -> None:
    with mysql(tmp_path / "data") as url:
        check(url, tmp_path, "trackers", artifacts=str(tmp_path / "mlruns"))


@pytest.mark.parametrize("version", CLIENTS)
def test_from_a_folder(tmp_path: Path, version: str) -> None:
    check(str(tmp_path / "mlruns"), tmp_path, version)


def test_from_a_server(tmp_path: Path) -> None:
    with mlflow_server(tmp_path) as url:
        check(url, tmp_path)


def check(place: str, folder: Path, version: str = "mlflow-3", artifacts: str = "") -> None:
    """Generate, import, compare; import again, and see that nothing is written."""
    mlflow("generate.py", place, str(EXPERIMENTS), str(RUNS), str(POINTS), version=version, cwd=folder)
    store = CountingStore(Client(folder / "store").store)
    report = run_import(Client(store, user="importer"), open_mlflow(place, artifacts))
    assert not report.failures, report.omitted
    assert report.counts["runs"].imported == RUNS
    expected = mlflow("dump.py", place, version=version, cwd=folder)
    with cloudtrack_server(str(folder / "store"), folder) as server:
        found = mlflow("dump.py", server.url, version=version, cwd=folder)
    assert as_we_keep_it(found) == as_we_keep_it(expected)
    MlflowExport(Client(folder / "store"), folder / "exported").run()
    exported = mlflow("dump.py", str(folder / "exported"), version=version, cwd=folder)
    assert as_we_keep_it(exported) == as_we_keep_it(found)
    store.reset()
    again = run_import(Client(store, user="importer"), open_mlflow(place, artifacts))
    assert (store.writes, again.imported) == (0, 0)


def as_we_keep_it(dump: str) -> dict[str, Any]:
    """Of a logged model's metric the last point, as docs/importing.md says.

    And MLflow reads from its own folders, of points on a dataset, the step 0: it is left out.
    """
    content: dict[str, Any] = json.loads(dump)
    for model in content["logged models"].values():
        last = {(point[0], *point[5:]): point for point in sorted(model["metrics"], key=lambda point: point[2])}
        model["metrics"] = sorted(last.values())
    for run in content["runs"].values():
        run["history"] = sorted(
            [key, value, 0 if key.startswith("mm") else step, at] for key, value, step, at in run["history"]
        )
    return content
