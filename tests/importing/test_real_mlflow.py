"""What real MLflow holds comes with equal content: MLflow's client says the same of its store and of ours."""

from __future__ import annotations

import json
import os
import re
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
from cloudtrack.importing.mlflow_server_export import MlflowServerExport
from cloudtrack.importing.mlflow_target import MODEL_TAG, OWN_TAGS, RUN_TAG
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
        pytest.skip(f"no interpreter with {version} is named: run `make test-all`")
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
def mlflow_server(folder: Path, version: str = "mlflow-3") -> Iterator[str]:
    if not PYTHONS[version]:
        pytest.skip(f"no interpreter with {version} is named: run `make test-all`")
    url = f"http://127.0.0.1:{(port := free_port())}"
    options = [  # MLflow 2 does not work with every SQLAlchemy of today
        "--backend-store-uri",
        f"sqlite:///{folder}/server.db" if version == "mlflow-3" else str(folder / "mlruns"),
        "--artifacts-destination",
        f"{folder}/mlartifacts",
    ]
    command = [PYTHONS[version], "-m", "mlflow", "server", *options, "--port", str(port), "--workers", "1"]
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


@pytest.mark.slow
def test_from_postgresql(tmp_path: Path) -> None:
    with postgresql(tmp_path / "data") as url:
        check(url, tmp_path, "trackers", artifacts=str(tmp_path / "mlruns"))


@pytest.mark.slow
def test_from_mysql(tmp_path: Path) -> None:
    with mysql(tmp_path / "data") as url:
        check(url, tmp_path, "trackers", artifacts=str(tmp_path / "mlruns"))


@pytest.mark.parametrize("version", CLIENTS)
def test_from_a_folder(tmp_path: Path, version: str) -> None:
    check(str(tmp_path / "mlruns"), tmp_path, version)


def test_from_a_server(tmp_path: Path) -> None:
    with mlflow_server(tmp_path) as url:
        check(url, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("version", CLIENTS)
def test_to_a_server(tmp_path: Path, version: str) -> None:
    place = f"sqlite:///{tmp_path}/mlflow.db"
    mlflow("generate.py", place, str(EXPERIMENTS), str(RUNS), str(POINTS), cwd=tmp_path)
    client = Client(tmp_path / "store")
    run_import(client, open_mlflow(place))
    (tmp_path / "there").mkdir()
    with mlflow_server(tmp_path / "there", version) as url:
        report = MlflowServerExport(client, url).run()
        assert not report.failures, report.omitted
        assert report.counts["runs"].written == RUNS
        found = mlflow("dump.py", url, version=version, cwd=tmp_path)
        assert MlflowServerExport(client, url).run().written == 0
        assert mlflow("dump.py", url, version=version, cwd=tmp_path) == found
    with cloudtrack_server(str(tmp_path / "store"), tmp_path) as server:
        expected = mlflow("dump.py", server.url, version=version, cwd=tmp_path)
    wanted = by_our_ids(expected)
    if version == "mlflow-2":  # which has no logged models: version 4 is of one
        assert wanted["registered models"]["reg-b"]["versions"].pop("4")
        wanted["registered models"]["reg-b"]["latest"] = [["None", 3]]
    assert by_our_ids(found) == wanted


def by_our_ids(dump: str) -> dict[str, Any]:
    """With the ids of what was exported, and without times and tags that the server makes."""
    content = json.loads(dump)
    ids = {its_id: run["tags"].get(RUN_TAG, its_id) for its_id, run in content["runs"].items()}
    ids |= {its_id: each["tags"].get(MODEL_TAG, its_id) for its_id, each in content["logged models"].items()}
    names = {its_id: each[0] for its_id, each in content["experiments"].items()}
    content = json.loads(re.sub(r"(m-)?[0-9a-f]{32}", lambda found: ids.get(found[0], found[0]), json.dumps(content)))
    content["experiments"] = {
        names[its_id]: [stage, without_own(tags)] for its_id, (_, stage, _, _, tags) in content["experiments"].items()
    }
    for run in content["runs"].values():
        run["info"][0] = names[run["info"][0]]
        run["info"][5] = run["info"][5] if run["info"][3] == "FINISHED" else None
        run["history"] = sorted(run["history"])
        run["read"] = [each for each in run["read"] if each in content["logged models"]]
        run["made"] = [each for each in run["made"] if each[0] in content["logged models"]]
    for model in content["logged models"].values():
        model["info"] = [names[model["info"][0]], *model["info"][1:5]]
    for model in content["registered models"].values():
        model["info"] = model["info"][2:]
        for each in model["versions"].values():
            each["info"] = [each["info"][0], *each["info"][3:7]]
            each["tags"] = without_own(each["tags"])
    for kind in ("runs", "logged models", "registered models"):
        for each in content[kind].values():
            each["tags"] = without_own(each["tags"])
    return content


def without_own(tags: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in tags.items() if key not in (*OWN_TAGS, "mlflow.modelVersions")}


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
