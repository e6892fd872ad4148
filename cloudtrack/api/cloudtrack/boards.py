"""Registered models for the web page: one as a board of its stages, and all as a table."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any

from cloudtrack.access.permission import Permission, Resource
from cloudtrack.api.conditional import unless_known
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import LOGIN, Declarations, Domain, Needs, On
from cloudtrack.api.fields import Int64, RequestModel
from cloudtrack.api.message import Response, json_response
from cloudtrack.api.mlflow import messages
from cloudtrack.api.mlflow.registered_models import ModelRequest
from cloudtrack.entities.model_version import ModelVersion, Stage
from cloudtrack.entities.registered_model import RegisteredModel
from cloudtrack.lineage.origins import Origins, origins_of
from cloudtrack.registry.boards import MOST_VERSIONS, Board, Card, PrimaryMetric, StageRules

ENDPOINTS = Declarations(Domain.METRICS)

_MOST_METRICS = 8
_MOST_MODELS = 200
"""Of one page of the table."""
_MOST_TAGS = 20
_MOST_TEXT = 200
"""So many characters of a tag's value or a description are told; a version's own page has all of it."""


class GetBoard(ModelRequest):
    cursor: Int64 | None = None
    """``next`` of the page before."""
    limit: Int64 = MOST_VERSIONS


class ListModels(RequestModel):
    filter: str = ""
    max_results: Int64 = 50
    cursor: str = ""


@ENDPOINTS.add("GET", "/cloudtrack/models/board", Needs(Permission.READ, On.REGISTERED_MODEL))
def get_board(context: Context, request: GetBoard) -> Response:
    """A registered model's newest versions with their runs and metrics, its stages with their rules, open requests."""
    board = context.client.boards.get(request.name, below=request.cursor, limit=request.limit)
    cards = [*board.cards, *board.pinned]
    origins = _origins(context, [card.version for card in cards])
    primary = PrimaryMetric.of(board.model.tags)
    keys = _keys(primary, origins, cards)
    content = {
        "model": _model(board.model),
        "stages": [_stage(stage, board) for stage in board.stages],
        "policy_problem": board.policy_problem or None,
        "rollback_is_checked": board.checks_rollback,
        "primary_metric": asdict(primary) if primary else None,
        "metrics": keys,
        "versions": [_card(context, card, origins, keys) for card in board.cards],
        "pinned": [_card(context, card, origins, keys) for card in board.pinned],
        "requests": [messages.transition_request(one) for one in board.requests],
        "next": board.next,
    }
    return unless_known(json_response(content), context.request)


@ENDPOINTS.add("GET", "/cloudtrack/models/table", LOGIN)
def list_model_table(context: Context, request: ListModels) -> Response:
    """The registered models that one may read, by name: stages, aliases, open requests, and how the newest compares."""
    shows = (lambda name: context.may_read(Resource.REGISTERED_MODEL, name)) if context.is_guarded else None
    models = context.client.registered_models.search(
        request.filter or None,
        max_results=max(1, min(request.max_results, _MOST_MODELS)),
        page_token=request.cursor or None,
        shows=shows,
        prompts=False,
    )
    compared = {model.name: _compared(model) for model in models if PrimaryMetric.of(model.tags)}
    origins = _origins(context, [version for pair in compared.values() for version in pair if version is not None])
    open_requests = context.client.inbox.counts(models)
    rows = [
        {
            **_model(model),
            "latest_version": _latest(model),
            "stages": {version.current_stage: version.version for version in model.latest_versions},
            "open_requests": open_requests[model.name],
            "primary_metric": _comparison(model, compared[model.name], origins) if model.name in compared else None,
        }
        for model in models
    ]
    return unless_known(json_response({"models": rows, "next": models.token}), context.request)


def _origins(context: Context, versions: list[ModelVersion]) -> Origins:
    return origins_of(
        context.client, versions, shows_experiment=lambda found: context.may_read(Resource.EXPERIMENT, found)
    )


def _keys(primary: PrimaryMetric | None, origins: Origins, cards: list[Card]) -> list[str]:
    """The metrics that are shown: the primary one, then those that most versions have, by name."""
    counted = Counter(key for card in cards for key in origins.metrics(card.version) if not key.startswith("system/"))
    first = [primary.key] if primary else []
    common = sorted(counted.keys() - {*first}, key=lambda key: (-counted[key], key))[: _MOST_METRICS - len(first)]
    return [*first, *sorted(common)]


def _model(model: RegisteredModel) -> dict[str, Any]:
    return {
        "name": model.name,
        "created": model.creation_timestamp,
        "updated": model.last_updated_timestamp,
        "user": model.user_id,
        "description": model.description[:_MOST_TEXT],
        "tags": _tags(model.tags),
        "aliases": dict(model.aliases),
    }


def _stage(stage: StageRules, board: Board) -> dict[str, Any]:
    counting = [rule for rule in stage.rules if rule.approvals]
    return {
        "name": stage.name,
        "archives_existing": stage.is_exclusive,
        "approvals": max((rule.approvals for rule in counting), default=0),
        "two_person": any(rule.two_person for rule in counting),
        "approvers": sorted({who for rule in counting for who in rule.approvers}),
        "requires": [asdict(rule) for rule in stage.rules],
        "newest": next((one.version for one in board.model.latest_versions if one.current_stage == stage.name), None),
    }


def _card(context: Context, card: Card, origins: Origins, keys: list[str]) -> dict[str, Any]:
    version, run = card.version, origins.run(card.version)
    metrics = origins.metrics(version)
    return {
        "version": version.version,
        "stage": version.current_stage,
        "staged": {"time": card.staged.time_ms, "user": card.staged.actor, "comment": card.staged.comment}
        if card.staged
        else None,
        "aliases": version.aliases,
        "tags": _tags(version.tags),
        "status": version.status,
        "status_message": version.status_message,
        "has_description": bool(version.description),
        "created": version.creation_timestamp,
        "updated": version.last_updated_timestamp,
        "user": version.user_id,
        "source": context.locations.shown_source(version.source),
        "run_id": version.run_id,
        "run_name": run.info.run_name if run else None,
        "experiment_id": run.info.experiment_id if run else None,
        "model_id": version.model_id,
        "metrics": {key: metrics[key] for key in keys if key in metrics},
    }


def _tags(tags: dict[str, str]) -> dict[str, str]:
    return {key: tags[key][:_MOST_TEXT] for key in sorted(tags)[:_MOST_TAGS]}


def _latest(model: RegisteredModel) -> int | None:
    return max((version.version for version in model.latest_versions), default=None)


def _compared(model: RegisteredModel) -> tuple[ModelVersion | None, ModelVersion | None]:
    """What is in Production, or in the last of the model's own stages; and the newest version."""
    own = [stage for stage in model.stages if stage not in (Stage.NONE, Stage.ARCHIVED)]
    stage = Stage.PRODUCTION if Stage.PRODUCTION in own else own[-1]
    newest = max(model.latest_versions, key=lambda version: version.version, default=None)
    return next((version for version in model.latest_versions if version.current_stage == stage), None), newest


def _comparison(
    model: RegisteredModel, compared: tuple[ModelVersion | None, ModelVersion | None], origins: Origins
) -> dict[str, Any]:
    primary = PrimaryMetric.of(model.tags)
    assert primary is not None  # noqa: S101 - only such models are compared
    current, newest = (
        origins.metrics(version).get(primary.key) if version is not None else None for version in compared
    )
    delta = newest - current if newest is not None and current is not None else None
    return {**asdict(primary), "production": current, "latest": newest, "delta": delta}
