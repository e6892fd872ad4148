"""What a model URI meant at an instant is what a replay of the history says."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress

import pytest

from cloudtrack import clock
from cloudtrack.client import AnyClient, Client, connect
from cloudtrack.entities.model_uri import RegisteredVersion, parse_model_uri
from cloudtrack.errors import CloudtrackError, InvalidInput, NotFound
from cloudtrack.registry import keys
from cloudtrack.registry.past import Past
from cloudtrack.registry.registry import Registry
from cloudtrack.storage.memory import MemoryStore
from tests.storage.lossy import CountingStore
from tests.thoroughness import examples

SOURCE = "runs:/" + "a" * 32 + "/model"
START_MS = 1_700_000_000_000
STAGES = ("Staging", "Production", "Archived", "None")
REFERENCES = (*STAGES, "latest", "@champion", "@next", "1", "7")


@pytest.mark.parametrize(
    ("mode", "count"), [("folder", examples(1000)), pytest.param("server", 12, marks=pytest.mark.slow)]
)
def test_random_events(mode: str, count: int, make_url: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> None:
    client = connect(make_url(mode))
    rng = random.Random(7)
    now = START_MS
    monkeypatch.setattr(clock, "now_ms", lambda: now)
    client.registered_models.create("churn")
    oracle: dict[int, dict[str, int | None]] = {}
    for _ in range(count + count // 2):  # not all that is tried can be done
        now += rng.choice([0, 1, 1000, 3_600_000])
        with suppress(CloudtrackError):
            _something(client, rng)
        if now in oracle or rng.random() < 0.2:
            oracle[now] = {reference: _version(client, reference, None) for reference in REFERENCES}
    assert len(client.history.events("churn")) >= count
    now += 1
    for time_ms, expected in oracle.items():
        for reference in rng.sample(REFERENCES, 2):
            assert _version(client, reference, time_ms) == expected[reference], (time_ms, reference)


def _something(client: AnyClient, rng: random.Random) -> None:
    versions = [version.version for version in client.model_versions.list("churn")] if rng.random() < 0.9 else []
    number = rng.choice(versions) if versions else 1
    match rng.choices(range(8), [4, 6, 4, 1, 1, 0.3, 1, 2])[0]:
        case 0:
            client.model_versions.create("churn", SOURCE)
        case 1:
            client.stages.transition("churn", number, rng.choice(STAGES))
        case 2:
            client.stages.transition("churn", number, "Production", archive_existing_versions=True)
        case 3:
            client.model_versions.delete("churn", number)
        case 4:
            client.aliases.delete("churn", "champion")
        case 5:
            client.registered_models.delete("churn")
        case 6:
            client.aliases.set("churn", rng.choice(["champion", "next"]), number)
        case 7:
            client.stages.rollback("churn", "Production")
    with suppress(CloudtrackError):
        client.registered_models.create("churn")


def _version(client: AnyClient, reference: str, at_ms: int | None) -> int | None:
    try:
        return client.model_versions.resolve("churn", reference, at_ms).version
    except NotFound:
        return None


def test_the_past_of_a_name_that_is_gone_can_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(MemoryStore())
    now = START_MS
    monkeypatch.setattr(clock, "now_ms", lambda: now)
    client.registered_models.create("churn")
    client.model_versions.create("churn", SOURCE)
    now += 1000
    client.registered_models.rename("churn", "leavers")
    now += 1000
    assert client.model_versions.resolve("churn", "1", START_MS).source == SOURCE
    with pytest.raises(NotFound, match=r"at 2023-11-14T22:13:21.000Z .*was renamed to 'leavers'"):
        client.model_versions.resolve("churn", "1", START_MS + 1000)
    with pytest.raises(NotFound, match="there was no registered model 'leavers'"):
        client.model_versions.resolve("leavers", "1", START_MS)
    with pytest.raises(NotFound, match="there never was"):
        client.model_versions.resolve("nothing", "1", START_MS)
    with pytest.raises(InvalidInput, match="is yet to come"):
        client.model_versions.resolve("leavers", "1", now + 1)


def test_a_state_of_long_ago_takes_few_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    store = CountingStore(MemoryStore())
    client = Client(store)
    now = START_MS
    monkeypatch.setattr(clock, "now_ms", lambda: now)
    client.registered_models.create("churn")
    for _ in range(1000):
        now += 10
        client.model_versions.create("churn", SOURCE)
    store.reset()
    assert client.model_versions.resolve("churn", "latest", START_MS + 5000).version == 500
    assert store.requests <= 4 + 10 + 1 + 63  # the state twice, ten halvings, a snapshot, and events at once
    registry = Registry(store, actor="ann")
    store.delete(keys.snapshot("churn", 448))
    assert Past(registry).after("churn", 500).last_version == 499
    body = store.get(keys.snapshot("churn", 384))
    store.replace(keys.snapshot("churn", 384), body.body.replace(b'"last_version":383', b'"last_version":9'), body.etag)
    store.replace(keys.snapshot("churn", 384), b"{}", store.get(keys.snapshot("churn", 384)).etag)
    assert Past(registry).after("churn", 500).last_version == 499


@pytest.mark.parametrize(
    ("uri", "name", "reference", "at_ms"),
    [
        ("models:/churn/Production@2026-05-01T12:00Z", "churn", "Production", 1777636800000),
        ("models:/churn/Production@2026-05-01T14:00:00.5+02:00", "churn", "Production", 1777636800500),
        ("models:/churn/latest@2026-05-01", "churn", "latest", 1777593600000),
        ("models:/churn@champion@2026-05-01T12:00Z", "churn", "@champion", 1777636800000),
        ("models:/churn/3@2026-05-01T12:00Z", "churn", "3", 1777636800000),
        ("models:/churn@champion", "churn", "@champion", None),
        ("models:/a%2540b@sha256:" + "1" * 64, "a%40b", "@sha256:" + "1" * 64, None),
    ],
)
def test_uris(uri: str, name: str, reference: str, at_ms: int | None) -> None:
    assert parse_model_uri(uri) == RegisteredVersion(name, reference, at_ms)


@pytest.mark.parametrize("uri", ["models:/churn/Production@yesterday", "models:/churn@", "models:/@a", "models:/a/b/c"])
def test_what_is_no_uri(uri: str) -> None:
    with pytest.raises(InvalidInput):
        parse_model_uri(uri)
