"""The requests that are open anywhere in a store."""

from __future__ import annotations

from collections.abc import Iterable

from cloudtrack.entities.registered_model import RegisteredModel
from cloudtrack.entities.transition_request import TransitionRequest
from cloudtrack.errors import NotFound
from cloudtrack.registry.model_index import ModelIndex, Shows, model_question
from cloudtrack.registry.registry import Registry
from cloudtrack.storage.parallel import map_in_order

MOST_MODELS = 500
"""So many models are looked at for open requests."""
MOST_REQUESTS = 1000
"""So many requests are told."""


class Inbox:
    """The open requests of one store. The index says of which models there are some, and how many.

    Rows that were written before it did so do not say; the states of these models are read.
    """

    def __init__(self, registry: Registry, index: ModelIndex) -> None:
        self._registry = registry
        self._index = index

    def counts(self, models: Iterable[RegisteredModel]) -> dict[str, int]:
        """How many requests are open, by model; no request to the store where the index has it."""
        listed = list(models)
        unknown = [model.name for model in listed if model.open_requests is None]
        read = dict(zip(unknown, map(len, map_in_order(self._requests, unknown)), strict=True))
        return {model.name: read.get(model.name, model.open_requests or 0) for model in listed}

    def open(self, *, shows: Shows | None = None) -> tuple[list[TransitionRequest], bool]:
        """All open requests, newest first, and whether some are left out.

        One search of the index of models, and two requests for each model that has open requests.
        """
        models = self._index.models(model_question(None, None), None, shows=shows)
        names = [model.name for model in models if model.open_requests != 0]
        found = map_in_order(self._requests, names[:MOST_MODELS])
        requests = [one for some in found for one in some]
        requests.sort(key=lambda one: (-one.creation_timestamp, one.name, one.id))
        return requests[:MOST_REQUESTS], len(names) > MOST_MODELS or len(requests) > MOST_REQUESTS

    def _requests(self, name: str) -> list[TransitionRequest]:
        try:
            state = self._registry.read(name)
        except NotFound:
            return []
        return [request.shown(name) for request in state.requests.open.values()]
