"""The plugin by which MLflow's own client, command line and server work on a store.

Its URIs are ``cloudtrack+s3://bucket/prefix``, ``cloudtrack+file:///path`` and ``cloudtrack+file:relative``.

MLflow finds these functions as entry points and loads them whenever it is imported, so nothing is imported before one
is called. No other part of cloudtrack imports this package, and no other part imports MLflow.
"""

from __future__ import annotations

from typing import Any


def tracking_store(store_uri: str, artifact_uri: str | None = None) -> Any:
    """What MLflow asks for experiments, runs and logged models. Raises MlflowException."""
    from cloudtrack.mlflow_plugin.tracking_store import TrackingStore

    return TrackingStore(store_uri, artifact_uri)


def registry_store(store_uri: str, tracking_uri: str | None = None) -> Any:
    """What MLflow asks for registered models and their versions. Raises MlflowException."""
    from cloudtrack.mlflow_plugin.registry_store import RegistryStore

    return RegistryStore(store_uri, tracking_uri)


def artifact_repository(artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None) -> Any:  # noqa: ARG001 - MLflow's arguments
    """What MLflow asks for files. Raises MlflowException."""
    from cloudtrack.mlflow_plugin.artifact_repository import ArtifactRepository

    return ArtifactRepository(artifact_uri)
