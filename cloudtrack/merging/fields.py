"""Two versions of one document that changed on both sides: made one where nothing of either is lost. Pure.

Params, tags, datasets and models are united; what one side has and the other has not is kept. A key with two values,
and any other field that differs, is a problem that is named: neither is the right one, and both stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cloudtrack.entities.logged_model import LoggedModelStatus
from cloudtrack.entities.run import RunStatus
from cloudtrack.storage.document import RECENT_COMMITS, Document
from cloudtrack.tracking.documents import ExperimentDocument, LoggedModelDocument, RunDocument
from cloudtrack.tracking.logged_models import VERSIONS_TAG

_LINEAGE = set(Document.model_fields)
_UNITED: dict[Any, set[str]] = {
    RunDocument: {
        *("params", "tags", "inputs", "model_inputs", "outputs", "rejected_params", "writers"),
        *("metrics", "points", "segments", "status", "end_time", "heartbeat_time", "heartbeat_interval_ms"),
    },
    LoggedModelDocument: {"params", "tags", "metrics", "status", "last_update_time"},
    ExperimentDocument: {"tags", "creation_time", "last_update_time"},
}


def has_seen(document: Document, other: Document) -> bool:
    """Whether a document is the other one, or was made from it."""
    return other.commit == document.commit or other.commit in document.recent


def adopt_lineage(draft: Document, other: Document) -> None:
    """Make a draft the successor of both. Its number says that not all commits between are among the recent ones."""
    theirs = [*other.recent, other.commit]
    mine = [commit for commit in draft.recent if commit not in set(theirs)]
    most = RECENT_COMMITS // 2
    draft.recent = [*theirs[-most:], *mine[-most:]]
    draft.version = max(draft.version, other.version) + RECENT_COMMITS


def unite(draft: Any, other: Any) -> list[str]:
    """Add to a document what another has, all but points of metrics; the problems, of which none is solved."""
    united = _UNITED[type(draft)]
    problems = [
        f"{name}: {_short(getattr(draft, name))} and {_short(getattr(other, name))}"
        for name in type(draft).model_fields
        if name not in united | _LINEAGE and getattr(draft, name) != getattr(other, name)
    ]
    if (draft.model_extra or {}) != (other.model_extra or {}):
        problems.append("fields of a newer version of cloudtrack")
    problems += _add("tag", draft.tags, other.tags)
    match draft:
        case RunDocument():
            problems += _add("param", draft.params, other.params)
            problems += _unite_runs(draft, other)
        case LoggedModelDocument():
            problems += _add("param", draft.params, other.params)
            problems += _unite_models(draft, other)
        case ExperimentDocument():
            draft.creation_time = min(draft.creation_time, other.creation_time)
            draft.last_update_time = max(draft.last_update_time, other.last_update_time)
    return problems


def says_the_same(one: Document, other: Document) -> bool:
    """Whether two documents differ in their lineage alone."""
    return one.model_dump(exclude=_LINEAGE) == other.model_dump(exclude=_LINEAGE)


def _unite_runs(draft: RunDocument, other: RunDocument) -> Iterator[str]:
    for use in other.inputs:
        there = use.among(draft.inputs)
        if there is None:
            draft.inputs.append(use)
            continue
        yield from _add(f"tag of the dataset {use.name!r}", there.tags, use.tags)
        if there.model_dump(exclude={"tags"}) != use.model_dump(exclude={"tags"}):
            yield f"the dataset {use.name!r}"
    for name in ("model_inputs", "outputs", "rejected_params"):
        mine = getattr(draft, name)
        mine.extend(each for each in getattr(other, name) if each not in mine)
    for writer, number in other.writers.items():
        draft.writers[writer] = max(number, draft.writers.get(writer, 0))
    if (draft.status, draft.end_time) != (other.status, other.end_time):
        if draft.heartbeat_time == other.heartbeat_time:
            if RunStatus.is_terminated(draft.status) and RunStatus.is_terminated(other.status):
                yield f"status: {draft.status} and {other.status}, or the time of the end"
            takes_other = not RunStatus.is_terminated(draft.status)
        else:
            takes_other = other.heartbeat_time > draft.heartbeat_time
        if takes_other:
            draft.status, draft.end_time = other.status, other.end_time
    if other.heartbeat_time > draft.heartbeat_time:
        draft.heartbeat_time, draft.heartbeat_interval_ms = other.heartbeat_time, other.heartbeat_interval_ms


def _unite_models(draft: LoggedModelDocument, other: LoggedModelDocument) -> Iterator[str]:
    last = {(point.key, point.dataset_name, point.dataset_digest): point for point in draft.metrics}
    for point in other.metrics:
        there = last.get(which := (point.key, point.dataset_name, point.dataset_digest))
        if there is None or (point.step, point.timestamp) > (there.step, there.timestamp):
            last[which] = point
        elif (point.step, point.timestamp) == (there.step, there.timestamp) and _differ(point.value, there.value):
            yield f"metric {point.key!r}: {there.value} and {point.value} at step {point.step}"
    draft.metrics = list(last.values())
    draft.last_update_time = max(draft.last_update_time, other.last_update_time)
    if draft.status == LoggedModelStatus.PENDING:
        draft.status = other.status
    elif other.status not in (draft.status, LoggedModelStatus.PENDING):
        yield f"status: {draft.status} and {other.status}"


def _add(what: str, mine: dict[str, str], theirs: dict[str, str]) -> Iterator[str]:
    for key, value in theirs.items():
        kept = mine.setdefault(key, value)
        if kept == value:
            continue
        both = _versions(kept, value) if key == VERSIONS_TAG else ""
        if both:
            mine[key] = both
        else:
            yield f"{what} {key!r}: {_short(kept)} and {_short(value)}"


def _versions(mine: str, theirs: str) -> str:
    """Both lists of the versions that a logged model became; empty where one is no list."""
    try:
        found, more = json.loads(mine), json.loads(theirs)
    except ValueError:
        return ""
    if not isinstance(found, list) or not isinstance(more, list):
        return ""
    return json.dumps([*found, *(each for each in more if each not in found)])


def _differ(one: float, other: float) -> bool:
    return one != other and not (one != one and other != other)  # noqa: PLR0124 - NaN is NaN


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
