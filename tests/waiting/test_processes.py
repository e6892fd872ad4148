"""Journals of processes: of those that are killed, fork, or have no disk; and what the command says of them."""

from __future__ import annotations

import json
from pathlib import Path

from cloudtrack.client import Client
from tests.cli.commands import cloudtrack
from tests.scripts import run_script
from tests.waiting.offline import log_model, spooled


def test_kill_9_loses_no_call_that_returned_and_children_have_journals_of_their_own(
    store_url: str, tmp_path: Path
) -> None:
    log_model(Client(store_url), "m-" + "d" * 32, tmp_path / "files")
    done = run_script(
        f"""
        import os, signal
        import cloudtrack as ct

        uri = "models:/m-{"d" * 32}"
        version = ct.register_model(uri, "iris").version
        if not os.fork():
            ct.MlflowClient().set_registered_model_alias("iris", "child", version)
            os._exit(0)
        os.wait()
        ct.MlflowClient().set_registered_model_alias("iris", "parent", version)
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        store=store_url,
        folder=tmp_path,
        CLOUDTRACK_OFFLINE="1",
    )
    assert done.returncode == -9, done.stderr
    assert len(spooled(tmp_path / "spool")) == 2
    report = Client(store_url).sync()
    assert (len(report.calls), report.refused, spooled(tmp_path / "spool")) == (3, {}, [])
    assert Client(store_url).registered_models.get("iris").aliases == {"child": 1, "parent": 1}


def test_sync_prints_what_was_refused_and_gives_it_up_where_asked(store_url: str, tmp_path: Path) -> None:
    Client(store_url).registered_models.create("taken")
    done = run_script(
        """
        import cloudtrack as ct

        ct.MlflowClient().create_registered_model("taken")
        ct.MlflowClient().create_registered_model("free")
        """,
        store=store_url,
        folder=tmp_path,
        CLOUDTRACK_OFFLINE="1",
    )
    assert done.returncode == 0
    assert "cloudtrack sync" in done.stderr
    said = cloudtrack("sync", store=store_url)
    assert said.returncode == 1
    assert "done        registered_models.create(name='free')" in said.stdout
    assert "refused" in said.stderr
    assert "'taken' exists already" in said.stderr
    assert "--drop-refused" in said.stderr
    assert len(json.loads(cloudtrack("sync", "--json", store=store_url).stdout)["refused"]) == 1
    assert cloudtrack("sync", "--retry-refused", store=store_url).returncode == 1
    said = cloudtrack("sync", "--drop-refused", store=store_url)
    assert (said.returncode, "given up" in said.stdout) == (0, True)
    assert "nothing waits" in cloudtrack("sync", store=store_url).stdout
