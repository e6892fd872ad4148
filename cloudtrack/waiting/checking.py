"""The calls that may wait, with the arguments that they take: checked when they are made, as the services do later.

Each function has the signature of the method that it is named for, and gives the arguments as they are kept.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from cloudtrack.entities.logged_model import LoggedModelStatus
from cloudtrack.entities.model_uri import parse_model_uri
from cloudtrack.entities.names import (
    check_experiment_id,
    check_key_name,
    check_logged_model_id,
    check_logged_model_name,
    check_run_id,
    check_value,
)
from cloudtrack.entities.pending_version import check_version_or_pending, pending_in
from cloudtrack.entities.registered_model import check_model_name
from cloudtrack.errors import InvalidInput
from cloudtrack.registry.aliases import check_alias
from cloudtrack.registry.registered_models import check_description, check_tags
from cloudtrack.waiting.call import CREATE_MODEL

Arguments = dict[str, Any]


def _create_name(name: str, *, tags: Mapping[str, Any] | None = None, description: str | None = None) -> Arguments:
    return {"name": check_model_name(name), "tags": check_tags(tags), "description": check_description(description)}


def _update_name(name: str, *, description: str | None) -> Arguments:
    return {"name": check_model_name(name), "description": check_description(description)}


def _tag_name(name: str, key: str, value: Any) -> Arguments:
    return {"name": check_model_name(name), "key": check_key_name("tag", key), "value": check_value("tag", key, value)}


def _untag_name(name: str, key: str) -> Arguments:
    return {"name": check_model_name(name), "key": check_key_name("tag", key)}


def _register(
    model_uri: str, name: str, *, tags: Mapping[str, Any] | None = None, description: str | None = None
) -> Arguments:
    _check_source(model_uri)
    return {"model_uri": model_uri, **_create_name(name, tags=tags, description=description)}


def _create_version(
    name: str,
    source: str,
    *,
    run_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    run_link: str | None = None,
    description: str | None = None,
    model_id: str | None = None,
) -> Arguments:
    _check_source(source)
    named = {"run_id": run_id, "run_link": run_link, "model_id": model_id}
    return {"source": source, **named, **_create_name(name, tags=tags, description=description)}


def _update_version(name: str, version: int | str, *, description: str | None) -> Arguments:
    return {**_of_version(name, version), "description": check_description(description)}


def _tag_version(name: str, version: int | str, key: str, value: Any) -> Arguments:
    return {**_of_version(name, version), **_tag_name(name, key, value)}


def _untag_version(name: str, version: int | str, key: str) -> Arguments:
    return {**_of_version(name, version), **_untag_name(name, key)}


def _transition(
    name: str,
    version: int | str,
    stage: str,
    *,
    archive_existing_versions: bool = False,
    expect: int | None = None,
    expect_stage: str | None = None,
    comment: str | None = None,
    force: bool = False,
) -> Arguments:
    said = {"archive_existing_versions": bool(archive_existing_versions), "expect": expect, "force": bool(force)}
    return {**_of_version(name, version), "stage": stage, **said, "expect_stage": expect_stage, "comment": comment}


def _set_alias(name: str, alias: str, version: int | str, *, comment: str | None = None) -> Arguments:
    return {**_of_version(name, version), "alias": check_alias(alias), "comment": comment}


def _delete_alias(name: str, alias: str, *, comment: str | None = None) -> Arguments:
    return {"name": check_model_name(name), "alias": alias, "comment": comment}


def _create_model(
    experiment_id: str,
    *,
    name: str | None = None,
    model_type: str = "",
    source_run_id: str = "",
    params: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
    model_id: str = "",
) -> Arguments:
    if not experiment_id and not source_run_id:
        raise InvalidInput("a logged model needs a run while the experiment has no id: start one first")
    return {
        "experiment_id": check_experiment_id(experiment_id) if experiment_id else "",
        "name": check_logged_model_name(name) if name else None,
        "model_type": model_type,
        "source_run_id": check_run_id(source_run_id) if source_run_id else "",
        "params": _texts("param", params),
        "tags": _texts("tag", tags),
        "model_id": model_id,
    }


def _finalize_model(model_id: str, status: str) -> Arguments:
    if status not in LoggedModelStatus.NAMES:
        raise InvalidInput(f"{status!r} is no status of a logged model: {', '.join(LoggedModelStatus.NAMES)}")
    return {"model_id": check_logged_model_id(model_id), "status": status}


def _tag_model(model_id: str, tags: Mapping[str, str]) -> Arguments:
    return {"model_id": check_logged_model_id(model_id), "tags": _texts("tag", tags)}


def _untag_model(model_id: str, key: str) -> Arguments:
    return {"model_id": check_logged_model_id(model_id), "key": check_key_name("tag", key)}


def _log_model_params(model_id: str, params: Mapping[str, str]) -> Arguments:
    return {"model_id": check_logged_model_id(model_id), "params": _texts("param", params)}


CALLS: dict[str, Callable[..., Arguments]] = {
    "registered_models.create": _create_name,
    "registered_models.update": _update_name,
    "registered_models.set_tag": _tag_name,
    "registered_models.delete_tag": _untag_name,
    "model_versions.update": _update_version,
    "model_versions.set_tag": _tag_version,
    "model_versions.delete_tag": _untag_version,
    "stages.transition": _transition,
    "aliases.set": _set_alias,
    "aliases.delete": _delete_alias,
    "client.register_model": _register,
    "client.create_version": _create_version,
    CREATE_MODEL: _create_model,
    "logged_models.finalize": _finalize_model,
    "logged_models.set_tags": _tag_model,
    "logged_models.delete_tag": _untag_model,
    "logged_models.log_params": _log_model_params,
}
"""By service and method; beside these files and metrics of logged models wait."""


def arguments_of(call: str, /, *arguments: Any, **named: Any) -> Arguments:
    """The arguments of a call as they are kept. Raises InvalidInput where they cannot be right."""
    check = CALLS[call]
    try:
        bound = inspect.signature(check).bind(*arguments, **named)
    except TypeError as error:
        raise InvalidInput(f"{call}: {error}") from error
    return check(*bound.args, **bound.kwargs)


def _of_version(name: str, version: int | str) -> Arguments:
    return {"name": check_model_name(name), "version": check_version_or_pending(version)}


def _check_source(uri: str) -> None:
    if not pending_in(uri):
        parse_model_uri(uri)


def _texts(kind: str, values: Mapping[str, str] | None) -> dict[str, str]:
    return {check_key_name(kind, key): check_value(kind, key, value) for key, value in (values or {}).items()}
