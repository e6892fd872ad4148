"""Changing what a logged model says of itself."""

from __future__ import annotations

import io
from pathlib import Path

import yaml

from cloudtrack.entities.model_uri import LoggedModelFolder, RunModel, is_local_uri, local_path
from cloudtrack.errors import InvalidInput, StateError
from cloudtrack.fluent import session
from cloudtrack.models.model_file import FILE_NAME, Model
from cloudtrack.models.signature import ModelSignature


def set_signature(model_uri: str, signature: ModelSignature) -> None:
    """Give a model that has been saved or logged this signature.

    Raises StateError for a registered version and for a model with versions: these stay as they were registered.
    """
    if not isinstance(signature, ModelSignature):
        raise InvalidInput(
            f"signature is a ModelSignature, such as infer_signature gives, not {type(signature).__name__}"
        )
    if is_local_uri(model_uri):
        folder = Path(local_path(model_uri))
        _signed(Model.load(folder), signature).save(folder / FILE_NAME)
        return
    client = session.client()
    if not isinstance(found := client.locate_model(model_uri), LoggedModelFolder | RunModel):
        raise StateError(f"the files of {model_uri} stay as they were registered: {_AGAIN}")
    if versions := client.model_versions.search(f"source_path = '{found.uri}'", max_results=1):
        raise StateError(f"{found.uri} is version {versions[0].version} of {versions[0].name!r}: {_AGAIN}")
    model = _signed(client.read_model_file(found.uri), signature)
    body = io.BytesIO(yaml.safe_dump(model.to_dict(), allow_unicode=True).encode())
    if isinstance(found, LoggedModelFolder):
        client.logged_model_artifacts.upload(found.model_id, body, f"{found.path}/{FILE_NAME}".lstrip("/"))
    else:
        client.artifacts.upload(found.run_id, body, f"{found.path}/{FILE_NAME}")


def _signed(model: Model, signature: ModelSignature) -> Model:
    """With a signature that its input is held against, whatever its type hints say."""
    return model.model_copy(update={"signature": signature, "is_signature_from_type_hint": None})


_AGAIN = "log the model again with the signature, and register that"
