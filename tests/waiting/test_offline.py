"""Models and the registry without the store: all waits in a journal, and comes to the store as it would have been."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cloudtrack.client import AnyClient, connect
from tests.conftest import SLOW_SERVER
from tests.scripts import run_script

TRAIN = """
    import pathlib
    import cloudtrack as ct

    class Doubles(ct.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            return model_input

    ct.set_experiment("offline")
    client = ct.MlflowClient()
    with ct.start_run(run_name="one") as run:
        pathlib.Path("run_id").write_text(run.info.run_id)
        info = ct.pyfunc.log_model(
            name="model", python_model=Doubles(), params={"depth": 3}, registered_model_name="iris", tags={"a": "b"}
        )
        for step in range(3):
            ct.log_metric("acc", step / 2, step=step)
        ct.set_logged_model_tags(info.model_id, {"reviewed": "yes"})
        ct.log_table({"q": [1, 2]}, "table.json")
        ct.log_table({"q": [3]}, "table.json")
        ct.log_table({"q": 4}, "table.json")
        ct.log_text("x", "plain/x.txt")
    print("version", info.registered_model_version)
    version = ct.register_model(f"runs:/{run.info.run_id}/model", "iris", tags={"second": 1})
    print("second", version.version, version.status)
    client.create_registered_model("empty", tags={"t": 5}, description="d")
    client.update_registered_model("empty", "better")
    client.set_registered_model_tag("empty", "u", 6)
    client.set_registered_model_alias("iris", "champion", info.registered_model_version)
    moved = client.transition_model_version_stage("iris", version.version, "Production", archive_existing_versions=True)
    print("moved", moved.version, moved.current_stage)
    client.set_model_version_tag("iris", version.version, "k", "v")
    client.update_model_version("iris", version.version, "words")
    client.set_registered_model_alias("iris", "gone", version.version)
    client.delete_registered_model_alias("iris", "gone")
    client.create_model_version("empty", info.model_uri)
    END
"""


def train(store_url: str, folder: Path, *, end: str = "", offline: str = "1") -> str:
    folder.mkdir(exist_ok=True)
    done = run_script(
        TRAIN.replace("END", end),
        store=store_url,
        folder=folder,
        CLOUDTRACK_OFFLINE=offline,
        CLOUDTRACK_SPOOL_DIR=str(folder / "spool"),
    )
    assert done.returncode == (-9 if "kill" in end else 0), done.stderr
    return done.stdout


def seen(client: AnyClient) -> dict[str, object]:
    """What a store has, without ids and times."""
    [experiment] = [e for e in client.experiments.search() if e.name == "offline"]
    [run] = client.runs.list([experiment.experiment_id])
    [model] = client.logged_models.list([experiment.experiment_id])
    run_id = run.info.run_id
    plain = lambda text: str(text).replace(run_id, "RUN").replace(model.model_id, "MODEL")  # noqa: E731
    histories = {
        name: [(plain(event.summary()), event.actor, event.comment) for event in client.history.events(name)]
        for name in ("iris", "empty")
    }
    versions = [
        (
            v.name,
            v.version,
            plain(v.source),
            plain(v.run_id),
            plain(v.model_id),
            v.current_stage,
            v.tags,
            v.aliases,
            v.description,
            v.status,
            bool(v.manifest),
        )
        for name in ("iris", "empty")
        for v in client.model_versions.list(name)
    ]
    return {
        "run": (run.info.status, plain(run.outputs), run.data.metrics),
        "model": (model.name, model.status, model.params, model.tags, plain(model.source_run_id)),
        "model metrics": [(m.key, m.value, m.step, plain(m.run_id)) for m in model.metrics],
        "model files": sorted(file.path for file in client.logged_model_artifacts.walk(model.model_id)),
        "files": {file.path: client.artifacts.read(run_id, file.path) for file in client.artifacts.walk(run_id)},
        "histories": histories,
        "versions": versions,
        "loads": bool(client.read_model_file("models:/iris/Production").flavors),
    }


@pytest.mark.parametrize("mode", SLOW_SERVER)
def test_an_offline_script_comes_to_the_store_as_it_would_have_been(
    mode: str, make_url: Callable[[str], str], tmp_path: Path
) -> None:
    online_url, store_url = make_url(mode), make_url(mode)
    said = train(online_url, tmp_path / "online", offline="")
    assert "second 2 READY" in said
    said = train(store_url, tmp_path / "offline")
    assert "version pending-" in said
    assert "PENDING_REGISTRATION" in said
    shutil.copytree(tmp_path / "offline" / "spool", tmp_path / "one")
    report = connect(store_url, spool_dir=tmp_path / "offline" / "spool").sync()
    assert not report.refused
    assert not report.failed
    assert list((tmp_path / "offline" / "spool").iterdir()) == []
    expected = seen(connect(online_url))
    assert seen(connect(store_url)) == expected
    again = connect(store_url, spool_dir=tmp_path / "one").sync()
    assert (again.calls, again.refused, again.failed) == ([], {}, {})
    assert list((tmp_path / "one").iterdir()) == []
    assert seen(connect(store_url)) == expected
