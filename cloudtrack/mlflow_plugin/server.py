"""What an ``mlflow server`` over a store does with files."""

from __future__ import annotations

from cloudtrack import config
from cloudtrack.api.locations import PROXY_SCHEME
from cloudtrack.errors import InvalidInput
from cloudtrack.mlflow_plugin.place import Place, parse_place


def hands_on_files(place: Place, artifact_uri: str | None) -> bool:
    """Whether a server passes on the files of this store, so that its clients need neither plugin nor store.

    MLflow's server does so by default, and keeps the files in ``--artifacts-destination``, which must be the store.
    """
    if not artifact_uri or not artifact_uri.startswith(PROXY_SCHEME):
        return False
    try:
        return parse_place(config.mlflow_artifacts_destination()) == place
    except InvalidInput:
        return False
