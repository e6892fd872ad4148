"""The policies for people who use the bucket directly."""

from __future__ import annotations

import json
import shutil
import uuid
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from cloudtrack import clock
from cloudtrack.access.iam import ROLES, iam_policy
from cloudtrack.client import Client
from cloudtrack.errors import InvalidInput, PermissionDenied
from cloudtrack.grants.collecting import Collector
from cloudtrack.grants.grants import Grants
from cloudtrack.grants.shares import Shares
from cloudtrack.storage.opening import open_store
from cloudtrack.tracking import keys
from cloudtrack.tracking.grants import LATE_MS
from cloudtrack.tracking.points import INLINE_POINTS
from tests.cli.commands import cloudtrack
from tests.grants.fakes import FakeSigner
from tests.handlers.guarded_store import guarded
from tests.infra.iam import Statement, as_list, bucket_statements
from tests.infra.stack import ROOT, Stack, read_template
from tests.waiting.offline import log_model, offline, spooled

CALLERS = sorted(path.stem for path in (ROOT / "infra" / "policies").glob("*.json"))


def statements(role: str) -> list[Statement]:
    """What a role is allowed."""
    found: list[Statement] = iam_policy(role, "bucket", "store")["Statement"]
    return found


@pytest.fixture(name="uri")
def _uri(tmp_path: Path) -> str:
    """A store with a run and a registered model."""
    client = Client((tmp_path / "store").as_uri())
    run = client.runs.create("0")
    client.artifacts.log_text(run.info.run_id, "model", "model/MLmodel")
    client.registered_models.create("churn")
    client.model_versions.create("churn", f"runs:/{run.info.run_id}/model")
    return client.uri


def client_of(policy: str, uri: str, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A client with AWS credentials that have this policy."""
    bucket = bucket_statements(Stack(read_template()))

    def open_guarded(url: str, **options: Any) -> Any:
        return guarded(open_store(url, **options), statements(policy), bucket)

    with monkeypatch.context() as patch:
        patch.setattr("cloudtrack.client.open_store", open_guarded)
        return Client(uri)


@pytest.mark.parametrize("name", [*ROLES, *CALLERS])
def test_policies_name_what_they_are_about(name: str) -> None:
    if name in ROLES:
        policy = iam_policy(name, "bucket", "store", kms_key_arn="arn:aws:kms:eu-west-1:1:key/2")
    else:
        policy = json.loads((ROOT / "infra" / "policies" / f"{name}.json").read_text(encoding="utf-8"))
    for statement in policy["Statement"]:
        assert not any("*" in action for action in as_list(statement["Action"]))
        assert "*" not in as_list(statement["Resource"])


def test_a_policy_is_of_one_store_alone() -> None:
    for prefix in ("", "/", "team/prod/"):
        place = f"arn:aws:s3:::b/{prefix.strip('/')}/" if prefix.strip("/") else "arn:aws:s3:::b/"
        for role in ROLES:
            for statement in iam_policy(role, "b", prefix)["Statement"]:
                assert all(each == "arn:aws:s3:::b" or each.startswith(place) for each in statement["Resource"])
    for wrong in (
        ("nobody", "b", ""),
        ("reader", "b*", ""),
        ("reader", "b", "te?m"),
        ("reader", "b", "${aws:username}"),
    ):
        with pytest.raises(InvalidInput):
            iam_policy(*wrong)


def test_the_command_fills_in_the_store() -> None:
    done = cloudtrack("-s", "s3://bucket/store", "access", "iam", "trainer", "--kms-key", "arn:aws:kms:x:1:key/2")
    assert json.loads(done.stdout) == iam_policy("trainer", "bucket", "store", kms_key_arn="arn:aws:kms:x:1:key/2")
    done = cloudtrack("-s", "folder", "access", "iam", "trainer")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "s3://bucket/prefix" in done.stderr


def test_a_trainer_writes_no_stage_not_even_object_by_object() -> None:
    store = guarded(_Yes(), statements("trainer"), bucket_statements(Stack(read_template())))
    for key in ("models/churn/model.json", "models/churn/events/000000000007.json", "releases/prod/release.json"):
        for write in (lambda key=key: store.create(key, b"{}"), lambda key=key: store.replace(key, b"{}", '"e"')):
            with pytest.raises(PermissionDenied):
                write()
        with pytest.raises(PermissionDenied):
            store.delete(key)


def test_a_trainer_trains_and_reads_the_registry_and_cannot_change_it(
    uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of("trainer", uri, monkeypatch)
    experiment_id = client.experiments.create("new")
    run_id = client.runs.create(experiment_id).info.run_id
    for first in range(0, 9 * (INLINE_POINTS + 1), INLINE_POINTS + 1):
        client.runs.log_batch(run_id, metrics=[_point(first + step) for step in range(INLINE_POINTS + 1)])
    assert len(client.runs.get(run_id).data.metrics) == 1
    client.artifacts.log_text(run_id, "one", "note.txt")
    client.artifacts.log_text(run_id, "two", "note.txt")
    client.runs.update(run_id, status="FINISHED")
    client.runs.log_batch(run_id, tags={"after": "the end"})
    assert client.artifacts.read(run_id, "note.txt") == b"two"
    assert client.model_versions.get("churn", "1").source.startswith("runs:/")
    with pytest.raises(PermissionDenied):
        client.stages.transition("churn", "1", "Production")
    with pytest.raises(PermissionDenied):
        client.registered_models.create("mine")


def test_a_reader_reads_and_writes_nothing(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_of("reader", uri, monkeypatch)
    (run,) = client.runs.list(["0"])
    assert client.artifacts.read(run.info.run_id, "model/MLmodel") == b"model"
    assert client.model_versions.get("churn", "1").version == 1
    for write in (
        lambda: client.experiments.create("new"),
        lambda: client.runs.create("0"),
        lambda: client.artifacts.log_text(run.info.run_id, "x", "x"),
        lambda: client.registered_models.create("mine"),
    ):
        with pytest.raises(PermissionDenied):
            write()


def test_a_trainer_delivers_models_that_waited_and_no_registration(
    uri: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    away = offline(Client(uri).store, tmp_path / "spool")
    log_model(away, "m-" + "d" * 32, tmp_path / "files")
    away.close()
    shutil.copytree(tmp_path / "spool", tmp_path / "copy")
    other = offline(Client(uri).store, tmp_path / "other")
    other.register_model("models:/m-" + "d" * 32, "churn")
    other.close()
    client = client_of("trainer", uri, monkeypatch)
    for spool in ("spool", "copy"):
        client._spool_dir = tmp_path / spool
        report = client.sync()
        assert (report.failed, report.refused, spooled(tmp_path / spool)) == ({}, {}, [])
    assert client.logged_models.get("m-" + "d" * 32).status == "READY"
    client._spool_dir = tmp_path / "other"
    report = client.sync()
    assert [reason for reason in report.failed.values() if "not allowed" in reason]
    assert len(client.model_versions.list("churn")) == 1


def test_a_granter_grants_collects_and_shares_and_a_trainer_does_not(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (run,) = Client(uri).runs.list(["0"])
    experiment = Client(uri).experiments.get("0")
    for role, may in (("granter", True), ("trainer", False)):
        client = client_of(role, uri, monkeypatch)
        uses = (
            lambda client=client: Grants(client, FakeSigner()).make(experiment, 3600),
            lambda client=client: Shares(client, FakeSigner()).publish(run.info.run_id, 3600),
        )
        for use in uses:
            with nullcontext() if may else pytest.raises(PermissionDenied):
                use()
    client = client_of("granter", uri, monkeypatch)
    (grant,) = Grants(client).list()
    client.store.create(keys.grant_slot(grant.grant_id, 0), b"no delivery")
    (collected,) = Collector(client).collect_all()
    assert list(collected.refused) == [0]
    Grants(client).revoke(grant.grant_id)
    monkeypatch.setattr(clock, "now_ms", lambda: grant.expires + 2 * LATE_MS)
    (collected,) = Collector(client).collect_all()
    assert collected.is_closed
    assert [info.key for info in client.store.list(keys.grant_inbox(grant.grant_id))] == []


def test_a_release_manager_promotes_and_changes_no_run(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_of("release-manager", uri, monkeypatch)
    assert client.stages.transition("churn", "1", "Production").current_stage == "Production"
    client.aliases.set("churn", "champion", "1")
    (run,) = client.runs.list(["0"])
    with pytest.raises(PermissionDenied):
        client.runs.log_batch(run.info.run_id, tags={"a": "b"})


@pytest.mark.parametrize("name", ["trainer", "reader", "release-manager"])
def test_whoever_reads_the_registry_reads_its_feed(name: str, uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = Client(uri)
    for _ in range(100):
        writer.registered_models.create(uuid.uuid4().hex)
    cursor = writer.feed.read("now").cursor
    assert [info.key for info in writer.store.list("feed/")], "there is a base to be read"
    client = client_of(name, uri, monkeypatch)
    assert client.feed.read(cursor).events == []
    assert len(client.feed.read("start", 1000).events) == 102
    writer.registered_models.create("another")
    assert [item.name for item in client.feed.read(cursor).events] == ["another"]


@pytest.mark.parametrize("name", ["trainer", "reader", "release-manager"])
def test_nobody_but_platform_admins_reaches_tokens_and_permissions(name: str) -> None:
    bucket: list[Statement] = []
    for key in ("access/tokens/x.json", "access/policy.json", "webhooks/w.json", "feed/webhooks/w.json"):
        store = guarded(_Yes(), statements(name), bucket)
        with pytest.raises(PermissionDenied):
            store.get(key)
        with pytest.raises(PermissionDenied):
            store.create(key, b"")
        assert guarded(_Yes(), statements("platform-admin"), bucket).get(key) == "done"


def test_a_platform_admin_does_not_write_blindly_either() -> None:
    bucket = bucket_statements(Stack(read_template()))
    store = guarded(_Yes(), statements("platform-admin"), bucket)
    assert store.create("access/policy.json", b"{}") == "done"
    with pytest.raises(PermissionDenied):
        store.upload("access/policy.json", b"{}")


class _Yes:
    """A store that does all it is asked."""

    def get(self, _key: str) -> str:
        return "done"

    def create(self, _key: str, _body: bytes) -> str:
        return "done"

    upload = create

    def replace(self, _key: str, _body: bytes, _etag: str) -> str:
        return "done"

    def delete(self, _key: str) -> str:
        return "done"


def _point(step: int) -> Any:
    from cloudtrack.entities.run import Metric

    return Metric("loss", 0.5, 1, step)
