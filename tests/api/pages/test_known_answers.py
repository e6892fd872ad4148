"""What a page has already is not sent again."""

from __future__ import annotations

import pytest

from cloudtrack.api.app import App
from cloudtrack.client import Client
from tests.api.sending import get


@pytest.mark.parametrize("route", ["models/board", "models/activity", "models/timeline", "models/table", "activity"])
def test_answers_that_are_known_are_not_sent_again(client: Client, app: App, route: str) -> None:
    client.registered_models.create("churn")
    query = {"name": "churn"} if route.startswith("models/") and route != "models/table" else {}
    first = get(app, route, **query)
    again = get(app, route, headers={"If-None-Match": first.headers["etag"]}, **query)
    assert (again.status, again.whole_body()) == (304, b"")
    client.model_versions.create("churn", "s3://elsewhere/model")
    assert get(app, route, headers={"If-None-Match": first.headers["etag"]}, **query).status == 200
