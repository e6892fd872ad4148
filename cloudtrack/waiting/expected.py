"""What a call that waits gives: the thing as it will be, as far as that can be said now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from cloudtrack import ids
from cloudtrack.entities.logged_model import LoggedModel
from cloudtrack.entities.model_version import ModelVersion, Stage
from cloudtrack.entities.pending_version import PENDING_REGISTRATION, PendingVersion
from cloudtrack.entities.registered_model import RegisteredModel
from cloudtrack.waiting.call import CREATE_MODEL, REGISTER, Call
from cloudtrack.waiting.journal import Journal

_NO_RESULT = ("aliases.set", "aliases.delete")


def expected(call: Call, journal: Journal, models: Mapping[str, LoggedModel]) -> Any:
    """What the call gives while it waits in this journal; ``models`` are the logged models known here, by id.

    A version that is to be registered has the status PENDING_REGISTRATION and a version that stands for its number.
    """
    if call.call in _NO_RESULT:
        return None
    if call.call.startswith("logged_models."):
        return _logged_model(call, journal, models)
    if call.call.startswith("registered_models."):
        return _registered_model(call, journal)
    return _version(call, journal)


def _version(call: Call, journal: Journal) -> ModelVersion:
    said = call.arguments
    if call.call in REGISTER:
        version: Any = PendingVersion.of(journal.header.writer, call.number)
        source = said.get("model_uri") or said["source"]
    else:
        version, source = said["version"], ""
        version = PendingVersion(version) if isinstance(version, str) else version
    is_pending = isinstance(version, str)
    return ModelVersion(
        name=said["name"],
        version=cast(int, version),
        creation_timestamp=call.time_ms,
        last_updated_timestamp=call.time_ms,
        description=said.get("description") or "",
        user_id=journal.header.user,
        current_stage=said.get("stage") or Stage.NONE,
        source=source,
        run_id=said.get("run_id"),
        run_link=said.get("run_link"),
        model_id=said.get("model_id"),
        status=PENDING_REGISTRATION if is_pending else "READY",
        status_message=f"the store is away; this waits in {journal.path}, and `cloudtrack sync` delivers it",
        tags={said["key"]: said["value"]} if "value" in said else dict(said.get("tags") or {}),
    )


def _registered_model(call: Call, journal: Journal) -> RegisteredModel:
    said = call.arguments
    return RegisteredModel(
        name=said["name"],
        creation_timestamp=call.time_ms,
        last_updated_timestamp=call.time_ms,
        description=said.get("description") or "",
        user_id=journal.header.user,
        tags={said["key"]: said["value"]} if "value" in said else dict(said.get("tags") or {}),
    )


def _logged_model(call: Call, journal: Journal, models: Mapping[str, LoggedModel]) -> LoggedModel:
    said = call.arguments
    if call.call == CREATE_MODEL:
        model_id = said["model_id"]
        return LoggedModel(
            experiment_id=said["experiment_id"],
            model_id=model_id,
            name=said["name"] or ids.new_run_name(),
            artifact_location=f"{journal.header.store_url}/logged_models/{model_id}/artifacts",
            creation_timestamp=call.time_ms,
            last_updated_timestamp=call.time_ms,
            model_type=said["model_type"],
            source_run_id=said["source_run_id"],
            tags=said["tags"],
            params=said["params"],
        )
    model_id = said["model_id"]
    before = models.get(model_id) or LoggedModel("", model_id, "", "", call.time_ms, call.time_ms)
    tags = {**before.tags, **said.get("tags", {})}
    if call.call == "logged_models.delete_tag":
        tags.pop(said["key"], None)
    return replace(
        before,
        last_updated_timestamp=call.time_ms,
        status=said.get("status", before.status),
        params={**said.get("params", {}), **before.params},
        tags=tags,
    )
