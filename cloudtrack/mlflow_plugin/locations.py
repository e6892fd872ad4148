"""Where MLflow finds artifacts: in the store itself, by URIs that every process with the plugin can open."""

from __future__ import annotations

from dataclasses import dataclass

from cloudtrack.api.locations import PROXY_SCHEME, Locations
from cloudtrack.mlflow_plugin.place import parse_place
from cloudtrack.storage.plugin_uri import PREFIX


@dataclass(frozen=True)
class PluginLocations(Locations):
    """Artifact URIs of the plugin; ``address`` is the store's, with its options.

    Where it is not ``direct``, as in an ``mlflow server`` that hands on files, ``mlflow-artifacts:`` URIs lead there.
    """

    address: str = ""

    def of(self, path: str) -> str:
        if not self.direct:
            return super().of(path)
        base, mark, options = self.address.partition("?")
        return f"{PREFIX}{base}/{path}{mark}{options}"

    def kept_source(self, source: str) -> str:
        if source.startswith(PREFIX):
            place = parse_place(source)
            if place.path and _base(place.address) == _base(self.address):
                return super().kept_source(f"{PROXY_SCHEME}/{place.path}")
        return super().kept_source(source)


def _base(address: str) -> str:
    return address.partition("?")[0]
