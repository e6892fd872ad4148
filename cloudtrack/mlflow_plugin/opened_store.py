"""The store behind a URI of the plugin, one for each place in this process, and the endpoints of the API over it.

MLflow's rules are those of its REST API: what a request needs, how it is refused, and what the answer has. The plugin
calls the same functions, in this process.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from typing import Any, get_type_hints

from cloudtrack.access.tickets import Tickets
from cloudtrack.api.context import Context, Owners
from cloudtrack.api.fields import RequestModel
from cloudtrack.api.locations import Locations
from cloudtrack.api.message import Request
from cloudtrack.api.settings import Settings
from cloudtrack.client import Client
from cloudtrack.mlflow_plugin.errors import as_mlflow_errors
from cloudtrack.mlflow_plugin.locations import PluginLocations
from cloudtrack.mlflow_plugin.place import Place

_clients: dict[str, Client] = {}
_lock = threading.Lock()


def open_client(place: Place, *, create: bool) -> Client:
    """The client of a store. Raises NotFound where there is no store and it is not to be made, InvalidInput."""
    with _lock:
        client = _clients.get(place.address)
        if client is None:
            client = _clients[place.address] = Client(place.address, create=create)
        return client


class OpenedStore:
    """Answers what MLflow's REST API does; ``direct`` as for ``PluginLocations``."""

    def __init__(self, client: Client, *, direct: bool = True) -> None:
        self.client = client
        self._context = Context(
            client,
            Request("", ""),
            access=None,
            owners=Owners(client),
            locations=self._locations(direct=direct),
            settings=Settings(),
            tickets=Tickets(client.store),
        )

    def _locations(self, *, direct: bool) -> Locations:
        return PluginLocations(self.client.uri, direct=direct, address=self.client.address)

    def ask(self, endpoint: Callable[[Context, Any], Any], **fields: Any) -> dict[str, Any]:
        """The answer of an endpoint; fields that are None are left out. Raises MlflowException."""
        with as_mlflow_errors():
            given = {name: value for name, value in fields.items() if value is not None}
            return endpoint(self._context, _request_model(endpoint).model_validate(given)) or {}


@cache
def _request_model(endpoint: Callable[[Context, Any], Any]) -> type[RequestModel]:
    model: type[RequestModel] = get_type_hints(endpoint)["request"]
    return model
