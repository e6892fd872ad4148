"""A loaded model that answers requests, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from cloudtrack.client import AnyClient, connect
from cloudtrack.entities.model_uri import (
    RegisteredVersion,
    ReleaseMember,
    is_local_uri,
    parse_model_uri,
    version_uri,
)
from cloudtrack.errors import InvalidInput
from cloudtrack.models.finding import load_from
from cloudtrack.models.model_file import Model
from cloudtrack.models.pyfunc import load_local
from cloudtrack.models.trust import trusting


class Scorer(Protocol):
    """What is served: a ``PyFuncModel``, or what looks like one."""

    metadata: Model

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """Predictions; raises InvalidInput for data that does not fit the signature."""


@dataclass(frozen=True)
class Place:
    """Where exactly a model is: a URI that always means the same model, and its version if it is registered."""

    uri: str
    version: str = ""


NOWHERE = Place("")
"""Of a model that is in no store: callers are not told folders of this machine."""


@dataclass(frozen=True)
class ServedModel:
    """A model that is ready to predict, and the place that it came from."""

    model: Scorer
    place: Place


class ModelSource:
    """A model URI, resolved and loaded as often as one likes.

    ``store`` is where the URI is looked up, as ``connect`` takes it; a local folder needs none. ``trust`` says that
    models may run code that they bring; without it the environment decides (see ``cloudtrack.models.trust``).
    """

    def __init__(self, uri: str, store: str | None = None, *, trust: bool = False) -> None:
        self.uri = uri
        self._store = store
        self._trust = True if trust else None
        self._client: AnyClient | None = None

    @property
    def is_moving(self) -> bool:
        """Whether the URI can come to mean another version: a stage, an alias or ``latest``."""
        if self._is_local:
            return False
        location = parse_model_uri(self.uri)
        return isinstance(location, RegisteredVersion | ReleaseMember) and location.is_moving

    def resolve(self) -> Place:
        """What the URI means now; reads no more than the registry. Raises NotFound, InvalidInput."""
        if self._is_local:
            return NOWHERE
        location = parse_model_uri(self.uri)
        if not isinstance(location, RegisteredVersion | ReleaseMember):
            return Place(self.uri)
        version = self._connected().resolve_version(location)
        return Place(version_uri(version.name, version.version), str(version.version))

    def load(self, place: Place) -> ServedModel:
        """Download the model of a place and load it. Its files stay as long as the model: it may read them late.

        Raises NotFound, CorruptData, InvalidInput, MissingDependency, PermissionDenied.
        """
        with trusting(self._trust):
            uri = self.uri if self._is_local else place.uri
            return ServedModel(load_from(uri, self._connected, None, load_local), place)

    def close(self) -> None:
        """Give back connections."""
        if self._client is not None:
            self._client.close()

    @property
    def _is_local(self) -> bool:
        return is_local_uri(self.uri)

    def _connected(self) -> AnyClient:
        if self._client is None:
            self._client = connect(self._store, create=False)
        return self._client


def check_followable(source: ModelSource) -> None:
    """Raises InvalidInput for a URI that always means the same model."""
    if not source.is_moving:
        raise InvalidInput(
            f"{source.uri!r} always means the same model: follow a stage, an alias or latest, such as "
            "models:/<name>/Production or models:/<name>@champion"
        )
