"""The command line, as a person and as a program use it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cloudtrack.client import Client, connect
from cloudtrack.entities.run import Metric
from tests.cli.commands import answer, cloudtrack


@pytest.fixture
def run_id(store_url: str, tmp_path: Path) -> str:
    client = connect(store_url, spool_dir=tmp_path / "spool")
    run = client.runs.create(client.experiments.create("wine"), run_name="one \x1b[31mred")
    metrics = [Metric("loss", 0.5, 1, 1), Metric("loss", float("nan"), 2, 2), Metric("acc", 0.9, 1)]
    client.runs.log_batch(run.info.run_id, metrics=metrics, params={"depth": 3}, tags={"k": "v"})
    return run.info.run_id


IN_BOTH_MODES = pytest.mark.parametrize(
    "store_url", ["folder", pytest.param("server", marks=pytest.mark.slow)], indirect=True
)


@pytest.mark.parametrize(
    "store_url",
    ["folder", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("server", "seaweed-obstore"))],
    indirect=True,
)
def test_the_demo_does_the_whole_job_twice(store_url: str) -> None:
    first = cloudtrack("demo", store=store_url)
    assert first.returncode == 0, first.stderr
    assert "registered  wine-cultivar version 1" in first.stdout
    assert "Try next" in first.stdout
    second = answer("demo", store=store_url)
    assert second["version"] == 2
    assert len(second["predictions"]) == len(second["truth"]) == 8
    right = sum(p == t for p, t in zip(second["predictions"], second["truth"], strict=True))
    assert right >= 6
    shown = answer("models", "show", "wine-cultivar", store=store_url)
    assert {v["version"]: v["current_stage"] for v in shown["versions"]} == {1: "Archived", 2: "Production"}


@IN_BOTH_MODES
def test_experiments_are_managed(store_url: str) -> None:
    made = answer("experiments", "create", "a", store=store_url)
    assert answer("experiments", "rename", "a", "b", store=store_url)["name"] == "b"
    assert answer("experiments", "tag", "b", "k", "v", store=store_url)["tags"] == {"k": "v"}
    assert answer("experiments", "show", made["experiment_id"], store=store_url)["name"] == "b"
    answer("experiments", "delete", "b", store=store_url)
    assert [item["name"] for item in answer("experiments", "list", "--deleted", store=store_url)] == ["b"]
    answer("experiments", "restore", "b", store=store_url)
    assert {item["name"] for item in answer("experiments", "list", store=store_url)} == {"b", "Default"}
    assert "b" in cloudtrack("experiments", "list", store=store_url).stdout


@IN_BOTH_MODES
def test_runs_are_listed_shown_and_changed(store_url: str, run_id: str) -> None:
    (listed,) = answer("runs", "list", "-e", "wine", "-f", "params.depth = '3'", store=store_url)
    assert listed["info"]["run_id"] == run_id
    assert answer("runs", "list", "-f", "metrics.acc > 1", store=store_url) == []
    shown = answer("runs", "show", run_id, store=store_url)
    assert shown["data"]["metrics"]["loss"] == "nan"
    points = answer("runs", "metrics", run_id, "loss", store=store_url)
    assert [point["value"] for point in points] == [0.5, "nan"]
    assert answer("runs", "tag", run_id, "x", "y", store=store_url)["data"]["tags"]["x"] == "y"
    assert answer("runs", "end", run_id, "--status", "failed", store=store_url)["info"]["status"] == "FAILED"
    assert answer("runs", "delete", run_id, store=store_url)["info"]["lifecycle_stage"] == "deleted"
    assert answer("runs", "restore", run_id, store=store_url)["info"]["lifecycle_stage"] == "active"
    text = cloudtrack("runs", "show", run_id, store=store_url).stdout
    assert "depth" in text
    assert "\x1b[31m" not in text  # a name cannot steer the terminal


@IN_BOTH_MODES
def test_artifacts_go_up_and_down(store_url: str, run_id: str, tmp_path: Path) -> None:
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "in" / "sub" / "a.txt").write_text("a")
    assert answer("artifacts", "log", run_id, str(tmp_path / "in"), "--to", "data", store=store_url)["files"] == 1
    assert [item["path"] for item in answer("artifacts", "list", run_id, store=store_url)] == ["data"]
    answer("artifacts", "download", run_id, "data", "--to", str(tmp_path / "out"), store=store_url)
    assert (tmp_path / "out" / "data" / "sub" / "a.txt").read_text() == "a"
    answer("artifacts", "delete", run_id, "data", store=store_url)
    assert answer("artifacts", "list", run_id, store=store_url) == []


@IN_BOTH_MODES
def test_models_are_managed(store_url: str, run_id: str) -> None:
    client = connect(store_url)
    client.artifacts.log_text(run_id, "flavors: {}\n", "model/MLmodel")
    assert answer("models", "register", f"runs:/{run_id}/model", "m", store=store_url)["version"] == 1
    answer("models", "register", f"runs:/{run_id}/model", "m", store=store_url)
    assert answer("models", "promote", "m", "1", "-m", "good", store=store_url)["current_stage"] == "Production"
    assert answer("models", "promote", "m", "2", store=store_url)["current_stage"] == "Production"
    assert answer("models", "alias", "m", "champion", "2", store=store_url)["aliases"] == {"champion": 2}
    assert answer("models", "alias", "m", "champion", "--delete", store=store_url)["aliases"] == {}
    events = answer("registry", "log", "m", store=store_url)
    assert [event["comment"] for event in events if event["change"]["type"] == "stage_transitioned"] == ["good", None]
    verified = answer("registry", "verify", "m", store=store_url)
    assert verified["events"] == len(events)
    assert (
        answer("registry", "verify", "m", "--anchor", verified["anchor"], "--files", store=store_url)["versions"] == 2
    )
    wrong = f"{len(events) + 1}:{verified['anchor'].partition(':')[2]}"
    cut = cloudtrack("registry", "verify", "m", "--anchor", wrong, store=store_url)
    assert (cut.returncode, "the end was cut off" in cut.stderr) == (1, True)
    refused = cloudtrack("models", "promote", "m", "1", "--expect", "1", store=store_url)
    assert (refused.returncode, "held by version 2, not by version 1" in refused.stderr) == (1, True)
    assert answer("models", "rollback", "m", "--expect", "2", store=store_url)["version"] == 1
    blamed = answer("registry", "blame", "m", store=store_url)
    assert [(item["place"], item["version"]) for item in blamed] == [("Production", 1)]
    assert cloudtrack("registry", "at", "m", "2100-01-01", store=store_url).returncode == 1
    assert answer("models", "stages", "m", store=store_url)["stages"] == ["None", "Staging", "Production", "Archived"]
    changed = answer("models", "stages", "m", "Staging", "Production", "--exclusive", "Production", store=store_url)
    assert changed["exclusive_stages"] == ["Production"]
    answer("models", "delete", "m", "1", store=store_url)
    answer("models", "delete", "m", store=store_url)
    assert answer("models", "list", store=store_url) == []
    answer("models", "create", "n", store=store_url)
    for command in (["models", "list"], ["models", "show", "n"], ["models", "stages", "n"], ["registry", "log", "m"]):
        assert cloudtrack(*command, store=store_url).returncode == 0


@pytest.mark.parametrize("store_url", ["folder", "moto-s3fs", "moto-obstore"], indirect=True)
def test_doctor_finds_a_working_store_well(store_url: str, run_id: str) -> None:
    report = answer("doctor", store=store_url)
    assert report["ok"]
    assert [check["name"] for check in report["checks"]][:3] == ["format", "write", "read"]
    assert "testing" not in report["identity"]
    assert "everything works" in cloudtrack("doctor", store=store_url).stdout
    assert [info.key for info in Client(store_url).store.list("doctor/")] == []


@IN_BOTH_MODES
def test_sync_says_when_there_is_nothing(store_url: str) -> None:
    assert answer("sync", store=store_url) == {
        "delivered": [],
        "in_use": [],
        "other_store": [],
        "failed": {},
        "purged": [],
        "calls": [],
        "refused": {},
        "dropped": {},
    }


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["runs", "show", "nope"], 1, "no run with id 'nope'"),
        (["runs", "show", "../etc"], 1, "not a run id"),
        (["runs", "list", "-e", "nope"], 1, "no experiment named 'nope'"),
        (["runs", "list", "-f", "metrics.loss >"], 1, "column 15"),
        (["runs", "end", "x", "--status", "bored"], 1, "no run status"),
        (["models", "show", "nope"], 1, "no registered model 'nope'"),
        (["models", "register", "nonsense", "m"], 1, "no model URI"),
        (["artifacts", "log", "x", "nope"], 1, "no run with id"),
        (["-s", "ftp://x", "runs", "list"], 1, "'ftp://x' is no store"),
        pytest.param(["-s", "http://127.0.0.1:9", "runs", "list"], 1, ":9 did not answer", marks=pytest.mark.slow),
        (["-s", "http://127.0.0.1:9", "tokens", "list"], 1, "works on the store itself"),
        (["-s", "http://ann:secret@127.0.0.1:9", "runs", "list"], 1, "no user and password"),
        (["-s", "s3://", "runs", "list"], 1, "needs a bucket"),
        (["-s", "s3://key:secret@bucket/x", "runs", "list"], 1, "never credentials"),
        (["-s", "s3://b/x?colour=red", "runs", "list"], 1, "unknown option 'colour'"),
        (["-s", "no-such-folder", "runs", "list"], 1, "no cloudtrack store"),
        (["-s", "/etc/hostname", "runs", "list"], 1, "is a file"),
        (["-s", "/proc/self/x", "experiments", "create", "a"], 1, "/proc/self"),
        (["runs", "shw"], 2, "No such command"),
        (["runs", "list", "--max", "no"], 2, "max"),
        ([], 2, "Usage"),
    ],
)
def test_a_mistake_gets_one_clear_line_and_no_traceback(
    store_url: str, run_id: str, arguments: list[str], code: int, said: str
) -> None:
    done = cloudtrack(*arguments, store=store_url)
    assert done.returncode == code, done.stdout + done.stderr
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    if code == 1:
        assert done.stderr.count("\n") == 1
        assert done.stderr.startswith("Error: ")


@pytest.mark.parametrize("form", ["s3fs", "obstore"])
def test_a_missing_bucket_and_missing_rights_are_explained(form: str, moto_url: str) -> None:
    done = cloudtrack("-s", f"s3://no-such-bucket/x?endpoint_url={moto_url}&form={form}", "runs", "list")
    assert done.returncode == 1
    assert "there is no bucket 'no-such-bucket'" in done.stderr


def test_help_is_everywhere() -> None:
    for arguments in (
        [],
        ["runs"],
        ["experiments"],
        ["artifacts"],
        ["models"],
        ["demo"],
        ["doctor"],
        ["sync"],
        ["runs", "list"],
    ):
        done = cloudtrack(*arguments, "--help")
        assert done.returncode == 0
        assert "--help" in done.stdout
    assert cloudtrack("--version").stdout.startswith("cloudtrack ")


@pytest.mark.parametrize("form", ["s3fs", "obstore"])
def test_doctor_says_what_to_fix_first(form: str, moto_url: str) -> None:
    done = cloudtrack("-s", f"s3://no-such-bucket/x?endpoint_url={moto_url}&form={form}", "doctor")
    assert done.returncode == 1
    assert "fix this first: format: there is no bucket 'no-such-bucket'" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_lost_run_is_shown_as_lost(store_url: str, tmp_path: Path) -> None:
    client = Client(store_url, spool_dir=tmp_path / "spool")
    run, writer = client.runs.start_writer(client.experiments.get("0"))
    writer.detach()
    key = f"runs/{run.info.run_id}/run.json"
    there = client.store.get(key)
    content = json.loads(there.body) | {"heartbeat_time": 1_000}
    client.store.replace(key, json.dumps(content).encode(), there.etag)
    assert "LOST" in cloudtrack("runs", "list", store=store_url).stdout
    assert answer("runs", "show", run.info.run_id, store=store_url)["info"]["is_lost"]
    ended = answer("runs", "end", run.info.run_id, "--status", "KILLED", store=store_url)
    assert (ended["info"]["status"], ended["info"]["is_lost"]) == ("KILLED", False)
