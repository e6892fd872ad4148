"""Through a server everything is as it is over a store: the same methods, arguments, answers and errors."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from cloudtrack.client import AnyClient, Client, connect
from cloudtrack.entities.dataset import Dataset, DatasetInput, InputTag
from cloudtrack.entities.experiment import ViewType
from cloudtrack.entities.run import LoggedModelInput, LoggedModelOutput, Metric
from cloudtrack.errors import CloudtrackError
from cloudtrack.remote.client import RemoteClient
from cloudtrack.search.logged_models import OnDataset, Term
from cloudtrack.storage.memory import MemoryStore
from tests.conftest import BOTH_MODES

ONLY_OVER_A_STORE = {
    "experiments": {"create_default", "set_lifecycle_stage"},
    "runs": {"resume", "commits", "experiment_of", "readers"},
    "metrics": {"columns", "columns_of_runs", "series"},
    "logged_models": {"note_version"},
}
"""What the server itself needs."""
ARGUMENTS_OF_THE_SERVER = {"operation", "shows", "prompts", "creator_id", "allow", "may_read_run"}
SERVICES = (
    "experiments",
    "runs",
    "metrics",
    "artifacts",
    "source_files",
    "console",
    "logged_models",
    "logged_model_artifacts",
    "registered_models",
    "model_versions",
    "stages",
    "aliases",
    "history",
    "kept_files",
    "releases",
    "purging",
    "journals",
    "lineage",
    "diffs",
)


def _methods(service: Any) -> dict[str, list[str]]:
    found = inspect.getmembers(service, inspect.ismethod)
    return {
        name: [argument for argument in inspect.signature(method).parameters if argument not in ARGUMENTS_OF_THE_SERVER]
        for name, method in found
        if not name.startswith("_")
    }


@pytest.mark.parametrize("name", SERVICES)
def test_services_have_the_same_methods_with_the_same_arguments(name: str) -> None:
    over_store = _methods(getattr(Client(MemoryStore()), name))
    through_server = _methods(getattr(RemoteClient("http://host"), name))
    for extra in ONLY_OVER_A_STORE.get(name, ()):
        over_store.pop(extra, None)
    assert through_server == over_store


@pytest.fixture(params=BOTH_MODES)
def either(request: pytest.FixtureRequest, make_url: Callable[[str], str], tmp_path: Path) -> AnyClient:
    return connect(make_url(request.param), spool_dir=tmp_path / "spool")


def _plain(value: Any, names: dict[str, str]) -> Any:
    """An answer without ids, times and addresses, which differ from one store to the next."""
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, dict):
        kept = {key: item for key, item in value.items() if not re.search("time|location|uri|user|creator", str(key))}
        return {_plain(key, names): _plain(item, names) for key, item in kept.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, names) for item in value]
    if isinstance(value, float) and math.isnan(value):
        return "NaN"
    if isinstance(value, str):
        value = re.sub(r" in (memory|file|http)://\S+", "", value)
        return re.sub(
            r"m-[0-9a-f]{32}|[0-9a-f]{32}|\b\d{18}\b", lambda m: names.setdefault(m[0], f"id{len(names)}"), value
        )
    return value


class Recorder:
    """Calls, and writes down what they gave."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.said: list[Any] = []

    def __call__(self, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        try:
            found = call(*arguments, **named)
        except CloudtrackError as error:
            self.said.append([call.__name__, type(error).__name__, _plain(error.message, self.names)])
            return None
        answer = [*found] if isinstance(found, list) else found
        self.said.append([call.__name__, _plain(answer, self.names)])
        return found


def _experiments(client: AnyClient, do: Recorder) -> None:
    made = do(client.experiments.create, "a/b ü", tags={"team": "x"})
    do(client.experiments.create, "a/b ü")
    do(client.experiments.create, "")
    do(client.experiments.create, "x", artifact_location="s3://elsewhere")
    do(client.experiments.get, made)
    do(client.experiments.get, "4711")
    do(client.experiments.get, "../x")
    do(client.experiments.get_by_name, "a/b ü")
    do(client.experiments.get_by_name, "nope")
    do(client.experiments.get_or_create, "a/b ü")
    do(client.experiments.get_or_create, "new")
    do(client.experiments.set_tag, made, "k", 5)
    do(client.experiments.set_tag, made, "../k", "v")
    do(client.experiments.delete_tag, made, "team")
    do(client.experiments.delete_tag, made, "team")
    do(client.experiments.search, "tags.k = '5'")
    do(client.experiments.search, "name LIKE '%w'", order_by=["name DESC"])
    do(client.experiments.search, "nonsense >")
    page = do(client.experiments.search, order_by=["name ASC"], max_results=2)
    do(client.experiments.search, order_by=["name ASC"], max_results=2, page_token=page.token)
    do(client.experiments.search, page_token="nonsense")
    do(client.experiments.rename, made, "new")
    do(client.experiments.rename, made, "c")
    do(client.runs.delete_experiment, made)
    do(client.runs.delete_experiment, made)
    do(client.experiments.rename, made, "d")
    do(client.experiments.set_tag, made, "k", "w")
    do(client.experiments.search, view_type=ViewType.DELETED_ONLY)
    do(client.runs.create, made)
    do(client.runs.restore_experiment, made)
    do(client.runs.restore_experiment, made)
    do(client.experiments.get, made)


def _runs(client: AnyClient, do: Recorder) -> None:
    run = do(client.runs.create, "0", run_name="n", tags={"a": "b"}, start_time=5)
    run_id = run.info.run_id
    do(client.runs.create, "4711")
    do(client.runs.create, "0", run_name="n", tags={"mlflow.runName": "m"})
    do(client.runs.create, "0", start_time=-1)
    values = [0.5, math.nan, math.inf, -math.inf, 1e308, -0.0, 5e-324]
    metrics = [
        Metric(f"m ü/{number}", value, 10 + step, step) for number in range(200) for step, value in enumerate(values)
    ]
    params = {f"p.{number}": "ü\n" * number for number in range(150)}
    do(client.runs.log_batch, run_id, metrics=metrics, params=params, tags={"t": 1, "mlflow.runName": "better"})
    do(client.runs.get, run_id)
    do(client.metrics.history, run_id, "m ü/7")
    do(client.metrics.history, run_id, "nothing")
    do(client.metrics.history, "0" * 32, "m")
    do(client.metrics.history, run_id, "../m")
    do(client.runs.log_batch, run_id, params={"p.1": "other", "new": 1}, tags={"t": "2"})
    do(client.runs.log_batch, run_id, params={"../p": 1})
    do(client.runs.log_batch, run_id, params={"long": "x" * 70_000})
    do(client.runs.log_batch, run_id, metrics=[Metric("m", "high", 1)])  # type: ignore[arg-type]  # the point of it
    do(client.runs.log_batch, run_id)
    do(client.runs.log_batch, "0" * 32, tags={"a": "b"})
    uses = [DatasetInput(Dataset("wine", "abc", "local", "{}", "schema", "profile"), [InputTag("context", "train")])]
    do(client.runs.log_inputs, run_id, uses, [LoggedModelInput("m-" + "a" * 32)])
    do(client.runs.log_inputs, run_id, [], [LoggedModelInput("nonsense")])
    do(client.runs.log_outputs, run_id, [LoggedModelOutput("m-" + "b" * 32, 3)])
    do(client.runs.delete_tag, run_id, "a")
    do(client.runs.delete_tag, run_id, "a")
    do(client.runs.update, run_id, status="FINISHED", run_name="best", end_time=99)
    do(client.runs.update, run_id, status="BORED")
    do(client.runs.update, run_id, end_time=-1)
    do(client.runs.get, run_id)
    for number in range(5):
        other = do(client.runs.create, "0", run_name=f"r{number}", start_time=100 + number).info.run_id
        do(client.runs.log_batch, other, metrics=[Metric("loss", number or math.nan, 1)], params={"even": number % 2})
    do(client.runs.search, ["0"], "metrics.loss >= 2", order_by=["metrics.loss DESC"])
    do(client.runs.search, ["0"], "params.even = '0' AND attributes.status = 'RUNNING'")
    do(client.runs.search, ["0"], f"attributes.run_id IN ('{run_id}')")
    do(client.runs.search, ["0"], "metrics.loss >")
    do(client.runs.search, [])
    page = do(client.runs.search, ["0"], max_results=4)
    do(client.runs.search, ["0"], max_results=4, page_token=page.token)
    do(client.runs.delete, run_id)
    do(client.runs.delete, run_id)
    do(client.runs.log_batch, run_id, tags={"late": "x"})
    do(client.runs.list, ["0"])
    do(client.runs.list, ["0"], view_type=ViewType.DELETED_ONLY)
    do(client.runs.restore, run_id)
    do(client.runs.get, "nope")
    do(client.runs.get, "../etc")


def _writers(client: AnyClient, do: Recorder) -> None:
    run, writer = client.runs.start_writer(client.experiments.get("0"), run_name="w", tags={"a": "b"}, user_id="ann")
    do.said.append(_plain([run.info, run.data], do.names))
    do(writer.log_params, {"a": 1})
    do(writer.log_params, {"a": 2})
    for step in range(5_000):
        writer.log_metric("loss", math.nan if step % 7 == 0 else float(step), step, 1000 + step)
    do(client.runs.get, run.info.run_id)
    do(writer.finish, "FAILED", 123)
    do(client.runs.get, run.info.run_id)
    do(client.metrics.history, run.info.run_id, "loss")
    again = client.runs.open_writer(run.info.run_id)
    do(client.runs.get, run.info.run_id)
    do(again.log_params, {"a": 3})
    do(again.set_tags, {"mlflow.runName": "x"})
    do(again.finish, "KILLED", 456)
    do(client.runs.get, run.info.run_id)
    do(client.runs.open_writer, "0" * 32)
    do(client.runs.start_writer, client.experiments.get("0"), tags={"../a": "b"})
    for name, body in (
        ("packages.txt", b"a==1\n"),
        ("packages.txt", b"a==1\n"),
        ("packages.txt", b"b"),
        ("x.txt", b""),
    ):
        do(client.source_files.create, run.info.run_id, name, body)
        do(client.source_files.read, run.info.run_id, name)
    do(client.source_files.read, run.info.run_id, "code.patch")


def _logged_models(client: AnyClient, do: Recorder) -> None:
    run_id = client.runs.create("0", run_name="r").info.run_id
    model = do(
        client.logged_models.create,
        "0",
        name="m",
        model_type="t",
        source_run_id=run_id,
        params={"a": "1"},
        tags={"b": "2"},
    )
    do(client.logged_models.create, "0", name="a/b")
    do(client.logged_models.create, "4711", name="m")
    model_id = model.model_id
    do(client.logged_models.set_tags, model_id, {"c": "3"})
    do(client.logged_models.delete_tag, model_id, "b")
    do(client.logged_models.delete_tag, model_id, "b")
    do(client.logged_models.log_params, model_id, {"d": "4"})
    do(client.logged_models.log_params, model_id, {"d": "5"})
    points = [Metric("acc", 0.5, 1, 1, run_id=run_id), Metric("acc", 0.9, 2, 2, None, "wine", "abc", run_id)]
    do(client.logged_models.log_metrics, model_id, points)
    of_run = [
        Metric("auc", 0.7, 3, 1, model_id),
        Metric("auc", 0.8, 3, 1, model_id, "wine", "abc"),
        Metric("m", 1.0, 3),
    ]
    do(client.runs.log_batch, run_id, metrics=of_run)
    do(client.runs.log_batch, run_id, metrics=[Metric("lost", 1.0, 3), Metric("lost", 2.0, 3, 1, "m-" + "0" * 32)])
    do(client.runs.log_batch, run_id, metrics=[Metric("lost", 2.0, 3, 1, "nonsense")])
    writer = client.runs.open_writer(run_id)
    for step in range(3):
        writer.log_model_metric([model_id], "loss", math.nan if step else math.inf, step, 4)
    do(client.runs.flush)
    do(client.runs.get, run_id)
    do(client.logged_models.finalize, model_id, "READY")
    do(client.logged_models.finalize, model_id, "BORED")
    do(client.logged_models.get, model_id)
    do(client.logged_models.list, ["0"])
    for number in range(3):
        other = client.logged_models.create("0", name=f"other{number}", params={"n": str(number)}).model_id
        client.logged_models.log_metrics(other, [Metric("acc", number / 2, 3, 1, None, "wine", "abc", run_id)])
    for text in (None, "metrics.acc > 0.6", "params.n = '1' OR params.a IS NOT NULL", "status = 'READY'", "nonsense"):
        do(client.logged_models.search, ["0"], text)
    wine, by_acc = OnDataset("wine", "abc"), Term("metrics.acc", ascending=False)
    do(client.logged_models.search, ["0"], "metrics.acc > 0", datasets=[wine], order_by=[by_acc], max_results=2)
    do(client.logged_models.search, ["0"], order_by=[Term("metrics.acc", dataset=wine)])
    do(client.logged_models.search, ["0"], max_results=2)
    page = do(client.logged_models.search, ["0"], order_by=[by_acc], max_results=2)
    do(client.logged_models.search, ["0"], order_by=[by_acc], max_results=2, page_token=page.token)
    do(client.logged_models.delete, model_id)
    do(client.logged_models.delete, model_id)
    do(client.logged_models.get, model_id)
    do(client.logged_models.get, model_id, allow_deleted=True)
    do(client.logged_models.get, "nonsense")
    do(client.logged_models.delete, "m-" + "0" * 32)


def _models(client: AnyClient, do: Recorder) -> None:
    run_id = client.runs.create("0").info.run_id
    client.artifacts.log_text(run_id, "flavors: {}\n", "model/MLmodel")
    source = f"runs:/{run_id}/model"
    do(client.register_model, source, "churn", tags={"k": 1}, description="d")
    do(client.register_model, source, "churn")
    do(client.register_model, f"runs:/{run_id}/nothing", "churn")
    do(client.register_model, "models:/churn/1", "copy")
    do(client.model_versions.create, "churn", source, run_id=run_id, run_link="http://x", comment="why")
    do(client.model_versions.create, "churn", "")
    do(client.stages.transition, "churn", 1, "production", comment="good")
    do(client.stages.transition, "churn", 2, "Production", archive_existing_versions=True)
    do(client.stages.transition, "churn", 3, "Archived", archive_existing_versions=True)
    do(client.stages.transition, "churn", 3, "Canary")
    do(client.stages.transition, "churn", 9, "Staging")
    do(client.stages.holders, "churn", "production")
    do(client.aliases.set, "churn", "champion", 1, comment="it")
    do(client.aliases.set, "churn", "v1", 1)
    do(client.aliases.get, "churn", "champion")
    do(client.aliases.get, "churn", "boss")
    for reference in ("1", "9", "latest", "Production", "Staging", "Canary", "@champion", "@boss"):
        do(client.model_versions.resolve, "churn", reference)
        do(client.locate_model, f"models:/churn{reference}" if "@" in reference else f"models:/churn/{reference}")
    do(client.registered_models.get, "churn")
    do(client.registered_models.get, "nope")
    for name in ("it's \\ a 'name'", 'say "hi"', "ends in \\", "ends in '", "100%", "a AND name = 'b'"):
        do(client.registered_models.create, name, tags={"mlflow.prompt.is_prompt": "true"})
        do(client.model_versions.create, name, source, run_id=run_id)
        do(client.model_versions.list, name)
    do(client.model_versions.list, "nope")
    do(client.model_versions.list, "churn")
    do(client.model_versions.latest, "churn")
    do(client.model_versions.get_latest_versions, "churn", ["None", "Archived"])
    do(client.registered_models.search)
    do(client.registered_models.search, "name LIKE 'c%'", order_by=["name DESC"], max_results=1)
    do(client.model_versions.search, f"run_id = '{run_id}'", order_by=["version_number ASC"])
    do(client.registered_models.set_tag, "churn", "t", 5)
    do(client.registered_models.delete_tag, "churn", "t")
    do(client.registered_models.update, "churn", description="new")
    do(client.model_versions.set_tag, "churn", 1, "t", 5)
    do(client.model_versions.delete_tag, "churn", 1, "t")
    do(client.model_versions.update, "churn", 1, description="new")
    do(client.model_versions.delete, "churn", 3, comment="bad")
    do(client.model_versions.get, "churn", 3)
    do(client.model_versions.get, "churn", "x")
    do(client.registered_models.rename, "churn", "copy")
    do(client.registered_models.rename, "churn", "leave")
    do(client.registered_models.get, "churn")
    do(client.aliases.delete, "leave", "champion", comment="gone")
    do(client.registered_models.delete, "leave", comment="end")
    do(client.history.verify, "leave")
    do(client.history.verify, "never")
    do(client.history.events, "never")
    for name in ("churn", "leave"):
        history = [[event.summary(), event.comment] for event in client.history.events(name)]
        do.said.append(_plain(history, do.names))


def _console(client: AnyClient, do: Recorder) -> None:
    run_id = client.runs.create("0").info.run_id
    one, two = "1790000000000-0123456789ab-host%3A1", "1790000000001-0123456789ac-host%3A2"
    do(client.console.streams, run_id)
    do(client.console.read, run_id)
    do(client.console.append, run_id, one, 0, "ü\n".encode())
    do(client.console.append, run_id, one, 0, "ü\n".encode())
    do(client.console.append, run_id, one, 3, b"\xff\x00\n")
    do(client.console.append, run_id, two, 0, b"two\n")
    do(client.console.append, run_id, "nonsense", 0, b"x")
    do(client.console.append, run_id, one, -1, b"x")
    do(client.console.append, run_id, one, 6, b"")
    do(client.console.append, "../x", one, 6, b"x")
    do(client.console.streams, run_id)
    page = do(client.console.read, run_id, "", 1)
    do(client.console.read, run_id, page.cursor)
    page = do(client.console.read, run_id, limit_bytes=4, backwards=True)
    do(client.console.read, run_id, page.cursor, 100, backwards=True)
    do(client.console.read, run_id, page.end)
    do(client.console.read, run_id, "nonsense")


@pytest.mark.parametrize("story", [_experiments, _runs, _writers, _logged_models, _models, _console])
def test_answers_are_the_same(
    story: Callable[[AnyClient, Recorder], None], make_url: Callable[[str], str], tmp_path: Path
) -> None:
    told = []
    for mode in BOTH_MODES:
        client = connect(make_url(mode), spool_dir=tmp_path / mode)
        recorder = Recorder()
        story(client, recorder)
        client.close()
        told.append(recorder.said)
    over_store, through_server = told
    assert len(over_store) > 15
    for ours, theirs in zip(through_server, over_store, strict=True):
        assert ours == theirs


def test_a_tag_of_many_kilobytes_is_refused_at_the_start(either: AnyClient) -> None:
    tags = {f"t{number}": "x" * 60_000 for number in range(20)}
    if isinstance(either, Client):
        either.runs.start_writer(either.experiments.get("0"), tags=tags)[1].finish("FINISHED")
        return
    with pytest.raises(ValueError, match="after the start"):
        either.runs.start_writer(either.experiments.get("0"), tags=tags)
