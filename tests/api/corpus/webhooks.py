"""Webhooks: creation, change, deletion. Nothing is sent."""

from typing import Any

from tests.api.corpus.steps import Step, delete, get, patch, post

_NEW_MODEL = {"entity": "REGISTERED_MODEL", "action": "CREATED"}
_ALIAS_GONE = {"entity": "MODEL_VERSION_ALIAS", "action": "DELETED"}
_NONE = "0123456789abcdef0123456789abcdef"


def _create(**more: Any) -> Step:
    body = {"name": "hook", "url": "https://1.1.1.1/hook", "events": [_NEW_MODEL], **more}
    return post("webhooks", {name: value for name, value in body.items() if value is not None})


def _change(**body: Any) -> Step:
    return patch("webhooks/${w1}", {"webhook_id": "${w1}", **body})


STEPS = [
    get("webhooks"),
    _create(description="words", secret="s3cret").saving(w1="webhook.webhook_id"),
    _create(
        name="two", events=[{"entity": "MODEL_VERSION_TAG", "action": "SET"}, _ALIAS_GONE], status="DISABLED"
    ).saving(w2="webhook.webhook_id"),
    _create(name="three", events=[{"entity": 1, "action": 1}]).saving(w3="webhook.webhook_id"),
    _create(name=None),
    _create(name=""),
    _create(name=" "),
    _create(name="a b"),
    _create(name="-a"),
    _create(name="x" * 64),
    _create(url=None),
    _create(url=""),
    _create(url="nonsense"),
    _create(url="ftp://1.1.1.1/x"),
    _create(url="https://"),
    _create(events=None),
    _create(events=[]),
    _create(events=[{"entity": "REGISTERED_MODEL", "action": "SET"}]),
    get("webhooks"),
    get("webhooks", max_results=1).saving(wp1="next_page_token"),
    get("webhooks", max_results=1, page_token="${wp1}").saving(wp2="next_page_token"),
    get("webhooks", max_results=1, page_token="${wp2}"),
    get("webhooks", max_results=1000),
    get("webhooks", max_results=1001),
    get("webhooks", page_token="nonsense"),
    get("webhooks/${w1}"),
    get(f"webhooks/{_NONE}"),
    get("webhooks/nonsense"),
    _change(name="renamed"),
    _change(url="https://1.1.1.1/other"),
    _change(url="ftp://1.1.1.1/other"),
    _change(events=[_ALIAS_GONE]),
    _change(events=[]),
    _change(events=[{"entity": "REGISTERED_MODEL", "action": "DELETED"}]),
    _change(status="DISABLED", description=""),
    _change(name="a b"),
    _change(name=""),
    _change(secret="other"),
    _change(),
    patch("webhooks/${w1}", {"name": "by path"}),
    patch(f"webhooks/{_NONE}", {"webhook_id": _NONE, "name": "x"}),
    get("webhooks/${w1}"),
    post(f"webhooks/{_NONE}/test", {"webhook_id": _NONE}),
    delete("webhooks/${w1}", {"webhook_id": "${w1}"}),
    delete("webhooks/${w1}", {"webhook_id": "${w1}"}),
    get("webhooks/${w1}"),
    delete("webhooks/${w3}", {"webhook_id": "${w3}"}),
    get("webhooks"),
]
