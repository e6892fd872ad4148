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
from cloudtrack.ui.asked import ASKED, canonical, folder_of
from cloudtrack.ui.export import Exported, export_site
from tests.api.sending import ask
from tests.servers.file_server import file_server
from tests.ui.stand_in import FILES, built

KEYS = [f"metric/{number} a: b" for number in range(130)]
BIG = 5000
STREAM, LOGGED = "1790000000000-0123456789ab-p", 256 << 10
MLMODEL = "flavors:\n  python_function:\n    version: {}\n"


@pytest.fixture
def client(store_url: str) -> Client:
    made = Client(store_url)
    experiment_id = made.experiments.create("one")
    for number in range(3):
        run_id = made.runs.create(experiment_id, run_name=f"run {number}", start_time=number + 1).info.run_id
        made.runs.log_batch(run_id, metrics=[Metric(key, number, step) for key in KEYS for step in (1, 2)])
        made.artifacts.log_text(run_id, f"file of {number}", "a folder/naïve 100%.txt")
        made.artifacts.log_text(run_id, "x" * BIG, "big.txt")
        for segment in range(5):
            made.console.append(run_id, STREAM, segment * LOGGED, b"printed\n" * (LOGGED // 8))
    made.registered_models.create("model one")
    made.model_versions.create("model one", f"runs:/{run_id}/model", run_id=run_id)
    return made


@pytest.fixture
def files(tmp_path: Path) -> dict:
    return dict(Bundle(built(tmp_path / "dist")).files())


def frozen(site: Path) -> Iterator[tuple[str, str, bytes]]:
    """Route, canonical query and answer of all that is frozen."""
    for index in sorted(site.glob("frozen/*/**/index.json")):
        if index.is_relative_to(site / "frozen" / "files") or index.is_relative_to(site / "frozen" / "places"):
            continue
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
        if route == "cloudtrack/runs/table":
            continue  # it has more columns than are asked for
        more = next("&" + canonical(each.more.items()) for each in ASKED if folder_of(each) == route)
        model = dict(parse_qsl(query)).get("model_id")
        path = f"{route}/{model}" if model else f"{route}?{query}{more}"
        answer = ask(app, "GET", f"/ajax-api/2.0/{path}")
        assert (answer.status, json.loads(body)) == (200, answer.json()), (route, query)
    routes = [route for route, _, _ in found]
    assert routes.count("mlflow/runs/get") == 3
    assert routes.count("cloudtrack/metrics/series") == 3 * 3 * 2, "130 metrics of a run are two requests for each axis"
    assert routes.count("mlflow/experiments/get") == 2, "the default experiment, too"
    assert routes.count("cloudtrack/model-versions/lineage") == 1


def test_a_copy_has_the_end_of_each_console_log(client: Client, files: dict, tmp_path: Path) -> None:
    export_site(client, files, tmp_path / "site", max_bytes=0)
    logs = [json.loads(body) for route, _, body in frozen(tmp_path / "site") if route == "cloudtrack/runs/logs"]
    assert [[piece["offset"] for piece in log["pieces"]] for log in logs] == [[2 * LOGGED, 3 * LOGGED, 4 * LOGGED]] * 3


def test_the_charts_of_a_copy_have_all_metrics_of_a_run(client: Client, files: dict, tmp_path: Path) -> None:
    export_site(client, files, tmp_path / "site", max_bytes=0)
    asked: dict[str, list[str]] = {}
    for route, query, _ in frozen(tmp_path / "site"):
        if route == "cloudtrack/metrics/series":
            pairs = parse_qsl(query)
            axis = dict(pairs)["run_ids"] + dict(pairs)["x"]
            asked.setdefault(axis, []).extend(value for name, value in pairs if name == "keys")
    assert len(asked) == 3 * 3
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
    assert done.copied.count == 4
    assert done.copied.bytes <= BIG + 100
    said = json.loads((tmp_path / "site" / "site.json").read_bytes())
    assert said["left_out"]["count"] == 2
    assert said["left_out"]["bytes"] == 2 * BIG
    copied = [path.read_bytes() for path in (tmp_path / "site" / "frozen" / "files").rglob("*.txt")]
    assert sum(map(len, copied)) == done.copied.bytes == said["files"]["bytes"]
    assert {each["path"] for each in said["left_out"]["files"]} == {"big.txt"}
    newest = client.runs.list([client.experiments.get_by_name("one").experiment_id])[0].info.run_id
    assert newest not in {each["run_id"] for each in said["left_out"]["files"]}


def test_a_table_has_every_column_that_its_runs_have(client: Client, files: dict, tmp_path: Path) -> None:
    experiment_id = client.experiments.get_by_name("one").experiment_id
    export_site(client, files, tmp_path / "site", max_bytes=0)
    tables = {
        query: json.loads(body) for route, query, body in frozen(tmp_path / "site") if route.endswith("runs/table")
    }
    table = tables[f"experiment_ids={experiment_id}"]
    assert {f"metrics.{key}" for key in KEYS} <= table["columns"].keys()
    assert (table["rows"], table["truncated"]) == (3, False)


def places_of(site: Path, owner: list[tuple[str, str]]) -> dict:
    """Where the files of a run or version are."""
    index = json.loads((site / "frozen" / "places" / "index.json").read_bytes())["answers"]
    return json.loads((site / "frozen" / "places" / index[canonical(owner)]).read_bytes())


def test_files_of_versions_are_there_once(client: Client, files: dict, tmp_path: Path) -> None:
    runs = client.runs.list([client.experiments.get_by_name("one").experiment_id])
    gone, kept = runs[1].info.run_id, runs[2].info.run_id
    for number, run_id in ((2, gone), (3, kept)):
        client.artifacts.log_text(run_id, MLMODEL.format(number), "saved/MLmodel")
        client.artifacts.log_text(run_id, f"weights {number}", "saved/index.json")
        client.model_versions.create("model one", f"runs:/{run_id}/saved", run_id=run_id)
    client.runs.delete(gone)
    client.model_versions.create("model one", "s3://elsewhere/model")
    site = tmp_path / "site"
    done = export_site(client, files, site, max_bytes=10**9)
    for version, run_id in (("2", ""), ("3", kept)):
        found = places_of(site, [("name", "model one"), ("version", version)])
        assert found.keys() == {"MLmodel", "index.json"}
        for path, text in (("MLmodel", MLMODEL.format(version)), ("index.json", f"weights {version}")):
            assert (site / found[path]["url"]).read_text() == text
            assert found[path]["url"].startswith(f"frozen/files/{run_id}/" if run_id else "frozen/files/versions/")
            assert found[path]["size"] == len(text)
    copied = [path for path in (site / "frozen" / "files").rglob("*") if path.is_file()]
    assert len(copied) == done.copied.count
    assert sum(path.stat().st_size for path in copied) == done.copied.bytes
    assert len({path.read_bytes() for path in copied if "saved" in path.parts or "versions" in path.parts}) == 4


def test_what_is_damaged_is_left_out_and_named(client: Client, files: dict, tmp_path: Path) -> None:
    run_id = client.runs.list([client.experiments.get_by_name("one").experiment_id])[0].info.run_id
    client.artifacts.log_text(run_id, "nothing of a model", "saved/MLmodel")
    for _ in range(2):
        client.model_versions.create("model one", f"runs:/{run_id}/saved", run_id=run_id)
    done = export_site(client, files, tmp_path / "site", max_bytes=0)
    said = json.loads((tmp_path / "site" / "site.json").read_bytes())["damaged"]
    assert said == sorted(done.damaged)
    assert {text.partition("?")[0] for text in said} == {"cloudtrack/model-versions/diff"}
    assert sum("%2F2" in text and "%2F3" in text for text in said) == 2, "in both orders"


@pytest.mark.slow
def test_versions_near_each_other_are_compared(client: Client, files: dict, tmp_path: Path) -> None:
    run_id = client.runs.list([client.experiments.get_by_name("one").experiment_id])[0].info.run_id
    client.artifacts.log_text(run_id, MLMODEL, "saved/MLmodel")
    for _ in range(6):
        client.model_versions.create("model one", f"runs:/{run_id}/saved", run_id=run_id)
    export_site(client, files, tmp_path / "site", max_bytes=0)
    pairs = [dict(parse_qsl(query)) for route, query, _ in frozen(tmp_path / "site") if route.endswith("/diff")]
    numbers = {tuple(int(pair[side].rpartition("/")[2]) for side in ("before", "after")) for pair in pairs}
    assert numbers == {(a, b) for a in range(2, 8) for b in range(2, 8) if 0 < abs(a - b) <= 3}


@pytest.mark.slow
def test_all_pages_of_a_list_are_there(client: Client, files: dict, tmp_path: Path) -> None:
    for number in range(501):
        client.experiments.create(f"another {number}")
    export_site(client, files, tmp_path / "site", max_bytes=0)
    tables = [json.loads(body) for route, _, body in frozen(tmp_path / "site") if route.endswith("experiments/table")]
    assert sum(len(table["experiments"]) for table in tables) == 503
    assert len(tables) == 2


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
    listed = [(asked.route, asked.per, canonical(asked.query.items())) for asked in ASKED]
    assert len(set(listed)) == len(listed)
