"""Webhooks, for administrators. What happens is delivered to them by others (``registry/deliverer.py``).

They may hear of stages and releases too, of which MLflow tells nobody. Its clients are not shown events that they do
not know, nor in lists webhooks that have no others: they fail at a webhook without events.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from cloudtrack.access.permission import Permission
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import Declarations, Domain, Needs, On
from cloudtrack.api.fields import (
    Int64,
    Message,
    RequestModel,
    Required,
    WebhookActions,
    WebhookEntities,
    WebhookStatuses,
)
from cloudtrack.api.mlflow import messages
from cloudtrack.api.mlflow.experiments import check_page_size
from cloudtrack.registry.webhook_messages import example_data, send_message
from cloudtrack.registry.webhooks import OWN, Webhook, WebhookEvent, WebhookStatus
from cloudtrack.search.pages import page_of

ENDPOINTS = Declarations(Domain.REGISTRY)

_NEEDS = Needs(Permission.MANAGE, On.STORE)
_WRITES = Domain.TRANSITIONS
_MAX_PAGE = 1000


class EventMessage(Message):
    entity: WebhookEntities
    action: WebhookActions

    @property
    def event(self) -> WebhookEvent:
        """Raises InvalidInput for what never happens."""
        return WebhookEvent.of(self.entity, self.action)


class CreateWebhook(RequestModel):
    name: Required
    url: Required
    events: list[EventMessage]
    description: str = ""
    secret: str = Field("", repr=False)
    status: WebhookStatuses = WebhookStatus.ACTIVE


class ListWebhooks(RequestModel):
    max_results: Int64 = 100
    page_token: str = ""


class WebhookRequest(RequestModel):
    webhook_id: Required


class UpdateWebhook(WebhookRequest):
    name: str = ""
    url: str = ""
    events: list[EventMessage] = []
    description: str | None = None
    secret: str | None = Field(None, repr=False)
    status: WebhookStatuses | None = None


class TestWebhook(WebhookRequest):
    event: EventMessage | None = None


@ENDPOINTS.add("POST", "/mlflow/webhooks", _NEEDS, domain=_WRITES)
def create_webhook(context: Context, request: CreateWebhook) -> dict[str, Any]:
    """Create a webhook. Its secret is never given out again."""
    webhook = context.client.webhooks.create(
        request.name,
        request.url,
        [item.event for item in request.events],
        description=request.description,
        secret=request.secret,
        status=request.status,
    )
    return {"webhook": _message(webhook, context)}


@ENDPOINTS.add("GET", "/mlflow/webhooks", _NEEDS)
def list_webhooks(context: Context, request: ListWebhooks) -> dict[str, Any]:
    """A page of webhooks, newest first."""
    check_page_size(request.max_results, _MAX_PAGE)
    webhooks = [webhook for webhook in context.client.webhooks.list() if _shown(webhook, context)]
    page = page_of(webhooks, request.max_results, request.page_token)
    return messages.page("webhooks", (_message(webhook, context) for webhook in page), page.token)


@ENDPOINTS.add("GET", "/mlflow/webhooks/{webhook_id}", _NEEDS)
def get_webhook(context: Context, request: WebhookRequest) -> dict[str, Any]:
    """One webhook."""
    return {"webhook": _message(context.client.webhooks.get(request.webhook_id), context)}


@ENDPOINTS.add("PATCH", "/mlflow/webhooks/{webhook_id}", _NEEDS, domain=_WRITES)
def update_webhook(context: Context, request: UpdateWebhook) -> dict[str, Any]:
    """Change what is given; an empty name, address or list of events changes nothing."""
    webhook = context.client.webhooks.update(
        request.webhook_id,
        name=request.name or None,
        url=request.url or None,
        events=[item.event for item in request.events] or None,
        description=request.description,
        secret=request.secret,
        status=request.status,
    )
    return {"webhook": _message(webhook, context)}


@ENDPOINTS.add("DELETE", "/mlflow/webhooks/{webhook_id}", _NEEDS, domain=_WRITES)
def delete_webhook(context: Context, request: WebhookRequest) -> None:
    """Delete a webhook, and its secret with it."""
    context.client.webhooks.delete(request.webhook_id)


@ENDPOINTS.add("POST", "/mlflow/webhooks/{webhook_id}/test", _NEEDS, domain=_WRITES)
def test_webhook(context: Context, request: TestWebhook) -> dict[str, Any]:
    """Send one example of an event, signed, and say what came of it. A guarded server sends to public hosts only."""
    webhook = context.client.webhooks.get(request.webhook_id)
    event = request.event.event if request.event else webhook.events[0]
    outcome = send_message(
        webhook,
        context.client.webhooks.secret(request.webhook_id),
        event,
        example_data(event),
        allow_private=not context.is_guarded,
    )
    result = {
        "success": outcome.is_success,
        "response_status": outcome.status,
        "response_body": outcome.body or None,
        "error_message": outcome.error or None,
    }
    return {"result": messages.without_empty(result)}


def _shown(webhook: Webhook, context: Context) -> list[WebhookEvent]:
    return [event for event in webhook.events if context.is_own_client or event.pair not in OWN]


def _message(webhook: Webhook, context: Context) -> dict[str, Any]:
    return messages.without_empty(
        {
            "webhook_id": webhook.webhook_id,
            "name": webhook.name,
            "description": webhook.description or None,
            "url": webhook.url,
            "events": [{"entity": event.entity, "action": event.action} for event in _shown(webhook, context)],
            "status": webhook.status,
            "creation_timestamp": webhook.creation_timestamp,
            "last_updated_timestamp": webhook.last_updated_timestamp,
        }
    )
