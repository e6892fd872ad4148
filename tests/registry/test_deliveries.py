"""Webhooks are told of everything, in each model's order, whoever dies; what fails holds back nothing else."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cloudtrack import clock
from cloudtrack.client import Client
from cloudtrack.errors import InvalidInput
from cloudtrack.registry import keys, webhook_messages
from cloudtrack.registry.deliverer import Deliverer
from cloudtrack.registry.deliveries import Deliveries
from cloudtrack.registry.delivery_document import CLAIM_MS, LONGEST_PAUSE_S, MOST_ATTEMPTS
from cloudtrack.registry.events import ModelChanged
from cloudtrack.registry.registry import Registry
from cloudtrack.registry.webhooks import EVENTS, STAGE_TRANSITIONED, Webhook, WebhookEvent, WebhookStatus
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.object_store import ObjectStore
from tests.servers.webhook_receiver import Receiver, running_receiver
from tests.storage.lossy import CountingStore, LossyStore, Stopped, StoppingStore

SOURCE = "runs:/" + "a" * 32 + "/model"
ALL = [WebhookEvent.of(*pair) for pair in EVENTS]
STAGES = [WebhookEvent.of(*STAGE_TRANSITIONED)]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as found:
        yield found


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Time stands still but for commits, which are a millisecond apart; this lets so many milliseconds pass."""
    times = [1_800_000_000_000]

    def read() -> int:
        times[0] += 1
        return times[0]

    def go_on(milliseconds: int) -> None:
        times[0] += milliseconds

    monkeypatch.setattr(clock, "now_ms", read)
    return go_on


@pytest.fixture
def client() -> Client:
    made = Client(MemoryStore(), user="ann")
    made.registered_models.create("before")
    return made


def deliveries(store: ObjectStore, *, allow_private: bool = True) -> Deliveries:
    """Those of another process."""
    client = Client(store)
    return Deliveries(store, client.feed, client.webhooks, allow_private=allow_private)


def promote(client: Client, name: str, times: int = 1) -> None:
    """Move a model's first version to and fro."""
    for number in range(times):
        client.stages.transition(name, 1, ("Production", "Staging")[number % 2], comment=f"{number}")


def with_version(client: Client, *names: str) -> None:
    for name in names:
        client.registered_models.create(name)
        client.model_versions.create(name, SOURCE)


def events_of(receiver: Receiver) -> list[tuple[str, int]]:
    return [(message["data"]["name"], message["data"]["event_number"]) for message in receiver.messages]


def new_webhook(client: Client, receiver: Receiver, events: list[WebhookEvent] = STAGES, **more: Any) -> Webhook:
    return client.webhooks.create("hook", receiver.url, events, **more)


def test_a_transition_says_what_where_who_and_why(client: Client, receiver: Receiver) -> None:
    with_version(client, "churn")
    client.model_versions.create("churn", SOURCE)
    promote(client, "churn")
    webhook = new_webhook(client, receiver, secret="s3cret")
    client.stages.transition("churn", 2, "Production", archive_existing_versions=True, comment="better")
    assert deliveries(client.store).deliver(webhook) == 1
    (message,) = receiver.messages
    event = client.history.events("churn")[-1]
    assert message == {
        "entity": "model_version_stage",
        "action": "transitioned",
        "timestamp": clock.from_ms(event.time_ms).isoformat(),
        "data": {
            "name": "churn",
            "version": "2",
            "from_stage": "None",
            "to_stage": "Production",
            "archived_versions": ["1"],
            "user": "ann",
            "comment": "better",
            "event_number": 5,
        },
    }
    _, headers, body = receiver.got[0]
    signed = f"{headers['X-MLflow-Delivery-Id']}.{headers['X-MLflow-Timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.digest(b"s3cret", signed, hashlib.sha256)).decode()
    assert headers["X-MLflow-Signature"] == f"v1,{expected}"


def test_messages_have_mlflows_fields(client: Client, receiver: Receiver) -> None:
    webhook = new_webhook(client, receiver, ALL)
    with_version(client, "churn")
    client.model_versions.set_tag("churn", 1, "k", "v")
    client.model_versions.delete_tag("churn", 1, "k")
    client.aliases.set("churn", "best", 1)
    client.aliases.delete("churn", "best")
    client.registered_models.set_tag("churn", "of", "a model: MLflow tells nobody")
    promote(client, "churn")
    client.registered_models.create("ask", tags={"mlflow.prompt.is_prompt": "true"})
    client.model_versions.create("ask", SOURCE, tags={"mlflow.prompt.text": "Hello {{name}}"})
    client.registered_models.set_tag("ask", "k", "v")
    client.registered_models.delete_tag("ask", "k")
    client.model_versions.set_tag("ask", 1, "k", "v")
    client.model_versions.delete_tag("ask", 1, "k")
    client.aliases.set("ask", "best", 1)
    client.aliases.delete("ask", "best")
    client.registered_models.delete("ask")
    client.model_versions.create("before", SOURCE)
    client.releases.switch("search/prod", {"one": "before/1"})
    client.releases.switch("search/prod", {"two": "churn/1"}, comment="both")
    client.releases.rollback("search/prod")
    client.releases.delete("search/prod")
    deliveries(client.store).deliver(webhook)
    told = {(message["entity"].upper(), message["action"].upper()): message["data"] for message in receiver.messages}
    assert {pair: tuple(data) for pair, data in told.items()} == dict(EVENTS)
    assert len(receiver.messages) == len(EVENTS) + 2  # two switches, and two versions of models
    assert told["RELEASE", "SWITCHED"]["members"] == {"one": "before/1", "two": "churn/1"}
    assert told["RELEASE", "ROLLED_BACK"]["to_number"] == 1
    assert told["PROMPT_VERSION", "CREATED"]["template"] == "Hello {{name}}"
    assert told["MODEL_VERSION", "CREATED"]["version"] == "1"


def test_a_new_webhook_hears_nothing_of_what_was_before(client: Client, receiver: Receiver) -> None:
    with_version(client, "a", "gone", "compacted")
    promote(client, "a")
    promote(client, "gone")
    promote(client, "compacted")
    client.registered_models.delete("gone")
    client.model_index.compact("")
    promote(client, "a", 2)
    webhook = new_webhook(client, receiver)
    with_version(client, "b")
    promote(client, "b")
    promote(client, "a", 2)
    client.model_index.compact("")
    client.registered_models.delete("a")
    assert deliveries(client.store).deliver(webhook) == 3
    assert set(events_of(receiver)) == {("b", 3), ("a", 6), ("a", 7)}


def test_what_is_not_taken_is_sent_again_under_the_same_id_and_in_order(
    client: Client, receiver: Receiver, now: Callable[[int], None]
) -> None:
    with_version(client, "a")
    webhook = new_webhook(client, receiver)
    promote(client, "a", 2)
    receiver.statuses = [500, 500]
    ours = deliveries(client.store)
    assert ours.deliver(webhook) == 0
    assert ours.deliver(webhook) == 0
    assert len(receiver.got) == 1, "there is a pause"
    assert ours.status(webhook).last_error == "it answered 500"
    now(1_000)
    assert deliveries(client.store).deliver(webhook) == 0
    now(2_000)
    assert ours.deliver(webhook) == 2
    assert events_of(receiver) == [("a", 3), ("a", 3), ("a", 3), ("a", 4)]
    assert len(set(receiver.ids[:3])) == 1
    assert receiver.ids[3] != receiver.ids[0]
    place = ours.status(webhook)
    assert (place.delivered, place.failures, place.last_error, place.parked_count) == (2, 0, "", 0)


def test_what_is_never_taken_is_put_aside_and_the_rest_goes_on(
    client: Client, receiver: Receiver, now: Callable[[int], None]
) -> None:
    with_version(client, "a", "b")
    webhook = new_webhook(client, receiver)
    before = client.feed.read("now").cursor
    promote(client, "a", 2)
    receiver.statuses = [404] * MOST_ATTEMPTS
    ours = deliveries(client.store)
    for _ in range(MOST_ATTEMPTS):
        assert ours.deliver(webhook) == 0
        now(int(LONGEST_PAUSE_S * 1000))
    place = ours.status(webhook)
    assert [(one.name, one.number, one.error) for one in place.parked] == [("a", 3, "it answered 404")]
    assert ours.deliver(webhook) == 1
    assert len(set(receiver.ids[:MOST_ATTEMPTS])) == 1
    assert events_of(receiver)[MOST_ATTEMPTS:] == [("a", 4)]
    ours.replay(webhook, before)
    assert ours.deliver(webhook) == 2
    assert receiver.ids[-2:] == [receiver.ids[0], receiver.ids[-3]]
    assert ours.status(webhook).parked == []


def test_pauses_grow_and_have_an_end(client: Client, receiver: Receiver, now: Callable[[int], None]) -> None:
    with_version(client, "a")
    webhook = new_webhook(client, receiver)
    promote(client, "a")
    receiver.status = 503
    ours = deliveries(client.store)
    for attempt in range(14):
        ours.deliver(webhook)
        pause_ms = ours.status(webhook).next_time - clock.now_ms()
        most = 1000 * min(LONGEST_PAUSE_S, 2**attempt)
        assert most / 2 - 100 <= pause_ms <= most
        now(pause_ms + 1)


def test_an_event_with_many_messages_goes_on_where_it_was(
    client: Client, receiver: Receiver, now: Callable[[int], None]
) -> None:
    client.registered_models.create("ask", tags={"mlflow.prompt.is_prompt": "true"})
    webhook = new_webhook(client, receiver, ALL)
    registry = Registry(client.store, actor="ann")  # no service changes several tags at once; the format may
    registry.commit("ask", lambda _state: ModelChanged(tags={"a": "1", "b": "2", "c": "3"}))
    receiver.statuses = [200, 500]
    ours = deliveries(client.store)
    assert ours.deliver(webhook) == 1
    now(2000)
    assert deliveries(client.store).deliver(webhook) == 2
    assert [message["data"]["key"] for message in receiver.messages] == ["a", "b", "b", "c"]
    assert len(set(receiver.ids)) == 3


def test_an_older_event_of_another_model_does_not_come_between(
    client: Client, receiver: Receiver, now: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_version(client, "a", "b")
    webhook = new_webhook(client, receiver)
    promote(client, "b")
    receiver.statuses = [500]
    ours = deliveries(client.store)
    ours.deliver(webhook)
    promote(client, "b")
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now_ms", lambda: 1)
        promote(client, "a")
    now(2000)
    ours.deliver(webhook)
    assert events_of(receiver) == [("b", 3), ("b", 3), ("a", 3), ("b", 4)]


def test_a_disabled_webhook_waits(client: Client, receiver: Receiver) -> None:
    with_version(client, "a")
    webhook = new_webhook(client, receiver)
    promote(client, "a")
    disabled = client.webhooks.update(webhook.webhook_id, status=WebhookStatus.DISABLED)
    assert deliveries(client.store).deliver(disabled) == 0
    active = client.webhooks.update(webhook.webhook_id, status=WebhookStatus.ACTIVE)
    assert deliveries(client.store).deliver(active) == 1


def test_a_deleted_webhook_hears_nothing_and_leaves_nothing(client: Client, receiver: Receiver) -> None:
    with_version(client, "a")
    webhook = new_webhook(client, receiver)
    ours = deliveries(client.store)
    ours.deliver(webhook)
    promote(client, "a")
    client.webhooks.delete(webhook.webhook_id)
    assert list(client.store.list("feed/")) == []
    assert ours.deliver(webhook) == 0
    assert receiver.got == []


def test_nothing_new_writes_nothing(client: Client, receiver: Receiver) -> None:
    store = CountingStore(client.store)
    with_version(client, "a")
    webhook = new_webhook(client, receiver)
    client.model_index.compact("")
    ours = deliveries(store)
    ours.deliver(webhook)
    store.reset()
    assert ours.deliver(webhook) == 0
    assert (store.writes, store.requests) == (0, 3)
    client.registered_models.set_tag("a", "k", "nobody asked to hear this")
    store.reset()
    assert ours.deliver(webhook) == 0
    assert store.writes == 1, "it is passed over for good"
    store.reset()
    promote(client, "a", 3)
    assert ours.deliver(webhook) == 3
    assert store.writes == 1 + 3 + 1


def test_an_address_inside_the_network_is_refused_and_tried_again(client: Client, receiver: Receiver) -> None:
    with_version(client, "a")
    webhook = new_webhook(client, receiver)
    promote(client, "a")
    guarded = deliveries(client.store, allow_private=False)
    assert guarded.deliver(webhook) == 0
    assert "inside a network" in guarded.status(webhook).last_error
    assert receiver.got == []


def test_replay_wants_a_cursor(client: Client, receiver: Receiver) -> None:
    with_version(client, "a")
    promote(client, "a")
    webhook = new_webhook(client, receiver)
    ours = deliveries(client.store)
    with pytest.raises(InvalidInput, match="is no cursor"):
        ours.replay(webhook, "yesterday")
    ours.replay(webhook, "start")
    assert ours.deliver(webhook) == 1
    ours.replay(webhook, "now")
    assert ours.deliver(webhook) == 0


# Who dies, and who comes at the same time


def test_a_deliverer_that_dies_at_any_write_loses_nothing(
    client: Client, receiver: Receiver, now: Callable[[int], None]
) -> None:
    with_version(client, "a", "b")
    expected: list[tuple[str, int]] = []
    for writes in range(7):
        webhook = new_webhook(client, receiver)
        receiver.got.clear()
        first = len(client.history.events("a"))
        promote(client, "a", 2)
        client.registered_models.set_tag("b", "k", "v")
        promote(client, "b")
        expected = [("a", first + 1), ("a", first + 2), ("b", len(client.history.events("b")))]
        with contextlib.suppress(Stopped):
            deliveries(StoppingStore(client.store, writes=writes)).deliver(webhook)
        now(CLAIM_MS)
        deliveries(client.store).deliver(webhook)
        told = events_of(receiver)
        assert list(dict.fromkeys(told)) == expected, f"dead before write {writes + 1}"
        assert len(told) <= len(expected) + 1, "at the most the last one comes again"
        assert len(set(receiver.ids)) == len(expected)
        assert deliveries(client.store).deliver(webhook) == 0
        client.webhooks.delete(webhook.webhook_id)


def test_lost_answers_repeat_nothing(client: Client, receiver: Receiver) -> None:
    with_version(client, "a")
    webhook = new_webhook(client, receiver)
    promote(client, "a", 10)
    deliveries(client.store).status(webhook)
    store = LossyStore(client.store, share=0.4, seed=3)
    deliveries(store).deliver(webhook)
    assert store.lost > 3
    assert events_of(receiver) == [("a", number) for number in range(3, 13)]


def test_a_claim_keeps_others_away_until_it_runs_out(
    client: Client, receiver: Receiver, now: Callable[[int], None]
) -> None:
    with_version(client, "a")
    webhook = new_webhook(client, receiver)
    promote(client, "a", 2)
    deliveries(client.store).status(webhook)
    with pytest.raises(Stopped):
        deliveries(StoppingStore(client.store, writes=1)).deliver(webhook)
    assert len(receiver.got) == 1
    assert deliveries(client.store).deliver(webhook) == 0
    now(CLAIM_MS)
    assert deliveries(client.store).deliver(webhook) == 2


def test_who_slept_beyond_its_claim_does_not_put_the_place_back(
    client: Client, receiver: Receiver, now: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_version(client, "a")
    webhook = new_webhook(client, receiver)
    promote(client, "a", 3)
    slow, fast = deliveries(client.store), deliveries(client.store)
    real = webhook_messages._post
    calls: list[int] = []

    def post(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:  # the first message of the slow one takes longer than its claim
            now(CLAIM_MS)
            assert fast.deliver(webhook) == 3
        return real(*arguments)

    monkeypatch.setattr(webhook_messages, "_post", post)
    slow.deliver(webhook)
    assert events_of(receiver) == [("a", 3), ("a", 4), ("a", 5), ("a", 3)]
    assert receiver.ids[3] == receiver.ids[0]
    assert fast.status(webhook).delivered == 3
    assert fast.deliver(webhook) == 0


def test_many_deliverers_at_once_send_each_message_once(client: Client, receiver: Receiver) -> None:
    with_version(client, "a", "b", "c")
    webhook = new_webhook(client, receiver)
    for name in ("a", "b", "c"):
        promote(client, name, 10)
    several = [deliveries(client.store) for _ in range(6)]
    taken: list[int] = []
    threads = [threading.Thread(target=lambda one=one: taken.append(one.deliver(webhook))) for one in several]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(taken) == 30
    assert len(receiver.got) == 30
    for name in ("a", "b", "c"):
        assert [number for model, number in events_of(receiver) if model == name] == list(range(3, 13))


def test_a_webhook_that_hangs_holds_back_no_other(client: Client, receiver: Receiver) -> None:
    with_version(client, "a")
    with running_receiver() as hanging:
        hanging.silent.set()
        slow = client.webhooks.create("hangs", hanging.url, STAGES)
        new_webhook(client, receiver)
        deliverer = Deliverer(client.webhooks, deliveries(client.store))
        deliverer.start()
        promote(client, "a", 2)
        deliverer.poke()
        wait_for(lambda: len(receiver.got) == 2)
        wait_for(lambda: len(hanging.got) == 1)
        promote(client, "a")
        deliverer.poke()
        wait_for(lambda: len(receiver.got) == 3)
        assert len(hanging.got) == 1
        assert client.store.get(keys.webhook_place(slow.webhook_id)), "it is being told"
        hanging.silent.clear()
        deliverer.stop()


def wait_for(is_so: Callable[[], bool]) -> None:
    """Return when it is so; whoever waits in vain is stopped by the test's own end."""
    for _ in range(3000):
        if is_so():
            return
        clock.sleep(0.01)
    raise AssertionError("it never was")
