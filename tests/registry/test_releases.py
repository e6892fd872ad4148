"""A release is switched and rolled back as one: in both modes, in races, after stops and lost answers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from cloudtrack import clock
from cloudtrack.client import AnyClient, Client, connect
from cloudtrack.entities.model_uri import ReleaseMember, parse_model_uri
from cloudtrack.entities.release import Member
from cloudtrack.errors import Conflict as Refused
from cloudtrack.errors import CorruptData, InvalidInput, NotFound, StateError
from cloudtrack.registry import keys
from cloudtrack.scoring.served import ModelSource
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.opening import open_store
from tests.conftest import SLOW_SERVER
from tests.processes import run_together
from tests.registry.racers import RELEASE, releases_of, switch_expecting, switch_release, watch_or_switch
from tests.storage.lossy import CountingStore, LossyStore, Stopped, StoppingStore
from tests.thoroughness import examples


def fill(client: AnyClient, count: int = 5) -> None:
    for name in ("a", "b"):
        client.registered_models.create(name)
        for number in range(1, count + 1):
            client.model_versions.create(name, f"runs:/{'a' * 32}/model{number}")


@pytest.fixture(params=SLOW_SERVER)
def client(request: pytest.FixtureRequest, make_url: Callable[[str], str]) -> AnyClient:
    made = connect(make_url(request.param))
    fill(made)
    return made


def versions(client: AnyClient, number: int | None = None) -> dict[str, int]:
    return {name: member.version for name, member in client.releases.get(RELEASE, number).members.items()}


def test_a_release_goes_through_its_life(client: AnyClient, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_700_000_000_000
    monkeypatch.setattr(clock, "now_ms", lambda: now)
    client.aliases.set("b", "champion", 2)
    first = client.releases.switch(RELEASE, {"ranker": "a/1", "encoder": "models:/b@champion"}, comment="the first")
    assert (first.number, first.members["encoder"]) == (1, Member(name="b", version=2))
    assert (first.comment, client.releases.names()) == ("the first", [RELEASE])
    client.aliases.set("b", "champion", 5)  # what a switch found stays
    now += 1000
    assert client.releases.switch(RELEASE, {"ranker": "a/latest"}, expect=1).number == 2
    assert versions(client) == {"ranker": 5, "encoder": 2}
    assert client.releases.switch(RELEASE, {"ranker": "a/5"}).number == 2  # nothing to do
    now += 1000
    assert client.releases.switch(RELEASE, {"encoder": "b/3"}, replace=True).number == 3
    assert versions(client) == {"encoder": 3}
    assert client.releases.rollback(RELEASE, expect=3).number == 4
    assert versions(client) == {"ranker": 5, "encoder": 2} == versions(client, 2)
    assert client.releases.rollback(RELEASE).number == 5
    assert versions(client) == {"ranker": 1, "encoder": 2}
    with pytest.raises(StateError, match="has no set before number 5 to go back to"):
        client.releases.rollback(RELEASE)
    assert client.releases.at(RELEASE, 1_700_000_001_500).number == 2
    with pytest.raises(NotFound, match="there was no release"):
        client.releases.at(RELEASE, 1_600_000_000_000)
    assert [event.change.summary() for event in client.releases.history(RELEASE)][-2:] == [
        "rolled back to 2: encoder=b/2, ranker=a/5",
        "rolled back to 1: encoder=b/2, ranker=a/1",
    ]
    anchor = client.releases.verify(RELEASE)
    assert anchor.number == 5
    client.releases.delete(RELEASE, comment="over")
    with pytest.raises(NotFound, match="there is no release"):
        client.releases.get(RELEASE)
    assert client.releases.names() == []
    assert versions(client, 2) == {"ranker": 5, "encoder": 2}
    with pytest.raises(NotFound, match="deleted by event 6"):
        client.releases.get(RELEASE, 6)
    assert client.releases.switch(RELEASE, {"x": "a/1"}, expect=0).number == 7
    assert client.releases.verify(RELEASE, anchor).number == 7


def test_who_expects_another_number_is_refused(client: AnyClient) -> None:
    client.releases.switch(RELEASE, {"ranker": "a/1"}, expect=0)
    with pytest.raises(Refused, match="is at number 1, and not missing, as expected: "):
        client.releases.switch(RELEASE, {"ranker": "a/2"}, expect=0)
    with pytest.raises(Refused, match="is at number 1, and not at number 4, as expected"):
        client.releases.rollback(RELEASE, expect=4)
    assert versions(client) == {"ranker": 1}


def test_only_what_is_there_is_released(client: AnyClient) -> None:
    for uri in ("a/9", "a@nobody", "nope/1", "a/Production"):
        with pytest.raises(NotFound):
            client.releases.switch(RELEASE, {"ranker": "a/1", "encoder": uri})
    for members in ({}, {"a/b": "a/1"}, {"a": "runs:/abc/model"}, {"": "a/1"}, {"a": "a"}):
        with pytest.raises(InvalidInput):
            client.releases.switch(RELEASE, members)
    for name in ("", "a//b", "../a", "a@1", "a:b", "/a"):
        with pytest.raises(InvalidInput):
            client.releases.switch(name, {"a": "a/1"})
    assert client.releases.names() == []


def test_a_version_that_is_out_is_not_deleted(client: AnyClient) -> None:
    client.releases.switch(RELEASE, {"ranker": "a/1"})
    client.releases.switch(RELEASE, {"ranker": "a/2"})
    with pytest.raises(StateError, match="version 2 of 'a' is in the release 'search/prod'"):
        client.model_versions.delete("a", 2)
    with pytest.raises(StateError, match="'a' is in the release 'search/prod'"):
        client.registered_models.delete("a")
    client.model_versions.delete("a", 1)
    with pytest.raises(StateError, match=r"cannot go back to 1: of its member 'ranker', .* no version 1"):
        client.releases.rollback(RELEASE)
    client.registered_models.delete("b")


def test_a_name_of_any_kind_has_its_place(client: AnyClient) -> None:
    for name in ("über/prod 1", "x" * 250, "con"):
        client.releases.switch(name, {"größe 1": "a/3"})
        assert client.releases.get(name).uri("größe 1").startswith("release:/")
        location = parse_model_uri(client.releases.get(name).uri("größe 1"))
        assert location == ReleaseMember(name, "größe 1", 1)
    assert client.releases.names() == sorted(["über/prod 1", "x" * 250, "con"])


def test_a_member_is_a_model_uri(make_url: Callable[[str], str]) -> None:
    url = make_url("folder")
    client = connect(url)
    run_id = client.runs.create("0").info.run_id
    for number in (1, 2):
        client.artifacts.log_text(run_id, "flavors: {}\n", f"m{number}/MLmodel")
        client.artifacts.log_text(run_id, str(number), f"m{number}/which.txt")
        client.register_model(f"runs:/{run_id}/m{number}", "ranker")
        client.releases.switch(RELEASE, {"ranker": f"ranker/{number}"})
    for uri, which in (("release:/search/prod/ranker", "2"), ("release:/search/prod@1/ranker", "1")):
        assert (client.download_model(uri, Path(which)) / "which.txt").read_text() == which
    with pytest.raises(NotFound, match="no member 'x' at number 2; it has ranker"):
        client.locate_model("release:/search/prod/x")
    served = ModelSource("release:/search/prod/ranker", url)
    assert (served.is_moving, served.resolve().version) == (True, "2")
    client.releases.rollback(RELEASE)
    assert served.resolve().version == "1"
    assert not ModelSource("release:/search/prod@1/ranker", url).is_moving
    for bad in ("release:/ranker", "release:/", "release:/a@b/c"):
        with pytest.raises(InvalidInput):
            parse_model_uri(bad)


# Races, stops, lost answers


SWITCHES, READS = examples(50), examples(150)


@pytest.mark.parametrize("kind", ["folder", "moto-obstore"])
def test_nobody_ever_sees_a_mixed_set(kind: str, make_url: Callable[[str], str]) -> None:
    url = make_url(kind)
    fill(Client(url))
    releases_of(open_store(url)).switch(RELEASE, {"a": "a/1", "b": "b/1"})
    seen = run_together(
        watch_or_switch, [("watch", url, READS), ("watch", url, READS), *[("switch", url, SWITCHES)] * 4]
    )
    assert 0 not in seen[0] + seen[1]
    releases = releases_of(open_store(url))
    assert releases.verify(RELEASE).number <= 4 * SWITCHES + 1
    made = [number for numbers in seen[2:] for number in numbers]
    assert max(made) == releases.get(RELEASE).number
    for event in releases.history(RELEASE):
        assert len({member.version for member in event.change.members.values()}) == 1


@pytest.mark.parametrize("kind", ["folder", "moto-obstore"])
def test_of_those_who_expect_the_same_number_one_wins(kind: str, make_url: Callable[[str], str]) -> None:
    url = make_url(kind)
    fill(Client(url))
    releases_of(open_store(url)).switch(RELEASE, {"a": "a/5"})
    won = run_together(switch_expecting, [(url, version, 1) for version in (1, 2, 3, 4)])
    assert sorted(won) == [0, 0, 0, 2]


def test_lost_answers_switch_once(make_url: Callable[[str], str]) -> None:
    url = make_url("folder")
    fill(Client(url))
    releases_of(open_store(url)).switch(RELEASE, {"a": "a/5", "b": "b/5"})
    made = switch_release(url, 60, 0.4)
    assert made == sorted(made)
    history = releases_of(open_store(url)).history(RELEASE)
    assert [event.number for event in history] == list(range(1, made[-1] + 1))
    assert sorted(set(made)) == [event.number for event in history[1:]]


def test_a_request_that_is_sent_again_switches_once() -> None:
    client = Client(MemoryStore())
    fill(client)
    client.releases.switch(RELEASE, {"a": "a/1"})
    client.releases.switch(RELEASE, {"a": "a/2"})
    for _ in range(2):
        done = client.acting_as("ann", operation="one").releases.rollback(RELEASE)
        assert (done.number, done.members["a"].version) == (3, 1)


def test_a_stop_at_any_write_leaves_one_set_or_the_other() -> None:
    for writes in range(6):
        store = MemoryStore()
        fill(Client(store))
        releases_of(store).switch(RELEASE, {"a": "a/1", "b": "b/1"})
        with suppress(Stopped):
            releases_of(StoppingStore(store, writes=writes)).switch(RELEASE, {"a": "a/2", "b": "b/2"})
        client = Client(store)
        assert versions(client) in ({"a": 1, "b": 1}, {"a": 2, "b": 2})
        client.releases.switch(RELEASE, {"a": "a/3", "b": "b/3"})
        assert versions(client) == {"a": 3, "b": 3}
        assert client.releases.verify(RELEASE).number == (2 if writes <= 1 else 3)


def test_a_release_costs_few_requests_whatever_its_history() -> None:
    store = CountingStore(MemoryStore())
    client = Client(store)
    fill(client)
    for turn in range(70):
        client.releases.switch(RELEASE, {"a": f"a/{turn % 5 + 1}", "b": "b/1"})
    store.reset()
    client.releases.get(RELEASE)
    assert store.requests == 2
    store.reset()
    client.releases.get(RELEASE, 12)
    assert store.requests == 1
    store.reset()
    client.releases.rollback(RELEASE)
    assert store.requests <= 5 + 2 * 2  # one of them tells the index
    assert len(store.inner.get(keys.release(RELEASE)).body) < 8000


def test_the_checkpoint_is_only_a_help_and_an_altered_history_is_named() -> None:
    store = MemoryStore()
    client = Client(LossyStore(store, share=0, seed=1))
    fill(client)
    for version in (1, 2, 3):
        client.releases.switch(RELEASE, {"a": f"a/{version}"})
    for nonsense in (b"", b"{}", b'{"format": "other"}'):
        store.delete(keys.release(RELEASE))
        store.create(keys.release(RELEASE), nonsense)
        assert versions(client) == {"a": 3}
    events = keys.release_events(RELEASE)
    key = f"{events}000000000002.json"
    body = store.get(key).body
    store.delete(key)
    store.create(key, body.replace(b'"version":2', b'"version":4'))
    with pytest.raises(CorruptData, match=r"000000000003\.json' does not follow event 2"):
        client.releases.verify(RELEASE)
