"""Telling webhooks what happened, each thing at least once and in each model's order.

How far a webhook is, is a document: whoever delivers claims it for a while, and writes it anew after each message. One
that dies loses nothing: another goes on when the claim has run out, and at the most sends the last message again, under
the same id. What is not taken is tried again, later and later; after many times it is put aside.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cloudtrack import clock, ids
from cloudtrack.entities.registered_model import PROMPT_TAG
from cloudtrack.errors import CorruptData, InvalidInput, NotFound, ObjectExists, ObjectNotFound
from cloudtrack.registry import keys
from cloudtrack.registry.delivery_document import DeliveryDocument, Parked
from cloudtrack.registry.event_messages import EventMessage, messages_of
from cloudtrack.registry.events import ModelCreated
from cloudtrack.registry.feed import Feed, FeedEvent
from cloudtrack.registry.past import Past
from cloudtrack.registry.registry import Registry
from cloudtrack.registry.webhook_messages import Outcome, send_message
from cloudtrack.registry.webhooks import Webhook, Webhooks, WebhookStatus
from cloudtrack.storage.document import DocumentStore, Stored
from cloudtrack.storage.object_store import ObjectStore

_PAGE = 100
Ask = Callable[[], bool]

_log = logging.getLogger(__name__)


class Deliveries:
    """The deliveries to the webhooks of one store. Any number of threads and processes may use it."""

    def __init__(self, store: ObjectStore, feed: Feed, webhooks: Webhooks, *, allow_private: bool) -> None:
        """``allow_private`` lets messages go to addresses of this machine and its network."""
        self._feed = feed
        self._webhooks = webhooks
        self._registry = Registry(store, actor="")
        self._documents = DocumentStore(store, DeliveryDocument)
        self._allow_private = allow_private

    def status(self, webhook: Webhook) -> DeliveryDocument:
        """How far a webhook is."""
        return self._place(webhook).document

    def replay(self, webhook: Webhook, cursor: str) -> None:
        """Let everything after a cursor be told again, also what was put aside; repeats have the same ids.

        Raises InvalidInput, NotFound for a cursor that is none of this store.
        """
        token = self._feed.token(cursor)
        known = self._place(webhook)
        key = keys.webhook_place(webhook.webhook_id)
        self._documents.update(key, lambda document: document.begin_again(token), known=known)

    def deliver(self, webhook: Webhook, may_go_on: Ask = lambda: True) -> int:
        """Send what there is to send now; how many messages were taken. What another deliverer has is left to it.

        Nothing is sent to a webhook that is disabled: it goes on where it is when it is active again.
        """
        taken = 0
        if webhook.status != WebhookStatus.ACTIVE:
            return taken
        holder = ids.new_commit_id()
        try:
            stored = self._place(webhook)
            while may_go_on() and stored.document.is_due(holder, clock.now_ms()):
                page = self._feed.read(stored.document.cursor, _PAGE)
                if not page.events:
                    break
                told = self._told(webhook, stored.document, page.events)
                receiver = _Receiver(webhook, self._webhooks.secret(webhook.webhook_id), self._allow_private)
                delivery = _Delivery(self._documents, self._feed, receiver, holder, stored)
                delivery.tell(told, may_go_on)
                taken += delivery.taken
                stored = delivery.stored
        except (_Lost, ObjectNotFound, NotFound) as error:  # it is somebody else's now, or deleted
            _log.info("webhook %s is left alone: %s", webhook.webhook_id, error)
        return taken

    def _place(self, webhook: Webhook) -> Stored[DeliveryDocument]:
        """How far a webhook is; one that nobody delivered to yet begins with what came after its creation."""
        key = keys.webhook_place(webhook.webhook_id)
        try:
            return self._documents.get(key)
        except ObjectNotFound:
            first = DeliveryDocument(cursor=self._feed.since(webhook.creation_timestamp))
        try:
            return self._documents.create(key, first)
        except ObjectExists:
            return self._documents.get(key)

    def _told(self, webhook: Webhook, document: DeliveryDocument, events: Sequence[FeedEvent]) -> list[_Told]:
        """What the webhook wants to hear of events. That which is being told is first: it is its model's next one."""
        wanted = {(event.entity, event.action) for event in webhook.events}
        are_prompts: dict[str, bool] = {}
        told = []
        for item in events:
            change = item.event.change
            if isinstance(change, ModelCreated):
                are_prompts[item.title] = change.tags.get(PROMPT_TAG) == "true"
            elif item.title not in are_prompts:
                are_prompts[item.title] = not item.is_release and self._is_prompt(item)
            messages = messages_of(item.name, item.event, is_prompt=are_prompts[item.title])
            told.append(_Told(item, [(n, each) for n, each in enumerate(messages) if each.about.pair in wanted]))
        return sorted(told, key=lambda one: not document.is_tried(one.item.title, one.item.event.number))

    def _is_prompt(self, item: FeedEvent) -> bool:
        """As the model is now, or as it was where it is gone: what it is for does not change."""
        try:
            state = self._registry.read_any(item.name)
            if not state.exists:
                state = Past(self._registry).after(item.name, item.event.number - 1)
        except CorruptData:  # a later event: those before it are told all the same
            return False
        return state.tags.get(PROMPT_TAG) == "true"


class _Lost(Exception):
    """Another deliverer has the webhook now, or it begins again elsewhere."""


@dataclass(frozen=True)
class _Told:
    """An event, and what is to be told of it, by the number among all its messages."""

    item: FeedEvent
    messages: list[tuple[int, EventMessage]]


@dataclass(frozen=True)
class _Receiver:
    webhook: Webhook
    secret: str = field(repr=False)
    allow_private: bool

    def send(self, item: FeedEvent, number: int, message: EventMessage) -> Outcome:
        try:
            return send_message(
                self.webhook,
                self.secret,
                message.about,
                message.data,
                allow_private=self.allow_private,
                delivery_id=ids.delivery_id(self.webhook.webhook_id, item.title, item.event.number, number),
                time_ms=item.event.time_ms,
            )
        except InvalidInput as error:  # its address is inside the network
            return Outcome(error=error.message)


class _Delivery:
    """Telling one webhook of some events."""

    def __init__(
        self,
        documents: DocumentStore[DeliveryDocument],
        feed: Feed,
        receiver: _Receiver,
        holder: str,
        stored: Stored[DeliveryDocument],
    ) -> None:
        self.stored = stored
        self.taken = 0
        self._documents = documents
        self._feed = feed
        self._receiver = receiver
        self._holder = holder
        self._key = keys.webhook_place(receiver.webhook.webhook_id)

    def tell(self, told: Sequence[_Told], may_go_on: Ask) -> None:
        """Tell all of them, or up to one that is not taken. Raises _Lost, ObjectNotFound."""
        if any(one.messages for one in told):
            self._write()
        passed: list[FeedEvent] = []
        for one in told:
            done = self.stored.document.trying_of(one.item.title, one.item.event.number).sent
            left = [(number, message) for number, message in one.messages if number >= done]
            if left and not (may_go_on() and self._tell_one(one.item, left, passed)):
                break
            passed = [] if left else [*passed, one.item]

        def end(document: DeliveryDocument) -> None:
            document.cursor = self._feed.after(document.cursor, passed)
            document.release()

        self._write(end)

    def _tell_one(self, item: FeedEvent, left: Sequence[tuple[int, EventMessage]], passed: list[FeedEvent]) -> bool:
        """Send the messages of one event, up to one that is not taken; whether there was none.

        With the last one those events are done with too that were passed over before.
        """
        for number, message in left:
            outcome = self._receiver.send(item, number, message)

            def note(document: DeliveryDocument, number: int = number, sent: EventMessage = message) -> None:
                trying = document.trying_of(item.title, item.event.number)
                if outcome.is_success:  # noqa: B023 - it is called before the loop goes on
                    document.note_taken(trying, number)
                else:
                    document.note_refused(trying, number, _parked(item, sent, outcome))  # noqa: B023
                if document.trying is not None and document.trying.sent > left[-1][0]:
                    document.trying = None
                    document.cursor = self._feed.after(document.cursor, [*passed, item])

            self._write(note)
            self.taken += outcome.is_success
            if not outcome.is_success:
                return False
        return True

    def _write(self, change: Callable[[DeliveryDocument], None] | None = None) -> None:
        """Change the document while it is ours, and hold it longer."""
        cursor = self.stored.document.cursor

        def guarded(document: DeliveryDocument) -> None:
            now = clock.now_ms()
            is_ours = document.holder == self._holder or document.is_due(self._holder, now)
            if not is_ours or document.cursor != cursor:
                raise _Lost(f"it is told by {document.holder or 'another'}")
            document.hold(self._holder, now)
            if change is not None:
                change(document)

        self.stored = self._documents.update(self._key, guarded, known=self.stored)


def _parked(item: FeedEvent, message: EventMessage, outcome: Outcome) -> Parked:
    return Parked(
        name=item.name,
        number=item.event.number,
        entity=message.about.entity,
        action=message.about.action,
        time_ms=clock.now_ms(),
        error=outcome.error or f"it answered {outcome.status}",
    )
