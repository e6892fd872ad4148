"""A copy of a store as files: it has the server's own answers, and says what it has not."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from cloudtrack.api.app import App
from cloudtrack.api.bundle import Bundle
from cloudtrack.client import Client
from cloudtrack.entities.run import Metric
from cloudtrack.errors import InvalidInput
from cloudtrack.ui.asked import ASKED, canonical
from cloudtrack.ui.export import Exported, export_site
from tests.api.sending import ask
from tests.servers.file_server import file_server
from tests.ui.stand_in import FILES, built

KEYS = [f"metric/{number} a: b" for number in range(130)]
BIG = 5000


@pytest.fixture
def client(store_url: str) -> Client:
    made = Client(store_url)
    experiment_id = made.experiments.create("one")
    for number in range(3):
        run_id = made.runs.create(experiment_id, run_name=f"run {number}", start_time=number + 1).info.run_id
        made.runs.log_batch(run_id, metrics=[Metric(key, number, step) for key in KEYS for step in (1, 2)])
        made.artifacts.log_text(run_id, f"file of {number}", "a folder/naïve 100%.txt")
        made.artifacts.log_text(run_id, "x" * BIG, "big.txt")
    made.registered_models.create("model one")
    made.model_versions.create("model one", f"runs:/{run_id}/model", run_id=run_id)
    return made


@pytest.fixture
def files(tmp_path: Path) -> dict:
    return dict(Bundle(built(tmp_path / "dist")).files())


def frozen(site: Path) -> Iterator[tuple[str, str, bytes]]:
    """Route, canonical query and answer of all that is frozen."""
    for index in sorted(site.glob("frozen/**/index.json")):
        route = index.parent.relative_to(site / "frozen").as_posix()
        for query, name in json.loads(index.read_bytes())["answers"].items():
            yield route, query, (index.parent / name).read_bytes()


@pytest.mark.parametrize("store_url", ["memory", "folder", "moto-obstore"], indirect=True)
def test_a_copy_has_the_answers_of_the_server(client: Client, files: dict, tmp_path: Path) -> None:
    done = export_site(client, files, tmp_path / "site", max_bytes=10**9)
    app = App(client)
    found = list(frozen(tmp_path / "site"))
    assert len(found) == done.answers
    for route, query, body in found:
        answer = ask(app, "GET", f"/ajax-api/2.0/{route}?{query}")
        assert (answer.status, json.loads(body)) == (200, answer.json()), (route, query)
    routes = [route for route, _, _ in found]
    assert routes.count("mlflow/runs/get") == 3
    assert routes.count("cloudtrack/metrics/series") == 3 * 2, "130 metrics of a run are two requests"
    assert routes.count("mlflow/experiments/get") == 2, "the default experiment, too"
    assert routes.count("cloudtrack/model-versions/lineage") == 1


def test_the_charts_of_a_copy_have_all_metrics_of_a_run(client: Client, files: dict, tmp_path: Path) -> None:
    export_site(client, files, tmp_path / "site", max_bytes=0)
    asked: dict[str, list[str]] = {}
    for route, query, _ in frozen(tmp_path / "site"):
        if route == "cloudtrack/metrics/series":
            pairs = parse_qsl(query)
            asked.setdefault(dict(pairs)["run_ids"], []).extend(value for name, value in pairs if name == "keys")
    assert len(asked) == 3
    assert all(sorted(keys) == sorted(KEYS) for keys in asked.values())


def test_a_copy_works_from_a_server_of_files(client: Client, files: dict, tmp_path: Path) -> None:
    site = tmp_path / "site"
    export_site(client, files, site, max_bytes=10**9)
    with file_server(site) as url:

        def get(path: str) -> bytes:
            with urllib.request.urlopen(f"{url}/{path}", timeout=30) as answer:
                return answer.read()

        run_id = client.runs.list([client.experiments.get_by_name("one").experiment_id])[0].info.run_id
        index = json.loads(get("frozen/mlflow/runs/get/index.json"))
        name = index["answers"][canonical([("run_id", run_id)])]
        assert json.loads(get(f"frozen/mlflow/runs/get/{name}"))["run"]["info"]["run_id"] == run_id
        assert get(f"frozen/files/{run_id}/a%20folder/na%C3%AFve%20100%25.txt").decode() == "file of 2"
        assert b"index-Ab12_-9z.js" in get("")


def test_artifacts_that_do_not_fit_are_named(client: Client, files: dict, tmp_path: Path) -> None:
    done = export_site(client, files, tmp_path / "site", max_bytes=BIG + 100)
    assert done.files == 4
    assert done.files_bytes <= BIG + 100
    said = json.loads((tmp_path / "site" / "site.json").read_bytes())
    assert said["left_out"]["count"] == 2
    assert said["left_out"]["bytes"] == 2 * BIG
    copied = [path.read_bytes() for path in (tmp_path / "site" / "frozen" / "files").rglob("*.txt")]
    assert sum(map(len, copied)) == done.files_bytes == said["files"]["bytes"]
    assert {each["path"] for each in said["left_out"]["files"]} == {"big.txt"}
    newest = client.runs.list([client.experiments.get_by_name("one").experiment_id])[0].info.run_id
    assert newest not in {each["run_id"] for each in said["left_out"]["files"]}


def test_the_page_of_a_copy_knows_that_it_is_frozen(client: Client, files: dict, tmp_path: Path) -> None:
    export_site(client, files, tmp_path / "site", max_bytes=0)
    index = (tmp_path / "site" / "index.html").read_text()
    assert '<meta name="cloudtrack-frozen" content="site.json">' in index
    assert "default-src &#x27;none&#x27;" in index
    assert "frame-ancestors" not in index
    assert index.index("Content-Security-Policy") < index.index("<script")
    said = json.loads((tmp_path / "site" / "site.json").read_bytes())
    assert (said["format"], said["read_only"]) == (1, True)
    for name in FILES.keys() - {"index.html"}:
        assert (tmp_path / "site" / name).read_bytes() == FILES[name]


def test_what_is_there_is_not_overwritten(client: Client, files: dict, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "mine.txt").write_text("keep")
    with pytest.raises(InvalidInput, match="not an empty folder"):
        export_site(client, files, tmp_path / "site", max_bytes=0)
    assert [path.name for path in (tmp_path / "site").iterdir()] == ["mine.txt"]
    with pytest.raises(InvalidInput, match="not built"):
        export_site(client, {}, tmp_path / "other", max_bytes=0)
    assert not (tmp_path / "other").exists()


def test_an_empty_store_has_a_copy(store_url: str, files: dict, tmp_path: Path) -> None:
    done = export_site(Client(store_url), files, tmp_path / "site", max_bytes=0)
    assert isinstance(done, Exported)
    assert (tmp_path / "site" / "index.html").is_file()


def test_the_same_question_has_one_canonical_form() -> None:
    assert canonical([("b", "x y"), ("a", "ä/&=+%"), ("a", "(1)~'!*")]) == "a=%C3%A4%2F%26%3D%2B%25&a=(1)~'!*&b=x%20y"
    assert canonical([("keys", "2"), ("keys", "1")]) == canonical([("keys", "1"), ("keys", "2")])


def test_no_request_is_listed_twice() -> None:
    listed = [(asked.route, asked.per) for asked in ASKED]
    assert len(set(listed)) == len(listed)
