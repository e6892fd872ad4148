"""What the registry does, on every kind of store that costs little."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from cloudtrack import clock
from cloudtrack.api.app import App
from cloudtrack.client import Client
from cloudtrack.entities.model_version import Stage
from cloudtrack.errors import AlreadyExists, CorruptData, InvalidInput, NotFound, StateError
from cloudtrack.index.keys import IndexKeys
from cloudtrack.index.pending import announce
from cloudtrack.registry import keys
from cloudtrack.registry import keys as registry_keys
from cloudtrack.registry.aliases import Aliases
from cloudtrack.registry.anchor import Anchor
from cloudtrack.registry.history import History
from cloudtrack.registry.model_versions import ModelVersions
from cloudtrack.registry.registered_models import RegisteredModels
from cloudtrack.registry.registry import Registry
from cloudtrack.registry.stages import Stages
from cloudtrack.remote.client import RemoteClient
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.object_store import ObjectStore
from tests.servers.api_server import ApiServer, api_server
from tests.storage.lossy import CountingStore, LossyStore, Stopped, StoppingStore

SOURCE = "runs:/" + "a" * 32 + "/model"


class Services:
    """All registry services over one store."""

    def __init__(self, store: ObjectStore) -> None:
        self.store = store
        self.registry = Registry(store, actor="ann")
        self.models = RegisteredModels(self.registry)
        self.versions = ModelVersions(self.registry)
        self.stages = Stages(self.registry)
        self.aliases = Aliases(self.registry)
        self.history = History(self.registry)


@pytest.fixture
def services(store: ObjectStore) -> Services:
    return Services(store)


class RemoteServices:
    """The same through a server, with what is behind it."""

    def __init__(self, server: ApiServer) -> None:
        self.store = server.client.store
        self.registry = Registry(self.store, actor="ann")
        client = RemoteClient(server.url)
        self.models = client.registered_models
        self.versions = client.model_versions
        self.stages = client.stages
        self.aliases = client.aliases
        self.history = client.history


@pytest.fixture(params=["store", "server"])
def memory(request: pytest.FixtureRequest) -> Iterator[Services | RemoteServices]:
    if request.param == "store":
        yield Services(MemoryStore())
        return
    with api_server(App(Client(MemoryStore(), user="ann"))) as server:
        yield RemoteServices(server)


KINDS = pytest.mark.parametrize("store_url", ["memory", "folder", "moto-obstore"], indirect=True)


@KINDS
def test_a_model_goes_through_its_life(services: Services) -> None:
    created = services.models.create("churn", tags={"team": "risk"}, description="who leaves")
    assert (created.name, created.tags, created.description) == ("churn", {"team": "risk"}, "who leaves")
    first = services.versions.create("churn", SOURCE, run_id="a" * 32, tags={"k": "v"}, description="d")
    second = services.versions.create("churn", SOURCE)
    assert (first.version, second.version, first.current_stage, first.status) == (1, 2, "None", "READY")
    services.stages.transition("churn", 1, "production")
    services.stages.transition("churn", 2, "Production", archive_existing_versions=True)
    assert [version.version for version in services.stages.holders("churn", "Production")] == [2]
    assert services.versions.get("churn", 1).current_stage == Stage.ARCHIVED
    services.aliases.set("churn", "champion", 1)
    assert services.versions.get("churn", 1).aliases == ["champion"]
    assert services.models.get("churn").aliases == {"champion": 1}
    latest = {version.current_stage: version.version for version in services.models.get("churn").latest_versions}
    assert latest == {"Production": 2, "Archived": 1}
    assert [event.change.type for event in services.history.events("churn")] == [
        "model_created",
        "version_created",
        "version_created",
        "stage_transitioned",
        "stage_transitioned",
        "alias_set",
    ]
    assert services.history.verify("churn").number == 6


def test_an_existing_name_is_not_created_again(memory: Services) -> None:
    memory.models.create("churn")
    with pytest.raises(AlreadyExists, match="churn"):
        memory.models.create("churn")


@pytest.mark.parametrize("name", ["", " ", "a/b", "a:b", "x" * 257, "a\x00b", 3, None])
def test_bad_names_are_refused(memory: Services, name: object) -> None:
    with pytest.raises(InvalidInput):
        memory.models.create(name)  # type: ignore[arg-type]  # the point of the test


@pytest.mark.parametrize("name", ["..", ".", "con", "ünï ✓", "a%2Fb", "x" * 256, "~", "ends."])
def test_any_other_name_is_kept_as_it_is(memory: Services, name: str) -> None:
    memory.models.create(name)
    assert memory.models.get(name).name == name
    assert [model.name for model in memory.models.search()] == [name]


def test_unknown_things_are_named(memory: Services) -> None:
    with pytest.raises(NotFound, match="nope"):
        memory.models.get("nope")
    with pytest.raises(NotFound, match="nope"):
        memory.versions.create("nope", SOURCE)
    memory.models.create("churn")
    with pytest.raises(NotFound, match="7"):
        memory.versions.get("churn", 7)
    with pytest.raises(NotFound, match="boss"):
        memory.aliases.get("churn", "boss")
    with pytest.raises(NotFound, match="Staging"):
        memory.versions.resolve("churn", "staging")
    for version in ("x", 0, -1, None, 1.5):
        with pytest.raises(InvalidInput):
            memory.versions.get("churn", version)  # type: ignore[arg-type]  # the point of the test


def test_numbers_are_never_used_again(memory: Services) -> None:
    memory.models.create("churn")
    memory.versions.create("churn", SOURCE)
    memory.versions.create("churn", SOURCE)
    memory.versions.delete("churn", 2)
    assert memory.versions.create("churn", SOURCE).version == 3
    memory.models.delete("churn")
    with pytest.raises(NotFound):
        memory.versions.get("churn", 3)
    memory.models.create("churn")
    assert memory.versions.create("churn", SOURCE).version == 4
    with pytest.raises(NotFound):
        memory.versions.get("churn", 1)
    assert len(memory.history.events("churn")) == 8


def test_deleting_a_version_drops_its_aliases(memory: Services) -> None:
    memory.models.create("churn")
    memory.versions.create("churn", SOURCE)
    memory.aliases.set("churn", "champion", 1)
    memory.versions.delete("churn", 1)
    assert memory.models.get("churn").aliases == {}


def test_an_alias_moves_and_the_history_says_from_where(memory: Services) -> None:
    memory.models.create("churn")
    for _ in range(2):
        memory.versions.create("churn", SOURCE)
    memory.aliases.set("churn", "champion", 1)
    memory.aliases.set("churn", "champion", 2)
    assert memory.aliases.get("churn", "champion").version == 2
    assert memory.history.events("churn")[-1].summary() == "@champion -> 2 (was 1)"
    memory.aliases.delete("churn", "champion")
    memory.aliases.delete("churn", "champion")
    assert memory.history.events("churn")[-1].summary() == "@champion deleted (was 2)"


@pytest.mark.parametrize("alias", ["latest", "Latest", "v1", "V22", "3", "", "a b", "a/b", "x" * 256])
def test_reserved_and_bad_aliases_are_refused(memory: Services, alias: str) -> None:
    memory.models.create("churn")
    memory.versions.create("churn", SOURCE)
    with pytest.raises(InvalidInput):
        memory.aliases.set("churn", alias, 1)


def test_stages_have_rules(memory: Services) -> None:
    memory.models.create("churn")
    memory.versions.create("churn", SOURCE)
    with pytest.raises(InvalidInput, match="Canary"):
        memory.stages.transition("churn", 1, "Canary")
    with pytest.raises(InvalidInput, match="Archived"):
        memory.stages.transition("churn", 1, "archived", archive_existing_versions=True)


def test_references_resolve(memory: Services) -> None:
    memory.models.create("churn")
    for _ in range(3):
        memory.versions.create("churn", SOURCE)
    memory.stages.transition("churn", 1, "Production")
    memory.stages.transition("churn", 2, "Production")
    memory.aliases.set("churn", "champion", 1)
    resolved = {
        ref: memory.versions.resolve("churn", ref).version for ref in ("3", "Production", "latest", "@champion")
    }
    assert resolved == {"3": 3, "Production": 2, "latest": 3, "@champion": 1}


def test_tags_and_descriptions_change(memory: Services) -> None:
    memory.models.create("churn", tags={"a": "1"})
    memory.versions.create("churn", SOURCE)
    memory.models.set_tag("churn", "b", 2)
    memory.models.delete_tag("churn", "a")
    memory.models.update("churn", description="new")
    memory.versions.set_tag("churn", 1, "c", "3")
    memory.versions.update("churn", 1, description="better")
    model, version = memory.models.get("churn"), memory.versions.get("churn", 1)
    assert (model.tags, model.description) == ({"b": "2"}, "new")
    assert (version.tags, version.description) == ({"c": "3"}, "better")
    memory.versions.delete_tag("churn", 1, "c")
    assert memory.versions.get("churn", 1).tags == {}


def test_searches_filter_and_page(memory: Services) -> None:
    for name in ("a", "b", "c"):
        memory.models.create(name, tags={"team": name})
        memory.versions.create(name, f"runs:/{name * 32}/model", run_id=name * 32)
    first = memory.models.search(max_results=2)
    assert [model.name for model in first] == ["a", "b"]
    assert [model.name for model in memory.models.search(max_results=2, page_token=first.token)] == ["c"]
    assert [model.name for model in memory.models.search("tags.team = 'b'")] == ["b"]
    assert [model.name for model in memory.models.search("name LIKE '%c'")] == ["c"]
    found = memory.versions.search(f"run_id = '{'b' * 32}'")
    assert [version.name for version in found] == ["b"]
    assert [version.name for version in memory.versions.search("name = 'a'")] == ["a"]
    with pytest.raises(InvalidInput, match="page token"):
        memory.models.search(page_token="nonsense")


@KINDS
def test_a_rename_moves_everything(services: Services) -> None:
    services.models.create("old")
    services.versions.create("old", SOURCE)
    services.aliases.set("old", "champion", 1)
    renamed = services.models.rename("old", "new")
    assert renamed.name == "new"
    assert services.versions.get("new", 1).aliases == ["champion"]
    with pytest.raises(NotFound, match="renamed to 'new'"):
        services.models.get("old")
    assert services.versions.create("new", SOURCE).version == 2
    assert services.models.create("old").name == "old"
    assert services.versions.create("old", SOURCE).version == 2
    assert services.history.verify("old").number == 7


def test_a_rename_to_a_taken_name_changes_nothing(memory: Services) -> None:
    memory.models.create("old")
    memory.models.create("new", description="mine")
    with pytest.raises(AlreadyExists, match="new"):
        memory.models.rename("old", "new")
    assert memory.models.get("new").description == "mine"
    memory.versions.create("old", SOURCE)  # not frozen any more


def test_a_rename_survives_a_stop_at_every_write() -> None:
    for writes in range(16):
        memory = Services(MemoryStore())
        memory.models.create("old")
        memory.versions.create("old", SOURCE)
        try:
            Services(StoppingStore(memory.store, writes=writes)).models.rename("old", "new")
            finished = True
        except Stopped:
            finished = False
        memory.models.search()  # readable
        if not finished:
            try:
                memory.models.rename("old", "new")
            except NotFound:
                assert memory.models.get("new")  # only the checkpoint was missing
        assert memory.versions.get("new", 1).source == SOURCE
        assert [model.name for model in memory.models.search()] == ["new"]
        memory.history.verify("old")
        memory.history.verify("new")


def test_a_model_under_rename_is_frozen(memory: Services) -> None:
    memory.models.create("old")
    with pytest.raises(Stopped):
        Services(StoppingStore(memory.store, writes=2)).models.rename("old", "new")
    with pytest.raises(StateError, match="new"):
        memory.versions.create("old", SOURCE)


def test_a_stop_at_any_write_leaves_a_readable_registry() -> None:
    for writes in range(18):
        memory = Services(MemoryStore())
        dying = Services(StoppingStore(memory.store, writes=writes))
        try:
            dying.models.create("churn")
            dying.versions.create("churn", SOURCE)
            dying.stages.transition("churn", 1, "Production")
            dying.versions.create("churn", SOURCE)
            dying.stages.transition("churn", 2, "Production", archive_existing_versions=True)
        except Stopped:
            pass
        for model in memory.models.search():
            assert memory.history.verify(model.name).number == len(memory.history.events(model.name))
            numbers = [version.version for version in memory.versions.list("churn")]
            assert sorted(numbers) == list(range(1, len(numbers) + 1))
            assert len(memory.stages.holders("churn", "Production")) <= 1


def test_nothing_is_applied_twice_when_answers_are_lost() -> None:
    memory = Services(MemoryStore())
    lossy = Services(LossyStore(memory.store, share=0.5, seed=3))
    lossy.models.create("churn")
    numbers = [lossy.versions.create("churn", SOURCE).version for _ in range(40)]
    assert numbers == list(range(1, 41))
    assert memory.history.verify("churn").number == 41


def test_the_checkpoint_is_only_a_help(memory: Services) -> None:
    memory.models.create("churn")
    for _ in range(3):
        memory.versions.create("churn", SOURCE)
    key = keys.checkpoint("churn")
    before = memory.models.get("churn")
    old = memory.store.get(key).body
    memory.versions.create("churn", SOURCE)

    memory.store.delete(key)
    assert memory.versions.get("churn", 4).version == 4
    memory.store.create(key, old)
    assert memory.versions.get("churn", 4).version == 4
    memory.store.delete(key)
    memory.store.create(key, b'{"nonsense": tru')
    assert memory.versions.get("churn", 4).version == 4
    lying = json.loads(old)
    lying["state"]["last_hash"] = "0" * 64
    memory.store.delete(key)
    memory.store.create(key, json.dumps(lying).encode())
    assert memory.versions.create("churn", SOURCE).version == 5
    assert memory.models.get("churn").creation_timestamp == before.creation_timestamp


@pytest.mark.parametrize("damage", ["altered", "dropped", "swapped", "inserted"])
def test_verify_names_the_first_bad_event(memory: Services, damage: str) -> None:
    memory.models.create("churn")
    for _ in range(4):
        memory.versions.create("churn", SOURCE)
    events = memory.registry.events("churn")
    third, fourth = events.get(3), events.get(4)
    memory.store.delete(events.key(3))
    if damage == "altered":
        memory.store.create(events.key(3), third.replace(b"ann", b"eve"))
    elif damage == "swapped":
        memory.store.delete(events.key(4))
        memory.store.create(events.key(3), fourth)
        memory.store.create(events.key(4), third)
    elif damage == "inserted":
        memory.store.create(events.key(3), fourth)
    with pytest.raises(CorruptData, match=r"00000000000[34]\.json"):
        memory.history.verify("churn")


def test_an_anchor_notices_what_the_chain_cannot(memory: Services) -> None:
    memory.models.create("churn")
    for _ in range(3):
        memory.versions.create("churn", SOURCE)
    anchor = memory.history.verify("churn")
    assert Anchor.parse(str(anchor)) == anchor
    memory.versions.create("churn", SOURCE)
    assert memory.history.verify("churn", anchor).number == 5
    events = memory.registry.events("churn")
    memory.store.delete(events.key(5))
    memory.store.delete(events.key(4))
    assert memory.history.verify("churn").number == 3
    with pytest.raises(CorruptData, match=r"000000000004.json' is missing, and the anchor is event 4: the end was cut"):
        memory.history.verify("churn", anchor)
    memory.store.delete(keys.checkpoint("churn"))
    memory.versions.create("churn", SOURCE, description="another story")
    with pytest.raises(CorruptData, match=r"000000000004.json' is not the event of the anchor"):
        memory.history.verify("churn", anchor)
    for bad in ("", "4", "0:" + "a" * 64, "4:xyz", "4:" + "A" * 64):
        with pytest.raises(InvalidInput, match="no anchor"):
            Anchor.parse(bad)


def test_everybody_can_see_who_put_what_where(memory: Services) -> None:
    memory.models.create("churn")
    for _ in range(3):
        memory.versions.create("churn", SOURCE)
    memory.stages.transition("churn", 1, "Staging")
    memory.stages.transition("churn", 2, "Production", comment="it is better " * 30)
    memory.aliases.set("churn", "champion", 2)
    memory.aliases.set("churn", "old", 1)
    memory.versions.delete("churn", 1)
    found = [(item.place, item.version, item.number, item.actor) for item in memory.history.blame("churn")]
    assert found == [("Production", 2, 6, "ann"), ("@champion", 2, 7, "ann")]
    assert memory.history.blame("churn")[0].comment == ("it is better " * 30)[:200]


def test_a_model_is_shown_as_it_was(memory: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_700_000_000_000
    monkeypatch.setattr(clock, "now_ms", lambda: now)
    memory.models.create("churn", description="first")
    memory.versions.create("churn", SOURCE)
    memory.aliases.set("churn", "champion", 1)
    now += 1000
    memory.models.update("churn", description="second")
    memory.models.delete("churn")
    then = memory.history.at("churn", now - 1)
    assert (then.description, then.aliases, [version.version for version in then.latest_versions]) == (
        "first",
        {"champion": 1},
        [1],
    )
    with pytest.raises(NotFound, match="there was no registered model"):
        memory.history.at("churn", now)


def test_an_event_of_a_newer_version_is_not_guessed_at(memory: Services) -> None:
    memory.models.create("churn")
    body = json.loads(memory.registry.events("churn").get(1))
    body |= {"number": 2, "change": {"type": "something_new"}}
    memory.registry.events("churn").claim(2, json.dumps(body).encode())
    with pytest.raises(CorruptData, match=r"does not know|server's log"):
        memory.models.get("churn")


def test_requests_are_few() -> None:
    counting = CountingStore(MemoryStore())
    services = Services(counting)
    services.models.create("churn")
    counting.reset()
    services.versions.create("churn", SOURCE)
    assert counting.counts == {"get": 2, "create": 2, "replace": 1}
    counting.reset()
    services.models.get("churn")
    assert counting.counts == {"get": 2}
    counting.reset()
    services.stages.transition("churn", 1, "Production", archive_existing_versions=True)
    assert counting.requests == 6  # one of them finds that there is no policy.yaml


def test_one_bad_model_does_not_hide_the_others(memory: Services, caplog: pytest.LogCaptureFixture) -> None:
    memory.models.create("good")
    memory.store.create("models/bad/events/000000000001.json", b"nonsense")
    memory.store.create("models/long~name/events/000000000001.json", b"nonsense")
    memory.store.create("models/a%2Fb/readme.txt", b"x")
    for segment in ("bad", "long~name", "a%2Fb"):
        announce(memory.store, IndexKeys(registry_keys.INDEX), segment, 1)
    assert [model.name for model in memory.models.search()] == ["good"]
    assert "models/bad/events" in caplog.text
