"""Making, listing and revoking grants, and what is said where that cannot be."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cloudtrack import clock
from cloudtrack.client import Client
from cloudtrack.errors import InvalidInput, NotFound, StateError
from cloudtrack.grants.grants import Grants
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.signing import Ending
from cloudtrack.tracking import keys
from tests.cli.commands import answer, cloudtrack
from tests.grants.fakes import FakeSigner, granted
from tests.storage.lossy import CountingStore
from tests.storage.test_signing import signer_of


@pytest.fixture
def client() -> Client:
    return Client(MemoryStore(), user="ann")


def test_the_run_says_that_it_is_granted_and_until_when(tmp_path: Path) -> None:
    it = granted(tmp_path / "spool", run_name="hospital", tags={"site": "b"})
    run = it.client.runs.get(it.run_id)
    assert run.info.run_name == "hospital"
    assert run.info.status == "RUNNING"
    assert run.data.tags["cloudtrack.grant"] == it.grant.grant_id
    assert run.data.tags["cloudtrack.grant.expires"] == clock.format_ms(it.grant.expires)
    assert run.data.tags["site"] == "b"
    assert it.grant.expires == it.grant.created + 6 * 3_600_000
    assert len(it.grant.slots) == 360, "one a minute"
    (listed,) = Grants(it.client, FakeSigner()).list()
    assert (listed.run_id, listed.created_by, listed.state(clock.now_ms())) == (it.run_id, "granter", "open")
    assert it.client.fsck.check().findings == []


@pytest.mark.parametrize(("expires_s", "slots"), [(60, 60), (7 * 86_400, 1000)])
def test_slots_are_few_enough_for_a_file_and_enough_for_a_run(tmp_path: Path, expires_s: int, slots: int) -> None:
    assert len(granted(tmp_path / "spool", expires_s=expires_s).grant.slots) == slots


def test_what_it_costs(client: Client) -> None:
    experiment = client.experiments.get_or_create("X")
    store = CountingStore(client.store)
    counted = Client(store)
    store.reset()
    Grants(counted, FakeSigner()).make(experiment, 600)
    assert store.counts == {"create": 3}


def test_a_grant_needs_a_bucket_an_experiment_and_a_time_that_can_be(client: Client) -> None:
    experiment = client.experiments.get_or_create("X")
    with pytest.raises(InvalidInput, match="needs a bucket"):
        Grants(client).make(experiment, 60)
    grants = Grants(client, FakeSigner())
    for seconds in (0, -1, 7 * 86_400 + 1):
        with pytest.raises(InvalidInput, match="7 days"):
            grants.make(experiment, seconds)
    with pytest.raises(InvalidInput, match="limited"):
        grants.make(experiment, 60, max_bytes=-1)
    client.runs.delete_experiment(experiment.experiment_id)
    with pytest.raises(StateError, match="deleted"):
        grants.make(client.experiments.get(experiment.experiment_id), 60)
    assert grants.list() == []
    for call in (grants.get, grants.revoke):
        with pytest.raises(NotFound, match="no grant"):
            call("0" * 32)


def test_a_grant_does_not_outlive_the_credentials_that_sign_it(client: Client) -> None:
    experiment = client.experiments.get_or_create("X")
    ending = Ending(is_known=True, at_ms=clock.now_ms() + 1_800_000)
    with pytest.raises(InvalidInput, match="your credentials end at"):
        Grants(client, FakeSigner(ending)).make(experiment, 3600)
    assert list(client.store.list(keys.GRANTS)) == []
    assert Grants(client, FakeSigner(ending)).make(experiment, 600)[1] == ""
    _, warning = Grants(client, FakeSigner(Ending(is_known=False))).make(experiment, 3600)
    assert "temporary credentials" in warning


def test_the_signer_knows_when_its_credentials_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert signer_of("s3://b").end_of_credentials() == Ending(is_known=True)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    assert signer_of("s3://b").end_of_credentials() == Ending(is_known=False)
    until = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0)
    script = tmp_path / "login.py"
    said = {
        "Version": 1,
        "AccessKeyId": "a",
        "SecretAccessKey": "s",
        "SessionToken": "t",
        "Expiration": until.isoformat(),
    }
    script.write_text(f"import json; print(json.dumps({said!r}))")
    (tmp_path / "config").write_text(f"[profile temporary]\ncredential_process = {sys.executable} {script}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    found = signer_of("s3://b", profile="temporary").end_of_credentials()
    assert found == Ending(is_known=True, at_ms=int(until.timestamp() * 1000))


def test_a_signed_put_of_a_new_object_carries_its_condition_and_its_encryption() -> None:
    key = "arn:aws:kms:eu-west-1:1:key/k"
    signed = signer_of("s3://b/p?region=eu-west-1", kms_key=key).put_new("grants/a/inbox/0000", expires_s=60)
    assert "if-none-match" in signed.url
    assert "x-amz-server-side-encryption" in signed.url
    assert signed.headers == {
        "if-none-match": "*",
        "x-amz-server-side-encryption": "aws:kms",
        "x-amz-server-side-encryption-aws-kms-key-id": key,
    }


def test_commands_say_what_is_missing(make_url: Callable[[str], str], tmp_path: Path) -> None:
    store = make_url("folder")
    Client(store).experiments.create("X")
    done = cloudtrack("grant", "run", "-e", "X", "--expires", "1h", store=store)
    assert (done.returncode, "needs a bucket" in done.stderr) == (1, True)
    assert not (tmp_path / "run.grant").exists(), "nothing is left of a grant that was not made"
    (tmp_path / "run.grant").write_text("mine")
    done = cloudtrack("grant", "run", "-e", "X", "--expires", "1h", store=store)
    assert "is there already" in done.stderr
    assert (tmp_path / "run.grant").read_text() == "mine"
    assert cloudtrack("grant", "collect", store=store).returncode == 1
    assert cloudtrack("grant", "revoke", "0" * 32, store=store).returncode == 1
    assert answer("grant", "list", store=store) == []
    assert answer("grant", "collect", "--all", store=store) == []
