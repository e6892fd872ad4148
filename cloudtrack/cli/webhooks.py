"""``cloudtrack webhooks``: who is told of what happens in the registry."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from cloudtrack import config
from cloudtrack.cli import output
from cloudtrack.cli.state import client, store_client
from cloudtrack.client import Client
from cloudtrack.errors import InvalidInput
from cloudtrack.registry.deliverer import Deliverer
from cloudtrack.registry.deliveries import Deliveries
from cloudtrack.registry.webhook_messages import example_data, send_message
from cloudtrack.registry.webhooks import STAGE_TRANSITIONED, Webhook, WebhookEvent

app = typer.Typer(help="Tell others of what happens in the registry.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(help="The webhook's id.")]
Private = Annotated[
    bool, typer.Option("--allow-private", help="Also send to addresses of this machine and its network.")
]
SECRET = "CLOUDTRACK_WEBHOOK_SECRET"  # noqa: S105 - the name of a variable


def _event(text: str) -> WebhookEvent:
    entity, _, action = text.upper().replace("-", "_").partition(".")
    try:
        return WebhookEvent.of(entity, action)
    except InvalidInput as error:
        raise typer.BadParameter(error.message) from error


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="A name for people; it need not be unique.")],
    url: Annotated[str, typer.Argument(help="Where messages go: https://host/path.")],
    event: Annotated[
        list[WebhookEvent] | None,
        typer.Option("--event", parser=_event, metavar="ENTITY.ACTION", help="What it hears of; may be given again."),
    ] = None,
    description: Annotated[str, typer.Option("--description", help="What it is for.")] = "",
    as_json: output.JsonOption = False,
) -> None:
    """Make a webhook: it is told of everything from now on. Without --event, of versions that move to another stage.

    Messages are signed with the secret in the environment variable CLOUDTRACK_WEBHOOK_SECRET, where it is set.
    """
    events = event or [WebhookEvent.of(*STAGE_TRANSITIONED)]
    secret = config.environment().get(SECRET, "")
    webhook = client().webhooks.create(name, url, events, description=description, secret=secret)
    if as_json:
        output.show_json(_shown(webhook))
        return
    output.show_fields({"id": webhook.webhook_id, "to": webhook.url, "signed": "yes" if secret else "no"})


@app.command("list")
def list_webhooks(as_json: output.JsonOption = False) -> None:
    """Show all webhooks; of a store also how far they are."""
    found = client()
    webhooks = found.webhooks.list()
    if not isinstance(found, Client):
        if as_json:
            output.show_json([_shown(each) for each in webhooks])
            return
        known = [(each.webhook_id, each.name, each.url, each.status) for each in webhooks]
        output.show_table("webhooks", ("id", "name", "to", "status"), known, empty="no webhooks")
        return
    deliveries = _deliveries(found, allow_private=False)
    places = [(webhook, deliveries.status(webhook)) for webhook in webhooks]
    if as_json:
        shown = {"cursor", "failures", "next_time", "last_error", "delivered", "parked_count", "parked"}
        output.show_json([{**_shown(each), "delivery": place.model_dump(include=shown)} for each, place in places])
        return
    rows = [
        (each.webhook_id, each.name, each.url, each.status, place.delivered, place.parked_count, place.last_error)
        for each, place in places
    ]
    columns = ("id", "name", "to", "status", "delivered", "given up", "failing with")
    output.show_table("webhooks", columns, rows, empty="no webhooks")


@app.command("delete")
def delete(webhook_id: Id) -> None:
    """Delete a webhook, and its secret with it."""
    client().webhooks.delete(webhook_id)
    output.say(f"deleted webhook {webhook_id}")


@app.command("test")
def send_test(webhook_id: Id, allow_private: Private = False) -> None:
    """Send one example, signed. Over a server, the server sends it and decides where to."""
    found = client()
    if isinstance(found, Client):
        webhook = found.webhooks.get(webhook_id)
        secret, event = found.webhooks.secret(webhook_id), webhook.events[0]
        outcome = send_message(webhook, secret, event, example_data(event), allow_private=allow_private)
    else:
        outcome = found.webhooks.test(webhook_id)
    if not outcome.is_success:
        output.complain(f"Error: the message was not taken: {outcome.error or f'it answered {outcome.status}'}")
        raise typer.Exit(1)
    output.say(f"it answered {outcome.status}")


@app.command("deliver")
def deliver(
    follow: Annotated[bool, typer.Option("--follow/--once", help="Go on until it is interrupted.")] = False,
    allow_private: Private = False,
) -> None:
    """Send all webhooks what they have not been told yet. A server does so by itself; any number may do it at once."""
    store = store_client()
    deliverer = Deliverer(store.webhooks, _deliveries(store, allow_private=allow_private))
    try:
        if follow:
            deliverer.run()
        output.say(f"{deliverer.deliver()} messages were taken")
    finally:
        deliverer.stop()


@app.command("replay")
def replay(
    webhook_id: Id,
    since: Annotated[str, typer.Option("--since", help="A cursor of `cloudtrack events`, start or now.")],
) -> None:
    """Tell a webhook everything after a cursor again, also what was given up. Repeats have the ids they had."""
    store = store_client()
    _deliveries(store, allow_private=False).replay(store.webhooks.get(webhook_id), since)
    output.say(f"webhook {webhook_id} is told everything after that, by whoever delivers next")


def _shown(webhook: Webhook) -> dict[str, Any]:
    return {**asdict(webhook), "events": [event.model_dump() for event in webhook.events]}


def _deliveries(store: Client, *, allow_private: bool) -> Deliveries:
    return Deliveries(store.store, store.feed, store.webhooks, allow_private=allow_private)
